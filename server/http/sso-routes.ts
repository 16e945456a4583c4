import { z, type OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import {
  signInWaysSchema,
  ssoLinkInputSchema,
  ssoLinkListSchema,
  ssoLinkSchema,
  ssoStartSchema,
  ssoUnlinkSchema,
} from '#contract/api-account';
import { API_BASE, noBodySchema } from '#contract/api';
import { Fault } from '#contract/result';
import { newToken, tokenHash } from '../auth/tokens.ts';
import { linkSso, unlinkSso } from '../procedure/accounts.ts';
import { findSsoPerson, listSsoLinks, saveSsoLogin, takeSsoLogin } from '../store/accounts.ts';
import { findPersonWithRights } from '../store/profiles.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { problem, PROBLEM_ANSWER, refuse } from './problem-response.ts';
import { answers, defineRoute, jsonBody, mayAfresh, PUBLIC, SIGNED_IN } from './route.ts';
import { cookieOptions, openSession, sessionHash } from './session-cookie.ts';
import { sessionStepUp } from './route.ts';

/** Name of the cookie that ties a sign-in at the other issuer to the browser that began it. */
const SSO_COOKIE = 'palang_sso';

/** Where the other issuer sends the browser back to. */
export const SSO_CALLBACK = `${API_BASE}/session/sso/callback`;

const SSO_LIFE_MS = 10 * 60_000;

// Named, so that the OpenAPI document says each of them once.
const linksOut = ssoLinkListSchema.meta({ id: 'SsoLinks' });

/**
 * Routes for single sign-on. Who comes back is found by issuer and subject alone; a subject that nobody has is
 * linked only by somebody who is signed in here already and confirms it, or by an administrator.
 * @see rules SU33, SU34
 */
export function addSsoRoutes(app: OpenAPIHono<AppEnv>, ports: AppPorts): void {
  const { site, sso } = ports;

  // Lax: the browser comes back from another site, and must bring this one along.
  const setSsoCookie = (c: Context<AppEnv>, token: string): void =>
    setCookie(c, SSO_COOKIE, token, {
      ...cookieOptions(ports),
      sameSite: 'Lax',
      maxAge: SSO_LIFE_MS / 1000,
    });

  app.openapi(
    defineRoute(ports, PUBLIC, {
      method: 'get',
      path: `${API_BASE}/session/ways`,
      summary: 'How one can sign in here.',
      tags: ['session'],
      responses: answers(signInWaysSchema),
    }),
    (c) => c.json({ isSsoOffered: sso !== null }, 200),
  );

  app.openapi(
    defineRoute(ports, PUBLIC, {
      method: 'post',
      path: `${API_BASE}/session/sso`,
      summary: 'Begin to sign in at the other issuer; says where the browser goes.',
      tags: ['session'],
      request: { body: jsonBody(noBodySchema) },
      responses: answers(ssoStartSchema),
    }),
    async (c) => {
      if (sso === null) return problem(c, 'not-found');
      const token = newToken(site.random);
      const checks = {
        state: newToken(site.random),
        nonce: newToken(site.random),
        verifier: newToken(site.random),
      };
      try {
        const url = await sso.begin(checks);
        await saveSsoLogin(site.db, {
          cookie_hash: tokenHash(token),
          ...checks,
          issuer: null,
          subject: null,
          expires_at: site.clock.epochMs() + SSO_LIFE_MS,
        });
        setSsoCookie(c, token);
        return c.json({ url: url.href }, 200);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        site.log.warn({ code: error.code }, 'single sign-on does not answer');
        return problem(c, 'unavailable');
      }
    },
  );

  const back = (c: Context<AppEnv>, outcome: string | null) =>
    c.redirect(outcome === null ? '/' : `/masuk?sso=${outcome}`, 303);

  app.openapi(
    defineRoute(ports, PUBLIC, {
      method: 'get',
      path: SSO_CALLBACK,
      summary: 'Where the other issuer sends the browser back to; counts once, in the browser that began.',
      tags: ['session'],
      request: {
        query: z.object({
          code: z.string().max(4000).optional(),
          state: z.string().max(200).optional(),
          error: z.string().max(200).optional(),
        }),
      },
      responses: { 303: { description: 'On to the app.' }, default: PROBLEM_ANSWER },
    }),
    async (c) => {
      if (sso === null) return problem(c, 'not-found');
      const token = getCookie(c, SSO_COOKIE);
      const now = site.clock.epochMs();
      const login = token === undefined ? null : await takeSsoLogin(site.db, tokenHash(token), now);
      deleteCookie(c, SSO_COOKIE, { path: '/' });
      const { state, nonce, verifier } = login ?? {};
      if (token === undefined || !login || !state || !nonce || !verifier) return back(c, 'failed');
      const answered = new URL(`${SSO_CALLBACK}${new URL(c.req.url).search}`, ports.publicUrl);
      try {
        const subject = await sso.finish(answered, { state, nonce, verifier });
        if (!subject.ok) {
          ports.metrics.countSignIn('failed');
          return back(c, 'failed');
        }
        const personId = await findSsoPerson(site.db, subject.value.issuer, subject.value.subject);
        if (personId === null) {
          // Kept for the browser that came back, until somebody who is signed in in it confirms the link.
          await saveSsoLogin(site.db, {
            ...login,
            state: null,
            nonce: null,
            verifier: null,
            ...subject.value,
            expires_at: now + SSO_LIFE_MS,
          });
          setSsoCookie(c, token);
          return back(c, 'unlinked');
        }
        if ((await findPersonWithRights(site.db, personId, now)) === null) {
          ports.metrics.countSignIn('failed');
          return back(c, 'failed');
        }
        await openSession(ports, c, personId, 'sso');
        ports.metrics.countSignIn('succeeded');
        return back(c, null);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        site.log.warn({ code: error.code }, 'single sign-on does not answer');
        return back(c, 'unavailable');
      }
    },
  );

  app.openapi(
    defineRoute(ports, SIGNED_IN, {
      method: 'get',
      path: `${API_BASE}/me/sso-links`,
      summary: 'Accounts of the other issuer by which one can sign in.',
      tags: ['session'],
      responses: answers(linksOut),
    }),
    async (c) => c.json({ items: await listSsoLinks(site.db, c.get('person').id) }, 200),
  );

  app.openapi(
    defineRoute(ports, SIGNED_IN, {
      method: 'post',
      path: `${API_BASE}/me/sso-links`,
      summary: 'Confirm, after a step-up, that the account that just came back in this browser is one’s own.',
      tags: ['session'],
      request: { body: jsonBody(noBodySchema) },
      responses: answers(linksOut),
    }),
    async (c) => {
      if ((await sessionStepUp(ports, c)) === null) return problem(c, 'step-up-required');
      const token = getCookie(c, SSO_COOKIE);
      const now = site.clock.epochMs();
      const login = token === undefined ? null : await takeSsoLogin(site.db, tokenHash(token), now);
      deleteCookie(c, SSO_COOKIE, { path: '/' });
      const { issuer, subject } = login ?? {};
      if (!issuer || !subject) return problem(c, 'sso-not-linked');
      const { id } = c.get('person');
      const linked = await linkSso(site, id, { personId: id, issuer, subject });
      if (!linked.ok) return refuse(c, linked.error);
      return c.json({ items: await listSsoLinks(site.db, id) }, 200);
    },
  );

  app.openapi(
    defineRoute(ports, SIGNED_IN, {
      method: 'delete',
      path: `${API_BASE}/me/sso-links`,
      summary: 'End a link; every other session ends.',
      tags: ['session'],
      request: { body: jsonBody(ssoLinkSchema.pick({ issuer: true, subject: true })) },
      responses: answers(noBodySchema),
    }),
    async (c) => {
      const { id } = c.get('person');
      const ended = await unlinkSso(site, id, { personId: id, ...c.req.valid('json') }, sessionHash(c));
      return ended.ok ? c.json({}, 200) : refuse(c, ended.error);
    },
  );

  const personParam = { params: z.object({ id: z.string().max(64) }) };

  app.openapi(
    defineRoute(ports, mayAfresh('people.write'), {
      method: 'put',
      path: `${API_BASE}/people/{id}/sso-link`,
      summary: 'Link an account of the other issuer to a person, by its subject.',
      tags: ['people'],
      request: { ...personParam, body: jsonBody(ssoLinkInputSchema) },
      responses: answers(linksOut),
    }),
    async (c) => {
      if (sso === null) return problem(c, 'not-found');
      const personId = c.req.valid('param').id;
      const { subject } = c.req.valid('json');
      const linked = await linkSso(site, c.get('person').id, { personId, issuer: sso.issuer, subject });
      if (!linked.ok) return refuse(c, linked.error);
      return c.json({ items: await listSsoLinks(site.db, personId) }, 200);
    },
  );

  app.openapi(
    defineRoute(ports, mayAfresh('people.write'), {
      method: 'delete',
      path: `${API_BASE}/people/{id}/sso-link`,
      summary: 'End a link of somebody, and their sessions with it.',
      tags: ['people'],
      request: { ...personParam, body: jsonBody(ssoUnlinkSchema) },
      responses: answers(noBodySchema),
    }),
    async (c) => {
      if (sso === null) return problem(c, 'not-found');
      const personId = c.req.valid('param').id;
      const { subject } = c.req.valid('json');
      const link = { personId, issuer: sso.issuer, subject };
      const ended = await unlinkSso(site, c.get('person').id, link, null);
      return ended.ok ? c.json({}, 200) : refuse(c, ended.error);
    },
  );
}
