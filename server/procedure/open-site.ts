import { dirname, join } from 'node:path';
import type { Clock, EpochMs, Random } from '#contract/clock';
import { rootHash } from '#contract/root-document';
import { Fault } from '#contract/result';
import { decodeSiteLogRecord } from '#contract/site-log';
import { createBroadcast } from '../notify/broadcast.ts';
import { openKeyStore } from '../signing/key-store.ts';
import { sha256 } from '../signing/node-crypto.ts';
import { createErasureLedger } from '../signing/erasure-ledger.ts';
import { createPiiBox } from '../signing/pii-box.ts';
import { createSiteSigner } from '../signing/site-signer.ts';
import { openVaultKey } from '../signing/vault-key.ts';
import { createVault } from '../signing/vault.ts';
import { inTransaction, openDatabase } from '../store/database.ts';
import { checkVault, sealPlainOpenings } from '../store/openings.ts';
import { seedPurposes } from '../store/purposes.ts';
import { appendSiteLog, loadSiteRecords } from '../store/site-log.ts';
import { settleRestored } from './settle-restored.ts';
import { seedPlaces } from './demo-seed.ts';
import { keepHouse } from './housekeeping.ts';
import { recordRoots } from './roots.ts';
import { seedRules } from './site-rules.ts';
import { seedSops } from './sops.ts';
import { siteLogPort, type GatewayWake, type LiveItem, type Log, type Site } from './site.ts';

const KEPT_LIVE_ITEMS = 500;
const KEPT_WAKES = 100;

async function openSiteLog(site: Site, now: EpochMs): Promise<void> {
  const first = (await loadSiteRecords(site.db))[0];
  const root = rootHash(sha256, site.rootChain[0].root);
  if (first === undefined) {
    await inTransaction(site.db, (trx) =>
      appendSiteLog(trx, siteLogPort(site), [{ ty: 'site.opened', x: { root } }], now),
    );
    await seedPlaces(site);
    await seedRules(site);
    return;
  }
  // Keys of another site, or new ones beside an old database: nothing they sign would fit what is stored.
  const record = decodeSiteLogRecord(first);
  if (!record.ok || record.value.ty !== 'site.opened' || record.value.x.root !== root) {
    throw new Fault('keys-do-not-fit-database', { retryable: false });
  }
}

/**
 * Opens a site: database, keys and site log, made at the first start, and everything done that came due while
 * the server was down.
 * @throws Fault for whatever stands in the way
 */
export async function openSite(options: {
  readonly id: string;
  readonly timeZone: string;
  readonly databaseUrl: string;
  readonly keysDir: string;
  /** Host of the app, which passkeys are bound to from the first start on; null where it has none. */
  readonly rpId?: string | null;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}): Promise<Site> {
  const { clock, random, log } = options;
  const db = await openDatabase(options.databaseUrl);
  try {
    const now = clock.epochMs();
    const { rpId = null } = options;
    const keys = openKeyStore(options.keysDir, { siteId: options.id, now, random, rpId });
    const master = openVaultKey(options.keysDir, random);
    const site: Site = {
      id: options.id,
      timeZone: options.timeZone,
      db,
      clock,
      random,
      signer: createSiteSigner(options.id, keys),
      pepper: keys.pepper,
      vault: createVault(master, random),
      pii: createPiiBox(master, random),
      erasures: createErasureLedger(options.keysDir),
      get rootChain() {
        return keys.rootChain;
      },
      reloadRoots: () => keys.reload(),
      live: createBroadcast<LiveItem>(KEPT_LIVE_ITEMS),
      policyChanges: createBroadcast<number>(1),
      commands: createBroadcast<GatewayWake>(KEPT_WAKES),
      log,
      // Beside the keys: both belong to the home of the site, and neither is in the database.
      filesDir: join(dirname(options.keysDir), 'files'),
    };
    await checkVault(db, site.vault);
    await openSiteLog(site, now);
    await seedSops(site);
    await seedPurposes(db);
    await inTransaction(db, (trx) => recordRoots(trx, site, now));
    while ((await inTransaction(db, (trx) => sealPlainOpenings(trx, site))) > 0);
    await settleRestored(site);
    await keepHouse(site);
    return site;
  } catch (error) {
    await db.destroy();
    throw error;
  }
}
