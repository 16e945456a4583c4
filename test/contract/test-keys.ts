import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import type { NoteKey, SignEd25519, VerifyEd25519 } from '#contract/checkpoint';
import type { HmacSha256 } from '#contract/commitment';
import type { Sha256 } from '#contract/merkle';
import type { VerifyEs256 } from '#contract/webauthn';

export const sha256: Sha256 = (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest());

export const hmac: HmacSha256 = (key, message) =>
  new Uint8Array(createHmac('sha256', key).update(message).digest());

const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex');

export const verifyEd25519: VerifyEd25519 = (publicKey, message, signature) => {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const der = Buffer.concat([publicPrefix, publicKey]);
  return verify(null, message, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature);
};

export const verifyEs256: VerifyEs256 = (publicKey, message, signature) => {
  const [x = '', y = ''] = [publicKey.slice(0, 32), publicKey.slice(32)].map((part) =>
    Buffer.from(part).toString('base64url'),
  );
  const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
};

export const ports = { sha256, hmac, verify: verifyEd25519, verifyEs256 };

/** A signing key that is the same in every run, made from its name. */
export interface TestKey {
  readonly privateKey: KeyObject;
  readonly publicKey: Uint8Array;
  readonly sign: SignEd25519;
}

export const testKey = (name: string): TestKey => keyOfSeed(sha256(Buffer.from(`palang test key ${name}`)));

/** @param seed 32 bytes */
export function keyOfSeed(seed: Uint8Array): TestKey {
  const privateKey = createPrivateKey({
    key: Buffer.concat([privatePrefix, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return {
    privateKey,
    publicKey: new Uint8Array(spki.subarray(-32)),
    sign: (message) => new Uint8Array(sign(null, message, privateKey)),
  };
}

/** A note key that can sign. */
export const noteSigner = (key: TestKey, name: string): NoteKey & { readonly sign: SignEd25519 } => ({
  name,
  publicKey: key.publicKey,
  sign: key.sign,
});
