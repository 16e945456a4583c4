import { z } from 'zod';

/**
 * What a card number was read from: `em` EM4100 (40 bits), `mf` an ISO 14443 UID in the order on the air, `wg` the
 * bits of a Wiegand frame, `id` a number from a reader that does not tell the medium.
 */
export const CARD_MEDIA = ['em', 'mf', 'wg', 'id'] as const;

/** What a card number was read from. */
export type CardMedia = (typeof CARD_MEDIA)[number];

/** A card number taken apart: bytes in wire order, a last byte filled up with zero bits. */
export interface CardNumber {
  readonly media: CardMedia;
  /** Stored bits; Wiegand frames of 26 and 34 bits are stored without their parity. */
  readonly bitCount: number;
  readonly bytes: readonly number[];
}

const cardForm = /^(em|mf|wg|id)([0-9]{0,2}):((?:[0-9A-F]{2})+)$/;

function storedBits(media: string, size: string): number | null {
  if (String(Number(size)) !== size && size !== '') return null;
  const count = Number(size);
  switch (media) {
    case 'em':
      return size === '' ? 40 : null;
    case 'mf':
      return [4, 7, 10].includes(count) ? 8 * count : null;
    case 'id':
      return count >= 2 && count <= 10 ? 8 * count : null;
    case 'wg':
      if (count < 26 || count > 64) return null;
      return count === 26 || count === 34 ? count - 2 : count;
    default:
      return null;
  }
}

/**
 * Parses the canonical text of a card, e.g. `em:6F007B3972`, `mf4:6B3D12D6`, `wg26:7B3972`: one card has one text,
 * because the handle in permits is a hash over it.
 * @returns null for any other way of writing a number
 * @see rule C36
 */
export function parseCardText(text: string): CardNumber | null {
  const [, media = '', size = '', hex = ''] = cardForm.exec(text) ?? [];
  const bitCount = storedBits(media, size);
  if (bitCount === null || hex.length !== 2 * Math.ceil(bitCount / 8)) return null;
  const bytes = (hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
  const fill = 8 * bytes.length - bitCount;
  if (((bytes.at(-1) ?? 0) & ((1 << fill) - 1)) !== 0) return null;
  return { media: media as CardMedia, bitCount, bytes };
}

/** The canonical text of a card. */
export const cardTextSchema = z.string().refine((text) => parseCardText(text) !== null);
