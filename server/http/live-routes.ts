import { z, type OpenAPIHono } from '@hono/zod-openapi';
import { getCookie } from 'hono/cookie';
import { API_BASE } from '#contract/api';
import { tokenHash } from '../auth/tokens.ts';
import { maySee } from '../domain/stream-audience.ts';
import { isDatabaseAlive } from '../store/database.ts';
import { countSilentGateways } from '../store/gateways.ts';
import { countOutbox } from '../store/outbox.ts';
import { findSession } from '../store/sessions.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { eventStream, STREAM_ANSWER } from './event-stream.ts';
import { problem, PROBLEM_ANSWER } from './problem-response.ts';
import { answers, defineRoute, PUBLIC, SESSION_COOKIE, SIGNED_IN } from './route.ts';

/** Gateways ask every minute. */
const SILENT_MS = 300_000;

/** Routes for what happens now, and for those who operate the server. */
export function addLiveRoutes(app: OpenAPIHono<AppEnv>, ports: AppPorts, bootId: string): void {
  const { site } = ports;
  app.openapi(
    defineRoute(ports, SIGNED_IN, {
      method: 'get',
      path: `${API_BASE}/stream`,
      summary:
        'Server-sent events: `event`, `door`, `request` and `command`, and `missed` where some were lost.',
      tags: ['live'],
      responses: STREAM_ANSWER,
    }),
    (c) => {
      const hash = tokenHash(getCookie(c, SESSION_COOKIE) ?? '');
      const [boot, item] = (c.req.header('last-event-id') ?? '').split('.');
      const wanted = /^[0-9]{1,15}$/.test(item ?? '') ? Number(item) : undefined;
      // A number of an earlier run says nothing here: told as a gap, by one that is not reached yet.
      const afterId = wanted === undefined || boot === bootId ? wanted : Number.MAX_SAFE_INTEGER;
      let person = c.get('person');
      return eventStream(ports, c, {
        reader: afterId === undefined ? site.live.read() : site.live.read(afterId),
        lineOf: ({ message, audience }) =>
          Promise.resolve(
            maySee(person, audience) ? { event: message.kind, data: JSON.stringify(message) } : null,
          ),
        isStillAllowed: async () => {
          const now = await findSession(site.db, hash, {
            now: site.clock.epochMs(),
            idleMs: ports.sessionIdleMs,
          });
          if (now !== null) person = now;
          return now !== null;
        },
        idOf: (id) => `${bootId}.${id}`,
      });
    },
  );

  for (const base of ['', API_BASE]) {
    app.openapi(
      defineRoute(ports, PUBLIC, {
        method: 'get',
        path: `${base}/healthz`,
        summary: 'The process answers.',
        tags: ['operation'],
        hide: base === '',
        responses: answers(z.object({ status: z.literal('ok') })),
      }),
      (c) => c.json({ status: 'ok' as const }, 200),
    );

    app.openapi(
      defineRoute(ports, PUBLIC, {
        method: 'get',
        path: `${base}/readyz`,
        summary: 'Everything that is needed answers.',
        tags: ['operation'],
        hide: base === '',
        responses: answers(z.object({ status: z.literal('ready') })),
      }),
      async (c) =>
        (await isDatabaseAlive(site.db).catch((error: unknown) => {
          site.log.error({ error }, 'database does not answer');
          return false;
        }))
          ? c.json({ status: 'ready' as const }, 200)
          : problem(c, 'unavailable'),
    );

    app.openapi(
      defineRoute(ports, PUBLIC, {
        method: 'get',
        path: `${base}/metrics`,
        summary: 'Figures in the text form of Prometheus.',
        tags: ['operation'],
        hide: base === '',
        responses: {
          200: { description: 'Figures.', content: { 'text/plain': { schema: z.string() } } },
          default: PROBLEM_ANSWER,
        },
      }),
      async (c) => {
        ports.metrics.setOutbox(await countOutbox(site.db));
        ports.metrics.setSilentGateways(await countSilentGateways(site.db, site.clock.epochMs() - SILENT_MS));
        return c.text(await ports.metrics.text(), 200, { 'Content-Type': ports.metrics.contentType });
      },
    );
  }
}
