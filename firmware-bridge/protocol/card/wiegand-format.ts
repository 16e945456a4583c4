import { malformed, parsed, type Parsed } from '../result.ts';
import type { Card } from './card.ts';

/** `h10301` is 26 bits, `wg34` 34, `c1000-35` and `c1000-48` the Corporate 1000 formats, `h10302` and `h10304` 37. */
export type WiegandFormat = 'h10301' | 'wg34' | 'c1000-35' | 'h10302' | 'h10304' | 'c1000-48';

/**
 * What a reader is set to; a frame never tells. `parity: 'ignored'` is for 34-bit readers that leave it zero;
 * `raw` takes frames of one length that no table describes, with no check at all.
 */
export type WiegandCardProfile =
  | { readonly format: Exclude<WiegandFormat, 'wg34'> }
  | { readonly format: 'wg34'; readonly parity?: 'checked' | 'ignored' }
  | { readonly format: 'raw'; readonly bitCount: number };

/** A frame as OSDP RAW carries it: first bit sent = highest bit of the first byte, filled up with zero bits. */
export interface WiegandFrame {
  readonly bitCount: number;
  readonly hex: string;
}

export interface WiegandFields {
  /** Absent where the format has none. */
  readonly facility?: number;
  readonly number: number;
}

/** One read: what to store, what the card is printed with, and every bit as it came. */
export interface WiegandRead {
  readonly card: Card;
  readonly fields?: WiegandFields;
  readonly bits: string;
}

/**
 * `inverted`: only the opposite of every bit passes the parity, so D0 and D1 look swapped; one damaged frame in
 * four or more looks so too, so a commissioning tool wants it several times in a row.
 */
export type WiegandFault =
  'malformed' | 'wrong-length' | 'all-zeros' | 'all-ones' | 'bad-parity' | 'inverted';

interface ParityBit {
  readonly at: number;
  readonly kind: 'even' | 'odd';
  readonly over: readonly number[];
}

/** Bits are numbered from 1, both ends included. */
type Span = readonly [number, number];

