import type { Aes128 } from './aes-128.ts';
import { joinBytes } from './byte-order.ts';

/** The three keys of one session. */
export interface SessionKeys {
  readonly enc: Uint8Array;
  readonly mac1: Uint8Array;
  readonly mac2: Uint8Array;
}

/** Derives the session keys from the base key and the first 6 bytes of the panel's random number. */
export function deriveSessionKeys(aes: Aes128, baseKey: Uint8Array, rndA: Uint8Array): SessionKeys {
  const derive = (first: number, second: number): Uint8Array =>
    aes.encryptEcb(baseKey, joinBytes(Uint8Array.of(first, second), rndA.subarray(0, 6), new Uint8Array(8)));
  return { enc: derive(0x01, 0x82), mac1: derive(0x01, 0x01), mac2: derive(0x01, 0x02) };
}

/** What the device sends in CCRYPT to show that it has the key. */
export const deviceCryptogram = (
  aes: Aes128,
  keys: SessionKeys,
  rndA: Uint8Array,
  rndB: Uint8Array,
): Uint8Array => aes.encryptEcb(keys.enc, joinBytes(rndA, rndB));

/** What the panel sends in SCRYPT to show that it has the key. */
export const panelCryptogram = (
  aes: Aes128,
  keys: SessionKeys,
  rndA: Uint8Array,
  rndB: Uint8Array,
): Uint8Array => aes.encryptEcb(keys.enc, joinBytes(rndB, rndA));

/** The R-MAC that a session starts with; the device sends it in RMAC_I. */
export const initialReplyMac = (aes: Aes128, keys: SessionKeys, panelProof: Uint8Array): Uint8Array =>
  aes.encryptEcb(keys.mac2, aes.encryptEcb(keys.mac1, panelProof));

/** Compares without telling by its time where the first difference is. */
export function isSameSecret(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let at = 0; at < a.length; at += 1) difference |= (a[at] ?? 0) ^ (b[at] ?? 0);
  return difference === 0;
}
