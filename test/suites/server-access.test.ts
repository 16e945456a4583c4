import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_BASE, ROLE_NAMES, type RoleName } from '#contract/api';
import { PROBLEMS } from '#contract/problem';
import { createApp } from '../../server/http/app.ts';
import { ACCESS_EXTENSION } from '../../server/http/route.ts';
import { loadWebFiles } from '../../server/http/web-files.ts';
import { setPersonActive } from '../../server/store/people.ts';
import {
  bodyOf,
  DOOR,
  enrolFakeGateway,
  openTestServer,
  openVisitor,
  PASSWORD,
  wish,
  type TestClient,
  type TestServer,
} from './server-harness.ts';

const HOUR = 3_600_000;
const UNSAFE = ['POST', 'PUT', 'PATCH', 'DELETE'];

// Who may call what, written down a second time on purpose: T technician, S supervisor, O officer, A auditor,
// D administrator, P privacy officer; `public`, `gateway` and `signed-in` as they say.
const MATRIX: Readonly<Record<string, string>> = {
  'POST /api/v1/session': 'public',
  'DELETE /api/v1/session': 'public',
  'GET /api/v1/me': 'signed-in',
  'GET /api/v1/people': 'SOADP',
  'POST /api/v1/people': 'D',
  'GET /api/v1/sop': 'TSOADP',
  'GET /api/v1/sop/{id}': 'TSOADP',
  'POST /api/v1/sop': 'OD',
  'POST /api/v1/sop/{id}/versions': 'OD',
  'PUT /api/v1/sop/{id}/versions/{version}': 'OD',
  'POST /api/v1/sop/{id}/versions/{version}/submit': 'OD',
  'POST /api/v1/sop/{id}/versions/{version}/return': 'S',
  'POST /api/v1/sop/{id}/versions/{version}/put-in-force': 'S',
  'POST /api/v1/sop/{id}/versions/{version}/withdraw': 'S',
  'POST /api/v1/sop/{id}/acknowledge': 'TSOADP',
  'GET /api/v1/sop/{id}/not-acknowledged': 'SOAD',
  'GET /api/v1/reviews': 'SOAD',
  'POST /api/v1/reviews': 'SD',
  'GET /api/v1/reviews/unused-rights': 'SOAD',
  'GET /api/v1/reviews/anomalies': 'SOAD',
  'GET /api/v1/reviews/log': 'SOAD',
  'POST /api/v1/reviews/log': 'S',
  'GET /api/v1/reviews/{id}': 'SOAD',
  'POST /api/v1/reviews/{id}/people/{person}': 'S',
  'GET /api/v1/reports/{kind}': 'SOAD',
  'POST /api/v1/people/{id}/restore': 'D',
  'GET /api/v1/me/sessions': 'signed-in',
  'DELETE /api/v1/me/sessions': 'signed-in',
  'DELETE /api/v1/me/sessions/{id}': 'signed-in',
  'GET /api/v1/me/account-events': 'signed-in',
  'POST /api/v1/me/password': 'signed-in',
  'POST /api/v1/session/password-reset': 'public',
  'POST /api/v1/people/{id}/password-reset': 'D',
  'GET /api/v1/people/{id}/sessions': 'D',
  'DELETE /api/v1/people/{id}/sessions': 'D',
  'GET /api/v1/session/ways': 'public',
  'POST /api/v1/session/sso': 'public',
  'GET /api/v1/session/sso/callback': 'public',
  'GET /api/v1/me/sso-links': 'signed-in',
  'POST /api/v1/me/sso-links': 'signed-in',
  'DELETE /api/v1/me/sso-links': 'signed-in',
  'PUT /api/v1/people/{id}/sso-link': 'D',
  'DELETE /api/v1/people/{id}/sso-link': 'D',
  'POST /api/v1/people/import': 'D',
  'GET /api/v1/people/{id}': 'SOADP',
  'PUT /api/v1/people/{id}/profile': 'D',
  'PUT /api/v1/people/{id}/roles': 'D',
  'POST /api/v1/people/{id}/leave': 'D',
  'POST /api/v1/people/{id}/move': 'D',
  'GET /api/v1/people/{id}/revocations': 'SOADP',
  'POST /api/v1/credentials/from-presentation': 'OD',
  'POST /api/v1/credentials/readings': 'OD',
  'POST /api/v1/credentials/{id}/return': 'OD',
  'GET /api/v1/credentials': 'OAD',
  'POST /api/v1/credentials': 'OD',
  'PATCH /api/v1/credentials/{id}': 'OD',
  'GET /api/v1/rooms': 'TSOADP',
  'GET /api/v1/doors': 'TSOADP',
  'GET /api/v1/doors/{id}': 'TSOADP',
  'GET /api/v1/purposes': 'TSOADP',
  'GET /api/v1/requests': 'TSOAD',
  'POST /api/v1/requests': 'TSO',
  'GET /api/v1/requests/{id}': 'TSOAD',
  'POST /api/v1/requests/{id}/submit': 'TSO',
  'POST /api/v1/requests/{id}/approve': 'TSO',
  'POST /api/v1/requests/{id}/reject': 'TSO',
  'POST /api/v1/requests/{id}/withdraw': 'TSO',
  'POST /api/v1/requests/{id}/revoke': 'S',
  'POST /api/v1/requests/{id}/verify': 'O',
  'GET /api/v1/requests/{id}/copy': 'TSO',
  'GET /api/v1/requests/{id}/decision-view': 'TSO',
  'POST /api/v1/requests/{id}/escort': 'TSO',
  'GET /api/v1/escorts': 'TSO',
  'POST /api/v1/requests/{id}/attachments': 'TSO',
  'GET /api/v1/requests/{id}/attachments/{file}': 'TSOAD',
  'PUT /api/v1/purposes/{code}': 'D',
  'PUT /api/v1/rooms/{id}': 'D',
  'PUT /api/v1/doors/{id}': 'D',
  'GET /api/v1/zones': 'TSOADP',
  'PUT /api/v1/zones/{id}': 'D',
  'GET /api/v1/maintenance-windows': 'TSOADP',
  'POST /api/v1/maintenance-windows': 'OD',
  'POST /api/v1/maintenance-windows/{id}/cancel': 'OD',
  'GET /api/v1/delegations': 'SOAD',
  'POST /api/v1/delegations': 'S',
  'POST /api/v1/delegations/{id}/end': 'S',
  'GET /api/v1/visits/today': 'SOA',
  'GET /api/v1/visits/register': 'TSOAD',
  'GET /api/v1/visits/satisfaction': 'SOA',
  'POST /api/v1/visits/check-in': 'O',
  'GET /api/v1/visits/{id}': 'TSOAD',
  'POST /api/v1/visits/{id}/check-out': 'TSO',
  'POST /api/v1/visits/{id}/survey': 'TSO',
  'GET /api/v1/visits/{id}/minutes': 'TSO',
  'GET /api/v1/notifications': 'signed-in',
  'POST /api/v1/notifications/read': 'signed-in',
  'GET /api/v1/permits': 'TSOAD',
  'GET /api/v1/visits': 'TSOAD',
  'GET /api/v1/occupancy': 'TSOAD',
  'GET /api/v1/figures/density': 'SOAD',
  'GET /api/v1/figures/period': 'SOAD',
  'GET /api/v1/events': 'TSOAD',
  'GET /api/v1/events/{id}': 'TSOAD',
  'GET /api/v1/events/{gateway}/{epoch}/{seq}': 'TSOAD',
  'GET /api/v1/evidence/integrity': 'SOAD',
  'GET /api/v1/evidence/export': 'A',
  'GET /api/v1/gateways': 'SOAD',
  'POST /api/v1/gateways': 'D',
  'POST /api/v1/gateways/enrol': 'public',
  'GET /api/v1/rules': 'TSOAD',
  'PUT /api/v1/rules': 'D',
  'PUT /api/v1/doors/{id}/rules': 'D',
  'GET /api/v1/me/pin': 'signed-in',
  'POST /api/v1/me/pin': 'signed-in',
  'PUT /api/v1/credentials/{id}/pin': 'O',
  'DELETE /api/v1/credentials/{id}/pin': 'O',
  'POST /api/v1/permits/{id}/visit-code': 'TSO',
  'GET /api/v1/doors/{id}/commands': 'SOAD',
  'POST /api/v1/doors/{id}/commands': 'SO',
  'POST /api/v1/gateway/commands': 'gateway',
  'POST /api/v1/session/step-up': 'signed-in',
  'POST /api/v1/session/step-up/passkey': 'signed-in',
  'POST /api/v1/session/step-up/passkey/options': 'signed-in',
  'POST /api/v1/session/passkey': 'public',
  'POST /api/v1/session/passkey/options': 'public',
  'GET /api/v1/me/passkeys': 'signed-in',
  'POST /api/v1/me/passkeys': 'signed-in',
  'POST /api/v1/me/passkeys/options': 'signed-in',
  'DELETE /api/v1/me/passkeys/{id}': 'signed-in',
  'POST /api/v1/requests/{id}/approval-options': 'TSO',
  'GET /api/v1/trust': 'signed-in',
  'GET /api/v1/audit-trail': 'A',
  'GET /api/v1/privacy-notice': 'public',
  'GET /api/v1/privacy-requests': 'signed-in',
  'POST /api/v1/privacy-requests': 'signed-in',
  'GET /api/v1/privacy-requests/{id}': 'signed-in',
  'POST /api/v1/privacy-requests/{id}/approve': 'S',
  'POST /api/v1/privacy-requests/{id}/refuse': 'P',
  'POST /api/v1/privacy-requests/{id}/carry-out': 'P',
  'GET /api/v1/privacy-requests/{id}/copy': 'P',
  'GET /api/v1/me/data': 'signed-in',
  'GET /api/v1/annotations': 'TSOAD',
  'GET /api/v1/people/{id}/privacy': 'AP',
  'PUT /api/v1/people/{id}/hold': 'P',
  'PUT /api/v1/people/{id}/restriction': 'P',
  'GET /api/v1/people/{id}/identity': 'OP',
  'GET /api/v1/privacy/retention': 'AP',
  'PUT /api/v1/privacy/retention': 'P',
  'GET /api/v1/privacy/destructions': 'AP',
  'GET /api/v1/privacy/views': 'AP',
  'GET /api/v1/privacy/readings': 'AP',
  'GET /api/v1/settings': 'AD',
  'GET /api/v1/gateway/policy': 'gateway',
  'GET /api/v1/gateway/journal/{epoch}': 'gateway',
  'POST /api/v1/gateway/journal/{epoch}': 'gateway',
  'POST /api/v1/gateway/epochs': 'gateway',
  'GET /api/v1/gateway/wake': 'gateway',
  'GET /api/v1/stream': 'signed-in',
  'GET /api/v1/healthz': 'public',
  'GET /api/v1/readyz': 'public',
  'GET /api/v1/metrics': 'public',
  'GET /api/v1/demo': 'public',
  'GET /api/v1/demo/door/{act}': 'public',
  'POST /api/v1/demo/door/{act}': 'public',
  'GET /api/v1/openapi.json': 'public',
};
const LETTERS: Readonly<Record<RoleName, string>> = {
  technician: 'T',
  supervisor: 'S',
  officer: 'O',
  auditor: 'A',
  administrator: 'D',
  'privacy-officer': 'P',
};

