import { encodeBase64Url, utf8 } from './bytes.ts';
import { canonicalText, type CanonicalValue } from './canonical.ts';
import type { Sha256 } from './merkle.ts';
import type { PermitClaims } from './permit.ts';
import type { Approver, RootBody } from './root-document.ts';
import { err, ok, type Result } from './result.ts';
import { approvalHash, type Approval } from './site-log.ts';
import { verifyApprovalAssertion, type AssertionPorts } from './webauthn.ts';

/**
 * The claims of a permit that are approved: who, where, when, how. The rest is the issuer's: which cards the
 * holder has, how many entries are left, and the names of things.
 */
export type PermitTerms = Pick<
  PermitClaims,
  'aud' | 'sub' | 'doors' | 'nbf' | 'exp' | 'cls' | 'req' | 'win' | 'knd' | 'two' | 'esc' | 'heads' | 'hol'
>;

const OPTIONAL_TERMS = ['win', 'knd', 'two', 'esc', 'heads', 'hol'] as const;

/** Hashes what is approved of a permit: whoever has the permit can compute it. @see rule C42 */
export function termsHash(sha256: Sha256, terms: PermitTerms): string {
  const { aud, sub, doors, nbf, exp, cls, req } = terms;
  const optional = Object.fromEntries(
    OPTIONAL_TERMS.flatMap((name) => (terms[name] === undefined ? [] : [[name, terms[name]]])),
  );
  const whole = { aud, sub, doors, nbf, exp, cls, req, ...optional } as unknown as CanonicalValue;
  return encodeBase64Url(sha256(utf8(`palang-terms/v1\n${canonicalText(whole)}`)));
}

/**
 * Computes the challenge that an approver's device answers: bound to the site, the request as it was read, and
 * each permit that may come of it.
 * @returns 32 bytes
 * @see rule C42
 */
export const approvalChallenge = (
  sha256: Sha256,
  approved: { readonly site: string; readonly req: string; readonly d: readonly string[] },
): Uint8Array => {
  const { site, req, d } = approved;
  return sha256(utf8(`palang-approval/v1\n${canonicalText({ site, req, d, decision: 'approved' })}`));
};

/** Why a permit is not approved. */
export type ApprovalFault =
  | 'approval-missing'
  | 'approval-of-another-request'
  | 'approval-by-requester'
  | 'approval-too-weak'
  | 'approval-forged'
  | 'approver-not-in-roster'
  | 'approver-not-for-door'
  | 'approvals-too-few';

/** Finds an approver by person and passkey. */
export const approverOf = (root: RootBody, by: string, cid: string): Approver | null =>
  root.approvers?.find((each) => each.by === by && each.cid === cid) ?? null;

/** How many different approvers a permit of this class needs. */
export const approvalsNeeded = (root: RootBody, cls: PermitClaims['cls']): number =>
  root.approval?.needs?.[cls] ?? 1;

/** Verifies the assertion of one approval, whoever made the permits that rest on it. @see rule C45 */
export async function verifyApproval(
  ports: AssertionPorts,
  root: RootBody,
  approval: Approval,
): Promise<Result<Approver, ApprovalFault>> {
  const { as: assertion, d, by, req } = approval;
  const rpId = root.approval?.rp;
  if (assertion === undefined || d === undefined || rpId === undefined) return err('approval-forged');
  const approver = approverOf(root, by, assertion.cid);
  if (approver === null) return err('approver-not-in-roster');
  const challenge = approvalChallenge(ports.sha256, { site: root.site, req, d });
  const verified = await verifyApprovalAssertion(ports, { challenge, rpId, key: approver.key, assertion });
  return verified.ok ? ok(approver) : err('approval-forged');
}

type Vote = { readonly by: string; readonly key: string | null };

async function judgeOne(
  ports: AssertionPorts,
  root: RootBody,
  claims: PermitClaims,
  named: PermitClaims['apr'][number],
  approval: Approval | undefined,
): Promise<Result<Vote, ApprovalFault>> {
  if (approval === undefined || approvalHash(ports.sha256, approval) !== named.h)
    return err('approval-missing');
  const { by, at, m, decision, d } = approval;
  if (decision !== 'approved' || by !== named.by || at !== named.at || m !== named.m) {
    return err('approval-missing');
  }
  const isOfThis = approval.req === claims.req && d?.includes(termsHash(ports.sha256, claims)) === true;
  if (!isOfThis) return err('approval-of-another-request');
  if (by === claims.sub) return err('approval-by-requester');
  if (m === 'session') {
    return root.approval?.weak === 'session' ? ok({ by, key: null }) : err('approval-too-weak');
  }
  const approver = await verifyApproval(ports, root, approval);
  if (!approver.ok) return approver;
  const { doors, key } = approver.value;
  if (doors !== undefined && claims.doors.some((door) => !doors.includes(door))) {
    return err('approver-not-for-door');
  }
  return ok({ by, key: canonicalText(key) });
}

/**
 * Judges whether enough different approvers of the roster approved exactly this permit. It believes no table and no
 * server: what it needs are the approvals themselves and the root document.
 * @param approvals by approvalHash
 * @returns whether it rests on the weaker setting, or the first fault where it is not approved
 * @see rules C44 to C46
 */
export async function judgeApprovals(
  ports: AssertionPorts,
  root: RootBody,
  claims: PermitClaims,
  approvals: ReadonlyMap<string, Approval>,
): Promise<Result<{ readonly isWeak: boolean }, ApprovalFault>> {
  if (claims.apr.length === 0) return err('approval-missing');
  const people = new Set<string>();
  const strong = new Set<string>();
  const keys = new Set<string>();
  let firstFault: ApprovalFault | null = null;
  for (const named of claims.apr) {
    const vote = await judgeOne(ports, root, claims, named, approvals.get(named.h));
    if (!vote.ok) {
      firstFault ??= vote.error;
      continue;
    }
    const { by, key } = vote.value;
    // One device under two names is one approver.
    if (key !== null && keys.has(key)) continue;
    people.add(by);
    if (key === null) continue;
    keys.add(key);
    strong.add(by);
  }
  const needed = approvalsNeeded(root, claims.cls);
  if (strong.size >= needed) return ok({ isWeak: false });
  if (people.size >= needed) return ok({ isWeak: true });
  return err(firstFault ?? 'approvals-too-few');
}
