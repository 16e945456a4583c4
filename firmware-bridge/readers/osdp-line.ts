import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Clock, Random } from '#contract/clock';
import { Fault } from '#contract/result';
import { createAes128 } from '../protocol/osdp/aes-128.ts';
import {
  createBus,
  stepBus,
  type Bus,
  type BusConfig,
  type BusEvent,
  type BusInput,
} from '../protocol/osdp/bus.ts';
import type { RequestOutcome } from '../protocol/osdp/link-event.ts';
import type { RequestableCommand } from '../protocol/osdp/link-state.ts';
import { createAlarm } from '../transport/alarm.ts';
import type { ByteLink } from '../transport/byte-link.ts';

type Told<T> = T extends unknown ? Omit<T, 'nowMs' | 'rndA'> : never;

/** A line of OSDP readers at work: what it hears and what time it is becomes bytes and events. */
export interface OsdpLine {
  /** The port is open: its bytes are taken, and the readers asked. */
  takeUp(link: ByteLink): void;
  /** The port is gone. */
  letGo(): void;
  /** Resolves with what became of a command; it is never sent past `notAfterMs`. */
  request(address: number, command: RequestableCommand, notAfterMs: number): Promise<RequestOutcome>;
  /** Nothing wakes it any more. */
  stop(): void;
}

/**
 * Runs the bus of one line.
 * @throws RangeError where two readers share an address
 */
export function createOsdpLine(
  config: BusConfig,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  onEvent: (event: Exclude<BusEvent, { readonly type: 'request-finished' }>) => void,
): OsdpLine {
  const aes = createAes128({ createCipheriv, createDecipheriv });
  const asked = new Map<string, (outcome: RequestOutcome) => void>();
  let bus: Bus = createBus(config, clock.monoMs());
  let link: ByteLink | null = null;
  let lastRequest = 0;
  const inbox: Told<BusInput>[] = [];
  let isStepping = false;

  // A listener may ask for something from within an event; that step waits until the present one is performed.
  const give = (input: Told<BusInput>): void => {
    inbox.push(input);
    if (isStepping) return;
    isStepping = true;
    let wakeAtMs: number | undefined;
    try {
      for (let next = inbox.shift(); next !== undefined; next = inbox.shift()) {
        wakeAtMs = step(next);
      }
    } finally {
      isStepping = false;
    }
    wake.set(wakeAtMs ?? null);
  };

  const step = (input: Told<BusInput>): number | undefined => {
    const output = stepBus({ aes }, bus, { ...input, nowMs: clock.monoMs(), rndA: random.bytes(8) });
    bus = output.bus;
    if (output.send !== undefined) write(output.send);
    for (const event of output.events) {
      if (event.type === 'request-finished') finish(event.id, event.outcome);
      else onEvent(event);
    }
    return output.wakeAtMs;
  };

  const finish = (id: string, outcome: RequestOutcome): void => {
    const resolve = asked.get(id);
    asked.delete(id);
    resolve?.(outcome);
  };
  const write = (bytes: Uint8Array): void => {
    link?.write(bytes).catch((cause: unknown) => {
      // A lost link tells so through onClosed, and every request has its own end; only a bug goes further.
      if (!(cause instanceof Fault)) throw cause;
    });
  };

  const wake = createAlarm(clock, () => give({ type: 'tick' }));
  return {
    takeUp: (opened) => {
      link = opened;
      opened.onBytes((bytes) => give({ type: 'received', bytes }));
      give({ type: 'opened' });
    },
    letGo: () => {
      link = null;
      give({ type: 'closed' });
    },
    request: (address, command, notAfterMs) =>
      new Promise((resolve) => {
        lastRequest += 1;
        const id = String(lastRequest);
        asked.set(id, resolve);
        give({ type: 'requested', address, request: { id, command, notAfterMs } });
      }),
    stop: () => wake.set(null),
  };
}