describe('access over HTTP', () => {
  let server: TestServer;
  const clients = new Map<RoleName, TestClient>();

  beforeAll(async () => {
    server = await openTestServer({ demo: { content: { accounts: [], cards: [] }, doorUrl: null } });
    for (const role of ROLE_NAMES) clients.set(role, await server.signIn(role, [role]));
  });
  afterAll(() => server.close());

  interface DocumentedPaths {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  }
  const documented = async () => {
    const { paths } = await bodyOf<DocumentedPaths>(server.client().get('openapi.json'));
    return Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        name: `${method.toUpperCase()} ${path}`,
        operation,
      })),
    );
  };
  const pathFor = (route: string): string =>
    (route.split(' ')[1] ?? '')
      .replace('{act}', 'state')
      .replace('{kind}', 'cards')
      .replace(/\{[a-z]+\}/g, '1');

  it('SH1: every route that is served has a rule, and the rules are those of the matrix', async () => {
    const hidden = ['/healthz', '/readyz', '/metrics', '/api/docs', '/api/docs.css'].map(
      (path) => `GET ${path}`,
    );
    const served = new Set(
      server.app.routes
        .filter(({ method, path }) => method !== 'ALL' && path !== '/*')
        .map(({ method, path }) => `${method} ${path.replace(/:([a-z]+)/g, '{$1}')}`),
    );
    expect([...served].sort()).toEqual([...Object.keys(MATRIX), ...hidden].sort());
    for (const { name, operation } of await documented()) {
      const rule = String(operation[ACCESS_EXTENSION]);
      const named = rule.split(/[^a-z-]+/);
      const roles = ROLE_NAMES.filter((role) => named.includes(role)).map((role) => LETTERS[role]);
      expect([name, rule.includes(':') ? roles.join('') : rule]).toEqual([name, MATRIX[name]]);
    }
  });

  it('SH12: the document describes every route of the API', async () => {
    expect((await documented()).map(({ name }) => name).sort()).toEqual(Object.keys(MATRIX).sort());
    const { components } = await bodyOf<{ components: { schemas: Record<string, unknown> } }>(
      server.client().get('openapi.json'),
    );
    expect(Object.keys(components.schemas)).toContain('Problem');
    const page = await (await server.client().get('/api/docs')).text();
    for (const path of Object.keys(MATRIX)) {
      expect(page).toContain(path.split(' ')[1]);
    }
  });

  it.each(Object.entries(MATRIX).filter(([, rule]) => rule !== 'public'))(
    'SH2: %s answers nobody without the right to it (%s)',
    async (route, rule) => {
      const [method = ''] = route.split(' ');
      const body = UNSAFE.includes(method) ? {} : undefined;
      const stranger = await server.client().send(method, pathFor(route), body);
      expect(stranger.status).toBe(401);
      expect((await bodyOf(stranger))['code']).toBe(
        rule === 'gateway' ? 'signature-invalid' : 'not-signed-in',
      );
      if (rule === 'gateway' || rule === 'signed-in') return;
      for (const role of ROLE_NAMES) {
        const answer = await clients.get(role)!.send(method, pathFor(route), body);
        const isForbidden = answer.status === 403 && (await bodyOf(answer))['code'] === 'forbidden';
        expect([role, isForbidden]).toEqual([role, !rule.includes(LETTERS[role])]);
      }
    },
  );

  it('SH2: somebody without a role may see who they are, and nothing else', async () => {
    const nobody = await server.signIn('tanpa-peran', []);
    expect((await nobody.get('me')).status).toBe(200);
    expect((await nobody.get('doors')).status).toBe(403);
  });

  it.each([
    ['an unknown path', 'GET', '/api/v1/nothing', undefined, 404, 'not-found'],
    ['a method that is not there', 'PUT', '/api/v1/me', undefined, 404, 'not-found'],
    ['broken JSON', 'POST', '/api/v1/session', '{"username":', 400, 'invalid-input'],
    ['no body', 'POST', '/api/v1/session', undefined, 400, 'invalid-input'],
  ])('SH3: %s is a problem document', async (_name, method, path, body, status, code) => {
    const answer = await server.client().send(method, path, body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    const problem = await bodyOf(answer);
    expect(problem).toMatchObject({ status, code, type: `urn:palang:problem:${code}` });
    expect(problem['title']).toBe(PROBLEMS[code as keyof typeof PROBLEMS].title);
    expect(problem['requestId']).toBe(answer.headers.get('x-request-id'));
  });

  it('SH3: a failure inside says nothing of it', async () => {
    const failing = createApp({
      ...server.ports,
      metrics: { ...server.ports.metrics, text: () => Promise.reject(new Error('secret detail')) },
    });
    const answer = await failing.request('http://palang.contoh/metrics');
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('secret detail');
  });

  it('SH4: each wrong field is pointed at', async () => {
    const answer = await clients.get('technician')!.post('requests', {
      purpose: 7,
      description: '',
      doorId: 'ruang-server',
      validFrom: 'tomorrow',
      validUntil: '2026-03-12T09:00:00.000Z',
      extra: true,
    });
    expect(answer.status).toBe(400);
    const { errors } = await bodyOf<{ errors: { pointer: string }[] }>(answer);
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual([
      '/description',
      '/extra',
      '/purpose',
      '/validFrom',
    ]);
    expect(await bodyOf(clients.get('auditor')!.get('events?limit=0'))).toMatchObject({
      code: 'invalid-input',
      errors: [{ pointer: '/limit' }],
    });
  });

  it.each([
    ['another origin', { origin: 'https://evil.contoh' }, 403],
    ['a sibling host', { 'sec-fetch-site': 'same-site' }, 403],
    ['a cross-site page', { 'sec-fetch-site': 'cross-site' }, 403],
    ['an opaque origin', { origin: 'null' }, 403],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 400],
    ['plain text', { 'content-type': 'text/plain' }, 400],
    ['our own page', { origin: 'http://palang.contoh', 'sec-fetch-site': 'same-origin' }, 401],
  ])('SH5: a write from %s', async (_name, headers, status) => {
    const answer = await server.app.request(`http://palang.contoh${API_BASE}/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ username: 'technician', password: 'not the password' }),
    });
    expect(answer.status).toBe(status);
  });

  it('SH6: a large body is refused, whether its length is told or not', async () => {
    const large = JSON.stringify({ username: 'x', password: 'y'.repeat(70_000) });
    expect((await server.client().post('session', large)).status).toBe(413);
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(10_000).fill(0x20)),
    });
    const endless = await server.app.request(`http://palang.contoh${API_BASE}/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: stream,
      duplex: 'half',
    } as RequestInit);
    expect(endless.status).toBe(413);
    expect((await bodyOf(endless))['code']).toBe('body-too-large');
  });

  it.each(['/api/v1/healthz', '/api/v1/nothing', '/', '/api/docs'])(
    'SH7: %s has the security headers',
    async (path) => {
      const { headers } = await server.client().get(path);
      expect(headers.get('content-security-policy')).toContain("default-src 'self'");
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('strict-transport-security')).toBeNull();
      expect(headers.get('cache-control')).toBe(path.startsWith('/api/') ? 'no-store' : null);
    },
  );

  it('SH8: no GET changes what people see', async () => {
    const visitor = await openVisitor(server, 'pemohon');
    const { id } = await bodyOf<{ id: string }>(visitor.client.post('requests', wish(server)));
    const supervisor = clients.get('supervisor')!;
    const before = await bodyOf(supervisor.get(`requests/${id}`));
    for (const step of ['submit', 'approve', 'reject', 'withdraw', 'revoke']) {
      expect((await supervisor.get(`requests/${id}/${step}`)).status).toBe(404);
    }
    for (const route of Object.keys(MATRIX).filter(
      (name) => name.startsWith('GET ') && !/stream/.test(name),
    )) {
      await supervisor.get(pathFor(route));
    }
    expect(await bodyOf(supervisor.get(`requests/${id}`))).toEqual(before);
  });

  it('SH15: nothing that was sent or stored of a person is in the log', () => {
    const text = JSON.stringify(server.logged);
    expect(server.logged.length).toBeGreaterThan(50);
    for (const secret of [
      PASSWORD,
      'Orang technician',
      'palang_session',
      ...[...clients.values()].map((c) => c.cookie),
    ]) {
      expect(text).not.toContain(secret);
    }
    expect(text).toContain('/api/v1/requests/:id');
  });
});

