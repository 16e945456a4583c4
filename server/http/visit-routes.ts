import { z, type OpenAPIHono } from '@hono/zod-openapi';
import { API_BASE, pageOf, type Person } from '#contract/api';
import {
  attendanceQuerySchema,
  attendanceSchema,
  checkedInSchema,
  checkInSchema,
  checkOutSchema,
  minutesSchema,
  noticeQuerySchema,
  noticeSchema,
  noticesReadOutSchema,
  noticesReadSchema,
  satisfactionQuerySchema,
  satisfactionSchema,
  surveySchema,
  todaySchema,
} from '#contract/api-visit';
import { mayDo } from '../domain/permissions.ts';
import {
  answerSurvey,
  checkIn,
  checkOut,
  satisfactionOf,
  showToday,
  writeVisitMinutes,
} from '../procedure/visit-desk.ts';
import { findAttendance, listAttendances } from '../store/attendances.ts';
import { listNotices, markNoticesRead } from '../store/notifications.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { decodeCursor, pageFrom, timeCursor } from './paging.ts';
import { problem, refuse } from './problem-response.ts';
import { answers, created, defineRoute, jsonBody, may, SIGNED_IN } from './route.ts';

// Named, so that the OpenAPI document says each of them once.
const attendanceOut = attendanceSchema.meta({ id: 'Attendance' });
const noticeOut = noticeSchema.meta({ id: 'Notice' });

const idParam = z.object({ id: z.string().max(64) });

const ownOnly = (person: Person): { readonly personId?: string } =>
  mayDo(person.roles, 'visits.read.all') ? {} : { personId: person.id };

