import { bytesOfHex, cardOfBytes, encodeCard, hexOfBytes, isBlank } from '../card/card.ts';
import type { CardReadEvent } from '../card/card-reader.ts';
import { scanFrames, xorOf, type Front, type LinkInput, type ScanHeld } from '../resync/scan-frames.ts';

/** What stands around the 12 digits; the first byte of `head` can be no digit, so it always begins a frame. */
export interface EmFrameEdges {
  readonly head: readonly number[];
  readonly tail: readonly number[];
}

/** 5 bytes as hex digits and 2 digits of their exclusive or: what RDM6300, ID-12 and EM-18 modules all send. */
export const emDigits = 12;

/** The canonical card of the 12 digits; `undefined` when the check is wrong or the number is blank. */
export function emCardOf(digits: Uint8Array): string | undefined {
  if (digits.length !== emDigits || !digits.every(isHexDigit)) return undefined;
  const bytes = bytesOfHex(String.fromCharCode(...digits));
  const number = bytes.subarray(0, -1);
  if (xorOf(bytes) !== 0 || isBlank(number)) return undefined;
  const card = cardOfBytes('em', number);
  return card.ok ? encodeCard(card.value) : undefined;
}

/** The 12 digits of a number of 5 bytes, upper-case as the modules send them. */
export function encodeEmDigits(number: Uint8Array): Uint8Array {
  if (number.length !== 5) throw new RangeError('an EM4100 number has 5 bytes');
  return Uint8Array.from(hexOfBytes([...number, xorOf(number)]), (digit) => digit.charCodeAt(0));
}

/** Takes the stream of a reader whose frames have such edges. */
export function receiveEmFrames(
  edges: EmFrameEdges,
  held: ScanHeld,
  input: LinkInput,
): { readonly held: ScanHeld; readonly events: readonly CardReadEvent[] } {
  const scan = scanFrames(held, input, (bytes) => look(edges, bytes));
  const events = scan.events.map((event): CardReadEvent => {
    if (event.type !== 'frame') return event;
    const card = emCardOf(digitsOf(edges, event.bytes));
    return card === undefined ? { type: 'damaged' } : { type: 'card', card };
  });
  return { held: scan.held, events };
}

/** ASCII digits of either case. */
export const isHexDigit = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);

function look({ head, tail }: EmFrameEdges, bytes: Uint8Array): Front {
  if (bytes[0] !== head[0]) return 'noise';
  const length = head.length + emDigits + tail.length;
  for (let at = 1; at < Math.min(length, bytes.length); at += 1) {
    if (!fits(bytes[at] ?? 0, at)) return 'broken';
  }
  return bytes.length < length ? 'partial' : { length };

  function fits(byte: number, at: number): boolean {
    if (at < head.length) return byte === head[at];
    const tailAt = at - head.length - emDigits;
    return tailAt < 0 ? isHexDigit(byte) : byte === tail[tailAt];
  }
}

const digitsOf = ({ head }: EmFrameEdges, frame: Uint8Array): Uint8Array =>
  frame.subarray(head.length, head.length + emDigits);
