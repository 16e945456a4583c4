import { z } from 'zod';
import { instantInputSchema, instantSchema, pageQuerySchema, roleNameSchema, rowIdSchema } from './api.ts';
import { PERSON_KINDS } from './api-people.ts';
import { hashSchema, idSchema } from './record.ts';

const text = (most: number) => z.string().trim().min(1).max(most);

export const REVIEW_DECISIONS = ['keep', 'change', 'revoke'] as const;
export type ReviewDecision = (typeof REVIEW_DECISIONS)[number];

/** Why a row deserves a second look. */
export const RIGHTS_FLAGS = [
  'unused-90-days',
  'contract-ended',
  'moved-unit',
  'sop-not-acknowledged',
  'several-cards',
  'own-approver',
  'never-reviewed',
] as const;
export type RightsFlag = (typeof RIGHTS_FLAGS)[number];

export const rightsFactsSchema = z.object({
  organisation: z.string(),
  kind: z.enum(PERSON_KINDS).nullable(),
  unit: z.string().nullable(),
  position: z.string().nullable(),
  roles: z.array(roleNameSchema),
  /** Last four of the active cards. */
  cards: z.array(z.string()),
  livePermits: z.number().int(),
  basis: z.string().nullable(),
  grantedAt: instantSchema,
  rightsEndAt: instantSchema.nullable(),
  lastUsedAt: instantSchema.nullable(),
  usesInPeriod: z.number().int(),
  acknowledgedSops: z.array(z.string()),
  flags: z.array(z.enum(RIGHTS_FLAGS)),
});
export type RightsFacts = z.infer<typeof rightsFactsSchema>;

export const reviewScopeSchema = z.strictObject({
  roles: z.array(roleNameSchema).max(6).optional(),
  kinds: z.array(z.enum(PERSON_KINDS)).max(3).optional(),
  unit: text(120).optional(),
  doorId: idSchema.optional(),
});
export type ReviewScope = z.infer<typeof reviewScopeSchema>;

export const newCampaignSchema = z.strictObject({
  title: text(200),
  scope: reviewScopeSchema.default({}),
  deadlineAt: instantInputSchema,
});

/** How fast somebody decided: a reviewer who reads needs longer than one who clicks. */
export const reviewPaceSchema = z.object({
  reviewerId: rowIdSchema,
  reviewerName: z.string(),
  decisions: z.number().int(),
  kept: z.number().int(),
  /** Between one decision and the next; null where there was one only. */
  medianSeconds: z.number().nullable(),
  isTooFast: z.boolean(),
});

export const reviewItemSchema = z.object({
  personId: rowIdSchema,
  personName: z.string(),
  facts: rightsFactsSchema,
  decision: z.enum([...REVIEW_DECISIONS, 'suspended']).nullable(),
  reason: z.string().nullable(),
  decidedByName: z.string().nullable(),
  decidedAt: instantSchema.nullable(),
});

export const campaignSummarySchema = z.object({
  id: rowIdSchema,
  title: z.string(),
  scope: reviewScopeSchema,
  state: z.enum(['open', 'closed']),
  openedAt: instantSchema,
  openedByName: z.string(),
  deadlineAt: instantSchema,
  closedAt: instantSchema.nullable(),
  items: z.number().int(),
  decided: z.number().int(),
  kept: z.number().int(),
  changed: z.number().int(),
  revoked: z.number().int(),
  suspended: z.number().int(),
});
export type CampaignSummary = z.infer<typeof campaignSummarySchema>;

export const campaignSchema = campaignSummarySchema.extend({
  people: z.array(reviewItemSchema),
  pace: z.array(reviewPaceSchema),
});
export type Campaign = z.infer<typeof campaignSchema>;

export const reviewDecisionSchema = z
  .strictObject({
    decision: z.enum(REVIEW_DECISIONS),
    reason: text(300),
    /** For `change`: what the person keeps. */
    roles: z.array(roleNameSchema).max(6).optional(),
    rightsEndAt: instantInputSchema.optional(),
  })
  .refine(
    ({ decision, roles, rightsEndAt }) =>
      (decision === 'change') === (roles !== undefined || rightsEndAt !== undefined),
    { path: ['decision'] },
  );
