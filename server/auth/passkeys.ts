import { isIP } from 'node:net';
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { cose, decodeClientDataJSON, decodeCredentialPublicKey } from '@simplewebauthn/server/helpers';
import type { PasskeyAnswer, PasskeyRegistration } from '#contract/api-passkey';
import { decodeBase64Url, encodeBase64Url, utf8 } from '#contract/bytes';
import { err, ok, type Result } from '#contract/result';
import { isOriginOf, type ApproverKey, type Assertion } from '#contract/webauthn';
import { sha256 } from '../signing/node-crypto.ts';

/** ES256 and EdDSA: the algorithms that a roster can hold. */
const ALGORITHMS = [-7, -8];
const ANSWER_WITHIN_MS = 5 * 60_000;

/** How long a challenge waits for its answer. */
export const CHALLENGE_LIFE_MS = ANSWER_WITHIN_MS;

/**
 * Finds the name that passkeys of an app at this address are bound to: its host. An address without a name has none,
 * but for this very machine.
 */
export function rpIdOf(publicUrl: URL): string | null {
  const host = publicUrl.hostname.replace(/^\[|\]$/g, '');
  if (host === '127.0.0.1' || host === '::1') return 'localhost';
  return isIP(host) === 0 ? host : null;
}

/** Who may answer: the relying party, and the page that asked. */
export interface PasskeySite {
  readonly rpId: string;
  readonly name: string;
  /** Origin of the page that asks. */
  readonly origin: string;
}

/** The page that asks is the app's own, or another of the same relying party. */
export const originOf = (rpId: string, header: string | undefined, publicUrl: URL): string =>
  header !== undefined && isOriginOf(rpId, header) ? header : publicUrl.origin;

type Options = Readonly<Record<string, unknown>>;

/** A passkey as far as it matters for options. */
export interface KnownPasskey {
  readonly credentialId: string;
  readonly transports: readonly string[];
}

const listed = (passkeys: readonly KnownPasskey[]) =>
  passkeys.map(({ credentialId, transports }) => ({ id: credentialId, transports: [...transports] }));

/** Makes the options with which a browser registers a passkey. @param challenge 32 bytes */
export const registrationOptions = async (
  site: PasskeySite,
  person: { readonly id: string; readonly username: string; readonly name: string },
  known: readonly KnownPasskey[],
  challenge: Uint8Array,
): Promise<Options> => ({
  ...(await generateRegistrationOptions({
    rpName: site.name,
    rpID: site.rpId,
    userID: Uint8Array.from(utf8(person.id)),
    userName: person.username,
    userDisplayName: person.name,
    challenge: Uint8Array.from(challenge),
    timeout: ANSWER_WITHIN_MS,
    attestationType: 'none',
    excludeCredentials: listed(known),
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
    supportedAlgorithmIDs: ALGORITHMS,
  })),
});

/** Makes the options with which a browser asks for a passkey. @param challenge 32 bytes */
export const requestOptions = async (
  site: Pick<PasskeySite, 'rpId'>,
  known: readonly KnownPasskey[],
  challenge: Uint8Array,
): Promise<Options> => ({
  ...(await generateAuthenticationOptions({
    rpID: site.rpId,
    challenge: Uint8Array.from(challenge),
    timeout: ANSWER_WITHIN_MS,
    userVerification: 'required',
    ...(known.length > 0 && { allowCredentials: listed(known) }),
  })),
});

/** Reads which challenge an answer is to; null where it is none. */
export function challengeIn(response: { readonly clientDataJSON: string }): string | null {
  try {
    const { challenge } = decodeClientDataJSON(response.clientDataJSON);
    return typeof challenge === 'string' ? challenge : null;
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}

/** SHA-256 of a credential id, as the root document names it. */
export function credentialHash(credentialId: string): string {
  const bytes = decodeBase64Url(credentialId);
  return encodeBase64Url(sha256(bytes.ok ? bytes.value : utf8(credentialId)));
}

function keyOf(coseKey: Uint8Array): ApproverKey | null {
  const key = decodeCredentialPublicKey(Uint8Array.from(coseKey));
  if (cose.isCOSEPublicKeyEC2(key)) {
    const [x, y] = [key.get(cose.COSEKEYS.x), key.get(cose.COSEKEYS.y)];
    if (x?.length !== 32 || y?.length !== 32) return null;
    return { kty: 'EC', crv: 'P-256', x: encodeBase64Url(x), y: encodeBase64Url(y) };
  }
  if (!cose.isCOSEPublicKeyOKP(key)) return null;
  const x = key.get(cose.COSEKEYS.x);
  return x?.length === 32 ? { kty: 'OKP', crv: 'Ed25519', x: encodeBase64Url(x) } : null;
}

/** A passkey that was just made. */
export interface MadePasskey {
  readonly credentialId: string;
  readonly cid: string;
  /** COSE, base64url. */
  readonly publicKey: string;
  readonly jwk: ApproverKey;
  readonly signCount: number;
  readonly transports: readonly string[];
}

/** What the library says no to, it throws. */
async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}

/** Verifies a registration: made for this challenge and site, by a person whom the device recognised. @see rule SU24 */
export async function verifyRegistration(
  site: PasskeySite,
  registration: PasskeyRegistration,
  challenge: string,
): Promise<Result<MadePasskey, 'passkey-refused'>> {
  const { transports, ...response } = registration.response;
  const verified = await orNull(
    verifyRegistrationResponse({
      response: {
        id: registration.id,
        rawId: registration.rawId,
        type: registration.type,
        clientExtensionResults: {},
        response,
      },
      expectedChallenge: challenge,
      expectedOrigin: site.origin,
      expectedRPID: site.rpId,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    }),
  );
  if (verified?.verified !== true) return err('passkey-refused');
  const { credential } = verified.registrationInfo;
  const jwk = keyOf(credential.publicKey);
  if (jwk === null) return err('passkey-refused');
  return ok({
    credentialId: credential.id,
    cid: credentialHash(credential.id),
    publicKey: encodeBase64Url(credential.publicKey),
    jwk,
    signCount: credential.counter,
    transports: transports ?? [],
  });
}

/**
 * Verifies that a passkey answered this challenge, its owner recognised by the device.
 * @returns its new counter
 * @see rule SU25
 */
export async function verifyPasskeyAnswer(
  site: PasskeySite,
  answer: PasskeyAnswer,
  challenge: string,
  passkey: { readonly credentialId: string; readonly publicKey: string; readonly signCount: number },
): Promise<Result<number, 'passkey-refused'>> {
  const key = decodeBase64Url(passkey.publicKey);
  if (!key.ok) return err('passkey-refused');
  const { clientDataJSON, authenticatorData, signature } = answer.response;
  const verified = await orNull(
    verifyAuthenticationResponse({
      response: {
        id: answer.id,
        rawId: answer.rawId,
        type: answer.type,
        clientExtensionResults: {},
        response: { clientDataJSON, authenticatorData, signature },
      },
      expectedChallenge: challenge,
      expectedOrigin: site.origin,
      expectedRPID: site.rpId,
      requireUserVerification: true,
      credential: {
        id: passkey.credentialId,
        publicKey: Uint8Array.from(key.value),
        counter: passkey.signCount,
      },
    }),
  );
  return verified?.verified === true ? ok(verified.authenticationInfo.newCounter) : err('passkey-refused');
}

/** Keeps of an answer what verifies it again. */
export const assertionOf = (answer: PasskeyAnswer): Assertion => ({
  cid: credentialHash(answer.rawId),
  ad: answer.response.authenticatorData,
  cd: answer.response.clientDataJSON,
  sig: answer.response.signature,
});
