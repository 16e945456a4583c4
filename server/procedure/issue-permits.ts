import type { EpochMs } from '#contract/clock';
import type { PermitClaims } from '#contract/permit';
import { jwsHash } from '#contract/policy';
import { Fault, ok, type Result } from '#contract/result';
import { newRowId } from '../auth/tokens.ts';
import { mayDo } from '../domain/permissions.ts';
import { draftPermit, requestDraft } from '../domain/permit-draft.ts';
import { requestHash } from '../signing/approval-evidence.ts';
import { sha256 } from '../signing/node-crypto.ts';
import type { StoredApproval } from '../store/approvals.ts';
import { activeHandles } from '../store/credentials.ts';
import type { Database } from '../store/database.ts';
import { findPerson } from '../store/people.ts';
import { insertPermit } from '../store/permits.ts';
import { rightsEndOf } from '../store/profiles.ts';
import { votesOf } from '../store/request-parts.ts';
import type { RequestRow } from '../store/requests.ts';
import { appendSiteLog, loadSiteRecordsAt } from '../store/site-log.ts';
import { namedApproval, type ApprovalSubject } from './approvals.ts';
import { refused } from './request-access.ts';
import { siteLogPort, type Refusal, type Site } from './site.ts';

/**
 * Drafts the permits that come of a request, as they would be signed; who approved them is still open.
 * @param handles cards to name; null where they are known at check-in only
 */
export async function draftPermits(
  db: Database,
  site: Site,
  request: RequestRow,
  now: EpochMs,
  handles?: readonly string[] | null,
): Promise<Result<ApprovalSubject, Refusal>> {
  const req = requestHash(sha256, requestDraft(site.id, request));
  // An entry that has already been needs no card and no right that goes on.
  const isPast = request.kind === 'emergency';
  const isLater = request.needsCheckIn || isPast;
  const draft = draftPermit({
    siteId: site.id,
    issuer: site.signer.issuer,
    permitId: newRowId(site.random, 'pm'),
    request,
    requestHash: req,
    handles: handles ?? (isLater ? null : await activeHandles(db, request.subjectId)),
    approvals: [],
    now,
    rightsEndAt: isPast ? null : await rightsEndOf(db, request.subjectId),
  });
  return draft.ok ? ok({ req, drafts: [draft.value] }) : refused(draft.error);
}

/** What a permit rests on. */
export interface PermitOrder {
  readonly request: RequestRow;
  readonly drafts: readonly PermitClaims[];
  readonly approvals: readonly StoredApproval[];
  readonly now: EpochMs;
}

/**
 * Signs and stores permits against the approvals in the site log.
 * @returns false where more approvers are needed: nothing was signed
 */
export async function issuePermits(trx: Database, site: Site, order: PermitOrder): Promise<boolean> {
  const { request, drafts, approvals, now } = order;
  const approvers = await Promise.all(approvals.map(({ facts }) => findPerson(trx, facts.by)));
  const votes = await votesOf(trx, request.id);
  const evidence = {
    requestDraft: requestDraft(site.id, request),
    records: await loadSiteRecordsAt(
      trx,
      approvals.map(({ siteSeq }) => siteSeq),
    ),
    // A deputy's right was judged when they approved; it may have ended meanwhile.
    isSupervisor: (personId: string) =>
      approvers.some((approver) => {
        if (approver?.id !== personId || !approver.isActive) return false;
        const isDeputy = votes.some((vote) => vote.byId === personId && vote.authorityId !== personId);
        return isDeputy || mayDo(approver.roles, 'requests.decide');
      }),
  };
  for (const draft of drafts) {
    const claims = { ...draft, apr: approvals.map(namedApproval) };
    const signed = await site.signer.signPermit(claims, evidence);
    if (!signed.ok && signed.error === 'approvals-too-few') return false;
    if (!signed.ok) throw new Fault('permit-refused-by-issuer', { retryable: false, cause: signed.error });
    const hash = jwsHash(sha256, signed.value);
    await insertPermit(trx, {
      claims,
      requestId: request.id,
      jws: signed.value,
      hash,
      issuedAt: now,
      approvedUses: request.uses,
    });
    await appendSiteLog(trx, siteLogPort(site), [{ ty: 'permit.issued', x: { h: hash } }], now);
  }
  return true;
}
