import type { OsdpCardConfig } from '../hardware.ts';
import { hexOfBytes } from '../protocol/card/card.ts';
import type { CardReadEvent } from '../protocol/card/card-reader.ts';
import type { WiegandCardProfile } from '../protocol/card/wiegand-format.ts';
import { readWiegand } from '../protocol/keypad/read-wiegand.ts';
import { cardProfileOf } from './wiegand-reader.ts';

/**
 * The card that a read of so many bits stands for. Without a profile its length says all that the canonical form
 * needs: 26 and 34 bits are one format each, and of all others every bit is kept.
 */
export function readOsdpCard(
  config: OsdpCardConfig | undefined,
  read: { readonly bitCount: number; readonly bits: Uint8Array },
): CardReadEvent {
  const profile = config === undefined ? profileOfLength(read.bitCount) : cardProfileOf(config);
  const event = readWiegand(
    { card: profile, keypad: 'none' },
    { bitCount: read.bitCount, hex: hexOfBytes(read.bits) },
  );
  return event.type === 'card' ? { type: 'card', card: event.card } : { type: 'damaged' };
}

function profileOfLength(bitCount: number): WiegandCardProfile {
  if (bitCount === 26) return { format: 'h10301' };
  return bitCount === 34 ? { format: 'wg34' } : { format: 'raw', bitCount };
}
