import { z, type OpenAPIHono } from '@hono/zod-openapi';
import {
  API_BASE,
  noBodySchema,
  pageOf,
  permitSchema,
  reasonSchema,
  requestQuerySchema,
  requestSchema,
  pageQuerySchema,
  type Person,
} from '#contract/api';
import { approveSchema } from '#contract/api-passkey';
import {
  attachmentInputSchema,
  attachmentSchema,
  decisionViewSchema,
  escortAnswerSchema,
  escortSchema,
  requestCopySchema,
  requestDetailSchema,
  visitWishSchema,
} from '#contract/api-visit';
import { decodeBase64Url } from '#contract/bytes';
import { assertionOf } from '../auth/passkeys.ts';
import { mayDo } from '../domain/permissions.ts';
import { attachFile, readAttachment } from '../procedure/attach-file.ts';
import { copyRequest, fileRequest, submitRequest } from '../procedure/file-request.ts';
import { decisionView, showRequest } from '../procedure/request-detail.ts';
import {
  answerAsEscort,
  approveRequest,
  rejectRequest,
  revokeRequest,
  verifyRequest,
  withdrawRequest,
} from '../procedure/request-steps.ts';
import { listPermits } from '../store/permits.ts';
import { listEscorts } from '../store/profiles.ts';
import { listRequests, type RequestFilter } from '../store/requests.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { decodeCursor, pageFrom, timeCursor } from './paging.ts';
import { problem, PROBLEM_ANSWER, refuse } from './problem-response.ts';
import { wishOf } from './request-input.ts';
import { answers, created, defineRoute, jsonBody, may } from './route.ts';

// Named, so that the OpenAPI document says each of them once.
const requestOut = requestSchema.meta({ id: 'AccessRequest' });
const requestDetailOut = requestDetailSchema.meta({ id: 'RequestDetail' });
const decisionViewOut = decisionViewSchema.meta({ id: 'DecisionView' });
const escortOut = escortSchema.meta({ id: 'Escort' });
const attachmentOut = attachmentSchema.meta({ id: 'Attachment' });
const permitOut = permitSchema.meta({ id: 'Permit' });

const idParam = z.object({ id: z.string().max(64) });

type Scope = 'mine' | 'waiting' | 'all';

