import { z, type OpenAPIHono } from '@hono/zod-openapi';
import { API_BASE, instantInputSchema, pageOf, pageQuerySchema } from '#contract/api';
import { auditEntrySchema } from '#contract/api-door';
import { listAudit } from '../store/audit-trail.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { decodeCursor, pageFrom } from './paging.ts';
import { refuse } from './problem-response.ts';
import { answers, defineRoute, may } from './route.ts';

// Named, so that the OpenAPI document says each of them once.
const entryOut = auditEntrySchema.meta({ id: 'AuditEntry' });

const msOf = (instant: string | undefined): number | undefined =>
  instant === undefined ? undefined : Date.parse(instant);

/** Routes to what people did to rules, rights and settings. */
export function addAuditTrailRoutes(app: OpenAPIHono<AppEnv>, ports: AppPorts): void {
  app.openapi(
    defineRoute(ports, may('audit-trail.read'), {
      method: 'get',
      path: `${API_BASE}/audit-trail`,
      summary: 'Who changed what, newest first, with before and after.',
      tags: ['evidence'],
      request: {
        query: pageQuerySchema.extend({
          subject: z.string().max(100).optional(),
          act: z.string().max(100).optional(),
          from: instantInputSchema.optional(),
          until: instantInputSchema.optional(),
        }),
      },
      responses: answers(pageOf(entryOut)),
    }),
    async (c) => {
      const { cursor, limit, subject, act, from, until } = c.req.valid('query');
      const after = decodeCursor(z.number().int(), cursor);
      if (!after.ok) return refuse(c, after.error);
      const page = { after: after.value, limit: limit + 1 };
      const rows = await listAudit(
        ports.site.db,
        { subject, act, from: msOf(from), until: msOf(until) },
        page,
      );
      return c.json(pageFrom(rows, limit, { item: (row) => row, cursor: (row) => row.id }), 200);
    },
  );
}
