import {
  joinBytes,
  scanFrames,
  scanStart,
  type Front,
  type LinkInput,
  type ScanHeld,
} from '../resync/scan-frames.ts';

/** Function codes of the Modbus application protocol. */
const readCoilsCode = 0x01;
const readInputsCode = 0x02;
const writeCoilCode = 0x05;
const exceptionBit = 0x80;
const coilOff = 0x0000;
/** Waveshare relay boards: function 05 on 0200 + relay switches it on and off again after value x 100 ms. */
const flashOnBase = 0x0200;
/** The same boards' highest value. */
const maxFlashTicks = 0x7fff;
/** So many bits fit in one answer byte count that we accept; door boards have 8 to 32. */
const maxReadBits = 64;

export const flashTickMs = 100;

/** A question and how its answer looks. */
export interface ModbusRequest {
  readonly bytes: Uint8Array;
  readonly unit: number;
  readonly code: number;
  /** How many coils or inputs are asked for; 0 for a write. */
  readonly bits: number;
}

/** `written` is byte for byte what an adapter's own echo looks like, so it proves nothing about the relay. */
export type ModbusReply =
  | { readonly type: 'bits'; readonly bits: readonly boolean[] }
  | { readonly type: 'written' }
  | { readonly type: 'exception'; readonly code: number }
  | { readonly type: 'damaged' }
  | { readonly type: 'noise'; readonly bytes: number };

/** Poly A001 reflected, start FFFF; sent low byte first. Modbus over serial line, 6.2.2. */
export function modbusCrc(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return crc;
}

/** Function 01: the relays from `first` on. */
export const readCoils = (unit: number, first: number, count: number): ModbusRequest =>
  read(unit, readCoilsCode, first, count);

/** Function 02: the inputs from `first` on. */
export const readInputs = (unit: number, first: number, count: number): ModbusRequest =>
  read(unit, readInputsCode, first, count);

/** Function 05, off. There is no such function for on: only the board's own timer may release a lock. */
export const switchOff = (unit: number, relay: number): ModbusRequest => write(unit, relay, coilOff);

/**
 * Flash-on: the board switches the relay on and, `ticks` x 100 ms later, off by itself.
 * @throws RangeError for ticks out of 1 to 7FFF.
 */
export function flashOn(unit: number, relay: number, ticks: number): ModbusRequest {
  if (!Number.isInteger(ticks) || ticks < 1 || ticks > maxFlashTicks)
    throw new RangeError('ticks out of range');
  return write(unit, flashOnBase + relay, ticks);
}

/** The answer to a read: byte count, bits from the lowest of the first byte on. */
export function encodeBitsReply(unit: number, code: number, bits: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  for (const [index, isOn] of bits.entries()) {
    if (isOn) bytes[index >> 3] = (bytes[index >> 3] ?? 0) | (1 << (index & 7));
  }
  return withCrc(Uint8Array.of(unit, code, bytes.length, ...bytes));
}

/** The answer that refuses: 1 function, 2 address, 3 value. */
export const encodeException = (unit: number, code: number, reason: number): Uint8Array =>
  withCrc(Uint8Array.of(unit, code | exceptionBit, reason));

/** The bytes since the question, and how many of them were its own echo so far. */
export interface ModbusHeld {
  readonly scan: ScanHeld;
  /** How many bytes of the echo are still to be taken off; 0 once it was whole; absent when there is none. */
  readonly echoLeft?: number;
}

/** What to hold when a question is put; with `mayEcho` its exact echo at the front is taken off. */
export const modbusStart = (request: ModbusRequest, mayEcho: boolean): ModbusHeld =>
  mayEcho ? { scan: scanStart, echoLeft: request.bytes.length } : { scan: scanStart };

/**
 * Finds the answer to a question in what came after it.
 * @see RULES.md RL3-RL6
 */
