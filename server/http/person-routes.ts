import { z, type OpenAPIHono } from '@hono/zod-openapi';
import { API_BASE, credentialSchema, noBodySchema, reasonSchema } from '#contract/api';
import {
  importQuerySchema,
  importResultSchema,
  importSchema,
  leaveSchema,
  moveSchema,
  personDetailSchema,
  presentationSchema,
  profileInputSchema,
  readingsQuerySchema,
  readingsSchema,
  revocationSchema,
  rolesInputSchema,
} from '#contract/api-people';
import { enrolPresented, returnCard } from '../procedure/cards.ts';
import { importPeople } from '../procedure/import-people.ts';
import { findPersonDetail, restorePerson, setProfile, setRoles } from '../procedure/person-profile.ts';
import { departPerson, type Departure } from '../procedure/revoke-rights.ts';
import { listRevocations } from '../store/revocations.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { problem, refuse } from './problem-response.ts';
import { noteShown } from './reading-log.ts';
import { answers, created, defineRoute, jsonBody, may, mayAfresh } from './route.ts';

// Named, so that the OpenAPI document says each of them once.
const personDetailOut = personDetailSchema.meta({ id: 'PersonDetail' });
const revocationOut = revocationSchema.meta({ id: 'Revocation' });
const credentialOut = credentialSchema.meta({ id: 'Credential' });
const readingsOut = readingsSchema.meta({ id: 'CardReadings' });
const importOut = importResultSchema.meta({ id: 'ImportResult' });

const idParam = { params: z.object({ id: z.string().max(64) }) };
const revocationsOut = z.object({ items: z.array(revocationOut) });

