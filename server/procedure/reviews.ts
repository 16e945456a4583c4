import type { Person } from '#contract/api';
import type { Campaign, LogReview, ReviewDecisionInput, ReviewScope } from '#contract/api-review';
import { encodeBase64Url, utf8 } from '#contract/bytes';
import { canonicalText, type CanonicalValue } from '#contract/canonical';
import { siteLogOrigin, recordHash } from '#contract/record';
import { err, ok, type Result } from '#contract/result';
import { newRowId } from '../auth/tokens.ts';
import { siteMonth } from '../domain/site-month.ts';
import { UNUSED_AFTER_MS } from '../domain/rights-flags.ts';
import { sha256 } from '../signing/node-crypto.ts';
import { recordAudit } from '../store/audit-trail.ts';
import { inTransaction, type Database } from '../store/database.ts';
import { peopleWithRole } from '../store/notifications.ts';
import { setPersonActive } from '../store/people.ts';
import { loadProfileRow, replaceRoles, saveProfile } from '../store/profiles.ts';
import { listRights } from '../store/rights.ts';
import {
  campaignsToClose,
  closeCampaign,
  countEvents,
  decideItem,
  hasOtherAdministrator,
  insertCampaign,
  insertLogReview,
  journalHeadsBefore,
  listCampaigns,
  listLogReviews,
  loadItem,
  siteRecordBefore,
  undecidedOf,
} from '../store/reviews.ts';
import { appendSiteLog } from '../store/site-log.ts';
import { notify } from './notify.ts';
import { emptyProfile } from './person-profile.ts';
import { renewPolicy } from './renew-policy.ts';
import { revokeRights } from './revoke-rights.ts';
import { refusal, siteLogPort, type Refusal, type Site } from './site.ts';
import { tellPerson } from './tell-person.ts';

async function find(db: Database, id: string): Promise<Result<Campaign, Refusal>> {
  const [campaign] = await listCampaigns(db, id);
  return campaign === undefined ? err(refusal('not-found')) : ok(campaign);
}

/** Opens a review of everybody who has rights in a scope; what they have now is what is judged. @see rule SD83 */
export async function openCampaign(
  site: Site,
  by: Person,
  campaign: { readonly title: string; readonly scope: ReviewScope; readonly deadlineAt: number },
): Promise<Result<Campaign, Refusal>> {
  const now = site.clock.epochMs();
  if (campaign.deadlineAt <= now) {
    return err(refusal('invalid-input', [{ pointer: '/deadlineAt', code: 'in-past' }]));
  }
  return inTransaction(site.db, async (trx): Promise<Result<Campaign, Refusal>> => {
    const rows = await listRights(trx, campaign.scope, { now, usedFrom: now - UNUSED_AFTER_MS });
    if (rows.length === 0) return err(refusal('invalid-input', [{ pointer: '/scope', code: 'nobody' }]));
    const id = newRowId(site.random, 'rc');
    await insertCampaign(trx, { id, ...campaign, openedAt: now, openedBy: by.id, rows });
    await recordAudit(trx, {
      at: now,
      byId: by.id,
      act: 'review.opened',
      subject: id,
      facts: { people: rows.length, deadlineAt: new Date(campaign.deadlineAt).toISOString() },
    });
    const to = await peopleWithRole(trx, 'supervisor');
    await notify(trx, site, { kind: 'review.opened', subject: id, to, byId: by.id });
    return find(trx, id);
  });
}

async function changeRights(
  trx: Database,
  site: Site,
  personId: string,
  { roles, rightsEndAt }: ReviewDecisionInput,
): Promise<number> {
  if (roles !== undefined) await replaceRoles(trx, personId, roles);
  if (rightsEndAt !== undefined) {
    const before = (await loadProfileRow(trx, personId)) ?? emptyProfile(personId);
    await saveProfile(trx, { ...before, rights_end_at: Date.parse(rightsEndAt) });
  }
  return (await renewPolicy(trx, site, site.clock.epochMs())).version;
}

