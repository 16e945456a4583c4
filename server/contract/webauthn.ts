import { z } from 'zod';
import { concatBytes, decodeBase64Url, decodeUtf8, encodeBase64Url, equalBytes, utf8 } from './bytes.ts';
import type { VerifyEd25519 } from './checkpoint.ts';
import { decodeJson } from './decode-json.ts';
import type { Sha256 } from './merkle.ts';
import { hashSchema } from './record.ts';
import { err, ok, type Result } from './result.ts';

/** A public key of an approver, as a JWK in its only spelling: P-256 or Ed25519. */
export const approverKeySchema = z.union([
  z.strictObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: hashSchema, y: hashSchema }),
  z.strictObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: hashSchema }),
]);

/** A public key of an approver. */
export type ApproverKey = z.infer<typeof approverKeySchema>;

const base64Url = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^[A-Za-z0-9_-]+$/);

/** What an authenticator answered, with only what is needed to verify it again in ten years. */
export const assertionSchema = z.strictObject({
  /** SHA-256 of the credential id. */
  cid: hashSchema,
  /** authenticatorData. */
  ad: base64Url(1400),
  /** clientDataJSON, the very bytes that were signed. */
  cd: base64Url(2800),
  /** As the authenticator made it: DER for P-256, 64 bytes for Ed25519. */
  sig: base64Url(200),
});

/** What an authenticator answered. */
export type Assertion = z.infer<typeof assertionSchema>;

/**
 * Verifies ECDSA over P-256 with SHA-256; WebCrypto answers later, node:crypto at once.
 * @param publicKey x and y, 64 bytes; a point that is not on the curve verifies nothing
 * @param signature r and s, 64 bytes
 */
export type VerifyEs256 = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => boolean | Promise<boolean>;

/** What verifying an assertion takes. */
export interface AssertionPorts {
  readonly sha256: Sha256;
  readonly verify: VerifyEd25519;
  readonly verifyEs256: VerifyEs256;
}

/** Why an assertion does not count. */
export type AssertionError =
  | 'malformed'
  | 'wrong-type'
  | 'wrong-challenge'
  | 'wrong-origin'
  | 'wrong-relying-party'
  | 'user-not-present'
  | 'user-not-verified'
  | 'signature-invalid';

const originForm = /^(https?):\/\/([a-z0-9.-]{1,253})(?::[0-9]{1,5})?$/;

/**
 * Tells whether a page of this origin may speak for a relying party: over TLS from the host itself or one below
 * it, or from this very machine.
 */
export function isOriginOf(rpId: string, origin: string): boolean {
  const [, scheme, host] = originForm.exec(origin) ?? [];
  if (host === undefined) return false;
  if (rpId === 'localhost') return host === 'localhost';
  return scheme === 'https' && (host === rpId || host.endsWith(`.${rpId}`));
}

const P256_BYTES = 32;

/** Reads one INTEGER of a DER signature: positive and without a byte too many, so that it has one spelling. */
function readInteger(
  der: Uint8Array,
  at: number,
): { readonly value: Uint8Array; readonly next: number } | null {
  const length = der[at + 1] ?? 0;
  const digits = der.subarray(at + 2, at + 2 + length);
  const [first = 0x80, second = 0] = digits;
  if (der[at] !== 0x02 || length === 0 || digits.length !== length || first > 0x7f) return null;
  if (first === 0 && length > 1 && second <= 0x7f) return null;
  const bare = first === 0 && length > 1 ? digits.subarray(1) : digits;
  if (bare.length > P256_BYTES) return null;
  const value = new Uint8Array(P256_BYTES);
  value.set(bare, P256_BYTES - bare.length);
  return { value, next: at + 2 + length };
}

/** Turns a DER signature over P-256 into r and s of 32 bytes each; null for any other spelling. @see X.690 10 */
export function rawEs256Signature(der: Uint8Array): Uint8Array | null {
  if (der[0] !== 0x30 || der[1] !== der.length - 2 || der.length > 72) return null;
  const r = readInteger(der, 2);
  const s = r === null ? null : readInteger(der, r.next);
  return r === null || s === null || s.next !== der.length ? null : concatBytes(r.value, s.value);
}

function isSigned(
  ports: AssertionPorts,
  key: ApproverKey,
  message: Uint8Array,
  signature: Uint8Array,
): boolean | Promise<boolean> {
  const x = decodeBase64Url(key.x);
  if (!x.ok) return false;
  if (key.kty === 'OKP') return signature.length === 64 && ports.verify(x.value, message, signature);
  const y = decodeBase64Url(key.y);
  const raw = rawEs256Signature(signature);
  return y.ok && raw !== null && ports.verifyEs256(concatBytes(x.value, y.value), message, raw);
}

function decodeClientData(bytes: Uint8Array): Readonly<Record<string, unknown>> | null {
  const text = decodeUtf8(bytes);
  if (!text.ok) return null;
  const value = decodeJson(text.value);
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : null;
}

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;

/**
 * Verifies that a person, recognised by their own device, answered this very challenge with this key on a page of
 * the relying party. Server, gateway and verifier ask the same question.
 * @param asked.challenge 32 bytes
 * @see rules C38 to C40; WebAuthn Level 3, 7.2
 */
export async function verifyApprovalAssertion(
  ports: AssertionPorts,
  asked: {
    readonly challenge: Uint8Array;
    readonly rpId: string;
    readonly key: ApproverKey;
    readonly assertion: Assertion;
  },
): Promise<Result<null, AssertionError>> {
  const { assertion, rpId } = asked;
  const authData = decodeBase64Url(assertion.ad);
  const clientData = decodeBase64Url(assertion.cd);
  const signature = decodeBase64Url(assertion.sig);
  if (!authData.ok || !clientData.ok || !signature.ok || authData.value.length < 37) return err('malformed');
  const said = decodeClientData(clientData.value);
  if (said === null) return err('malformed');
  if (said['type'] !== 'webauthn.get') return err('wrong-type');
  if (said['challenge'] !== encodeBase64Url(asked.challenge)) return err('wrong-challenge');
  const { origin } = said;
  if (typeof origin !== 'string' || !isOriginOf(rpId, origin)) return err('wrong-origin');
  // A page within a page of somebody else shows what that one wants to be seen.
  if (said['crossOrigin'] === true) return err('wrong-origin');
  if (!equalBytes(authData.value.subarray(0, 32), ports.sha256(utf8(rpId)))) {
    return err('wrong-relying-party');
  }
  const flags = authData.value[32] ?? 0;
  if ((flags & USER_PRESENT) === 0) return err('user-not-present');
  if ((flags & USER_VERIFIED) === 0) return err('user-not-verified');
  const message = concatBytes(authData.value, ports.sha256(clientData.value));
  return (await isSigned(ports, asked.key, message, signature.value)) ? ok(null) : err('signature-invalid');
}
