import { z, type OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { API_BASE, demoSchema } from '#contract/api';
import type { AppEnv, AppPorts } from './app-env.ts';
import { problem, PROBLEM_ANSWER } from './problem-response.ts';
import { answers, defineRoute, PUBLIC } from './route.ts';

const DOOR_PATH = `${API_BASE}/demo/door`;

/** Passes a body on piece by piece; it ends, without an error, when either side or the server goes away. */
function passOn(ports: AppPorts, body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const stop = (): void => {
    reader.cancel().catch((error: unknown) => ports.site.log.warn({ error }, 'the simulated door went away'));
  };
  ports.closing.addEventListener('abort', stop, { once: true });
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        ports.site.log.warn({ error }, 'the simulated door went away');
        controller.close();
      }
    },
    cancel: stop,
  });
}

async function passToDoor(ports: AppPorts, c: Context<AppEnv>): Promise<Response> {
  const doorUrl = ports.demo?.doorUrl ?? null;
  if (doorUrl === null) return problem(c, 'not-found');
  const target = new URL(c.req.path.slice(DOOR_PATH.length), doorUrl);
  const asking = new AbortController();
  const giveUp = (): void => asking.abort();
  ports.closing.addEventListener('abort', giveUp, { once: true });
  try {
    const answer = await fetch(target, {
      method: c.req.method,
      ...(c.req.method === 'GET'
        ? {}
        : { body: await c.req.arrayBuffer(), headers: { 'content-type': 'application/json' } }),
      signal: asking.signal,
      redirect: 'error',
    });
    return new Response(answer.body === null ? null : passOn(ports, answer.body), {
      status: answer.status,
      headers: {
        'content-type': answer.headers.get('content-type') ?? 'application/json',
        'cache-control': 'no-store',
      },
    });
  } catch (error) {
    ports.site.log.warn({ error }, 'the simulated door does not answer');
    return problem(c, 'unavailable');
  } finally {
    // From here on the body ends by itself; an abort would be an error in the middle of it.
    ports.closing.removeEventListener('abort', giveUp);
  }
}

/**
 * Routes of the demonstration: its accounts and cards, and the simulated door, whose bytes they move and never
 * the gateway's insides. They exist only where the demonstration was asked for.
 */
export function addDemoRoutes(app: OpenAPIHono<AppEnv>, ports: AppPorts): void {
  const { demo } = ports;
  if (demo === null) return;
  app.openapi(
    defineRoute(ports, PUBLIC, {
      method: 'get',
      path: `${API_BASE}/demo`,
      summary: 'Accounts and cards of the demonstration.',
      tags: ['demo'],
      responses: answers(demoSchema),
    }),
    (c) => c.json(demo.content, 200),
  );
  for (const method of ['get', 'post'] as const) {
    app.openapi(
      defineRoute(ports, PUBLIC, {
        method,
        path: `${DOOR_PATH}/{act}`,
        summary: 'Acts on the simulated door.',
        tags: ['demo'],
        request: { params: z.object({ act: z.string().regex(/^[a-z-]{1,40}$/) }) },
        responses: {
          200: {
            description: 'What the simulated door says.',
            content: { 'application/octet-stream': { schema: z.string() } },
          },
          default: PROBLEM_ANSWER,
        },
      }),
      (c) => passToDoor(ports, c),
    );
  }
}
