import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { decodeBase64Url, encodeBase64Url } from '#contract/bytes';
import { decodeJson } from '#contract/decode-json';
import { hashSchema } from '#contract/record';
import { nextSealKey, sealMac } from '#contract/seal';
import { Fault } from '#contract/result';
import { hmacSha256 } from './crypto-ports.ts';
import type { Journal } from './journal/journal.ts';
import { writeDurably } from './write-durably.ts';

/** The key file of the present interval, in `dataDir`; the key of interval 0 is with the auditor. */
export const SEAL_FILE = 'seal.json';
const KEY_SEALED = 'sealed';

const sealFileSchema = z.strictObject({
  /** Number of the interval. */
  i: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  key: hashSchema,
});

/** Writes the key of an interval in the place of the one before, which nobody can compute back. */
export function saveSealKey(dir: string, i: number, key: Uint8Array): void {
  writeDurably(dir, SEAL_FILE, JSON.stringify({ i, key: encodeBase64Url(key) }));
}

function loadSealKey(dir: string): { readonly i: number; readonly key: Uint8Array } | null {
  let text: string;
  try {
    text = readFileSync(join(dir, SEAL_FILE), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new Fault('seal-key-unreadable', { retryable: false, cause: error });
  }
  const file = sealFileSchema.safeParse(decodeJson(text));
  const key = file.success ? decodeBase64Url(file.data.key) : null;
  if (!file.success || key?.ok !== true) throw new Fault('seal-key-unreadable', { retryable: false });
  return { i: file.data.i, key: key.value };
}

/** The seals of a journal. */
export interface SealChain {
  /**
   * Seals what the journal holds with the key of the present interval, then gives that key up for the next one.
   * @throws Fault as Journal.append, or of the key file
   */
  seal(): void;
}

/**
 * Opens the seals of a journal; null where the enrolment gave no key.
 * @param dir folder of the key file
 * @throws Fault `seal-key-unreadable`
 * @see rules GJ20 to GJ22
 */
export function openSealChain(
  dir: string,
  journal: Pick<Journal, 'append' | 'readSetting' | 'root'>,
): SealChain | null {
  const loaded = loadSealKey(dir);
  if (loaded === null) return null;
  let { i, key } = loaded;

  function advance(): void {
    key = nextSealKey(hmacSha256, key);
    i += 1;
    saveSealKey(dir, i, key);
  }

  // The process ended between the seal and its key: that interval is over.
  while (Number(journal.readSetting(KEY_SEALED) ?? '-1') >= i) advance();

  return {
    seal: () => {
      const { size, root } = journal.root();
      const mac = sealMac(hmacSha256, key, { i, size, root });
      const x = { i, size, root: encodeBase64Url(root), mac };
      journal.append([{ ty: 'journal.sealed', x }], { [KEY_SEALED]: String(i) });
      advance();
    },
  };
}
