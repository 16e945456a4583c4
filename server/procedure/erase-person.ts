import type { ErasureBasis } from '#contract/erasure';
import { err, ok, type Result } from '#contract/result';
import type { SiteLogEntry } from '#contract/site-log';
import { newRowId } from '../auth/tokens.ts';
import { countErased, erasedLeaves, type ErasedPlace } from '../domain/erasure-ranges.ts';
import { recordAudit } from '../store/audit-trail.ts';
import { inTransaction, settleDeletes, type Database } from '../store/database.ts';
import { forgetOldDirectories, forgetVisitors, handlesOf, isInside, pseudonymise } from '../store/erase.ts';
import { destroyOpenings, destroyUnclaimed } from '../store/openings.ts';
import { findPerson, setPersonActive } from '../store/people.ts';
import { currentPolicy } from '../store/policy-versions.ts';
import { erasedWithOpenings, insertDestruction, loadMarks, saveMarks } from '../store/privacy.ts';
import { appendSiteLog } from '../store/site-log.ts';
import { renewPolicy } from './renew-policy.ts';
import { revokeRights } from './revoke-rights.ts';
import { refusal, siteLogPort, type Refusal, type Site } from './site.ts';

/** Whom to erase, why, and who decided it. */
export interface ErasureOrder {
  readonly personId: string;
  readonly basis: ErasureBasis;
  /** Null where it is carried out at the machine itself. */
  readonly carriedBy: string | null;
  readonly approvedBy: string | null;
  /** How many people decided it. */
  readonly deciders: number;
  readonly requestId: string | null;
}

/** What was destroyed. */
export interface Erasure {
  readonly id: string;
  readonly openings: number;
  readonly siteSeq: number | null;
}

/** Tells the auditor what nobody can open any more. @returns the number of the first record; null for nothing */
export async function recordErased(
  trx: Database,
  site: Site,
  places: readonly ErasedPlace[],
  entryOf: (n: number, at: ReturnType<typeof erasedLeaves>[number]) => SiteLogEntry,
): Promise<number | null> {
  const pieces = erasedLeaves(places);
  if (pieces.length === 0) return null;
  const entries = pieces.map((piece) => entryOf(countErased(piece), piece));
  return appendSiteLog(trx, siteLogPort(site), entries, site.clock.epochMs());
}

const asErased =
  (basis: ErasureBasis, by: number) =>
  (n: number, at: ReturnType<typeof erasedLeaves>[number]): SiteLogEntry => ({
    ty: 'privacy.erased',
    x: { n, at: [...at], basis, by },
  });

/** Erases a person inside a transaction. @returns the erasure and the version of the policy that is left */
async function eraseInside(
  trx: Database,
  site: Site,
  order: ErasureOrder,
): Promise<Result<{ readonly erasure: Erasure; readonly version: number }, Refusal>> {
  const now = site.clock.epochMs();
  const { personId, basis } = order;
  if ((await findPerson(trx, personId)) === null) return err(refusal('not-found'));
  const marks = await loadMarks(trx, personId);
  if (marks.held_at !== null) return err(refusal('on-hold'));
  if (marks.erased_at !== null) return err(refusal('step-not-allowed'));
  // What is under way at the door would leave records of somebody who is gone already.
  if (await isInside(trx, personId)) return err(refusal('person-inside'));
  await setPersonActive(trx, personId, false);
  await revokeRights(trx, site, {
    personId,
    cause: 'left',
    reason: '',
    effectiveAt: now,
    byId: order.carriedBy,
  });
  const handles = new Set(await handlesOf(trx, personId));
  const places = [
    ...(await destroyOpenings(trx, { subjectId: personId })),
    ...(await destroyUnclaimed(trx, site.vault, handles)),
  ];
  await forgetVisitors(trx, { personId });
  await pseudonymise(trx, personId);
  await saveMarks(trx, personId, {
    restricted_at: null,
    sealed_person: null,
    hold_reason: null,
    erased_at: now,
    erased_basis: basis,
  });
  await renewPolicy(trx, site, now);
  const version = (await currentPolicy(trx))?.version ?? 0;
  await forgetOldDirectories(trx, version);
  const siteSeq = await recordErased(trx, site, places, asErased(basis, order.deciders));
  const erasure = { id: newRowId(site.random, 'ds'), openings: places.length, siteSeq };
  await insertDestruction(trx, {
    id: erasure.id,
    at: now,
    kind: 'erasure',
    class_name: null,
    month: null,
    basis,
    counts: JSON.stringify({ openings: places.length, people: 1 }),
    site_seq: siteSeq,
    request_id: order.requestId,
    carried_by: order.carriedBy,
    approved_by: order.approvedBy,
  });
  await recordAudit(trx, {
    at: now,
    byId: order.carriedBy,
    act: 'person.erased',
    subject: erasure.id,
    facts: { basis, openings: places.length, deciders: order.deciders },
  });
  return ok({ erasure, version });
}

/**
 * Erases a person: the keys of what commitments stand for, the rows under them, name, profile, cards and accounts.
 * Records, roots and proofs stay as they are, and the site log says which of them nobody can open any more, not whose
 * they were.
 * @param also runs in the same transaction before the erasure; a refusal of its own stops it
 * @see rules SA54, SA55, SA56
 */
export async function erasePerson(
  site: Site,
  order: ErasureOrder,
  also: (trx: Database) => Promise<Refusal | null> = () => Promise.resolve(null),
): Promise<Result<Erasure, Refusal>> {
  const outcome = await inTransaction(site.db, async (trx) => {
    const stopped = await also(trx);
    return stopped === null ? eraseInside(trx, site, order) : err(stopped);
  });
  if (!outcome.ok) return outcome;
  site.erasures.add({ person: order.personId, basis: order.basis, at: site.clock.epochMs() });
  await settleDeletes(site.db);
  site.policyChanges.publish(outcome.value.version);
  return ok(outcome.value.erasure);
}

/** Erases what a gateway that had been cut off brings of people who are erased already. @see rule SA58 */
export async function eraseLateArrivals(site: Site): Promise<number> {
  let count = 0;
  for (const { personId, basis } of await erasedWithOpenings(site.db)) {
    count += await inTransaction(site.db, async (trx) => {
      const places = await destroyOpenings(trx, { subjectId: personId });
      await forgetVisitors(trx, { personId });
      await recordErased(trx, site, places, asErased(basis, 1));
      return places.length;
    });
  }
  if (count > 0) await settleDeletes(site.db);
  return count;
}
