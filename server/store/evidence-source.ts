import { utf8 } from '#contract/bytes';
import type { Opening } from '#contract/commitment';
import type { RootDocument } from '#contract/root-document';
import type { EvidenceLog, EvidenceSource, Rows } from '../audit/export.ts';
import type { Database } from './database.ts';
import type { Vault } from '../signing/vault.ts';
import { listJournals, loadCheckpoints, loadRecords, storedEnd, type JournalKey } from './journals.ts';
import { loadOpenings } from './openings.ts';
import { loadSiteCheckpoints, loadSiteRecords } from './site-log.ts';

/** How many records are held in memory at once. */
const SLICE = 2000;

/** Everything that stands there, behind the acknowledged end as well: what was put there must not stay unseen. */
async function* recordsOf(db: Database, key: JournalKey): AsyncGenerator<Uint8Array> {
  const end = await storedEnd(db, key);
  for (let from = 0; from < end; from += SLICE) {
    const slice = await loadRecords(db, key, from, from + SLICE);
    for (const record of slice) yield utf8(record.text);
  }
}

async function* each<T>(rows: Promise<readonly T[]>): AsyncGenerator<T> {
  yield* await rows;
}

/**
 * Gives the stored evidence to an export.
 * @param db a transaction, so that the site log and the journals are of one moment
 */
export function createEvidenceSource(
  db: Database,
  siteId: string,
  rootChain: readonly RootDocument[],
  vault: Vault,
): EvidenceSource {
  const keyOf = (id: { readonly gateway: string; readonly epoch: number }): JournalKey => ({
    gatewayId: id.gateway,
    epoch: id.epoch,
  });
  return {
    siteId,
    rootChain: () => Promise.resolve(rootChain),
    journals: async () =>
      (await listJournals(db)).map(({ gatewayId, epoch }) => ({ gateway: gatewayId, epoch })),
    siteLog: (): EvidenceLog => ({
      records: each(loadSiteRecords(db)),
      checkpoints: each(loadSiteCheckpoints(db)),
    }),
    journal: (id): EvidenceLog => ({
      records: recordsOf(db, keyOf(id)),
      checkpoints: each(loadCheckpoints(db, keyOf(id)).then((all) => all.map(({ note }) => note))),
    }),
    openings: (id): Rows<Opening> => each(loadOpenings(db, vault, keyOf(id))),
  };
}
