import type { Aes128 } from '../aes-128.ts';
import {
  airtimeMs,
  createBus,
  stepBus,
  type Bus,
  type BusConfig,
  type BusEvent,
  type BusInput,
} from '../bus.ts';
import type { Command } from '../commands.ts';
import { heldNothing, receive } from '../receive.ts';
import type { Frame } from '../frame.ts';
import type { LinkRequest, RequestableCommand } from '../link-state.ts';
import type { PeripheralConfig, PeripheralEvent } from '../peripheral/peripheral-state.ts';
import {
  createPeripheralLine,
  stepPeripheralLine,
  type DoorAct,
  type PeripheralInput,
  type PeripheralLine,
} from '../peripheral/peripheral-line.ts';

type Timed<T> = T & { readonly atMs: number };
type Without<T, K extends string> = T extends unknown ? Omit<T, K> : never;

interface Delivery {
  readonly atMs: number;
  readonly order: number;
  readonly to: 'panel' | 'devices';
  readonly bytes: Uint8Array;
}

export interface SimulatedLineConfig {
  readonly aes: Aes128;
  readonly links: BusConfig['links'];
  readonly devices: readonly PeripheralConfig[];
  readonly baud?: number;
  readonly hasEcho?: boolean;
  /** Cuts what reaches either side into pieces of at most so many bytes. */
  readonly pieceBytes?: number;
}

/** A panel and its devices on a line of virtual time: every byte takes its time on the wire, nothing is random. */
export interface SimulatedLine {
  readonly nowMs: number;
  readonly bus: Bus;
  readonly devices: PeripheralLine;
  /** All that the panel told, in order. */
  readonly events: readonly Timed<BusEvent>[];
  /** All that could be seen of the devices, in order. */
  readonly seen: readonly (PeripheralEvent & { readonly address: number })[];
  /** What the panel sent, marks included. */
  readonly sent: readonly { readonly atMs: number; readonly bytes: Uint8Array }[];
  /** What reached the panel. */
  readonly heard: readonly { readonly atMs: number; readonly bytes: Uint8Array }[];
  /** How often the bus was stepped. */
  readonly steps: number;
  act(act: DoorAct, address?: number): void;
  request(id: string, command: RequestableCommand, forMs?: number, address?: number): void;
  /** Bytes that reach the panel now, from nobody in particular. */
  inject(bytes: Uint8Array): void;
  open(): void;
  close(): void;
  /** Lets time pass, so many ms from now. */
  run(forMs: number): void;
  /** The command frames sent since a time. */
  commandsSince(atMs: number): readonly Frame[];
}