/** Routes for the desk, for visits under the SOP, and for what people are told. */
export function addVisitRoutes(app: OpenAPIHono<AppEnv>, ports: AppPorts): void {
  const { site } = ports;
  app.openapi(
    defineRoute(ports, may('visits.desk.read'), {
      method: 'get',
      path: `${API_BASE}/visits/today`,
      summary: 'Who is expected, who waits, who is inside, who is overdue, and what is not closed.',
      tags: ['visits'],
      responses: answers(todaySchema),
    }),
    async (c) => c.json(await showToday(site), 200),
  );

  app.openapi(
    defineRoute(ports, may('visits.read'), {
      method: 'get',
      path: `${API_BASE}/visits/register`,
      summary: 'Visits under the SOP, newest first; technicians see their own.',
      tags: ['visits'],
      request: { query: attendanceQuerySchema },
      responses: answers(pageOf(attendanceOut)),
    }),
    async (c) => {
      const { cursor, limit, state } = c.req.valid('query');
      const after = decodeCursor(timeCursor, cursor);
      if (!after.ok) return refuse(c, after.error);
      const filter = { ...ownOnly(c.get('person')), ...(state === undefined ? {} : { state }) };
      const page = { after: after.value, limit: limit + 1 };
      const rows = await listAttendances(site.db, filter, page, site.clock.epochMs());
      return c.json(
        pageFrom(rows, limit, {
          item: ({ beganAt: _beganAt, ...attendance }) => attendance,
          cursor: (row) => ({ at: row.beganAt, id: row.id }),
        }),
        200,
      );
    },
  );

  app.openapi(
    defineRoute(ports, may('visits.desk.read'), {
      method: 'get',
      path: `${API_BASE}/visits/satisfaction`,
      summary: 'The satisfaction index of a period.',
      tags: ['visits'],
      request: { query: satisfactionQuerySchema },
      responses: answers(satisfactionSchema),
    }),
    async (c) => {
      const { from, until } = c.req.valid('query');
      const result = await satisfactionOf(site, { from: Date.parse(from), until: Date.parse(until) });
      return c.json({ from, until, result }, 200);
    },
  );

  app.openapi(
    defineRoute(ports, may('visits.desk'), {
      method: 'post',
      path: `${API_BASE}/visits/check-in`,
      summary: 'Check a visitor in: only now there is a permit that opens the door.',
      tags: ['visits'],
      request: { body: jsonBody(checkInSchema) },
      responses: created(checkedInSchema),
    }),
    async (c) => {
      const { badgeNumber, escortId, ...rest } = c.req.valid('json');
      const arrival = { ...rest, badgeNumber: badgeNumber ?? null, escortId: escortId ?? null };
      const visit = await checkIn(site, c.get('person'), arrival);
      return visit.ok ? c.json(visit.value, 201) : refuse(c, visit.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('visits.read'), {
      method: 'get',
      path: `${API_BASE}/visits/{id}`,
      summary: 'One visit under the SOP.',
      tags: ['visits'],
      request: { params: idParam },
      responses: answers(attendanceOut),
    }),
    async (c) => {
      const person = c.get('person');
      const visit = await findAttendance(site.db, c.req.valid('param').id, site.clock.epochMs());
      const isVisible =
        visit !== null && (visit.person.id === person.id || mayDo(person.roles, 'visits.read.all'));
      return isVisible ? c.json(visit, 200) : problem(c, 'not-found');
    },
  );

  app.openapi(
    defineRoute(ports, may('visits.close'), {
      method: 'post',
      path: `${API_BASE}/visits/{id}/check-out`,
      summary: 'Close a visit once everything is accounted for, or by force with a reason.',
      tags: ['visits'],
      request: { params: idParam, body: jsonBody(checkOutSchema) },
      responses: answers(attendanceOut),
    }),
    async (c) => {
      const { force, heads, equipment, ...rest } = c.req.valid('json');
      const visit = await checkOut(site, c.get('person'), c.req.valid('param').id, {
        ...rest,
        equipment: equipment.map(({ note, ...item }) => ({ ...item, note: note ?? null })),
        heads: heads ?? null,
        forcedReason: force?.reason ?? null,
      });
      return visit.ok ? c.json(visit.value, 200) : refuse(c, visit.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('visits.close'), {
      method: 'post',
      path: `${API_BASE}/visits/{id}/survey`,
      summary: 'Say what one thought of the visit: nine elements, 1 to 4.',
      tags: ['visits'],
      request: { params: idParam, body: jsonBody(surveySchema) },
      responses: answers(attendanceOut),
    }),
    async (c) => {
      const visit = await answerSurvey(site, c.get('person'), c.req.valid('param').id, c.req.valid('json'));
      return visit.ok ? c.json(visit.value, 200) : refuse(c, visit.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('visits.close'), {
      method: 'get',
      path: `${API_BASE}/visits/{id}/minutes`,
      summary: 'The text of the official report of a visit.',
      tags: ['visits'],
      request: { params: idParam },
      responses: answers(minutesSchema),
    }),
    async (c) => {
      const minutes = await writeVisitMinutes(site, c.get('person'), c.req.valid('param').id, ports.siteName);
      return minutes.ok ? c.json(minutes.value, 200) : refuse(c, minutes.error);
    },
  );

  app.openapi(
    defineRoute(ports, SIGNED_IN, {
      method: 'get',
      path: `${API_BASE}/notifications`,
      summary: 'What one was told, newest first.',
      tags: ['notifications'],
      request: { query: noticeQuerySchema },
      responses: answers(pageOf(noticeOut)),
    }),
    async (c) => {
      const { cursor, limit, unread } = c.req.valid('query');
      const after = decodeCursor(timeCursor, cursor);
      if (!after.ok) return refuse(c, after.error);
      const rows = await listNotices(
        site.db,
        { personId: c.get('person').id, isUnread: unread === '1' },
        { after: after.value, limit: limit + 1 },
      );
      return c.json(
        pageFrom(rows, limit, {
          item: (row) => row,
          cursor: (row) => ({ at: Date.parse(row.at), id: row.id }),
        }),
        200,
      );
    },
  );

  app.openapi(
    defineRoute(ports, SIGNED_IN, {
      method: 'post',
      path: `${API_BASE}/notifications/read`,
      summary: 'Mark what one was told as read.',
      tags: ['notifications'],
      request: { body: jsonBody(noticesReadSchema) },
      responses: answers(noticesReadOutSchema),
    }),
    async (c) => {
      const { ids } = c.req.valid('json');
      const read = await markNoticesRead(site.db, c.get('person').id, ids, site.clock.epochMs());
      return c.json({ read }, 200);
    },
  );
}
