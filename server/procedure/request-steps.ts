import type { AccessRequest, Person, RequestState } from '#contract/api';
import { asEpochMs, type EpochMs } from '#contract/clock';
import { encodeCanonical } from '#contract/canonical';
import { jwsHash } from '#contract/policy';
import { err, Fault, ok, type Result } from '#contract/result';
import { approvalHash, type Approval, type SiteLogEntry } from '#contract/site-log';
import { mayDo } from '../domain/permissions.ts';
import { draftPermit, requestDraft } from '../domain/permit-draft.ts';
import { purposeOf } from '../domain/purposes.ts';
import { registerNumber, registerSeries, seriesKey } from '../domain/register-number.ts';
import { stepRequest, type RequestAction } from '../domain/request-life.ts';
import { checkDecision, checkWindow } from '../domain/request-rules.ts';
import { newRowId } from '../auth/tokens.ts';
import { requestHash } from '../signing/approval-evidence.ts';
import { sha256 } from '../signing/node-crypto.ts';
import { activeHandles } from '../store/credentials.ts';
import { inTransaction, type Database } from '../store/database.ts';
import { findPerson } from '../store/people.ts';
import { insertPermit, revokePermit } from '../store/permits.ts';
import { hasDoor } from '../store/places.ts';
import {
  findRequest,
  insertRequest,
  lapsedRequests,
  loadRequest,
  moveRequest,
  nextOrdinal,
  type RequestRow,
} from '../store/requests.ts';
import { appendSiteLog, loadSiteRecords } from '../store/site-log.ts';
import { renewPolicy } from './renew-policy.ts';
import { refusal, siteLogPort, type Refusal, type Site } from './site.ts';

/** A visit as somebody asks for it. */
export interface VisitWish {
  readonly purpose: string;
  readonly description: string;
  readonly doorId: string;
  readonly from: EpochMs;
  readonly until: EpochMs;
  readonly isSubmitted: boolean;
}

type Outcome = Result<AccessRequest, Refusal>;

const refused = (
  ...refusalParts: Parameters<typeof refusal>
): { readonly ok: false; readonly error: Refusal } => err(refusal(...refusalParts));

async function reload(db: Database, id: string): Promise<Outcome> {
  const request = await findRequest(db, id);
  return request === null ? refused('not-found') : ok(request);
}

function announce(site: Site, outcome: Outcome, policyVersion: number | null): void {
  if (!outcome.ok) return;
  const { id, state, requester } = outcome.value;
  site.live.publish({
    message: { kind: 'request', requestId: id, state },
    audience: { kind: 'request', requesterId: requester.id },
  });
  if (policyVersion !== null) site.policyChanges.publish(policyVersion);
}

/** Permits count in seconds: what is shown, approved and signed is the same whole second. */
const wholeSecond = (at: EpochMs): EpochMs => asEpochMs(Math.floor(at / 1000) * 1000);

/** Files a request, and submits it where that is wanted. */
export async function fileRequest(site: Site, requester: Person, wish: VisitWish): Promise<Outcome> {
  const purpose = purposeOf(wish.purpose);
  if (purpose === undefined) {
    return refused('invalid-input', [{ pointer: '/purpose', code: 'unknown' }]);
  }
  const description = wish.description.normalize('NFC');
  if (!encodeCanonical(description).ok) {
    return refused('invalid-input', [{ pointer: '/description', code: 'not-text' }]);
  }
  const now = site.clock.epochMs();
  const window = checkWindow(
    { from: wholeSecond(wish.from), until: wholeSecond(wish.until) },
    purpose.maxHours,
    now,
  );
  if (!window.ok) return refused(window.error);
  const outcome = await inTransaction(site.db, async (trx): Promise<Outcome> => {
    if (!(await hasDoor(trx, wish.doorId))) {
      return refused('invalid-input', [{ pointer: '/doorId', code: 'unknown' }]);
    }
    if (wish.isSubmitted && (await activeHandles(trx, requester.id)).length === 0) {
      return refused('no-credential');
    }
    const series = registerSeries(now, site.timeZone);
    const id = newRowId(site.random, 'rq');
    await insertRequest(trx, {
      id,
      number: registerNumber(series, await nextOrdinal(trx, seriesKey(series))),
      requesterId: requester.id,
      purpose: purpose.code,
      description,
      doorId: wish.doorId,
      ...window.value,
      createdAt: now,
    });
    if (wish.isSubmitted) {
      await moveRequest(trx, id, 'draft', 'submitted', taken('submitted', now, requester.id, null));
    }
    return reload(trx, id);
  });
  announce(site, outcome, null);
  return outcome;
}

