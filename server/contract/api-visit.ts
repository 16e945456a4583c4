import { z } from 'zod';
import {
  instantInputSchema,
  instantSchema,
  newRequestSchema,
  pageQuerySchema,
  purposeSchema,
  requestSchema,
  roomSchema,
  rowIdSchema,
  visitSchema,
} from './api.ts';
import { IDENTITY_KINDS } from './api-people.ts';
import { PERMIT_KINDS, weeklyWindowSchema } from './permit.ts';
import { hashSchema, idSchema } from './record.ts';

const text = (most: number) => z.string().trim().min(1).max(most);
/** A key that people never see, e.g. of a checklist item. */
const keySchema = z.string().regex(/^[a-zA-Z][a-zA-Z0-9-]{0,40}$/);

// Purposes, rooms, zones, maintenance windows

const namingShape = { nameId: text(120), nameEn: text(120) };

export const CLOSING_KINDS = ['text', 'number', 'yes-no', 'passed-failed'] as const;

const purposeRules = {
  /** How many officials approve it. */
  approvals: z.union([z.literal(1), z.literal(2)]),
  needsChangeNumber: z.boolean(),
  needsEscort: z.boolean(),
  needsTwoPersons: z.boolean(),
  /** True where a signed report (berita acara) belongs to it. */
  needsMinutes: z.boolean(),
  /** True where an answer is due within 15 minutes. */
  isFastTrack: z.boolean(),
  equipment: z.array(text(60)).max(30),
  checklist: z.array(z.strictObject({ key: keySchema, ...namingShape })).max(40),
  closing: z.array(z.strictObject({ key: keySchema, kind: z.enum(CLOSING_KINDS), ...namingShape })).max(30),
  isActive: z.boolean(),
};

export const purposeDetailSchema = purposeSchema.extend(purposeRules);
export type PurposeDetail = z.infer<typeof purposeDetailSchema>;

export const purposeInputSchema = z.strictObject({
  group: purposeSchema.shape.group,
  ...namingShape,
  maxHours: z.number().int().min(1).max(24),
  ...purposeRules,
});

export const ZONE_CLASSES = ['controlled', 'limited', 'exclusion'] as const;

export const zoneInputSchema = z.strictObject({ name: text(120), class: z.enum(ZONE_CLASSES) });
export const zoneSchema = zoneInputSchema.extend({ id: idSchema });
export type Zone = z.infer<typeof zoneSchema>;

export const roomInputSchema = z.strictObject({
  name: text(120),
  zoneId: idSchema.nullable().default(null),
  /** True where two officials approve, whatever the purpose. */
  isStrict: z.boolean().default(false),
  /** True where the room's officer checks a request before an official decides. */
  needsVerification: z.boolean().default(true),
  /** Who is asked to decide, in this order; all officials where empty. */
  officials: z.array(rowIdSchema).max(20).default([]),
});
export const roomDetailSchema = roomSchema.extend({
  zoneId: idSchema.nullable(),
  isStrict: z.boolean(),
  needsVerification: z.boolean(),
  officials: z.array(rowIdSchema),
});
export type RoomDetail = z.infer<typeof roomDetailSchema>;

export const doorInputSchema = z.strictObject({ name: text(120), roomId: idSchema });

export const maintenanceWindowInputSchema = z.strictObject({
  roomId: idSchema,
  name: text(120),
  from: instantInputSchema,
  until: instantInputSchema,
});
export const maintenanceWindowSchema = z.object({
  id: rowIdSchema,
  roomId: idSchema,
  name: z.string(),
  from: instantSchema,
  until: instantSchema,
  isCancelled: z.boolean(),
});
export type MaintenanceWindow = z.infer<typeof maintenanceWindowSchema>;

// Requests

export const hoursInputSchema = weeklyWindowSchema.omit({ utc: true });

export const EQUIPMENT_MOVEMENTS = ['in', 'out', 'stays'] as const;
export const EQUIPMENT_OUTCOMES = ['taken-out', 'stays', 'destroyed'] as const;

