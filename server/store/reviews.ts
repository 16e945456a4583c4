import {
  rightsFactsSchema,
  reviewScopeSchema,
  type Campaign,
  type CampaignSummary,
  type LogReview,
} from '#contract/api-review';
import type { RightsRow } from './rights.ts';
import { reviewPace } from '../domain/review-pace.ts';
import type { Database } from './database.ts';
import type { ReviewItemsTable } from './tables-procedure.ts';

const instant = (at: number): string => new Date(at).toISOString();

/** Stores a campaign with a row for everybody in its scope. */
export async function insertCampaign(
  trx: Database,
  campaign: {
    readonly id: string;
    readonly title: string;
    readonly scope: Campaign['scope'];
    readonly openedAt: number;
    readonly openedBy: string;
    readonly deadlineAt: number;
    readonly rows: readonly RightsRow[];
  },
): Promise<void> {
  await trx
    .insertInto('review_campaigns')
    .values({
      id: campaign.id,
      title: campaign.title,
      scope: JSON.stringify(campaign.scope),
      state: 'open',
      opened_at: campaign.openedAt,
      opened_by: campaign.openedBy,
      deadline_at: campaign.deadlineAt,
      closed_at: null,
    })
    .execute();
  for (const [ordinal, row] of campaign.rows.entries()) {
    await trx
      .insertInto('review_items')
      .values({
        campaign_id: campaign.id,
        person_id: row.personId,
        ordinal,
        facts: JSON.stringify(row.facts),
        decision: null,
        reason: null,
        decided_by: null,
        decided_at: null,
      })
      .execute();
  }
}

/** Loads a row of a campaign. */
export const loadItem = async (db: Database, campaignId: string, personId: string) =>
  (await db
    .selectFrom('review_items')
    .innerJoin('review_campaigns', 'review_campaigns.id', 'review_items.campaign_id')
    .selectAll('review_items')
    .select(['review_campaigns.state', 'review_campaigns.deadline_at'])
    .where('campaign_id', '=', campaignId)
    .where('person_id', '=', personId)
    .executeTakeFirst()) ?? null;

/** Stores a decision where there is none yet. @returns false where somebody was first */
export async function decideItem(
  trx: Database,
  item: Pick<ReviewItemsTable, 'campaign_id' | 'person_id'>,
  decision: Pick<ReviewItemsTable, 'decision' | 'reason' | 'decided_by' | 'decided_at'>,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('review_items')
    .set(decision)
    .where('campaign_id', '=', item.campaign_id)
    .where('person_id', '=', item.person_id)
    .where('decision', 'is', null)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** Lists people of a campaign about whom nobody has decided. */
export const undecidedOf = async (db: Database, campaignId: string): Promise<readonly string[]> =>
  (
    await db
      .selectFrom('review_items')
      .select('person_id')
      .where('campaign_id', '=', campaignId)
      .where('decision', 'is', null)
      .orderBy('ordinal')
      .execute()
  ).map((row) => row.person_id);

/** Closes a campaign. */
export async function closeCampaign(trx: Database, id: string, at: number): Promise<void> {
  await trx
    .updateTable('review_campaigns')
    .set({ state: 'closed', closed_at: at })
    .where('id', '=', id)
    .execute();
}

/** Lists open campaigns whose deadline is over, or in which all is decided. */
export async function campaignsToClose(db: Database, now: number): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('review_campaigns')
    .select('id')
    .where('state', '=', 'open')
    .where((e) =>
      e.or([
        e('deadline_at', '<=', now),
        e.not(
          e.exists(
            e
              .selectFrom('review_items')
              .select('person_id')
              .whereRef('review_items.campaign_id', '=', 'review_campaigns.id')
              .where('decision', 'is', null),
          ),
        ),
      ]),
    )
    .orderBy('id')
    .execute();
  return rows.map(({ id }) => id);
}

/** Tells whether somebody else who is active is an administrator. */
export async function hasOtherAdministrator(db: Database, personId: string): Promise<boolean> {
  const row = await db
    .selectFrom('person_roles')
    .innerJoin('people', 'people.id', 'person_roles.person_id')
    .select('people.id')
    .where('role', '=', 'administrator')
    .where('people.is_active', '=', 1)
    .where('people.id', '<>', personId)
    .executeTakeFirst();
  return row !== undefined;
}

