import { z } from 'zod';
import type { EpochMs } from './clock.ts';
import { hashSchema, idSchema } from './record.ts';

/** Types of signed policy documents: the `typ` of their JWS headers. */
export const JWS_TYPES = {
  permit: 'permit+jws',
  manifest: 'manifest+jws',
  directory: 'directory+jws',
  heartbeat: 'heartbeat+jws',
  command: 'command+jws',
  deny: 'deny+jws',
  date: 'policy-date+jws',
} as const;

/** The one signature algorithm of policy documents. @see RFC 9864 */
export const POLICY_ALGORITHM = 'Ed25519';

/** Longest life of a permit, in days; the gateway refuses longer ones whoever signed them. */
export const MAX_PERMIT_DAYS = 90;

/** How long a class of permits outlives the last word of the server. */
export const PERMIT_CLASSES = ['staff', 'temp', 'strict', 'glass'] as const;

/** How long a class of permits outlives the last word of the server. */
export type PermitClass = (typeof PERMIT_CLASSES)[number];

const secondsSchema = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const minuteOfDay = z.string().regex(/^(?:[01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$/);

/** Weekly hours; a window that ends at or before its start runs over midnight and belongs to its first day. */
export const weeklyWindowSchema = z.strictObject({
  /** Digits 1 (Monday) to 7 (Sunday). */
  days: z.string().regex(/^[1-7]{1,7}$/),
  from: minuteOfDay,
  to: minuteOfDay,
  /** Fixed offset; the three Indonesian zones have no daylight saving. */
  utc: z.string().regex(/^[+-][0-9]{2}:[0-9]{2}$/),
});

/** What sort of right a permit is. */
export const PERMIT_KINDS = ['single', 'recurring', 'standing', 'emergency'] as const;

/** What sort of right a permit is. */
export type PermitKind = (typeof PERMIT_KINDS)[number];

/** How an approval was given: by a passkey over the draft, or by a signed-in session (named and weaker). */
export const APPROVAL_METHODS = ['passkey', 'session'] as const;

/** How an approval, or an order at a door, was given. */
export type ApprovalMethod = (typeof APPROVAL_METHODS)[number];

/** The claims of a permit. It names nobody: `sub` is a random handle, `cred` are keyed hashes of cards. */
export const permitClaimsSchema = z.strictObject({
  iss: z.string(),
  /** The site. */
  aud: idSchema,
  jti: z.string().regex(/^pm_[A-Za-z0-9_-]{22}$/),
  rev: z.number().int().min(1),
  sub: z.string().regex(/^s_[A-Za-z0-9_-]{22}$/),
  iat: secondsSchema,
  nbf: secondsSchema,
  exp: secondsSchema,
  cls: z.enum(PERMIT_CLASSES),
  doors: z.array(idSchema).min(1).max(64),
  win: z.array(weeklyWindowSchema).max(32).optional(),
  cred: z
    .array(z.string().regex(/^c_[A-Za-z0-9_-]{43}$/))
    .min(1)
    .max(16),
  apr: z
    .array(
      z.strictObject({
        by: z.string().regex(/^s_[A-Za-z0-9_-]{22}$/),
        at: secondsSchema,
        /** SHA-256 of the approval as the site log holds it. */
        h: hashSchema,
        m: z.enum(APPROVAL_METHODS),
      }),
    )
    .min(1)
    .max(8),
  /** SHA-256 of the canonical request that was approved. */
  req: hashSchema,
  /** Left out for a single visit. */
  knd: z.enum(PERMIT_KINDS).optional(),
  /** Granted entries that it is good for; left out where it is not counted. */
  uses: z.number().int().min(1).max(10_000).optional(),
  /** True where the two-person rule holds whatever the door says. */
  two: z.boolean().optional(),
  /** The persons of whom one must be inside, or enter first, and stay; left out for who needs no escort. */
  esc: z
    .array(z.string().regex(/^s_[A-Za-z0-9_-]{22}$/))
    .min(1)
    .max(16)
    .optional(),
  /** How many people one presentation lets in, its holder included; left out for one. */
  heads: z.number().int().min(1).max(50).optional(),
  /** Links the permits of one group visit. */
  grp: z
    .string()
    .regex(/^g_[A-Za-z0-9_-]{22}$/)
    .optional(),
  /** True where its weekly hours count on holidays too. */
  hol: z.boolean().optional(),
});

/** The claims of a permit. */
export type PermitClaims = z.infer<typeof permitClaimsSchema>;

/** Why a permit does not reach; `null` where it does. */
export type PermitLimit = 'wrong-door' | 'not-yet-valid' | 'expired' | 'outside-hours' | 'holiday';

const DAY_MS = 86_400_000;

/** Minutes since midnight of `HH:MM`. */
export const minutesOf = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));

/** Distance of a fixed offset such as `+07:00` from UTC, in ms. */
export function offsetMs(utc: string): number {
  const sign = utc.startsWith('-') ? -1 : 1;
  return sign * minutesOf(utc.slice(1)) * 60_000;
}

/** ISO weekday (1 Monday to 7 Sunday) of a local day number; 1970-01-01 was a Thursday. */
const weekdayOf = (localDay: number): number => ((((localDay + 3) % 7) + 7) % 7) + 1;

/**
 * Finds the day to which the weekly window belongs that holds now: hours past midnight are still the first day's.
 * @returns `YYYY-MM-DD` where the window is, or null
 */
function weeklyDay(window: z.infer<typeof weeklyWindowSchema>, now: EpochMs): string | null {
  const local = now + offsetMs(window.utc);
  const day = Math.floor(local / DAY_MS);
  const minute = Math.floor((local - day * DAY_MS) / 60_000);
  const from = minutesOf(window.from);
  const to = minutesOf(window.to);
  const hasDay = (localDay: number): boolean => window.days.includes(String(weekdayOf(localDay)));
  const dateOf = (localDay: number): string => new Date(localDay * DAY_MS).toISOString().slice(0, 10);
  if (from < to) return hasDay(day) && minute >= from && minute < to ? dateOf(day) : null;
  if (hasDay(day) && minute >= from) return dateOf(day);
  return hasDay(day - 1) && minute < to ? dateOf(day - 1) : null;
}

/** Tells whether one of these weekly windows holds now. */
export const isWithinWeekly = (
  windows: readonly z.infer<typeof weeklyWindowSchema>[],
  now: EpochMs,
): boolean => windows.some((window) => weeklyDay(window, now) !== null);

/**
 * Tells whether a permit reaches this door at this moment: the meaning that server, gateway and verifier share.
 * `nbf` is inside the window, `exp` is not. On a holiday weekly hours do not count, unless the permit says so.
 * @param holidays days of the site, `YYYY-MM-DD`
 * @returns null where it reaches, else the first limit that stops it
 * @see rules C8, C9, C37
 */
export function permitAllows(
  permit: PermitClaims,
  door: string,
  now: EpochMs,
  holidays: readonly string[] = [],
): PermitLimit | null {
  if (!permit.doors.includes(door)) return 'wrong-door';
  if (now < permit.nbf * 1000) return 'not-yet-valid';
  if (now >= permit.exp * 1000) return 'expired';
  if (permit.win === undefined) return null;
  const days = permit.win.flatMap((window) => weeklyDay(window, now) ?? []);
  if (days.length === 0) return 'outside-hours';
  return permit.hol === true || days.some((day) => !holidays.includes(day)) ? null : 'holiday';
}
