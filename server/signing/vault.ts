import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { concatBytes, decodeBase64Url, encodeBase64Url, utf8 } from '#contract/bytes';
import type { Random } from '#contract/clock';
import { Fault } from '#contract/result';

const ALGORITHM = 'aes-256-gcm';
export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Seals and opens with AES-256-GCM. What a sealed value belongs to (`place`) is bound to it. */
export interface Vault {
  /** Makes a key; stored is what is wrapped, and useless without the master key or under another id. */
  makeKey(id: string): { readonly key: Uint8Array; readonly wrapped: string };
  /** @throws Fault `openings-key-wrong` where the master key is another one, or the row was changed */
  openKey(id: string, wrapped: string): Uint8Array;
  seal(key: Uint8Array, place: string, content: Uint8Array): string;
  /** @returns null where it was not sealed with this key for this place */
  open(key: Uint8Array, place: string, sealed: string): Uint8Array | null;
}

/** Derives a key for one use, so that the master key itself never meets a message. RFC 5869. */
export const deriveKey = (master: Uint8Array, use: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', master, new Uint8Array(), `palang/v1/${use}`, KEY_BYTES));

/** Seals bytes: nonce, ciphertext, tag. The nonce is random, so a key is for far fewer than 2^32 messages. */
export function sealBytes(key: Uint8Array, place: string, content: Uint8Array, random: Random): Uint8Array {
  const nonce = random.bytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(utf8(place));
  return concatBytes(nonce, cipher.update(content), cipher.final(), cipher.getAuthTag());
}

/** Opens what `sealBytes` sealed; null where anything differs. */
export function openBytes(key: Uint8Array, place: string, sealed: Uint8Array): Uint8Array | null {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return null;
  const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, NONCE_BYTES))
    .setAAD(utf8(place))
    .setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const content = decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES));
  try {
    return concatBytes(content, decipher.final());
  } catch (error) {
    // What Node throws for a tag that does not fit has neither a class nor a code of its own.
    if (error instanceof Error) return null;
    throw error;
  }
}

/**
 * Makes the vault of the openings.
 * @param master content of `openings.key`, 32 bytes
 * @see rules SA50, SA51
 */
export function createVault(master: Uint8Array, random: Random): Vault {
  const wrapping = deriveKey(master, 'openings/wrap');
  const open: Vault['open'] = (key, place, sealed) => {
    const bytes = decodeBase64Url(sealed);
    return bytes.ok ? openBytes(key, place, bytes.value) : null;
  };
  return {
    makeKey: (id) => {
      const key = random.bytes(KEY_BYTES);
      return { key, wrapped: encodeBase64Url(sealBytes(wrapping, `key/${id}`, key, random)) };
    },
    openKey: (id, wrapped) => {
      const key = open(wrapping, `key/${id}`, wrapped);
      if (key === null) throw new Fault('openings-key-wrong', { retryable: false });
      return key;
    },
    seal: (key, place, content) => encodeBase64Url(sealBytes(key, place, content, random)),
    open,
  };
}
