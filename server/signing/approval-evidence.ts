import { encodeBase64Url, utf8 } from '#contract/bytes';
import { encodeCanonical, type CanonicalValue } from '#contract/canonical';
import type { Sha256 } from '#contract/merkle';
import { MAX_PERMIT_DAYS, type PermitClaims } from '#contract/permit';
import { err, ok, type Result } from '#contract/result';
import { approvalHash, decodeSiteLogRecord } from '#contract/site-log';

/** What the issuer has to see before it signs: the request, and the approval as the site log holds it. */
export interface ApprovalEvidence {
  /** The request as it was approved. */
  readonly requestDraft: CanonicalValue;
  /** Records of the site log, one for each approval that the permit names. */
  readonly records: readonly Uint8Array[];
  /** Tells whether this person is a supervisor now. */
  readonly isSupervisor: (personId: string) => boolean;
}

/** Why the issuer does not sign. */
export type ApprovalFault =
  | 'approval-missing'
  | 'approval-of-another-request'
  | 'approval-by-requester'
  | 'approval-not-by-supervisor'
  | 'permit-wider-than-request';

/** Hashes a request as permits and approvals name it. */
export function requestHash(sha256: Sha256, draft: CanonicalValue): string {
  const text = encodeCanonical(draft);
  if (!text.ok) throw new Error(`request has no canonical form: ${text.error}`);
  return encodeBase64Url(sha256(utf8(text.value)));
}

const DAY_SECONDS = 86_400;

function isWithinRequest(claims: PermitClaims, draft: CanonicalValue): boolean {
  if (typeof draft !== 'object' || draft === null || Array.isArray(draft)) return false;
  const { sub, door, nbf, exp } = draft as Readonly<Record<string, CanonicalValue>>;
  return (
    claims.sub === sub &&
    claims.doors.length === 1 &&
    claims.doors[0] === door &&
    typeof nbf === 'number' &&
    typeof exp === 'number' &&
    claims.nbf >= nbf &&
    claims.exp <= exp &&
    claims.exp > claims.nbf &&
    claims.exp - claims.nbf <= MAX_PERMIT_DAYS * DAY_SECONDS
  );
}

/**
 * Judges whether a permit may be signed. It believes no column of a table: the approval must stand in the site
 * log, be for this very request, and be by a supervisor who is not the requester.
 * @see rule SU3
 */
export function checkApproval(
  sha256: Sha256,
  claims: PermitClaims,
  evidence: ApprovalEvidence,
): Result<null, ApprovalFault> {
  if (claims.req !== requestHash(sha256, evidence.requestDraft)) return err('approval-of-another-request');
  if (!isWithinRequest(claims, evidence.requestDraft)) return err('permit-wider-than-request');
  const recorded = new Map(
    evidence.records.flatMap((bytes) => {
      const record = decodeSiteLogRecord(bytes);
      return record.ok && record.value.ty === 'approval.recorded'
        ? [[approvalHash(sha256, record.value.x), record.value.x] as const]
        : [];
    }),
  );
  if (claims.apr.length === 0) return err('approval-missing');
  for (const named of claims.apr) {
    const approval = recorded.get(named.h);
    if (approval?.decision !== 'approved') return err('approval-missing');
    if (approval.by !== named.by || approval.at !== named.at || approval.m !== named.m) {
      return err('approval-missing');
    }
    if (approval.req !== claims.req) return err('approval-of-another-request');
    if (approval.by === claims.sub) return err('approval-by-requester');
    if (!evidence.isSupervisor(approval.by)) return err('approval-not-by-supervisor');
  }
  return ok(null);
}
