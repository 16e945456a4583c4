import { join, resolve } from 'node:path';
import { z } from 'zod';
import { idSchema } from '#contract/record';
import { err, ok, type Result } from '#contract/result';
import type { SsoSettings } from './auth/sso-client.ts';
import type { MailSettings } from './notify/mail.ts';
import type { WebhookSettings } from './notify/webhook.ts';

/** How a server runs. */
export interface ServerSettings {
  readonly siteId: string;
  readonly siteName: string;
  /** Whose letterhead reports bear. */
  readonly agency: { readonly government: string; readonly office: string; readonly address: string };
  /** IANA name. */
  readonly timeZone: string;
  readonly locale: 'id' | 'en';
  /** `sqlite:PATH` or `postgres://USER:PASSWORD@HOST:PORT/NAME` */
  readonly databaseUrl: string;
  readonly keysDir: string;
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Where people reach the server; `http://HOST:PORT` unless told. */
  readonly publicUrl: string | null;
  /** Certificate and key of the server itself; null where a proxy has them, or nobody. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  /** Folder of the built web app. */
  readonly webDir: string;
  /** How long a session may be left alone before it is over. */
  readonly sessionIdleMs: number;
  /** Witnesses at other bodies that are shown every new head of the site log. */
  readonly witnessUrls: readonly string[];
  /** Single sign-on by OpenID Connect; null where it is not set up. */
  readonly sso: SsoSettings | null;
  /** Where notifications go for a chat gateway; null where nowhere. */
  readonly webhook: WebhookSettings | null;
  /** Where notifications go as mail; null where nowhere. */
  readonly mail: MailSettings | null;
  /** Null outside of the demonstration. */
  readonly demo: { readonly doorUrl: string | null; readonly accountsFile: string } | null;
}

const isTimeZone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
};

const url = z.url({ protocol: /^https?$/ });

const environmentSchema = z
  .object({
    PALANG_HOME: z.string().min(1).default('.palang'),
    PALANG_SITE: idSchema.default('palang-demo'),
    PALANG_SITE_NAME: z.string().min(1).max(120).default('Palang Pintu'),
    PALANG_GOVERNMENT: z.string().min(1).max(120).optional(),
    PALANG_OFFICE: z.string().min(1).max(120).optional(),
    PALANG_ADDRESS: z.string().max(200).default(''),
    PALANG_TIME_ZONE: z.string().refine(isTimeZone, 'not a time zone').default('Asia/Jakarta'),
    PALANG_LOCALE: z.enum(['id', 'en']).default('id'),
    PALANG_DATABASE_URL: z
      .string()
      .regex(/^(?:sqlite:|postgres(?:ql)?:\/\/).+$/, 'sqlite:PATH or postgres://...')
      .optional(),
    PALANG_KEYS_DIR: z.string().min(1).optional(),
    PALANG_HOST: z.string().min(1).default('127.0.0.1'),
    PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
    PALANG_PUBLIC_URL: url.optional(),
    PALANG_TLS_CERT_FILE: z.string().min(1).optional(),
    PALANG_TLS_KEY_FILE: z.string().min(1).optional(),
    PALANG_WEB_DIR: z.string().min(1).default('dist/web'),
    PALANG_SESSION_IDLE_MINUTES: z.coerce.number().int().min(1).max(720).default(120),
    PALANG_OIDC_ISSUER: url.optional(),
    PALANG_OIDC_CLIENT_ID: z.string().min(1).optional(),
    PALANG_OIDC_CLIENT_SECRET: z.string().min(1).optional(),
    PALANG_WITNESS_URLS: z
      .string()
      .transform((text) => text.split(/[\s,]+/).filter((each) => each !== ''))
      .pipe(z.array(url).max(8))
      .default([]),
    PALANG_WEBHOOK_URL: url.optional(),
    PALANG_WEBHOOK_SECRET: z.string().min(16).optional(),
    PALANG_SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
    PALANG_MAIL_FROM: z.email().optional(),
    PALANG_DEMO: z.enum(['0', '1']).default('0'),
    PALANG_DEMO_DOOR_URL: url.optional(),
  })
  .refine((env) => (env.PALANG_TLS_CERT_FILE === undefined) === (env.PALANG_TLS_KEY_FILE === undefined), {
    path: ['PALANG_TLS_KEY_FILE'],
    message: 'certificate and key go together',
  })
  .refine((env) => (env.PALANG_WEBHOOK_URL === undefined) === (env.PALANG_WEBHOOK_SECRET === undefined), {
    path: ['PALANG_WEBHOOK_SECRET'],
    message: 'address and secret go together',
  })
  .refine((env) => (env.PALANG_SMTP_URL === undefined) === (env.PALANG_MAIL_FROM === undefined), {
    path: ['PALANG_MAIL_FROM'],
    message: 'mail server and sender go together',
  })
  .refine(
    (env) =>
      new Set(
        [env.PALANG_OIDC_ISSUER, env.PALANG_OIDC_CLIENT_ID, env.PALANG_OIDC_CLIENT_SECRET].map(
          (value) => value === undefined,
        ),
      ).size === 1,
    { path: ['PALANG_OIDC_ISSUER'], message: 'issuer, client id and client secret go together' },
  );

