import { z, type OpenAPIHono } from '@hono/zod-openapi';
import {
  API_BASE,
  credentialSchema,
  credentialStateSchema,
  newCredentialSchema,
  newPersonSchema,
  pageOf,
  pageQuerySchema,
  personSchema,
} from '#contract/api';
import { changeCardState, enrolCard, enrolPerson } from '../procedure/enrol-person.ts';
import { listCredentials } from '../store/credentials.ts';
import { listPeople } from '../store/people.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { decodeCursor, pageFrom, timeCursor } from './paging.ts';
import { refuse } from './problem-response.ts';
import { answers, created, defineRoute, jsonBody, may } from './route.ts';

// Named, so that the OpenAPI document says each of them once.
const personOut = personSchema.meta({ id: 'Person' });
const credentialOut = credentialSchema.meta({ id: 'Credential' });

const peopleCursor = z.strictObject({ name: z.string().max(300), id: z.string().max(64) });

/** Routes for people and their cards. */
export function addPeopleRoutes(app: OpenAPIHono<AppEnv>, ports: AppPorts): void {
  const { site } = ports;
  app.openapi(
    defineRoute(ports, may('people.read'), {
      method: 'get',
      path: `${API_BASE}/people`,
      summary: 'People by name.',
      tags: ['people'],
      request: { query: pageQuerySchema },
      responses: answers(pageOf(personOut)),
    }),
    async (c) => {
      const { cursor, limit } = c.req.valid('query');
      const after = decodeCursor(peopleCursor, cursor);
      if (!after.ok) return refuse(c, after.error);
      const rows = await listPeople(site.db, { after: after.value, limit: limit + 1 });
      return c.json(
        pageFrom(rows, limit, { item: (row) => row, cursor: ({ name, id }) => ({ name, id }) }),
        200,
      );
    },
  );

  app.openapi(
    defineRoute(ports, may('people.write'), {
      method: 'post',
      path: `${API_BASE}/people`,
      summary: 'Enter a person.',
      tags: ['people'],
      request: { body: jsonBody(newPersonSchema) },
      responses: created(personOut),
    }),
    async (c) => {
      const { username, password, ...entry } = c.req.valid('json');
      const person = await enrolPerson(site, {
        ...entry,
        username: username ?? null,
        password: password ?? null,
      });
      return person.ok ? c.json(person.value, 201) : refuse(c, person.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('credentials.read'), {
      method: 'get',
      path: `${API_BASE}/credentials`,
      summary: 'Cards, newest first.',
      tags: ['people'],
      request: { query: pageQuerySchema },
      responses: answers(pageOf(credentialOut)),
    }),
    async (c) => {
      const { cursor, limit } = c.req.valid('query');
      const after = decodeCursor(timeCursor, cursor);
      if (!after.ok) return refuse(c, after.error);
      const rows = await listCredentials(site.db, { after: after.value, limit: limit + 1 });
      return c.json(
        pageFrom(rows, limit, {
          item: (row) => row,
          cursor: (row) => ({ at: Date.parse(row.enrolledAt), id: row.id }),
        }),
        200,
      );
    },
  );

  app.openapi(
    defineRoute(ports, may('credentials.write'), {
      method: 'post',
      path: `${API_BASE}/credentials`,
      summary: 'Give a card to a person.',
      tags: ['people'],
      request: { body: jsonBody(newCredentialSchema) },
      responses: created(credentialOut),
    }),
    async (c) => {
      const credential = await enrolCard(site, c.req.valid('json'));
      return credential.ok ? c.json(credential.value, 201) : refuse(c, credential.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('credentials.write'), {
      method: 'patch',
      path: `${API_BASE}/credentials/{id}`,
      summary: 'Suspend a card, or restore it.',
      tags: ['people'],
      request: {
        params: z.object({ id: z.string().max(64) }),
        body: jsonBody(credentialStateSchema),
      },
      responses: answers(credentialOut),
    }),
    async (c) => {
      const credential = await changeCardState(site, c.req.valid('param').id, c.req.valid('json').state);
      return credential.ok ? c.json(credential.value, 200) : refuse(c, credential.error);
    },
  );
}
