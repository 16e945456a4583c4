import { createCipheriv, createDecipheriv } from 'node:crypto';
import { Fault } from '#contract/result';
import type { DriverWorld } from '../driver-world.ts';
import type { OsdpReaderConfig } from '../hardware.ts';
import { createAes128 } from '../protocol/osdp/aes-128.ts';
import { createBus, stepBus, type Bus, type BusInput } from '../protocol/osdp/bus.ts';
import type { LinkEvent, RequestOutcome } from '../protocol/osdp/link-event.ts';
import type { LinkConfig, RequestableCommand } from '../protocol/osdp/link-state.ts';
import { createAlarm } from '../transport/alarm.ts';
import type { ByteLink } from '../transport/byte-link.ts';
import { superviseLink } from '../transport/supervised-link.ts';
import { createDiagnostics } from './diagnostics.ts';
import { createOsdpDevice, type OsdpDevice, type OsdpReader } from './osdp-device.ts';

export type { OsdpReader } from './osdp-device.ts';

const osdpBaud = 9600;
/** One reader is asked more often than each of several, which share the line. */
const pollMs = { alone: 50, among: 100 };

type Configs = ReadonlyMap<string, OsdpReaderConfig>;
type Told<T> = T extends unknown ? Omit<T, 'nowMs' | 'rndA'> : never;

/**
 * Opens the OSDP readers of a door: one line for each port, whatever the number of readers on it.
 * @throws Error for readers that do not fit together (the configuration was to be checked before).
 * @see RULES.md FB120-FB125
 */
export function openOsdpReaders(configs: Configs, world: DriverWorld): ReadonlyMap<string, OsdpReader> {
  const lines = new Map<string, Map<string, OsdpReaderConfig>>();
  for (const [name, config] of configs) {
    const line = lines.get(config.port) ?? new Map<string, OsdpReaderConfig>();
    lines.set(config.port, line.set(name, config));
  }
  return new Map([...lines].flatMap(([path, line]) => [...openLine(path, line, world)]));
}

function openLine(path: string, configs: Configs, world: DriverWorld): ReadonlyMap<string, OsdpReader> {
  const { clock, random, openLink } = world;
  const rates = new Set([...configs.values()].map((config) => config.baud ?? osdpBaud));
  const [baud = osdpBaud] = rates;
  if (rates.size > 1) throw new Error('readers on one port have one rate');
  const aes = createAes128({ createCipheriv, createDecipheriv });
  const devices = new Map<number, OsdpDevice>();
  const asked = new Map<string, (outcome: RequestOutcome) => void>();
  const pace = configs.size === 1 ? pollMs.alone : pollMs.among;
  const links = [...configs.values()].map((config) => linkOf(config, pace));
  let bus: Bus = createBus({ baud, links }, clock.monoMs());
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
      if (event.type === 'line-noise') noise.count(event.damaged > 0 ? 'bad-crc' : 'noise');
      else if (event.type === 'request-finished') finish(event);
      else devices.get(event.address)?.take(event);
    }
    return output.wakeAtMs;
  };

  const finish = ({ id, outcome }: Extract<LinkEvent, { readonly type: 'request-finished' }>): void => {
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
  const request = (
    address: number,
    command: RequestableCommand,
    notAfterMs: number,
  ): Promise<RequestOutcome> =>
    new Promise((resolve) => {
      lastRequest += 1;
      const id = String(lastRequest);
      asked.set(id, resolve);
      give({ type: 'requested', address, request: { id, command, notAfterMs } });
    });

  const wake = createAlarm(clock, () => give({ type: 'tick' }));
  const readers = new Map<string, OsdpReader>();
  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    await supervised.close();
    wake.set(null);
    noise.stop();
    for (const device of devices.values()) device.stop();
  };
  for (const [name, config] of configs) {
    const device = createOsdpDevice(
      name,
      config,
      (command, notAfterMs) => request(config.address, command, notAfterMs),
      world,
    );
    devices.set(config.address, device);
    readers.set(name, { ...device.reader, close: () => (closing ??= close()) });
  }
  // Bytes that are no frame belong to nobody on the line, so they are told of the first.
  const [firstName = ''] = readers.keys();
  const noise = createDiagnostics(firstName, clock, world.emit);

  const supervised = superviseLink({ path, baud }, openLink, clock, {
    onUp: (opened) => {
      link = opened;
      opened.onBytes((bytes) => give({ type: 'received', bytes }));
      give({ type: 'opened' });
    },
    onDown: (reason) => {
      link = null;
      give({ type: 'closed' });
      for (const device of devices.values()) device.tellPortDown(reason);
    },
  });
  return readers;
}

function linkOf({ address, key, allowClear }: OsdpReaderConfig, pace: number): LinkConfig {
  if (key !== undefined) return { address, security: { mode: 'paired', key }, pollMs: pace };
  if (allowClear !== true) throw new Error('a reader without a key needs allowClear');
  return { address, security: { mode: 'clear' }, pollMs: pace };
}
