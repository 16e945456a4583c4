import { bytesOfHex } from '../card/card.ts';
import { isHexDigit } from '../em4100/em-frame.ts';
import { xorOf } from '../resync/scan-frames.ts';
import type { AsciiShape } from './ascii-profile.ts';

const maxEdgeBytes = 4;
const minDigits = 4;
const maxDigits = 32;

/**
 * The shapes that explain a raw capture, likeliest first: `bursts` are what came between silences, of two or more
 * cards shown one after another. Digits without a letter leave the radix open, so both are told and whoever sets
 * the reader up decides by the number on the card. Empty when the bursts do not look alike.
 * @see RULES.md RD25-RD26
 */
export function learnAsciiShapes(bursts: readonly Uint8Array[]): readonly AsciiShape[] {
  const lines = bursts.map((burst) => unrepeat([...burst]));
  const parts = lines.map(split);
  const [first] = parts;
  if (first === undefined || parts.length < 2) return [];
  const isAlike = parts.every(
    ({ prefix, digits, suffix }) =>
      String(prefix) === String(first.prefix) &&
      String(suffix) === String(first.suffix) &&
      digits.length === first.digits.length,
  );
  const length = first.digits.length;
  const isShort = first.prefix.length <= maxEdgeBytes && first.suffix.length <= maxEdgeBytes;
  if (!isAlike || !isShort || length < minDigits || length > maxDigits) return [];

  const texts = parts.map(({ digits }) => digits);
  const shape = { prefix: first.prefix, suffix: first.suffix };
  const hasCheck =
    length % 2 === 0 && length > minDigits && texts.every((text) => xorOf(bytesOfHex(text)) === 0);
  const isDecimal = texts.every((text) => /^\d+$/.test(text));
  return [
    ...(hasCheck ? [{ ...shape, radix: 16, digits: length - 2, check: 'xor' } as const] : []),
    ...(isDecimal ? [{ ...shape, radix: 10, digits: length, check: 'none' } as const] : []),
    { ...shape, radix: 16, digits: length, check: 'none' },
  ];
}

/** One line of a burst that holds the same one several times, as a reader sends it while the card stays. */
function unrepeat(burst: readonly number[]): readonly number[] {
  for (let period = 1; period <= burst.length / 2; period += 1) {
    const isWhole = burst.length % period === 0 && period > minDigits;
    if (isWhole && burst.every((byte, index) => byte === burst[index % period]))
      return burst.slice(0, period);
  }
  return burst;
}

function split(line: readonly number[]): {
  readonly prefix: readonly number[];
  readonly digits: string;
  readonly suffix: readonly number[];
} {
  const from = line.findIndex(isHexDigit);
  if (from < 0) return { prefix: line, digits: '', suffix: [] };
  const rest = line.slice(from);
  const length = rest.findIndex((byte) => !isHexDigit(byte));
  const to = length < 0 ? line.length : from + length;
  return {
    prefix: line.slice(0, from),
    digits: String.fromCharCode(...line.slice(from, to)),
    suffix: line.slice(to),
  };
}
