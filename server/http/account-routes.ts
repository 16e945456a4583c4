import { z, type OpenAPIHono } from '@hono/zod-openapi';
import {
  endedSessionsSchema,
  passwordChangeSchema,
  passwordResetSchema,
  resetTokenSchema,
  sessionListSchema,
} from '#contract/api-account';
import { API_BASE, noBodySchema } from '#contract/api';
import { auditEntrySchema } from '#contract/api-door';
import { beginReset, changePassword, endSessions, finishReset } from '../procedure/accounts.ts';
import { listSessions } from '../store/accounts.ts';
import { listAudit } from '../store/audit-trail.ts';
import { findSignIn } from '../store/people.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { problem, refuse } from './problem-response.ts';
import { answers, created, defineRoute, jsonBody, may, mayAfresh, PUBLIC, SIGNED_IN } from './route.ts';
import { sessionHash } from './session-cookie.ts';

// Named, so that the OpenAPI document says each of them once.
const sessionsOut = sessionListSchema.meta({ id: 'SessionList' });
const noticesOut = z.object({ items: z.array(auditEntrySchema.omit({ facts: true })) });

const idParam = { params: z.object({ id: z.string().max(64) }) };

/** Shown of what happened to an account. */
const MOST_NOTICES = 50;

/** Routes for passwords and sessions: one's own, and for administrators those of others. */
export function addAccountRoutes(app: OpenAPIHono<AppEnv>, ports: AppPorts): void {
  const { site, throttle } = ports;

  app.openapi(
    defineRoute(ports, SIGNED_IN, {
      method: 'get',
      path: `${API_BASE}/me/sessions`,
      summary: 'Where one is signed in.',
      tags: ['session'],
      responses: answers(sessionsOut),
    }),
    async (c) => {
      const at = { now: site.clock.epochMs(), thisHash: sessionHash(c) };
      return c.json({ items: [...(await listSessions(site.db, c.get('person').id, at))] }, 200);
    },
  );

  app.openapi(
    defineRoute(ports, SIGNED_IN, {
      method: 'delete',
      path: `${API_BASE}/me/sessions`,
      summary: 'Sign out everywhere else.',
      tags: ['session'],
      responses: answers(endedSessionsSchema),
    }),
    async (c) => {
      const { id } = c.get('person');
      return c.json({ ended: await endSessions(site, id, id, { exceptHash: sessionHash(c) }) }, 200);
    },
  );

  app.openapi(
    defineRoute(ports, SIGNED_IN, {
      method: 'delete',
      path: `${API_BASE}/me/sessions/{id}`,
      summary: 'Sign out there.',
      tags: ['session'],
      request: idParam,
      responses: answers(endedSessionsSchema),
    }),
    async (c) => {
      const { id } = c.get('person');
      const ended = await endSessions(site, id, id, { id: c.req.valid('param').id });
      return ended === 0 ? problem(c, 'not-found') : c.json({ ended }, 200);
    },
  );

  app.openapi(
    defineRoute(ports, SIGNED_IN, {
      method: 'get',
      path: `${API_BASE}/me/account-events`,
      summary: 'What happened to one’s own account, and who did it.',
      tags: ['session'],
      responses: answers(noticesOut),
    }),
    async (c) => {
      const filter = { subject: c.get('person').id };
      const entries = await listAudit(site.db, filter, { after: null, limit: 4 * MOST_NOTICES });
      const items = entries
        .filter(({ act }) => /^(?:password|sessions|sso|roles|rights)\./.test(act))
        .slice(0, MOST_NOTICES)
        .map(({ facts: _facts, ...entry }) => entry);
      return c.json({ items }, 200);
    },
  );

  app.openapi(
    defineRoute(ports, SIGNED_IN, {
      method: 'post',
      path: `${API_BASE}/me/password`,
      summary: 'Choose a new password; every other session ends.',
      tags: ['session'],
      request: { body: jsonBody(passwordChangeSchema) },
      responses: answers(noBodySchema),
    }),
    async (c) => {
      const person = c.get('person');
      const { current, password } = c.req.valid('json');
      const knock = { username: person.username ?? '', address: ports.remoteAddress(c) ?? 'unknown' };
      const waitMs = throttle.waitMs(knock, site.clock.monoMs());
      if (waitMs > 0) {
        return problem(c, 'too-many-requests', undefined, {
          'Retry-After': String(Math.ceil(waitMs / 1000)),
        });
      }
      throttle.begin(knock, site.clock.monoMs());
      const known = await findSignIn(site.db, knock.username);
      if (!(await ports.passwords.isRight(known?.passwordHash ?? null, current))) {
        return problem(c, 'sign-in-failed');
      }
      throttle.succeed(knock);
      const changed = await changePassword(site, person, password, sessionHash(c));
      return changed.ok ? c.json({}, 200) : refuse(c, changed.error);
    },
  );

  app.openapi(
    defineRoute(ports, PUBLIC, {
      method: 'post',
      path: `${API_BASE}/session/password-reset`,
      summary: 'Choose a new password by the one-time word of an administrator.',
      tags: ['session'],
      request: { body: jsonBody(passwordResetSchema) },
      responses: answers(noBodySchema),
    }),
    async (c) => {
      // The word has 256 bits; what is slowed down is the work of hashing.
      const knock = { username: '(reset)', address: ports.remoteAddress(c) ?? 'unknown' };
      const waitMs = throttle.waitMs(knock, site.clock.monoMs());
      if (waitMs > 0) {
        return problem(c, 'too-many-requests', undefined, {
          'Retry-After': String(Math.ceil(waitMs / 1000)),
        });
      }
      throttle.begin(knock, site.clock.monoMs());
      const { token, password } = c.req.valid('json');
      const done = await finishReset(site, token, password);
      if (!done.ok) return refuse(c, done.error);
      throttle.succeed(knock);
      return c.json({}, 200);
    },
  );

  app.openapi(
    defineRoute(ports, mayAfresh('people.write'), {
      method: 'post',
      path: `${API_BASE}/people/{id}/password-reset`,
      summary: 'A one-time word for a new password; the old one and all sessions end now.',
      tags: ['people'],
      request: { ...idParam, body: jsonBody(noBodySchema) },
      responses: created(resetTokenSchema),
    }),
    async (c) => {
      const reset = await beginReset(site, c.get('person').id, c.req.valid('param').id);
      if (!reset.ok) return refuse(c, reset.error);
      const { token, expiresAt } = reset.value;
      return c.json({ token, expiresAt: new Date(expiresAt).toISOString() }, 201);
    },
  );

  app.openapi(
    defineRoute(ports, may('people.write'), {
      method: 'get',
      path: `${API_BASE}/people/{id}/sessions`,
      summary: 'Where somebody is signed in.',
      tags: ['people'],
      request: idParam,
      responses: answers(sessionsOut),
    }),
    async (c) => {
      const at = { now: site.clock.epochMs(), thisHash: sessionHash(c) };
      return c.json({ items: [...(await listSessions(site.db, c.req.valid('param').id, at))] }, 200);
    },
  );

  app.openapi(
    defineRoute(ports, may('people.write'), {
      method: 'delete',
      path: `${API_BASE}/people/{id}/sessions`,
      summary: 'Sign somebody out everywhere, at once.',
      tags: ['people'],
      request: idParam,
      responses: answers(endedSessionsSchema),
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      return c.json({ ended: await endSessions(site, c.get('person').id, id, { exceptHash: null }) }, 200);
    },
  );
}
