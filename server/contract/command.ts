import { z } from 'zod';
import { APPROVAL_METHODS } from './permit.ts';
import { idSchema } from './record.ts';

/** What a person may order at a door from afar. */
export const COMMAND_ACTS = [
  'release',
  'lockdown-start',
  'lockdown-end',
  'hold-open-start',
  'hold-open-end',
  'presence-reset',
  'alarm-acknowledge',
] as const;

/** What a person may order at a door from afar. */
export type CommandAct = (typeof COMMAND_ACTS)[number];

/**
 * `waiting` at the server, `sent` to the gateway, `done` or `refused` as its journal says, `lapsed` before it was
 * fetched.
 */
export const COMMAND_STATES = ['waiting', 'sent', 'done', 'refused', 'lapsed'] as const;

/** How far an order has come. */
export type CommandState = (typeof COMMAND_STATES)[number];

/** How long the gateway takes commands that carry its nonce, on its monotonic clock. */
export const COMMAND_LIFE_MS = 10_000;

/** Longest time that a door may be held open by one order. */
export const MAX_HOLD_OPEN_MS = 30 * 60_000;

const subSchema = z.string().regex(/^s_[A-Za-z0-9_-]{22}$/);

/** A nonce of a gateway: 16 random bytes, base64url; good for one answer. */
export const nonceSchema = z.string().regex(/^[A-Za-z0-9_-]{22}$/);

/**
 * One order, signed by the issuer and bound to a nonce that the gateway made for it: a replay, a retained message
 * or a restored server can open nothing. `typ` command+jws.
 */
export const commandClaimsSchema = z.strictObject({
  iss: z.string(),
  aud: idSchema,
  gw: idSchema,
  door: idSchema,
  nonce: nonceSchema,
  /** The same order under another nonce keeps its id: it is obeyed once. */
  id: z.string().regex(/^cm_[A-Za-z0-9_-]{22}$/),
  act: z.enum(COMMAND_ACTS),
  /** Who ordered it, and how that person was seen. */
  by: subSchema,
  m: z.enum(APPROVAL_METHODS),
  /** Seconds since 1970 at which it was ordered. */
  at: z.number().int().min(0),
  /** `hold-open-start`: for how long, in ms. */
  forMs: z.number().int().min(1000).max(MAX_HOLD_OPEN_MS).optional(),
  /** `lockdown-start`: who may still come in. */
  allow: z.array(subSchema).max(32).optional(),
  /** `presence-reset`: of whom; left out for everybody. */
  sub: subSchema.optional(),
  /** Reason in one word of a list; the free text stays at the server. */
  why: z
    .string()
    .regex(/^[a-z][a-z-]{0,39}$/)
    .optional(),
});

/** One order. */
export type CommandClaims = z.infer<typeof commandClaimsSchema>;

/** `POST /gateway/commands`: the gateway asks for what waits, under a fresh nonce. */
export const commandRequestSchema = z.strictObject({ nonce: nonceSchema });

/** Its answer: commands as compact JWS, oldest first, each bound to that nonce. */
export const commandAnswerSchema = z.strictObject({ commands: z.array(z.string()).max(16) });
