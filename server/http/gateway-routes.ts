import { z, type OpenAPIHono } from '@hono/zod-openapi';
import {
  API_BASE,
  enrolmentTokenSchema,
  enrolRequestSchema,
  enrolResponseSchema,
  gatewaySchema,
  journalAckSchema,
  journalHeadSchema,
  journalUploadSchema,
  newGatewaySchema,
  pageOf,
  pageQuerySchema,
  policyQuerySchema,
} from '#contract/api';
import { epochAnswerSchema, epochRequestSchema } from '#contract/epoch';
import { policySnapshotSchema } from '#contract/policy';
import { problemOf, problemSchema } from '#contract/problem';
import { ingestJournal, journalHead } from '../audit/ingest.ts';
import { mergeReaders } from '../notify/broadcast.ts';
import { enrolGateway, orderEnrolment } from '../procedure/enrol-gateway.ts';
import { giveEpoch } from '../procedure/epochs.ts';
import { noticesOf, policySnapshot } from '../procedure/policy-snapshot.ts';
import { findGateway, listGateways } from '../store/gateways.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { decodeCursor, encodeCursor, pageFrom } from './paging.ts';
import { PROBLEM_ANSWER, refuse } from './problem-response.ts';
import { answers, created, defineRoute, GATEWAY, jsonBody, may, PUBLIC } from './route.ts';
import { eventStream, STREAM_ANSWER } from './event-stream.ts';

// Named, so that the OpenAPI document says each of them once.
const gatewayOut = gatewaySchema.meta({ id: 'Gateway' });

const epochParam = z.object({ epoch: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) });

const conflictAnswer = {
  description: 'The batch does not continue what is stored; `head` says from where to go on.',
  content: {
    'application/problem+json': { schema: problemSchema.extend({ head: journalHeadSchema.optional() }) },
  },
} as const;

/** Routes for gateways: those of administrators, and those that gateways call themselves. */
export function addGatewayRoutes(app: OpenAPIHono<AppEnv>, ports: AppPorts): void {
  const { site } = ports;
  app.openapi(
    defineRoute(ports, may('gateways.read'), {
      method: 'get',
      path: `${API_BASE}/gateways`,
      summary: 'Gateways by id.',
      tags: ['gateways'],
      request: { query: pageQuerySchema },
      responses: answers(pageOf(gatewayOut)),
    }),
    async (c) => {
      const { cursor, limit } = c.req.valid('query');
      const after = decodeCursor(z.string().max(64), cursor);
      if (!after.ok) return refuse(c, after.error);
      const rows = await listGateways(site.db, { after: after.value, limit: limit + 1 });
      return c.json(pageFrom(rows, limit, { item: (row) => row, cursor: (row) => row.id }), 200);
    },
  );

  app.openapi(
    defineRoute(ports, may('gateways.write'), {
      method: 'post',
      path: `${API_BASE}/gateways`,
      summary: 'Order the enrolment of a gateway; the token is shown once.',
      tags: ['gateways'],
      request: { body: jsonBody(newGatewaySchema) },
      responses: created(enrolmentTokenSchema),
    }),
    async (c) => {
      const ticket = await orderEnrolment(site, c.req.valid('json'));
      return ticket.ok ? c.json(ticket.value, 201) : refuse(c, ticket.error);
    },
  );

  app.openapi(
    defineRoute(ports, PUBLIC, {
      method: 'post',
      path: `${API_BASE}/gateways/enrol`,
      summary: 'Enrol the key of a gateway against its one-time token.',
      tags: ['gateways'],
      request: { body: jsonBody(enrolRequestSchema) },
      responses: answers(enrolResponseSchema),
    }),
    async (c) => {
      const enrolled = await enrolGateway(site, c.req.valid('json'));
      return enrolled.ok ? c.json(enrolled.value, 200) : refuse(c, enrolled.error);
    },
  );

  app.openapi(
    defineRoute(ports, GATEWAY, {
      method: 'get',
      path: `${API_BASE}/gateway/policy`,
      summary: 'What counts now, signed; the body only where the caller has another version.',
      tags: ['gateways'],
      request: { query: policyQuerySchema },
      responses: answers(policySnapshotSchema),
    }),
    async (c) => {
      const { whole, ...asked } = c.req.valid('query');
      return c.json(await policySnapshot(site, c.get('gateway'), { ...asked, isWhole: whole === '1' }), 200);
    },
  );

  app.openapi(
    defineRoute(ports, GATEWAY, {
      method: 'post',
      path: `${API_BASE}/gateway/epochs`,
      summary: 'Give the next epoch number of the journal to a key; safe to repeat.',
      tags: ['gateways'],
      request: { body: jsonBody(epochRequestSchema) },
      responses: answers(epochAnswerSchema),
    }),
    async (c) => {
      const given = await giveEpoch(site, c.get('gateway'), c.req.valid('json'));
      return given.ok ? c.json(given.value, 200) : refuse(c, given.error);
    },
  );

  app.openapi(
    defineRoute(ports, GATEWAY, {
      method: 'get',
      path: `${API_BASE}/gateway/journal/{epoch}`,
      summary: 'How far an epoch of the journal is stored.',
      tags: ['gateways'],
      request: { params: epochParam },
      responses: answers(journalHeadSchema),
    }),
    async (c) => c.json(await journalHead(site.db, c.get('gateway'), c.req.valid('param').epoch), 200),
  );

  app.openapi(
    defineRoute(ports, GATEWAY, {
      method: 'post',
      path: `${API_BASE}/gateway/journal/{epoch}`,
      summary: 'Upload a batch of the journal; safe to repeat.',
      tags: ['gateways'],
      request: { params: epochParam, body: jsonBody(journalUploadSchema) },
      responses: { ...answers(journalAckSchema), 409: conflictAnswer, default: PROBLEM_ANSWER },
    }),
    async (c) => {
      const { epoch } = c.req.valid('param');
      const ack = await ingestJournal(site, c.get('gateway'), epoch, c.req.valid('json'));
      ports.metrics.countUpload(ack.ok ? 'taken' : ack.error.code);
      if (ack.ok) return c.json(ack.value, 200);
      const { code, errors, head } = ack.error;
      if (code !== 'journal-gap' && code !== 'journal-conflict' && code !== 'journal-fenced') {
        return refuse(c, ack.error);
      }
      const requestId = c.get('requestId');
      const body = { ...problemOf(code, errors === undefined ? { requestId } : { requestId, errors }), head };
      return c.json(body, 409, { 'Content-Type': 'application/problem+json' });
    },
  );

  app.openapi(
    defineRoute(ports, GATEWAY, {
      method: 'get',
      path: `${API_BASE}/gateway/wake`,
      summary:
        'Server-sent events: `policy` whenever there is a newer version, `command` when an order waits.',
      tags: ['gateways'],
      responses: STREAM_ANSWER,
    }),
    (c) => {
      const { id, publicKey } = c.get('gateway');
      return eventStream(ports, c, {
        reader: mergeReaders(site.policyChanges.read(), site.commands.read()),
        lineOf: async (wake) => {
          if (typeof wake === 'number') {
            // The notices go along: taking a right away must not wait for the next question.
            const data = JSON.stringify({ v: wake, denies: await noticesOf(site, wake) });
            return { event: 'policy', data };
          }
          return wake.gatewayId === id ? { event: 'command', data: '{}' } : null;
        },
        isStillAllowed: async () => {
          const gateway = await findGateway(site.db, id);
          return gateway?.state === 'enrolled' && gateway.publicKey === publicKey;
        },
        idOf: (itemId) => encodeCursor(itemId),
      });
    },
  );
}
