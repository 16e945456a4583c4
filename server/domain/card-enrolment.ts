import { parseCardText, type CardNumber } from '#contract/card';
import { err, ok, type Result } from '#contract/result';

/**
 * Why a number names no one card: `blank-number` nothing but zeros or ones; `reserved-number` what controllers and
 * erased cards use for "none"; `random-uid` another number tomorrow; `cut-uid` the first part of a longer UID,
 * which many cards share.
 */
export type EnrolmentRefusal = 'malformed' | 'blank-number' | 'reserved-number' | 'random-uid' | 'cut-uid';

/** ISO 14443-3: a UID of 4 bytes that starts with 08 is made anew each time the card wakes. */
const RANDOM_UID_MARK = 0x08;
/** ISO 14443-3: the cascade tag, no byte of the UID, goes before the first three bytes of one longer than 4. */
const CASCADE_TAG = 0x88;
const RESERVED_NUMBERS = [0x00000000, 0x00ffffff, 0xffffffff];

const setBits = (bytes: readonly number[]): number =>
  bytes.reduce((count, byte) => count + byte.toString(2).replaceAll('0', '').length, 0);

/** Long Wiegand frames keep their parity: a blank number still has one bit that makes it odd. */
function isBlank({ media, bitCount, bytes }: CardNumber): boolean {
  const most = media === 'wg' && bitCount !== 24 && bitCount !== 32 ? 1 : 0;
  const ones = setBits(bytes);
  return ones <= most || ones >= bitCount - most;
}

/** The number that other systems know the card by: its last 32 bits, or all of a shorter one. */
function lowNumberOf({ media, bitCount, bytes }: CardNumber): number {
  const isWhole = media === 'em' || media === 'id' || bitCount === 32 || bitCount === 24;
  if (!isWhole) return Number.NaN;
  return bytes.slice(-4).reduce((number, byte) => number * 256 + byte, 0);
}

/**
 * Takes a card that may be enrolled apart. The door never asks this: a card refused here stays unknown.
 * @param text canonical text of the card
 * @see rules SD13, SD14
 */
export function checkEnrolment(text: string): Result<CardNumber, EnrolmentRefusal> {
  const card = parseCardText(text);
  if (card === null) return err('malformed');
  if (isBlank(card)) return err('blank-number');
  if (RESERVED_NUMBERS.includes(lowNumberOf(card))) return err('reserved-number');
  if (card.media === 'mf' && card.bytes.length === 4) {
    if (card.bytes[0] === RANDOM_UID_MARK) return err('random-uid');
    if (card.bytes[0] === CASCADE_TAG) return err('cut-uid');
  }
  return ok(card);
}
