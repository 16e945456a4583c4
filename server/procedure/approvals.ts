import type { Person } from '#contract/api';
import { approvalChallenge, termsHash, verifyApproval } from '#contract/approval';
import type { EpochMs } from '#contract/clock';
import type { PermitClaims } from '#contract/permit';
import type { ProblemCode } from '#contract/problem';
import type { Approver, RootBody } from '#contract/root-document';
import { err, ok, type Result } from '#contract/result';
import { approvalHash, type Approval } from '#contract/site-log';
import type { Assertion } from '#contract/webauthn';
import { assertionPorts, sha256 } from '../signing/node-crypto.ts';
import { insertApproval, type StoredApproval } from '../store/approvals.ts';
import type { Database } from '../store/database.ts';
import { appendSiteLog } from '../store/site-log.ts';
import { siteLogPort, type Site } from './site.ts';

/** What is approved: the request as it was read, and each permit that comes of it. */
export interface ApprovalSubject {
  /** requestHash of the request. */
  readonly req: string;
  /** The permits as they would be signed; who approved them is still open. */
  readonly drafts: readonly PermitClaims[];
}

/** The root document in force. */
export const rootInForce = (site: Pick<Site, 'rootChain'>): RootBody =>
  (site.rootChain.at(-1) ?? site.rootChain[0]).root;

const termsOf = ({ drafts }: ApprovalSubject): string[] => drafts.map((draft) => termsHash(sha256, draft));

/** Computes what an approver's device has to answer. @returns 32 bytes */
export const challengeOf = (site: Site, subject: ApprovalSubject): Uint8Array =>
  approvalChallenge(sha256, { site: site.id, req: subject.req, d: termsOf(subject) });

/** Lists the passkeys of somebody that the officials vouch for, as far as they reach. */
export const rosterOf = (root: RootBody, personId: string, subject: ApprovalSubject): readonly Approver[] =>
  (root.approvers ?? []).filter(
    ({ by, doors }) =>
      by === personId &&
      (doors === undefined ||
        subject.drafts.every((draft) => draft.doors.every((door) => doors.includes(door)))),
  );

/**
 * Makes the approval of somebody: by passkey where an assertion came along, otherwise by their session, where the
 * officials allow that at all.
 * @see rules SU19, SU20
 */
export async function makeApproval(
  site: Site,
  decider: Person,
  subject: ApprovalSubject,
  assertion: Assertion | null,
  now: EpochMs,
): Promise<Result<Approval, ProblemCode>> {
  const root = rootInForce(site);
  const common = {
    req: subject.req,
    decision: 'approved' as const,
    by: decider.id,
    at: Math.floor(now / 1000),
    d: termsOf(subject),
  };
  if (assertion === null) {
    return root.approval?.weak === 'session' ? ok({ ...common, m: 'session' }) : err('passkey-required');
  }
  const approval: Approval = { ...common, m: 'passkey', as: assertion };
  const verified = await verifyApproval(assertionPorts, root, approval);
  if (!verified.ok) {
    return err(verified.error === 'approver-not-in-roster' ? 'approver-not-in-roster' : 'approval-not-valid');
  }
  return rosterOf(root, decider.id, subject).includes(verified.value)
    ? ok(approval)
    : err('approver-not-in-roster');
}

/** Writes an approval into the site log, and keeps it for the gateways. */
export async function recordApproval(
  trx: Database,
  site: Site,
  requestId: string,
  facts: Approval,
  now: EpochMs,
): Promise<StoredApproval> {
  const siteSeq = await appendSiteLog(trx, siteLogPort(site), [{ ty: 'approval.recorded', x: facts }], now);
  const hash = approvalHash(sha256, facts);
  await insertApproval(trx, { hash, requestId, facts, siteSeq, at: now });
  return { hash, facts, siteSeq };
}

/** Tells whether an approval is for exactly this. */
export function isOfSubject({ req, decision, d }: Approval, subject: ApprovalSubject): boolean {
  return req === subject.req && decision === 'approved' && d?.join() === termsOf(subject).join();
}

/** Names an approval as permits do. */
export const namedApproval = ({ hash, facts }: StoredApproval): PermitClaims['apr'][number] => ({
  by: facts.by,
  at: facts.at,
  h: hash,
  m: facts.m,
});
