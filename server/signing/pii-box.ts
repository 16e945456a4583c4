import { decodeBase64Url, decodeUtf8, encodeBase64Url, utf8 } from '#contract/bytes';
import type { Random } from '#contract/clock';
import { Fault } from '#contract/result';
import { hmacSha256 } from './node-crypto.ts';
import { deriveKey, openBytes, sealBytes } from './vault.ts';

/** Keeps single personal values sealed in columns: an identity number, for example. */
export interface PiiBox {
  /**
   * Seals a value.
   * @param place what it is and whose, e.g. `identity/s_...`: in another row it does not open
   */
  seal(place: string, value: string): string;
  /** @throws Fault `sealed-value-damaged` where it was not sealed for this place, or with another key */
  open(place: string, sealed: string): string;
  /** Finds equal values of one field without opening any: HMAC-SHA-256 under a key of the site, base64url. */
  keyedHash(field: string, value: string): string;
}

/**
 * Makes the box for sealed columns.
 * @param master content of `openings.key`, 32 bytes
 * @see rule SA52
 */
export function createPiiBox(master: Uint8Array, random: Random): PiiBox {
  const sealing = deriveKey(master, 'pii/seal');
  const hashing = deriveKey(master, 'pii/hash');
  return {
    seal: (place, value) => encodeBase64Url(sealBytes(sealing, `pii/${place}`, utf8(value), random)),
    open: (place, sealed) => {
      const bytes = decodeBase64Url(sealed);
      const content = bytes.ok ? openBytes(sealing, `pii/${place}`, bytes.value) : null;
      const text = content === null ? null : decodeUtf8(content);
      if (text?.ok !== true) throw new Fault('sealed-value-damaged', { retryable: false });
      return text.value;
    },
    keyedHash: (field, value) => encodeBase64Url(hmacSha256(hashing, utf8(`${field}\0${value}`))),
  };
}
