import { inTransaction, settleDeletes } from '../store/database.ts';
import { forgetOldDirectories, forgetVisitors, pseudonymise } from '../store/erase.ts';
import { destroyOpenings, openingMonths } from '../store/openings.ts';
import { currentPolicy } from '../store/policy-versions.ts';
import { saveMarks } from '../store/privacy.ts';
import { appendSiteLog } from '../store/site-log.ts';
import { recordErased } from './erase-person.ts';
import { siteLogPort, type Site } from './site.ts';

/** What was destroyed when a site was closed. */
export interface ClosedSite {
  readonly people: number;
  readonly openings: number;
}

/** Tells how many people are under a legal hold: their data must not go with the site. */
export async function countHolds(site: Site): Promise<number> {
  const row = await site.db
    .selectFrom('privacy_marks')
    .select((e) => e.fn.countAll().as('count'))
    .where('held_at', 'is not', null)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/**
 * Destroys all personal data of a site and closes its log; what stays are records that name nobody.
 * @param deciders how many people decided it
 * @see rule SA64
 */
export async function closeSite(site: Site, deciders: number): Promise<ClosedSite> {
  const now = site.clock.epochMs();
  const closed = await inTransaction(site.db, async (trx) => {
    const places = [];
    for (const month of await openingMonths(trx)) places.push(...(await destroyOpenings(trx, { month })));
    await recordErased(trx, site, places, (n, at) => ({
      ty: 'privacy.erased',
      x: { n, at: [...at], basis: 'no-longer-needed', by: deciders },
    }));
    await forgetVisitors(trx, { before: Number.MAX_SAFE_INTEGER });
    const people = await trx.selectFrom('people').select('id').execute();
    for (const { id } of people) {
      await pseudonymise(trx, id);
      await saveMarks(trx, id, {
        restricted_at: null,
        sealed_person: null,
        erased_at: now,
        erased_basis: 'no-longer-needed',
      });
    }
    await forgetOldDirectories(trx, ((await currentPolicy(trx))?.version ?? 0) + 1);
    await appendSiteLog(trx, siteLogPort(site), [{ ty: 'site.closed', x: {} }], now);
    return { people: people.length, openings: places.length };
  });
  await settleDeletes(site.db);
  return closed;
}
