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
import { judgePassword } from '../procedure/accounts.ts';
import { changeCardState, enrolCard } from '../procedure/cards.ts';
import { enrolPerson } from '../procedure/enrol-person.ts';
import { listCredentials } from '../store/credentials.ts';
import { listPeople } from '../store/people.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { decodeCursor, pageFrom, timeCursor } from './paging.ts';
import { refuse } from './problem-response.ts';
import { noteShown } from './reading-log.ts';
import { answers, created, defineRoute, jsonBody, may } from './route.ts';

// Named, so that the OpenAPI document says each of them once.
const personOut = personSchema.meta({ id: 'Person' });
const credentialOut = credentialSchema.meta({ id: 'Credential' });

const peopleQuery = pageQuerySchema.extend({
  /** Part of a name, an organisation or a user name. */
  q: z.string().trim().min(1).max(100).optional(),
});
const credentialsQuery = pageQuerySchema.extend({ person: z.string().max(64).optional() });

const peopleCursor = z.strictObject({ name: z.string().max(300), id: z.string().max(64) });

/** Routes for people and their cards. */
export function addPeopleRoutes(app: OpenAPIHono<AppEnv>, ports: AppPorts): void {
  const { site } = ports;
  app.openapi(
    defineRoute(ports, may('people.read'), {
      method: 'get',
      path: `${API_BASE}/people`,
      summary: 'People by name; with q those whose name, organisation or user name has it.',
      tags: ['people'],
      request: { query: peopleQuery },
      responses: answers(pageOf(personOut)),
    }),
    async (c) => {
      const { cursor, limit, q } = c.req.valid('query');
      const after = decodeCursor(peopleCursor, cursor);
      if (!after.ok) return refuse(c, after.error);
      const rows = await listPeople(site.db, { after: after.value, limit: limit + 1, q });
      await noteShown(
        ports,
        c.get('person').id,
        rows.map(({ id }) => id),
        'people',
      );
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
      if (password !== undefined) {
        const judged = judgePassword({ name: entry.name, username: username ?? null }, password);
        if (!judged.ok) return refuse(c, judged.error);
      }
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
      summary: 'Cards, newest first; those of one person where that is asked for.',
      tags: ['people'],
      request: { query: credentialsQuery },
      responses: answers(pageOf(credentialOut)),
    }),
    async (c) => {
      const { cursor, limit, person } = c.req.valid('query');
      const after = decodeCursor(timeCursor, cursor);
      if (!after.ok) return refuse(c, after.error);
      const rows = await listCredentials(site.db, { after: after.value, limit: limit + 1, personId: person });
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
      const credential = await enrolCard(site, c.req.valid('json'), c.get('person').id);
      return credential.ok ? c.json(credential.value, 201) : refuse(c, credential.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('credentials.write'), {
      method: 'patch',
      path: `${API_BASE}/credentials/{id}`,
      summary: 'Suspend a card, restore it, or take it as lost.',
      tags: ['people'],
      request: {
        params: z.object({ id: z.string().max(64) }),
        body: jsonBody(credentialStateSchema),
      },
      responses: answers(credentialOut),
    }),
    async (c) => {
      const { state, reason = null } = c.req.valid('json');
      const by = { id: c.get('person').id, reason };
      const credential = await changeCardState(site, c.req.valid('param').id, state, by);
      return credential.ok ? c.json(credential.value, 200) : refuse(c, credential.error);
    },
  );
}
