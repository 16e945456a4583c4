import { z, type OpenAPIHono } from '@hono/zod-openapi';
import { API_BASE, noBodySchema, pageOf } from '#contract/api';
import {
  delegationInputSchema,
  delegationSchema,
  doorInputSchema,
  maintenanceWindowInputSchema,
  maintenanceWindowSchema,
  purposeDetailSchema,
  purposeInputSchema,
  roomDetailSchema,
  roomInputSchema,
  zoneInputSchema,
  zoneSchema,
} from '#contract/api-visit';
import { idSchema } from '#contract/record';
import { delegate, endDelegation } from '../procedure/delegate.ts';
import {
  addMaintenanceWindow,
  cancelMaintenance,
  changeDoor,
  changePurpose,
  changeRoom,
  changeZone,
} from '../procedure/site-setup.ts';
import { listDelegations } from '../store/delegations.ts';
import { listMaintenanceWindows, listZones } from '../store/room-procedures.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { purposeAnswer } from './place-routes.ts';
import { refuse } from './problem-response.ts';
import { answers, created, defineRoute, jsonBody, may } from './route.ts';

// Named, so that the OpenAPI document says each of them once.
const zoneOut = zoneSchema.meta({ id: 'Zone' });
const windowOut = maintenanceWindowSchema.meta({ id: 'MaintenanceWindow' });
const delegationOut = delegationSchema.meta({ id: 'Delegation' });

const placeParam = z.object({ id: idSchema });
const rowParam = z.object({ id: z.string().max(64) });
const codeParam = z.object({ code: z.string().regex(/^[A-Z][A-Z0-9-]{1,15}$/) });
const doorOut = doorInputSchema.extend({ id: idSchema });

/** Routes for what an administrator sets up, and for who decides in whose place. */
export function addSetupRoutes(app: OpenAPIHono<AppEnv>, ports: AppPorts): void {
  const { site } = ports;
  app.openapi(
    defineRoute(ports, may('places.write'), {
      method: 'put',
      path: `${API_BASE}/purposes/{code}`,
      summary: 'Change a purpose, or add one.',
      tags: ['places'],
      request: { params: codeParam, body: jsonBody(purposeInputSchema) },
      responses: answers(purposeDetailSchema),
    }),
    async (c) => {
      const purpose = { ...c.req.valid('json'), code: c.req.valid('param').code };
      const changed = await changePurpose(site, c.get('person').id, purpose);
      return changed.ok ? c.json(purposeAnswer(changed.value), 200) : refuse(c, changed.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('places.write'), {
      method: 'put',
      path: `${API_BASE}/rooms/{id}`,
      summary: 'Change a room, or add one.',
      tags: ['places'],
      request: { params: placeParam, body: jsonBody(roomInputSchema) },
      responses: answers(roomDetailSchema),
    }),
    async (c) => {
      const room = { ...c.req.valid('json'), id: c.req.valid('param').id };
      const changed = await changeRoom(site, c.get('person').id, room);
      return changed.ok ? c.json(changed.value, 200) : refuse(c, changed.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('places.write'), {
      method: 'put',
      path: `${API_BASE}/doors/{id}`,
      summary: 'Change the name and the room of a door, or add one.',
      tags: ['places'],
      request: { params: placeParam, body: jsonBody(doorInputSchema) },
      responses: answers(doorOut),
    }),
    async (c) => {
      const door = { ...c.req.valid('json'), id: c.req.valid('param').id };
      const changed = await changeDoor(site, c.get('person').id, door);
      return changed.ok ? c.json(changed.value, 200) : refuse(c, changed.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('places.read'), {
      method: 'get',
      path: `${API_BASE}/zones`,
      summary: 'Zones by name.',
      tags: ['places'],
      responses: answers(pageOf(zoneOut)),
    }),
    async (c) => c.json({ items: [...(await listZones(site.db))], nextCursor: null }, 200),
  );

  app.openapi(
    defineRoute(ports, may('places.write'), {
      method: 'put',
      path: `${API_BASE}/zones/{id}`,
      summary: 'Change a zone, or add one.',
      tags: ['places'],
      request: { params: placeParam, body: jsonBody(zoneInputSchema) },
      responses: answers(zoneOut),
    }),
    async (c) => {
      const zone = { ...c.req.valid('json'), id: c.req.valid('param').id };
      const changed = await changeZone(site, c.get('person').id, zone);
      return changed.ok ? c.json(changed.value, 200) : refuse(c, changed.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('places.read'), {
      method: 'get',
      path: `${API_BASE}/maintenance-windows`,
      summary: 'Maintenance windows that are not over, earliest first.',
      tags: ['places'],
      responses: answers(pageOf(windowOut)),
    }),
    async (c) => {
      const items = [...(await listMaintenanceWindows(site.db, site.clock.epochMs()))];
      return c.json({ items, nextCursor: null }, 200);
    },
  );

  app.openapi(
    defineRoute(ports, may('maintenance.write'), {
      method: 'post',
      path: `${API_BASE}/maintenance-windows`,
      summary: 'Announce a maintenance window.',
      tags: ['places'],
      request: { body: jsonBody(maintenanceWindowInputSchema) },
      responses: created(windowOut),
    }),
    async (c) => {
      const { from, until, ...rest } = c.req.valid('json');
      const window = { ...rest, from: Date.parse(from), until: Date.parse(until) };
      const added = await addMaintenanceWindow(site, c.get('person').id, window);
      return added.ok ? c.json(added.value, 201) : refuse(c, added.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('maintenance.write'), {
      method: 'post',
      path: `${API_BASE}/maintenance-windows/{id}/cancel`,
      summary: 'Cancel a maintenance window.',
      tags: ['places'],
      request: { params: rowParam, body: jsonBody(noBodySchema) },
      responses: answers(windowOut),
    }),
    async (c) => {
      const cancelled = await cancelMaintenance(site, c.get('person').id, c.req.valid('param').id);
      return cancelled.ok ? c.json(cancelled.value, 200) : refuse(c, cancelled.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('delegations.read'), {
      method: 'get',
      path: `${API_BASE}/delegations`,
      summary: 'Who decides in whose place, newest first.',
      tags: ['requests'],
      responses: answers(pageOf(delegationOut)),
    }),
    async (c) => c.json({ items: [...(await listDelegations(site.db))], nextCursor: null }, 200),
  );

  app.openapi(
    defineRoute(ports, may('delegations.write'), {
      method: 'post',
      path: `${API_BASE}/delegations`,
      summary: 'Let somebody decide in one’s place, for a time.',
      tags: ['requests'],
      request: { body: jsonBody(delegationInputSchema) },
      responses: created(delegationOut),
    }),
    async (c) => {
      const { from, until, ...rest } = c.req.valid('json');
      const order = { ...rest, from: Date.parse(from), until: Date.parse(until) };
      const given = await delegate(site, c.get('person'), order);
      return given.ok ? c.json(given.value, 201) : refuse(c, given.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('delegations.write'), {
      method: 'post',
      path: `${API_BASE}/delegations/{id}/end`,
      summary: 'Take back a right to decide that one gave.',
      tags: ['requests'],
      request: { params: rowParam, body: jsonBody(noBodySchema) },
      responses: answers(delegationOut),
    }),
    async (c) => {
      const ended = await endDelegation(site, c.get('person'), c.req.valid('param').id);
      return ended.ok ? c.json(ended.value, 200) : refuse(c, ended.error);
    },
  );
}
