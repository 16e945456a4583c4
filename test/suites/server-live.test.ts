import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { asEpochMs, asMonoMs, type Clock } from '#contract/clock';
import type { Demo } from '#contract/api';
import { addUser, openServer, type RunningServer } from '../../server/main.ts';
import { openDemo } from '../../server/procedure/demo-seed.ts';
import { decodeSettings, describeSettings } from '../../server/settings.ts';
import {
  bodyOf,
  createFakeRandom,
  enrolFakeGateway,
  openTestServer,
  openVisitor,
  wish,
  type TestClient,
  type TestServer,
} from './server-harness.ts';

/** Reads a stream frame by frame. */
function framesOf(answer: Response) {
  const reader = answer.body!.getReader();
  const decoder = new TextDecoder();
  let held = '';
  return {
    next: async (): Promise<string | null> => {
      while (!held.includes('\n\n')) {
        const { done, value } = await reader.read();
        if (done) return null;
        held += decoder.decode(value, { stream: true });
      }
      const end = held.indexOf('\n\n');
      const frame = held.slice(0, end);
      held = held.slice(end + 2);
      return frame;
    },
    cancel: () => reader.cancel(),
  };
}

describe('streams', () => {
  let server: TestServer;
  let supervisor: TestClient;

  beforeEach(async () => {
    server = await openTestServer();
    supervisor = await server.signIn('atasan', ['supervisor']);
  });
  afterEach(() => server.close());

  const field = (frame: string | null, name: string): string =>
    frame
      ?.split('\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2) ?? '';

  it('SD11, SA28: a supervisor hears of a request at once, another technician does not', async () => {
    const visitor = await openVisitor(server);
    const other = await openVisitor(server, 'teknisi2');
    const stream = framesOf(await supervisor.get('stream'));
    const others = framesOf(await other.client.get('stream'));
    expect(await stream.next()).toBe('retry: 3000');
    expect(await others.next()).toBe('retry: 3000');
    const { id } = await bodyOf<{ id: string }>(visitor.client.post('requests', wish(server)));
    const frame = await stream.next();
    expect(field(frame, 'event')).toBe('request');
    expect(JSON.parse(field(frame, 'data'))).toEqual({ kind: 'request', requestId: id, state: 'submitted' });
    const own = await bodyOf<{ id: string }>(other.client.post('requests', wish(server)));
    expect(JSON.parse(field(await others.next(), 'data'))).toMatchObject({ requestId: own.id });
    await stream.cancel();
    await others.cancel();
  });

  it('SH10: a quiet stream is kept open by a comment every 20 seconds', async () => {
    const stream = framesOf(await supervisor.get('stream'));
    await stream.next();
    const waiting = stream.next();
    // Time moves once the stream has reached its wait.
    await expect.poll(() => server.clock.sleepers()).toBeGreaterThan(0);
    server.clock.advance(20_000);
    expect(await waiting).toBe(': still here');
    await stream.cancel();
  });

  it('SH10: a stream ends with its session, before anything more is told', async () => {
    const visitor = await openVisitor(server);
    const stream = framesOf(await supervisor.get('stream'));
    await stream.next();
    const waiting = stream.next();
    await supervisor.send('DELETE', 'session');
    await visitor.client.post('requests', wish(server));
    expect(await waiting).toBeNull();
  });

  it('SH10: a stream ends when the server closes', async () => {
    const closing = new AbortController();
    const other = await openTestServer({ closing: closing.signal });
    const stream = framesOf(await (await other.signIn('atasan', ['supervisor'])).get('stream'));
    await stream.next();
    const waiting = stream.next();
    closing.abort();
    expect(await waiting).toBeNull();
    await other.close();
  });

  it('SH11: one who comes back gets what it missed, and is told where that is not possible', async () => {
    const visitor = await openVisitor(server);
    const first = framesOf(await supervisor.get('stream'));
    await first.next();
    await visitor.client.post('requests', wish(server));
    const id = field(await first.next(), 'id');
    await first.cancel();
    const missed = await bodyOf<{ id: string }>(visitor.client.post('requests', wish(server)));
    const back = framesOf(await supervisor.get('stream', { 'last-event-id': id }));
    await back.next();
    expect(JSON.parse(field(await back.next(), 'data'))).toMatchObject({ requestId: missed.id });
    await back.cancel();
    const restarted = framesOf(await supervisor.get('stream', { 'last-event-id': `b_other.3` }));
    await restarted.next();
    expect(field(await restarted.next(), 'event')).toBe('missed');
    await restarted.cancel();
  });

  it('SH11: a listener that never reads costs the same whatever happens', async () => {
    const answer = await supervisor.get('stream');
    const visitor = await openVisitor(server);
    for (let n = 0; n < 600; n++) {
      server.site.live.publish({
        message: { kind: 'request', requestId: visitor.person.id, state: 'submitted' },
        audience: { kind: 'everybody' },
      });
    }
    const stream = framesOf(answer);
    await stream.next();
    expect(field(await stream.next(), 'event')).toBe('missed');
    let frames = 0;
    while (field(await stream.next(), 'event') === 'request' && frames < 499) frames += 1;
    expect(frames).toBe(499);
    await stream.cancel();
  });

  it('SU4: a gateway is woken when the policy changes, and no more once its key is replaced', async () => {
    const admin = await server.signIn('admin', ['administrator']);
    const gateway = await enrolFakeGateway(server, admin);
    const stream = framesOf(await gateway.request('GET', 'gateway/wake'));
    await stream.next();
    await openVisitor(server);
    const frame = await stream.next();
    expect(field(frame, 'event')).toBe('policy');
    expect(JSON.parse(field(frame, 'data') ?? '')).toEqual({ v: 2, denies: [] });
    const waiting = stream.next();
    await enrolFakeGateway(server, admin, 'next key');
    await openVisitor(server, 'teknisi2');
    expect(await waiting).toBeNull();
  });
});

const realClock: Clock = {
  epochMs: () => asEpochMs(Date.now()),
  monoMs: () => asMonoMs(performance.now()),
  trust: () => 2,
  interval: () => ({ lo: asEpochMs(Date.now()), hi: Date.now() }),
  sleepUntil: (at, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, at - performance.now()));
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    }),
};

