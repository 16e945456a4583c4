import type { Person } from '#contract/api';
import type { EpochMs } from '#contract/clock';
import { Fault, ok, type Result } from '#contract/result';
import type { SiteLogEntry } from '#contract/site-log';
import type { Assertion } from '#contract/webauthn';
import { mayDo } from '../domain/permissions.ts';
import { requestDraft } from '../domain/permit-draft.ts';
import { stepRequest, type RequestAction } from '../domain/request-life.ts';
import { answerDueAt, checkDecision, checkVerification } from '../domain/request-rules.ts';
import { requestHash } from '../signing/approval-evidence.ts';
import { sha256 } from '../signing/node-crypto.ts';
import { approvalsOf } from '../store/approvals.ts';
import { inTransaction, type Database } from '../store/database.ts';
import { revokePermit } from '../store/permits.ts';
import { answerEscort, deleteVotes, insertVote, votesOf, type Vote } from '../store/request-parts.ts';
import {
  lapsedRequests,
  loadRequest,
  moveRequest,
  saveProcedure,
  type RequestRow,
} from '../store/requests.ts';
import { appendSiteLog } from '../store/site-log.ts';
import { isOfSubject, makeApproval, recordApproval, type ApprovalSubject } from './approvals.ts';
import { catchUpWithDoor } from './follow-door.ts';
import { draftPermits, issuePermits } from './issue-permits.ts';
import { notify } from './notify.ts';
import { renewPolicy } from './renew-policy.ts';
import {
  announce,
  decisionFacts,
  involvedIn,
  loadVisible,
  officialsAsked,
  refused,
  reload,
  taken,
  type Outcome,
} from './request-access.ts';
import { siteLogPort, type Refusal, type Site } from './site.ts';

/** The votes that are for exactly this; others were of something else by now. */
async function countingVotes(
  db: Database,
  requestId: string,
  subject: ApprovalSubject,
): Promise<{ readonly counting: readonly Vote[]; readonly stale: readonly Vote[] }> {
  const hashes = (await approvalsOf(db, requestId))
    .filter(({ facts }) => isOfSubject(facts, subject))
    .map(({ hash }) => hash);
  const votes = await votesOf(db, requestId);
  return {
    counting: votes.filter((vote) => hashes.includes(vote.approvalHash)),
    stale: votes.filter((vote) => !hashes.includes(vote.approvalHash)),
  };
}

/**
 * Shows what an approver would approve, without approving anything.
 * @see rule SU19
 */
export async function approvalSubject(
  site: Site,
  decider: Person,
  id: string,
): Promise<Result<{ readonly request: RequestRow; readonly subject: ApprovalSubject }, Refusal>> {
  const now = site.clock.epochMs();
  const request = await loadVisible(site.db, site, id, decider);
  if (request === null) return refused('not-found');
  // Who may not decide is told that, not what else is in the way.
  const early = checkDecision(await decisionFacts(site.db, site, request, decider, [], now), 'approve');
  if (!early.ok) return refused(early.error);
  const subject = await draftPermits(site.db, site, request, now);
  if (!subject.ok) return subject;
  const { counting } = await countingVotes(site.db, id, subject.value);
  const checked = checkDecision(
    await decisionFacts(site.db, site, request, decider, counting, now),
    'approve',
  );
  return checked.ok ? ok({ request, subject: subject.value }) : refused(checked.error);
}

/**
 * Approves a request: the decision, its record in the site log, the permit and the next policy are stored
 * together or not at all. Where more than one approver is needed, it stays open until the last of them. A visitor
 * who has to be checked in gets the permit then.
 * @param assertion what the decider's passkey answered; null for a session
 * @see rules SD4, SD33, SS2, SU20
 */
