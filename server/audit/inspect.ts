import { verifyBundle, type BundleVerdict } from '#contract/bundle';
import type { Clock, Random } from '#contract/clock';
import { openKeyStore } from '../signing/key-store.ts';
import { assertionPorts, hmacSha256, sha256 } from '../signing/node-crypto.ts';
import { createSiteSigner } from '../signing/site-signer.ts';
import { openVaultKey } from '../signing/vault-key.ts';
import { createVault } from '../signing/vault.ts';
import { inTransaction, type Database } from '../store/database.ts';
import { orphanedOpenings } from '../store/dump.ts';
import { createEvidenceSource } from '../store/evidence-source.ts';
import { buildBundle } from './export.ts';
import { cosignPending } from './ingest.ts';

/** What stands in a database that nobody works with. */
export interface Inspection {
  readonly verdict: BundleVerdict;
  /** Openings whose key is gone since the database was copied. */
  readonly erasedSince: number;
}

/**
 * Verifies what a copy of a database holds, without taking up the site's work: nothing is appended to any log, so that
 * a copy never makes a second history.
 */
export async function inspectDatabase(options: {
  readonly db: Database;
  readonly siteId: string;
  readonly keysDir: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly version: string;
}): Promise<Inspection> {
  const { db, siteId, keysDir, clock, random } = options;
  const createdAt = clock.epochMs();
  const keys = openKeyStore(keysDir, { siteId, now: createdAt, random, rpId: null });
  const signer = createSiteSigner(siteId, keys);
  const vault = createVault(openVaultKey(keysDir, random), random);
  const erasedSince = (await orphanedOpenings(db)).length;
  const files = await inTransaction(db, async (trx) => {
    await cosignPending({ db, clock, signer }, trx);
    return buildBundle(createEvidenceSource(trx, siteId, keys.rootChain, vault), {
      sha256,
      // Openings that are gone cannot be held against what is recorded later: a period without any leaves them out.
      period:
        erasedSince === 0 ? null : { from: '1970-01-01T00:00:00.000Z', until: '1970-01-01T00:00:00.001Z' },
      tool: `palang ${options.version}`,
      createdAt,
    });
  });
  return { verdict: await verifyBundle(files, { ...assertionPorts, hmac: hmacSha256 }), erasedSince };
}
