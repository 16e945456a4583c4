import { OpenAPIHono, type z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { routePath } from 'hono/route';
import { secureHeaders } from 'hono/secure-headers';
import { API_BASE } from '#contract/api';
import { newRowId } from '../auth/tokens.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { addAccountRoutes } from './account-routes.ts';
import { addAuditTrailRoutes } from './audit-trail-routes.ts';
import { addCommandRoutes } from './command-routes.ts';
import { addDemoRoutes } from './demo-routes.ts';
import { addDocsRoutes } from './docs-routes.ts';
import { addEvidenceRoutes } from './evidence-routes.ts';
import { addFigureRoutes } from './figure-routes.ts';
import { addGatewayRoutes } from './gateway-routes.ts';
import { addLiveRoutes } from './live-routes.ts';
import { addPasskeyRoutes } from './passkey-routes.ts';
import { addPeopleRoutes } from './people-routes.ts';
import { addPersonRoutes } from './person-routes.ts';
import { addPinRoutes } from './pin-routes.ts';
import { addPlaceRoutes } from './place-routes.ts';
import { addPrivacyRoutes } from './privacy-routes.ts';
import { problem } from './problem-response.ts';
import { logReading } from './reading-log.ts';
import { addRequestRoutes } from './request-routes.ts';
import { addReviewRoutes } from './review-routes.ts';
import { addRulesRoutes } from './rules-routes.ts';
import { addSessionRoutes } from './session-routes.ts';
import { addSettingsRoutes } from './settings-routes.ts';
import { addSetupRoutes } from './setup-routes.ts';
import { addSopRoutes } from './sop-routes.ts';
import { addSsoRoutes } from './sso-routes.ts';
import { addStepUpRoutes } from './step-up-routes.ts';
import { addVisitRoutes } from './visit-routes.ts';

/** Largest upload of a journal; gateways cut their batches below it. */
export const MAX_UPLOAD_BYTES = 8 * 1024 * 1024;
const MAX_BODY_BYTES = 64 * 1024;
/** Journals, tables of people, and the texts of procedures in two languages. */
const LARGE_PATHS = ['gateway/journal/', 'people/import', 'sop'].map((path) => `${API_BASE}/${path}`);
const ATTACHMENTS = /^\/requests\/[^/]+\/attachments$/;

const isLargePath = (path: string): boolean =>
  LARGE_PATHS.some((each) => path.startsWith(each)) ||
  (path.startsWith(API_BASE) && ATTACHMENTS.test(path.slice(API_BASE.length)));

const UNSAFE = ['POST', 'PUT', 'PATCH', 'DELETE'];

/**
 * Refuses what another site makes a browser send: cookies are SameSite=Strict already, but old browsers and
 * sibling hosts exist.
 * @see rule SH5
 */
function refuseForeignWrites(ports: AppPorts): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    if (!UNSAFE.includes(c.req.method)) return next();
    const site = c.req.header('sec-fetch-site');
    if (site !== undefined && site !== 'same-origin' && site !== 'none') return problem(c, 'forbidden');
    const origin = c.req.header('origin');
    if (
      origin !== undefined &&
      origin !== ports.publicUrl.origin &&
      hostOf(origin) !== c.req.header('host')
    ) {
      return problem(c, 'forbidden');
    }
    const type = c.req.header('content-type');
    if (type !== undefined && !/^application\/json(?:;|$)/i.test(type)) {
      return problem(c, 'invalid-input', [{ pointer: '', code: 'not-json' }]);
    }
    return next();
  };
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}

const limitBody =
  (maxSize: number): MiddlewareHandler<AppEnv> =>
  (c, next) =>
    bodyLimit({ maxSize, onError: (context) => problem(context, 'body-too-large') })(c, next);

function observe(ports: AppPorts): MiddlewareHandler<AppEnv> {
  const { clock, random, log } = ports.site;
  return async (c, next) => {
    const requestId = newRowId(random, 'rid');
    c.set('requestId', requestId);
    const startedAt = clock.monoMs();
    await next();
    c.res.headers.set('X-Request-Id', requestId);
    const ms = clock.monoMs() - startedAt;
    // The pattern, not the path: ids and names stay out of logs and labels.
    const route = routePath(c, -1);
    ports.metrics.countRequest(route, c.req.method, c.res.status, ms / 1000);
    log.info({ requestId, method: c.req.method, route, status: c.res.status, ms }, 'answered');
  };
}

const jsonPointer = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

type Issue = z.core.$ZodIssue;

const faultsOf = (issue: Issue): readonly { readonly pointer: string; readonly code: string }[] =>
  issue.code === 'unrecognized_keys'
    ? issue.keys.map((key) => ({ pointer: jsonPointer([...issue.path, key]), code: 'unknown_key' }))
    : [{ pointer: jsonPointer(issue.path), code: issue.code }];

/** Makes the app that answers every request. */
export function createApp(ports: AppPorts): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>({
    defaultHook: (result, c) => {
      if (result.success) return undefined;
      return problem(c, 'invalid-input', result.error.issues.flatMap(faultsOf));
    },
  });

  app.use(observe(ports));
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
      xFrameOptions: 'DENY',
      referrerPolicy: 'same-origin',
      // Where the server makes its own certificate, a browser must be able to go back.
      strictTransportSecurity:
        ports.publicUrl.protocol === 'https:' && ports.demo === null ? 'max-age=31536000' : false,
    }),
  );
  app.use(async (c, next) => {
    await next();
    if (c.req.path.startsWith('/api/') && !c.res.headers.has('cache-control')) {
      c.res.headers.set('cache-control', 'no-store');
    }
  });
  app.use(refuseForeignWrites(ports));
  const [small, large] = [limitBody(MAX_BODY_BYTES), limitBody(MAX_UPLOAD_BYTES)];
  app.use((c, next) => (isLargePath(c.req.path) ? large : small)(c, next));

  app.use(logReading(ports));

  addSessionRoutes(app, ports);
  addAccountRoutes(app, ports);
  addSsoRoutes(app, ports);
  addPeopleRoutes(app, ports);
  addPersonRoutes(app, ports);
  addSopRoutes(app, ports);
  addReviewRoutes(app, ports);
  addPlaceRoutes(app, ports);
  addRequestRoutes(app, ports);
  addSetupRoutes(app, ports);
  addVisitRoutes(app, ports);
  addEvidenceRoutes(app, ports);
  addFigureRoutes(app, ports);
  addGatewayRoutes(app, ports);
  addLiveRoutes(app, ports, newRowId(ports.site.random, 'b'));
  addRulesRoutes(app, ports);
  addPinRoutes(app, ports);
  addCommandRoutes(app, ports);
  addStepUpRoutes(app, ports);
  addPasskeyRoutes(app, ports);
  addAuditTrailRoutes(app, ports);
  addPrivacyRoutes(app, ports);
  addDemoRoutes(app, ports);
  addSettingsRoutes(app, ports);
  addDocsRoutes(app, ports);

  app.notFound((c) => {
    const isPage = c.req.method === 'GET' && !c.req.path.startsWith('/api/');
    return (isPage ? ports.webFiles.respond(c.req.path, c.req.raw.headers) : null) ?? problem(c, 'not-found');
  });
  app.onError((error, c) => {
    if (error instanceof HTTPException && error.status < 500) {
      return problem(c, 'invalid-input', [{ pointer: '', code: 'not-json' }]);
    }
    ports.site.log.error({ error, requestId: c.get('requestId') }, 'failed inside');
    return problem(c, 'internal');
  });
  return app;
}
