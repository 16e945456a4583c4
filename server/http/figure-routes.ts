import type { OpenAPIHono } from '@hono/zod-openapi';
import { API_BASE } from '#contract/api';
import {
  densityQuerySchema,
  densitySchema,
  figuresQuerySchema,
  figuresSchema,
  MAX_STRETCHES,
} from '#contract/api-figures';
import { asEpochMs } from '#contract/clock';
import { figuresOf, stretchFor, stretchStart } from '../domain/figures.ts';
import { eventSpan, eventStretches, figureFacts } from '../store/figures.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { eventFilterOf } from './event-filter.ts';
import { answers, defineRoute, may } from './route.ts';

// Named, so that the OpenAPI document says each of them once.
const densityOut = densitySchema.meta({ id: 'Density' });
const figuresOut = figuresSchema.meta({ id: 'Figures' });

const DEFAULT_PERIOD_MS = 30 * 86_400_000;

const instant = (at: number): string => new Date(at).toISOString();

/** Routes for figures: what one looks at rather than reads. */
export function addFigureRoutes(app: OpenAPIHono<AppEnv>, ports: AppPorts): void {
  const { site } = ports;
  app.openapi(
    defineRoute(ports, may('events.read.all'), {
      method: 'get',
      path: `${API_BASE}/figures/density`,
      summary: 'How many events a filter lets through, and how they lie over the period.',
      tags: ['evidence'],
      request: { query: densityQuerySchema },
      responses: answers(densityOut),
    }),
    async (c) => {
      const filter = eventFilterOf(c.req.valid('query'), null);
      const { total, asOf, first, last } = await eventSpan(site.db, filter);
      if (first === null || last === null) {
        return c.json({ total, asOf, from: null, until: null, stretchMs: 1, stretches: [] }, 200);
      }
      // The period that was asked for, where it was: an empty week must look empty.
      const from = asEpochMs(filter.from ?? first);
      const until = asEpochMs(Math.max(filter.until ?? last + 1, from + 1));
      const stretchMs = stretchFor(from, until, MAX_STRETCHES);
      const start = stretchStart(from, stretchMs);
      const end = stretchStart(asEpochMs(until - 1), stretchMs) + stretchMs;
      const stretches = await eventStretches(site.db, filter, stretchMs);
      return c.json(
        {
          total,
          asOf,
          from: instant(start),
          until: instant(end),
          stretchMs,
          stretches: stretches.map(({ startMs, ...counts }) => ({ at: instant(startMs), ...counts })),
        },
        200,
      );
    },
  );

  app.openapi(
    defineRoute(ports, may('events.read.all'), {
      method: 'get',
      path: `${API_BASE}/figures/period`,
      summary: 'Visits, hours, refusals, lead times, occupancy and door alarms of a period.',
      tags: ['evidence'],
      request: { query: figuresQuerySchema },
      responses: answers(figuresOut),
    }),
    async (c) => {
      const query = c.req.valid('query');
      const now = site.clock.epochMs();
      const until = asEpochMs(query.until === undefined ? now : Date.parse(query.until));
      const from = asEpochMs(query.from === undefined ? until - DEFAULT_PERIOD_MS : Date.parse(query.from));
      const { doorId } = query;
      const facts = await figureFacts(site.db, { from, until, ...(doorId === undefined ? {} : { doorId }) });
      return c.json(figuresOf({ from, until, timeZone: site.timeZone, ...facts }), 200);
    },
  );
}
