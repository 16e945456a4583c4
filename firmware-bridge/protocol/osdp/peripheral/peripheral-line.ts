import { broadcastAddress, type Frame } from '../frame.ts';
import { heldNothing, receive, type Held } from '../receive.ts';
import type { Reply } from '../replies.ts';
import { answerFrame } from './answer-frame.ts';
import { disturb, type PlannedFault, type Transmission } from './faults.ts';
import {
  createPeripheral,
  rebootPeripheral,
  type Peripheral,
  type PeripheralConfig,
  type PeripheralEvent,
  type PeripheralPorts,
} from './peripheral-state.ts';
import { isOutputOn } from './timed-output.ts';

/** Several devices on one line, as one port sees them. */
export interface PeripheralLine {
  readonly devices: readonly Peripheral[];
  readonly held: Held;
  readonly lastByteAtMs: number;
  /** The panel hears its own bytes, as on a two-wire adapter that never mutes its receiver. */
  readonly hasEcho: boolean;
  readonly outputsSeenAtMs: number;
}

/** What somebody at the door, or the door itself, does to a device. */
export type DoorAct =
  | { readonly type: 'card-presented'; readonly bitCount: number; readonly bits: Uint8Array }
  | { readonly type: 'keys-pressed'; readonly keys: Uint8Array }
  | { readonly type: 'input-changed'; readonly input: number; readonly byte: number }
  | { readonly type: 'tamper-changed'; readonly byte: number }
  | { readonly type: 'power-changed'; readonly byte: number }
  /** Off, and later on again: it comes up without any state. */
  | { readonly type: 'powered'; readonly isOn: boolean }
  /** Its cable: it keeps its state. */
  | { readonly type: 'connected'; readonly isOn: boolean }
  | { readonly type: 'faults-planned'; readonly faults: readonly PlannedFault[] };

/** `rndB`: 8 fresh random bytes. */
export type PeripheralInput = { readonly nowMs: number; readonly rndB: Uint8Array } & (
  | { readonly type: 'received'; readonly bytes: Uint8Array }
  | { readonly type: 'tick' }
  | { readonly type: 'acted'; readonly address: number; readonly act: DoorAct }
);

export interface PeripheralOutput {
  readonly line: PeripheralLine;
  readonly transmissions: readonly Transmission[];
  readonly events: readonly (PeripheralEvent & { readonly address: number })[];
  /** When a tick is due: a pulse ends, or a frame has stalled. */
  readonly wakeAtMs: number | undefined;
}

const GAP_MS = 50;

/** Devices that just came up. */
export const createPeripheralLine = (
  configs: readonly PeripheralConfig[],
  nowMs: number,
  hasEcho = false,
): PeripheralLine => ({
  devices: configs.map((config) => createPeripheral(config, nowMs)),
  held: heldNothing,
  lastByteAtMs: nowMs,
  hasEcho,
  outputsSeenAtMs: nowMs,
});

/** Takes bytes from the panel, time, or an act at the door; answers with what the devices send and do. */
export function stepPeripheralLine(
  ports: PeripheralPorts,
  before: PeripheralLine,
  input: PeripheralInput,
): PeripheralOutput {
  const { nowMs } = input;
  const pulses = endPulses(before, nowMs);
  let line: PeripheralLine = { ...before, outputsSeenAtMs: nowMs };
  const events = [...pulses];
  const transmissions: Transmission[] = [];
  if (line.held !== heldNothing && nowMs - line.lastByteAtMs >= GAP_MS) line = { ...line, held: heldNothing };
  if (input.type === 'received') {
    if (line.hasEcho) transmissions.push({ afterMs: 0, bytes: input.bytes });
    const { held, events: heard } = receive(line.held, { bytes: input.bytes }, 'commands');
    line = { ...line, held, lastByteAtMs: nowMs };
    for (const event of heard) {
      if (event.type !== 'frame') continue;
      const answered = answer(ports, line, event.frame, input);
      line = answered.line;
      transmissions.push(...answered.transmissions);
      events.push(...answered.events);
    }
  } else if (input.type === 'acted') {
    const { address, act } = input;
    line = {
      ...line,
      devices: line.devices.map((device) =>
        device.address === address ? doAct(device, act, nowMs) : device,
      ),
    };
  }
  events.push(...switchedBetween(before, line, nowMs));
  return { line, transmissions, events, wakeAtMs: wakeAt(line, nowMs) };
}

