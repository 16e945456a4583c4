import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { API_BASE, type JournalUpload, type Person, type RoleName } from '#contract/api';
import { encodeBase64Url, utf8 } from '#contract/bytes';
import { signCheckpoint } from '#contract/checkpoint';
import { asEpochMs, asMonoMs, type Clock, type Random } from '#contract/clock';
import { commitTo, type Opening } from '#contract/commitment';
import type { EventType } from '#contract/event';
import { leafHash, rootOfLeaves } from '#contract/merkle';
import type { PolicySnapshot } from '#contract/policy';
import {
  encodeRecord,
  journalNoteKey,
  journalOrigin,
  NO_PREVIOUS_HASH,
  recordHash,
  type CommittedField,
  type JournalRecord,
} from '#contract/record';
import { encodeSignatureHeaders, signatureBase } from '#contract/request-signature';
import { createNonceMemory } from '../../server/auth/gateway-request.ts';
import { createPasswordCheck, hashPassword } from '../../server/auth/passwords.ts';
import { createSignInThrottle } from '../../server/auth/sign-in-throttle.ts';
import { createApp } from '../../server/http/app.ts';
import type { AppPorts } from '../../server/http/app-env.ts';
import { createMetrics } from '../../server/http/metrics.ts';
import { loadWebFiles } from '../../server/http/web-files.ts';
import { enrolCard } from '../../server/procedure/cards.ts';
import { openSite } from '../../server/procedure/open-site.ts';
import type { Log, Site } from '../../server/procedure/site.ts';
import {
  hmacSha256,
  privateKeyOf,
  publicBytesOf,
  sha256,
  signerOf,
} from '../../server/signing/node-crypto.ts';
import { insertPerson } from '../../server/store/people.ts';
import { readCardText } from '../../deploy/cli/card-readings.ts';
import { createPostgresDatabase, DATABASE_KIND, isPostgresMissing, type TestDatabase } from './postgres.ts';

export const SITE_ID = 'pemda-contoh';
export const DOOR = 'ruang-server';
export const GATEWAY = 'gw-ruang-server';
export const PASSWORD = 'kata-sandi-contoh';
/** 12 March 2026, 14.00 in Jakarta. */
export const START = Date.parse('2026-03-12T07:00:00.000Z');

const HOUR = 3_600_000;

/** A clock that moves when told to. */
export interface FakeClock extends Clock {
  advance(ms: number): void;
  /** How many wait for it now. */
  sleepers(): number;
}

export function createFakeClock(startMs: number): FakeClock {
  let elapsed = 0;
  const sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();
  return {
    epochMs: () => asEpochMs(startMs + elapsed),
    monoMs: () => asMonoMs(elapsed),
    trust: () => 2,
    interval: () => ({ lo: asEpochMs(startMs + elapsed), hi: startMs + elapsed }),
    sleepUntil: (at, signal) =>
      new Promise((resolve) => {
        if (at <= elapsed || signal?.aborted === true) {
          resolve();
          return;
        }
        const sleeper = { at, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', () => {
          sleepers.delete(sleeper);
          resolve();
        });
      }),
    sleepers: () => sleepers.size,
    advance: (ms) => {
      elapsed += ms;
      for (const sleeper of sleepers) {
        if (sleeper.at > elapsed) continue;
        sleepers.delete(sleeper);
        sleeper.wake();
      }
    },
  };
}

/** Random bytes that are the same in every run. */
export function createFakeRandom(seed: string): Random {
  let counter = 0;
  return {
    bytes: (count) => {
      const bytes = new Uint8Array(count);
      for (let at = 0; at < count; at += 32) {
        counter += 1;
        bytes.set(sha256(utf8(`${seed}/${counter}`)).subarray(0, Math.min(32, count - at)), at);
      }
      return bytes;
    },
  };
}

/** A client with a session of its own. */
export interface TestClient {
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  post(path: string, body?: unknown): Promise<Response>;
  send(method: string, path: string, body?: unknown): Promise<Response>;
  readonly cookie: string;
}

