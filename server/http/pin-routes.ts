import { z, type OpenAPIHono } from '@hono/zod-openapi';
import { API_BASE, noBodySchema } from '#contract/api';
import { newPinSchema, ownPinStateSchema, pinStateSchema, visitCodeTicketSchema } from '#contract/api-door';
import { removeCardPin, setCardPin, setOwnPin } from '../procedure/pins.ts';
import { issueVisitCode } from '../procedure/visit-codes.ts';
import { hasPin, pinCardsOf } from '../store/pins.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { refuse } from './problem-response.ts';
import { answers, created, defineRoute, jsonBody, may, SIGNED_IN } from './route.ts';

const idParam = z.object({ id: z.string().max(64) });

const pairOf = ({ pin, duress }: z.infer<typeof newPinSchema>) => ({ pin, duress: duress ?? null });

/** Routes for what is keyed in at a door: PINs and visit codes. */
export function addPinRoutes(app: OpenAPIHono<AppEnv>, ports: AppPorts): void {
  const { site } = ports;
  app.openapi(
    defineRoute(ports, SIGNED_IN, {
      method: 'get',
      path: `${API_BASE}/me/pin`,
      summary: 'Whether every card of the caller has a PIN.',
      tags: ['people'],
      responses: answers(ownPinStateSchema),
    }),
    async (c) => {
      const { id } = c.get('person');
      const cards = await pinCardsOf(site.db, id);
      return c.json({ hasCard: cards.length > 0, hasPin: await hasPin(site.db, id) }, 200);
    },
  );

  app.openapi(
    defineRoute(ports, SIGNED_IN, {
      method: 'post',
      path: `${API_BASE}/me/pin`,
      summary: 'Set one’s own PIN, and a separate one for duress, for all of one’s cards.',
      tags: ['people'],
      request: { body: jsonBody(newPinSchema) },
      responses: answers(pinStateSchema),
    }),
    async (c) => {
      const outcome = await setOwnPin(site, c.get('person').id, pairOf(c.req.valid('json')));
      return outcome.ok ? c.json({ hasPin: true }, 200) : refuse(c, outcome.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('pins.write'), {
      method: 'put',
      path: `${API_BASE}/credentials/{id}/pin`,
      summary: 'Set the PIN of a card for somebody who is present.',
      tags: ['people'],
      request: { params: idParam, body: jsonBody(newPinSchema) },
      responses: answers(pinStateSchema),
    }),
    async (c) => {
      const order = { byId: c.get('person').id, pair: pairOf(c.req.valid('json')) };
      const outcome = await setCardPin(site, c.req.valid('param').id, order);
      return outcome.ok ? c.json({ hasPin: true }, 200) : refuse(c, outcome.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('pins.write'), {
      method: 'delete',
      path: `${API_BASE}/credentials/{id}/pin`,
      summary: 'Forget the PIN of a card.',
      tags: ['people'],
      request: { params: idParam },
      responses: answers(pinStateSchema),
    }),
    async (c) => {
      const outcome = await removeCardPin(site, c.req.valid('param').id, c.get('person').id);
      return outcome.ok ? c.json({ hasPin: false }, 200) : refuse(c, outcome.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('visit-codes.issue'), {
      method: 'post',
      path: `${API_BASE}/permits/{id}/visit-code`,
      summary: 'Make a visit code for a permit; it is shown once and replaces the one before.',
      tags: ['requests'],
      request: { params: idParam, body: jsonBody(noBodySchema) },
      responses: created(visitCodeTicketSchema),
    }),
    async (c) => {
      const ticket = await issueVisitCode(site, c.get('person'), c.req.valid('param').id);
      return ticket.ok ? c.json(ticket.value, 201) : refuse(c, ticket.error);
    },
  );
}
