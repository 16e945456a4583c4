import { z } from 'zod';
import { CARD_MEDIA, cardTextSchema } from './card.ts';
import { COMMAND_ACTS, COMMAND_STATES } from './command.ts';
import { openingSchema } from './commitment.ts';
import { ACCESS_OUTCOMES, DENY_REASONS, EVENT_TYPE_NAMES, type EventType } from './event.ts';
import { APPROVAL_METHODS, PERMIT_KINDS } from './permit.ts';
import { hashSchema, idSchema } from './record.ts';
import { rootDocumentSchema } from './root-document.ts';

/** Where the API lives. */
export const API_BASE = '/api/v1';

/** An instant in UTC, RFC 3339 with milliseconds, e.g. `2026-03-12T07:05:00.000Z`. */
export const instantSchema = z.iso.datetime({ precision: 3 });

/** An instant as callers may write it: any RFC 3339 form; it is read as UTC with milliseconds. */
export const instantInputSchema = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text).toISOString());

/** A server-made id of a row. */
export const rowIdSchema = z.string().regex(/^[a-z]{1,3}_[A-Za-z0-9_-]{22}$/);

/** What people may do. */
export const ROLE_NAMES = [
  'technician',
  'supervisor',
  'officer',
  'auditor',
  'administrator',
  'privacy-officer',
] as const;
export const roleNameSchema = z.enum(ROLE_NAMES);

/** What a person may do. */
export type RoleName = z.infer<typeof roleNameSchema>;

const text = (most: number) => z.string().trim().min(1).max(most);

/** A page of a list; `nextCursor` is null on the last one. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });

/** Query of every list. */
export const pageQuerySchema = z.object({
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});

// People and sessions

export const signInSchema = z.strictObject({
  username: z.string().min(1).max(64),
  password: z.string().min(1).max(256),
});

export const meSchema = z.object({
  id: rowIdSchema,
  username: z.string(),
  name: z.string(),
  roles: z.array(roleNameSchema),
  site: z.object({ id: idSchema, name: z.string(), timeZone: z.string(), locale: z.enum(['id', 'en']) }),
  isDemo: z.boolean(),
});
export type Me = z.infer<typeof meSchema>;

export const personSchema = z.object({
  id: rowIdSchema,
  name: z.string(),
  username: z.string().nullable(),
  organisation: z.string(),
  roles: z.array(roleNameSchema),
  isActive: z.boolean(),
});
export type Person = z.infer<typeof personSchema>;

export const newPersonSchema = z.strictObject({
  name: text(120),
  organisation: text(120),
  username: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{1,62}$/)
    .optional(),
  password: z.string().min(10).max(256).optional(),
  roles: z.array(roleNameSchema).default([]),
});

export const credentialSchema = z.object({
  id: rowIdSchema,
  personId: rowIdSchema,
  personName: z.string(),
  media: z.enum(CARD_MEDIA),
  /** The last four characters; the whole number is never shown again. */
  lastFour: z.string(),
  state: z.enum(['active', 'suspended', 'lost']),
  enrolledAt: instantSchema,
  /** Null for a card without an end of its own. */
  expiresAt: instantSchema.nullable(),
});
export type Credential = z.infer<typeof credentialSchema>;

export const newCredentialSchema = z.strictObject({
  personId: rowIdSchema,
  /** Canonical text, e.g. `em:6F007B3972` or `wg26:7B3972`. */
  card: cardTextSchema,
  /** True for a card that counts until the end of the day at the site. */
  isForToday: z.boolean().default(false),
});

export const credentialStateSchema = z.strictObject({
  state: z.enum(['active', 'suspended', 'lost']),
  reason: text(300).optional(),
});

// Rooms, doors, purposes

export const roomSchema = z.object({ id: idSchema, name: z.string() });
export type Room = z.infer<typeof roomSchema>;