export function createSimulatedLine(config: SimulatedLineConfig): SimulatedLine {
  const { aes, links, devices: deviceConfigs, baud = 9600, hasEcho = false, pieceBytes = 4096 } = config;
  let nowMs = 0;
  let bus = createBus({ baud, links }, nowMs);
  let devices = createPeripheralLine(deviceConfigs, nowMs, hasEcho);
  let busWakeAtMs: number | undefined;
  let devicesWakeAtMs: number | undefined;
  let deliveries: Delivery[] = [];
  let order = 0;
  let counter = 0;
  const freeAtMs = { panel: 0, devices: 0 };
  let steps = 0;
  const events: Timed<BusEvent>[] = [];
  const seen: (PeripheralEvent & { readonly address: number })[] = [];
  const sent: { readonly atMs: number; readonly bytes: Uint8Array }[] = [];
  const heard: { readonly atMs: number; readonly bytes: Uint8Array }[] = [];

  const nextRandom = (): Uint8Array => {
    counter += 1;
    return Uint8Array.from({ length: 8 }, (_, index) => (counter * 31 + index * 7 + (counter >> 8)) & 0xff);
  };

  const deliver = (to: Delivery['to'], atMs: number, bytes: Uint8Array): void => {
    // One pair of wires: what was begun is finished before the next begins.
    const startsAtMs = Math.max(atMs, freeAtMs[to]);
    freeAtMs[to] = startsAtMs + airtimeMs(bytes.length, baud);
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      const piece = bytes.slice(at, at + pieceBytes);
      order += 1;
      deliveries.push({ to, atMs: startsAtMs + airtimeMs(at + piece.length, baud), order, bytes: piece });
    }
  };

  const stepPanel = (input: Without<BusInput, 'nowMs' | 'rndA'>): void => {
    const output = stepBus({ aes }, bus, { ...input, nowMs, rndA: nextRandom() } as BusInput);
    steps += 1;
    bus = output.bus;
    busWakeAtMs = output.wakeAtMs;
    if (busWakeAtMs !== undefined && busWakeAtMs <= nowMs && output.send === undefined)
      throw new Error('the panel asks to be woken in the past');
    events.push(...output.events.map((event) => ({ ...event, atMs: nowMs })));
    if (output.send !== undefined) {
      sent.push({ atMs: nowMs, bytes: output.send });
      deliver('devices', nowMs, output.send);
    }
  };

  const stepDevices = (input: Without<PeripheralInput, 'nowMs' | 'rndB'>): void => {
    const output = stepPeripheralLine({ aes }, devices, {
      ...input,
      nowMs,
      rndB: nextRandom(),
    } as PeripheralInput);
    devices = output.line;
    devicesWakeAtMs = output.wakeAtMs;
    seen.push(...output.events);
    for (const { afterMs, bytes } of output.transmissions) deliver('panel', nowMs + afterMs, bytes);
  };

  const nextAtMs = (): number =>
    Math.min(
      busWakeAtMs ?? Number.POSITIVE_INFINITY,
      devicesWakeAtMs ?? Number.POSITIVE_INFINITY,
      ...deliveries.map(({ atMs }) => atMs),
    );

  const happen = (): void => {
    const due = deliveries
      .filter(({ atMs }) => atMs <= nowMs)
      .toSorted((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
    if (due !== undefined) {
      deliveries = deliveries.filter((delivery) => delivery !== due);
      if (due.to === 'devices') stepDevices({ type: 'received', bytes: due.bytes });
      else {
        heard.push({ atMs: nowMs, bytes: due.bytes });
        stepPanel({ type: 'received', bytes: due.bytes });
      }
    } else if (devicesWakeAtMs !== undefined && devicesWakeAtMs <= nowMs) stepDevices({ type: 'tick' });
    else stepPanel({ type: 'tick' });
  };

  stepPanel({ type: 'opened' });
  return {
    get nowMs() {
      return nowMs;
    },
    get bus() {
      return bus;
    },
    get devices() {
      return devices;
    },
    get steps() {
      return steps;
    },
    events,
    seen,
    sent,
    heard,
    act: (act, address = 1) => stepDevices({ type: 'acted', address, act }),
    request: (id, command, forMs = 5000, address = 1) => {
      const request: LinkRequest = { id, command, notAfterMs: nowMs + forMs };
      stepPanel({ type: 'requested', address, request });
    },
    inject: (bytes) => {
      heard.push({ atMs: nowMs, bytes });
      stepPanel({ type: 'received', bytes });
    },
    open: () => stepPanel({ type: 'opened' }),
    close: () => stepPanel({ type: 'closed' }),
    run: (forMs) => {
      const endMs = nowMs + forMs;
      while (nextAtMs() <= endMs) {
        nowMs = Math.max(nowMs, nextAtMs());
        happen();
      }
      nowMs = endMs;
    },
    commandsSince: (sinceMs) =>
      sent
        .filter(({ atMs }) => atMs >= sinceMs)
        .flatMap(({ bytes }) => receive(heldNothing, { bytes }, 'commands').events)
        .flatMap((event) => (event.type === 'frame' ? [event.frame] : [])),
  };
}

/** The usual lock pulse. */
export const pulse = (timerMs: number, output = 0): Extract<Command, { readonly type: 'OUT' }> => ({
  type: 'OUT',
  outputs: [{ output, control: 'pulse-on', timerMs }],
});