function answer(
  ports: PeripheralPorts,
  line: PeripheralLine,
  frame: Frame,
  input: PeripheralInput,
): Pick<PeripheralOutput, 'line' | 'transmissions' | 'events'> {
  const index = line.devices.findIndex(
    ({ address, isPowered, isConnected }) =>
      isPowered && isConnected && (address === frame.address || frame.address === broadcastAddress),
  );
  const device = line.devices[index];
  if (device === undefined) return { line, transmissions: [], events: [] };
  const answered = answerFrame(ports, device, frame, input);
  return {
    line: {
      ...line,
      devices: line.devices.map((other, at) => (at === index ? answered.device : other)),
    },
    transmissions: answered.reply === undefined ? [] : disturb(answered.reply, answered.faults),
    events: answered.events.map((event) => ({ ...event, address: device.address })),
  };
}

function doAct(device: Peripheral, act: DoorAct, nowMs: number): Peripheral {
  const tell = (next: Peripheral, reply: Reply): Peripheral =>
    next.isPowered ? { ...next, queue: [...next.queue, reply] } : next;
  switch (act.type) {
    case 'card-presented':
      return tell(device, { type: 'RAW', reader: 0, format: 0, bitCount: act.bitCount, bits: act.bits });
    case 'keys-pressed':
      return tell(device, { type: 'KEYPAD', reader: 0, keys: act.keys });
    case 'input-changed': {
      const inputs = device.inputs.map((byte, index) => (index === act.input ? act.byte : byte));
      return tell({ ...device, inputs }, { type: 'ISTATR', inputs });
    }
    case 'tamper-changed':
      return tell({ ...device, tamper: act.byte }, { type: 'LSTATR', tamper: act.byte, power: device.power });
    case 'power-changed':
      return tell({ ...device, power: act.byte }, { type: 'LSTATR', tamper: device.tamper, power: act.byte });
    case 'powered':
      return { ...rebootPeripheral(device, nowMs), isPowered: act.isOn };
    case 'connected':
      return { ...device, isConnected: act.isOn };
    case 'faults-planned':
      return { ...device, faults: [...device.faults, ...act.faults] };
  }
}

/** The pulses that ended since the last input, each at its own moment. */
const endPulses = (line: PeripheralLine, nowMs: number): PeripheralOutput['events'] =>
  line.devices.flatMap(({ address, outputs }) =>
    outputs.flatMap((output, index) => {
      const atMs = output.timed?.untilMs;
      if (atMs === undefined || atMs > nowMs || atMs <= line.outputsSeenAtMs) return [];
      const isOn = isOutputOn(output, nowMs);
      return output.timed?.isOn === isOn
        ? []
        : [{ type: 'output-switched', output: index, isOn, atMs, address } as const];
    }),
  );

/** The outputs that a command, or a loss of power, switched now. */
const switchedBetween = (
  before: PeripheralLine,
  after: PeripheralLine,
  nowMs: number,
): PeripheralOutput['events'] =>
  after.devices.flatMap(({ address, outputs }, at) =>
    outputs.flatMap((output, index) => {
      const was = before.devices[at]?.outputs[index];
      const isOn = isOutputOn(output, nowMs);
      return was === undefined || isOutputOn(was, nowMs) === isOn
        ? []
        : [{ type: 'output-switched', output: index, isOn, atMs: nowMs, address } as const];
    }),
  );

function wakeAt({ devices, held, lastByteAtMs }: PeripheralLine, nowMs: number): number | undefined {
  const ends = devices
    .flatMap(({ outputs }) => outputs.map(({ timed }) => timed?.untilMs ?? Number.POSITIVE_INFINITY))
    .filter((atMs) => atMs > nowMs);
  const next = Math.min(...ends, held === heldNothing ? Number.POSITIVE_INFINITY : lastByteAtMs + GAP_MS);
  return Number.isFinite(next) ? next : undefined;
}
