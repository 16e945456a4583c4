import { malformed, parsed, type Parsed } from '../result.ts';

/**
 * `em`: EM4100, 40 bits. `mf`: ISO 14443 UID of 32, 56 or 80 bits in the order on the air. `wg`: Wiegand, the bits
 * of the whole frame. `id`: a number of 2 to 10 whole bytes from a reader that does not tell the medium.
 */
export type CardMedia = 'em' | 'mf' | 'wg' | 'id';

/** A card number: `hex` is upper-case, in wire order, first bit highest, a last byte filled up with zero bits. */
export interface Card {
  readonly media: CardMedia;
  readonly bitCount: number;
  readonly hex: string;
}

interface MediaRule {
  /** The number behind the letters counts bytes or bits; `em` has none. */
  readonly unit: 'none' | 'bytes' | 'bits';
  readonly isLength: (bitCount: number) => boolean;
}

/** 26 is the shortest card format in use, 64 what no card format goes beyond. */
const mediaRules: Readonly<Record<CardMedia, MediaRule>> = {
  em: { unit: 'none', isLength: (bitCount) => bitCount === 40 },
  mf: { unit: 'bytes', isLength: (bitCount) => [32, 56, 80].includes(bitCount) },
  wg: { unit: 'bits', isLength: (bitCount) => bitCount >= 26 && bitCount <= 64 },
  id: { unit: 'bytes', isLength: (bitCount) => bitCount % 8 === 0 && bitCount >= 16 && bitCount <= 80 },
};

/**
 * The canonical text of a card, of one width for each medium and length: `em:6F007B3972`, `mf4:6B3D12D6`,
 * `wg26:7B3972` (26 and 34 bits leave their parity out), `wg37:82690DDD50`,
 * `id4:007B3972`.
 * @throws RangeError when the card is not one that `parseCard` gives.
 * @see RULES.md CA1
 */
export function encodeCard(card: Card): string {
  if (!isWellFormed(card)) throw new RangeError('not a card');
  return `${prefixOf(card)}:${card.hex}`;
}

/**
 * Reads a canonical text; any other way of writing the same number is refused.
 * @see RULES.md CA1-CA2
 */
export function parseCard(text: string): Parsed<Card, 'malformed'> {
  const [, letters = '', size = '', hex = ''] = /^(em|mf|wg|id)(\d{0,2}):([0-9A-F]+)$/.exec(text) ?? [];
  const media = (Object.keys(mediaRules) as CardMedia[]).find((known) => known === letters);
  if (media === undefined) return malformed('malformed');
  const { unit } = mediaRules[media];
  const bitCount = unit === 'none' ? 40 : Number(size) * (unit === 'bytes' ? 8 : 1);
  const card: Card = { media, bitCount, hex };
  return isWellFormed(card) && prefixOf(card) === letters + size ? parsed(card) : malformed('malformed');
}

/** The card with these bytes in wire order; `wrong-length` when its medium knows no such length. */
export function cardOfBytes(media: 'em' | 'mf' | 'id', bytes: Uint8Array): Parsed<Card, 'wrong-length'> {
  const card: Card = { media, bitCount: 8 * bytes.length, hex: hexOfBytes(bytes) };
  return mediaRules[media].isLength(card.bitCount) ? parsed(card) : malformed('wrong-length');
}

/** True for a number of all zeros or all ones: what a dead coil or a stuck line yields. */
export const isBlank = (bytes: Iterable<number>): boolean => {
  const all = [...bytes];
  return all.every((byte) => byte === 0x00) || all.every((byte) => byte === 0xff);
};

/** Two upper-case digits a byte. */
export const hexOfBytes = (bytes: Iterable<number>): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();

/** The bytes of an even number of hex digits. */
export const bytesOfHex = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

function prefixOf({ media, bitCount }: Card): string {
  const { unit } = mediaRules[media];
  if (unit === 'none') return media;
  return `${media}${unit === 'bytes' ? bitCount / 8 : bitCount}`;
}

function isWellFormed({ media, bitCount, hex }: Card): boolean {
  if (!mediaRules[media].isLength(bitCount) || !/^[0-9A-F]*$/.test(hex)) return false;
  const storedBits = storedBitsOf(media, bitCount);
  const bytes = Math.ceil(storedBits / 8);
  if (hex.length !== 2 * bytes) return false;
  const fill = 8 * bytes - storedBits;
  return (Number.parseInt(hex.slice(-2), 16) & ((1 << fill) - 1)) === 0;
}

/**
 * 26 and 34 bits are one format each, and their parity differs between readers of one card (some send zeros);
 * longer frames keep every bit, since what their bits mean differs between makers.
 */
const storedBitsOf = (media: CardMedia, bitCount: number): number =>
  media === 'wg' && (bitCount === 26 || bitCount === 34) ? bitCount - 2 : bitCount;
