import { createRoute, type RouteConfig, type z } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import { verifyGatewayRequest } from '../auth/gateway-request.ts';
import { isFreshStepUp, type StepUp } from '../auth/step-up.ts';
import { tokenHash } from '../auth/tokens.ts';
import { mayDo, rolesFor, type Action } from '../domain/permissions.ts';
import { keepRevokedUpload } from '../procedure/epochs.ts';
import { findSession, findStepUp, touchSession } from '../store/sessions.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { problem, PROBLEM_ANSWER } from './problem-response.ts';

/** Who may call a route: everybody, an enrolled gateway, whoever is signed in, or who may do something. */
export type Access =
  | { readonly kind: 'public' }
  | { readonly kind: 'gateway' }
  | { readonly kind: 'signed-in' }
  | { readonly kind: 'may'; readonly action: Action; readonly isAfresh?: true };

export const PUBLIC: Access = { kind: 'public' };
export const GATEWAY: Access = { kind: 'gateway' };
export const SIGNED_IN: Access = { kind: 'signed-in' };

/** For those whose role allows this. */
export const may = (action: Action): Access => ({ kind: 'may', action });

/** For those whose role allows this, and who were recognised again in the last minutes. @see rule SH19 */
export const mayAfresh = (action: Action): Access => ({ kind: 'may', action, isAfresh: true });

/** Name of the session cookie. */
export const SESSION_COOKIE = 'palang_session';

/** Key under which a route's rule stands in the OpenAPI document. */
export const ACCESS_EXTENSION = 'x-palang-access';

/** Finds who is signed in by this request, and notes that the session is in use. */
export async function sessionPerson(ports: AppPorts, c: Context<AppEnv>) {
  const token = getCookie(c, SESSION_COOKIE);
  if (token === undefined) return null;
  const { sessionIdleMs: idleMs, site } = ports;
  const now = site.clock.epochMs();
  const person = await findSession(site.db, tokenHash(token), { now, idleMs });
  if (person !== null) await touchSession(site.db, tokenHash(token), now);
  return person;
}

/** Finds the step-up of this request's session; null where there is none that still counts. */
export async function sessionStepUp(ports: AppPorts, c: Context<AppEnv>): Promise<StepUp | null> {
  const stepUp = await findStepUp(ports.site.db, tokenHash(getCookie(c, SESSION_COOKIE) ?? ''));
  return isFreshStepUp(stepUp, ports.site.clock.epochMs()) ? stepUp : null;
}

async function authenticateGateway(ports: AppPorts, c: Context<AppEnv>) {
  const url = new URL(c.req.url);
  const body = c.req.method === 'GET' ? new Uint8Array() : new Uint8Array(await c.req.arrayBuffer());
  return verifyGatewayRequest(
    ports.site.db,
    ports.nonces,
    { method: c.req.method, path: url.pathname, query: url.search, body },
    {
      contentDigest: c.req.header('content-digest') ?? '',
      signatureInput: c.req.header('signature-input') ?? '',
      signature: c.req.header('signature') ?? '',
    },
  );
}

function guard(ports: AppPorts, access: Access): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    if (access.kind === 'public') return next();
    if (access.kind === 'gateway') {
      const gateway = await authenticateGateway(ports, c);
      if (!gateway.ok) {
        // Kept as evidence, and merged with nothing.
        if (gateway.error === 'gateway-revoked') {
          const signer = c.req.header('signature-input') ?? '';
          await keepRevokedUpload(ports.site, signer, c.req.path, await c.req.text());
        }
        return problem(c, gateway.error);
      }
      c.set('gateway', gateway.value);
      return next();
    }
    const person = await sessionPerson(ports, c);
    if (person === null) return problem(c, 'not-signed-in');
    if (access.kind === 'may' && !mayDo(person.roles, access.action)) return problem(c, 'forbidden');
    c.set('person', person);
    if (access.kind === 'may' && access.isAfresh === true) {
      const stepUp = await sessionStepUp(ports, c);
      if (stepUp === null) return problem(c, 'step-up-required');
      c.set('stepUp', stepUp);
    }
    return next();
  };
}

const describe = (access: Access): string =>
  access.kind === 'may'
    ? `${access.action}: ${rolesFor(access.action).join(', ')}${access.isAfresh === true ? '; after a step-up' : ''}`
    : access.kind;

/**
 * Declares a route. There is no way to declare one without saying who may call it.
 * @see rules SH1, SH2
 */
export function defineRoute<const P extends string, R extends Omit<RouteConfig, 'path'> & { path: P }>(
  ports: AppPorts,
  access: Access,
  config: R,
) {
  const route = createRoute<P, R>(config);
  return Object.assign(route, {
    middleware: guard(ports, access),
    [ACCESS_EXTENSION]: describe(access),
  }) as typeof route;
}

/** The answers of a route: what it gives, and why not. */
export const answers = <S extends z.ZodType>(schema: S, description = 'Done.') => ({
  200: { description, content: { 'application/json': { schema } } },
  default: PROBLEM_ANSWER,
});

/** The answers of a route that makes something. */
export const created = <S extends z.ZodType>(schema: S, description = 'Made.') => ({
  201: { description, content: { 'application/json': { schema } } },
  default: PROBLEM_ANSWER,
});

/** A JSON body. */
export const jsonBody = <S extends z.ZodType>(schema: S) => ({
  content: { 'application/json': { schema } },
  required: true as const,
});