/** Lists campaigns with their rows, newest first; one of them where an id is given. */
export async function listCampaigns(db: Database, id: string | null = null): Promise<readonly Campaign[]> {
  const campaigns = await db
    .selectFrom('review_campaigns')
    .innerJoin('people', 'people.id', 'review_campaigns.opened_by')
    .selectAll('review_campaigns')
    .select('people.name')
    .$if(id !== null, (q) => q.where('review_campaigns.id', '=', id ?? ''))
    .orderBy('opened_at', 'desc')
    .orderBy('review_campaigns.id')
    .execute();
  const items = await db
    .selectFrom('review_items')
    .innerJoin('people', 'people.id', 'review_items.person_id')
    .leftJoin('people as reviewer', 'reviewer.id', 'review_items.decided_by')
    .selectAll('review_items')
    .select(['people.name', 'reviewer.name as reviewer_name'])
    .$if(id !== null, (q) => q.where('campaign_id', '=', id ?? ''))
    .orderBy('ordinal')
    .execute();
  return campaigns.map((campaign): Campaign => {
    const own = items.filter((item) => item.campaign_id === campaign.id);
    const count = (decision: ReviewItemsTable['decision']): number =>
      own.filter((item) => item.decision === decision).length;
    const summary: CampaignSummary = {
      id: campaign.id,
      title: campaign.title,
      scope: reviewScopeSchema.parse(JSON.parse(campaign.scope)),
      state: campaign.state,
      openedAt: instant(campaign.opened_at),
      openedByName: campaign.name,
      deadlineAt: instant(campaign.deadline_at),
      closedAt: campaign.closed_at === null ? null : instant(campaign.closed_at),
      items: own.length,
      decided: own.filter((item) => item.decided_by !== null).length,
      kept: count('keep'),
      changed: count('change'),
      revoked: count('revoke'),
      suspended: count('suspended'),
    };
    const names = new Map(own.map((item) => [item.decided_by, item.reviewer_name ?? '']));
    const pace = reviewPace(
      own.flatMap(({ decided_by: reviewerId, decided_at: at, decision }) =>
        reviewerId === null || at === null ? [] : [{ reviewerId, at, isKept: decision === 'keep' }],
      ),
    );
    return {
      ...summary,
      people: own.map((item) => ({
        personId: item.person_id,
        personName: item.name,
        facts: rightsFactsSchema.parse(JSON.parse(item.facts)),
        decision: item.decision,
        reason: item.reason,
        decidedByName: item.reviewer_name,
        decidedAt: item.decided_at === null ? null : instant(item.decided_at),
      })),
      pace: pace.map((each) => ({ ...each, reviewerName: names.get(each.reviewerId) ?? '' })),
    };
  });
}

/** Where a log stood. */
export interface LogHead {
  readonly log: string;
  readonly size: number;
  readonly head: string;
}

/** Finds where every journal stood with what had arrived before a moment. */
export async function journalHeadsBefore(db: Database, until: number): Promise<readonly LogHead[]> {
  const tips = await db
    .selectFrom('journal_records')
    .select(({ fn }) => ['gateway_id', 'epoch', fn.max<number>('seq').as('last')])
    .where('received_at', '<', until)
    .groupBy(['gateway_id', 'epoch'])
    .orderBy('gateway_id')
    .orderBy('epoch')
    .execute();
  const heads: LogHead[] = [];
  for (const { gateway_id: gateway, epoch, last } of tips) {
    const { leaf_hash: head } = await db
      .selectFrom('journal_records')
      .select('leaf_hash')
      .where('gateway_id', '=', gateway)
      .where('epoch', '=', epoch)
      .where('seq', '=', Number(last))
      .executeTakeFirstOrThrow();
    heads.push({ log: `${gateway}/${epoch}`, size: Number(last) + 1, head });
  }
  return heads;
}

/** Finds the last record of the site log before a moment. */
export const siteRecordBefore = async (db: Database, until: number) =>
  (await db
    .selectFrom('site_records')
    .select(['seq', 'record'])
    .where('at', '<', until)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()) ?? null;

/** Counts the events of a period. */
export async function countEvents(db: Database, from: number, until: number): Promise<number> {
  const { count } = await db
    .selectFrom('journal_records')
    .select((e) => e.fn.countAll().as('count'))
    .where('at', '>=', from)
    .where('at', '<', until)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** A signed review of a month. */
export interface NewLogReview {
  readonly period: string;
  readonly at: number;
  readonly byId: string;
  readonly method: 'passkey' | 'session';
  readonly conclusion: 'in-order' | 'follow-up';
  readonly findings: string;
  /** Canonical text. */
  readonly document: string;
  readonly documentHash: string;
}

/** Stores a review of a month. @returns false where the month was reviewed already */
export async function insertLogReview(trx: Database, review: NewLogReview): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('log_reviews')
    .values({
      period: review.period,
      at: review.at,
      by_id: review.byId,
      method: review.method,
      conclusion: review.conclusion,
      findings: review.findings,
      document: review.document,
      document_hash: review.documentHash,
    })
    .onConflict((c) => c.column('period').doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}

/** Lists the signed reviews, newest month first. */
export async function listLogReviews(
  db: Database,
  period: string | null = null,
): Promise<readonly LogReview[]> {
  const rows = await db
    .selectFrom('log_reviews')
    .innerJoin('people', 'people.id', 'log_reviews.by_id')
    .selectAll('log_reviews')
    .select('people.name')
    .$if(period !== null, (q) => q.where('period', '=', period ?? ''))
    .orderBy('period', 'desc')
    .execute();
  return rows.map((row) => {
    const { heads, events } = JSON.parse(row.document) as { heads: LogReview['heads']; events: number };
    return {
      period: row.period,
      at: instant(row.at),
      byName: row.name,
      method: row.method,
      conclusion: row.conclusion,
      findings: row.findings,
      heads,
      events,
      documentHash: row.document_hash,
    };
  });
}
