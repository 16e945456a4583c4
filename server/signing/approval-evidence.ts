import { judgeApprovals, type ApprovalFault as JudgedFault } from '#contract/approval';
import { encodeBase64Url, utf8 } from '#contract/bytes';
import { encodeCanonical, type CanonicalValue } from '#contract/canonical';
import type { Sha256 } from '#contract/merkle';
import { MAX_PERMIT_DAYS, type PermitClaims } from '#contract/permit';
import type { RootBody } from '#contract/root-document';
import { err, ok, type Result } from '#contract/result';
import { approvalHash, decodeSiteLogRecord, type Approval } from '#contract/site-log';
import { assertionPorts } from './node-crypto.ts';

/** What the issuer has to see before it signs: the request, and the approval as the site log holds it. */
export interface ApprovalEvidence {
  /** The request as it was approved. */
  readonly requestDraft: CanonicalValue;
  /** Records of the site log, one for each approval that the permit names. */
  readonly records: readonly Uint8Array[];
  /** Tells whether this person may decide on such a request now. */
  readonly isSupervisor: (personId: string) => boolean;
}

/** Why the issuer does not sign. */
export type ApprovalFault = JudgedFault | 'approval-not-by-supervisor' | 'permit-wider-than-request';

/** Hashes a request as permits and approvals name it. */
export function requestHash(sha256: Sha256, draft: CanonicalValue): string {
  const text = encodeCanonical(draft);
  if (!text.ok) throw new Error(`request has no canonical form: ${text.error}`);
  return encodeBase64Url(sha256(utf8(text.value)));
}

const DAY_SECONDS = 86_400;

const listed = (one: CanonicalValue | undefined, several: CanonicalValue | undefined): readonly unknown[] => [
  ...(one === undefined ? [] : [one]),
  ...(Array.isArray(several) ? several : []),
];

/** The request names one visitor and door, or lists them (`subs`, `doors`). */
function isWithinRequest(claims: PermitClaims, draft: CanonicalValue): boolean {
  if (typeof draft !== 'object' || draft === null || Array.isArray(draft)) return false;
  const { sub, subs, door, doors, nbf, exp } = draft as Readonly<Record<string, CanonicalValue>>;
  const wantedDoors = listed(door, doors);
  return (
    listed(sub, subs).includes(claims.sub) &&
    claims.doors.every((each) => wantedDoors.includes(each)) &&
    typeof nbf === 'number' &&
    typeof exp === 'number' &&
    claims.nbf >= nbf &&
    claims.exp <= exp &&
    claims.exp > claims.nbf &&
    claims.exp - claims.nbf <= MAX_PERMIT_DAYS * DAY_SECONDS
  );
}

/** The approvals in records of the site log, by their hash. */
export const approvalsIn = (sha256: Sha256, records: readonly Uint8Array[]): ReadonlyMap<string, Approval> =>
  new Map(
    records.flatMap((bytes) => {
      const record = decodeSiteLogRecord(bytes);
      return record.ok && record.value.ty === 'approval.recorded'
        ? [[approvalHash(sha256, record.value.x), record.value.x] as const]
        : [];
    }),
  );

/**
 * Judges whether a permit may be signed. It believes no column of a table: the approvals must stand in the site
 * log, be for this very request and permit, and be by enough different approvers, none of whom is the visitor.
 * @see rules SU3, SU15, SU16
 */
export async function checkApproval(
  sha256: Sha256,
  root: RootBody,
  claims: PermitClaims,
  evidence: ApprovalEvidence,
): Promise<Result<{ readonly isWeak: boolean }, ApprovalFault>> {
  if (claims.req !== requestHash(sha256, evidence.requestDraft)) return err('approval-of-another-request');
  if (!isWithinRequest(claims, evidence.requestDraft)) return err('permit-wider-than-request');
  const judged = await judgeApprovals(assertionPorts, root, claims, approvalsIn(sha256, evidence.records));
  if (!judged.ok) return judged;
  const isBySupervisors = claims.apr.every(({ by }) => evidence.isSupervisor(by));
  return isBySupervisors ? ok(judged.value) : err('approval-not-by-supervisor');
}
