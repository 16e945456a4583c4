import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Session } from '#contract/api-account';
import { API_BASE } from '#contract/api';
import { isGuessedFirst } from '../../server/auth/guessed-passwords.ts';
import { createSsoClient } from '../../server/auth/sso-client.ts';
import { createApp } from '../../server/http/app.ts';
import { SSO_CALLBACK } from '../../server/http/sso-routes.ts';
import { keepHouse } from '../../server/procedure/housekeeping.ts';
import { decodeSettings, describeSettings } from '../../server/settings.ts';
import { bodyOf, openTestServer, PASSWORD, type TestClient, type TestServer } from './server-harness.ts';

const MINUTE = 60_000;
const NEW_PASSWORD = 'kuda baterai pena biru';

describe('passwords and sessions', () => {
  let server: TestServer;
  let admin: TestClient;
  beforeEach(async () => {
    server = await openTestServer({ sessionIdleMs: 30 * MINUTE });
    admin = await server.signIn('admin', ['administrator']);
  });
  afterEach(() => server.close());

  const codeOf = async (answer: Promise<Response>): Promise<unknown> => (await bodyOf(answer))['code'];
  const knock = (password: string, username = 'sari') =>
    server.client().post('session', { username, password });

  it('SU30: a new password is judged: length, what is tried first, whose it is', async () => {
    const sari = await server.signIn('sari', ['technician']);
    const change = (password: string) => sari.post('me/password', { current: PASSWORD, password });
    expect(await bodyOf(change('ruangserver1'))).toMatchObject({
      code: 'password-not-usable',
      errors: [{ pointer: '/password', code: 'common' }],
    });
    expect(await codeOf(change('kurang'))).toBe('invalid-input');
    expect(await codeOf(sari.post('me/password', { current: 'salah', password: NEW_PASSWORD }))).toBe(
      'sign-in-failed',
    );
    expect(
      await codeOf(
        admin.post('people', {
          name: 'Orang Baru',
          organisation: 'Dinas',
          username: 'baru',
          password: 'rahasia123',
        }),
      ),
    ).toBe('password-not-usable');
    for (const word of ['password', 'rahasia123', 'bismillah', 'indonesia1945']) {
      expect([word, isGuessedFirst(word)]).toEqual([word, true]);
    }
    expect(isGuessedFirst('kuda')).toBe(false);
  });

  it('SU32: a new password ends every other session, and its owner can see what happened', async () => {
    const [here, there] = [await server.signIn('sari', ['technician']), await server.signIn('sari')];
    expect((await here.post('me/password', { current: PASSWORD, password: NEW_PASSWORD })).status).toBe(200);
    expect((await here.get('me')).status).toBe(200);
    expect((await there.get('me')).status).toBe(401);
    expect([(await knock(PASSWORD)).status, (await knock(NEW_PASSWORD)).status]).toEqual([401, 200]);
    const { items } = await bodyOf<{ items: unknown[] }>(here.get('me/account-events'));
    expect(items).toMatchObject([{ act: 'password.changed', byName: 'Orang sari' }]);
    expect(JSON.stringify(items)).not.toContain('facts');
  });

  it('SU35: a reset takes the old password at once, and its word counts once and for an hour', async () => {
    const sari = await server.person('sari', ['technician']);
    const session = await server.signIn('sari');
    const begin = () => admin.post(`people/${sari.id}/password-reset`);
    expect(await codeOf(begin())).toBe('step-up-required');
    await admin.post('session/step-up', { password: PASSWORD });
    const first = await bodyOf<{ token: string }>(begin());
    expect((await session.get('me')).status).toBe(401);
    expect((await knock(PASSWORD)).status).toBe(401);
    const second = await bodyOf<{ token: string }>(begin());
    const finish = (token: string, password = NEW_PASSWORD) =>
      server.client().post('session/password-reset', { token, password });
    // Only the newest counts, and a bad choice does not spend it.
    expect(await codeOf(finish(first.token))).toBe('reset-refused');
    expect(await codeOf(finish(second.token, 'rahasia12345'))).toBe('password-not-usable');
    expect((await finish(second.token)).status).toBe(200);
    expect(await codeOf(finish(second.token))).toBe('reset-refused');
    expect((await knock(NEW_PASSWORD)).status).toBe(200);

    const third = await bodyOf<{ token: string }>(begin());
    server.clock.advance(60 * MINUTE);
    expect(await codeOf(finish(third.token))).toBe('reset-refused');
    await keepHouse(server.site);
    expect(await server.site.db.selectFrom('password_resets').selectAll().execute()).toEqual([]);
    const rows = JSON.stringify(await server.site.db.selectFrom('audit_trail').selectAll().execute());
    for (const secret of [first.token, second.token, NEW_PASSWORD]) {
      expect(rows).not.toContain(secret);
      expect(JSON.stringify(server.logged)).not.toContain(secret);
    }
  });

  it('SU36: one sees where one is signed in, and ends it there at once', async () => {
    const [here, there] = [await server.signIn('sari', ['technician']), await server.signIn('sari')];
    const { items } = await bodyOf<{ items: Session[] }>(here.get('me/sessions'));
    expect(items).toHaveLength(2);
    expect(items.filter(({ isThis }) => isThis)).toHaveLength(1);
    const other = items.find(({ isThis }) => !isThis);
    expect(other).toMatchObject({ method: 'password', expiresAt: expect.any(String) as unknown });
    expect((await here.send('DELETE', `me/sessions/${other?.id}`)).status).toBe(200);
    expect((await there.get('me')).status).toBe(401);
    expect((await here.send('DELETE', `me/sessions/${other?.id}`)).status).toBe(404);

    const again = await server.signIn('sari');
    expect(await bodyOf(here.send('DELETE', 'me/sessions'))).toEqual({ ended: 1 });
    expect([(await here.get('me')).status, (await again.get('me')).status]).toEqual([200, 401]);
    // A session of somebody else is none of mine.
    const [mine] = (await bodyOf<{ items: Session[] }>(here.get('me/sessions'))).items;
    expect((await admin.send('DELETE', `me/sessions/${mine?.id}`)).status).toBe(404);
  });

  it('SU36: an administrator ends all sessions of somebody at once', async () => {
    const sari = await server.signIn('sari', ['technician']);
    const { id } = await bodyOf<{ id: string }>(sari.get('me'));
    expect((await bodyOf<{ items: Session[] }>(admin.get(`people/${id}/sessions`))).items).toHaveLength(1);
    expect(await bodyOf(admin.send('DELETE', `people/${id}/sessions`))).toEqual({ ended: 1 });
    expect((await sari.get('me')).status).toBe(401);
  });

  it('SU31: a session that is left alone is over, and one that is used goes on', async () => {
    const sari = await server.signIn('sari', ['technician']);
    for (let turn = 0; turn < 4; turn += 1) {
      server.clock.advance(29 * MINUTE);
      expect((await sari.get('me')).status).toBe(200);
    }
    server.clock.advance(30 * MINUTE);
    expect((await sari.get('me')).status).toBe(401);
  });

  it('SU31: idle time and single sign-on are settings, and the secret is not shown', () => {
    const settings = decodeSettings({
      PALANG_SESSION_IDLE_MINUTES: '15',
      PALANG_OIDC_ISSUER: 'https://sso.contoh.go.id',
      PALANG_OIDC_CLIENT_ID: 'palang',
      PALANG_OIDC_CLIENT_SECRET: 'sangat-rahasia',
    });
    if (!settings.ok) throw new Error(settings.error.join());
    expect(settings.value).toMatchObject({ sessionIdleMs: 15 * MINUTE, sso: { clientId: 'palang' } });
    expect(describeSettings(settings.value).join('\n')).not.toContain('sangat-rahasia');
    expect(decodeSettings({ PALANG_OIDC_ISSUER: 'https://sso.contoh.go.id' }).ok).toBe(false);
  });
});