/** The parity bits stand in the order in which they are set. */
interface Layout {
  readonly bitCount: number;
  readonly facility?: Span;
  readonly number: Span;
  readonly parity: readonly ParityBit[];
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
const pairs = (from: number, to: number, gap: number): number[] =>
  range(from, to).filter((bit) => bit % 3 !== gap);

const parity37: readonly ParityBit[] = [
  { at: 1, kind: 'even', over: range(2, 19) },
  { at: 37, kind: 'odd', over: range(19, 36) },
];

/** Layouts as published by their makers and in public format lists. */
const layouts: Readonly<Record<WiegandFormat, Layout>> = {
  h10301: {
    bitCount: 26,
    facility: [2, 9],
    number: [10, 25],
    parity: [
      { at: 1, kind: 'even', over: range(2, 13) },
      { at: 26, kind: 'odd', over: range(14, 25) },
    ],
  },
  wg34: {
    bitCount: 34,
    facility: [2, 17],
    number: [18, 33],
    parity: [
      { at: 1, kind: 'even', over: range(2, 17) },
      { at: 34, kind: 'odd', over: range(18, 33) },
    ],
  },
  'c1000-35': {
    bitCount: 35,
    facility: [3, 14],
    number: [15, 34],
    parity: [
      { at: 2, kind: 'even', over: pairs(3, 34, 2) },
      { at: 35, kind: 'odd', over: pairs(2, 33, 1) },
      { at: 1, kind: 'odd', over: range(2, 35) },
    ],
  },
  h10302: { bitCount: 37, number: [2, 36], parity: parity37 },
  h10304: { bitCount: 37, facility: [2, 17], number: [18, 36], parity: parity37 },
  'c1000-48': {
    bitCount: 48,
    facility: [3, 24],
    number: [25, 47],
    parity: [
      { at: 2, kind: 'even', over: pairs(4, 47, 0) },
      { at: 48, kind: 'odd', over: pairs(3, 46, 2) },
      { at: 1, kind: 'odd', over: range(2, 48) },
    ],
  },
};

export const wiegandFormats = Object.keys(layouts) as readonly WiegandFormat[];

/** How many bits a frame of a reader with this profile has. */
export const bitCountOf = (profile: WiegandCardProfile): number =>
  profile.format === 'raw' ? profile.bitCount : layouts[profile.format].bitCount;

/**
 * Reads a frame as the reader's profile says; every fault is a diagnostic and none an unknown card.
 * @see RULES.md CA3-CA7
 */
export function parseWiegand(
  profile: WiegandCardProfile,
  frame: WiegandFrame,
): Parsed<WiegandRead, WiegandFault> {
  const bits = bitsOfFrame(frame);
  if (bits === undefined) return malformed('malformed');
  if (bits.length !== bitCountOf(profile)) return malformed('wrong-length');
  if (!bits.includes('1')) return malformed('all-zeros');
  if (!bits.includes('0')) return malformed('all-ones');
  if (profile.format === 'raw') {
    // 26 and 34 bits are stored without parity, which only their own formats know how to check.
    const isStorable = bits.length > 26 && bits.length <= 64 && bits.length !== 34;
    return isStorable ? parsed({ card: cardOfBits(bits), bits }) : malformed('wrong-length');
  }
  const layout = layouts[profile.format];
  const isChecked = profile.format !== 'wg34' || profile.parity !== 'ignored';
  if (isChecked && !isParityRight(layout, bits)) {
    return malformed(isParityRight(layout, invert(bits)) ? 'inverted' : 'bad-parity');
  }
  return parsed({ card: cardOfBits(bits), fields: fieldsOf(layout, bits), bits });
}

/**
 * The frame of a card of that format with its parity set.
 * @throws RangeError when a field does not fit, or a facility is given to a format without or the reverse.
 */
export function encodeWiegand(format: WiegandFormat, fields: WiegandFields): WiegandFrame {
  if (!isFitting(format, fields)) throw new RangeError('the fields do not fit this format');
  return { bitCount: layouts[format].bitCount, hex: hexOfBits(bitsOfFields(format, fields)) };
}

/** The card that such a frame stands for, as every reader set to the format gives it; `undefined` when a field does not fit. */
export function cardOfFields(format: WiegandFormat, fields: WiegandFields): Card | undefined {
  return isFitting(format, fields) ? cardOfBits(bitsOfFields(format, fields)) : undefined;
}

/** The formats of a Wiegand card's length and what the card reads as in each, those whose parity fits. */
export function readingsOf(
  card: Card,
): readonly { readonly format: WiegandFormat; readonly fields: WiegandFields }[] {
  if (card.media !== 'wg') return [];
  return wiegandFormats.flatMap((format) => {
    const layout = layouts[format];
    if (layout.bitCount !== card.bitCount) return [];
    const stored = bitsOfHex(card.hex);
    const isBare = card.bitCount === 26 || card.bitCount === 34;
    const bits = isBare ? `-${stored}-` : stored.slice(0, card.bitCount);
    if (!isBare && !isParityRight(layout, bits)) return [];
    return [{ format, fields: fieldsOf(layout, bits) }];
  });
}

/** The bits of a frame as a text of 0 and 1; `undefined` when its digits do not match its length or its fill is not zero. */
export function bitsOfFrame({ bitCount, hex }: WiegandFrame): string | undefined {
  if (!Number.isInteger(bitCount) || bitCount < 1 || !/^[0-9A-Fa-f]*$/.test(hex)) return undefined;
  if (hex.length !== 2 * Math.ceil(bitCount / 8)) return undefined;
  const bits = bitsOfHex(hex);
  return bits.slice(bitCount).includes('1') ? undefined : bits.slice(0, bitCount);
}

function isFitting(format: WiegandFormat, { facility, number }: WiegandFields): boolean {
  const layout = layouts[format];
  const fits = (field: Span | undefined, value: number | undefined): boolean =>
    field === undefined || value === undefined
      ? field === value
      : Number.isInteger(value) && value >= 0 && value < 2 ** widthOf(field);
  return fits(layout.facility, facility) && fits(layout.number, number);
}

function bitsOfFields(format: WiegandFormat, { facility, number }: WiegandFields): string {
  const layout = layouts[format];
  const bits = Array.from({ length: layout.bitCount }, () => '0');
  const put = (field: Span, value: number): void => {
    bits.splice(field[0] - 1, widthOf(field), ...value.toString(2).padStart(widthOf(field), '0'));
  };
  if (layout.facility !== undefined) put(layout.facility, facility ?? 0);
  put(layout.number, number);
  for (const { at, kind, over } of layout.parity) {
    const isOdd = countOnes(bits, over) % 2 === 1;
    bits[at - 1] = isOdd === (kind === 'even') ? '1' : '0';
  }
  return bits.join('');
}

const widthOf = ([from, to]: Span): number => to - from + 1;

function cardOfBits(bits: string): Card {
  const bitCount = bits.length;
  const stored = bitCount === 26 || bitCount === 34 ? bits.slice(1, -1) : bits;
  return { media: 'wg', bitCount, hex: hexOfBits(stored) };
}

function fieldsOf(layout: Layout, bits: string): WiegandFields {
  const take = ([from, to]: Span): number => Number.parseInt(bits.slice(from - 1, to), 2);
  const number = take(layout.number);
  return layout.facility === undefined ? { number } : { facility: take(layout.facility), number };
}

const isParityRight = (layout: Layout, bits: string): boolean =>
  layout.parity.every(
    ({ at, kind, over }) => countOnes(bits, [at, ...over]) % 2 === (kind === 'even' ? 0 : 1),
  );

const countOnes = (bits: ArrayLike<string>, over: readonly number[]): number =>
  over.filter((bit) => bits[bit - 1] === '1').length;

const invert = (bits: string): string => Array.from(bits, (bit) => (bit === '1' ? '0' : '1')).join('');

const bitsOfHex = (hex: string): string =>
  Array.from(hex, (digit) => Number.parseInt(digit, 16).toString(2).padStart(4, '0')).join('');

function hexOfBits(bits: string): string {
  const filled = bits.padEnd(8 * Math.ceil(bits.length / 8), '0');
  const digits = filled.match(/.{4}/g) ?? [];
  return digits
    .map((four) => Number.parseInt(four, 2).toString(16))
    .join('')
    .toUpperCase();
}