export interface TestServer {
  readonly app: ReturnType<typeof createApp>;
  readonly ports: AppPorts;
  readonly site: Site;
  readonly clock: FakeClock;
  readonly random: Random;
  readonly dir: string;
  readonly databaseUrl: string;
  readonly logged: readonly { readonly level: string; readonly facts: unknown; readonly words: string }[];
  person(username: string, roles: readonly RoleName[]): Promise<Person>;
  /** Enters somebody with this one role, under its name, and signs them in. */
  signIn(username: string, roles?: readonly RoleName[]): Promise<TestClient>;
  client(cookie?: string): TestClient;
  close(): Promise<void>;
}

/** A database for one test server: a file in its folder, or a copy of the template on the server of this run. */
const createDatabase = async (dir: string): Promise<TestDatabase> =>
  DATABASE_KIND === 'postgres' && !(await isPostgresMissing())
    ? createPostgresDatabase()
    : { url: `sqlite:${join(dir, 'server.db')}`, drop: () => Promise.resolve() };

let sharedHash: Promise<string> | undefined;
let sharedCheck: ReturnType<typeof createPasswordCheck> | undefined;

export async function openTestServer(overrides: Partial<AppPorts> = {}): Promise<TestServer> {
  const dir = mkdtempSync(join(tmpdir(), 'palang-server-'));
  const clock = createFakeClock(START);
  const random = createFakeRandom(dir);
  const logged: { level: string; facts: unknown; words: string }[] = [];
  const keep =
    (level: string) =>
    (facts: Readonly<Record<string, unknown>>, words: string): void => {
      logged.push({ level, facts, words });
    };
  const log: Log = { info: keep('info'), warn: keep('warn'), error: keep('error') };
  const database = await createDatabase(dir);
  const site = await openSite({
    id: SITE_ID,
    timeZone: 'Asia/Jakarta',
    databaseUrl: database.url,
    keysDir: join(dir, 'keys'),
    clock,
    random,
    log,
  });
  const closing = new AbortController();
  const ports: AppPorts = {
    site,
    siteName: 'Pemda Contoh',
    locale: 'id',
    agency: {
      government: 'Pemerintah Kota Contoh',
      office: 'Dinas Komunikasi Contoh',
      address: 'Jalan Contoh 1',
    },
    publicUrl: new URL('http://palang.contoh'),
    version: '0.0.0-test',
    passwords: await (sharedCheck ??= createPasswordCheck('nobody')),
    throttle: createSignInThrottle(),
    nonces: createNonceMemory(),
    // As long as a session lives: other suites let hours go by.
    sessionIdleMs: 12 * HOUR,
    settings: [{ name: 'timeZone', value: 'Asia/Jakarta' }],
    cardReadings: readCardText,
    sso: null,
    metrics: createMetrics({ hasProcessFigures: false }),
    webFiles: loadWebFiles(join(dir, 'web')),
    demo: null,
    remoteAddress: () => '192.0.2.7',
    closing: closing.signal,
    ...overrides,
  };
  const app = createApp(ports);
  const hash = await (sharedHash ??= hashPassword(PASSWORD));

  const client = (cookie = ''): TestClient => {
    const send = async (method: string, path: string, body?: unknown): Promise<Response> =>
      app.request(`http://palang.contoh${path.startsWith('/') ? path : `${API_BASE}/${path}`}`, {
        method,
        headers: {
          cookie,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
    return {
      cookie,
      get: async (path, headers = {}) =>
        app.request(`http://palang.contoh${path.startsWith('/') ? path : `${API_BASE}/${path}`}`, {
          headers: { cookie, ...headers },
        }),
      post: (path, body = {}) => send('POST', path, body),
      send,
    };
  };

  const person = async (username: string, roles: readonly RoleName[]): Promise<Person> => {
    const id = `s_${encodeBase64Url(random.bytes(16))}`;
    const name = `Orang ${username}`;
    const organisation = 'Dinas Contoh';
    await insertPerson(site.db, {
      id,
      name,
      organisation,
      username,
      passwordHash: hash,
      roles,
      createdAt: clock.epochMs(),
    });
    return { id, name, username, organisation, roles: [...roles], isActive: true };
  };

  const signIn = async (username: string, roles?: readonly RoleName[]): Promise<TestClient> => {
    if (roles !== undefined) await person(username, roles);
    const answer = await client().post('session', { username, password: PASSWORD });
    if (answer.status !== 200) throw new Error(`sign-in answered ${answer.status}`);
    return client(answer.headers.get('set-cookie')?.split(';')[0] ?? '');
  };

  return {
    app,
    ports,
    site,
    clock,
    random,
    dir,
    databaseUrl: database.url,
    logged,
    person,
    signIn,
    client,
    close: async () => {
      closing.abort();
      await site.db.destroy();
      await database.drop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export interface Visitor {
  readonly client: TestClient;
  readonly person: Person;
  readonly handle: string;
}

let nextCard = 0;

/** Enters a technician with a card, signed in. */
export async function openVisitor(
  server: TestServer,
  username = 'teknisi',
  roles: readonly RoleName[] = ['technician'],
): Promise<Visitor> {
  const client = await server.signIn(username, roles);
  const person = (await (await client.get('me')).json()) as Person;
  nextCard += 1;
  const card = `em:${nextCard.toString(16).toUpperCase().padStart(10, '1')}`;
  const credential = await enrolCard(server.site, { personId: person.id, card });
  if (!credential.ok) throw new Error(credential.error.code);
  const row = await server.site.db
    .selectFrom('credentials')
    .select('handle')
    .where('id', '=', credential.value.id)
    .executeTakeFirstOrThrow();
  return { client, person, handle: row.handle };
}

/** A visit of two hours that starts now. */
export const wish = (server: TestServer, changes: Readonly<Record<string, unknown>> = {}) => ({
  purpose: 'NET-FW',
  description: 'Pembaruan firmware switch inti',
  doorId: DOOR,
  validFrom: new Date(server.clock.epochMs()).toISOString(),
  validUntil: new Date(server.clock.epochMs() + 2 * HOUR).toISOString(),
  ...changes,
});

export interface RecordFacts {
  readonly ty: EventType;
  readonly door?: string;
  readonly dir?: 'in' | 'out';
  readonly rs?: string;
  readonly pol?: number;
  readonly x?: JournalRecord['x'];
  readonly personal?: Partial<Record<CommittedField, string>>;
}

/** A gateway that keeps a journal and signs, as the real one does, in memory. */
export interface FakeGateway {
  readonly id: string;
  readonly epoch: number;
  readonly entries: readonly string[];
  readonly openings: readonly Opening[];
  append(facts: RecordFacts): number;
  /** A batch of everything from a number on. */
  batch(from: number, until?: number): JournalUpload;
  /** A checkpoint of this size over other leaves, truly signed. */
  checkpointOf(size: number, leaves: readonly Uint8Array[]): string;
  upload(batch: JournalUpload): Promise<Response>;
  head(): Promise<Response>;
  policy(have?: number): Promise<PolicySnapshot>;
  request(
    method: string,
    path: string,
    body?: string,
    changes?: {
      readonly nonce?: string;
      readonly signedBody?: string;
      /** Where it is sent, if not where it was signed for. */
      readonly sentTo?: string;
      readonly headers?: Readonly<Record<string, string>>;
    },
  ): Promise<Response>;
}

export async function enrolFakeGateway(
  server: TestServer,
  admin: TestClient,
  seed = 'gateway',
): Promise<FakeGateway> {
  const { app, clock, random } = server;
  const ticket = (await (await admin.post('gateways', { id: GATEWAY, doors: [DOOR] })).json()) as {
    readonly token: string;
  };
  const key = privateKeyOf(sha256(utf8(seed)));
  const sign = signerOf(key);
  const publicKey = publicBytesOf(key);
  const answer = await server.client().post('gateways/enrol', {
    token: ticket.token,
    publicKey: encodeBase64Url(publicKey),
    proof: encodeBase64Url(sign(utf8(`palang-enrol/v1\n${ticket.token}`))),
  });
  if (answer.status !== 200) throw new Error(`enrolment answered ${answer.status}`);
  const { epoch } = (await answer.json()) as { epoch: number };

  const entries: string[] = [];
  const openings: Opening[] = [];
  const hashes: string[] = [];

  const request: FakeGateway['request'] = async (method, path, body = '', changes = {}) => {
    const url = new URL(`http://palang.contoh${API_BASE}/${path}`);
    const signed = {
      method,
      path: url.pathname,
      query: url.search,
      body: utf8(changes.signedBody ?? body),
    };
    const parameters = {
      created: Math.floor(clock.epochMs() / 1000),
      nonce: changes.nonce ?? encodeBase64Url(random.bytes(16)),
      keyId: GATEWAY,
    };
    const signature = sign(signatureBase(sha256, signed, parameters));
    const target = changes.sentTo === undefined ? url : `http://palang.contoh${API_BASE}/${changes.sentTo}`;
    return app.request(target, {
      method,
      headers: {
        ...encodeSignatureHeaders(sha256, signed, parameters, signature),
        ...(method === 'GET' ? {} : { 'content-type': 'application/json' }),
        ...changes.headers,
      },
      ...(method === 'GET' ? {} : { body }),
    });
  };

  const gateway: FakeGateway = {
    id: GATEWAY,
    epoch,
    entries,
    openings,
    request,
    append: ({ personal = {}, x = {}, ...facts }) => {
      const sq = entries.length;
      const c: Partial<Record<CommittedField, string>> = {};
      for (const [field, value] of Object.entries(personal) as [CommittedField, string][]) {
        const salt = random.bytes(32);
        c[field] = commitTo(hmacSha256, salt, field, value);
        openings.push({ gw: GATEWAY, ep: epoch, sq, field, salt: encodeBase64Url(salt), value });
      }
      const record: JournalRecord = {
        v: 1,
        gw: GATEWAY,
        ep: epoch,
        sq,
        bt: 1,
        t: clock.epochMs(),
        tq: 3,
        mo: clock.monoMs(),
        ph: hashes.at(-1) ?? NO_PREVIOUS_HASH,
        x,
        ...facts,
        ...(Object.keys(c).length > 0 ? { c } : {}),
      };
      const bytes = encodeRecord(record);
      entries.push(new TextDecoder().decode(bytes));
      hashes.push(recordHash(sha256, bytes));
      return sq;
    },
    batch: (from, until = entries.length) => {
      const leaves = entries.slice(0, until).map((text) => leafHash(sha256, utf8(text)));
      return {
        gen: hashes[0] ?? NO_PREVIOUS_HASH,
        from,
        prev: from === 0 ? NO_PREVIOUS_HASH : (hashes[from - 1] ?? ''),
        entries: entries.slice(from, until),
        openings: openings.filter(({ sq }) => sq >= from && sq < until),
        checkpoint: gateway.checkpointOf(until, leaves),
      };
    },
    checkpointOf: (size, leaves) =>
      signCheckpoint(
        sha256,
        { origin: journalOrigin(SITE_ID, GATEWAY, epoch), size, root: rootOfLeaves(sha256, leaves) },
        { ...journalNoteKey(SITE_ID, GATEWAY, epoch, publicKey), sign },
      ),
    upload: (batch) => request('POST', `gateway/journal/${epoch}`, JSON.stringify(batch)),
    head: () => request('GET', `gateway/journal/${epoch}`),
    policy: async (have = 0) => {
      const nonce = encodeBase64Url(random.bytes(16));
      const snapshot = await request('GET', `gateway/policy?have=${have}&nonce=${nonce}`);
      if (snapshot.status !== 200) throw new Error(`policy answered ${snapshot.status}`);
      return (await snapshot.json()) as PolicySnapshot;
    },
  };
  gateway.append({
    ty: 'epoch.opened',
    x: { nonce: encodeBase64Url(random.bytes(16)), key: encodeBase64Url(publicKey), why: 'enrolled' },
  });
  return gateway;
}

/** Lets somebody in at the door, as the door journals it, who then goes in. */
export function appendEntry(gateway: FakeGateway, personal: NonNullable<RecordFacts['personal']>): void {
  const of = gateway.append({ ty: 'access.granted', door: DOOR, dir: 'in', x: { checked: [] }, personal });
  const { sub } = personal;
  gateway.append({
    ty: 'access.outcome',
    door: DOOR,
    rs: 'entered',
    x: { of },
    ...(sub === undefined ? {} : { personal: { sub } }),
  });
}

/** Reads the claims of a signed document without looking at the signature. */
export const claimsOf = (jws: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;

/** Reads the body of an answer. */
export const bodyOf = async <T = Record<string, unknown>>(answer: Response | Promise<Response>): Promise<T> =>
  (await (await answer).json()) as T;
