import { decodeBase64, decodeBase64Url } from '#contract/bytes';
import {
  contentDigest,
  parseSignatureHeaders,
  signatureBase,
  type SignedRequest,
} from '#contract/request-signature';
import { err, ok, type Result } from '#contract/result';
import { sha256, verifyEd25519 } from '../signing/node-crypto.ts';
import { findGateway, type Gateway } from '../store/gateways.ts';
import type { Database } from '../store/database.ts';

/** How many nonces of each gateway are remembered. */
const REMEMBERED_NONCES = 4096;

/** Remembers the nonces of requests, so that a recorded one is not taken twice. */
export interface NonceMemory {
  /** @returns false where this gateway has used the nonce already */
  take(gatewayId: string, nonce: string): boolean;
}

/** Makes a memory of the newest nonces of each gateway. */
export function createNonceMemory(): NonceMemory {
  const memory = new Map<string, Set<string>>();
  return {
    take: (gatewayId, nonce) => {
      const taken = memory.get(gatewayId) ?? new Set<string>();
      memory.set(gatewayId, taken);
      if (taken.has(nonce)) return false;
      taken.add(nonce);
      const oldest = taken.values().next().value;
      if (taken.size > REMEMBERED_NONCES && oldest !== undefined) taken.delete(oldest);
      return true;
    },
  };
}

/** The three headers of a signed request; an absent one is an empty text. */
export interface SignatureHeaders {
  readonly contentDigest: string;
  readonly signatureInput: string;
  readonly signature: string;
}

export type GatewayRequestError = 'signature-invalid' | 'gateway-revoked';

/**
 * Finds the gateway that signed a request. Nothing is told of gateways to one who holds none of their keys.
 * @see rules SU6, SU7
 */
export async function verifyGatewayRequest(
  db: Database,
  nonces: NonceMemory,
  request: SignedRequest,
  headers: SignatureHeaders,
): Promise<Result<Gateway, GatewayRequestError>> {
  const parsed = parseSignatureHeaders(headers.signatureInput, headers.signature);
  if (!parsed.ok) return err('signature-invalid');
  const { parameters, signatureBase64 } = parsed.value;
  if (headers.contentDigest !== contentDigest(sha256, request.body)) return err('signature-invalid');
  const gateway = await findGateway(db, parameters.keyId);
  const key = decodeBase64Url(gateway?.publicKey ?? '');
  const signature = decodeBase64(signatureBase64);
  if (gateway === null || !key.ok || !signature.ok) return err('signature-invalid');
  if (!verifyEd25519(key.value, signatureBase(sha256, request, parameters), signature.value)) {
    return err('signature-invalid');
  }
  if (gateway.state !== 'enrolled') return err('gateway-revoked');
  return nonces.take(gateway.id, parameters.nonce) ? ok(gateway) : err('signature-invalid');
}