export async function approveRequest(
  site: Site,
  decider: Person,
  id: string,
  assertion: Assertion | null = null,
): Promise<Outcome> {
  const now = site.clock.epochMs();
  let policyVersion: number | null = null;
  const outcome = await inTransaction(site.db, async (trx): Promise<Outcome> => {
    const request = await loadVisible(trx, site, id, decider);
    if (request === null) return refused('not-found');
    const early = checkDecision(await decisionFacts(trx, site, request, decider, [], now), 'approve');
    if (!early.ok) return refused(early.error);
    const drafted = await draftPermits(trx, site, request, now);
    if (!drafted.ok) return drafted;
    const subject = drafted.value;
    const { counting, stale } = await countingVotes(trx, id, subject);
    const checked = checkDecision(await decisionFacts(trx, site, request, decider, counting, now), 'approve');
    if (!checked.ok) return refused(checked.error);
    const made = await makeApproval(site, decider, subject, assertion, now);
    if (!made.ok) return refused(made.error);
    await deleteVotes(
      trx,
      id,
      stale.map(({ byId }) => byId),
    );
    const approval = await recordApproval(trx, site, id, made.value, now);
    const vote = {
      byId: decider.id,
      authorityId: checked.value.authorityId,
      approvalHash: approval.hash,
      at: now,
    };
    await insertVote(trx, id, vote);
    const isDecided =
      checked.value.action === 'approve' && (await grantRequest(trx, site, request, subject, now));
    const action = isDecided ? 'approve' : 'endorse';
    const cell = stepRequest(request.state, action);
    const isFirst =
      cell.kind === 'move' &&
      (await moveRequest(trx, id, request.state, cell.to, {
        ...taken(cell.step, now, decider.id),
        method: made.value.m,
      }));
    // Undoes all of it: the other decision counts.
    if (!isFirst) throw new Fault('request-moved-meanwhile', { retryable: true });
    await tellOfApproval(trx, site, request, decider, isDecided, now);
    if (isDecided) {
      await catchUpWithDoor(trx, site, id);
      policyVersion = (await renewPolicy(trx, site, now)).version;
    }
    return reload(trx, id);
  });
  announce(site, outcome, policyVersion);
  return outcome;
}

/** @returns false where more approvers are needed */
async function grantRequest(
  trx: Database,
  site: Site,
  request: RequestRow,
  subject: ApprovalSubject,
  now: EpochMs,
): Promise<boolean> {
  if (request.needsCheckIn || request.kind === 'emergency') return true;
  const approvals = (await approvalsOf(trx, request.id)).filter(({ facts }) => isOfSubject(facts, subject));
  return issuePermits(trx, site, { request, drafts: subject.drafts, approvals, now });
}

async function tellOfApproval(
  trx: Database,
  site: Site,
  request: RequestRow,
  decider: Person,
  isDecided: boolean,
  now: EpochMs,
): Promise<void> {
  const { isFastTrack } = request;
  const isEmergency = request.kind === 'emergency';
  await saveProcedure(trx, request.id, {
    answerDueAt: isDecided ? null : answerDueAt({ isEmergency, isFastTrack }, now),
  });
  const officials = await officialsAsked(trx, request.doorId, isDecided ? 0 : 1, now);
  await notify(trx, site, {
    kind: isDecided ? 'request.approved' : 'request.endorsed',
    subject: request.id,
    to: isDecided
      ? involvedIn(request)
      : [
          request.requesterId,
          ...(officials.length > 0 ? officials : await officialsAsked(trx, request.doorId, 0, now)),
        ],
    byId: decider.id,
  });
}

/** Verifies a request: the room's officer has looked at the form, and an official may decide. @see rule SD36 */
export async function verifyRequest(site: Site, officer: Person, id: string): Promise<Outcome> {
  const now = site.clock.epochMs();
  const outcome = await inTransaction(site.db, async (trx): Promise<Outcome> => {
    const request = await loadVisible(trx, site, id, officer);
    if (request === null) return refused('not-found');
    const involvedIds = involvedIn(request);
    const checked = checkVerification({ officer, request: { ...request, involvedIds }, now });
    if (!checked.ok) return refused(checked.error);
    const isFirst = await moveRequest(trx, id, request.state, 'verified', taken('verified', now, officer.id));
    if (!isFirst) return refused('step-not-allowed');
    const { isFastTrack } = request;
    const due = answerDueAt({ isEmergency: false, isFastTrack }, now);
    await saveProcedure(trx, id, { verifiedById: officer.id, answerDueAt: due });
    await notify(trx, site, {
      kind: 'request.verified',
      subject: id,
      to: [request.requesterId, ...(await officialsAsked(trx, request.doorId, 0, now))],
      byId: officer.id,
    });
    return reload(trx, id);
  });
  announce(site, outcome, null);
  return outcome;
}

/**
 * Answers whether one escorts a visit, as long as nobody has approved it: who escorts is part of what is approved.
 * @see rule SD39
 */
export async function answerAsEscort(
  site: Site,
  escort: Person,
  id: string,
  accepts: boolean,
): Promise<Outcome> {
  const now = site.clock.epochMs();
  return inTransaction(site.db, async (trx): Promise<Outcome> => {
    const request = await loadVisible(trx, site, id, escort);
    if (request === null) return refused('not-found');
    const isOpen = ['draft', 'submitted'].includes(request.state) && (await votesOf(trx, id)).length === 0;
    if (!isOpen) return refused('step-not-allowed');
    if (!(await answerEscort(trx, id, escort.id, accepts ? 'accepted' : 'declined', now)))
      return refused('forbidden');
    await notify(trx, site, {
      kind: 'escort.answered',
      subject: id,
      to: [request.requesterId],
      byId: escort.id,
      isRestricted: true,
    });
    return reload(trx, id);
  });
}

