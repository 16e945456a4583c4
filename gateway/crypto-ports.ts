import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  scrypt,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { concatBytes, encodeBase64Url } from '#contract/bytes';
import type { SignEd25519 } from '#contract/checkpoint';
import type { Random } from '#contract/clock';
import type { HmacSha256 } from '#contract/commitment';
import type { Sha256 } from '#contract/merkle';
import { PIN_KDF, type DeriveKey } from '#contract/pin';
import type { AssertionPorts, VerifyEs256 } from '#contract/webauthn';

export const sha256: Sha256 = (bytes) => createHash('sha256').update(bytes).digest();

export const hmacSha256: HmacSha256 = (key, message) => createHmac('sha256', key).update(message).digest();

/** Derives slowly and with much memory, on another thread: the door goes on meanwhile. @see RFC 7914 */
export const deriveKey: DeriveKey = (password, salt) =>
  new Promise((resolve, reject) => {
    const { cost, blockSize, parallelization, bytes } = PIN_KDF;
    const options = { cost, blockSize, parallelization, maxmem: 2 * 128 * cost * blockSize };
    scrypt(password, salt, bytes, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });

/** Randomness of the operating system. */
export const systemRandom: Random = { bytes: (count) => randomBytes(count) };

/** Loads a raw 32-byte Ed25519 public key. */
export const publicKeyOf = (raw: Uint8Array): KeyObject =>
  createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: encodeBase64Url(raw) }, format: 'jwk' });

/** Verifies at once: WebCrypto would answer on another thread, and the order of a door's work would be chance. */
export const verifyEd25519 = (publicKey: KeyObject, message: Uint8Array, signature: Uint8Array): boolean =>
  verify(null, message, publicKey, signature);

const isInvalidKey = (error: unknown): boolean => error instanceof Error && 'code' in error;

/** Verifies ECDSA over P-256; a point that is not on the curve verifies nothing. */
export const verifyEs256: VerifyEs256 = (publicKey, message, signature) => {
  const [x, y] = [publicKey.subarray(0, 32), publicKey.subarray(32)].map(encodeBase64Url);
  let key: KeyObject;
  try {
    key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' }, format: 'jwk' });
  } catch (error) {
    if (isInvalidKey(error)) return false;
    throw error;
  }
  return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
};

/** What verifying the approvals of people takes. */
export const assertionPorts: AssertionPorts = {
  sha256,
  verify: (publicKey, message, signature) =>
    publicKey.length === 32 && verifyEd25519(publicKeyOf(publicKey), message, signature),
  verifyEs256,
};

/** A private key that signs, with its public half. */
export interface Signer {
  /** Raw 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly sign: SignEd25519;
}

// PKCS #8 header of an Ed25519 private key (RFC 8410); the 32-byte seed follows it.
const PKCS8_HEADER = Uint8Array.of(0x30, 46, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 34, 4, 32);

/** Creates the signer of a raw 32-byte Ed25519 seed. */
export function createSigner(seed: Uint8Array): Signer {
  const key = createPrivateKey({
    key: Buffer.from(concatBytes(PKCS8_HEADER, seed)),
    format: 'der',
    type: 'pkcs8',
  });
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  return { publicKey: Buffer.from(x, 'base64url'), sign: (message) => sign(null, message, key) };
}