/** What the last records of a gateway say of a door. */
export const doorStateSchema = z.object({
  lock: z.enum(['secured', 'released', 'fault', 'unknown']),
  contact: z.enum(['closed', 'open', 'unknown']),
  alarm: z.enum(['none', 'forced', 'held-open']),
  /** When the alarm began; null where there is none. */
  alarmSince: instantSchema.nullable(),
  /** Somebody in charge knows of the alarm, which stands all the same until the leaf is closed. */
  isAcknowledged: z.boolean(),
  /** Nobody gets in but whom the order named. */
  lockdown: z.object({ since: instantSchema }).nullable(),
  /** Until when the door is held open by an order; null where it is not. */
  holdOpenUntil: instantSchema.nullable(),
  /** The fire alarm of the building has let everybody out. */
  fire: z.object({ since: instantSchema }).nullable(),
  /** Number of people whose last recorded passage was an entry. */
  occupancy: z.number().int(),
  readers: z.record(z.string(), z.enum(['online', 'offline'])),
  clockTrust: z.number().int().min(0).max(3).nullable(),
  gatewaySeenAt: instantSchema.nullable(),
  at: instantSchema.nullable(),
});
export type DoorState = z.infer<typeof doorStateSchema>;

export const doorSchema = z.object({
  id: idSchema,
  name: z.string(),
  roomId: idSchema,
  gatewayId: idSchema.nullable(),
  state: doorStateSchema,
});
export type Door = z.infer<typeof doorSchema>;

export const purposeSchema = z.object({
  code: z.string(),
  group: z.enum(['application', 'network', 'facility', 'other']),
  nameId: z.string(),
  nameEn: z.string(),
  maxHours: z.number(),
});
export type Purpose = z.infer<typeof purposeSchema>;

// Requests

export const REQUEST_STATES = [
  'draft',
  'submitted',
  'verified',
  'approved',
  'checked-in',
  'inside',
  'left',
  'closed',
  'rejected',
  'withdrawn',
  'revoked',
  'expired',
  'emergency',
] as const;
export const requestStateSchema = z.enum(REQUEST_STATES);
export type RequestState = z.infer<typeof requestStateSchema>;

export const newRequestSchema = z.strictObject({
  purpose: z.string().max(16),
  description: text(500),
  doorId: idSchema,
  validFrom: instantInputSchema,
  validUntil: instantInputSchema,
  /** Saves a step on the phone: file and submit in one. */
  submit: z.boolean().default(true),
});
export type NewRequest = z.input<typeof newRequestSchema>;

export const reasonSchema = z.strictObject({ reason: text(300) });
export const noBodySchema = z.strictObject({});

export const requestStepSchema = z.object({
  at: instantSchema,
  step: z.enum([
    'filed',
    'submitted',
    'declared',
    'verified',
    'endorsed',
    'approved',
    'rejected',
    'withdrawn',
    'revoked',
    'expired',
    'checked-in',
    'entered',
    'left',
    'closed',
  ]),
  byName: z.string(),
  reason: z.string().nullable(),
  method: z.enum(APPROVAL_METHODS).nullable(),
});

export const requestSchema = z.object({
  id: rowIdSchema,
  /** Register number, e.g. `001/IZIN-RS/03/2026`. */
  number: z.string(),
  state: requestStateSchema,
  requester: z.object({ id: rowIdSchema, name: z.string(), organisation: z.string() }),
  purpose: z.string(),
  description: z.string(),
  doorId: idSchema,
  doorName: z.string(),
  validFrom: instantSchema,
  validUntil: instantSchema,
  createdAt: instantSchema,
  decidedAt: instantSchema.nullable(),
  decidedByName: z.string().nullable(),
  reason: z.string().nullable(),
  permitId: z.string().nullable(),
  steps: z.array(requestStepSchema),
  kind: z.enum(PERMIT_KINDS).optional(),
  /** Who enters; left out where that is the requester. */
  subject: z.object({ id: rowIdSchema, name: z.string(), organisation: z.string() }).optional(),
});
export type AccessRequest = z.infer<typeof requestSchema>;

export const requestQuerySchema = pageQuerySchema.extend({
  state: requestStateSchema.optional(),
  /** `mine` for the caller's own, `waiting` for what the caller may decide. */
  scope: z.enum(['mine', 'waiting', 'all']).default('mine'),
});