/** Routes for what is known of people, how they come and go, and how their cards are found. */
export function addPersonRoutes(app: OpenAPIHono<AppEnv>, ports: AppPorts): void {
  const { site } = ports;

  app.openapi(
    defineRoute(ports, may('people.write'), {
      method: 'post',
      path: `${API_BASE}/people/import`,
      summary: 'Enter people from a table; with dryRun=1 only say what would happen.',
      tags: ['people'],
      request: { query: importQuerySchema, body: jsonBody(importSchema) },
      responses: answers(importOut),
    }),
    async (c) => {
      const isDryRun = c.req.valid('query').dryRun === '1';
      const result = await importPeople(site, c.get('person').id, { ...c.req.valid('json'), isDryRun });
      return result.ok ? c.json(result.value, 200) : refuse(c, result.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('people.read'), {
      method: 'get',
      path: `${API_BASE}/people/{id}`,
      summary: 'A person with what is known of them; the identity number by its last four.',
      tags: ['people'],
      request: idParam,
      responses: answers(personDetailOut),
    }),
    async (c) => {
      const person = await findPersonDetail(site.db, c.req.valid('param').id);
      if (person === null) return problem(c, 'not-found');
      await noteShown(ports, c.get('person').id, [person.id], 'profile');
      return c.json(person, 200);
    },
  );

  app.openapi(
    defineRoute(ports, may('people.write'), {
      method: 'put',
      path: `${API_BASE}/people/{id}/profile`,
      summary: 'Set what is known of a person; the end of the contract ends every right.',
      tags: ['people'],
      request: { ...idParam, body: jsonBody(profileInputSchema) },
      responses: answers(personDetailOut),
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      const person = await setProfile(site, c.get('person').id, id, c.req.valid('json'));
      return person.ok ? c.json(person.value, 200) : refuse(c, person.error);
    },
  );

  app.openapi(
    defineRoute(ports, mayAfresh('people.write'), {
      method: 'put',
      path: `${API_BASE}/people/{id}/roles`,
      summary: 'Set the roles of somebody else.',
      tags: ['people'],
      request: { ...idParam, body: jsonBody(rolesInputSchema) },
      responses: answers(personDetailOut),
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      const person = await setRoles(site, c.get('person').id, id, c.req.valid('json').roles);
      return person.ok ? c.json(person.value, 200) : refuse(c, person.error);
    },
  );

  const depart = async (
    byId: string,
    id: string,
    order: { readonly effectiveAt: string; readonly reason: string },
    departure: Departure,
  ) => {
    const { reason } = order;
    const effectiveAt = Date.parse(order.effectiveAt);
    const done = await departPerson(site, { personId: id, reason, effectiveAt, byId }, departure);
    if (!done.ok) return done;
    return { ok: true as const, value: { items: [...(await listRevocations(site.db, { personId: id }))] } };
  };

  app.openapi(
    defineRoute(ports, mayAfresh('people.write'), {
      method: 'post',
      path: `${API_BASE}/people/{id}/leave`,
      summary: 'The person has left: everything ends at once, and the minutes are counted.',
      tags: ['people'],
      request: { ...idParam, body: jsonBody(leaveSchema) },
      responses: answers(revocationsOut),
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      const done = await depart(c.get('person').id, id, c.req.valid('json'), { cause: 'left' });
      return done.ok ? c.json(done.value, 200) : refuse(c, done.error);
    },
  );

  app.openapi(
    defineRoute(ports, mayAfresh('people.write'), {
      method: 'post',
      path: `${API_BASE}/people/{id}/move`,
      summary: 'The person has moved to another unit, which grants its own rights: all that were there end.',
      tags: ['people'],
      request: { ...idParam, body: jsonBody(moveSchema) },
      responses: answers(revocationsOut),
    }),
    async (c) => {
      const { unit, position, ...order } = c.req.valid('json');
      const { id } = c.req.valid('param');
      const done = await depart(c.get('person').id, id, order, { cause: 'moved', unit, position });
      return done.ok ? c.json(done.value, 200) : refuse(c, done.error);
    },
  );

  app.openapi(
    defineRoute(ports, mayAfresh('people.write'), {
      method: 'post',
      path: `${API_BASE}/people/{id}/restore`,
      summary: 'Restore somebody who was suspended, or who came back; what was revoked stays so.',
      tags: ['people'],
      request: { ...idParam, body: jsonBody(reasonSchema) },
      responses: answers(personDetailOut),
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      const person = await restorePerson(site, c.get('person').id, id, c.req.valid('json').reason);
      return person.ok ? c.json(person.value, 200) : refuse(c, person.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('people.read'), {
      method: 'get',
      path: `${API_BASE}/people/{id}/revocations`,
      summary: 'How long it took to end the rights of a person, on the server and at each gateway.',
      tags: ['people'],
      request: idParam,
      responses: answers(revocationsOut),
    }),
    async (c) => {
      const items = [...(await listRevocations(site.db, { personId: c.req.valid('param').id }))];
      return c.json({ items }, 200);
    },
  );

  app.openapi(
    defineRoute(ports, may('credentials.write'), {
      method: 'post',
      path: `${API_BASE}/credentials/from-presentation`,
      summary: 'Give to a person the unknown card that was presented at a door within the last two minutes.',
      tags: ['people'],
      request: { body: jsonBody(presentationSchema) },
      responses: created(credentialOut),
    }),
    async (c) => {
      const credential = await enrolPresented(site, c.req.valid('json'), c.get('person').id);
      return credential.ok ? c.json(credential.value, 201) : refuse(c, credential.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('credentials.write'), {
      method: 'post',
      path: `${API_BASE}/credentials/readings`,
      summary: 'Which cards a printed number may stand for, or how a card is printed; stores nothing.',
      tags: ['people'],
      request: { body: jsonBody(readingsQuerySchema) },
      responses: answers(readingsOut),
    }),
    (c) => {
      const { cardReadings } = ports;
      if (cardReadings === null) return problem(c, 'unavailable');
      return c.json(cardReadings(c.req.valid('json').text), 200);
    },
  );

  app.openapi(
    defineRoute(ports, may('credentials.write'), {
      method: 'post',
      path: `${API_BASE}/credentials/{id}/return`,
      summary: 'Take a card back; it may be given to somebody else.',
      tags: ['people'],
      request: { ...idParam, body: jsonBody(noBodySchema) },
      responses: answers(noBodySchema),
    }),
    async (c) => {
      const done = await returnCard(site, c.req.valid('param').id, c.get('person').id);
      return done.ok ? c.json({}, 200) : refuse(c, done.error);
    },
  );
}