describe('sessions', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await openTestServer({ publicUrl: new URL('https://palang.contoh') });
    await server.person('teknisi', ['technician']);
  });
  afterAll(() => server.close());

  const signIn = (username: string, password: string) =>
    server.client().post('session', { username, password });

  it('SU9: the cookie is out of reach of scripts, other sites and plain HTTP', async () => {
    const answer = await signIn('teknisi', PASSWORD);
    const cookie = answer.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^palang_session=[A-Za-z0-9_-]{43};/);
    for (const part of ['HttpOnly', 'Secure', 'SameSite=Strict', 'Path=/']) expect(cookie).toContain(part);
    expect(await bodyOf(answer)).toMatchObject({
      username: 'teknisi',
      roles: ['technician'],
      site: { id: 'pemda-contoh', timeZone: 'Asia/Jakarta' },
      isDemo: false,
    });
  });

  it('SU9: signing out, age, and the end of a person’s rights end a session at once', async () => {
    const first = await server.signIn('teknisi');
    const second = await server.signIn('teknisi');
    expect((await first.send('DELETE', 'session')).status).toBe(200);
    expect((await first.get('me')).status).toBe(401);
    expect((await second.get('me')).status).toBe(200);

    const again = await second.post('session', { username: 'teknisi', password: PASSWORD });
    expect((await second.get('me')).status).toBe(401);
    const renewed = server.client(again.headers.get('set-cookie')?.split(';')[0] ?? '');

    server.clock.advance(12 * HOUR - 1);
    expect((await renewed.get('me')).status).toBe(200);
    server.clock.advance(1);
    expect((await renewed.get('me')).status).toBe(401);

    const third = await server.signIn('teknisi');
    const { id } = await bodyOf<{ id: string }>(third.get('me'));
    await setPersonActive(server.site.db, id, false);
    expect((await third.get('me')).status).toBe(401);
    expect((await signIn('teknisi', PASSWORD)).status).toBe(401);
    await setPersonActive(server.site.db, id, true);
    expect((await third.get('me')).status).toBe(401);

    // Whoever else ends somebody's rights in the database need not know of sessions.
    const fourth = await server.signIn('teknisi');
    await server.site.db.updateTable('people').set({ is_active: 0 }).where('id', '=', id).execute();
    expect((await fourth.get('me')).status).toBe(401);
  });

  it('SU10: a wrong name, a wrong password and somebody without a password are answered alike', async () => {
    const answers = [await signIn('teknisi', 'salah-sekali'), await signIn('tidak-ada', PASSWORD)];
    for (const answer of answers) expect(answer.status).toBe(401);
    const [a, b] = await Promise.all(answers.map((answer) => bodyOf(answer)));
    expect({ ...a, requestId: '' }).toEqual({ ...b, requestId: '' });
  });

  it('SU5: after five failures tries are slowed down, and the right password does not help meanwhile', async () => {
    await server.person('korban', ['technician']);
    const codes: number[] = [];
    for (let n = 0; n < 7; n++) codes.push((await signIn('korban', 'salah-sekali')).status);
    expect(codes).toEqual([401, 401, 401, 401, 401, 429, 429]);
    const blocked = await signIn('korban', PASSWORD);
    expect(blocked.status).toBe(429);
    expect(Number(blocked.headers.get('retry-after'))).toBe(1);
    server.clock.advance(1000);
    expect((await signIn('korban', PASSWORD)).status).toBe(200);
  });
});

