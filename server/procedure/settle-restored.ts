import { recordAudit } from '../store/audit-trail.ts';
import { inTransaction } from '../store/database.ts';
import { deleteOrphans, orphanedOpenings, takeRestoredMark } from '../store/dump.ts';
import { listErased, loadMarks } from '../store/privacy.ts';
import { findPerson } from '../store/people.ts';
import { appendSiteLog } from '../store/site-log.ts';
import { erasePerson, recordErased } from './erase-person.ts';
import { siteLogPort, type Site } from './site.ts';

/**
 * Takes up work on a database that was put back from a backup: says so in the site log, records what the newer keys
 * no longer open, and erases again whoever was erased after the backup was made.
 * @see rule SA63
 */
export async function settleRestored(site: Site): Promise<void> {
  const now = site.clock.epochMs();
  await inTransaction(site.db, async (trx) => {
    const madeAt = await takeRestoredMark(trx);
    if (madeAt === null) return;
    await appendSiteLog(trx, siteLogPort(site), [{ ty: 'server.restored', x: { made: madeAt } }], now);
    const orphans = await orphanedOpenings(trx);
    await deleteOrphans(trx);
    await recordErased(trx, site, orphans, (n, at) => ({
      ty: 'privacy.erased',
      x: { n, at: [...at], basis: 'subject-request', by: 1 },
    }));
    await recordAudit(trx, {
      at: now,
      byId: null,
      act: 'server.restored',
      subject: site.id,
      facts: { madeAt: new Date(madeAt).toISOString(), erasedSince: orphans.length },
    });
  });
  const known = new Set(site.erasures.list().map(({ person }) => person));
  // A crash between the commit of an erasure and its line in the ledger is made up for here.
  for (const { personId, basis, at } of await listErased(site.db)) {
    if (!known.has(personId)) site.erasures.add({ person: personId, basis, at });
  }
  for (const { person, basis } of site.erasures.list()) {
    if ((await findPerson(site.db, person)) === null) continue;
    if ((await loadMarks(site.db, person)).erased_at !== null) continue;
    const order = {
      personId: person,
      basis,
      carriedBy: null,
      approvedBy: null,
      deciders: 1,
      requestId: null,
    };
    const erased = await erasePerson(site, order);
    if (!erased.ok) site.log.warn({ code: erased.error.code }, 'an erasure could not be repeated');
  }
}
