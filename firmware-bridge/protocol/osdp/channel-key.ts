import { malformed, parsed, type Parsed } from '../result.ts';
import { isSameBytes } from './byte-order.ts';

declare const pairedKeyBrand: unique symbol;

/** A secure channel base key fit for a door: 16 bytes, neither all-zero nor the default that everybody knows. */
export type PairedKey = Uint8Array & { readonly [pairedKeyBrand]: true };

export type KeyRefusal = 'length' | 'all-zero' | 'default';

/** The key of the handshake and its indicator: 0 names the default key, 1 a paired one. */
export interface ChannelKey {
  readonly key: Uint8Array;
  readonly indicator: 0 | 1;
}

const KEY_BYTES = 16;

/** SCBK-D, `30 31 .. 3F`: printed in the standard, for installation only. */
export const defaultKey = Uint8Array.from({ length: KEY_BYTES }, (_, index) => 0x30 + index);
/** Some readers in install mode open a channel with it as if they were paired. */
export const allZeroKey = new Uint8Array(KEY_BYTES);

export const installKey: ChannelKey = { key: defaultKey, indicator: 0 };
export const pairedChannelKey = (key: PairedKey): ChannelKey => ({ key, indicator: 1 });

/**
 * Takes 16 bytes as the paired key of a reader, or tells why they cannot be one.
 * @see RULES.md OS30
 */
export function parsePairedKey(bytes: Uint8Array): Parsed<PairedKey, KeyRefusal> {
  if (bytes.length !== KEY_BYTES) return malformed('length');
  if (isSameBytes(bytes, allZeroKey)) return malformed('all-zero');
  if (isSameBytes(bytes, defaultKey)) return malformed('default');
  return parsed(bytes.slice() as PairedKey);
}
