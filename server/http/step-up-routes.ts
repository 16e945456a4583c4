import type { OpenAPIHono } from '@hono/zod-openapi';
import { getCookie } from 'hono/cookie';
import { API_BASE } from '#contract/api';
import { stepUpSchema, stepUpStateSchema } from '#contract/api-door';
import { STEP_UP_LIFE_MS } from '../auth/step-up.ts';
import { tokenHash } from '../auth/tokens.ts';
import { findSignIn } from '../store/people.ts';
import { saveStepUp } from '../store/sessions.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { problem } from './problem-response.ts';
import { answers, defineRoute, jsonBody, SESSION_COOKIE, SIGNED_IN } from './route.ts';

/** Routes by which whoever is signed in proves to be still the same person. */
export function addStepUpRoutes(app: OpenAPIHono<AppEnv>, ports: AppPorts): void {
  const { site, throttle } = ports;
  app.openapi(
    defineRoute(ports, SIGNED_IN, {
      method: 'post',
      path: `${API_BASE}/session/step-up`,
      summary: 'Confirm with the password; sensitive acts are open for five minutes.',
      tags: ['session'],
      request: { body: jsonBody(stepUpSchema) },
      responses: answers(stepUpStateSchema),
    }),
    async (c) => {
      const username = c.get('person').username ?? '';
      const knock = { username, address: ports.remoteAddress(c) ?? 'unknown' };
      const waitMs = throttle.waitMs(knock, site.clock.monoMs());
      if (waitMs > 0) {
        return problem(c, 'too-many-requests', undefined, {
          'Retry-After': String(Math.ceil(waitMs / 1000)),
        });
      }
      throttle.begin(knock, site.clock.monoMs());
      const known = await findSignIn(site.db, username);
      const isRight = await ports.passwords.isRight(
        known?.passwordHash ?? null,
        c.req.valid('json').password,
      );
      if (!isRight) return problem(c, 'sign-in-failed');
      throttle.succeed(knock);
      const at = site.clock.epochMs();
      await saveStepUp(site.db, tokenHash(getCookie(c, SESSION_COOKIE) ?? ''), { at, method: 'password' });
      return c.json(
        { method: 'password' as const, until: new Date(at + STEP_UP_LIFE_MS).toISOString() },
        200,
      );
    },
  );
}
