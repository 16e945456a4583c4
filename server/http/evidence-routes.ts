import { z, type OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import {
  API_BASE,
  eventDetailSchema,
  eventQuerySchema,
  eventSchema,
  exportQuerySchema,
  integritySchema,
  occupancySchema,
  pageOf,
  pageQuerySchema,
  visitSchema,
  type EventDetail,
} from '#contract/api';
import { zipBundle } from '../audit/export.ts';
import { checkIntegrity, exportEvidence } from '../audit/evidence-desk.ts';
import { loadEventDetail } from '../audit/event-detail.ts';
import { mayDo } from '../domain/permissions.ts';
import { listEvents } from '../store/events.ts';
import { eventsCursorAt } from '../store/figures.ts';
import { listRooms } from '../store/places.ts';
import { listVisits } from '../store/visits.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { eventFilterOf } from './event-filter.ts';
import { decodeCursor, pageFrom, timeCursor } from './paging.ts';
import { problem, PROBLEM_ANSWER, refuse } from './problem-response.ts';
import { noteShown } from './reading-log.ts';
import { answers, defineRoute, may } from './route.ts';

// Named, so that the OpenAPI document says each of them once.
const visitOut = visitSchema.meta({ id: 'Visit' });
const eventOut = eventSchema.meta({ id: 'AccessEvent' });
const eventDetailOut = eventDetailSchema.meta({ id: 'EventDetail' });
const integrityOut = integritySchema.meta({ id: 'Integrity' });
const occupancyOut = occupancySchema.meta({ id: 'Occupancy' });

const eventCursor = z.strictObject({ at: z.number().int(), position: z.number().int() });

/** Everybody may see their own part of a list; some see all of it. */
const ownOnly = (c: Context<AppEnv>, action: 'events.read.all' | 'visits.read.all'): string | null => {
  const person = c.get('person');
  return mayDo(person.roles, action) ? null : person.id;
};

/** Routes for what happened: visits, events, exports. */
export function addEvidenceRoutes(app: OpenAPIHono<AppEnv>, ports: AppPorts): void {
  const { site } = ports;
  app.openapi(
    defineRoute(ports, may('visits.read'), {
      method: 'get',
      path: `${API_BASE}/visits`,
      summary: 'Visits, newest first; technicians see their own.',
      tags: ['evidence'],
      request: { query: pageQuerySchema },
      responses: answers(pageOf(visitOut)),
    }),
    async (c) => {
      const { cursor, limit } = c.req.valid('query');
      const after = decodeCursor(timeCursor, cursor);
      if (!after.ok) return refuse(c, after.error);
      const filter = { personId: ownOnly(c, 'visits.read.all'), isInside: false };
      const rows = await listVisits(site.db, filter, { after: after.value, limit: limit + 1 });
      await noteShown(
        ports,
        c.get('person').id,
        rows.map(({ personId }) => personId),
        'visits',
      );
      return c.json(
        pageFrom(rows, limit, {
          item: ({ beganAt: _beganAt, roomId: _roomId, ...visit }) => visit,
          cursor: (row) => ({ at: row.beganAt, id: row.id }),
        }),
        200,
      );
    },
  );

  app.openapi(
    defineRoute(ports, may('visits.read'), {
      method: 'get',
      path: `${API_BASE}/occupancy`,
      summary: 'Who is inside; technicians see the number and themselves.',
      tags: ['evidence'],
      responses: answers(occupancyOut),
    }),
    async (c) => {
      const rows = await listVisits(
        site.db,
        { personId: null, isInside: true },
        { after: null, limit: 1000 },
      );
      const own = ownOnly(c, 'visits.read.all');
      const shown = own === null ? rows.map(({ personId }) => personId) : [];
      await noteShown(ports, c.get('person').id, shown, 'occupancy');
      const rooms = (await listRooms(site.db)).map((room) => {
        const inside = rows.filter((row) => row.roomId === room.id);
        return {
          roomId: room.id,
          count: new Set(inside.map((row) => row.personId ?? row.id)).size,
          inside: inside
            .filter((row) => own === null || row.personId === own)
            .map(({ beganAt: _beganAt, roomId: _roomId, ...visit }) => visit),
        };
      });
      return c.json({ at: new Date(site.clock.epochMs()).toISOString(), rooms }, 200);
    },
  );

  app.openapi(
    defineRoute(ports, may('events.read'), {
      method: 'get',
      path: `${API_BASE}/events`,
      summary: 'Events, newest first; technicians see those about nobody else.',
      tags: ['evidence'],
      request: { query: eventQuerySchema },
      responses: answers(pageOf(eventOut)),
    }),
    async (c) => {
      const query = c.req.valid('query');
      const after = decodeCursor(eventCursor, query.cursor);
      if (!after.ok) return refuse(c, after.error);
      const readerId = c.get('person').id;
      const filter = { ...eventFilterOf(query, ownOnly(c, 'events.read.all')), readerId };
      const { offset = 0 } = query;
      const place = offset === 0 ? after.value : await eventsCursorAt(site.db, filter, offset);
      if (offset > 0 && place === null) return c.json({ items: [], nextCursor: null }, 200);
      const rows = await listEvents(site.db, filter, { after: place, limit: query.limit + 1 });
      await noteShown(
        ports,
        c.get('person').id,
        rows.map(({ sub }) => sub),
        'events',
      );
      return c.json(
        pageFrom(rows, query.limit, { item: (row) => row.event, cursor: (row) => row.cursor }),
        200,
      );
    },
  );

  const detail = async (c: Context<AppEnv>, id: string): Promise<EventDetail | null> => {
    const [, gatewayId, epoch, seq] = /^([a-z0-9-]{1,64})\/([0-9]{1,15})\/([0-9]{1,15})$/.exec(id) ?? [];
    if (gatewayId === undefined) return null;
    const place = { gatewayId, epoch: Number(epoch), seq: Number(seq) };
    const isOnlyOwn = ownOnly(c, 'events.read.all') !== null;
    return loadEventDetail(site, place, { id: c.get('person').id, isOnlyOwn });
  };

  app.openapi(
    defineRoute(ports, may('events.read'), {
      method: 'get',
      path: `${API_BASE}/events/{id}`,
      summary: 'One event with its record and proof; the id with its slashes encoded.',
      tags: ['evidence'],
      request: { params: z.object({ id: z.string().max(120) }) },
      responses: answers(eventDetailOut),
    }),
    async (c) => {
      const found = await detail(c, c.req.valid('param').id);
      return found === null ? problem(c, 'not-found') : c.json(found, 200);
    },
  );

  app.openapi(
    defineRoute(ports, may('events.read'), {
      method: 'get',
      path: `${API_BASE}/events/{gateway}/{epoch}/{seq}`,
      summary: 'One event with its record and proof.',
      tags: ['evidence'],
      request: {
        params: z.object({
          gateway: z.string().max(64),
          epoch: z.string().max(15),
          seq: z.string().max(15),
        }),
      },
      responses: answers(eventDetailOut),
    }),
    async (c) => {
      const { gateway, epoch, seq } = c.req.valid('param');
      const found = await detail(c, `${gateway}/${epoch}/${seq}`);
      return found === null ? problem(c, 'not-found') : c.json(found, 200);
    },
  );

  app.openapi(
    defineRoute(ports, may('evidence.verify'), {
      method: 'get',
      path: `${API_BASE}/evidence/integrity`,
      summary: 'Checks every record, link and signature that is stored.',
      tags: ['evidence'],
      responses: answers(integrityOut),
    }),
    async (c) => c.json(await checkIntegrity(site, ports.version), 200),
  );

  app.openapi(
    defineRoute(ports, may('evidence.export'), {
      method: 'get',
      path: `${API_BASE}/evidence/export`,
      summary: 'The evidence bundle as a zip.',
      tags: ['evidence'],
      request: { query: exportQuerySchema },
      responses: {
        200: {
          description: 'The bundle.',
          content: { 'application/zip': { schema: z.string().meta({ format: 'binary' }) } },
        },
        default: PROBLEM_ANSWER,
      },
    }),
    async (c) => {
      const { from, until } = c.req.valid('query');
      const { files, createdAt } = await exportEvidence(site, ports.version, {
        from: from ?? null,
        until: until ?? null,
      });
      const day = new Date(createdAt).toISOString().slice(0, 10);
      return new Response(zipBundle(files, createdAt), {
        headers: {
          'content-type': 'application/zip',
          'content-disposition': `attachment; filename="palang-evidence-${site.id}-${day}.zip"`,
          'cache-control': 'no-store',
        },
      });
    },
  );
}
