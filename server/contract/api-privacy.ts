import { z } from 'zod';
import { instantSchema, pageQuerySchema, rowIdSchema } from './api.ts';
import { ERASURE_BASES } from './erasure.ts';
import { hashSchema } from './record.ts';

const text = (most: number) => z.string().trim().min(1).max(most);

// Requests of data subjects

/** What a data subject may ask for. @see UU 27/2022, articles 5 to 8, 11 and 13 */
export const PRIVACY_REQUEST_KINDS = ['access', 'correction', 'restriction', 'erasure'] as const;
export type PrivacyRequestKind = (typeof PRIVACY_REQUEST_KINDS)[number];

export const PRIVACY_REQUEST_STATES = ['filed', 'approved', 'refused', 'carried-out'] as const;
export type PrivacyRequestState = (typeof PRIVACY_REQUEST_STATES)[number];

/** How long an answer may take: 3 times 24 hours. */
export const PRIVACY_ANSWER_MS = 3 * 86_400_000;

export const newPrivacyRequestSchema = z.strictObject({
  kind: z.enum(PRIVACY_REQUEST_KINDS),
  /** Left out for oneself; a privacy officer files for others, e.g. a visitor without an account. */
  personId: rowIdSchema.optional(),
  details: text(1000),
  /** What a correction is about, e.g. the id of an event or of a visit. */
  subjectRef: text(120).optional(),
});

export const privacyRequestSchema = z.object({
  id: rowIdSchema,
  kind: z.enum(PRIVACY_REQUEST_KINDS),
  state: z.enum(PRIVACY_REQUEST_STATES),
  personId: rowIdSchema,
  personName: z.string(),
  details: z.string(),
  subjectRef: z.string().nullable(),
  filedAt: instantSchema,
  isFiledByOther: z.boolean(),
  /** When the answer is due. */
  dueAt: instantSchema,
  /** True where it is not answered and the time is over. */
  isOverdue: z.boolean(),
  approvedAt: instantSchema.nullable(),
  closedAt: instantSchema.nullable(),
  /** Basis of an erasure. */
  basis: z.enum(ERASURE_BASES).nullable(),
  /** What was done, or why not, in words for the data subject. */
  outcome: z.string().nullable(),
});
export type PrivacyRequest = z.infer<typeof privacyRequestSchema>;

export const erasureApprovalSchema = z.strictObject({ basis: z.enum(ERASURE_BASES) });
/** The reason names the rule that the refusal rests on. */
export const privacyRefusalSchema = z.strictObject({ reason: text(500) });
/** Of a correction the words that from then on stand beside the original; of the others what was done. */
export const privacyCarryOutSchema = z.strictObject({ note: text(1000) });

export const annotationSchema = z.object({
  id: rowIdSchema,
  subjectRef: z.string(),
  text: z.string(),
  at: instantSchema,
});
export type Annotation = z.infer<typeof annotationSchema>;

export const holdInputSchema = z.strictObject({ reason: text(300).nullable() });
export const restrictionInputSchema = z.strictObject({ isRestricted: z.boolean() });

export const privacyMarksSchema = z.object({
  personId: rowIdSchema,
  restrictedAt: instantSchema.nullable(),
  heldAt: instantSchema.nullable(),
  holdReason: z.string().nullable(),
  erasedAt: instantSchema.nullable(),
});
export type PrivacyMarks = z.infer<typeof privacyMarksSchema>;

// Retention

/** Classes of data that are kept for different times. */
export const RETENTION_CLASSES = ['door-events', 'visitor-data', 'unused-requests', 'viewing-logs'] as const;
export type RetentionClassName = (typeof RETENTION_CLASSES)[number];

export const retentionClassSchema = z.strictObject({
  name: z.enum(RETENTION_CLASSES),
  keepDays: z.number().int().min(30).max(36_525),
  /** Code of the records-retention schedule (JRA) of the agency; null while the default holds. */
  scheduleCode: text(40).nullable(),
});
export type RetentionClass = z.infer<typeof retentionClassSchema>;
export const retentionSchema = z.object({ classes: z.array(retentionClassSchema) });

export const destructionSchema = z.object({
  id: rowIdSchema,
  at: instantSchema,
  kind: z.enum(['erasure', 'retention']),
  className: z.enum(RETENTION_CLASSES).nullable(),
  month: z.string().nullable(),
  basis: z.enum(ERASURE_BASES),
  /** How many of what. */
  counts: z.record(z.string(), z.number().int()),
  /** Number of the first site log record of it. */
  siteSeq: z.number().int().nullable(),
});
export type Destruction = z.infer<typeof destructionSchema>;

// Who looked

export const piiViewSchema = z.object({
  viewerId: rowIdSchema,
  viewerName: z.string(),
  personId: rowIdSchema,
  personName: z.string(),
  what: z.string(),
  day: z.string(),
  firstAt: instantSchema,
  lastAt: instantSchema,
  times: z.number().int(),
});
export type PiiView = z.infer<typeof piiViewSchema>;
export const piiViewQuerySchema = pageQuerySchema.omit({ cursor: true }).extend({
  person: rowIdSchema.optional(),
  viewer: rowIdSchema.optional(),
});

export const readingSchema = z.object({
  id: z.number().int(),
  at: instantSchema,
  byId: rowIdSchema,
  byName: z.string(),
  what: z.string(),
  terms: z.record(z.string(), z.unknown()),
});
export type Reading = z.infer<typeof readingSchema>;

export const identitySchema = z.object({ kind: z.string(), number: z.string() });

// The notice

export const privacyNoticeSchema = z.object({
  version: z.string(),
  /** SHA-256 of both texts; what a request was filed under. */
  hash: hashSchema,
  id: z.string(),
  en: z.string(),
});
export type PrivacyNotice = z.infer<typeof privacyNoticeSchema>;

/** The name that stands where a name was erased. */
export const ERASED_NAME = '(dihapus)';
/** The name that stands for somebody whose data is restricted. */
export const RESTRICTED_NAME = '(dibatasi)';
