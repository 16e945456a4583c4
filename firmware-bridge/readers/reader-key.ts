import { err, ok, type Result } from '#contract/result';
import { parsePairedKey, type KeyRefusal, type PairedKey } from '../protocol/osdp/channel-key.ts';
import { fromHex } from '../protocol/osdp/hex.ts';

/** The key of an OSDP reader's secure channel. */
export type ReaderKey = PairedKey;

/** `length`: not 32 hex digits. */
export type ReaderKeyRefusal = KeyRefusal;

/**
 * Reads the text of a key file: 32 hex digits, white space around them ignored.
 * @see RULES.md FB125
 */
export function parseReaderKey(text: string): Result<ReaderKey, ReaderKeyRefusal> {
  const digits = text.trim();
  if (!/^[0-9a-f]{32}$/i.test(digits)) return err('length');
  const key = parsePairedKey(fromHex(digits));
  return key.ok ? ok(key.value) : err(key.error);
}
