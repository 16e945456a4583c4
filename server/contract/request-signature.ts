import { encodeBase64, utf8 } from './bytes.ts';
import type { Sha256 } from './merkle.ts';
import { err, ok, type Result } from './result.ts';

/**
 * How a gateway signs its requests: HTTP message signatures over method, path, query and body digest. `created`
 * is informative only, because a gateway whose clock is lost must still be able to ask for the time; the nonce
 * stops a repeat within the server's memory, and what is uploaded or fetched is safe to repeat anyway.
 * @see RFC 9421, RFC 9530
 */
export interface SignedRequest {
  readonly method: string;
  /** Path as the server sees it, from `/`, without the query. */
  readonly path: string;
  /** Query with its `?`, or an empty string. */
  readonly query: string;
  readonly body: Uint8Array;
}

/** The parameters of one request signature. */
export interface SignatureParameters {
  /** Seconds since 1970. */
  readonly created: number;
  /** 16 random bytes in base64url. */
  readonly nonce: string;
  /** Gateway id. */
  readonly keyId: string;
}

const components = '("@method" "@path" "@query" "content-digest")';

const parameterText = (parameters: SignatureParameters): string =>
  `${components};created=${parameters.created};nonce="${parameters.nonce}";keyid="${parameters.keyId}";alg="ed25519"`;

/** Computes the Content-Digest header of a body. @see RFC 9530 */
export const contentDigest = (sha256: Sha256, body: Uint8Array): string =>
  `sha-256=:${encodeBase64(sha256(body))}:`;

/** Writes the signature base: the text that is signed. @see RFC 9421 2.5 */
export function signatureBase(
  sha256: Sha256,
  request: SignedRequest,
  parameters: SignatureParameters,
): Uint8Array {
  return utf8(
    [
      `"@method": ${request.method}`,
      `"@path": ${request.path}`,
      `"@query": ${request.query === '' ? '?' : request.query}`,
      `"content-digest": ${contentDigest(sha256, request.body)}`,
      `"@signature-params": ${parameterText(parameters)}`,
    ].join('\n'),
  );
}

/** Writes the three headers of a signed request. */
export const encodeSignatureHeaders = (
  sha256: Sha256,
  request: SignedRequest,
  parameters: SignatureParameters,
  signature: Uint8Array,
): Readonly<Record<'content-digest' | 'signature-input' | 'signature', string>> => ({
  'content-digest': contentDigest(sha256, request.body),
  'signature-input': `gw=${parameterText(parameters)}`,
  signature: `gw=:${encodeBase64(signature)}:`,
});

const inputForm =
  /^gw=\("@method" "@path" "@query" "content-digest"\);created=([0-9]{1,15});nonce="([A-Za-z0-9_-]{22})";keyid="([a-z0-9-]{1,64})";alg="ed25519"$/;
const signatureForm = /^gw=:([A-Za-z0-9+/]{86}==):$/;

/** Parses the headers of a signed request; only our own one form is accepted. */
export function parseSignatureHeaders(
  input: string,
  signature: string,
): Result<{ readonly parameters: SignatureParameters; readonly signatureBase64: string }, 'malformed'> {
  const parts = inputForm.exec(input);
  const signed = signatureForm.exec(signature);
  const [, created, nonce, keyId] = parts ?? [];
  const signatureBase64 = signed?.[1];
  if (created === undefined || nonce === undefined || keyId === undefined || signatureBase64 === undefined) {
    return err('malformed');
  }
  return ok({ parameters: { created: Number(created), nonce, keyId }, signatureBase64 });
}
