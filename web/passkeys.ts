import { decodeBase64Url, encodeBase64Url } from '#contract/bytes';
import { err, ok, type Result } from '#contract/result';

/** Why no passkey came of it: the person went away or took too long, or the browser cannot. */
export type PasskeyTrouble = 'passkey-cancelled' | 'passkey-unsupported';

type Json = Readonly<Record<string, unknown>>;

/** Tells whether this browser can use passkeys at this address. */
export const hasPasskeys = (): boolean =>
  typeof PublicKeyCredential === 'function' && typeof navigator.credentials === 'object';

/** The browser's own `parse...FromJSON` is younger than many telephones, so the few fields are read here. */
function bytesOf(text: unknown): Uint8Array<ArrayBuffer> {
  const bytes = decodeBase64Url(String(text));
  return bytes.ok ? new Uint8Array(bytes.value) : new Uint8Array();
}

const descriptorsOf = (list: unknown): PublicKeyCredentialDescriptor[] =>
  ((list ?? []) as readonly Json[]).map((each) => ({
    ...(each as unknown as PublicKeyCredentialDescriptor),
    id: bytesOf(each['id']),
  }));

const text = (bytes: ArrayBuffer): string => encodeBase64Url(new Uint8Array(bytes));

async function asked<T>(ask: () => Promise<Credential | null>): Promise<Result<T, PasskeyTrouble>> {
  if (!hasPasskeys()) return err('passkey-unsupported');
  try {
    const made = await ask();
    return made === null ? err('passkey-cancelled') : ok(made as T);
  } catch (error) {
    if (error instanceof DOMException) {
      // Security: the address is not the one that passkeys of this site are bound to.
      const isHere = error.name !== 'NotSupportedError' && error.name !== 'SecurityError';
      return err(isHere ? 'passkey-cancelled' : 'passkey-unsupported');
    }
    throw error;
  }
}

const envelope = (made: PublicKeyCredential, response: Json): Json => ({
  id: made.id,
  rawId: text(made.rawId),
  type: made.type,
  ...(made.authenticatorAttachment === null ? {} : { authenticatorAttachment: made.authenticatorAttachment }),
  clientExtensionResults: made.getClientExtensionResults(),
  response,
});

/** Makes a passkey by the options of the server. @returns what the server wants back, as JSON */
export async function createPasskey(options: Json): Promise<Result<Json, PasskeyTrouble>> {
  const user = options['user'] as Json;
  const publicKey = {
    ...options,
    challenge: bytesOf(options['challenge']),
    user: { ...user, id: bytesOf(user['id']) },
    excludeCredentials: descriptorsOf(options['excludeCredentials']),
  } as unknown as PublicKeyCredentialCreationOptions;
  const made = await asked<PublicKeyCredential>(() => navigator.credentials.create({ publicKey }));
  if (!made.ok) return made;
  const response = made.value.response as AuthenticatorAttestationResponse;
  return ok(
    envelope(made.value, {
      clientDataJSON: text(response.clientDataJSON),
      attestationObject: text(response.attestationObject),
      transports: response.getTransports(),
    }),
  );
}

/** Answers the challenge of the server with a passkey. @returns what the server wants back, as JSON */
export async function answerWithPasskey(options: Json): Promise<Result<Json, PasskeyTrouble>> {
  const publicKey = {
    ...options,
    challenge: bytesOf(options['challenge']),
    allowCredentials: descriptorsOf(options['allowCredentials']),
  } as unknown as PublicKeyCredentialRequestOptions;
  const made = await asked<PublicKeyCredential>(() => navigator.credentials.get({ publicKey }));
  if (!made.ok) return made;
  const response = made.value.response as AuthenticatorAssertionResponse;
  return ok(
    envelope(made.value, {
      clientDataJSON: text(response.clientDataJSON),
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
      ...(response.userHandle === null ? {} : { userHandle: text(response.userHandle) }),
    }),
  );
}
