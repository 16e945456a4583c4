import { malformed, type Parsed } from '../result.ts';
import { bytesOfHex, isBlank, parseCard, type Card } from './card.ts';
import { readingsOf } from './wiegand-format.ts';

/**
 * `blank-number`: nothing but zeros or ones. `reserved-number`: a number that controllers and erased cards use for
 * "none". `random-uid`: another number tomorrow. `cut-uid`: the first part of a longer UID, which many cards share.
 */
export type EnrolmentRefusal = 'malformed' | 'blank-number' | 'reserved-number' | 'random-uid' | 'cut-uid';

/** Where the reader of a `wg34` or `id4` number sends the UID of an ISO 14443 card: which byte comes first. */
export type UidOrder = 'air' | 'reversed';

/** ISO 14443-3: a UID of 4 bytes that starts with 08 is made anew each time the card wakes. */
const randomUidMark = 0x08;
/** ISO 14443-3: the cascade tag, no byte of the UID, goes before the first three bytes of one longer than 4. */
const cascadeTag = 0x88;
const reservedNumbers = [0x00000000, 0x00ffffff, 0xffffffff];

/**
 * Tells whether a card may be enrolled; the door never asks this, so a card refused here simply stays unknown.
 * @param uidOrder given when the reader is known to send UIDs as plain numbers.
 * @see RULES.md CA8-CA9
 */
export function checkEnrolment(text: string, uidOrder?: UidOrder): Parsed<Card, EnrolmentRefusal> {
  const card = parseCard(text);
  if (!card.ok) return card;
  const bytes = bytesOfHex(card.value.hex);
  if (isBlank(bytes) || isBlankInside(card.value)) return malformed('blank-number');
  if (reservedNumbers.includes(lowNumberOf(card.value))) return malformed('reserved-number');
  const first = firstUidByteOf(card.value, bytes, uidOrder);
  if (first === randomUidMark) return malformed('random-uid');
  if (first === cascadeTag) return malformed('cut-uid');
  return card;
}

/** The number that other systems know the card by: its last 32 bits, or all of a shorter one. */
function lowNumberOf({ media, bitCount, hex }: Card): number {
  if (media === 'wg' && bitCount !== 26 && bitCount !== 34) return Number.NaN;
  if (media === 'mf' && bitCount !== 32) return Number.NaN;
  return Number.parseInt(hex.slice(-8), 16);
}

/** A frame whose parity is not blank may still carry a blank number in every format of its length. */
function isBlankInside(card: Card): boolean {
  if (card.bitCount === 26 || card.bitCount === 34) return false;
  const readings = readingsOf(card);
  const isNone = ({ facility = 0, number }: { facility?: number; number: number }): boolean =>
    facility === 0 && number === 0;
  return readings.length > 0 && readings.every(({ fields }) => isNone(fields));
}

function firstUidByteOf(card: Card, bytes: Uint8Array, uidOrder: UidOrder | undefined): number | undefined {
  if (bytes.length !== 4) return undefined;
  if (card.media === 'mf') return bytes[0];
  if (uidOrder === undefined || card.media === 'em') return undefined;
  return uidOrder === 'air' ? bytes[0] : bytes[3];
}