export const permitSchema = z.object({
  id: z.string(),
  requestId: rowIdSchema,
  personName: z.string(),
  doors: z.array(idSchema),
  validFrom: instantSchema,
  validUntil: instantSchema,
  state: z.enum(['in-force', 'not-yet', 'ended', 'revoked']),
});
export type PermitSummary = z.infer<typeof permitSchema>;

// Visits

export const visitSchema = z.object({
  id: z.string(),
  personId: rowIdSchema.nullable(),
  personName: z.string().nullable(),
  doorId: idSchema,
  requestId: rowIdSchema.nullable(),
  enteredAt: instantSchema.nullable(),
  /** Null while the person is still inside: never a duration of zero. */
  leftAt: instantSchema.nullable(),
  certainty: z.enum(['sure', 'no-entry', 'unknown']),
});
export type Visit = z.infer<typeof visitSchema>;

export const occupancySchema = z.object({
  at: instantSchema,
  rooms: z.array(z.object({ roomId: idSchema, count: z.number().int(), inside: z.array(visitSchema) })),
});
export type Occupancy = z.infer<typeof occupancySchema>;

// Evidence

export const eventSchema = z.object({
  /** `<gateway>/<epoch>/<seq>`. */
  id: z.string(),
  gateway: idSchema,
  epoch: z.number().int(),
  seq: z.number().int(),
  /** When it happened as the gateway believed. */
  at: instantSchema,
  clockTrust: z.number().int(),
  receivedAt: instantSchema,
  type: z.enum(EVENT_TYPE_NAMES as [EventType, ...EventType[]]),
  severity: z.enum(['normal', 'notice', 'warning', 'alarm']),
  doorId: idSchema.nullable(),
  direction: z.enum(['in', 'out']).nullable(),
  /** Deny reason or outcome. */
  reason: z.string().nullable(),
  personName: z.string().nullable(),
  requestId: rowIdSchema.nullable(),
  requestNumber: z.string().nullable(),
});
export type AccessEvent = z.infer<typeof eventSchema>;

export const eventQuerySchema = pageQuerySchema.extend({
  from: instantInputSchema.optional(),
  until: instantInputSchema.optional(),
  doorId: idSchema.optional(),
  type: z.enum(EVENT_TYPE_NAMES as [EventType, ...EventType[]]).optional(),
  reason: z.enum([...DENY_REASONS, ...ACCESS_OUTCOMES]).optional(),
  severity: z.enum(['normal', 'notice', 'warning', 'alarm']).optional(),
  /** Free text over the person's name and the request number. */
  q: z.string().max(100).optional(),
  /** Leaves out so many of the newest; a list that is scrolled by hand needs no cursor. */
  offset: z.coerce.number().int().min(0).max(100_000_000).optional(),
  /** Leaves out what arrived later than a density said: the list stays as it was while it is scrolled. */
  asOf: z.coerce.number().int().min(0).optional(),
});

export const eventDetailSchema = eventSchema.extend({
  /** The very bytes that were hashed. */
  record: z.string(),
  leafHash: hashSchema,
  /** Inclusion proof in the newest stored checkpoint, base64. */
  proof: z.object({ size: z.number().int(), hashes: z.array(z.string()), checkpoint: z.string() }).nullable(),
  /** Rules that ran, in order; the last one denied where the event is a denial. */
  checked: z.array(z.string()),
});
export type EventDetail = z.infer<typeof eventDetailSchema>;

export const integritySchema = z.object({
  checkedAt: instantSchema,
  isIntact: z.boolean(),
  logs: z.array(
    z.object({
      origin: z.string(),
      size: z.number().int(),
      root: z.string(),
      signedSize: z.number().int(),
      signedAt: instantSchema.nullable(),
      /** Null where the log is intact. */
      finding: z
        .object({ file: z.string(), line: z.number().int().nullable(), reason: z.string() })
        .nullable(),
    }),
  ),
});
export type Integrity = z.infer<typeof integritySchema>;

export const exportQuerySchema = z.object({
  from: instantInputSchema.optional(),
  until: instantInputSchema.optional(),
});

// Gateways

export const newGatewaySchema = z.strictObject({ id: idSchema, doors: z.array(idSchema).min(1).max(16) });
export const enrolmentTokenSchema = z.object({
  gatewayId: idSchema,
  /** Shown once. */
  token: z.string(),
  expiresAt: instantSchema,
});