describe('web app and demonstration', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await openTestServer();
  });
  afterAll(() => server.close());

  const withWeb = (): ReturnType<typeof createApp> => {
    const dir = join(server.dir, 'web');
    mkdirSync(join(dir, 'assets'), { recursive: true });
    writeFileSync(join(dir, 'index.html'), '<!doctype html><title>Palang</title>');
    writeFileSync(join(dir, 'assets', 'app-1a2b.js'), `${'// '.repeat(600)}\n`);
    return createApp({ ...server.ports, webFiles: loadWebFiles(dir) });
  };

  it('SH9: pages of the app get its first page, hashed files stay for ever', async () => {
    const app = withWeb();
    const page = await app.request('/permohonan/rq_1');
    expect(await page.text()).toContain('<title>Palang</title>');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    const etag = page.headers.get('etag') ?? '';
    const again = await app.request('/', { headers: { 'if-none-match': etag } });
    expect(again.status).toBe(304);
    const script = await app.request('/assets/app-1a2b.js', { headers: { 'accept-encoding': 'br, gzip' } });
    expect(script.headers.get('cache-control')).toContain('immutable');
    expect(script.headers.get('content-encoding')).toBe('gzip');
    expect(script.headers.get('content-type')).toContain('text/javascript');
  });

  it('SH9: nothing else is given out', async () => {
    const app = withWeb();
    for (const path of [
      '/../server.db',
      '/%2e%2e/server.db',
      '/assets/../../keys/log-1.pem',
      '/assets/none.js',
    ]) {
      expect((await app.request(path)).status).toBe(404);
    }
    expect((await app.request('/api/v1/none')).headers.get('content-type')).toBe('application/problem+json');
    expect((await server.client().get('/')).status).toBe(404);
  });

  it('SH14: outside of the demonstration its routes are not there', async () => {
    expect((await server.client().get('demo')).status).toBe(404);
    expect((await server.client().post('demo/door/push')).status).toBe(404);
  });

  it('SH24: who was forced to enter sees no trace of the alert, whatever their role; those who watch do', async () => {
    const site = await openTestServer();
    const gateway = await enrolFakeGateway(site, await site.signIn('admin', ['administrator']));
    const auditor = await site.signIn('auditor', ['auditor']);
    const forced = await site.person('terpaksa', ['supervisor']);
    const own = await site.signIn('terpaksa');
    const technician = await site.person('terpaksa2', ['technician']);
    const plain = await site.signIn('terpaksa2');
    for (const { id } of [forced, technician]) {
      gateway.append({
        ty: 'access.granted',
        door: DOOR,
        dir: 'in',
        x: { checked: [] },
        personal: { sub: id },
      });
      gateway.append({ ty: 'access.duress', door: DOOR, x: {}, personal: { sub: id } });
    }
    expect((await gateway.upload(gateway.batch(0))).status).toBe(200);
    const typesFor = async (client: TestClient): Promise<readonly string[]> =>
      (await bodyOf<{ items: { type: string }[] }>(client.get('events?limit=100'))).items.map(
        ({ type }) => type,
      );
    expect((await typesFor(own)).filter((type) => type === 'access.duress')).toHaveLength(1);
    expect(await typesFor(plain)).not.toContain('access.duress');
    expect(await typesFor(plain)).toContain('access.granted');
    const all = await bodyOf<{ items: { id: string; type: string }[] }>(
      auditor.get('events?type=access.duress'),
    );
    expect(all.items).toHaveLength(2);
    const statuses = await Promise.all(
      all.items.map(async ({ id }) => [
        (await own.get(`events/${id}`)).status,
        (await plain.get(`events/${id}`)).status,
      ]),
    );
    expect(new Set(statuses.map(([supervisor]) => supervisor))).toEqual(new Set([200, 404]));
    expect(statuses.map(([, other]) => other)).toEqual([404, 404]);
    await site.close();
  });
});
