import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { asMonoMs } from '#contract/clock';
import { utf8 } from '#contract/bytes';
import type { BroadcastReader } from '../notify/broadcast.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { PROBLEM_ANSWER } from './problem-response.ts';

/** Shorter than the idle time of common proxies. */
const HEARTBEAT_MS = 20_000;

/** The answers of a route that streams. */
export const STREAM_ANSWER = {
  200: {
    description: 'Server-sent events.',
    content: { 'text/event-stream': { schema: z.string() } },
  },
  default: PROBLEM_ANSWER,
} as const;

/** One message to a listener. */
export interface StreamLine {
  readonly event: string;
  /** One line. */
  readonly data: string;
}

/** What a listener gets. */
export interface StreamSource<T> {
  readonly reader: BroadcastReader<T>;
  /** Writes an item; null where it is not for this listener. */
  readonly lineOf: (value: T) => Promise<StreamLine | null>;
  /** Asked before each delivery and at each heartbeat: whose right has ended gets nothing more. */
  readonly isStillAllowed: () => Promise<boolean>;
  readonly idOf: (itemId: number) => string;
}

async function* framesOf<T>(
  ports: AppPorts,
  source: StreamSource<T>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const { clock } = ports.site;
  yield 'retry: 3000\n\n';
  while (!signal.aborted) {
    const { items, hasMissed } = source.reader.take();
    if (!(await source.isStillAllowed())) return;
    // The listener asks for the lists again: what it missed is not in memory any more.
    if (hasMissed) yield 'event: missed\ndata: {}\n\n';
    for (const { id, value } of items) {
      const line = await source.lineOf(value);
      if (line !== null) yield `id: ${source.idOf(id)}\nevent: ${line.event}\ndata: ${line.data}\n\n`;
    }
    if (items.length > 0 || hasMissed) continue;
    const turn = new AbortController();
    const either = AbortSignal.any([signal, turn.signal]);
    const hasNews = await Promise.race([
      source.reader.ready(either).then(() => true),
      clock.sleepUntil(asMonoMs(clock.monoMs() + HEARTBEAT_MS), either).then(() => false),
    ]);
    turn.abort();
    if (!hasNews && !signal.aborted) yield ': still here\n\n';
  }
}

/**
 * Streams items to one listener, as fast as it reads: nothing is queued for one that is slow.
 * @see rules SH10, SH11
 */
export function eventStream<T>(ports: AppPorts, c: Context<AppEnv>, source: StreamSource<T>): Response {
  const gone = new AbortController();
  const signal = AbortSignal.any([gone.signal, ports.closing]);
  const frames = framesOf(ports, source, signal);
  ports.metrics.changeStreams(1);
  let isCounted = true;
  const end = (): void => {
    gone.abort();
    if (isCounted) ports.metrics.changeStreams(-1);
    isCounted = false;
  };
  c.req.raw.signal.addEventListener('abort', end, { once: true });
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const frame = await frames.next();
        if (frame.done === true) {
          end();
          controller.close();
        } else controller.enqueue(utf8(frame.value));
      },
      cancel: end,
    },
    { highWaterMark: 1 },
  );
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // Proxies that buffer would hold events back.
      'x-accel-buffering': 'no',
    },
  });
}
