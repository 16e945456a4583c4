import { z, type OpenAPIHono } from '@hono/zod-openapi';
import {
  API_BASE,
  newRequestSchema,
  noBodySchema,
  pageOf,
  permitSchema,
  reasonSchema,
  requestQuerySchema,
  requestSchema,
  pageQuerySchema,
  type Person,
} from '#contract/api';
import { asEpochMs } from '#contract/clock';
import { mayDo } from '../domain/permissions.ts';
import {
  approveRequest,
  fileRequest,
  rejectRequest,
  revokeRequest,
  submitRequest,
  withdrawRequest,
} from '../procedure/request-steps.ts';
import { listPermits } from '../store/permits.ts';
import { findRequest, listRequests, type RequestFilter } from '../store/requests.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { decodeCursor, pageFrom, timeCursor } from './paging.ts';
import { problem, refuse } from './problem-response.ts';
import { answers, created, defineRoute, jsonBody, may } from './route.ts';

// Named, so that the OpenAPI document says each of them once.
const requestOut = requestSchema.meta({ id: 'AccessRequest' });
const permitOut = permitSchema.meta({ id: 'Permit' });

const idParam = z.object({ id: z.string().max(64) });

type Scope = 'mine' | 'waiting' | 'all';

function scopeFilter(person: Person, scope: Scope): RequestFilter | null {
  switch (scope) {
    case 'mine':
      return { requesterId: person.id };
    case 'waiting':
      return mayDo(person.roles, 'requests.decide') ? { waitingFor: person.id } : null;
    case 'all':
      return mayDo(person.roles, 'requests.read.all') ? {} : null;
  }
}

/** Routes for requests and the permits that come of them. */
export function addRequestRoutes(app: OpenAPIHono<AppEnv>, ports: AppPorts): void {
  const { site } = ports;
  app.openapi(
    defineRoute(ports, may('requests.read'), {
      method: 'get',
      path: `${API_BASE}/requests`,
      summary: 'Requests, newest first.',
      tags: ['requests'],
      request: { query: requestQuerySchema },
      responses: answers(pageOf(requestOut)),
    }),
    async (c) => {
      const { cursor, limit, scope, state } = c.req.valid('query');
      const after = decodeCursor(timeCursor, cursor);
      if (!after.ok) return refuse(c, after.error);
      const filter = scopeFilter(c.get('person'), scope);
      if (filter === null) return problem(c, 'forbidden');
      const rows = await listRequests(site.db, state === undefined ? filter : { ...filter, state }, {
        after: after.value,
        limit: limit + 1,
      });
      return c.json(
        pageFrom(rows, limit, {
          item: (row) => row,
          cursor: (row) => ({ at: Date.parse(row.createdAt), id: row.id }),
        }),
        200,
      );
    },
  );

  app.openapi(
    defineRoute(ports, may('requests.file'), {
      method: 'post',
      path: `${API_BASE}/requests`,
      summary: 'File a request, and submit it unless told otherwise.',
      tags: ['requests'],
      request: { body: jsonBody(newRequestSchema) },
      responses: created(requestOut),
    }),
    async (c) => {
      const wish = c.req.valid('json');
      const outcome = await fileRequest(site, c.get('person'), {
        purpose: wish.purpose,
        description: wish.description,
        doorId: wish.doorId,
        from: asEpochMs(Date.parse(wish.validFrom)),
        until: asEpochMs(Date.parse(wish.validUntil)),
        isSubmitted: wish.submit,
      });
      return outcome.ok ? c.json(outcome.value, 201) : refuse(c, outcome.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('requests.read'), {
      method: 'get',
      path: `${API_BASE}/requests/{id}`,
      summary: 'One request with its history.',
      tags: ['requests'],
      request: { params: idParam },
      responses: answers(requestOut),
    }),
    async (c) => {
      const person = c.get('person');
      const request = await findRequest(site.db, c.req.valid('param').id);
      const isVisible =
        request !== null && (request.requester.id === person.id || mayDo(person.roles, 'requests.read.all'));
      return isVisible ? c.json(request, 200) : problem(c, 'not-found');
    },
  );

  const steps = [
    { name: 'submit', access: may('requests.file'), summary: 'Submit a draft.', take: submitRequest },
    { name: 'approve', access: may('requests.decide'), summary: 'Approve.', take: approveRequest },
    { name: 'withdraw', access: may('requests.file'), summary: 'Withdraw.', take: withdrawRequest },
  ] as const;
  for (const { name, access, summary, take } of steps) {
    app.openapi(
      defineRoute(ports, access, {
        method: 'post',
        path: `${API_BASE}/requests/{id}/${name}`,
        summary,
        tags: ['requests'],
        request: { params: idParam, body: jsonBody(noBodySchema) },
        responses: answers(requestOut),
      }),
      async (c) => {
        const outcome = await take(site, c.get('person'), c.req.valid('param').id);
        return outcome.ok ? c.json(outcome.value, 200) : refuse(c, outcome.error);
      },
    );
  }

  const stepsWithReason = [
    {
      name: 'reject',
      access: may('requests.decide'),
      summary: 'Refuse, with a reason.',
      take: rejectRequest,
    },
    {
      name: 'revoke',
      access: may('requests.revoke'),
      summary: 'Revoke, with a reason.',
      take: revokeRequest,
    },
  ] as const;
  for (const { name, access, summary, take } of stepsWithReason) {
    app.openapi(
      defineRoute(ports, access, {
        method: 'post',
        path: `${API_BASE}/requests/{id}/${name}`,
        summary,
        tags: ['requests'],
        request: { params: idParam, body: jsonBody(reasonSchema) },
        responses: answers(requestOut),
      }),
      async (c) => {
        const { reason } = c.req.valid('json');
        const outcome = await take(site, c.get('person'), c.req.valid('param').id, reason);
        return outcome.ok ? c.json(outcome.value, 200) : refuse(c, outcome.error);
      },
    );
  }

  app.openapi(
    defineRoute(ports, may('requests.read'), {
      method: 'get',
      path: `${API_BASE}/permits`,
      summary: 'Permits, newest first; technicians see their own.',
      tags: ['requests'],
      request: { query: pageQuerySchema },
      responses: answers(pageOf(permitOut)),
    }),
    async (c) => {
      const { cursor, limit } = c.req.valid('query');
      const after = decodeCursor(timeCursor, cursor);
      if (!after.ok) return refuse(c, after.error);
      const person = c.get('person');
      const rows = await listPermits(
        site.db,
        {
          sub: mayDo(person.roles, 'requests.read.all') ? null : person.id,
          now: site.clock.epochMs(),
        },
        { after: after.value, limit: limit + 1 },
      );
      return c.json(
        pageFrom(rows, limit, {
          item: ({ issuedAt: _issuedAt, ...permit }) => permit,
          cursor: (row) => ({ at: row.issuedAt, id: row.id }),
        }),
        200,
      );
    },
  );
}
