import { z } from 'zod';
import { instantSchema, rowIdSchema } from './api.ts';
import { APPROVAL_METHODS } from './permit.ts';
import { approverSchema } from './root-document.ts';
import { hashSchema } from './record.ts';

const base64Url = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^[A-Za-z0-9_-]+$/);

// As PublicKeyCredential.toJSON() of a browser writes them; what else it says is passed over.

const credentialSchema = z.object({
  id: base64Url(1400),
  rawId: base64Url(1400),
  type: z.literal('public-key'),
  authenticatorAttachment: z.enum(['platform', 'cross-platform']).optional(),
  clientExtensionResults: z.record(z.string(), z.unknown()).default({}),
});

/** What a browser made of registration options. */
export const passkeyRegistrationSchema = credentialSchema.extend({
  response: z.object({
    clientDataJSON: base64Url(4000),
    attestationObject: base64Url(20_000),
    transports: z.array(z.string().max(40)).max(10).optional(),
  }),
});
export type PasskeyRegistration = z.infer<typeof passkeyRegistrationSchema>;

/** What a browser made of request options. */
export const passkeyAnswerSchema = credentialSchema.extend({
  response: z.object({
    clientDataJSON: base64Url(2800),
    authenticatorData: base64Url(1400),
    signature: base64Url(200),
    userHandle: base64Url(200).optional(),
  }),
});
export type PasskeyAnswer = z.infer<typeof passkeyAnswerSchema>;

/** Options for `navigator.credentials`, as the browser's own `parse...FromJSON` reads them. */
export const passkeyOptionsSchema = z.object({ options: z.record(z.string(), z.unknown()) });

export const newPasskeySchema = z.strictObject({
  name: z.string().trim().min(1).max(80),
  credential: passkeyRegistrationSchema,
});
export const passkeyAnswerBodySchema = z.strictObject({ credential: passkeyAnswerSchema });

export const passkeySchema = z.object({
  id: rowIdSchema,
  name: z.string(),
  createdAt: instantSchema,
  usedAt: instantSchema.nullable(),
  /** True where the officials have entered it into the roster: its approvals count at the door. */
  isApprover: z.boolean(),
  /** What the officials need to enter it: `palang root propose --add-approver FILE`. */
  rosterEntry: approverSchema,
});
export type PasskeySummary = z.infer<typeof passkeySchema>;
export const passkeyListSchema = z.object({ items: z.array(passkeySchema) });

/** What an approver is about to approve, and how. */
export const approvalOptionsSchema = z.object({
  /** `session` where this site takes the weaker form and the caller has no passkey in the roster. */
  method: z.enum(APPROVAL_METHODS),
  /** Only with `passkey`. */
  options: z.record(z.string(), z.unknown()).nullable(),
  /** What the approval is over, for the screen. The challenge is bound to exactly this. */
  summary: z.object({ id: z.string(), en: z.string() }),
  /** SHA-256 of the request as it is approved. */
  request: hashSchema,
  /** How many approvers this needs, and how many have approved so far. */
  needed: z.number().int(),
  given: z.number().int(),
});
export type ApprovalOptions = z.infer<typeof approvalOptionsSchema>;

/** `credential` is left out for an approval by session. */
export const approveSchema = z.strictObject({ credential: passkeyAnswerSchema.optional() });

/** Who is trusted with what, as the officials have signed it. */
export const trustSchema = z.object({
  version: z.number().int(),
  /** Of the first root document, to be compared with the paper. */
  fingerprint: z.string(),
  isSingleOfficial: z.boolean(),
  officials: z.number().int(),
  threshold: z.number().int(),
  /** The named weaker setting: approvals by session count. */
  isWeakApprovalAllowed: z.boolean(),
  /** Host that passkeys are bound to; null where none can be used. */
  relyingParty: z.string().nullable(),
  approvers: z.array(z.object({ personId: rowIdSchema, doors: z.array(z.string()).nullable() })),
});
export type Trust = z.infer<typeof trustSchema>;
