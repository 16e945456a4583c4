import { cardOfBytes, encodeCard, isBlank } from '../card/card.ts';
import type { CardReader, CardReadEvent } from '../card/card-reader.ts';
import { scanFrames, scanStart, xorOf, type Front, type ScanHeld } from '../resync/scan-frames.ts';

const head = 0x02;
const tail = 0x03;
/** Head, length, type, check and tail. */
const frameOverhead = 5;

/** The manual's type bytes; 01 and 03 are Mifare 1K and 4K, whose UIDs have 4 or 7 bytes. */
const media: ReadonlyMap<number, { readonly media: 'em' | 'mf'; readonly lengths: readonly number[] }> =
  new Map([
    [0x01, { media: 'mf' as const, lengths: [4, 7] }],
    [0x02, { media: 'em' as const, lengths: [5] }],
    [0x03, { media: 'mf' as const, lengths: [4, 7] }],
  ]);

/**
 * Gwiot 7941E/7941D and clones of its binary frame: 02, length of the whole frame, type, serial number, exclusive
 * or of everything from the length on, 03; sent about once for a card.
 * @see RULES.md RD10-RD11
 */
export const gwiot7941: CardReader<ScanHeld> = {
  start: scanStart,
  receive(held, input) {
    const scan = scanFrames(held, input, look);
    return { held: scan.held, events: scan.events.map(eventOf) };
  },
  baud: 9600,
  silenceMs: 50,
};

/** The frame of such a type and serial number. */
export function encodeGwiot7941(type: number, serial: Uint8Array): Uint8Array {
  const checked = [serial.length + frameOverhead, type, ...serial];
  return Uint8Array.of(head, ...checked, xorOf(checked), tail);
}

function look(bytes: Uint8Array): Front {
  const [first, length = 0, type = 0] = bytes;
  if (first !== head) return 'noise';
  if (bytes.length < 3) return 'partial';
  if (media.get(type)?.lengths.includes(length - frameOverhead) !== true) return 'broken';
  if (bytes.length < length) return 'partial';
  const isRight = bytes[length - 1] === tail && xorOf(bytes.subarray(1, length - 1)) === 0;
  return isRight ? { length } : 'broken';
}

function eventOf(event: ReturnType<typeof scanFrames>['events'][number]): CardReadEvent {
  if (event.type !== 'frame') return event;
  const serial = event.bytes.subarray(3, -2);
  const kind = media.get(event.bytes[2] ?? 0);
  const card = kind === undefined || isBlank(serial) ? undefined : cardOfBytes(kind.media, serial);
  return card?.ok === true ? { type: 'card', card: encodeCard(card.value) } : { type: 'damaged' };
}
