import { z, type OpenAPIHono } from '@hono/zod-openapi';
import { API_BASE, noBodySchema } from '#contract/api';
import {
  acknowledgedSchema,
  acknowledgeSchema,
  newSopSchema,
  notAcknowledgedSchema,
  sopDraftSchema,
  sopSchema,
  sopSummarySchema,
} from '#contract/api-sop';
import { mayDo } from '../domain/permissions.ts';
import { acknowledgeText, createSop, draftVersion, stepVersion, type SopStep } from '../procedure/sops.ts';
import { listSops, missingAcks } from '../store/sops.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { problem, refuse } from './problem-response.ts';
import { answers, created, defineRoute, jsonBody, may, mayAfresh, type Access } from './route.ts';

// Named, so that the OpenAPI document says each of them once.
const sopOut = sopSchema.meta({ id: 'Sop' });
const sopsOut = z.object({ items: z.array(sopSummarySchema.meta({ id: 'SopSummary' })) });

const idParam = { params: z.object({ id: z.string().max(64) }) };
const versionParam = {
  params: z.object({ id: z.string().max(64), version: z.coerce.number().int().min(1).max(100_000) }),
};

/** Routes for procedures: their texts, which of them is in force, and who has acknowledged it. */
export function addSopRoutes(app: OpenAPIHono<AppEnv>, ports: AppPorts): void {
  const { site } = ports;
  const reader = (personId: string) => ({ personId, now: site.clock.epochMs() });

  app.openapi(
    defineRoute(ports, may('sop.read'), {
      method: 'get',
      path: `${API_BASE}/sop`,
      summary: 'Procedures by number, and whether one has acknowledged what is in force.',
      tags: ['sop'],
      responses: answers(sopsOut),
    }),
    async (c) => {
      const sops = await listSops(site.db, reader(c.get('person').id));
      return c.json({ items: sops.map(({ versions: _versions, ...summary }) => summary) }, 200);
    },
  );

  app.openapi(
    defineRoute(ports, may('sop.read'), {
      method: 'get',
      path: `${API_BASE}/sop/{id}`,
      summary: 'A procedure with its versions; drafts for those who write or approve them.',
      tags: ['sop'],
      request: idParam,
      responses: answers(sopOut),
    }),
    async (c) => {
      const person = c.get('person');
      const [sop] = await listSops(site.db, reader(person.id), c.req.valid('param').id);
      if (sop === undefined) return problem(c, 'not-found');
      const seesDrafts = mayDo(person.roles, 'sop.read.drafts');
      const versions = sop.versions.filter(
        ({ state }) => seesDrafts || state === 'in-force' || state === 'withdrawn',
      );
      return c.json({ ...sop, versions }, 200);
    },
  );

  app.openapi(
    defineRoute(ports, may('sop.write'), {
      method: 'post',
      path: `${API_BASE}/sop`,
      summary: 'Write a new procedure, as a draft.',
      tags: ['sop'],
      request: { body: jsonBody(newSopSchema) },
      responses: created(sopOut),
    }),
    async (c) => {
      const sop = await createSop(site, c.get('person'), c.req.valid('json'));
      return sop.ok ? c.json(sop.value, 201) : refuse(c, sop.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('sop.write'), {
      method: 'post',
      path: `${API_BASE}/sop/{id}/versions`,
      summary: 'Begin the next version, as a draft.',
      tags: ['sop'],
      request: { ...idParam, body: jsonBody(sopDraftSchema) },
      responses: created(sopOut),
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      const sop = await draftVersion(site, c.get('person'), id, c.req.valid('json').content);
      return sop.ok ? c.json(sop.value, 201) : refuse(c, sop.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('sop.write'), {
      method: 'put',
      path: `${API_BASE}/sop/{id}/versions/{version}`,
      summary: 'Edit a draft.',
      tags: ['sop'],
      request: { ...versionParam, body: jsonBody(sopDraftSchema) },
      responses: answers(sopOut),
    }),
    async (c) => {
      const place = c.req.valid('param');
      const sop = await stepVersion(site, c.get('person'), place, 'edit', c.req.valid('json').content);
      return sop.ok ? c.json(sop.value, 200) : refuse(c, sop.error);
    },
  );

  const steps: readonly { readonly step: SopStep; readonly access: Access; readonly summary: string }[] = [
    { step: 'submit', access: may('sop.write'), summary: 'Hand a draft in for review.' },
    { step: 'return', access: may('sop.approve'), summary: 'Give a version back to be edited.' },
    {
      step: 'put-in-force',
      access: mayAfresh('sop.approve'),
      summary:
        'Put a version in force that somebody else wrote; it has to be acknowledged before the next entry.',
    },
    { step: 'withdraw', access: mayAfresh('sop.approve'), summary: 'Withdraw a version.' },
  ];
  for (const { step, access, summary } of steps) {
    app.openapi(
      defineRoute(ports, access, {
        method: 'post',
        path: `${API_BASE}/sop/{id}/versions/{version}/${step}`,
        summary,
        tags: ['sop'],
        request: { ...versionParam, body: jsonBody(noBodySchema) },
        responses: answers(sopOut),
      }),
      async (c) => {
        const sop = await stepVersion(site, c.get('person'), c.req.valid('param'), step);
        return sop.ok ? c.json(sop.value, 200) : refuse(c, sop.error);
      },
    );
  }

  app.openapi(
    defineRoute(ports, may('sop.read'), {
      method: 'post',
      path: `${API_BASE}/sop/{id}/acknowledge`,
      summary:
        'Acknowledge the text that is in force, by its hash; officers also for who stands beside them.',
      tags: ['sop'],
      request: { ...idParam, body: jsonBody(acknowledgeSchema) },
      responses: answers(acknowledgedSchema),
    }),
    async (c) => {
      const person = c.get('person');
      const { textHash, personId = person.id } = c.req.valid('json');
      if (personId !== person.id && !mayDo(person.roles, 'sop.acknowledge.for-others')) {
        return problem(c, 'forbidden');
      }
      const done = await acknowledgeText(site, person, c.req.valid('param').id, { personId, textHash });
      return done.ok ? c.json(done.value, 200) : refuse(c, done.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('sop.read.acknowledgements'), {
      method: 'get',
      path: `${API_BASE}/sop/{id}/not-acknowledged`,
      summary: 'Who has a card and has not acknowledged the text that is in force.',
      tags: ['sop'],
      request: idParam,
      responses: answers(notAcknowledgedSchema),
    }),
    async (c) => {
      const [sop] = await listSops(site.db, reader(c.get('person').id), c.req.valid('param').id);
      if (sop === undefined) return problem(c, 'not-found');
      const hash = sop.inForce?.textHash ?? null;
      const people =
        hash === null
          ? []
          : await missingAcks(site.db, { hash, number: sop.number, now: site.clock.epochMs() });
      return c.json({ textHash: hash, people: [...people] }, 200);
    },
  );
}
