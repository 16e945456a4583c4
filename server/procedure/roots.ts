import type { EpochMs } from '#contract/clock';
import { rootHash } from '#contract/root-document';
import { Fault } from '#contract/result';
import { decodeSiteLogRecord, type SiteLogEntry } from '#contract/site-log';
import { sha256 } from '../signing/node-crypto.ts';
import { inTransaction, type Database } from '../store/database.ts';
import { findGateway, revokeGatewayKey } from '../store/gateways.ts';
import { appendSiteLog, loadSiteRecordsOf } from '../store/site-log.ts';
import { rootInForce } from './approvals.ts';
import { renewPolicy } from './renew-policy.ts';
import { siteLogPort, type Site } from './site.ts';

/**
 * Writes down each later root document once, and ends the keys of gateways that the newest one revokes.
 * @see rule SU17
 */
export async function recordRoots(trx: Database, site: Site, now: EpochMs): Promise<void> {
  const known = new Set(
    (await loadSiteRecordsOf(trx, 'root.published')).flatMap((bytes) => {
      const record = decodeSiteLogRecord(bytes);
      return record.ok && record.value.ty === 'root.published' ? [record.value.x.v] : [];
    }),
  );
  const entries: SiteLogEntry[] = [];
  for (const { root } of site.rootChain.slice(1)) {
    if (known.has(root.v)) continue;
    entries.push({ ty: 'root.published', x: { v: root.v, root: rootHash(sha256, root) } });
  }
  for (const { gw, ep } of rootInForce(site).revoked ?? []) {
    const gateway = await findGateway(trx, gw);
    if (gateway?.state !== 'enrolled' || gateway.epoch !== ep) continue;
    await revokeGatewayKey(trx, gw);
    entries.push({ ty: 'gateway.revoked', x: { gw, ep } });
  }
  await appendSiteLog(trx, siteLogPort(site), entries, now);
}

/** Takes the root documents that officials have published since, if they are genuine. @see rule SU17 */
export async function takeNewRoots(site: Site): Promise<void> {
  let outcome: 'unchanged' | 'changed';
  try {
    outcome = await site.reloadRoots();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    site.log.error({ fault: error.code }, 'the root documents beside the keys were not taken');
    return;
  }
  if (outcome === 'unchanged') return;
  const now = site.clock.epochMs();
  const { version } = await inTransaction(site.db, async (trx) => {
    await recordRoots(trx, site, now);
    return renewPolicy(trx, site, now);
  });
  site.log.info({ root: rootInForce(site).v, policy: version }, 'a new root document is in force');
  site.policyChanges.publish(version);
}
