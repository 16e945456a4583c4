import { join, resolve } from 'node:path';
import { z } from 'zod';
import { idSchema } from '#contract/record';
import { err, ok, type Result } from '#contract/result';

/** How a server runs. */
export interface ServerSettings {
  readonly siteId: string;
  readonly siteName: string;
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
    PALANG_DEMO: z.enum(['0', '1']).default('0'),
    PALANG_DEMO_DOOR_URL: url.optional(),
  })
  .refine((env) => (env.PALANG_TLS_CERT_FILE === undefined) === (env.PALANG_TLS_KEY_FILE === undefined), {
    path: ['PALANG_TLS_KEY_FILE'],
    message: 'certificate and key go together',
  });

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
    timeZone: env.PALANG_TIME_ZONE,
    locale: env.PALANG_LOCALE,
    databaseUrl: env.PALANG_DATABASE_URL ?? `sqlite:${join(home, 'server.db')}`,
    keysDir: env.PALANG_KEYS_DIR ?? join(home, 'keys'),
    host: env.PALANG_HOST,
    port: env.PORT,
    publicUrl: env.PALANG_PUBLIC_URL ?? null,
    tls: certFile === undefined || keyFile === undefined ? null : { certFile, keyFile },
    webDir: resolve(env.PALANG_WEB_DIR),
    demo:
      env.PALANG_DEMO === '1'
        ? { doorUrl: env.PALANG_DEMO_DOOR_URL ?? null, accountsFile: join(home, 'demo-accounts.json') }
        : null,
  });
}

/** Shows the effective settings as lines `name = value`; a password in an address is hidden. */
export const describeSettings = (settings: ServerSettings): readonly string[] =>
  Object.entries(settings).map(([name, value]) => {
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
    return `${name} = ${text.replace(/(:\/\/[^:/@\s]*:)[^@\s]*@/g, '$1***@')}`;
  });