export const equipmentInputSchema = z.strictObject({
  kind: text(60),
  brand: text(80),
  serial: text(80),
  /** `in`: comes and goes with the visitor; `out`: is taken from the room; `stays`: is left there. */
  movement: z.enum(EQUIPMENT_MOVEMENTS).default('in'),
  /** True for whatever can carry data away. */
  isStorage: z.boolean().default(false),
});
export type EquipmentInput = z.infer<typeof equipmentInputSchema>;

export const equipmentSchema = z.object({
  id: rowIdSchema,
  kind: z.string(),
  brand: z.string(),
  serial: z.string(),
  movement: z.enum(EQUIPMENT_MOVEMENTS),
  isStorage: z.boolean(),
  seenInAt: instantSchema.nullable(),
  outcome: z.enum(EQUIPMENT_OUTCOMES).nullable(),
  outcomeAt: instantSchema.nullable(),
  /** What the officer noted, e.g. the number of the handover report. */
  note: z.string().nullable(),
});
export type Equipment = z.infer<typeof equipmentSchema>;

export const memberSchema = z.strictObject({ name: text(120), organisation: text(120) });

/** A request with all that may be asked for; what is left out is a single visit of one's own. */
export const visitWishSchema = newRequestSchema.extend({
  kind: z.enum(PERMIT_KINDS).default('single'),
  /** A known person for whom this is; oneself where neither this nor `visitor` is given. */
  visitorId: rowIdSchema.optional(),
  /** A visitor who is not known yet and has no account. */
  visitor: memberSchema.extend({ kind: z.enum(['vendor', 'guest']).default('guest') }).optional(),
  hours: z.array(hoursInputSchema).max(14).default([]),
  isForHolidays: z.boolean().default(false),
  /** Entries that it is good for. */
  uses: z.number().int().min(1).max(10_000).optional(),
  escortIds: z.array(rowIdSchema).max(8).default([]),
  hostId: rowIdSchema.optional(),
  /** Who comes along with the visitor as one group. */
  members: z.array(memberSchema).max(49).default([]),
  equipment: z.array(equipmentInputSchema).max(50).default([]),
  workOrder: text(80).optional(),
  changeNumber: text(80).optional(),
  /** What could happen to production, and what is done against it. */
  risk: text(500).optional(),
  decideBy: instantInputSchema.optional(),
  /** The request whose visit this one prolongs. */
  extendsId: rowIdSchema.optional(),
  /** SHA-256 of the privacy notice that stood before the form. */
  noticeHash: hashSchema.optional(),
});
export type VisitWishInput = z.input<typeof visitWishSchema>;

/** What somebody files again: an earlier request without its times. */
export const requestCopySchema = visitWishSchema
  .omit({
    validFrom: true,
    validUntil: true,
    submit: true,
    decideBy: true,
    extendsId: true,
    visitor: true,
    noticeHash: true,
  })
  .extend({ description: z.string() });

const partySchema = z.object({ id: rowIdSchema, name: z.string(), organisation: z.string() });

export const ESCORT_STATES = ['asked', 'accepted', 'declined'] as const;

export const attachmentSchema = z.object({
  id: rowIdSchema,
  name: z.string(),
  type: z.enum(['application/pdf', 'image/png', 'image/jpeg']),
  size: z.number().int(),
  hash: hashSchema,
  addedAt: instantSchema,
});
export type Attachment = z.infer<typeof attachmentSchema>;

export const attachmentInputSchema = z.strictObject({
  name: text(120),
  /** The file, base64url. */
  content: z.string().regex(/^[A-Za-z0-9_-]+$/),
});

export const requestDetailSchema = requestSchema.extend({
  kind: z.enum(PERMIT_KINDS),
  subject: partySchema,
  hours: z.array(weeklyWindowSchema),
  isForHolidays: z.boolean(),
  uses: z.number().int().nullable(),
  needsTwoPersons: z.boolean(),
  needsEscort: z.boolean(),
  escorts: z.array(z.object({ id: rowIdSchema, name: z.string(), state: z.enum(ESCORT_STATES) })),
  host: z.object({ id: rowIdSchema, name: z.string() }).nullable(),
  members: z.array(memberSchema),
  equipment: z.array(equipmentSchema),
  attachments: z.array(attachmentSchema),
  workOrder: z.string().nullable(),
  changeNumber: z.string().nullable(),
  risk: z.string().nullable(),
  /** Until when it can be decided. */
  decideBy: instantSchema,
  /** When the next official is asked; null where nobody is waited for. */
  answerDueAt: instantSchema.nullable(),
  needsVerification: z.boolean(),
  verifiedByName: z.string().nullable(),
  approvalsNeeded: z.number().int(),
  approvals: z.array(z.object({ byName: z.string(), forName: z.string().nullable(), at: instantSchema })),
  /** True where the permit is made when the officer has checked the visitor in. */
  needsCheckIn: z.boolean(),
  extendsId: rowIdSchema.nullable(),
});
export type RequestDetail = z.infer<typeof requestDetailSchema>;