/** A browser of one visitor: keeps cookies by host and goes where it is sent. */
function openBrowser() {
  const jars = new Map<string, Map<string, string>>();
  const jarOf = (url: URL): Map<string, string> => {
    const jar = jars.get(url.host) ?? new Map<string, string>();
    jars.set(url.host, jar);
    return jar;
  };
  return {
    cookieOf: (host: string, name: string): string | undefined => jars.get(host)?.get(name),
    go: async (
      address: string,
      init: RequestInit = {},
      send: (url: URL, init: RequestInit) => Promise<Response> = (url, options) => fetch(url, options),
    ): Promise<Response> => {
      const url = new URL(address);
      const jar = jarOf(url);
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
      const answer = await send(url, {
        ...init,
        redirect: 'manual',
        headers: { ...(init.headers as Record<string, string> | undefined), cookie },
      });
      for (const line of answer.headers.getSetCookie()) {
        const [pair = ''] = line.split(';');
        const [name = '', value = ''] = pair.split('=');
        if (value === '' || /max-age=0|expires=thu, 01 jan 1970/i.test(line)) jar.delete(name);
        else jar.set(name, value);
      }
      return answer;
    },
  };
}

describe('single sign-on', () => {
  const HOST = 'palang.contoh';
  let issuerServer: Server;
  let issuer: string;
  /** Who signs in at the other issuer. */
  let subject: string;
  let server: TestServer;
  let app: ReturnType<typeof createApp>;

  beforeEach(async () => {
    subject = 'subjek-1';
    issuerServer = createServer();
    await new Promise<void>((resolve) => issuerServer.listen(0, '127.0.0.1', resolve));
    issuer = `http://127.0.0.1:${(issuerServer.address() as AddressInfo).port}`;
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: 'palang',
          client_secret: 'rahasia-antar-mesin',
          redirect_uris: [`http://${HOST}${SSO_CALLBACK}`],
        },
      ],
      pkce: { required: () => true },
      features: { devInteractions: { enabled: false } },
      // One address for everybody on purpose: nothing of it may count.
      findAccount: (_ctx, id) => ({
        accountId: id,
        claims: () => ({ sub: id, email: 'sari@contoh.go.id', email_verified: true }),
      }),
      interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
      loadExistingGrant: async (ctx) => {
        const grant = new ctx.oidc.provider.Grant({
          clientId: ctx.oidc.client?.clientId ?? '',
          accountId: ctx.oidc.session?.accountId ?? '',
        });
        grant.addOIDCScope('openid');
        await grant.save();
        return grant;
      },
    });
    const callback = provider.callback();
    issuerServer.on('request', (request, response) => {
      if (request.url?.startsWith('/interaction/') === true) {
        void provider.interactionFinished(request, response, { login: { accountId: subject } });
      } else void callback(request, response);
    });
    server = await openTestServer();
    const settings = { issuer, clientId: 'palang', clientSecret: 'rahasia-antar-mesin' };
    app = createApp({
      ...server.ports,
      sso: createSsoClient(settings, `http://${HOST}${SSO_CALLBACK}`),
    });
  });
  afterEach(async () => {
    await server.close();
    issuerServer.closeAllConnections();
    await new Promise((resolve) => issuerServer.close(resolve));
  });

  const ours = (url: URL, init: RequestInit): Promise<Response> => Promise.resolve(app.request(url, init));
  const call = (
    browser: ReturnType<typeof openBrowser>,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Response> =>
    browser.go(
      `http://${HOST}${API_BASE}/${path}`,
      {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
      ours,
    );

  /** Goes to the other issuer and back, up to our answer to what it sent. */
  async function comeBack(browser: ReturnType<typeof openBrowser>): Promise<URL> {
    const { url } = await bodyOf<{ url: string }>(call(browser, 'POST', 'session/sso', {}));
    let address = url;
    for (let hop = 0; hop < 10; hop += 1) {
      if (new URL(address).host === HOST) return new URL(address);
      const answer = await browser.go(address);
      address = new URL(answer.headers.get('location') ?? '', address).href;
    }
    throw new Error('the other issuer does not send the browser back');
  }
  const finish = async (browser: ReturnType<typeof openBrowser>, url: URL): Promise<string> =>
    (await browser.go(url.href, {}, ours)).headers.get('location') ?? '';

  it('SU34: a subject that nobody has is linked by whoever signs in and confirms it, and then signs in', async () => {
    await server.person('sari', ['technician']);
    const browser = openBrowser();
    expect(await bodyOf(call(browser, 'GET', 'session/ways'))).toEqual({ isSsoOffered: true });
    expect(await finish(browser, await comeBack(browser))).toBe('/masuk?sso=unlinked');
    expect((await call(browser, 'GET', 'me')).status).toBe(401);

    await call(browser, 'POST', 'session', { username: 'sari', password: PASSWORD });
    const confirm = () => call(browser, 'POST', 'me/sso-links', {});
    expect((await bodyOf(confirm()))['code']).toBe('step-up-required');
    await call(browser, 'POST', 'session/step-up', { password: PASSWORD });
    expect(await bodyOf(confirm())).toMatchObject({ items: [{ issuer, subject: 'subjek-1' }] });
    expect((await bodyOf(confirm()))['code']).toBe('sso-not-linked');

    await call(browser, 'DELETE', 'session');
    const url = await comeBack(browser);
    expect(await finish(browser, url)).toBe('/');
    expect(await bodyOf(call(browser, 'GET', 'me'))).toMatchObject({ username: 'sari' });
    expect((await bodyOf<{ items: Session[] }>(call(browser, 'GET', 'me/sessions'))).items).toMatchObject([
      { method: 'sso', isThis: true },
    ]);
    // The answer of the other issuer counts once.
    expect(await finish(browser, url)).toBe('/masuk?sso=failed');
  });

  it('SU33: fault 65: another subject with the same address is somebody else', async () => {
    const sari = await server.person('sari@contoh.go.id', ['technician']);
    const admin = await server.signIn('admin', ['administrator']);
    await admin.send('PUT', `people/${sari.id}/profile`, {
      kind: 'staff',
      unit: null,
      position: null,
      employeeNumber: null,
      email: 'sari@contoh.go.id',
      basis: null,
      rightsEndAt: null,
    });
    await server.site.db
      .insertInto('sso_links')
      .values({ issuer, subject: 'subjek-1', person_id: sari.id, linked_at: 0, by_id: sari.id })
      .execute();
    subject = 'subjek-2';
    const browser = openBrowser();
    expect(await finish(browser, await comeBack(browser))).toBe('/masuk?sso=unlinked');
    expect((await call(browser, 'GET', 'me')).status).toBe(401);
    // The same subject of another issuer is somebody else as well.
    await server.site.db.updateTable('sso_links').set({ issuer: 'https://lain.contoh' }).execute();
    subject = 'subjek-1';
    const second = openBrowser();
    expect(await finish(second, await comeBack(second))).toBe('/masuk?sso=unlinked');
  });

  it('SU33: an answer counts only in the browser that asked, and only as it was given', async () => {
    const sari = await server.person('sari', ['technician']);
    await server.site.db
      .insertInto('sso_links')
      .values({ issuer, subject, person_id: sari.id, linked_at: 0, by_id: sari.id })
      .execute();
    const asked = openBrowser();
    const url = await comeBack(asked);
    // Somebody is lured to an address with the answer of another: no cookie, no session.
    expect(await finish(openBrowser(), url)).toBe('/masuk?sso=failed');
    const other = openBrowser();
    await comeBack(other);
    expect(await finish(other, url)).toBe('/masuk?sso=failed');
    const changed = new URL(url);
    changed.searchParams.set('code', 'another');
    const third = openBrowser();
    const own = await comeBack(third);
    changed.searchParams.set('state', own.searchParams.get('state') ?? '');
    changed.searchParams.set('iss', issuer);
    expect(await finish(third, changed)).toBe('/masuk?sso=failed');
    expect(await finish(asked, url)).toBe('/');
  });

  it('SU34: who has left, or whose contract is over, does not come in by the other issuer either', async () => {
    const sari = await server.person('sari', ['technician']);
    await server.site.db
      .insertInto('sso_links')
      .values({ issuer, subject, person_id: sari.id, linked_at: 0, by_id: sari.id })
      .execute();
    const admin = await server.signIn('admin', ['administrator']);
    await admin.post('session/step-up', { password: PASSWORD });
    await admin.post(`people/${sari.id}/leave`, {
      effectiveAt: new Date(server.clock.epochMs()).toISOString(),
      reason: 'Pensiun',
    });
    const browser = openBrowser();
    expect(await finish(browser, await comeBack(browser))).toBe('/masuk?sso=failed');
  });

  it('SU34: an administrator links by subject after a step-up, one subject to one person', async () => {
    const [sari, budi] = [await server.person('sari', []), await server.person('budi', [])];
    const browser = openBrowser();
    await server.person('admin', ['administrator']);
    await call(browser, 'POST', 'session', { username: 'admin', password: PASSWORD });
    const link = (id: string) => call(browser, 'PUT', `people/${id}/sso-link`, { subject: 'subjek-9' });
    expect((await bodyOf(link(sari.id)))['code']).toBe('step-up-required');
    await call(browser, 'POST', 'session/step-up', { password: PASSWORD });
    expect((await link(sari.id)).status).toBe(200);
    expect((await bodyOf(link(budi.id)))['code']).toBe('name-taken');
    const end = await call(browser, 'DELETE', `people/${sari.id}/sso-link`, { subject: 'subjek-9' });
    expect(end.status).toBe(200);
    expect((await link(budi.id)).status).toBe(200);
  });

  it('SU33: an issuer that does not answer is told, and the password still works', async () => {
    await server.person('sari', ['technician']);
    const gone = createApp({
      ...server.ports,
      sso: createSsoClient(
        { issuer: 'http://127.0.0.1:1', clientId: 'palang', clientSecret: 'x' },
        `http://${HOST}${SSO_CALLBACK}`,
      ),
    });
    const answer = await gone.request(`http://${HOST}${API_BASE}/session/sso`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(answer.status).toBe(503);
    expect((await server.client().post('session', { username: 'sari', password: PASSWORD })).status).toBe(
      200,
    );
  });
});