describe('a server that runs', () => {
  let home: string;
  let door: ReturnType<typeof createServer>;
  let running: RunningServer;
  const received: string[] = [];
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

  const open = (random = 'run'): Promise<RunningServer> => {
    const { port } = door.address() as AddressInfo;
    const settings = decodeSettings({
      PALANG_HOME: home,
      PORT: '0',
      PALANG_DEMO: '1',
      PALANG_DEMO_DOOR_URL: `http://127.0.0.1:${port}`,
    });
    if (!settings.ok) throw new Error(settings.error.join());
    return openServer({
      settings: settings.value,
      clock: realClock,
      random: createFakeRandom(random),
      log: silent,
      version: '0.0.0-test',
    });
  };

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'palang-home-'));
    door = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        received.push(`${request.method} ${request.url} ${body}`);
        if (request.url === '/events') {
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          response.write('data: {"leaf":"closed"}\n\n');
        } else {
          response.writeHead(200, { 'content-type': 'application/json' });
          response.end('{"lock":"secured"}');
        }
      });
    });
    await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
    running = await open();
  });
  afterAll(async () => {
    await running.close();
    door.closeAllConnections();
    await new Promise((resolve) => door.close(resolve));
    rmSync(home, { recursive: true, force: true });
  });

  const demo = async (): Promise<Demo> => bodyOf<Demo>(fetch(`${running.url}/api/v1/demo`));
  const signIn = async (username: string): Promise<string> => {
    const { accounts } = await demo();
    const password = accounts.find((account) => account.username === username)?.password;
    const answer = await fetch(`${running.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: running.url },
      body: JSON.stringify({ username, password }),
    });
    expect(answer.status).toBe(200);
    return answer.headers.get('set-cookie')?.split(';')[0] ?? '';
  };

  it('SH14: the demonstration has an account for each role, cards, and passwords of its own', async () => {
    const { accounts, cards } = await demo();
    expect(accounts.map(({ username, role }) => `${username} ${role}`)).toEqual([
      'teknisi technician',
      'teknisi2 technician',
      'atasan supervisor',
      'petugas officer',
      'auditor auditor',
      'admin administrator',
      'pdp privacy-officer',
    ]);
    expect(new Set(accounts.map(({ password }) => password)).size).toBe(7);
    expect(cards.map(({ card }) => card)).toEqual(['em:6F007B3972', 'em:6F007B4A11', 'em:2A00C0FFEE']);
    const cookie = await signIn('teknisi');
    const answer = await fetch(`${running.url}/api/v1/requests`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie },
      body: JSON.stringify({
        purpose: 'NET-MON',
        description: 'Inspeksi rutin',
        doorId: 'ruang-server',
        validFrom: new Date().toISOString(),
        validUntil: new Date(Date.now() + 3_600_000).toISOString(),
      }),
    });
    expect(answer.status).toBe(201);
    expect(statSync(join(home, 'demo-accounts.json')).mode & 0o077).toBe(0);
  });

  it('SH14: the simulated door is reached through the server, its stream too', async () => {
    const pushed = await fetch(`${running.url}/api/v1/demo/door/card`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"reader":"entry","card":"6F007B3972"}',
    });
    expect(await pushed.json()).toEqual({ lock: 'secured' });
    expect(received).toContain('POST /card {"reader":"entry","card":"6F007B3972"}');
    const stream = framesOf(await fetch(`${running.url}/api/v1/demo/door/events`));
    expect(await stream.next()).toBe('data: {"leaf":"closed"}');
    await stream.cancel();
    const outside = await fetch(`${running.url}/api/v1/demo/door/..%2Fx`);
    expect(outside.status).toBe(400);
  });

  it('SH17: it closes with streams open, and a restart finds everything as it was', async () => {
    const before = await demo();
    const cookie = await signIn('atasan');
    const stream = framesOf(await fetch(`${running.url}/api/v1/stream`, { headers: { cookie } }));
    expect(await stream.next()).toBe('retry: 3000');
    await running.close();
    expect(await stream.next()).toBeNull();
    running = await open('another run');
    expect(await demo()).toEqual(before);
    const me = await fetch(`${running.url}/api/v1/me`, { headers: { cookie } });
    expect(me.status).toBe(200);
    expect((await fetch(`${running.url}/readyz`)).status).toBe(200);
  });

  it('SH14: a database with people in it is not turned into a demonstration', async () => {
    const server = await openTestServer();
    await server.person('siapa', ['auditor']);
    await expect(openDemo(server.site, join(server.dir, 'accounts.json'))).rejects.toThrow(
      'database-is-not-a-demonstration',
    );
    await server.close();
  });

  it('SH14: a demonstration whose first start broke off is completed, with the same passwords', async () => {
    const server = await openTestServer();
    const file = join(server.dir, 'accounts.json');
    const first = await openDemo(server.site, file);
    await server.site.db.deleteFrom('credentials').execute();
    await server.site.db.deleteFrom('person_roles').execute();
    await server.site.db.deleteFrom('people').where('username', '<>', 'teknisi').execute();
    expect(await openDemo(server.site, file)).toEqual(first);
    const names = await server.site.db.selectFrom('people').select('username').orderBy('username').execute();
    expect(names.map(({ username }) => username)).toEqual([
      'admin',
      'atasan',
      'auditor',
      'pdp',
      'petugas',
      'teknisi',
      'teknisi2',
    ]);
    const cards = await server.site.db.selectFrom('credentials').select('last_four').execute();
    expect(cards.map((card) => card.last_four).sort((a, b) => a.localeCompare(b))).toEqual(['3972', '4A11']);
    await server.close();
  });

  it('SH17: a port that is taken is said, and nothing is left open', async () => {
    const settings = decodeSettings({ PALANG_HOME: join(home, 'second'), PORT: new URL(running.url).port });
    if (!settings.ok) throw new Error(settings.error.join());
    const options = {
      settings: settings.value,
      clock: realClock,
      random: createFakeRandom('x'),
      log: silent,
    };
    await expect(openServer({ ...options, version: '0' })).rejects.toThrow('cannot-listen');
  });

  it('SH17: the first administrator is entered beside the server', async () => {
    const settings = decodeSettings({ PALANG_HOME: join(home, 'third'), PORT: '0' });
    if (!settings.ok) throw new Error(settings.error.join());
    const options = {
      settings: settings.value,
      clock: realClock,
      random: createFakeRandom('y'),
      log: silent,
    };
    const user = {
      username: 'kepala',
      password: 'kata-sandi-kepala',
      name: 'Kepala Contoh',
      organisation: 'Dinas',
      roles: ['administrator' as const],
    };
    expect(await addUser(options, user)).toMatch(/^s_/);
    await expect(addUser({ ...options, random: createFakeRandom('z') }, user)).rejects.toThrow('name-taken');
    const server = await openServer({ ...options, version: '0' });
    const answer = await fetch(`${server.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'kepala', password: 'kata-sandi-kepala' }),
    });
    expect(await bodyOf(answer)).toMatchObject({ roles: ['administrator'], isDemo: false });
    await server.close();
  });

  it('SS5: the demonstration’s passwords are in its own file only', () => {
    const accounts = JSON.parse(readFileSync(join(home, 'demo-accounts.json'), 'utf8')) as Demo;
    const database = readFileSync(join(home, 'server.db'), 'latin1');
    for (const { password } of accounts.accounts) expect(database).not.toContain(password);
  });
});