/**
 * Reads the settings of a server from environment variables.
 * @returns the settings, or one line for each variable that is wrong, without its value
 */
export function decodeSettings(
  environment: Readonly<Record<string, string | undefined>>,
): Result<ServerSettings, readonly string[]> {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) {
    return err(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`));
  }
  const env = parsed.data;
  const home = resolve(env.PALANG_HOME);
  const { PALANG_TLS_CERT_FILE: certFile, PALANG_TLS_KEY_FILE: keyFile } = env;
  return ok({
    siteId: env.PALANG_SITE,
    siteName: env.PALANG_SITE_NAME,
    agency: {
      government: env.PALANG_GOVERNMENT ?? env.PALANG_SITE_NAME,
      office: env.PALANG_OFFICE ?? 'Pengelola Pusat Data',
      address: env.PALANG_ADDRESS,
    },
    timeZone: env.PALANG_TIME_ZONE,
    locale: env.PALANG_LOCALE,
    databaseUrl: env.PALANG_DATABASE_URL ?? `sqlite:${join(home, 'server.db')}`,
    keysDir: env.PALANG_KEYS_DIR ?? join(home, 'keys'),
    host: env.PALANG_HOST,
    port: env.PORT,
    publicUrl: env.PALANG_PUBLIC_URL ?? null,
    tls: certFile === undefined || keyFile === undefined ? null : { certFile, keyFile },
    webDir: resolve(env.PALANG_WEB_DIR),
    witnessUrls: env.PALANG_WITNESS_URLS,
    sessionIdleMs: env.PALANG_SESSION_IDLE_MINUTES * 60_000,
    sso:
      env.PALANG_OIDC_ISSUER === undefined
        ? null
        : {
            issuer: env.PALANG_OIDC_ISSUER,
            clientId: env.PALANG_OIDC_CLIENT_ID ?? '',
            clientSecret: env.PALANG_OIDC_CLIENT_SECRET ?? '',
          },
    webhook:
      env.PALANG_WEBHOOK_URL === undefined
        ? null
        : { url: env.PALANG_WEBHOOK_URL, secret: env.PALANG_WEBHOOK_SECRET ?? '' },
    mail:
      env.PALANG_SMTP_URL === undefined
        ? null
        : { url: env.PALANG_SMTP_URL, from: env.PALANG_MAIL_FROM ?? '' },
    demo:
      env.PALANG_DEMO === '1'
        ? { doorUrl: env.PALANG_DEMO_DOOR_URL ?? null, accountsFile: join(home, 'demo-accounts.json') }
        : null,
  });
}

const hideSecrets = (key: string, value: unknown): unknown => (/secret|password/i.test(key) ? '***' : value);

/** The effective settings by name; secrets, and a password in an address, are hidden. */
export const settingRows = (
  settings: ServerSettings,
): readonly { readonly name: string; readonly value: string }[] =>
  Object.entries(settings).map(([name, value]) => {
    const text = typeof value === 'object' ? JSON.stringify(value, hideSecrets) : String(value);
    return { name, value: text.replace(/(:\/\/[^:/@\s]*:)[^@\s]*@/g, '$1***@') };
  });

/** Shows the effective settings as lines `name = value`. */
export const describeSettings = (settings: ServerSettings): readonly string[] =>
  settingRows(settings).map(({ name, value }) => `${name} = ${value}`);
