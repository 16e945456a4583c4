import { asMonoMs } from '#contract/clock';
import { cosignPending } from '../audit/ingest.ts';
import { inTransaction } from '../store/database.ts';
import { currentPolicy } from '../store/policy-versions.ts';
import { deleteExpiredSessions } from '../store/sessions.ts';
import { lapseCommands } from './commands.ts';
import { renewPolicy } from './renew-policy.ts';
import { expireLapsed } from './request-steps.ts';
import type { Site } from './site.ts';

const EVERY_MS = 30_000;

/** Does what the clock asks for: lapsed requests, ended sessions, a fresh manifest, missing cosignatures. */
export async function keepHouse(site: Site): Promise<void> {
  const now = site.clock.epochMs();
  await expireLapsed(site);
  await deleteExpiredSessions(site.db, now);
  await cosignPending(site);
  await lapseCommands(site);
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
