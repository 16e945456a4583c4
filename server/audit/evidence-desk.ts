import type { Integrity } from '#contract/api';
import {
  BUNDLE_PATHS,
  decodeJournalPath,
  journalCheckpointsPath,
  journalPath,
  type BundlePeriod,
} from '#contract/bundle-format';
import { verifyBundle } from '#contract/bundle';
import { encodeBase64 } from '#contract/bytes';
import type { EpochMs } from '#contract/clock';
import { frontierRoot } from '#contract/merkle';
import { journalOrigin, siteLogOrigin } from '#contract/record';
import type { Site } from '../procedure/site.ts';
import { assertionPorts, hmacSha256, sha256 } from '../signing/node-crypto.ts';
import { inTransaction } from '../store/database.ts';
import { createEvidenceSource } from '../store/evidence-source.ts';
import { listJournals, loadJournal, newestCheckpoint } from '../store/journals.ts';
import { siteLogHead } from '../store/site-log.ts';
import { buildBundle } from './export.ts';
import { cosignPending } from './ingest.ts';

/** A bundle and when it was made. */
export interface ExportedEvidence {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly createdAt: EpochMs;
}

/** Builds the evidence bundle of one moment; an open end of the period is the beginning, or now. */
export async function exportEvidence(
  site: Site,
  version: string,
  period: { readonly from: string | null; readonly until: string | null },
): Promise<ExportedEvidence> {
  const createdAt = site.clock.epochMs();
  const isWhole = period.from === null && period.until === null;
  const span: BundlePeriod | null = isWhole
    ? null
    : {
        from: period.from ?? new Date(0).toISOString(),
        until: period.until ?? new Date(createdAt).toISOString(),
      };
  const files = await inTransaction(site.db, async (trx) => {
    // In the snapshot itself: a batch that came between the two would stand in the bundle without a cosignature.
    await cosignPending(site, trx);
    return buildBundle(createEvidenceSource(trx, site.id, site.rootChain, site.vault), {
      sha256,
      period: span,
      tool: `palang ${version}`,
      createdAt,
    });
  });
  return { files, createdAt };
}

interface StoredLog {
  readonly origin: string;
  readonly files: readonly string[];
  readonly size: number;
  readonly root: Uint8Array;
  readonly signedSize: number;
}

async function storedLogs(site: Site): Promise<readonly StoredLog[]> {
  const head = await siteLogHead(site.db);
  const logs: StoredLog[] = [
    {
      origin: siteLogOrigin(site.id),
      files: [BUNDLE_PATHS.siteLog, BUNDLE_PATHS.siteCheckpoints],
      size: head.size,
      root: frontierRoot(sha256, head.frontier),
      signedSize: head.size,
    },
  ];
  for (const key of await listJournals(site.db)) {
    const { gatewayId, epoch } = key;
    const journal = await loadJournal(site.db, key);
    logs.push({
      origin: journalOrigin(site.id, gatewayId, epoch),
      files: [journalPath(gatewayId, epoch), journalCheckpointsPath(gatewayId, epoch)],
      size: journal.size,
      root: frontierRoot(sha256, journal.frontier),
      signedSize: (await newestCheckpoint(site.db, key))?.size ?? 0,
    });
  }
  return logs;
}

/**
 * Verifies everything that is stored, by the same code and from the same bytes that an auditor uses.
 * @see rule SA29
 */
export async function checkIntegrity(site: Site, version: string): Promise<Integrity> {
  const { files, createdAt } = await exportEvidence(site, version, { from: null, until: null });
  const verdict = await verifyBundle(files, { ...assertionPorts, hmac: hmacSha256 });
  const checkedAt = new Date(createdAt).toISOString();
  const logs = await storedLogs(site);
  if (verdict.ok) {
    return {
      checkedAt,
      isIntact: true,
      logs: verdict.value.logs.map((log) => ({
        origin: log.origin,
        size: log.size,
        root: log.root,
        signedSize: logs.find((each) => each.origin === log.origin)?.signedSize ?? log.size,
        signedAt:
          log.cosignedAtSeconds === null ? null : new Date(log.cosignedAtSeconds * 1000).toISOString(),
        finding: null,
      })),
    };
  }
  const { file, line, reason } = verdict.error;
  // What belongs to no journal (keys, openings, the index) is told of at the site log.
  const isOfJournal = decodeJournalPath(file) !== null;
  return {
    checkedAt,
    isIntact: false,
    logs: logs.map((log, index) => ({
      origin: log.origin,
      size: log.size,
      root: encodeBase64(log.root),
      signedSize: log.signedSize,
      signedAt: null,
      finding: (isOfJournal ? log.files.includes(file) : index === 0) ? { file, line, reason } : null,
    })),
  };
}
