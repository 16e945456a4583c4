import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { decodeBase64Url, encodeBase64Url } from '#contract/bytes';
import type { Random } from '#contract/clock';
import { Fault } from '#contract/result';
import { readSecret, syncFolder, writeSecret } from './key-store.ts';
import { KEY_BYTES } from './vault.ts';

/** The file whose loss makes every opening and sealed column unreadable for ever. */
export const VAULT_KEY_FILE = 'openings.key';

/**
 * Opens the master key of openings and sealed columns, and makes it at the first start.
 * @throws Fault `key-file-readable-by-others`, `key-file-damaged`
 */
export function openVaultKey(dir: string, random: Random): Uint8Array {
  const path = join(dir, VAULT_KEY_FILE);
  if (!existsSync(path)) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    writeSecret(path, `${encodeBase64Url(random.bytes(KEY_BYTES))}\n`);
    syncFolder(dir);
  }
  const key = decodeBase64Url(readSecret(path).trim());
  if (!key.ok || key.value.length !== KEY_BYTES) throw new Fault('key-file-damaged', { retryable: false });
  return key.value;
}
