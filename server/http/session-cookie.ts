import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import type { SignInMethod } from '#contract/api-account';
import { meSchema, type Me, type Person } from '#contract/api';
import { newRowId, newToken, tokenHash } from '../auth/tokens.ts';
import { deleteSession, insertSession } from '../store/sessions.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { SESSION_COOKIE } from './route.ts';

// Named, so that the OpenAPI document says it once.
export const meOut = meSchema.meta({ id: 'Me' });

/** A working day with overtime: nobody signs in twice, and a forgotten phone is not signed in tomorrow. */
const SESSION_LIFE_MS = 12 * 60 * 60_000;

/** Enough to tell one's own devices apart. */
const MOST_DEVICE_LETTERS = 160;

/** Says who is signed in. */
export const meOf = (ports: AppPorts, person: Person): Me => ({
  id: person.id,
  username: person.username ?? '',
  name: person.name,
  roles: person.roles,
  site: {
    id: ports.site.id,
    name: ports.siteName,
    timeZone: ports.site.timeZone,
    locale: ports.locale,
  },
  isDemo: ports.demo !== null,
});

/** What every cookie of ours has: out of reach of scripts, and of plain HTTP where there is TLS. */
export const cookieOptions = (ports: AppPorts) =>
  ({
    httpOnly: true,
    secure: ports.publicUrl.protocol === 'https:',
    path: '/',
  }) as const;

/** Finds the hash of this request's session token. */
export const sessionHash = (c: Context<AppEnv>): string => tokenHash(getCookie(c, SESSION_COOKIE) ?? '');

/** Opens a session and sets its cookie; the one that this browser had before is over. @see rule SU9 */
export async function openSession(
  ports: AppPorts,
  c: Context<AppEnv>,
  personId: string,
  method: SignInMethod,
): Promise<void> {
  const before = getCookie(c, SESSION_COOKIE);
  if (before !== undefined) await deleteSession(ports.site.db, tokenHash(before));
  const token = newToken(ports.site.random);
  const now = ports.site.clock.epochMs();
  await insertSession(ports.site.db, {
    id: newRowId(ports.site.random, 'ss'),
    tokenHash: tokenHash(token),
    personId,
    createdAt: now,
    expiresAt: now + SESSION_LIFE_MS,
    method,
    device: c.req.header('user-agent')?.slice(0, MOST_DEVICE_LETTERS) ?? null,
  });
  setCookie(c, SESSION_COOKIE, token, {
    ...cookieOptions(ports),
    sameSite: 'Strict',
    maxAge: SESSION_LIFE_MS / 1000,
  });
}