export type ReviewDecisionInput = z.infer<typeof reviewDecisionSchema>;

// Anomalies: the four of NIST SP 800-53 PE-6, by its names.

export const ANOMALY_KINDS = [
  'after-hours-access',
  'repeated-access-to-unusual-areas',
  'access-for-unusual-length',
  'out-of-sequence-access',
] as const;
export type AnomalyKind = (typeof ANOMALY_KINDS)[number];

export const anomalySchema = z.object({
  kind: z.enum(ANOMALY_KINDS),
  visitId: z.string(),
  personId: rowIdSchema.nullable(),
  personName: z.string().nullable(),
  doorId: idSchema,
  at: instantSchema,
  /** What makes it stand out, in numbers. */
  measure: z.record(z.string(), z.union([z.number(), z.string()])),
});
export type Anomaly = z.infer<typeof anomalySchema>;

export const unusedRightSchema = z.object({
  personId: rowIdSchema,
  personName: z.string(),
  organisation: z.string(),
  lastUsedAt: instantSchema.nullable(),
  unusedDays: z.number().int(),
});

// Log review

export const periodSchema = z.string().regex(/^20[0-9]{2}-(?:0[1-9]|1[0-2])$/);

export const newLogReviewSchema = z.strictObject({
  /** The month, at the site. */
  period: periodSchema,
  conclusion: z.enum(['in-order', 'follow-up']),
  findings: text(2000),
});

export const logReviewSchema = z.object({
  period: periodSchema,
  at: instantSchema,
  byName: z.string(),
  method: z.enum(['passkey', 'session']),
  conclusion: z.enum(['in-order', 'follow-up']),
  findings: z.string(),
  /** Where each log stood at the end of the period. */
  heads: z.array(z.object({ log: z.string(), size: z.number().int(), head: z.string() })),
  events: z.number().int(),
  /** SHA-256 of the signed document. */
  documentHash: hashSchema,
});
export type LogReview = z.infer<typeof logReviewSchema>;

// Reports

export const REPORT_KINDS = [
  'log-book',
  'exceptions',
  'rights-review',
  'evaluation',
  'cards',
  'escorts',
  'vendors',
  'sop-acknowledgements',
  'revocations',
  'anomalies',
  'integrity',
] as const;
export type ReportKind = (typeof REPORT_KINDS)[number];

export const reportQuerySchema = z.object({
  from: instantInputSchema.optional(),
  until: instantInputSchema.optional(),
  doorId: idSchema.optional(),
  format: z.enum(['json', 'csv', 'xlsx', 'pdf']).default('json'),
  language: z.enum(['id', 'en']).default('id'),
});

const cellSchema = z.union([z.string(), z.number()]).nullable();

export const reportSectionSchema = z.object({
  title: z.string(),
  columns: z.array(z.string()),
  rows: z.array(z.array(cellSchema)),
});

export const reportSchema = z.object({
  kind: z.enum(REPORT_KINDS),
  title: z.string(),
  number: z.string(),
  siteName: z.string(),
  classification: z.string(),
  from: instantSchema,
  until: instantSchema,
  timeZone: z.string(),
  madeAt: instantSchema,
  madeBy: z.string(),
  summary: z.array(z.object({ label: z.string(), value: cellSchema })),
  sections: z.array(reportSectionSchema),
  notes: z.array(z.string()),
  rowCount: z.number().int(),
  /** SHA-256 of the canonical form of summary and sections, base64url. */
  hash: hashSchema,
});
export type Report = z.infer<typeof reportSchema>;
export type ReportSection = z.infer<typeof reportSectionSchema>;

export const anomalyQuerySchema = pageQuerySchema
  .pick({ limit: true })
  .extend({ from: instantInputSchema.optional(), until: instantInputSchema.optional() });
