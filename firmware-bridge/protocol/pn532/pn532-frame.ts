import { joinBytes, scanFrames, type Front, type LinkInput, type ScanHeld } from '../resync/scan-frames.ts';

/** What the chip says. `answer.code` is the command's code + 1. */
export type Pn532Event =
  | { readonly type: 'ack' | 'nack' | 'error' }
  | { readonly type: 'answer'; readonly code: number; readonly data: Uint8Array }
  | { readonly type: 'damaged' }
  | { readonly type: 'noise'; readonly bytes: number };

const toChip = 0xd4;
const fromChip = 0xd5;
const startCode = [0x00, 0xff] as const;
const ack = [0x00, 0xff] as const;
const nack = [0xff, 0x00] as const;
/** TFI of the syntax error frame. */
const syntaxError = 0x7f;
/** One card with a UID of 10 bytes and its answer to select stays well below; extended frames are never asked for. */
const maxLength = 64;

/** Wakes the chip's UART: two 55 and enough zeros for its oscillator to start. UM0701-02, HSU wake-up. */
export const pn532WakeUp: Uint8Array = Uint8Array.of(0x55, 0x55, ...Array.from({ length: 14 }, () => 0));

/** Ends whatever command is under way in the chip. UM0701-02, abort by ACK. */
export const pn532Abort: Uint8Array = Uint8Array.of(0x00, ...startCode, ...ack, 0x00);

/** The frame of a command: `00 00 FF`, length and its complement, D4, code, data, complement of their sum, 00. */
export function encodePn532Command(code: number, data: readonly number[] = []): Uint8Array {
  return frameOf([toChip, code, ...data]);
}

/** The frame of an answer as the chip sends it. */
export function encodePn532Answer(code: number, data: readonly number[] = []): Uint8Array {
  return frameOf([fromChip, code, ...data]);
}

/**
 * Finds the frames in the chip's stream.
 * @see RULES.md RD15-RD16
 */
export function receivePn532(
  held: ScanHeld,
  input: LinkInput,
): { readonly held: ScanHeld; readonly events: readonly Pn532Event[] } {
  const scan = scanFrames(held, input, look);
  const events = scan.events.map((event) => (event.type === 'frame' ? eventOf(event.bytes) : event));
  return { held: scan.held, events };
}

function frameOf(payload: readonly number[]): Uint8Array {
  const length = payload.length;
  const start = Uint8Array.of(0x00, ...startCode, length, -length & 0xff);
  return joinBytes(start, Uint8Array.of(...payload, -sumOf(payload) & 0xff, 0x00));
}

function look(bytes: Uint8Array, isLast: boolean): Front {
  const [first, second, length = 0, complement = 0] = bytes;
  // Zeros stand before and behind every frame in any number.
  if (first !== startCode[0]) return 'noise';
  if (second === undefined) return isLast ? 'filler' : 'partial';
  if (second !== startCode[1]) return 'filler';
  if (bytes.length < 4) return 'partial';
  if (isPair(ack, length, complement) || isPair(nack, length, complement)) return { length: 4 };
  if (length < 1 || length > maxLength || ((length + complement) & 0xff) !== 0) return 'broken';
  const whole = 4 + length + 1;
  if (bytes.length < whole) return 'partial';
  const payload = bytes.subarray(4, whole);
  const isKnown = payload[0] === fromChip ? length >= 2 : payload[0] === syntaxError && length === 1;
  return isKnown && (sumOf(payload) & 0xff) === 0 ? { length: whole } : 'broken';
}

function eventOf(frame: Uint8Array): Pn532Event {
  const [, , length = 0, complement = 0, tfi, code = 0] = frame;
  if (isPair(ack, length, complement)) return { type: 'ack' };
  if (isPair(nack, length, complement)) return { type: 'nack' };
  if (tfi === syntaxError) return { type: 'error' };
  return { type: 'answer', code, data: frame.slice(6, -1) };
}

const isPair = (pair: readonly [number, number], first: number, second: number): boolean =>
  pair[0] === first && pair[1] === second;

const sumOf = (bytes: Iterable<number>): number => {
  let sum = 0;
  for (const byte of bytes) sum += byte;
  return sum;
};