function scopeFilter(person: Person, scope: Scope): RequestFilter | null {
  switch (scope) {
    case 'mine':
      return { requesterId: person.id };
    case 'waiting':
      return mayDo(person.roles, 'requests.decide') || mayDo(person.roles, 'requests.verify')
        ? {
            waitingFor: {
              personId: person.id,
              mayDecide: mayDo(person.roles, 'requests.decide'),
              mayVerify: mayDo(person.roles, 'requests.verify'),
            },
          }
        : null;
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
      request: { body: jsonBody(visitWishSchema) },
      responses: created(requestOut),
    }),
    async (c) => {
      const outcome = await fileRequest(site, c.get('person'), wishOf(c.req.valid('json')));
      return outcome.ok ? c.json(outcome.value, 201) : refuse(c, outcome.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('requests.read'), {
      method: 'get',
      path: `${API_BASE}/requests/{id}`,
      summary: 'One request with its history and all its parts.',
      tags: ['requests'],
      request: { params: idParam },
      responses: answers(requestDetailOut),
    }),
    async (c) => {
      const shown = await showRequest(site, c.get('person'), c.req.valid('param').id);
      return shown.ok ? c.json(shown.value, 200) : refuse(c, shown.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('requests.file'), {
      method: 'get',
      path: `${API_BASE}/requests/{id}/copy`,
      summary: 'An earlier request as a form to be filled with new times.',
      tags: ['requests'],
      request: { params: idParam },
      responses: answers(requestCopySchema),
    }),
    async (c) => {
      const copy = await copyRequest(site, c.get('person'), c.req.valid('param').id);
      if (!copy.ok) return refuse(c, copy.error);
      const { visitorId, uses, hostId, workOrder, changeNumber, risk, ...rest } = copy.value;
      const given = Object.fromEntries(
        Object.entries({ visitorId, uses, hostId, workOrder, changeNumber, risk }).filter(
          ([, value]) => value !== null,
        ),
      );
      return c.json(requestCopySchema.parse({ ...rest, ...given }), 200);
    },
  );

  app.openapi(
    defineRoute(ports, may('requests.file'), {
      method: 'get',
      path: `${API_BASE}/escorts`,
      summary: 'Who may be asked to escort a visit, by name.',
      tags: ['requests'],
      responses: answers(pageOf(escortOut)),
    }),
    async (c) => c.json({ items: [...(await listEscorts(site.db))], nextCursor: null }, 200),
  );

  app.openapi(
    defineRoute(ports, may('requests.decide.delegated'), {
      method: 'get',
      path: `${API_BASE}/requests/{id}/decision-view`,
      summary: 'What a decision is about: who, what, when, where, and what to look at twice.',
      tags: ['requests'],
      request: { params: idParam },
      responses: answers(decisionViewOut),
    }),
    async (c) => {
      const view = await decisionView(site, c.get('person'), c.req.valid('param').id);
      return view.ok ? c.json(view.value, 200) : refuse(c, view.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('requests.file'), {
      method: 'post',
      path: `${API_BASE}/requests/{id}/escort`,
      summary: 'Accept or decline to escort a visit.',
      tags: ['requests'],
      request: { params: idParam, body: jsonBody(escortAnswerSchema) },
      responses: answers(requestOut),
    }),
    async (c) => {
      const { accepts } = c.req.valid('json');
      const outcome = await answerAsEscort(site, c.get('person'), c.req.valid('param').id, accepts);
      return outcome.ok ? c.json(outcome.value, 200) : refuse(c, outcome.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('requests.file'), {
      method: 'post',
      path: `${API_BASE}/requests/{id}/attachments`,
      summary: 'Attach a PDF or a picture, which is judged by its content.',
      tags: ['requests'],
      request: { params: idParam, body: jsonBody(attachmentInputSchema) },
      responses: created(attachmentOut),
    }),
    async (c) => {
      const { name, content } = c.req.valid('json');
      const bytes = decodeBase64Url(content);
      if (!bytes.ok) return problem(c, 'invalid-input', [{ pointer: '/content', code: 'not-base64url' }]);
      const file = { name, bytes: bytes.value };
      const attached = await attachFile(site, c.get('person'), c.req.valid('param').id, file);
      return attached.ok ? c.json(attached.value, 201) : refuse(c, attached.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('requests.read'), {
      method: 'get',
      path: `${API_BASE}/requests/{id}/attachments/{file}`,
      summary: 'An attached file.',
      tags: ['requests'],
      request: { params: idParam.extend({ file: z.string().max(64) }) },
      responses: { 200: { description: 'The file.' }, default: PROBLEM_ANSWER },
    }),
    async (c) => {
      const { id, file } = c.req.valid('param');
      const found = await readAttachment(site, c.get('person'), id, file);
      if (!found.ok) return refuse(c, found.error);
      const { attachment, bytes } = found.value;
      // Saved, never shown as a page of ours; the name is ours as well, so that no header holds words of others.
      return c.body(bytes.slice().buffer, 200, {
        'Content-Type': attachment.type,
        'Content-Disposition': `attachment; filename="${attachment.id}"`,
      });
    },
  );

  const steps = [
    { name: 'submit', access: may('requests.file'), summary: 'Submit a draft.', take: submitRequest },
    { name: 'verify', access: may('requests.verify'), summary: 'Verify.', take: verifyRequest },
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

  app.openapi(
    defineRoute(ports, may('requests.decide.delegated'), {
      method: 'post',
      path: `${API_BASE}/requests/{id}/approve`,
      summary: 'Approve, with the answer of a passkey to approval-options where one is needed.',
      tags: ['requests'],
      request: { params: idParam, body: jsonBody(approveSchema) },
      responses: answers(requestOut),
    }),
    async (c) => {
      const { credential } = c.req.valid('json');
      const assertion = credential === undefined ? null : assertionOf(credential);
      const outcome = await approveRequest(site, c.get('person'), c.req.valid('param').id, assertion);
      return outcome.ok ? c.json(outcome.value, 200) : refuse(c, outcome.error);
    },
  );

  const stepsWithReason = [
    {
      name: 'reject',
      access: may('requests.decide.delegated'),
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
