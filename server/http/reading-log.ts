import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import { API_BASE } from '#contract/api';
import { recordPiiViews, recordReading } from '../store/privacy.ts';
import type { AppEnv, AppPorts } from './app-env.ts';

/** What auditors read is itself written down; what everybody may see is not. */
const READ = ['events', 'evidence', 'visits', 'audit-trail', 'requests', 'people', 'reports', 'reviews'].map(
  (path) => `${API_BASE}/${path}`,
);

/** Query parts that are kept: times, ids and kinds. What somebody typed may be a name: only that it was there is. */
const KEPT = ['from', 'until', 'doorId', 'type', 'reason', 'severity', 'subject', 'act', 'offset'];

/**
 * Records what auditors read: after the answer was made, before it is sent.
 * @see rule SH40
 */
export function logReading(ports: AppPorts): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    await next();
    const person = c.get('person') as AppEnv['Variables']['person'] | undefined;
    if (c.req.method !== 'GET' || c.res.status !== 200 || person?.roles.includes('auditor') !== true) return;
    if (!READ.some((path) => c.req.path === path || c.req.path.startsWith(`${path}/`))) return;
    const query = c.req.query();
    const terms: Record<string, unknown> = {};
    for (const name of KEPT) if (query[name] !== undefined) terms[name] = query[name];
    if (query['q'] !== undefined) terms['q'] = true;
    const what = routePath(c, -1);
    await recordReading(ports.site.db, { at: ports.site.clock.epochMs(), byId: person.id, what, terms });
  };
}

/** Records whose names a list has shown, before it is sent. @see rule SH39 */
export async function noteShown(
  ports: AppPorts,
  viewerId: string,
  personIds: Iterable<string | null>,
  what: string,
): Promise<void> {
  const known = [...personIds].filter((id) => id !== null);
  await recordPiiViews(ports.site.db, viewerId, known, what, ports.site.clock.epochMs());
}