const taken = <S extends string>(step: S, at: EpochMs, byId: string | null, reason: string | null) => ({
  step,
  at,
  byId,
  reason,
  method: null,
});

async function loadVisible(trx: Database, id: string, person: Person): Promise<RequestRow | null> {
  const request = await loadRequest(trx, id);
  if (request === null) return null;
  return request.requesterId === person.id || mayDo(person.roles, 'requests.read.all') ? request : null;
}

/** Submits one's own draft. */
export async function submitRequest(site: Site, requester: Person, id: string): Promise<Outcome> {
  const now = site.clock.epochMs();
  const outcome = await inTransaction(site.db, async (trx): Promise<Outcome> => {
    const request = await loadVisible(trx, id, requester);
    if (request === null) return refused('not-found');
    if (request.requesterId !== requester.id) return refused('forbidden');
    const cell = stepRequest(request.state, 'submit');
    if (cell.kind !== 'move') return refused('step-not-allowed');
    const purpose = purposeOf(request.purpose);
    const window = checkWindow(request, purpose?.maxHours ?? 0, now);
    if (!window.ok) return refused(window.error);
    if ((await activeHandles(trx, requester.id)).length === 0) return refused('no-credential');
    const isFirst = await moveRequest(
      trx,
      id,
      request.state,
      cell.to,
      taken(cell.step, now, requester.id, null),
    );
    return isFirst ? reload(trx, id) : refused('step-not-allowed');
  });
  announce(site, outcome, null);
  return outcome;
}

/**
 * Approves a request: the decision, its record in the site log, the permit and the next policy are stored
 * together or not at all.
 * @see rules SD4, SS2
 */
export async function approveRequest(site: Site, decider: Person, id: string): Promise<Outcome> {
  const now = site.clock.epochMs();
  let policyVersion: number | null = null;
  const outcome = await inTransaction(site.db, async (trx): Promise<Outcome> => {
    const request = await loadVisible(trx, id, decider);
    if (request === null) return refused('not-found');
    const checked = checkDecision({ decider, request, now }, 'approve');
    if (!checked.ok) return refused(checked.error);
    const handles = await activeHandles(trx, request.requesterId);
    if (handles.length === 0) return refused('no-credential');
    const isFirst = await moveRequest(trx, id, request.state, 'approved', {
      ...taken('approved', now, decider.id, null),
      method: 'session',
    });
    if (!isFirst) return refused('already-decided');
    await issuePermit(trx, site, { request, decider, handles, now });
    policyVersion = (await renewPolicy(trx, site, now)).version;
    return reload(trx, id);
  });
  announce(site, outcome, policyVersion);
  return outcome;
}

interface PermitOrder {
  readonly request: RequestRow;
  readonly decider: Person;
  readonly handles: readonly string[];
  readonly now: EpochMs;
}

const approvalOf = (
  draftHash: string,
  decision: Approval['decision'],
  by: string,
  now: EpochMs,
): Approval => ({ req: draftHash, decision, by, at: Math.floor(now / 1000), m: 'session' });