/** Who may be asked to escort a visit: no more of them than it takes to choose. */
export const escortSchema = z.object({ id: rowIdSchema, name: z.string() });
export type Escort = z.infer<typeof escortSchema>;

export const escortAnswerSchema = z.strictObject({ accepts: z.boolean() });

/** What an official sees before deciding. */
export const decisionViewSchema = z.object({
  request: requestDetailSchema,
  purpose: purposeDetailSchema,
  roomName: z.string(),
  /** Things to look at twice, by name. */
  warnings: z.array(
    z.enum([
      'after-hours',
      'holiday',
      'long-stay',
      'production-risk',
      'storage-media',
      'equipment-open',
      'overdue-before',
      'rights-end-during',
      'first-visit',
      'outside-maintenance-window',
    ]),
  ),
  /** When the assignment letter or contract of the visitor ends. */
  rightsEndAt: instantSchema.nullable(),
  basis: z.object({ kind: z.string(), number: z.string() }).nullable(),
  lastVisits: z.array(visitSchema),
  overdueExits: z.number().int(),
});
export type DecisionView = z.infer<typeof decisionViewSchema>;

// Delegations

export const delegationInputSchema = z.strictObject({
  toId: rowIdSchema,
  /** Plh. stands in for an official who is away, Plt. holds an office that is vacant. */
  kind: z.enum(['plh', 'plt']),
  orderNumber: text(80),
  from: instantInputSchema,
  until: instantInputSchema,
});
export const delegationSchema = z.object({
  id: rowIdSchema,
  fromId: rowIdSchema,
  fromName: z.string(),
  toId: rowIdSchema,
  toName: z.string(),
  kind: z.enum(['plh', 'plt']),
  orderNumber: z.string(),
  from: instantSchema,
  until: instantSchema,
  revokedAt: instantSchema.nullable(),
});
export type DelegationRow = z.infer<typeof delegationSchema>;

// The visit

export const VISIT_STATES = ['checked-in', 'inside', 'left', 'closed'] as const;
export type VisitState = (typeof VISIT_STATES)[number];

export const checkInSchema = z.strictObject({
  requestId: rowIdSchema,
  /** What the officer saw: no scan, no number. */
  identity: z.strictObject({
    kind: z.enum(IDENTITY_KINDS),
    lastFour: z.string().regex(/^[A-Z0-9]{4}$/),
  }),
  /** Number on the visitor's badge. */
  badgeNumber: text(20).optional(),
  /** Makes a one-time code where the visitor has no card; shown once. */
  wantsCode: z.boolean().default(false),
  /** SHA-256 of the house rules that were read out and acknowledged. */
  rulesHash: hashSchema,
  escortId: rowIdSchema.optional(),
  /** How many people stand there. */
  heads: z.number().int().min(1).max(50).default(1),
});

const surveyScore = z.number().int().min(1).max(4);
export const surveySchema = z.strictObject({
  requirements: surveyScore,
  procedure: surveyScore,
  time: surveyScore,
  cost: surveyScore,
  result: surveyScore,
  competence: surveyScore,
  conduct: surveyScore,
  complaints: surveyScore,
  facilities: surveyScore,
});

const closingValueSchema = z.union([z.string().trim().max(500), z.number(), z.boolean()]);

export const checkOutSchema = z.strictObject({
  isBadgeReturned: z.boolean().default(false),
  equipment: z
    .array(
      z.strictObject({
        id: rowIdSchema,
        outcome: z.enum(EQUIPMENT_OUTCOMES),
        note: text(200).optional(),
      }),
    )
    .max(50)
    .default([]),
  checked: z.array(keySchema).max(40).default([]),
  report: z.record(keySchema, closingValueSchema).default({}),
  heads: z.number().int().min(0).max(50).optional(),
  /** Closes what cannot be completed: somebody left without a word, a badge is lost. */
  force: z.strictObject({ reason: text(300) }).optional(),
});

