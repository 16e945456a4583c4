import { z, type OpenAPIHono } from '@hono/zod-openapi';
import { API_BASE } from '#contract/api';
import { rulesChangeSchema, rulesSchema } from '#contract/api-door';
import { doorRulesSchema } from '#contract/door-rules';
import { setDoorRules, setHolidays } from '../procedure/site-rules.ts';
import { loadRules } from '../store/site-rules.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { refuse } from './problem-response.ts';
import { answers, defineRoute, jsonBody, may } from './route.ts';

// Named, so that the OpenAPI document says each of them once.
const rulesOut = rulesSchema.meta({ id: 'Rules' });
const doorRulesOut = doorRulesSchema.meta({ id: 'DoorRules' });

/** Routes for the rules of the site and its doors. */
export function addRulesRoutes(app: OpenAPIHono<AppEnv>, ports: AppPorts): void {
  const { site } = ports;
  app.openapi(
    defineRoute(ports, may('rules.read'), {
      method: 'get',
      path: `${API_BASE}/rules`,
      summary: 'Holidays, SOPs to acknowledge, and what each door asks for.',
      tags: ['rules'],
      responses: answers(rulesOut),
    }),
    async (c) => c.json(await loadRules(site.db), 200),
  );

  app.openapi(
    defineRoute(ports, may('rules.write'), {
      method: 'put',
      path: `${API_BASE}/rules`,
      summary: 'Set the holidays, all of them at once.',
      tags: ['rules'],
      request: { body: jsonBody(rulesChangeSchema) },
      responses: answers(rulesOut),
    }),
    async (c) => c.json(await setHolidays(site, c.get('person').id, c.req.valid('json').holidays), 200),
  );

  app.openapi(
    defineRoute(ports, may('rules.write'), {
      method: 'put',
      path: `${API_BASE}/doors/{id}/rules`,
      summary: 'Set what a door asks for beside a permit: PIN hours, visit codes, two people.',
      tags: ['rules'],
      request: { params: z.object({ id: z.string().max(64) }), body: jsonBody(doorRulesSchema) },
      responses: answers(doorRulesOut),
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      const rules = await setDoorRules(site, c.get('person').id, id, c.req.valid('json'));
      return rules.ok ? c.json(rules.value, 200) : refuse(c, rules.error);
    },
  );
}
