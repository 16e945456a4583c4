import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { API_BASE, meSchema, noBodySchema, signInSchema, type Me, type Person } from '#contract/api';
import { newToken, tokenHash } from '../auth/tokens.ts';
import { findPerson, findSignIn } from '../store/people.ts';
import { deleteSession, insertSession } from '../store/sessions.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { problem } from './problem-response.ts';
import { answers, defineRoute, jsonBody, PUBLIC, SESSION_COOKIE, SIGNED_IN } from './route.ts';

// Named, so that the OpenAPI document says each of them once.
const meOut = meSchema.meta({ id: 'Me' });

/** A working day with overtime: nobody signs in twice, and a forgotten phone is not signed in tomorrow. */
const SESSION_LIFE_MS = 12 * 60 * 60_000;

const meOf = (ports: AppPorts, person: Person): Me => ({
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

async function openSession(ports: AppPorts, c: Context<AppEnv>, personId: string): Promise<void> {
  const token = newToken(ports.site.random);
  const now = ports.site.clock.epochMs();
  await insertSession(ports.site.db, {
    tokenHash: tokenHash(token),
    personId,
    createdAt: now,
    expiresAt: now + SESSION_LIFE_MS,
  });
  setCookie(c, SESSION_COOKIE, token, {
    httpOnly: true,
    sameSite: 'Strict',
    secure: ports.publicUrl.protocol === 'https:',
    path: '/',
    maxAge: SESSION_LIFE_MS / 1000,
  });
}

/** Routes by which people sign in and out. */
export function addSessionRoutes(app: OpenAPIHono<AppEnv>, ports: AppPorts): void {
  const { site, throttle } = ports;
  app.openapi(
    defineRoute(ports, PUBLIC, {
      method: 'post',
      path: `${API_BASE}/session`,
      summary: 'Sign in; sets the session cookie.',
      tags: ['session'],
      request: { body: jsonBody(signInSchema) },
      responses: answers(meOut, 'Who is signed in.'),
    }),
    async (c) => {
      const { username, password } = c.req.valid('json');
      const knock = { username, address: ports.remoteAddress(c) ?? 'unknown' };
      const now = site.clock.monoMs();
      const waitMs = throttle.waitMs(knock, now);
      if (waitMs > 0) {
        return problem(c, 'too-many-requests', undefined, {
          'Retry-After': String(Math.ceil(waitMs / 1000)),
        });
      }
      throttle.begin(knock, now);
      const known = await findSignIn(site.db, username);
      if (!(await ports.passwords.isRight(known?.passwordHash ?? null, password)) || known === null) {
        ports.metrics.countSignIn('failed');
        return problem(c, 'sign-in-failed');
      }
      throttle.succeed(knock);
      const person = await findPerson(site.db, known.id);
      if (person === null) return problem(c, 'sign-in-failed');
      const before = getCookie(c, SESSION_COOKIE);
      if (before !== undefined) await deleteSession(site.db, tokenHash(before));
      await openSession(ports, c, person.id);
      ports.metrics.countSignIn('succeeded');
      return c.json(meOf(ports, person), 200);
    },
  );

  app.openapi(
    defineRoute(ports, PUBLIC, {
      method: 'delete',
      path: `${API_BASE}/session`,
      summary: 'Sign out; the session is over at once.',
      tags: ['session'],
      responses: answers(noBodySchema, 'Nobody is signed in.'),
    }),
    async (c) => {
      const token = getCookie(c, SESSION_COOKIE);
      if (token !== undefined) await deleteSession(site.db, tokenHash(token));
      deleteCookie(c, SESSION_COOKIE, { path: '/' });
      return c.json({}, 200);
    },
  );

  app.openapi(
    defineRoute(ports, SIGNED_IN, {
      method: 'get',
      path: `${API_BASE}/me`,
      summary: 'Who is signed in.',
      tags: ['session'],
      responses: answers(meOut),
    }),
    (c) => c.json(meOf(ports, c.get('person')), 200),
  );
}