/** Decides about one person of a campaign, once, and never about oneself. @see rule SD83 */
export async function decideRights(
  site: Site,
  reviewer: Person,
  place: { readonly campaignId: string; readonly personId: string },
  input: ReviewDecisionInput,
): Promise<Result<Campaign, Refusal>> {
  const now = site.clock.epochMs();
  let policyVersion: number | null = null;
  const outcome = await inTransaction(site.db, async (trx): Promise<Result<Campaign, Refusal>> => {
    const item = await loadItem(trx, place.campaignId, place.personId);
    if (item === null) return err(refusal('not-found'));
    if (place.personId === reviewer.id) return err(refusal('own-rights'));
    if (item.state === 'closed' || item.deadline_at <= now) return err(refusal('step-not-allowed'));
    const { decision, reason } = input;
    const decided = { decision, reason, decided_by: reviewer.id, decided_at: now };
    if (!(await decideItem(trx, item, decided))) return err(refusal('already-decided'));
    await recordAudit(trx, {
      at: now,
      byId: reviewer.id,
      act: 'review.decided',
      subject: place.personId,
      facts: { campaign: place.campaignId, ...input },
    });
    if (decision === 'revoke') {
      policyVersion = await revokeRights(trx, site, {
        personId: place.personId,
        cause: 'review',
        reason,
        effectiveAt: now,
        byId: reviewer.id,
      });
    }
    if (decision === 'change') policyVersion = await changeRights(trx, site, place.personId, input);
    return find(trx, place.campaignId);
  });
  if (outcome.ok && policyVersion !== null) site.policyChanges.publish(policyVersion);
  return outcome;
}

/**
 * Closes campaigns that are over: about whom nobody decided is suspended, rights and account, until somebody does.
 * The last administrator stays, because nobody else could restore anybody.
 * @see rule SD83
 */
export async function closeLapsedCampaigns(site: Site): Promise<void> {
  const version = await inTransaction(site.db, async (trx) => {
    const now = site.clock.epochMs();
    let isAnybodySuspended = false;
    for (const id of await campaignsToClose(trx, now)) {
      for (const personId of await undecidedOf(trx, id)) {
        const isKept = !(await hasOtherAdministrator(trx, personId));
        if (!isKept) await setPersonActive(trx, personId, false);
        await tellPerson(trx, site, personId);
        isAnybodySuspended ||= !isKept;
        const reason = isKept ? 'Not decided in time; the last administrator stays.' : 'Not decided in time.';
        await decideItem(
          trx,
          { campaign_id: id, person_id: personId },
          { decision: 'suspended', reason, decided_by: null, decided_at: now },
        );
        await recordAudit(trx, {
          at: now,
          byId: null,
          act: isKept ? 'review.undecided' : 'review.suspended',
          subject: personId,
          facts: { campaign: id },
        });
      }
      await closeCampaign(trx, id, now);
      await recordAudit(trx, { at: now, byId: null, act: 'review.closed', subject: id, facts: {} });
    }
    return isAnybodySuspended ? (await renewPolicy(trx, site, now)).version : null;
  });
  if (version !== null) site.policyChanges.publish(version);
}

/**
 * Signs the review of a month of the logs: the document names where each log stood at its end, and the site log
 * names the document by its hash, so that neither can be changed afterwards unseen.
 * @see rule SD87
 */
export async function signLogReview(
  site: Site,
  by: Person,
  review: Pick<LogReview, 'period' | 'conclusion' | 'findings' | 'method'>,
): Promise<Result<LogReview, Refusal>> {
  const now = site.clock.epochMs();
  const { period, conclusion, method } = review;
  const { from, until } = siteMonth(site.timeZone, period);
  if (until > now) return err(refusal('period-not-over'));
  return inTransaction(site.db, async (trx): Promise<Result<LogReview, Refusal>> => {
    const record = await siteRecordBefore(trx, until);
    const siteHead =
      record === null
        ? []
        : [
            {
              log: siteLogOrigin(site.id),
              size: record.seq + 1,
              head: recordHash(sha256, utf8(record.record)),
            },
          ];
    const findings = review.findings.normalize('NFC');
    const document = canonicalText({
      v: 1,
      k: 'log-review',
      site: site.id,
      period,
      from,
      until,
      by: by.id,
      at: now,
      m: method,
      conclusion,
      // By its hash: what was found may name people, and the document is kept for good.
      findings: encodeBase64Url(sha256(utf8(findings))),
      heads: [...(await journalHeadsBefore(trx, until)), ...siteHead].map((head) => ({ ...head })),
      events: await countEvents(trx, from, until),
    } as CanonicalValue);
    const documentHash = encodeBase64Url(sha256(utf8(document)));
    const row = { period, at: now, byId: by.id, method, conclusion, findings, document, documentHash };
    if (!(await insertLogReview(trx, row))) return err(refusal('already-decided'));
    await appendSiteLog(trx, siteLogPort(site), [{ ty: 'log.reviewed', x: { h: documentHash } }], now);
    await recordAudit(trx, {
      at: now,
      byId: by.id,
      act: 'log.reviewed',
      subject: period,
      facts: { conclusion, documentHash },
    });
    const [stored] = await listLogReviews(trx, period);
    return stored === undefined ? err(refusal('not-found')) : ok(stored);
  });
}
