import type { z } from 'zod';
import type {
  Anomaly,
  Campaign,
  CampaignSummary,
  LogReview,
  newLogReviewSchema,
  Report,
  ReportKind,
  ReviewDecisionInput,
  ReviewScope,
  unusedRightSchema,
} from '#contract/api-review';
import { API_PATH, queryOf, type ApiClient, type ApiResult } from './api-client.ts';

/** Somebody with a card that nobody used. */
export type UnusedRight = z.infer<typeof unusedRightSchema>;

interface Items<T> {
  readonly items: readonly T[];
}

export const listCampaigns = (api: ApiClient): Promise<ApiResult<Items<CampaignSummary>>> =>
  api.call('GET', '/reviews');

export const openCampaign = (
  api: ApiClient,
  campaign: { readonly title: string; readonly scope: ReviewScope; readonly deadlineAt: string },
): Promise<ApiResult<Campaign>> => api.call('POST', '/reviews', campaign);

export const findCampaign = (api: ApiClient, id: string): Promise<ApiResult<Campaign>> =>
  api.call('GET', `/reviews/${encodeURIComponent(id)}`);

export const decideRights = (
  api: ApiClient,
  id: string,
  personId: string,
  decision: ReviewDecisionInput,
): Promise<ApiResult<Campaign>> =>
  api.call('POST', `/reviews/${encodeURIComponent(id)}/people/${encodeURIComponent(personId)}`, decision);

export const unusedRights = (api: ApiClient): Promise<ApiResult<Items<UnusedRight>>> =>
  api.call('GET', '/reviews/unused-rights');

export const anomalies = (
  api: ApiClient,
  period: { readonly from?: string; readonly until?: string },
): Promise<ApiResult<Items<Anomaly>>> =>
  api.call('GET', `/reviews/anomalies${queryOf({ ...period, limit: 200 })}`);

export const logReviews = (api: ApiClient): Promise<ApiResult<Items<LogReview>>> =>
  api.call('GET', '/reviews/log');

export const signLogReview = (
  api: ApiClient,
  review: z.input<typeof newLogReviewSchema>,
): Promise<ApiResult<LogReview>> => api.call('POST', '/reviews/log', review);

/** What a report is asked for; instants, `until` not included. */
export type ReportQuery = Partial<Record<'from' | 'until' | 'doorId' | 'language', string>>;

export const findReport = (
  api: ApiClient,
  kind: ReportKind,
  query: ReportQuery,
): Promise<ApiResult<Report>> => api.call('GET', `/reports/${kind}${queryOf(query)}`);

/** Address of a report as a file: a plain link downloads it with the session of the browser. */
export const reportPath = (kind: ReportKind, format: 'csv' | 'xlsx' | 'pdf', query: ReportQuery): string =>
  `${API_PATH}/reports/${kind}${queryOf({ ...query, format })}`;
