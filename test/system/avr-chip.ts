import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { parseControllerLine } from '../../firmware-bridge/protocol/line/line.ts';
import type { ControllerMessage } from '../../firmware-bridge/protocol/line/message.ts';

/** How the relay's pin is: driven low, driven high, floating, or pulled up by the chip. */
export type RelayPin = '0' | '1' | 'z' | 'p';

export interface ChipEvent {
  readonly kind: 'relay' | 'face' | 'reset' | 'power' | 'tx';
  /** Simulated time since the start of the program. */
  readonly atUs: number;
  readonly text: string;
}

/** An ATmega328P of its own process that runs the image in real time. */
export interface Chip {
  /** The pseudo-terminal of its UART. */
  readonly port: string;
  readonly events: readonly ChipEvent[];
  of(kind: ChipEvent['kind']): ChipEvent[];
  /** What it said in lines that are whole. */
  told<T extends ControllerMessage['type']>(type: T): Extract<ControllerMessage, { type: T }>[];
  /** The present level of the relay's pin. */
  relay(): RelayPin;
  /** Gives one command; see simavr-door.c. */
  order(command: string): void;
  close(): Promise<void>;
}

const eventShape = /^(relay|face|reset|power|tx) ([0-9]+) (.*)$/;

/** Starts a chip with a new EEPROM. */
export async function openChip(program: string, image: string): Promise<Chip> {
  const child = spawn(program, [image], { stdio: ['pipe', 'pipe', 'inherit'] });
  const events: ChipEvent[] = [];
  const exited = once(child, 'exit');
  const port = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new Error('the chip did not start')));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('pty ')) return resolve(line.slice(4));
      const [, kind, us, text = ''] = eventShape.exec(line) ?? [];
      if (kind !== undefined) events.push({ kind: kind as ChipEvent['kind'], atUs: Number(us), text });
    });
  });
  const of = (kind: ChipEvent['kind']): ChipEvent[] => events.filter((event) => event.kind === kind);
  return {
    port,
    events,
    of,
    told: (type) =>
      of('tx').flatMap(({ text }) => {
        const line = parseControllerLine(text);
        if (!line.ok) throw new Error('the chip said what no controller says');
        const { message } = line.value;
        return message.type === type ? [message as Extract<ControllerMessage, { type: typeof type }>] : [];
      }),
    relay: () => of('relay').at(-1)?.text as RelayPin,
    order: (command) => void child.stdin.write(`${command}\n`),
    close: async () => {
      child.stdin.end();
      await exited;
    },
  };
}