/** Rejects a request with a reason; what others have approved of it falls with it. @see rule SD34 */
export async function rejectRequest(
  site: Site,
  decider: Person,
  id: string,
  reason: string,
): Promise<Outcome> {
  const now = site.clock.epochMs();
  const outcome = await inTransaction(site.db, async (trx): Promise<Outcome> => {
    const request = await loadVisible(trx, site, id, decider);
    if (request === null) return refused('not-found');
    const votes = await votesOf(trx, id);
    const checked = checkDecision(await decisionFacts(trx, site, request, decider, votes, now), 'reject');
    if (!checked.ok) return refused(checked.error);
    const isFirst = await moveRequest(trx, id, request.state, 'rejected', {
      ...taken('rejected', now, decider.id, reason),
      method: 'session',
    });
    if (!isFirst) return refused('already-decided');
    const draftHash = requestHash(sha256, requestDraft(site.id, request));
    const record: SiteLogEntry = {
      ty: 'approval.recorded',
      x: { req: draftHash, decision: 'rejected', by: decider.id, at: Math.floor(now / 1000), m: 'session' },
    };
    await appendSiteLog(trx, siteLogPort(site), [record], now);
    await saveProcedure(trx, id, { answerDueAt: null });
    await notify(trx, site, {
      kind: 'request.rejected',
      subject: id,
      to: [...involvedIn(request), ...votes.map(({ byId }) => byId)],
      byId: decider.id,
    });
    return reload(trx, id);
  });
  announce(site, outcome, null);
  return outcome;
}

/** Withdraws one's own request; a permit that it led to ends at once. */
export const withdrawRequest = (site: Site, requester: Person, id: string): Promise<Outcome> =>
  endRequest(site, requester, id, 'withdraw', null, (request) => request.requesterId === requester.id);

/** Revokes an approved request; its permit ends at once. */
export const revokeRequest = (site: Site, by: Person, id: string, reason: string): Promise<Outcome> =>
  endRequest(site, by, id, 'revoke', reason, () => mayDo(by.roles, 'requests.revoke'));

async function endRequest(
  site: Site,
  person: Person,
  id: string,
  action: Extract<RequestAction, 'withdraw' | 'revoke'>,
  reason: string | null,
  isAllowed: (request: RequestRow) => boolean,
): Promise<Outcome> {
  const now = site.clock.epochMs();
  let policyVersion: number | null = null;
  const outcome = await inTransaction(site.db, async (trx): Promise<Outcome> => {
    const request = await loadVisible(trx, site, id, person);
    if (request === null) return refused('not-found');
    if (!isAllowed(request)) return refused('forbidden');
    const cell = stepRequest(request.state, action);
    if (cell.kind === 'refuse') return refused(cell.code);
    if (cell.kind !== 'move') return refused('step-not-allowed');
    const isFirst = await moveRequest(
      trx,
      id,
      request.state,
      cell.to,
      taken(cell.step, now, person.id, reason),
    );
    if (!isFirst) return refused('step-not-allowed');
    await saveProcedure(trx, id, { answerDueAt: null });
    const hash = await revokePermit(trx, id, now);
    if (hash !== null) {
      await appendSiteLog(trx, siteLogPort(site), [{ ty: 'permit.revoked', x: { h: hash } }], now);
      policyVersion = (await renewPolicy(trx, site, now)).version;
    }
    await notify(trx, site, {
      kind: action === 'withdraw' ? 'request.withdrawn' : 'request.revoked',
      subject: id,
      to: [...involvedIn(request), request.verifiedById, ...(await votesOf(trx, id)).map(({ byId }) => byId)],
      byId: person.id,
    });
    return reload(trx, id);
  });
  announce(site, outcome, policyVersion);
  return outcome;
}

/** Ends drafts and waiting requests that nobody can decide any more, each once. @returns how many */
export async function expireLapsed(site: Site): Promise<number> {
  const now = site.clock.epochMs();
  const expired = await inTransaction(site.db, async (trx) => {
    const outcomes: Outcome[] = [];
    for (const id of await lapsedRequests(trx, now)) {
      const request = await loadRequest(trx, id);
      const cell = request === null ? null : stepRequest(request.state, 'expire');
      if (request === null || cell?.kind !== 'move') continue;
      if (!(await moveRequest(trx, id, request.state, cell.to, taken(cell.step, now, null)))) continue;
      await saveProcedure(trx, id, { answerDueAt: null });
      await notify(trx, site, { kind: 'request.expired', subject: id, to: involvedIn(request), byId: null });
      outcomes.push(await reload(trx, id));
    }
    return outcomes;
  });
  for (const outcome of expired) announce(site, outcome, null);
  return expired.length;
}
