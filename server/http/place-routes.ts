import { z, type OpenAPIHono } from '@hono/zod-openapi';
import { API_BASE, doorSchema, pageOf } from '#contract/api';
import { purposeDetailSchema, roomDetailSchema } from '#contract/api-visit';
import type { PurposeRow } from '../domain/purposes.ts';
import { listDoors } from '../store/places.ts';
import { listPurposes } from '../store/purposes.ts';
import { listRoomDetails } from '../store/room-procedures.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { problem } from './problem-response.ts';
import { answers, defineRoute, may } from './route.ts';

// Named, so that the OpenAPI document says each of them once.
const roomOut = roomDetailSchema.meta({ id: 'Room' });
const doorOut = doorSchema.meta({ id: 'Door' });
const purposeOut = purposeDetailSchema.meta({ id: 'Purpose' });

/** A purpose as it is answered. */
export const purposeAnswer = (purpose: PurposeRow) => ({
  ...purpose,
  equipment: [...purpose.equipment],
  checklist: [...purpose.checklist],
  closing: [...purpose.closing],
});

/** Routes for rooms, doors and purposes: short lists, on one page. */
export function addPlaceRoutes(app: OpenAPIHono<AppEnv>, ports: AppPorts): void {
  const { site } = ports;
  app.openapi(
    defineRoute(ports, may('places.read'), {
      method: 'get',
      path: `${API_BASE}/rooms`,
      summary: 'Rooms by name.',
      tags: ['places'],
      responses: answers(pageOf(roomOut)),
    }),
    async (c) => c.json({ items: [...(await listRoomDetails(site.db))], nextCursor: null }, 200),
  );

  app.openapi(
    defineRoute(ports, may('places.read'), {
      method: 'get',
      path: `${API_BASE}/doors`,
      summary: 'Doors by name, with what is known of them.',
      tags: ['places'],
      responses: answers(pageOf(doorOut)),
    }),
    async (c) => c.json({ items: [...(await listDoors(site.db))], nextCursor: null }, 200),
  );

  app.openapi(
    defineRoute(ports, may('places.read'), {
      method: 'get',
      path: `${API_BASE}/doors/{id}`,
      summary: 'One door.',
      tags: ['places'],
      request: { params: z.object({ id: z.string().max(64) }) },
      responses: answers(doorOut),
    }),
    async (c) => {
      const [door] = await listDoors(site.db, { doorId: c.req.valid('param').id });
      return door === undefined ? problem(c, 'not-found') : c.json(door, 200);
    },
  );

  app.openapi(
    defineRoute(ports, may('places.read'), {
      method: 'get',
      path: `${API_BASE}/purposes`,
      summary: 'Why somebody may want to enter.',
      tags: ['places'],
      responses: answers(pageOf(purposeOut)),
    }),
    async (c) => c.json({ items: (await listPurposes(site.db)).map(purposeAnswer), nextCursor: null }, 200),
  );
}
