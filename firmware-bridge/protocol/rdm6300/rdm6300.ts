import type { CardReader } from '../card/card-reader.ts';
import { bytesOfHex } from '../card/card.ts';
import { encodeEmDigits, receiveEmFrames } from '../em4100/em-frame.ts';
import { joinBytes, scanStart, type ScanHeld } from '../resync/scan-frames.ts';

/** Public documentation of RDM6300 and RDM630: 02, 12 digits, 03; every 50-65 ms while a card is in the field. */
const edges = { head: [0x02], tail: [0x03] };

/** @see RULES.md FB1-FB6 */
export const rdm6300: CardReader<ScanHeld> = {
  start: scanStart,
  receive: (held, input) => receiveEmFrames(edges, held, input),
  baud: 9600,
  silenceMs: 50,
};

/**
 * The frame of a card of 10 hex digits; digits of either case are sent upper-case, as the module does.
 * @throws RangeError for anything else.
 */
export function encodeRdm6300(card: string): Uint8Array {
  if (!/^[0-9A-Fa-f]{10}$/.test(card)) throw new RangeError('card is not 10 hex digits');
  const digits = encodeEmDigits(bytesOfHex(card));
  return joinBytes(joinBytes(Uint8Array.from(edges.head), digits), Uint8Array.from(edges.tail));
}
