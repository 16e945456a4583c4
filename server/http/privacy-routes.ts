import { z, type OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { API_BASE, pageOf, pageQuerySchema } from '#contract/api';
import {
  annotationSchema,
  destructionSchema,
  erasureApprovalSchema,
  holdInputSchema,
  identitySchema,
  newPrivacyRequestSchema,
  piiViewQuerySchema,
  piiViewSchema,
  privacyCarryOutSchema,
  privacyMarksSchema,
  privacyNoticeSchema,
  privacyRefusalSchema,
  privacyRequestSchema,
  readingSchema,
  restrictionInputSchema,
  retentionClassSchema,
  retentionSchema,
} from '#contract/api-privacy';
import type { Result } from '#contract/result';
import { zipBundle } from '../audit/export.ts';
import { buildSubjectCopy } from '../audit/subject-copy.ts';
import { mayDo } from '../domain/permissions.ts';
import {
  approveErasure,
  carryOutPrivacyRequest,
  filePrivacyRequest,
  refusePrivacyRequest,
  setHold,
  setRestriction,
} from '../procedure/privacy-requests.ts';
import { privacyNotice } from '../procedure/privacy-notice.ts';
import type { Refusal } from '../procedure/site.ts';
import { recordAudit } from '../store/audit-trail.ts';
import { inTransaction } from '../store/database.ts';
import { findPerson } from '../store/people.ts';
import {
  listAnnotations,
  listDestructions,
  listPiiViews,
  listPrivacyRequests,
  listReadings,
  listRetention,
  loadMarks,
  marksOf,
  recordPiiViews,
  saveRetention,
} from '../store/privacy.ts';
import { loadProfileRow } from '../store/profiles.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { decodeCursor, pageFrom, timeCursor } from './paging.ts';
import { problem, PROBLEM_ANSWER, refuse } from './problem-response.ts';
import { answers, created, defineRoute, jsonBody, may, mayAfresh, PUBLIC, SIGNED_IN } from './route.ts';

// Named, so that the OpenAPI document says each of them once.
const requestOut = privacyRequestSchema.meta({ id: 'PrivacyRequest' });
const marksOut = privacyMarksSchema.meta({ id: 'PrivacyMarks' });
const retentionOut = retentionSchema.meta({ id: 'Retention' });
const noticeOut = privacyNoticeSchema.meta({ id: 'PrivacyNotice' });
const annotationOut = annotationSchema.meta({ id: 'Annotation' });

const byId = z.object({ id: z.string().max(64) });

const zipAnswer = {
  200: {
    description: 'The copy.',
    content: { 'application/zip': { schema: z.string().meta({ format: 'binary' }) } },
  },
  default: PROBLEM_ANSWER,
} as const;

/** Routes for the notice, requests of data subjects, retention, and who looked at whom. */
export function addPrivacyRoutes(app: OpenAPIHono<AppEnv>, ports: AppPorts): void {
  const { site } = ports;

  app.openapi(
    defineRoute(ports, PUBLIC, {
      method: 'get',
      path: `${API_BASE}/privacy-notice`,
      summary: 'What people read before they file a request.',
      tags: ['privacy'],
      responses: answers(noticeOut),
    }),
    (c) => c.json(privacyNotice, 200),
  );

  const isForAll = (c: Context<AppEnv>): boolean => mayDo(c.get('person').roles, 'privacy.read');
  /** Who approves erasures sees what they approve, and of the others nothing. */
  const seesErasures = (c: Context<AppEnv>): boolean => mayDo(c.get('person').roles, 'privacy.approve');

  const findOne = async (c: Context<AppEnv>, id: string) => {
    const [found] = await listPrivacyRequests(site.db, { id }, site.clock.epochMs(), {
      after: null,
      limit: 1,
    });
    // Absent and forbidden look alike.
    if (found === undefined) return null;
    const isSeen =
      isForAll(c) || found.personId === c.get('person').id || (seesErasures(c) && found.kind === 'erasure');
    return isSeen ? found : null;
  };

  app.openapi(
    defineRoute(ports, SIGNED_IN, {
      method: 'get',
      path: `${API_BASE}/privacy-requests`,
      summary: 'Requests of data subjects, newest first; everybody sees their own, approvers the erasures.',
      tags: ['privacy'],
      request: { query: pageQuerySchema },
      responses: answers(pageOf(requestOut)),
    }),
    async (c) => {
      const { cursor, limit } = c.req.valid('query');
      const after = decodeCursor(timeCursor, cursor);
      if (!after.ok) return refuse(c, after.error);
      const own = { personId: c.get('person').id };
      const filter = isForAll(c) ? {} : seesErasures(c) ? { ...own, orKind: 'erasure' as const } : own;
      const rows = await listPrivacyRequests(site.db, filter, site.clock.epochMs(), {
        after: after.value,
        limit: limit + 1,
      });
      return c.json(
        pageFrom(rows, limit, {
          item: (row) => row,
          cursor: (row) => ({ at: Date.parse(row.filedAt), id: row.id }),
        }),
        200,
      );
    },
  );

  app.openapi(
    defineRoute(ports, SIGNED_IN, {
      method: 'post',
      path: `${API_BASE}/privacy-requests`,
      summary: 'Ask for a copy, a correction, a restriction or the erasure of one’s data.',
      tags: ['privacy'],
      request: { body: jsonBody(newPrivacyRequestSchema) },
      responses: created(requestOut),
    }),
    async (c) => {
      const { kind, personId, details, subjectRef } = c.req.valid('json');
      const wish = { kind, details, personId: personId ?? null, subjectRef: subjectRef ?? null };
      const filed = await filePrivacyRequest(site, c.get('person'), wish);
      if (!filed.ok) return refuse(c, filed.error);
      const found = await findOne(c, filed.value);
      return found === null ? problem(c, 'not-found') : c.json(found, 201);
    },
  );

  app.openapi(
    defineRoute(ports, SIGNED_IN, {
      method: 'get',
      path: `${API_BASE}/privacy-requests/{id}`,
      summary: 'One request of a data subject.',
      tags: ['privacy'],
      request: { params: byId },
      responses: answers(requestOut),
    }),
    async (c) => {
      const found = await findOne(c, c.req.valid('param').id);
      return found === null ? problem(c, 'not-found') : c.json(found, 200);
    },
  );

  const afterStep = async (c: Context<AppEnv>, outcome: Result<string, Refusal>) => {
    if (!outcome.ok) return refuse(c, outcome.error);
    const [found] = await listPrivacyRequests(site.db, { id: outcome.value }, site.clock.epochMs(), {
      after: null,
      limit: 1,
    });
    return found === undefined ? problem(c, 'not-found') : c.json(found, 200);
  };

  app.openapi(
    defineRoute(ports, mayAfresh('privacy.approve'), {
      method: 'post',
      path: `${API_BASE}/privacy-requests/{id}/approve`,
      summary: 'Approve an erasure and name its basis; another person carries it out.',
      tags: ['privacy'],
      request: { params: byId, body: jsonBody(erasureApprovalSchema) },
      responses: answers(requestOut),
    }),
    async (c) => {
      const { basis } = c.req.valid('json');
      return afterStep(c, await approveErasure(site, c.get('person'), c.req.valid('param').id, basis));
    },
  );

  app.openapi(
    defineRoute(ports, may('privacy.manage'), {
      method: 'post',
      path: `${API_BASE}/privacy-requests/{id}/refuse`,
      summary: 'Refuse, with the rule that the refusal rests on.',
      tags: ['privacy'],
      request: { params: byId, body: jsonBody(privacyRefusalSchema) },
      responses: answers(requestOut),
    }),
    async (c) => {
      const { reason } = c.req.valid('json');
      return afterStep(c, await refusePrivacyRequest(site, c.get('person'), c.req.valid('param').id, reason));
    },
  );

  app.openapi(
    defineRoute(ports, mayAfresh('privacy.manage'), {
      method: 'post',
      path: `${API_BASE}/privacy-requests/{id}/carry-out`,
      summary: 'Carry it out: give the copy, add the correction, mask, or erase.',
      tags: ['privacy'],
      request: { params: byId, body: jsonBody(privacyCarryOutSchema) },
      responses: answers(requestOut),
    }),
    async (c) => {
      const words = c.req.valid('json').note;
      return afterStep(
        c,
        await carryOutPrivacyRequest(site, c.get('person'), c.req.valid('param').id, words),
      );
    },
  );

  const copyOf = async (c: Context<AppEnv>, personId: string) => {
    const files = await buildSubjectCopy(site, personId);
    if (files === null) return problem(c, 'not-found');
    const now = site.clock.epochMs();
    await inTransaction(site.db, (trx) =>
      recordAudit(trx, {
        at: now,
        byId: c.get('person').id,
        act: 'subject-copy.given',
        subject: personId,
        facts: {},
      }),
    );
    await recordPiiViews(site.db, c.get('person').id, [personId], 'copy', now);
    const day = new Date(now).toISOString().slice(0, 10);
    return new Response(zipBundle(files, now), {
      headers: {
        'content-type': 'application/zip',
        'content-disposition': `attachment; filename="palang-data-saya-${day}.zip"`,
        'cache-control': 'no-store',
      },
    });
  };

  app.openapi(
    defineRoute(ports, SIGNED_IN, {
      method: 'get',
      path: `${API_BASE}/me/data`,
      summary: 'The copy of one’s own data, as a zip of JSON.',
      tags: ['privacy'],
      responses: zipAnswer,
    }),
    (c) => copyOf(c, c.get('person').id),
  );

  app.openapi(
    defineRoute(ports, may('privacy.manage'), {
      method: 'get',
      path: `${API_BASE}/privacy-requests/{id}/copy`,
      summary: 'The copy that a request for access asks for, as a zip of JSON.',
      tags: ['privacy'],
      request: { params: byId },
      responses: zipAnswer,
    }),
    async (c) => {
      const found = await findOne(c, c.req.valid('param').id);
      if (found === null || found.kind !== 'access' || found.state === 'refused')
        return problem(c, 'not-found');
      return copyOf(c, found.personId);
    },
  );

  app.openapi(
    defineRoute(ports, may('events.read'), {
      method: 'get',
      path: `${API_BASE}/annotations`,
      summary: 'What was added beside an event or visit because it was not right.',
      tags: ['privacy'],
      request: { query: z.object({ subject: z.string().max(120) }) },
      responses: answers(z.object({ items: z.array(annotationOut) })),
    }),
    async (c) => {
      const { subject } = c.req.valid('query');
      const person = c.get('person');
      const rows = await listAnnotations(site.db, { subjectRef: subject });
      const own = mayDo(person.roles, 'events.read.all')
        ? rows
        : rows.filter(({ personId }) => personId === person.id);
      return c.json({ items: own.map(({ personId: _id, ...each }) => each) }, 200);
    },
  );

  // Marks of people

  const marksAfter = async (c: Context<AppEnv>, outcome: Result<string, Refusal>) =>
    outcome.ok ? c.json(marksOf(await loadMarks(site.db, outcome.value)), 200) : refuse(c, outcome.error);

  app.openapi(
    defineRoute(ports, may('privacy.read'), {
      method: 'get',
      path: `${API_BASE}/people/{id}/privacy`,
      summary: 'Whether somebody’s data is restricted, held or erased.',
      tags: ['privacy'],
      request: { params: byId },
      responses: answers(marksOut),
    }),
    async (c) => {
      const person = await findPerson(site.db, c.req.valid('param').id);
      if (person === null) return problem(c, 'not-found');
      return c.json(marksOf(await loadMarks(site.db, person.id)), 200);
    },
  );

  app.openapi(
    defineRoute(ports, mayAfresh('privacy.manage'), {
      method: 'put',
      path: `${API_BASE}/people/{id}/hold`,
      summary: 'Hold somebody’s data for a legal reason, or end that.',
      tags: ['privacy'],
      request: { params: byId, body: jsonBody(holdInputSchema) },
      responses: answers(marksOut),
    }),
    async (c) => {
      const { reason } = c.req.valid('json');
      return marksAfter(c, await setHold(site, c.get('person'), c.req.valid('param').id, reason));
    },
  );

  app.openapi(
    defineRoute(ports, mayAfresh('privacy.manage'), {
      method: 'put',
      path: `${API_BASE}/people/{id}/restriction`,
      summary: 'Mask somebody everywhere, or end that.',
      tags: ['privacy'],
      request: { params: byId, body: jsonBody(restrictionInputSchema) },
      responses: answers(marksOut),
    }),
    async (c) => {
      const { isRestricted } = c.req.valid('json');
      const outcome = await setRestriction(site, c.get('person'), c.req.valid('param').id, isRestricted);
      return marksAfter(c, outcome);
    },
  );

  app.openapi(
    defineRoute(ports, mayAfresh('identity.read'), {
      method: 'get',
      path: `${API_BASE}/people/{id}/identity`,
      summary: 'The whole number of an identity document; the look at it is recorded.',
      tags: ['privacy'],
      request: { params: byId },
      responses: answers(identitySchema.meta({ id: 'Identity' })),
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      const row = await loadProfileRow(site.db, id);
      if (row === null || row.identity_sealed === null) return problem(c, 'not-found');
      const now = site.clock.epochMs();
      // First the record, then the number: nobody sees it unrecorded.
      await recordPiiViews(site.db, c.get('person').id, [id], 'identity-number', now);
      const number = site.pii.open(`identity/${id}`, row.identity_sealed);
      return c.json({ kind: row.identity_kind ?? '', number }, 200);
    },
  );

  // Retention

  app.openapi(
    defineRoute(ports, may('privacy.read'), {
      method: 'get',
      path: `${API_BASE}/privacy/retention`,
      summary: 'How long each class of data is kept.',
      tags: ['privacy'],
      responses: answers(retentionOut),
    }),
    async (c) => c.json({ classes: [...(await listRetention(site.db))] }, 200),
  );

  app.openapi(
    defineRoute(ports, mayAfresh('privacy.manage'), {
      method: 'put',
      path: `${API_BASE}/privacy/retention`,
      summary: 'Say how long a class of data is kept.',
      tags: ['privacy'],
      request: { body: jsonBody(retentionClassSchema) },
      responses: answers(retentionOut),
    }),
    async (c) => {
      const wanted = c.req.valid('json');
      await inTransaction(site.db, async (trx) => {
        const before = (await listRetention(trx)).find(({ name }) => name === wanted.name);
        await saveRetention(trx, wanted);
        await recordAudit(trx, {
          at: site.clock.epochMs(),
          byId: c.get('person').id,
          act: 'retention.changed',
          subject: wanted.name,
          facts: { before: before ?? null, after: wanted },
        });
      });
      return c.json({ classes: [...(await listRetention(site.db))] }, 200);
    },
  );

  app.openapi(
    defineRoute(ports, may('privacy.read'), {
      method: 'get',
      path: `${API_BASE}/privacy/destructions`,
      summary: 'What was destroyed, when and why, newest first; never whose it was.',
      tags: ['privacy'],
      responses: answers(z.object({ items: z.array(destructionSchema.meta({ id: 'Destruction' })) })),
    }),
    async (c) => c.json({ items: [...(await listDestructions(site.db))] }, 200),
  );

  // Who looked

  app.openapi(
    defineRoute(ports, may('privacy.read'), {
      method: 'get',
      path: `${API_BASE}/privacy/views`,
      summary: 'Who was shown whose data, newest first.',
      tags: ['privacy'],
      request: { query: piiViewQuerySchema },
      responses: answers(z.object({ items: z.array(piiViewSchema.meta({ id: 'PiiView' })) })),
    }),
    async (c) => {
      const { person, viewer, limit } = c.req.valid('query');
      const items = await listPiiViews(site.db, { personId: person, viewerId: viewer }, limit);
      return c.json({ items: [...items] }, 200);
    },
  );

  app.openapi(
    defineRoute(ports, may('privacy.read'), {
      method: 'get',
      path: `${API_BASE}/privacy/readings`,
      summary: 'What auditors read and took along, newest first.',
      tags: ['privacy'],
      request: { query: pageQuerySchema },
      responses: answers(pageOf(readingSchema.meta({ id: 'Reading' }))),
    }),
    async (c) => {
      const { cursor, limit } = c.req.valid('query');
      const after = decodeCursor(z.number().int(), cursor);
      if (!after.ok) return refuse(c, after.error);
      const rows = await listReadings(site.db, { after: after.value, limit: limit + 1 });
      return c.json(pageFrom(rows, limit, { item: (row) => row, cursor: (row) => row.id }), 200);
    },
  );
}
