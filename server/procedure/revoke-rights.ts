import type { RevocationCause, RevocationCounts } from '#contract/api-people';
import type { EpochMs } from '#contract/clock';
import { err, ok, type Result } from '#contract/result';
import type { SiteLogEntry } from '#contract/site-log';
import { newRowId } from '../auth/tokens.ts';
import { stepRequest } from '../domain/request-life.ts';
import { recordAudit } from '../store/audit-trail.ts';
import { inTransaction, type Database } from '../store/database.ts';
import { revokeDelegationsOf } from '../store/delegations.ts';
import { findPerson, setPersonActive } from '../store/people.ts';
import { loadProfileRow, peopleWhoseRightsEnded, replaceRoles, saveProfile } from '../store/profiles.ts';
import { moveRequest } from '../store/requests.ts';
import {
  deletePinsOf,
  insertRevocation,
  requestsOf,
  type OpenRequest,
  revokePermitsOf,
  suspendCardsOf,
} from '../store/revocations.ts';
import { deleteResetsOf, deleteSessionsOf } from '../store/accounts.ts';
import { appendSiteLog } from '../store/site-log.ts';
import { renewPolicy } from './renew-policy.ts';
import { emptyProfile } from './person-profile.ts';
import { refusal, siteLogPort, type Refusal, type Site } from './site.ts';

/** Why somebody's rights end, since when they should have, and by whom. */
export interface RevocationOrder {
  readonly personId: string;
  readonly cause: RevocationCause;
  readonly reason: string;
  readonly effectiveAt: number;
  /** Null where the clock does it. */
  readonly byId: string | null;
}

/** Which step ends a request that is not over; null where it may stay as it is. */
function endingStep({ state, validUntil }: OpenRequest, now: EpochMs) {
  // What only waits to be closed is closed at the desk: equipment and badge are still to be accounted for.
  if (state === 'left') return null;
  const [revoke, withdraw] = [stepRequest(state, 'revoke'), stepRequest(state, 'withdraw')];
  // What was approved and is over stays as it was: that it was approved stays true.
  if (revoke.kind === 'move') return validUntil > now ? revoke : null;
  return withdraw.kind === 'move' ? withdraw : null;
}

async function endRequests(trx: Database, order: RevocationOrder, now: EpochMs): Promise<number> {
  let count = 0;
  for (const request of await requestsOf(trx, order.personId)) {
    const cell = endingStep(request, now);
    if (cell === null) continue;
    const { byId, reason } = order;
    const step = { step: cell.step, at: now, byId, reason, method: null };
    if (await moveRequest(trx, request.id, request.state, cell.to, step)) count += 1;
  }
  return count;
}

/**
 * Ends what somebody may do, all of it in one transaction: permits, requests, sessions and delegations; and cards,
 * PINs and roles as well, unless only the contract ran out and may be prolonged: cards then end by the directory.
 * @returns the version of the policy that carries it; the caller publishes it after the commit
 * @see rules SD73, SD74
 */
export async function revokeRights(trx: Database, site: Site, order: RevocationOrder): Promise<number> {
  const now = site.clock.epochMs();
  const { personId, cause } = order;
  const isForGood = cause !== 'contract-ended';
  const permits = await revokePermitsOf(trx, personId, now);
  const counts: RevocationCounts = {
    permits: permits.length,
    requests: await endRequests(trx, order, now),
    cards: isForGood ? await suspendCardsOf(trx, personId) : 0,
    pins: isForGood ? await deletePinsOf(trx, personId) : 0,
    sessions: await deleteSessionsOf(trx, personId),
    delegations: await revokeDelegationsOf(trx, personId, now),
    roles: isForGood ? [...(await replaceRoles(trx, personId, []))] : [],
  };
  await deleteResetsOf(trx, personId);
  const records = permits.map((hash): SiteLogEntry => ({ ty: 'permit.revoked', x: { h: hash } }));
  if (records.length > 0) await appendSiteLog(trx, siteLogPort(site), records, now);
  const { version } = await renewPolicy(trx, site, now);
  const id = newRowId(site.random, 'rv');
  await insertRevocation(trx, { ...order, id, doneAt: now, counts, policyVersion: version });
  await recordAudit(trx, {
    at: now,
    byId: order.byId,
    act: 'rights.revoked',
    subject: personId,
    facts: { revocation: id, cause, effectiveAt: new Date(order.effectiveAt).toISOString(), ...counts },
  });
  return version;
}

/** What changes in the person beside the rights. */
export type Departure =
  | { readonly cause: 'left' }
  | { readonly cause: 'moved'; readonly unit: string; readonly position: string | null };

/**
 * Ends somebody's rights because they left, or moved to another unit, which has to grant its own.
 * @returns the person's id
 */
export async function departPerson(
  site: Site,
  order: Omit<RevocationOrder, 'cause' | 'byId'> & { readonly byId: string },
  departure: Departure,
): Promise<Result<string, Refusal>> {
  const now = site.clock.epochMs();
  if (order.effectiveAt > now) {
    return err(refusal('invalid-input', [{ pointer: '/effectiveAt', code: 'in-future' }]));
  }
  const version = await inTransaction(site.db, async (trx) => {
    const person = await findPerson(trx, order.personId);
    if (person?.isActive !== true) return null;
    const profile = (await loadProfileRow(trx, person.id)) ?? emptyProfile(person.id);
    await saveProfile(
      trx,
      departure.cause === 'left'
        ? { ...profile, left_at: order.effectiveAt }
        : { ...profile, unit: departure.unit, position: departure.position },
    );
    const version = await revokeRights(trx, site, { ...order, cause: departure.cause });
    if (departure.cause === 'left') await setPersonActive(trx, person.id, false);
    return version;
  });
  if (version === null) return err(refusal('not-found'));
  site.policyChanges.publish(version);
  return ok(order.personId);
}

/** Ends the rights of those whose contract or assignment is over, each once. @see rule SD70 */
export async function endLapsedRights(site: Site): Promise<void> {
  const versions = await inTransaction(site.db, async (trx) => {
    const done: number[] = [];
    for (const { id, endedAt } of await peopleWhoseRightsEnded(trx, site.clock.epochMs())) {
      done.push(
        await revokeRights(trx, site, {
          personId: id,
          cause: 'contract-ended',
          reason: 'The contract or assignment has ended.',
          effectiveAt: endedAt,
          byId: null,
        }),
      );
    }
    return done;
  });
  const newest = versions.at(-1);
  if (newest !== undefined) site.policyChanges.publish(newest);
}
