import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  scrypt,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { concatBytes, encodeBase64Url } from '#contract/bytes';
import type { SignEd25519, VerifyEd25519 } from '#contract/checkpoint';
import type { HmacSha256 } from '#contract/commitment';
import type { Sha256 } from '#contract/merkle';
import { PIN_KDF, type DeriveKey } from '#contract/pin';
import type { VerifyEs256 } from '#contract/webauthn';

// DER headers before the 32 bytes of an Ed25519 key: PKCS #8 for a private, SPKI for a public one. RFC 8410 10.
const PRIVATE_HEADER = Uint8Array.from(Buffer.from('302e020100300506032b657004220420', 'hex'));
const PUBLIC_HEADER = Uint8Array.from(Buffer.from('302a300506032b6570032100', 'hex'));

/** SHA-256 of Node. */
export const sha256: Sha256 = (bytes) => Uint8Array.from(createHash('sha256').update(bytes).digest());

/** HMAC-SHA-256 of Node. */
export const hmacSha256: HmacSha256 = (key, message) =>
  Uint8Array.from(createHmac('sha256', key).update(message).digest());

/** scrypt of Node, on its thread pool: about 0.1 s and 32 MiB. */
export const scryptKey: DeriveKey = (password, salt) =>
  new Promise((resolve, reject) => {
    const { cost, blockSize, parallelization, bytes } = PIN_KDF;
    // Node's own limit is below what these parameters take, by a few bytes.
    const options = { cost, blockSize, parallelization, maxmem: 256 * cost * blockSize };
    scrypt(password, salt, bytes, options, (error, key) => {
      if (error === null) resolve(Uint8Array.from(key));
      else reject(error);
    });
  });

/** Makes an Ed25519 private key of 32 random bytes. */
export const privateKeyOf = (seed: Uint8Array): KeyObject =>
  createPrivateKey({
    key: Buffer.from(concatBytes(PRIVATE_HEADER, seed)),
    format: 'der',
    type: 'pkcs8',
  });

/** Finds the 32-byte public key of a private one. */
export const publicBytesOf = (key: KeyObject): Uint8Array =>
  Uint8Array.from(
    createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(PUBLIC_HEADER.length),
  );

/** Signs with Ed25519. */
export const signerOf =
  (key: KeyObject): SignEd25519 =>
  (message) =>
    Uint8Array.from(sign(null, message, key));

/** Loads a raw 32-byte Ed25519 public key. */
export const publicKeyOf = (raw: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.from(concatBytes(PUBLIC_HEADER, raw)), format: 'der', type: 'spki' });

/** Verifies Ed25519; a public key of another length verifies nothing. */
export const verifyEd25519 = ((publicKey, message, signature) => {
  if (publicKey.length !== 32) return false;
  return verify(null, message, publicKeyOf(publicKey), signature);
}) satisfies VerifyEd25519;

/** Verifies ECDSA over P-256 with SHA-256; a point that is not on the curve verifies nothing. */
export const verifyEs256 = ((publicKey, message, signature) => {
  const [x = '', y = ''] = [publicKey.subarray(0, 32), publicKey.subarray(32)].map(encodeBase64Url);
  let key: KeyObject;
  try {
    key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
  return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
}) satisfies VerifyEs256;

/** What verifying approvals and evidence takes. */
export const assertionPorts = { sha256, verify: verifyEd25519, verifyEs256 };
