import type { RetentionClassName } from '#contract/api-privacy';
import { newRowId } from '../auth/tokens.ts';
import { isMonthOver } from '../domain/erasure-ranges.ts';
import { inTransaction, settleDeletes, type Database } from '../store/database.ts';
import { forgetVisitors, pseudonymise } from '../store/erase.ts';
import { destroyOpenings, openingMonths } from '../store/openings.ts';
import { setPersonActive } from '../store/people.ts';
import {
  deleteOldConflicts,
  deleteOldViews,
  emptyUnusedRequests,
  idleVisitors,
  insertDestruction,
  listRetention,
  saveMarks,
} from '../store/privacy.ts';
import { recordErased } from './erase-person.ts';
import { revokeRights } from './revoke-rights.ts';
import type { Site } from './site.ts';

const DAY_MS = 86_400_000;

async function destroyed(
  trx: Database,
  site: Site,
  facts: {
    readonly className: RetentionClassName;
    readonly month?: string;
    readonly counts: Readonly<Record<string, number>>;
    readonly siteSeq?: number | null;
  },
): Promise<void> {
  await insertDestruction(trx, {
    id: newRowId(site.random, 'ds'),
    at: site.clock.epochMs(),
    kind: 'retention',
    class_name: facts.className,
    month: facts.month ?? null,
    basis: 'retention-over',
    counts: JSON.stringify(facts.counts),
    site_seq: facts.siteSeq ?? null,
    request_id: null,
    carried_by: null,
    approved_by: null,
  });
}

/** Destroys the keys of a month whose time is over, but for those of people under a legal hold. */
async function endMonth(site: Site, month: string): Promise<number> {
  return inTransaction(site.db, async (trx) => {
    const places = await destroyOpenings(trx, { month });
    if (places.length === 0) return 0;
    const [year = 0, number = 1] = month.split('-').map(Number);
    await forgetVisitors(trx, { before: Date.UTC(year, number) });
    const siteSeq = await recordErased(trx, site, places, (n, at) => ({
      ty: 'retention.destroyed',
      x: { n, at: [...at], month },
    }));
    await destroyed(trx, site, {
      className: 'door-events',
      month,
      counts: { openings: places.length },
      siteSeq,
    });
    return places.length;
  });
}

/** Takes away what is known of visitors who did not come again; what commitments stand for lives its own time. */
async function endVisitors(site: Site, before: number): Promise<number> {
  return inTransaction(site.db, async (trx) => {
    const now = site.clock.epochMs();
    const ids = await idleVisitors(trx, before);
    for (const personId of ids) {
      await setPersonActive(trx, personId, false);
      await revokeRights(trx, site, { personId, cause: 'left', reason: '', effectiveAt: now, byId: null });
      await pseudonymise(trx, personId);
      await saveMarks(trx, personId, {
        restricted_at: null,
        sealed_person: null,
        erased_at: now,
        erased_basis: 'retention-over',
      });
    }
    if (ids.length > 0)
      await destroyed(trx, site, { className: 'visitor-data', counts: { people: ids.length } });
    return ids.length;
  });
}

async function endRows(
  site: Site,
  className: RetentionClassName,
  name: string,
  work: (trx: Database) => Promise<number>,
): Promise<number> {
  return inTransaction(site.db, async (trx) => {
    const count = await work(trx);
    if (count > 0) await destroyed(trx, site, { className, counts: { [name]: count } });
    return count;
  });
}

/**
 * Destroys whatever may be kept no longer, class by class, and records each time that it did.
 * @returns how many things were destroyed
 * @see rules SA57, SA59
 */
export async function endRetention(site: Site): Promise<number> {
  const now = site.clock.epochMs();
  let count = 0;
  for (const { name, keepDays } of await listRetention(site.db)) {
    const before = now - keepDays * DAY_MS;
    if (name === 'door-events') {
      for (const month of await openingMonths(site.db)) {
        if (isMonthOver(month, keepDays, now)) count += await endMonth(site, month);
      }
      count += await endRows(site, name, 'batches', (trx) => deleteOldConflicts(trx, before));
    } else if (name === 'visitor-data') {
      count += await endVisitors(site, before);
    } else if (name === 'unused-requests') {
      count += await endRows(site, name, 'requests', (trx) => emptyUnusedRequests(trx, before));
    } else {
      count += await endRows(site, name, 'lines', (trx) => deleteOldViews(trx, before));
    }
  }
  if (count > 0) await settleDeletes(site.db);
  return count;
}

const LAST_RUN = 'retention-day';

/** Ends retention once a day. @returns whether this was the day's first time */
export async function endRetentionDaily(site: Site): Promise<boolean> {
  const today = new Date(site.clock.epochMs()).toISOString().slice(0, 10);
  const row = await site.db.selectFrom('meta').select('value').where('key', '=', LAST_RUN).executeTakeFirst();
  if (row?.value === today) return false;
  await endRetention(site);
  await site.db
    .insertInto('meta')
    .values({ key: LAST_RUN, value: today })
    .onConflict((c) => c.column('key').doUpdateSet({ value: today }))
    .execute();
  return true;
}
