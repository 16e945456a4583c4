import { commandClaimsSchema, type CommandClaims } from '#contract/command';
import { JWS_TYPES } from '#contract/permit';
import { err, ok, type Result } from '#contract/result';
import { verifyJws, type PolicyError, type PolicyTrust } from './verify-policy.ts';

/** Why an order was not taken for one. */
export type CommandError = Extract<
  PolicyError,
  | 'malformed'
  | 'signature-invalid'
  | 'wrong-type'
  | 'wrong-issuer'
  | 'wrong-audience'
  | 'wrong-gateway'
  | 'wrong-nonce'
>;

/**
 * Verifies an order of a person in charge: signed by the issuer, for this gateway, under the nonce that it has just
 * made. Its age is measured by whoever made the nonce.
 * @see rules GP20 to GP22
 */
export async function verifyCommand(
  jws: string,
  trust: PolicyTrust,
  nonce: string,
): Promise<Result<CommandClaims, CommandError>> {
  const verified = await verifyJws(jws, trust, {
    typ: JWS_TYPES.command,
    role: 'issuer',
    schema: commandClaimsSchema,
  });
  if (!verified.ok) return err(verified.error as CommandError);
  const { claims } = verified.value;
  if (claims.gw !== trust.gateway) return err('wrong-gateway');
  return claims.nonce === nonce ? ok(claims) : err('wrong-nonce');
}