export const attendanceSchema = z.object({
  id: rowIdSchema,
  requestId: rowIdSchema,
  requestNumber: z.string(),
  purpose: z.string(),
  doorId: idSchema,
  person: partySchema,
  heads: z.number().int(),
  state: z.enum(VISIT_STATES),
  validUntil: instantSchema,
  checkedInAt: instantSchema.nullable(),
  enteredAt: instantSchema.nullable(),
  leftAt: instantSchema.nullable(),
  closedAt: instantSchema.nullable(),
  badgeNumber: z.string().nullable(),
  isBadgeReturned: z.boolean(),
  identity: z.object({ kind: z.enum(IDENTITY_KINDS), lastFour: z.string() }).nullable(),
  escortName: z.string().nullable(),
  isOverdue: z.boolean(),
  equipment: z.array(equipmentSchema),
  checked: z.array(z.string()),
  report: z.record(z.string(), closingValueSchema),
  forcedReason: z.string().nullable(),
  hasSurvey: z.boolean(),
});
export type Attendance = z.infer<typeof attendanceSchema>;

export const checkedInSchema = attendanceSchema.extend({
  /** Shown once; null where the visitor has a card. */
  code: z.string().nullable(),
});

const expectedSchema = z.object({
  requestId: rowIdSchema,
  number: z.string(),
  purpose: z.string(),
  doorId: idSchema,
  person: partySchema,
  heads: z.number().int(),
  validFrom: instantSchema,
  validUntil: instantSchema,
  needsCheckIn: z.boolean(),
});

export const todaySchema = z.object({
  at: instantSchema,
  /** Approved for today, not here yet. */
  expected: z.array(expectedSchema),
  /** Checked in, not inside yet. */
  waiting: z.array(attendanceSchema),
  inside: z.array(attendanceSchema),
  /** Inside beyond the end of the permit. */
  overdue: z.array(attendanceSchema),
  /** Out, not closed. */
  open: z.array(attendanceSchema),
});
export type Today = z.infer<typeof todaySchema>;

export const attendanceQuerySchema = pageQuerySchema.extend({
  state: z.enum(VISIT_STATES).optional(),
});

export const satisfactionSchema = z.object({
  from: instantSchema,
  until: instantSchema,
  /** Null where nobody answered. */
  result: z
    .object({ index: z.number(), grade: z.enum(['A', 'B', 'C', 'D']), answers: z.number().int() })
    .nullable(),
});
export const satisfactionQuerySchema = z.object({ from: instantInputSchema, until: instantInputSchema });

export const minutesSchema = z.object({
  number: z.string(),
  /** The text of the official report, in Indonesian, ready to be printed and signed. */
  text: z.string(),
});

// Notifications

export const NOTICE_KINDS = [
  'request.submitted',
  'request.verified',
  'request.endorsed',
  'request.approved',
  'request.rejected',
  'request.withdrawn',
  'request.revoked',
  'request.expired',
  'request.expiring',
  'request.unanswered',
  'escort.asked',
  'escort.answered',
  'emergency.declared',
  'emergency.unreviewed',
  'visit.checked-in',
  'visit.expiring',
  'visit.overdue',
  'visit.closed',
  'delegation.given',
  'account.changed',
  'sop.review-due',
  'review.opened',
  'alarm',
] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

export const noticeSchema = z.object({
  id: rowIdSchema,
  kind: z.enum(NOTICE_KINDS),
  /** Id of what it is about: a request, a visit, an event. */
  subject: z.string(),
  at: instantSchema,
  readAt: instantSchema.nullable(),
});
export type Notice = z.infer<typeof noticeSchema>;

export const noticeQuerySchema = pageQuerySchema.extend({ unread: z.literal('1').optional() });
export const noticesReadSchema = z.strictObject({ ids: z.array(rowIdSchema).min(1).max(200) });
export const noticesReadOutSchema = z.object({ read: z.number().int() });
