import { encodeCard } from '../card/card.ts';
import {
  bitCountOf,
  bitsOfFrame,
  parseWiegand,
  type WiegandCardProfile,
  type WiegandFault,
  type WiegandFields,
  type WiegandFrame,
} from '../card/wiegand-format.ts';
import { malformed, parsed, type Parsed } from '../result.ts';
import { keyAt, type Key } from './key.ts';
import { keypadBits, parseWiegandKey, type KeypadMode } from './wiegand-key.ts';

/**
 * A keypad that sends a whole entry as one 26-bit frame: `number` = the digits as a number with a facility of its
 * own and `digits` of them (a leading 0 is not in the number), `bcd` = 6 digits of 4 bits, filled up with F.
 */
export type KeypadBurst =
  | { readonly burst: 'number'; readonly facility: number; readonly digits: number }
  | { readonly burst: 'bcd' };

/** What a Wiegand reader is set to send; nothing of it is ever guessed from a frame. */
export interface WiegandReaderProfile {
  readonly card: WiegandCardProfile;
  readonly keypad: 'none' | KeypadMode | KeypadBurst;
}

export type WiegandEvent =
  | { readonly type: 'card'; readonly card: string; readonly fields?: WiegandFields }
  | { readonly type: 'keys'; readonly keys: readonly Key[] }
  | { readonly type: 'damaged'; readonly fault: WiegandFault | 'bad-key' };

const burstBits = 26;

/**
 * Refuses a profile under which a PIN and a card could look alike.
 * @see RULES.md KP5
 */
export function checkWiegandProfile(
  profile: WiegandReaderProfile,
): Parsed<WiegandReaderProfile, 'ambiguous-burst' | 'impossible-burst'> {
  const { card, keypad } = profile;
  if (typeof keypad === 'string') return parsed(profile);
  if (keypad.burst === 'bcd')
    return bitCountOf(card) === burstBits ? malformed('ambiguous-burst') : parsed(profile);
  const isFacility = Number.isInteger(keypad.facility) && keypad.facility >= 0 && keypad.facility <= 255;
  // A number of 16 bits holds every entry of up to 4 digits and not every one of 5.
  const isPossible = Number.isInteger(keypad.digits) && keypad.digits >= 1 && keypad.digits <= 4;
  return isFacility && isPossible ? parsed(profile) : malformed('impossible-burst');
}

/**
 * Reads one frame of a reader with such a profile: its length alone decides whether it is a card or a key.
 * @see RULES.md KP4-KP6
 */
export function readWiegand(profile: WiegandReaderProfile, frame: WiegandFrame): WiegandEvent {
  const { card, keypad } = profile;
  if (typeof keypad !== 'string' && frame.bitCount === burstBits) {
    const burst = readBurst(keypad, frame);
    if (burst !== 'no-burst') return burst;
  }
  if (typeof keypad === 'string' && keypad !== 'none' && frame.bitCount === keypadBits[keypad]) {
    const key = parseWiegandKey(keypad, bitsOfFrame(frame) ?? '');
    return key.ok ? { type: 'keys', keys: [key.value] } : { type: 'damaged', fault: 'bad-key' };
  }
  const read = parseWiegand(card, frame);
  if (!read.ok) return { type: 'damaged', fault: read.error };
  const { fields } = read.value;
  const text = encodeCard(read.value.card);
  return fields === undefined ? { type: 'card', card: text } : { type: 'card', card: text, fields };
}

/** `no-burst`: not marked as one, so the frame is for the card's profile to judge. */
function readBurst(keypad: KeypadBurst, frame: WiegandFrame): WiegandEvent | 'no-burst' {
  const read = parseWiegand({ format: 'h10301' }, frame);
  if (!read.ok) return { type: 'damaged', fault: read.error };
  const { card, fields } = read.value;
  if (keypad.burst === 'number' && fields?.facility !== keypad.facility) return 'no-burst';
  const digits =
    keypad.burst === 'bcd' ? stripFill(card.hex) : String(fields?.number).padStart(keypad.digits, '0');
  const isEntry = /^\d+$/.test(digits) && (keypad.burst === 'bcd' || digits.length === keypad.digits);
  if (!isEntry) return { type: 'damaged', fault: 'bad-key' };
  const keys = Array.from(digits, (digit) => keyAt(Number(digit)) ?? 'clear');
  return { type: 'keys', keys: [...keys, 'enter'] };
}

const stripFill = (hex: string): string =>
  hex.startsWith('F') ? hex.replace(/^F+/, '') : hex.replace(/F+$/, '');
