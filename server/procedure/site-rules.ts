import type { Holiday, Rules } from '#contract/api-door';
import { encodeBase64Url, utf8 } from '#contract/bytes';
import { canonicalText, type CanonicalValue } from '#contract/canonical';
import type { EpochMs } from '#contract/clock';
import type { DoorRules, SiteRules } from '#contract/door-rules';
import { err, ok, type Result } from '#contract/result';
import { SEED_HOLIDAYS } from '../domain/holidays.ts';
import { sha256 } from '../signing/node-crypto.ts';
import { recordAudit } from '../store/audit-trail.ts';
import { inTransaction, type Database } from '../store/database.ts';
import { hasDoor } from '../store/places.ts';
import { appendSiteLog } from '../store/site-log.ts';
import {
  loadRules,
  replaceHolidays,
  replaceRequiredSops,
  saveDoorRules,
  siteRulesOf,
} from '../store/site-rules.ts';
import { renewPolicy } from './renew-policy.ts';
import { refusal, siteLogPort, type Refusal, type Site } from './site.ts';

/** Gives a new site the holidays that are known; nobody changed anything yet. */
export const seedRules = (site: Pick<Site, 'db'>): Promise<void> =>
  inTransaction(site.db, (trx) => replaceHolidays(trx, SEED_HOLIDAYS));

const textOf = (rules: Rules | SiteRules): string => canonicalText(rules as unknown as CanonicalValue);

/** Who changes the rules, and how the audit trail calls it. */
export interface RulesAct {
  /** Null where the clock does it. */
  readonly byId: string | null;
  readonly act: 'holidays.changed' | 'door-rules.changed' | 'required-sops.changed';
  /** Id of the door, or of the site. */
  readonly subject: string;
  /** The part of the rules that stands in the audit trail, before and after. */
  readonly part: (rules: Rules) => unknown;
}

/**
 * Changes the rules: what was before and after stands in the audit trail, the site log names the whole by its
 * hash, and the next directory carries it, all together or not at all.
 * @returns the version of the policy that carries them; null where nothing changed
 * @see rule SD19
 */
export async function changeRules(
  trx: Database,
  site: Site,
  act: RulesAct,
  change: (trx: Database) => Promise<void>,
): Promise<number | null> {
  const now: EpochMs = site.clock.epochMs();
  const before = await loadRules(trx);
  await change(trx);
  const after = await loadRules(trx);
  if (textOf(before) === textOf(after)) return null;
  await recordAudit(trx, {
    at: now,
    byId: act.byId,
    act: act.act,
    subject: act.subject,
    facts: { before: act.part(before) ?? null, after: act.part(after) ?? null },
  });
  const h = encodeBase64Url(sha256(utf8(textOf(siteRulesOf(after)))));
  await appendSiteLog(trx, siteLogPort(site), [{ ty: 'rules.changed', x: { h } }], now);
  return (await renewPolicy(trx, site, now)).version;
}

function publishVersion(site: Site, version: number | null): void {
  if (version !== null) site.policyChanges.publish(version);
}

/** Puts these holidays in the place of all that were there. */
export async function setHolidays(site: Site, byId: string, holidays: readonly Holiday[]): Promise<Rules> {
  const { version, rules } = await inTransaction(site.db, async (trx) => ({
    version: await changeRules(
      trx,
      site,
      { byId, act: 'holidays.changed', subject: site.id, part: (each) => each.holidays },
      (inner) => replaceHolidays(inner, holidays),
    ),
    rules: await loadRules(trx),
  }));
  publishVersion(site, version);
  return rules;
}

/** Sets what a door asks of whoever wants in. */
export async function setDoorRules(
  site: Site,
  byId: string,
  doorId: string,
  rules: DoorRules,
): Promise<Result<DoorRules, Refusal>> {
  const outcome = await inTransaction(site.db, async (trx): Promise<Result<number | null, Refusal>> => {
    if (!(await hasDoor(trx, doorId))) return err(refusal('not-found'));
    return ok(
      await changeRules(
        trx,
        site,
        { byId, act: 'door-rules.changed', subject: doorId, part: ({ doors }) => doors[doorId] },
        (inner) => saveDoorRules(inner, doorId, rules),
      ),
    );
  });
  if (!outcome.ok) return outcome;
  publishVersion(site, outcome.value);
  return ok(rules);
}

/**
 * Asks for these SOP texts to have been acknowledged before entry, in the transaction that puts them in force.
 * @returns as changeRules; the caller publishes the version after its commit
 */
export const requireSops = (
  trx: Database,
  site: Site,
  byId: string | null,
  sops: readonly { readonly hash: string; readonly version: string }[],
): Promise<number | null> =>
  changeRules(
    trx,
    site,
    { byId, act: 'required-sops.changed', subject: site.id, part: ({ sop }) => sop },
    (inner) => replaceRequiredSops(inner, sops),
  );
