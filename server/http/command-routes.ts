import { z, type OpenAPIHono } from '@hono/zod-openapi';
import { API_BASE, pageOf, pageQuerySchema } from '#contract/api';
import { commandSchema, newCommandSchema } from '#contract/api-door';
import { commandAnswerSchema, commandRequestSchema } from '#contract/command';
import { commandsAt, fetchCommands, orderCommand } from '../procedure/commands.ts';
import { hasDoor } from '../store/places.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { decodeCursor, pageFrom } from './paging.ts';
import { problem, refuse } from './problem-response.ts';
import { answers, created, defineRoute, GATEWAY, jsonBody, may, mayAfresh } from './route.ts';

// Named, so that the OpenAPI document says each of them once.
const commandOut = commandSchema.meta({ id: 'Command' });

const idParam = z.object({ id: z.string().max(64) });

/** Routes for orders at a door, and for the gateways that fetch them. */
export function addCommandRoutes(app: OpenAPIHono<AppEnv>, ports: AppPorts): void {
  const { site } = ports;
  app.openapi(
    defineRoute(ports, may('commands.read'), {
      method: 'get',
      path: `${API_BASE}/doors/{id}/commands`,
      summary: 'Orders at a door with how far they have come, newest first.',
      tags: ['places'],
      request: { params: idParam, query: pageQuerySchema },
      responses: answers(pageOf(commandOut)),
    }),
    async (c) => {
      const { cursor, limit } = c.req.valid('query');
      const { id } = c.req.valid('param');
      const after = decodeCursor(z.number().int(), cursor);
      if (!after.ok) return refuse(c, after.error);
      if (!(await hasDoor(site.db, id))) return problem(c, 'not-found');
      const rows = await commandsAt(site, id, { after: after.value, limit: limit + 1 });
      return c.json(
        pageFrom(rows, limit, {
          item: ({ position: _position, ...command }) => command,
          cursor: ({ position }) => position,
        }),
        200,
      );
    },
  );

  app.openapi(
    defineRoute(ports, mayAfresh('commands.order'), {
      method: 'post',
      path: `${API_BASE}/doors/{id}/commands`,
      summary: 'Order something at a door; each act has roles of its own, and needs a fresh step-up.',
      tags: ['places'],
      request: { params: idParam, body: jsonBody(newCommandSchema) },
      responses: created(commandOut),
    }),
    async (c) => {
      const order = { doorId: c.req.valid('param').id, wish: c.req.valid('json') };
      const command = await orderCommand(site, c.get('person'), c.get('stepUp'), order);
      return command.ok ? c.json(commandSchema.parse(command.value), 201) : refuse(c, command.error);
    },
  );

  app.openapi(
    defineRoute(ports, GATEWAY, {
      method: 'post',
      path: `${API_BASE}/gateway/commands`,
      summary: 'The orders that wait for the calling gateway, signed and bound to its nonce.',
      tags: ['gateways'],
      request: { body: jsonBody(commandRequestSchema) },
      responses: answers(commandAnswerSchema),
    }),
    async (c) => {
      const commands = await fetchCommands(site, c.get('gateway'), c.req.valid('json').nonce);
      return c.json({ commands: [...commands] }, 200);
    },
  );
}
