import { asMonoMs } from '#contract/clock';
import { MAX_MANIFEST_DAYS } from '#contract/policy';
import { cosignPending } from '../audit/ingest.ts';
import { deleteLapsedSignIns } from '../store/accounts.ts';
import { inTransaction } from '../store/database.ts';
import { currentPolicy } from '../store/policy-versions.ts';
import { deleteOldDenyNotices } from '../store/deny-notices.ts';
import { deleteExpiredChallenges } from '../store/passkeys.ts';
import { deleteExpiredSessions } from '../store/sessions.ts';
import { lapseCommands } from './commands.ts';
import { eraseLateArrivals } from './erase-person.ts';
import { remindPeople } from './remind.ts';
import { renewPolicy } from './renew-policy.ts';
import { expireLapsed } from './request-steps.ts';
import { endLapsedRights } from './revoke-rights.ts';
import { endRetentionDaily } from './retention.ts';
import { takeNewRoots } from './roots.ts';
import { closeLapsedCampaigns } from './reviews.ts';
import type { Site } from './site.ts';
import { remindOfReviews } from './sops.ts';

const EVERY_MS = 30_000;
const DAY_MS = 86_400_000;

/** Does what the clock asks for: lapsed requests, ended sessions, a fresh manifest, missing cosignatures. */
export async function keepHouse(site: Site): Promise<void> {
  const now = site.clock.epochMs();
  await expireLapsed(site);
  await remindPeople(site);
  await endLapsedRights(site);
  await deleteLapsedSignIns(site.db, now);
  await remindOfReviews(site);
  await closeLapsedCampaigns(site);
  await deleteExpiredSessions(site.db, now);
  await cosignPending(site);
  await lapseCommands(site);
  await takeNewRoots(site);
  await deleteExpiredChallenges(site.db, now);
  await eraseLateArrivals(site);
  await endRetentionDaily(site);
  await deleteOldDenyNotices(site.db, now - MAX_MANIFEST_DAYS * DAY_MS);
  const [before, after] = await inTransaction(site.db, async (trx) => [
    await currentPolicy(trx),
    await renewPolicy(trx, site, now),
  ]);
  if (before?.version !== after?.version && after !== null) site.policyChanges.publish(after.version);
}

/** Keeps house until the signal aborts; a failure is logged and tried again at the next turn. */
export async function keepHouseUntil(site: Site, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await keepHouse(site);
    } catch (error) {
      site.log.error({ error }, 'housekeeping failed');
    }
    await site.clock.sleepUntil(asMonoMs(site.clock.monoMs() + EVERY_MS), signal);
  }
}
