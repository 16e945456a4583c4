import { z, type OpenAPIHono } from '@hono/zod-openapi';
import { API_BASE, doorSchema, pageOf, purposeSchema, roomSchema } from '#contract/api';
import { PURPOSES } from '../domain/purposes.ts';
import { listDoors, listRooms } from '../store/places.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { problem } from './problem-response.ts';
import { answers, defineRoute, may } from './route.ts';

// Named, so that the OpenAPI document says each of them once.
const roomOut = roomSchema.meta({ id: 'Room' });
const doorOut = doorSchema.meta({ id: 'Door' });
const purposeOut = purposeSchema.meta({ id: 'Purpose' });

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
    async (c) => c.json({ items: [...(await listRooms(site.db))], nextCursor: null }, 200),
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
    (c) => c.json({ items: [...PURPOSES], nextCursor: null }, 200),
  );
}
