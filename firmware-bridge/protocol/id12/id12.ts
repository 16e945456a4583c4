import type { CardReader } from '../card/card-reader.ts';
import { encodeEmDigits, receiveEmFrames } from '../em4100/em-frame.ts';
import { scanStart, type ScanHeld } from '../resync/scan-frames.ts';

/** Data sheet of the ID-12LA and ID-20LA, ASCII mode: 02, 12 digits, CR, LF, 03; sent once for a card. */
const edges = { head: [0x02], tail: [0x0d, 0x0a, 0x03] };

/** @see RULES.md RD5-RD6 */
export const id12: CardReader<ScanHeld> = {
  start: scanStart,
  receive: (held, input) => receiveEmFrames(edges, held, input),
  baud: 9600,
  silenceMs: 50,
};

/** The frame of a number of 5 bytes. */
export const encodeId12 = (number: Uint8Array): Uint8Array =>
  Uint8Array.of(...edges.head, ...encodeEmDigits(number), ...edges.tail);