describe('settings', () => {
  it('SH16: everything has a default', () => {
    expect(decodeSettings({ PALANG_HOME: '/srv/palang' })).toEqual({
      ok: true,
      value: {
        siteId: 'palang-demo',
        siteName: 'Palang Pintu',
        timeZone: 'Asia/Jakarta',
        locale: 'id',
        databaseUrl: 'sqlite:/srv/palang/server.db',
        keysDir: '/srv/palang/keys',
        host: '127.0.0.1',
        port: 8080,
        publicUrl: null,
        tls: null,
        webDir: join(process.cwd(), 'dist/web'),
        agency: { government: 'Palang Pintu', office: 'Pengelola Pusat Data', address: '' },
        sessionIdleMs: 7_200_000,
        sso: null,
        webhook: null,
        mail: null,
        demo: null,
        witnessUrls: [],
      },
    });
  });

  it.each([
    [{ PORT: '70000' }, 'PORT'],
    [{ PORT: 'http' }, 'PORT'],
    [{ PALANG_TIME_ZONE: 'Asia/Jakartaa' }, 'PALANG_TIME_ZONE'],
    [{ PALANG_LOCALE: 'fr' }, 'PALANG_LOCALE'],
    [{ PALANG_SITE: 'Not An Id' }, 'PALANG_SITE'],
    [{ PALANG_PUBLIC_URL: 'ftp://x' }, 'PALANG_PUBLIC_URL'],
    [{ PALANG_DATABASE_URL: 'mysql://user:secret@db/x' }, 'PALANG_DATABASE_URL'],
    [{ PALANG_TLS_CERT_FILE: 'cert.pem' }, 'PALANG_TLS_KEY_FILE'],
    [{ PALANG_DEMO: 'yes' }, 'PALANG_DEMO'],
  ])('SH16: %o is refused by the name of the variable', (environment, name) => {
    const settings = decodeSettings(environment);
    expect(settings.ok).toBe(false);
    const lines = settings.ok ? [] : settings.error;
    expect(lines.map((line) => line.split(':')[0])).toEqual([name]);
    expect(lines.join()).not.toContain('secret');
  });

  it('SH16: the secrets of mail and webhook are not shown, and each stands with its address', () => {
    const given = {
      PALANG_SMTP_URL: 'smtps://palang:kata-rahasia@mail.contoh.example',
      PALANG_MAIL_FROM: 'palang@contoh.example',
      PALANG_WEBHOOK_URL: 'https://chat.contoh.example/hook',
      PALANG_WEBHOOK_SECRET: 'kata-rahasia-panjang',
    };
    const settings = decodeSettings(given);
    const shown = settings.ok ? describeSettings(settings.value).join('\n') : '';
    expect(shown).toContain('chat.contoh.example');
    expect(shown).toContain('mail.contoh.example');
    expect(shown).not.toContain('kata-rahasia');
    for (const half of ['PALANG_SMTP_URL', 'PALANG_WEBHOOK_SECRET'] as const) {
      expect(decodeSettings({ [half]: given[half] }).ok).toBe(false);
    }
  });

  it('SH16: a password in an address is not shown', () => {
    const settings = decodeSettings({ PALANG_PUBLIC_URL: 'https://user:secret@palang.contoh' });
    if (!settings.ok) throw new Error(settings.error.join());
    const text = describeSettings(settings.value).join('\n');
    expect(text).toContain('publicUrl = https://user:***@palang.contoh');
    expect(text).not.toContain('secret');
  });
});
