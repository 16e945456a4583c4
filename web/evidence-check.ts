import './schemas-without-eval.ts';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { unzipSync } from 'fflate';
import { verifyBundle, type BundleVerdict } from '#contract/bundle';
import type { VerifyEd25519 } from '#contract/checkpoint';
import type { VerifyEs256 } from '#contract/webauthn';

/** What became of a check: a verdict, or why none is possible here. */
export type EvidenceCheck =
  | { readonly kind: 'verdict'; readonly verdict: BundleVerdict }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'no-crypto' };

/** Ed25519 of a well-known pair: tells a browser that lacks it from a signature that is wrong. */
async function hasEd25519(): Promise<boolean> {
  // Absent where the page did not come over a secure connection.
  if ((crypto.subtle as SubtleCrypto | undefined) === undefined) return false;
  try {
    await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
    return true;
  } catch (error) {
    if (error instanceof DOMException) return false;
    throw error;
  }
}

const verify: VerifyEd25519 = async (publicKey, message, signature) => {
  try {
    const key = await crypto.subtle.importKey('raw', publicKey as BufferSource, 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', key, signature as BufferSource, message as BufferSource);
  } catch (error) {
    // Bytes that are no key at all are thrown, not answered.
    if (error instanceof DOMException) return false;
    throw error;
  }
};

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

const verifyEs256: VerifyEs256 = async (publicKey, message, signature) => {
  try {
    // The uncompressed form of a point: 04, x, y.
    const point = new Uint8Array([4, ...publicKey]);
    const key = await crypto.subtle.importKey('raw', point, P256, false, ['verify']);
    return await crypto.subtle.verify(P256, key, signature as BufferSource, message as BufferSource);
  } catch (error) {
    if (error instanceof DOMException) return false;
    throw error;
  }
};

function unzip(bytes: Uint8Array): ReadonlyMap<string, Uint8Array> | null {
  try {
    const files = Object.entries(unzipSync(bytes));
    return new Map(files.filter(([name]) => !name.endsWith('/')));
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}

/**
 * Verifies an evidence bundle (the bytes of its .zip) in this browser with the code that every party uses.
 * @param onProgress called with 0 to 100
 */
export async function checkEvidence(
  zip: Uint8Array,
  onProgress: (percent: number) => void,
): Promise<EvidenceCheck> {
  if (!(await hasEd25519())) return { kind: 'no-crypto' };
  const files = unzip(zip);
  if (files === null) return { kind: 'unreadable' };
  const verdict = await verifyBundle(
    files,
    { sha256, hmac: (key, message) => hmac(sha256, key, message), verify, verifyEs256 },
    {
      onProgress: async (done, total) => {
        onProgress(total === 0 ? 100 : Math.floor((done / total) * 100));
        // Lets the page paint between two pieces of work.
        await new Promise((resolve) => setTimeout(resolve));
      },
    },
  );
  return { kind: 'verdict', verdict };
}
