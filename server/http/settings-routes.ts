import type { OpenAPIHono } from '@hono/zod-openapi';
import { API_BASE } from '#contract/api';
import { settingsSchema } from '#contract/api-settings';
import type { AppEnv, AppPorts } from './app-env.ts';
import { answers, defineRoute, may } from './route.ts';

/** The route that says how the server runs; what can be changed is changed where it is started. */
export function addSettingsRoutes(app: OpenAPIHono<AppEnv>, ports: AppPorts): void {
  app.openapi(
    defineRoute(ports, may('settings.read'), {
      method: 'get',
      path: `${API_BASE}/settings`,
      summary: 'The settings that are in effect, secrets hidden.',
      tags: ['settings'],
      responses: answers(settingsSchema),
    }),
    (c) => c.json({ version: ports.version, items: [...ports.settings] }, 200),
  );
}