async function issuePermit(trx: Database, site: Site, order: PermitOrder): Promise<void> {
  const { request, decider, now } = order;
  const draft = requestDraft(site.id, request);
  const approval = approvalOf(requestHash(sha256, draft), 'approved', decider.id, now);
  const seq = await appendSiteLog(trx, siteLogPort(site), [{ ty: 'approval.recorded', x: approval }], now);
  const claims = draftPermit({
    siteId: site.id,
    issuer: site.signer.issuer,
    permitId: newRowId(site.random, 'pm'),
    request,
    requestHash: approval.req,
    handles: order.handles,
    approval: { by: approval.by, at: approval.at, m: approval.m, h: approvalHash(sha256, approval) },
    now,
  });
  if (!claims.ok) throw new Fault('permit-without-card', { retryable: false });
  const approver = await findPerson(trx, decider.id);
  const signed = await site.signer.signPermit(claims.value, {
    requestDraft: draft,
    records: await loadSiteRecords(trx, seq),
    isSupervisor: (personId) =>
      approver?.id === personId && approver.isActive && mayDo(approver.roles, 'requests.decide'),
  });
  if (!signed.ok) throw new Fault('permit-refused-by-issuer', { retryable: false, cause: signed.error });
  const hash = jwsHash(sha256, signed.value);
  await insertPermit(trx, {
    claims: claims.value,
    requestId: request.id,
    jws: signed.value,
    hash,
    issuedAt: now,
  });
  await appendSiteLog(trx, siteLogPort(site), [{ ty: 'permit.issued', x: { h: hash } }], now);
}

/** Rejects a request with a reason. */
export async function rejectRequest(
  site: Site,
  decider: Person,
  id: string,
  reason: string,
): Promise<Outcome> {
  const now = site.clock.epochMs();
  const outcome = await inTransaction(site.db, async (trx): Promise<Outcome> => {
    const request = await loadVisible(trx, id, decider);
    if (request === null) return refused('not-found');
    const checked = checkDecision({ decider, request, now }, 'reject');
    if (!checked.ok) return refused(checked.error);
    const isFirst = await moveRequest(trx, id, request.state, 'rejected', {
      ...taken('rejected', now, decider.id, reason),
      method: 'session',
    });
    if (!isFirst) return refused('already-decided');
    const draftHash = requestHash(sha256, requestDraft(site.id, request));
    const record: SiteLogEntry = {
      ty: 'approval.recorded',
      x: approvalOf(draftHash, 'rejected', decider.id, now),
    };
    await appendSiteLog(trx, siteLogPort(site), [record], now);
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
    const request = await loadVisible(trx, id, person);
    if (request === null) return refused('not-found');
    if (!isAllowed(request)) return refused('forbidden');
    const cell = stepRequest(request.state, action);
    if (cell.kind !== 'move') return refused('step-not-allowed');
    const isFirst = await moveRequest(
      trx,
      id,
      request.state,
      cell.to,
      taken(cell.step, now, person.id, reason),
    );
    if (!isFirst) return refused('step-not-allowed');
    const hash = await revokePermit(trx, id, now);
    if (hash !== null) {
      await appendSiteLog(trx, siteLogPort(site), [{ ty: 'permit.revoked', x: { h: hash } }], now);
      policyVersion = (await renewPolicy(trx, site, now)).version;
    }
    return reload(trx, id);
  });
  announce(site, outcome, policyVersion);
  return outcome;
}

/** Ends drafts and waiting requests whose window is over, each once. @returns how many */
export async function expireLapsed(site: Site): Promise<number> {
  const now = site.clock.epochMs();
  const expired = await inTransaction(site.db, async (trx) => {
    const outcomes: Outcome[] = [];
    for (const id of await lapsedRequests(trx, now)) {
      const request = await loadRequest(trx, id);
      const cell = request === null ? null : stepRequest(request.state, 'expire');
      if (request === null || cell?.kind !== 'move') continue;
      const state: RequestState = request.state;
      if (await moveRequest(trx, id, state, cell.to, taken(cell.step, now, null, null))) {
        outcomes.push(await reload(trx, id));
      }
    }
    return outcomes;
  });
  for (const outcome of expired) announce(site, outcome, null);
  return expired.length;
}
