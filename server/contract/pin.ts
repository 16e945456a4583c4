import { z } from 'zod';
import { encodeBase64Url, utf8 } from './bytes.ts';
import { hashSchema } from './record.ts';

/** Work of the key derivation: about 32 MiB and 0.1 s a guess. @see RFC 7914 */
export const PIN_KDF = { cost: 32_768, blockSize: 8, parallelization: 1, bytes: 32 } as const;

/** A PIN as it is keyed in. */
export const pinSchema = z.string().regex(/^[0-9]{4,8}$/);

/** A visit code as it is keyed in: longer than any PIN that people choose, and never chosen by them. */
export const visitCodeSchema = z.string().regex(/^[0-9]{8}$/);

/** What a gateway keeps of a PIN: a salt (16 bytes) and the derived key (32 bytes), base64url. */
export const pinVerifierSchema = z.strictObject({
  s: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  h: hashSchema,
});

/** What a gateway keeps of a PIN. */
export type PinVerifier = z.infer<typeof pinVerifierSchema>;

/** Keyed hash: HMAC-SHA-256 of `message` under the pepper of the site. */
export type KeyedHash = (message: Uint8Array) => Uint8Array;

/** Memory-hard derivation with PIN_KDF's parameters. */
export type DeriveKey = (password: Uint8Array, salt: Uint8Array) => Promise<Uint8Array>;

/**
 * Derives what a PIN of a card is compared with. Keyed first, so that verifiers are of no use without the
 * pepper; slow after, so that with it each guess still costs.
 * @param salt 16 bytes
 * @returns 32 bytes
 */
export const derivePin = (
  hash: KeyedHash,
  derive: DeriveKey,
  cred: string,
  pin: string,
  salt: Uint8Array,
): Promise<Uint8Array> => derive(hash(utf8(`palang-pin/v1\0${cred}\0${pin}`)), salt);

/**
 * Derives the credential handle of a visit code: the same for the same code and site, so that it is found in the
 * directory as a card is.
 */
export const visitCodeHandle = async (
  hash: KeyedHash,
  derive: DeriveKey,
  siteId: string,
  code: string,
): Promise<string> =>
  `c_${encodeBase64Url(await derive(hash(utf8(`palang-code/v1\0${code}`)), utf8(`palang-code/v1\0${siteId}`)))}`;

/**
 * Tells whether a duress PIN may stand beside a PIN: it must not be a slip of the finger away from it, nor its
 * arithmetic neighbour, nor its reverse, or a mistake calls the police and a watcher learns the rule.
 */
export function isDistinctDuress(pin: string, duress: string): boolean {
  if (pin === duress || [...pin].reverse().join('') === duress) return false;
  if (Math.abs(Number(pin) - Number(duress)) <= 10) return false;
  if (pin.length !== duress.length) return !pin.startsWith(duress) && !duress.startsWith(pin);
  const differing = [...pin].filter((digit, at) => digit !== duress[at]).length;
  return differing >= 2;
}
