import type { OpenAPIHono } from '@hono/zod-openapi';
import { deleteCookie, getCookie } from 'hono/cookie';
import { API_BASE, noBodySchema, signInSchema } from '#contract/api';
import { tokenHash } from '../auth/tokens.ts';
import { findSignIn } from '../store/people.ts';
import { findPersonWithRights } from '../store/profiles.ts';
import { deleteSession } from '../store/sessions.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { problem } from './problem-response.ts';
import { answers, defineRoute, jsonBody, PUBLIC, SESSION_COOKIE, SIGNED_IN } from './route.ts';
import { meOf, meOut, openSession } from './session-cookie.ts';

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
      const person = await findPersonWithRights(site.db, known.id, site.clock.epochMs());
      // Told apart from a wrong password to nobody: the account is as good as none.
      if (person === null) return problem(c, 'sign-in-failed');
      await openSession(ports, c, person.id, 'password');
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
