import { z } from 'zod';
import { instantSchema, rowIdSchema } from './api.ts';
import { canonicalText, type CanonicalValue } from './canonical.ts';
import { encodeBase64Url, utf8 } from './bytes.ts';
import type { Sha256 } from './merkle.ts';
import { hashSchema, idSchema } from './record.ts';

/** The life of one version of a procedure. */
export const SOP_STATES = ['draft', 'review', 'in-force', 'withdrawn'] as const;
export type SopState = (typeof SOP_STATES)[number];

const words = (most: number) =>
  z.strictObject({ id: z.string().trim().min(1).max(most), en: z.string().trim().min(1).max(most) });

const list = (most: number) => z.array(words(600)).max(most);

/** A procedure in the layout of government procedures (SOP-AP). */
export const sopContentSchema = z.strictObject({
  title: words(200),
  /** The official in whose name it is in force. */
  approver: words(200),
  unit: words(200),
  purpose: words(1500),
  scope: words(1500),
  legalBasis: list(20),
  executorQualifications: list(20),
  linkedSops: list(20),
  equipment: list(40),
  warning: words(1500),
  recording: words(1500),
  steps: z
    .array(
      z.strictObject({
        activity: words(600),
        executor: words(120),
        /** Mutu baku: what has to be there, how long it takes, what comes of it. */
        completeness: words(300),
        minutes: z.number().int().min(0).max(100_000),
        output: words(300),
      }),
    )
    .min(1)
    .max(80),
  /** Shown at the door and when it is acknowledged. */
  houseRules: list(40),
});

/** A procedure in the layout of government procedures. */
export type SopContent = z.infer<typeof sopContentSchema>;

/** Hashes the text of a version: SHA-256 of its canonical form, base64url; what people acknowledge. */
export const sopTextHash = (
  sha256: Sha256,
  text: { readonly number: string; readonly version: number; readonly content: SopContent },
): string =>
  encodeBase64Url(sha256(utf8(canonicalText({ v: 1, k: 'sop', ...text } as unknown as CanonicalValue))));

export const newSopSchema = z.strictObject({
  id: idSchema,
  number: z.string().trim().min(1).max(80),
  isForEntry: z.boolean(),
  content: sopContentSchema,
});

export const sopDraftSchema = z.strictObject({ content: sopContentSchema });

export const sopVersionSchema = z.object({
  sopId: idSchema,
  version: z.number().int().min(1),
  state: z.enum(SOP_STATES),
  textHash: hashSchema,
  createdAt: instantSchema,
  createdByName: z.string().nullable(),
  revisedAt: instantSchema,
  submittedAt: instantSchema.nullable(),
  effectiveAt: instantSchema.nullable(),
  approvedByName: z.string().nullable(),
  withdrawnAt: instantSchema.nullable(),
  reviewDueAt: instantSchema.nullable(),
  content: sopContentSchema,
});
export type SopVersion = z.infer<typeof sopVersionSchema>;

export const sopSummarySchema = z.object({
  id: idSchema,
  number: z.string(),
  title: words(200),
  isForEntry: z.boolean(),
  /** Version and hash that are in force; null where none is. */
  inForce: z
    .object({ version: z.number().int(), textHash: hashSchema, effectiveAt: instantSchema })
    .nullable(),
  newestVersion: z.number().int(),
  newestState: z.enum(SOP_STATES),
  reviewDueAt: instantSchema.nullable(),
  isReviewDue: z.boolean(),
  /** Whether the caller has acknowledged what is in force; true where nothing is. */
  isAcknowledged: z.boolean(),
});
export type SopSummary = z.infer<typeof sopSummarySchema>;

export const sopSchema = sopSummarySchema.extend({ versions: z.array(sopVersionSchema) });
export type Sop = z.infer<typeof sopSchema>;

export const acknowledgeSchema = z.strictObject({
  /** Hash of the text that was read. */
  textHash: hashSchema,
  /** For somebody without an account, who stands beside an officer; the caller otherwise. */
  personId: rowIdSchema.optional(),
});

export const acknowledgedSchema = z.object({
  personId: rowIdSchema,
  textHash: hashSchema,
  version: z.string(),
  isNew: z.boolean(),
});

export const notAcknowledgedSchema = z.object({
  textHash: hashSchema.nullable(),
  people: z.array(
    z.object({
      personId: rowIdSchema,
      name: z.string(),
      organisation: z.string(),
      isInside: z.boolean(),
      /** The last version that the person acknowledged; null where none. */
      lastVersion: z.string().nullable(),
    }),
  ),
});
