import { z } from 'zod';
import { instantSchema, rowIdSchema } from './api.ts';

export const SIGN_IN_METHODS = ['password', 'passkey', 'sso'] as const;
export type SignInMethod = (typeof SIGN_IN_METHODS)[number];

export const passwordInputSchema = z.string().min(10).max(256);

export const passwordChangeSchema = z.strictObject({
  current: z.string().min(1).max(256),
  password: passwordInputSchema,
});

export const passwordResetSchema = z.strictObject({
  token: z.string().min(20).max(200),
  password: passwordInputSchema,
});

/** A one-time word with which somebody chooses a new password; shown once. */
export const resetTokenSchema = z.object({ token: z.string(), expiresAt: instantSchema });

export const sessionSchema = z.object({
  id: rowIdSchema,
  createdAt: instantSchema,
  seenAt: instantSchema,
  expiresAt: instantSchema,
  method: z.enum(SIGN_IN_METHODS),
  /** What the browser calls itself, cut short; null where it does not. */
  device: z.string().nullable(),
  /** True for the session that asks. */
  isThis: z.boolean(),
});
export type Session = z.infer<typeof sessionSchema>;

export const sessionListSchema = z.object({ items: z.array(sessionSchema) });
export const endedSessionsSchema = z.object({ ended: z.number().int() });

export const signInWaysSchema = z.object({ isSsoOffered: z.boolean() });

/** Where the browser goes to sign in at the other issuer. */
export const ssoStartSchema = z.object({ url: z.url() });

export const ssoLinkSchema = z.object({
  issuer: z.string(),
  subject: z.string(),
  linkedAt: instantSchema,
});
export const ssoLinkListSchema = z.object({ items: z.array(ssoLinkSchema) });
export const ssoLinkInputSchema = z.strictObject({ subject: z.string().min(1).max(255) });
export const ssoUnlinkSchema = z.strictObject({ subject: z.string().min(1).max(255) });
