import type { KeyObject } from 'node:crypto';
import { asEpochMs, type EpochMs } from '#contract/clock';
import { NO_SITE_RULES, type SiteRules } from '#contract/door-rules';
import { permitClaimsSchema } from '#contract/permit';
import type { CredentialEntry, PolicyAge } from '../decision/decide.ts';
import type { VerifiedPermit } from '../decision/verified-permit.ts';
import { verifyEd25519 } from '../crypto-ports.ts';
import type { VerifiedPolicy } from './verify-policy.ts';

/** The orders in force, by card. Made from verified orders only; nothing in it waits for anything. */
export interface PolicyIndex {
  readonly version: number;
  readonly mh: string;
  readonly endsAt: EpochMs;
  /** What the directory says of a card; null for a stranger. */
  credentialOf(handle: string): CredentialEntry | null;
  /** The permits that name a card, each with its signature checked at this very moment. @see rule GP9 */
  permitsOf(handle: string): readonly VerifiedPermit[];
  /** Whether a notice of the issuer takes this right away. */
  isDenied(cred: string, sub: string, jti: string): boolean;
  /** Whether a permit rests on approvals that nobody signed with a key of their own. @see rule GP15 */
  isWeaklyApproved(jti: string): boolean;
  /** What the site asks of whoever wants in. */
  readonly rules: SiteRules;
  /** Whether a person acknowledged every SOP text that the site asks for. */
  hasAcknowledged(sub: string): boolean;
  /** Whether equipment of an earlier visit of a person is not accounted for. */
  hasOpenEquipment(sub: string): boolean;
}

/** The orders in force with the age of the last word of the server. */
export interface PolicyInForce extends PolicyAge {
  readonly index: PolicyIndex;
}

interface SignedPermit {
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly key: KeyObject;
  readonly payload: Uint8Array;
}

const decodeSignedPermit = (jws: string, key: KeyObject): SignedPermit => {
  const end = jws.lastIndexOf('.');
  const message = jws.slice(0, end);
  return {
    message: Buffer.from(message, 'ascii'),
    signature: Buffer.from(jws.slice(end + 1), 'base64url'),
    key,
    payload: Buffer.from(message.slice(message.indexOf('.') + 1), 'base64url'),
  };
};

/**
 * The signature stands over the very bytes that are decoded here, so a permit that was changed in memory or in a
 * file after it came in is worth nothing at the door.
 */
function verifyPermit({ message, signature, key, payload }: SignedPermit): VerifiedPermit | null {
  if (!verifyEd25519(key, message, signature)) return null;
  const claims = permitClaimsSchema.safeParse(JSON.parse(Buffer.from(payload).toString('utf8')));
  return claims.success ? (claims.data as unknown as VerifiedPermit) : null;
}

/** Creates the index of verified orders. @param isDenied the deny notices as they are at each moment */
export function createPolicyIndex(
  policy: Omit<VerifiedPolicy, 'unapproved' | 'limits'>,
  isDenied: PolicyIndex['isDenied'] = () => false,
): PolicyIndex {
  const { manifest, mh, directory, permits } = policy;
  const weak = new Set<string>();
  const credentials = new Map(directory.creds.map((entry) => [entry.cred, entry]));
  const people = new Map((directory.people ?? []).map((person) => [person.sub, person]));
  const rules = directory.rules ?? NO_SITE_RULES;
  const byCard = new Map<string, SignedPermit[]>();
  for (const { jws, key, isWeaklyApproved } of permits) {
    const signed = decodeSignedPermit(jws, key);
    const permit = verifyPermit(signed);
    if (permit === null) continue;
    if (isWeaklyApproved === true) weak.add(permit.jti);
    for (const handle of permit.cred) byCard.set(handle, [...(byCard.get(handle) ?? []), signed]);
  }
  return {
    version: manifest.v,
    mh,
    endsAt: asEpochMs(manifest.exp * 1000),
    credentialOf: (handle) => credentials.get(handle) ?? null,
    permitsOf: (handle) =>
      (byCard.get(handle) ?? []).flatMap((signed) => {
        const permit = verifyPermit(signed);
        return permit === null ? [] : [permit];
      }),
    isDenied,
    isWeaklyApproved: (jti) => weak.has(jti),
    rules,
    hasAcknowledged: (sub) => rules.sop.every((text) => people.get(sub)?.ack.includes(text) === true),
    hasOpenEquipment: (sub) => people.get(sub)?.eq === true,
  };
}
