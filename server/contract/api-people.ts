import { z } from 'zod';
import { instantInputSchema, instantSchema, personSchema, roleNameSchema, rowIdSchema } from './api.ts';
import { idSchema } from './record.ts';

const text = (most: number) => z.string().trim().min(1).max(most);

export const PERSON_KINDS = ['staff', 'vendor', 'guest'] as const;
export type PersonKind = (typeof PERSON_KINDS)[number];

/** What the right to be here rests on. */
export const BASIS_KINDS = ['decree', 'contract', 'assignment-letter'] as const;
export type BasisKind = (typeof BASIS_KINDS)[number];

export const IDENTITY_KINDS = ['ktp', 'sim', 'passport', 'employee-card'] as const;
export type IdentityKind = (typeof IDENTITY_KINDS)[number];

/** An identity document as it is entered: the number is sealed, and only its last four are shown again. */
export const identityInputSchema = z.strictObject({
  kind: z.enum(IDENTITY_KINDS),
  number: z.string().regex(/^[A-Z0-9]{6,20}$/),
});

export const profileInputSchema = z.strictObject({
  kind: z.enum(PERSON_KINDS),
  unit: text(120).nullable(),
  position: text(120).nullable(),
  employeeNumber: text(40).nullable(),
  email: z.email().max(200).nullable(),
  basis: z.strictObject({ kind: z.enum(BASIS_KINDS), number: text(80) }).nullable(),
  /** Every right of the person ends here; null where nothing ends it. */
  rightsEndAt: instantInputSchema.nullable(),
  /** Left out to keep what is stored, null to forget it. */
  identity: identityInputSchema.nullable().optional(),
});
export type ProfileInput = z.infer<typeof profileInputSchema>;

export const profileSchema = z.object({
  kind: z.enum(PERSON_KINDS),
  unit: z.string().nullable(),
  position: z.string().nullable(),
  employeeNumber: z.string().nullable(),
  email: z.string().nullable(),
  basis: z.object({ kind: z.enum(BASIS_KINDS), number: z.string() }).nullable(),
  rightsEndAt: instantSchema.nullable(),
  identity: z.object({ kind: z.enum(IDENTITY_KINDS), lastFour: z.string() }).nullable(),
  leftAt: instantSchema.nullable(),
});
export type Profile = z.infer<typeof profileSchema>;

export const personDetailSchema = personSchema.extend({ profile: profileSchema.nullable() });
export type PersonDetail = z.infer<typeof personDetailSchema>;

export const rolesInputSchema = z.strictObject({ roles: z.array(roleNameSchema).max(6) });

// Leaving and moving

export const REVOCATION_CAUSES = ['left', 'moved', 'contract-ended', 'review'] as const;
export type RevocationCause = (typeof REVOCATION_CAUSES)[number];

export const leaveSchema = z.strictObject({
  /** From when the personnel office says so. */
  effectiveAt: instantInputSchema,
  reason: text(300),
});
export const moveSchema = leaveSchema.extend({
  unit: text(120),
  position: text(120).nullable().default(null),
});

export const revocationCountsSchema = z.object({
  permits: z.number().int(),
  requests: z.number().int(),
  cards: z.number().int(),
  pins: z.number().int(),
  sessions: z.number().int(),
  delegations: z.number().int(),
  roles: z.array(roleNameSchema),
});
export type RevocationCounts = z.infer<typeof revocationCountsSchema>;

export const revocationSchema = z.object({
  id: rowIdSchema,
  personId: rowIdSchema,
  personName: z.string(),
  cause: z.enum(REVOCATION_CAUSES),
  reason: z.string(),
  effectiveAt: instantSchema,
  doneAt: instantSchema,
  /** From when it should have been so until it was; 0 where it was ordered ahead. */
  minutes: z.number(),
  byName: z.string().nullable(),
  counts: revocationCountsSchema,
  policyVersion: z.number().int(),
  /** When each gateway told in its journal that it obeys; null where it has not yet. */
  gateways: z.array(
    z.object({ gatewayId: idSchema, appliedAt: instantSchema.nullable(), minutes: z.number().nullable() }),
  ),
});
export type Revocation = z.infer<typeof revocationSchema>;

// Cards

export const presentationSchema = z.strictObject({
  personId: rowIdSchema,
  doorId: idSchema,
  /** True for a card that counts until the end of the day at the site. */
  isForToday: z.boolean().default(false),
});

export const readingsQuerySchema = z.strictObject({ text: z.string().trim().min(1).max(80) });

/** Which cards a number may stand for, or how a card is printed. */
export const readingsSchema = z.object({
  /** The canonical text where that was given; null where a printed number was. */
  card: z.string().nullable(),
  /** Why the card cannot be enrolled; null where it can, or where a printed number was given. */
  refusal: z.string().nullable(),
  readings: z.array(z.object({ text: z.string(), form: z.string(), isComplete: z.boolean() })),
});
export type CardReadings = z.infer<typeof readingsSchema>;

// Import

export const importQuerySchema = z.object({ dryRun: z.enum(['0', '1']).default('0') });

/** Largest file, in characters as it is sent. */
export const MAX_IMPORT_CHARACTERS = 2_000_000;

export const importSchema = z.strictObject({
  format: z.enum(['csv', 'xlsx']),
  /** Text of a CSV file; an XLSX file in base64. */
  content: z.string().min(1).max(MAX_IMPORT_CHARACTERS),
});

export const importResultSchema = z.object({
  isDryRun: z.boolean(),
  /** False for a dry run, and where any row is at fault: all rows go in together or none. */
  isWritten: z.boolean(),
  created: z.number().int(),
  updated: z.number().int(),
  unchanged: z.number().int(),
  errors: z.array(
    z.object({
      /** As spreadsheets count: the heading is row 1. */
      row: z.number().int(),
      column: z.string().nullable(),
      code: z.string(),
    }),
  ),
});
export type ImportResult = z.infer<typeof importResultSchema>;