export const gatewaySchema = z.object({
  id: idSchema,
  doors: z.array(idSchema),
  state: z.enum(['waiting', 'enrolled', 'revoked']),
  seenAt: instantSchema.nullable(),
  policyVersion: z.number().int().nullable(),
  journalSize: z.number().int(),
});
export type GatewaySummary = z.infer<typeof gatewaySchema>;

export const enrolRequestSchema = z.strictObject({
  token: z.string().min(20).max(200),
  /** Ed25519 public key, base64url. */
  publicKey: hashSchema,
  /** Signature over `palang-enrol/v1\n<token>` by that key: proof that the caller holds it. */
  proof: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
});
export const enrolResponseSchema = z.object({
  gatewayId: idSchema,
  siteId: idSchema,
  issuer: z.string(),
  epoch: z.number().int().min(1),
  doors: z.array(idSchema),
  /** Key of the card handles of this site, base64url; secret. */
  pepper: hashSchema,
  root: z.array(rootDocumentSchema).min(1),
});
export type EnrolResponse = z.infer<typeof enrolResponseSchema>;

export const policyQuerySchema = z.object({
  /** Version the gateway holds; 0 for none. */
  have: z.coerce.number().int().min(0).default(0),
  /** Version of the root document that the gateway holds. */
  root: z.coerce.number().int().min(1).default(1),
  /** `1` where the difference to `have` did not fit. */
  whole: z.literal('1').optional(),
  nonce: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
});

/** Most entries in one upload. */
export const MAX_UPLOAD_ENTRIES = 500;

export const journalUploadSchema = z.strictObject({
  /** Hash of the first record of the epoch: two journals under one number cannot be confused. */
  gen: hashSchema,
  from: z.number().int().min(0),
  /** Leaf hash of record from-1, or 43 times `A`. */
  prev: hashSchema,
  /** Canonical records, the very text that was hashed. */
  entries: z.array(z.string().max(65_535)).min(1).max(MAX_UPLOAD_ENTRIES),
  openings: z.array(openingSchema).max(MAX_UPLOAD_ENTRIES * 3),
  /** Checkpoint signed by the gateway, at the size after the last entry. */
  checkpoint: z.string().max(4000),
  /** The server's own cosigned checkpoint of a larger size, where it now holds less than it once did. */
  cosigned: z.string().max(4000).optional(),
});
export type JournalUpload = z.infer<typeof journalUploadSchema>;

/** How far the server holds an epoch; an acknowledgement counts only if `head` is the gateway's own hash there. */
export const journalHeadSchema = z.object({
  size: z.number().int().min(0),
  /** Leaf hash of the last stored record, or 43 times `A`. */
  head: hashSchema,
});
export const journalAckSchema = journalHeadSchema.extend({
  /** The checkpoint with the server's cosignature, made after the commit. */
  checkpoint: z.string(),
});
export type JournalHead = z.infer<typeof journalHeadSchema>;

/** A 409 of the journal route: the problem, and from where to go on. */
export const journalConflictSchema = z.object({
  code: z.enum(['journal-gap', 'journal-conflict', 'journal-fenced']),
  head: journalHeadSchema,
});

// Live

/** One message of `/stream`; the data of each SSE event, whose name is `kind`. */
export const streamMessageSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('event'), event: eventSchema }),
  z.object({ kind: z.literal('door'), door: doorSchema }),
  z.object({ kind: z.literal('request'), requestId: rowIdSchema, state: requestStateSchema }),
  z.object({
    kind: z.literal('command'),
    commandId: z.string(),
    doorId: idSchema,
    act: z.enum(COMMAND_ACTS),
    state: z.enum(COMMAND_STATES),
  }),
]);
export type StreamMessage = z.infer<typeof streamMessageSchema>;

// Demonstration

export const demoSchema = z.object({
  accounts: z.array(
    z.object({ username: z.string(), password: z.string(), role: roleNameSchema, name: z.string() }),
  ),
  cards: z.array(z.object({ card: z.string(), label: z.string() })),
});
export type Demo = z.infer<typeof demoSchema>;