export function receiveModbus(
  request: ModbusRequest,
  held: ModbusHeld,
  input: LinkInput,
): { readonly held: ModbusHeld; readonly events: readonly ModbusReply[] } {
  const { rest, echo } =
    'idle' in input ? { rest: input, echo: held } : stripEcho(request, held, input.bytes);
  const scan = scanFrames(held.scan, rest, (bytes) => look(request, bytes));
  const events = scan.events.map((event) => (event.type === 'frame' ? replyOf(request, event.bytes) : event));
  const { echoLeft } = echo;
  return { held: echoLeft === undefined ? { scan: scan.held } : { scan: scan.held, echoLeft }, events };
}

interface Stripped {
  readonly rest: { readonly bytes: Uint8Array };
  readonly echo: { readonly echoLeft?: number };
}

function stripEcho({ bytes: whole }: ModbusRequest, { echoLeft }: ModbusHeld, bytes: Uint8Array): Stripped {
  if (echoLeft === undefined || echoLeft === 0)
    return { rest: { bytes }, echo: echoLeft === 0 ? { echoLeft } : {} };
  const done = whole.length - echoLeft;
  const part = whole.subarray(done, done + bytes.length);
  const isEcho = part.every((byte, index) => byte === bytes[index]);
  if (isEcho)
    return { rest: { bytes: bytes.slice(part.length) }, echo: { echoLeft: echoLeft - part.length } };
  // Not an exact echo: what was taken for its beginning belongs to the answer after all.
  return { rest: { bytes: joinBytes(whole.subarray(0, done), bytes) }, echo: {} };
}

function look({ unit, code, bits }: ModbusRequest, bytes: Uint8Array): Front {
  const [first, second, third] = bytes;
  if (first !== unit) return 'noise';
  if (second === undefined) return 'partial';
  if (second !== code && second !== (code | exceptionBit)) return 'broken';
  const dataBytes = Math.ceil(bits / 8);
  if (second === code && bits > 0 && third !== undefined && third !== dataBytes) return 'broken';
  const length = second !== code ? 5 : bits > 0 ? 5 + dataBytes : 8;
  if (bytes.length < length) return 'partial';
  return modbusCrc(bytes.subarray(0, length)) === 0 ? { length } : 'broken';
}

function replyOf(request: ModbusRequest, frame: Uint8Array): ModbusReply {
  if (frame[1] !== request.code) return { type: 'exception', code: frame[2] ?? 0 };
  if (request.bits > 0) {
    const isOn = (index: number): boolean => (((frame[3 + (index >> 3)] ?? 0) >> (index & 7)) & 1) === 1;
    return { type: 'bits', bits: Array.from({ length: request.bits }, (_, index) => isOn(index)) };
  }
  // A write is answered by itself; anything else is the answer to another one.
  return frame.every((byte, index) => byte === request.bytes[index])
    ? { type: 'written' }
    : { type: 'damaged' };
}

function read(unit: number, code: number, first: number, count: number): ModbusRequest {
  if (!Number.isInteger(count) || count < 1 || count > maxReadBits)
    throw new RangeError('count out of range');
  return { ...request(unit, code, first, count), bits: count };
}

const write = (unit: number, address: number, value: number): ModbusRequest =>
  request(unit, writeCoilCode, address, value);

function request(unit: number, code: number, address: number, value: number): ModbusRequest {
  // 0 is a broadcast, which nobody answers, so nothing sent to it can be confirmed.
  if (!Number.isInteger(unit) || unit < 1 || unit > 247) throw new RangeError('unit out of range');
  if (!Number.isInteger(address) || address < 0 || address > 0xffff)
    throw new RangeError('address out of range');
  const body = Uint8Array.of(unit, code, address >> 8, address & 0xff, value >> 8, value & 0xff);
  return { bytes: withCrc(body), unit, code, bits: 0 };
}

function withCrc(body: Uint8Array): Uint8Array {
  const crc = modbusCrc(body);
  return joinBytes(body, Uint8Array.of(crc & 0xff, crc >> 8));
}
