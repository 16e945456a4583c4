import { z } from 'zod';
import { instantSchema, rowIdSchema } from './api.ts';
import { COMMAND_ACTS, COMMAND_STATES, MAX_HOLD_OPEN_MS } from './command.ts';
import { daySchema, doorRulesSchema } from './door-rules.ts';
import { pinSchema, visitCodeSchema } from './pin.ts';
import { hashSchema, idSchema } from './record.ts';

const text = (most: number) => z.string().trim().min(1).max(most);

// Rules of the site and its doors

export const holidaySchema = z.strictObject({
  day: daySchema,
  nameId: text(120),
  nameEn: text(120),
  /** True for collective leave (cuti bersama). */
  isCollectiveLeave: z.boolean(),
  /** Where the day is from, e.g. the joint decree of the three ministers of its year. */
  source: text(200),
  /** False until somebody has compared the day with that decree. */
  isChecked: z.boolean(),
});
export type Holiday = z.infer<typeof holidaySchema>;

export const rulesSchema = z.object({
  holidays: z.array(holidaySchema),
  /** SHA-256 of each SOP text that must have been acknowledged before entry. */
  sop: z.array(hashSchema),
  doors: z.record(idSchema, doorRulesSchema),
});
export type Rules = z.infer<typeof rulesSchema>;

export const rulesChangeSchema = z.strictObject({
  /** All of them: what is left out is one no more. */
  holidays: z
    .array(holidaySchema)
    .max(400)
    .refine((days) => new Set(days.map(({ day }) => day)).size === days.length),
});

// PINs and visit codes

export const newPinSchema = z.strictObject({ pin: pinSchema, duress: pinSchema.optional() });

/** What is told of PINs: never one of them, nor whether there is one for duress. */
export const pinStateSchema = z.object({ hasPin: z.boolean() });

/** What is told of one's own PIN: without a card there is nothing that it could belong to. */
export const ownPinStateSchema = pinStateSchema.extend({ hasCard: z.boolean() });
export type OwnPinState = z.infer<typeof ownPinStateSchema>;

export const visitCodeTicketSchema = z.object({
  permitId: z.string(),
  /** Shown once; the newest of a permit replaces the one before. */
  code: visitCodeSchema,
  doors: z.array(idSchema),
  validFrom: instantSchema,
  validUntil: instantSchema,
});
export type VisitCodeTicket = z.infer<typeof visitCodeTicketSchema>;

// Step-up

export const STEP_UP_METHODS = ['password', 'passkey'] as const;
export type StepUpMethod = (typeof STEP_UP_METHODS)[number];

export const stepUpSchema = z.strictObject({ password: z.string().min(1).max(256) });
export const stepUpStateSchema = z.object({ method: z.enum(STEP_UP_METHODS), until: instantSchema });

// Orders at a door

/** Why somebody orders something at a door; `other` is told in words of one's own. */
export const COMMAND_REASONS = [
  { code: 'equipment-move', nameId: 'Pemindahan perangkat', nameEn: 'Moving equipment' },
  { code: 'card-trouble', nameId: 'Kartu atau pembaca bermasalah', nameEn: 'Card or reader trouble' },
  { code: 'security-incident', nameId: 'Insiden keamanan', nameEn: 'Security incident' },
  { code: 'emergency', nameId: 'Keadaan darurat', nameEn: 'Emergency' },
  { code: 'situation-over', nameId: 'Keadaan sudah pulih', nameEn: 'The situation is over' },
  {
    code: 'counting-error',
    nameId: 'Hitungan orang di dalam keliru',
    nameEn: 'Wrong count of people inside',
  },
  { code: 'false-alarm', nameId: 'Alarm palsu', nameEn: 'False alarm' },
  { code: 'checked-on-site', nameId: 'Sudah diperiksa di tempat', nameEn: 'Checked on site' },
  { code: 'drill', nameId: 'Latihan atau pengujian', nameEn: 'Drill or test' },
  { code: 'other', nameId: 'Lainnya', nameEn: 'Other' },
] as const;

const reasonCodes = COMMAND_REASONS.map(({ code }) => code);

export const newCommandSchema = z
  .strictObject({
    act: z.enum(COMMAND_ACTS),
    /** `hold-open-start`: for how long. */
    forMs: z.number().int().min(1000).max(MAX_HOLD_OPEN_MS).optional(),
    /** `lockdown-start`: ids of the people who may still come in. */
    allow: z.array(rowIdSchema).max(32).optional(),
    /** `presence-reset`: of whom; left out for everybody. */
    personId: rowIdSchema.optional(),
    why: z.enum(reasonCodes),
    /** In words of one's own; it stays at the server. */
    note: text(300).optional(),
  })
  .refine(({ act, forMs }) => (act === 'hold-open-start') === (forMs !== undefined), { path: ['forMs'] })
  .refine(({ act, allow }) => act === 'lockdown-start' || allow === undefined, { path: ['allow'] })
  .refine(({ act, personId }) => act === 'presence-reset' || personId === undefined, { path: ['personId'] })
  .refine(({ why, note }) => why !== 'other' || note !== undefined, { path: ['note'] });
export type NewCommand = z.infer<typeof newCommandSchema>;

export const commandSchema = z.object({
  id: z.string(),
  doorId: idSchema,
  gatewayId: idSchema,
  act: z.enum(COMMAND_ACTS),
  state: z.enum(COMMAND_STATES),
  why: z.string(),
  byName: z.string(),
  forMs: z.number().int().nullable(),
  orderedAt: instantSchema,
  sentAt: instantSchema.nullable(),
  /** When the gateway obeyed or refused it. */
  doneAt: instantSchema.nullable(),
  /** Why the gateway did not obey, in one word. */
  refusal: z.string().nullable(),
});
export type Command = z.infer<typeof commandSchema>;

// Audit trail

export const auditEntrySchema = z.object({
  id: z.number().int(),
  at: instantSchema,
  /** Null where the clock did it. */
  byId: z.string().nullable(),
  byName: z.string().nullable(),
  act: z.string(),
  subject: z.string(),
  /** For a change `before` and `after`. */
  facts: z.record(z.string(), z.unknown()),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;
