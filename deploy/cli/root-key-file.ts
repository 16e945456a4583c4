import { createCipheriv, createDecipheriv, createPrivateKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { decodeBase64Url, encodeBase64Url, encodeHex, utf8 } from '#contract/bytes';
import type { Random } from '#contract/clock';
import { PIN_KDF } from '#contract/pin';
import { privateKeyOf, publicBytesOf, scryptKey, sha256 } from '../../server/signing/node-crypto.ts';

const hash = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const kid = z.string().regex(/^root-[a-z0-9-]{1,57}$/);
const base64Url = z.string().regex(/^[A-Za-z0-9_-]+$/);

/** The key of one official, sealed under a passphrase: scrypt, then AES-256-GCM over the 32-byte seed. */
export const rootKeyFileSchema = z.strictObject({
  format: z.literal('palang-root-key/1'),
  kid,
  publicKey: hash,
  kdf: z.strictObject({
    name: z.literal('scrypt'),
    cost: z.literal(PIN_KDF.cost),
    blockSize: z.literal(PIN_KDF.blockSize),
    parallelization: z.literal(PIN_KDF.parallelization),
    salt: base64Url,
  }),
  cipher: z.strictObject({ name: z.literal('aes-256-gcm'), iv: base64Url, data: base64Url, tag: base64Url }),
});

export type RootKeyFile = z.infer<typeof rootKeyFileSchema>;

/** What an official hands over: it opens nothing and signs nothing. */
export const rootPublicFileSchema = z.strictObject({
  format: z.literal('palang-root-public/1'),
  kid,
  publicKey: hash,
});

export type RootPublicFile = z.infer<typeof rootPublicFileSchema>;

/** A file that is not taken: a wrong passphrase, or a file that was changed. */
export type RootKeyError = 'passphrase-or-file-wrong';

// What stands around the seed is bound to it: a file cannot be given another name.
const boundTo = (name: string, publicKey: string): Uint8Array =>
  utf8(`palang-root-key/1\0${name}\0${publicKey}`);

/** Makes a new root key. @param passphrase at least 12 characters; the caller sees to it */
export async function createRootKey(
  random: Random,
  passphrase: string,
): Promise<{ readonly secret: RootKeyFile; readonly open: RootPublicFile }> {
  const seed = random.bytes(32);
  const publicKey = encodeBase64Url(publicBytesOf(privateKeyOf(seed)));
  const name = `root-${encodeHex(sha256(utf8(publicKey))).slice(0, 8)}`;
  const salt = random.bytes(16);
  const iv = random.bytes(12);
  const key = await scryptKey(utf8(passphrase.normalize('NFC')), salt);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(boundTo(name, publicKey));
  const data = Buffer.concat([cipher.update(seed), cipher.final()]);
  const { cost, blockSize, parallelization } = PIN_KDF;
  return {
    secret: {
      format: 'palang-root-key/1',
      kid: name,
      publicKey,
      kdf: { name: 'scrypt', cost, blockSize, parallelization, salt: encodeBase64Url(salt) },
      cipher: {
        name: 'aes-256-gcm',
        iv: encodeBase64Url(iv),
        data: encodeBase64Url(data),
        tag: encodeBase64Url(cipher.getAuthTag()),
      },
    },
    open: { format: 'palang-root-public/1', kid: name, publicKey },
  };
}

/** Opens the key of an official. */
export async function openRootKey(file: RootKeyFile, passphrase: string): Promise<KeyObject | RootKeyError> {
  const parts = [file.kdf.salt, file.cipher.iv, file.cipher.data, file.cipher.tag].map(decodeBase64Url);
  const [salt, iv, data, tag] = parts.map((part) => (part.ok ? part.value : new Uint8Array()));
  if (salt?.length !== 16 || iv?.length !== 12 || data === undefined || tag?.length !== 16) {
    return 'passphrase-or-file-wrong';
  }
  const key = await scryptKey(utf8(passphrase.normalize('NFC')), salt);
  const decipher = createDecipheriv('aes-256-gcm', key, iv)
    .setAAD(boundTo(file.kid, file.publicKey))
    .setAuthTag(tag);
  try {
    return privateKeyOf(Uint8Array.from(Buffer.concat([decipher.update(data), decipher.final()])));
  } catch (error) {
    if (error instanceof Error) return 'passphrase-or-file-wrong';
    throw error;
  }
}

/** Loads the root key of a site of one official, as the first start of the server made it. */
export const openPlainKey = (pem: string): KeyObject => createPrivateKey(pem);
