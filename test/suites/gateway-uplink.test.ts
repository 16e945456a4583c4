import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeBase64Url } from '#contract/bytes';
import { asEpochMs, type Random } from '#contract/clock';
import { openJournal, type Journal, type NewRecord } from '../../gateway/journal/journal.ts';
import { createPolicyStore, type PolicyStore } from '../../gateway/permits/policy-store.ts';
import { openSnapshotFiles } from '../../gateway/permits/snapshot-files.ts';
import { enrolGateway } from '../../gateway/uplink/enrol.ts';
import { openEpochKeys, type EpochKeys } from '../../gateway/epoch-keys.ts';
import { runJournalUpload, type OpenEpochAction } from '../../gateway/uplink/journal-upload.ts';
import { backOffMs, createPause } from '../../gateway/uplink/pause.ts';
import type { SignedTime } from '../../gateway/clock/step-clock.ts';
import { runPolicySync, runWake } from '../../gateway/uplink/policy-sync.ts';
import { createServerClient, type ServerClient } from '../../gateway/uplink/server-client.ts';
import { decodeIdentity, decodeTrust } from '../../gateway/identity.ts';
import { createFakeServer, type FakeServer } from './gateway-server.ts';
import {
  CARD,
  DOOR,
  GATEWAY,
  ISSUER,
  SARI,
  SITE,
  START_MS,
  TestSite,
  createFakeClock,
  createSeededRandom,
  makeFolder,
  settle,
  silentLog,
  until,
} from './gateway-world.ts';

const site = new TestSite();
const cred = site.handleOf(CARD);
const CLOSED: NewRecord = { ty: 'door.closed', door: DOOR };
const GRANT: NewRecord = { ty: 'access.granted', door: DOOR, c: { sub: SARI, cred } };

let folder: ReturnType<typeof makeFolder>;
let clock: ReturnType<typeof createFakeClock>;
let random: Random;
let journal: Journal;
let server: FakeServer;
let client: ServerClient;
let stopping: AbortController;
let tasks: Promise<void>[];
let points: string[];
let keys: EpochKeys;
/** What each upload came to: null where it was stopped. */
let actions: (OpenEpochAction | null)[];

beforeEach(() => {
  folder = makeFolder();
  clock = createFakeClock();
  random = createSeededRandom('uplink');
  journal = openJournal(
    folder.path,
    { site: SITE, gateway: GATEWAY, epoch: 1, signer: site.gateway },
    { clock, random, timeFloor: () => clock.floorMs() },
  );
  journal.beginBoot('1');
  server = createFakeServer(site, () => clock.epochMs());
  client = createServerClient({
    url: 'http://server.test/',
    gateway: GATEWAY,
    signer: site.gateway,
    clock,
    random,
    fetch: server.fetch,
  });
  stopping = new AbortController();
  tasks = [];
  points = [];
  actions = [];
  keys = openEpochKeys(join(folder.path, 'keys'), GATEWAY, random);
});
afterEach(async () => {
  stopping.abort();
  await Promise.all(tasks);
  journal.close();
  folder.remove();
});

function upload(over: Journal = journal): void {
  tasks.push(
    runJournalUpload({
      journal: over,
      keys,
      client,
      clock,
      random,
      log: silentLog,
      crashPoint: (name) => points.push(name),
      signal: stopping.signal,
    }).then((action) => {
      actions.push(action);
    }),
  );
}

const entriesOf = (from = 0): readonly string[] => journal.readBatch(from)?.entries ?? [];

describe('the journal upload', () => {
  it('GU5: what is there goes up, and what comes later wakes it', async () => {
    upload();
    await settle();
    expect(server.stored).toEqual(entriesOf());
    expect(journal.acknowledgedSize()).toBe(2);
    journal.append([GRANT]);
    await settle();
    expect(server.stored).toEqual(entriesOf());
    expect(server.problems).toEqual([]);
    expect(points).toEqual(['during-upload', 'before-ack-stored', 'during-upload', 'before-ack-stored']);
  });

  it('GU5: weeks without a server end with everything there once', async () => {
    server.faults = Array.from({ length: 5000 }, () => 'request-lost' as const);
    upload();
    for (let day = 0; day < 21; day++) {
      journal.append(Array.from({ length: 60 }, () => CLOSED));
      await clock.advance(600_000);
    }
    expect(server.stored).toEqual([]);
    server.faults = [];
    await clock.advance(60_000);
    expect(server.stored).toHaveLength(2 + 21 * 60);
    expect(server.stored).toEqual([...entriesOf(0), ...entriesOf(500), ...entriesOf(1000)]);
    expect(journal.acknowledgedSize()).toBe(server.stored.length);
  });

  it('GU5: lost answers and broken servers lead to repeats and never to doubles', async () => {
    server.faults = ['answer-lost', 'server-broken', 'captive-portal', 'answer-lost', 'none', 'answer-lost'];
    upload();
    for (let turn = 0; turn < 8; turn++) {
      journal.append([GRANT]);
      await clock.advance(31_000);
    }
    expect(server.stored).toEqual(entriesOf());
    expect(server.problems).toEqual([]);
  });

  it('GU3: the pause grows from half a second to half a minute, with chance in it', async () => {
    const pauses = Array.from({ length: 12 }, (_, index) => backOffMs(index + 1, random));
    for (const [index, ms] of pauses.entries()) {
      const whole = Math.min(30_000, 500 * 2 ** index);
      expect(ms).toBeGreaterThanOrEqual(whole / 2);
      expect(ms).toBeLessThanOrEqual(whole);
    }
    expect(new Set(pauses.slice(7)).size).toBeGreaterThan(1);
    server.faults = Array.from({ length: 100 }, () => 'request-lost' as const);
    upload();
    await clock.advance(300_000);
    expect(100 - server.faults.length).toBeLessThan(30);
    expect(100 - server.faults.length).toBeGreaterThan(10);
  });

  it('GU3: new records do not hurry a server that failed', async () => {
    server.faults = ['request-lost', 'request-lost'];
    upload();
    await settle();
    for (let i = 0; i < 20; i++) {
      journal.append([CLOSED]);
      await settle();
    }
    expect(server.faults).toHaveLength(1);
  });

  it('GU1: a server that lost its last records gets them again', async () => {
    upload();
    await settle();
    journal.append([CLOSED, CLOSED, CLOSED]);
    await settle();
    server.stored.length = 1;
    journal.append([CLOSED]);
    await clock.advance(31_000);
    expect(server.stored).toEqual(entriesOf());
  });

  it('GU4, GU13: a server that holds another journal ends the upload of this epoch, and never the journal', async () => {
    upload();
    await settle();
    server.stored[1] = (server.stored[1] ?? '').replace('"boot"', '"door.closed"');
    journal.append([CLOSED]);
    await clock.advance(600_000);
    expect(actions).toEqual([{ kind: 'open-epoch', epoch: 2, size: 2, why: 'conflict' }]);
    journal.append([CLOSED]);
    expect(journal.size()).toBe(4);
    expect(journal.acknowledgedSize()).toBe(2);
    expect(keys.signerOf(2)).not.toBeNull();
  });

  it('GU12: a server that was restored from a backup is shown what it had cosigned', async () => {
    journal.append([CLOSED, CLOSED]);
    upload();
    await settle();
    server.stored.length = 2;
    journal.append([CLOSED]);
    await clock.advance(31_000);
    expect(server.stored).toEqual(entriesOf());
    const [, refused, shown] = server.uploads;
    expect(refused?.cosigned).toBeUndefined();
    expect(shown).toMatchObject({ from: 2, cosigned: server.uploads[0]?.checkpoint });
  });

  it('GU16: the number of the next epoch is fetched before it is needed, and asked for once', async () => {
    upload();
    await settle();
    expect(server.epochRequests).toHaveLength(1);
    expect(keys.spareAfter(1)).toBe(2);
    journal.append([CLOSED]);
    await clock.advance(600_000);
    expect(server.epochRequests).toHaveLength(1);
    // An answer that was lost: asked again, it is the same key, so that no number is wasted.
    const again = openEpochKeys(join(folder.path, 'other'), GATEWAY, random);
    expect(again.request(1).key).toBe(again.request(1).key);
    again.keep(7);
    expect(again.request(1).key).not.toBe(encodeBase64Url(again.signerOf(7)?.publicKey ?? new Uint8Array()));
  });

  it('GU5: a crash before the acknowledgement was noted costs a repeat of the same bytes', async () => {
    const forgetful: Journal = { ...journal, acknowledge: () => true, acknowledgedSize: () => 0 };
    upload(forgetful);
    await settle();
    stopping.abort();
    stopping = new AbortController();
    upload();
    await settle();
    expect(server.uploads).toHaveLength(2);
    expect(server.uploads[1]).toEqual(server.uploads[0]);
    expect(server.stored).toEqual(entriesOf());
    expect(journal.acknowledgedSize()).toBe(2);
  });

  it('GU6: seven days after its record an acknowledged opening is erased', async () => {
    journal.append([GRANT]);
    upload();
    await settle();
    expect(journal.readBatch(2)?.openings).toHaveLength(2);
    await clock.advance(7 * 86_400_000 + 1);
    journal.append([GRANT]);
    await settle();
    expect(journal.readBatch(2)?.openings.map(({ sq }) => sq)).toEqual([3, 3]);
    expect(server.problems).toEqual([]);
  });
});

describe('the policy sync', () => {
  const body = site.policy({
    permits: [site.permit({ cred: [cred] })],
    creds: [{ cred, sub: SARI, st: 'active' }],
  });
  let store: PolicyStore;
  let times: SignedTime[];

  beforeEach(() => {
    store = createPolicyStore({
      trust: site.trust,
      files: openSnapshotFiles(join(folder.path, 'policy')),
      journal,
      timeFloor: () => clock.floorMs(),
    });
    times = [];
    server.policy = { body, v: 1 };
  });

  function sync(): void {
    const pause = createPause(clock);
    const { signal } = stopping;
    const onTime = (time: SignedTime): void => void times.push(time);
    const onCommands = (): void => undefined;
    tasks.push(
      runPolicySync({
        policy: store,
        client,
        clock,
        random,
        log: silentLog,
        pause,
        onDate: () => undefined,
        onTime,
        onCommands,
        signal,
      }),
      runWake({
        client,
        clock,
        random,
        rest: createPause(clock),
        onPolicy: () => pause.wake(),
        onCommands,
        signal,
      }),
    );
  }

  it('GU7: orders come at the start, when the server calls, and every minute', async () => {
    sync();
    await until(() => times.length === 1);
    expect([server.asked, store.current()?.index.version]).toEqual([1, 1]);
    const second = site.policy({ v: 2, prev: store.current()?.index.mh ?? '', creds: [] });
    server.policy = { body: second, v: 2 };
    server.wake();
    await until(() => times.length === 2);
    expect([server.asked, store.current()?.index.version]).toEqual([2, 2]);
    await clock.advance(59_000);
    expect(server.asked).toBe(2);
    await clock.advance(1000);
    await until(() => times.length === 3);
    expect(server.asked).toBe(3);
    expect(store.current()?.asOf).toBe(START_MS + 60_000);
    expect(server.problems).toEqual([]);
  });

  it('GU7: signed time is taken half way through the question', async () => {
    const isPolicy = (input: unknown): boolean => input instanceof URL && input.pathname.endsWith('/policy');
    const slow: typeof globalThis.fetch = async (input, init) => {
      if (isPolicy(input)) await clock.sleepUntil((clock.monoMs() + 400) as never);
      const answer = await server.fetch(input, init);
      if (isPolicy(input)) await clock.sleepUntil((clock.monoMs() + 600) as never);
      return answer;
    };
    client = createServerClient({
      url: 'http://server.test',
      gateway: GATEWAY,
      signer: site.gateway,
      clock,
      random,
      fetch: slow,
    });
    sync();
    await clock.advance(1000);
    await until(() => times.length === 1);
    expect(times).toEqual([{ epochMs: START_MS + 400, monoMs: 500, errorMs: 500 }]);
  });

  it.each(['captive-portal', 'server-broken', 'request-lost', 'answer-lost', 'huge-answer'] as const)(
    'GU8: %s is no order, and the next try works',
    async (fault) => {
      server.faults = [fault];
      sync();
      await until(() => server.faults.length === 0);
      await settle(60);
      expect(store.current()).toBeNull();
      expect(times).toEqual([]);
      await clock.advance(2000);
      await until(() => times.length === 1);
      expect(store.current()?.index.version).toBe(1);
    },
  );

  it('GU3: a refused key waits for minutes', async () => {
    server.faults = ['key-refused'];
    sync();
    await clock.advance(299_000);
    expect(server.asked).toBe(0);
    await clock.advance(2000);
    expect(server.asked).toBe(1);
  });

  it('GU9: every request is signed and no nonce is used twice', async () => {
    sync();
    upload();
    for (let minute = 1; minute <= 3; minute++) {
      await until(() => times.length === minute);
      await clock.advance(60_000);
    }
    expect(server.problems).toEqual([]);
    expect(new Set(server.nonces).size).toBe(server.nonces.length);
    expect(server.nonces.length).toBeGreaterThan(4);
  });
});

describe('enrolment', () => {
  const TOKEN = 'token-of-the-test-0123456789';
  const answer = (changes: object = {}): object => ({
    gatewayId: GATEWAY,
    siteId: SITE,
    issuer: ISSUER,
    epoch: 3,
    doors: [DOOR],
    pepper: 'p'.repeat(42) + 'A',
    root: site.chain,
    ...changes,
  });
  const enrol = (respond: (body: string) => Response | Promise<Response>) =>
    enrolGateway({
      url: 'http://server.test/',
      token: TOKEN,
      random,
      fetch: (_, init) => Promise.resolve(respond(typeof init?.body === 'string' ? init.body : '')),
    });

  it('GU10: the key is proven, and what comes back is a usable identity', async () => {
    let sent = '';
    const enrolled = await enrol((body) => {
      sent = body;
      return Response.json(answer());
    });
    if (!enrolled.ok) throw new Error(enrolled.error);
    const { keyFile, trustFile, fingerprint } = enrolled.value;
    expect(sent).not.toContain(keyFile.privateKey);
    expect(fingerprint).toMatch(/^([0-9a-f]{4} ){15}[0-9a-f]{4}$/);
    const identity = decodeIdentity(JSON.stringify(keyFile));
    expect(identity).toMatchObject({ ok: true, value: { gateway: GATEWAY, epoch: 3 } });
    expect((await decodeTrust(JSON.stringify(trustFile), SITE)).ok).toBe(true);
  });

  it('GU10: a false trust anchor, a refusal and a strange answer enrol nothing', async () => {
    const forged = site.chain.map((document) => ({
      ...document,
      root: { ...document.root, at: document.root.at + 1 },
    }));
    expect(await enrol(() => Response.json(answer({ root: forged })))).toEqual({
      ok: false,
      error: 'trust-not-genuine',
    });
    expect(await enrol(() => Response.json({}, { status: 403 }))).toEqual({
      ok: false,
      error: 'enrolment-refused',
    });
    expect(await enrol(() => new Response('<html>'))).toEqual({ ok: false, error: 'server-answer-strange' });
    expect(await enrol(() => Promise.reject(new TypeError('fetch failed')))).toEqual({
      ok: false,
      error: 'server-unreachable',
    });
  });

  it('GC5: damaged, foreign and forged files are refused with constant words', async () => {
    expect(decodeIdentity('{"privateKey":"rahasia')).toEqual({ ok: false, error: 'key-file-unreadable' });
    expect(decodeIdentity('{}')).toEqual({ ok: false, error: 'key-file-unreadable' });
    expect(await decodeTrust('[]', SITE)).toEqual({ ok: false, error: 'trust-file-unreadable' });
    expect(await decodeTrust(JSON.stringify(site.chain), 'lain')).toEqual({ ok: false, error: 'wrong-site' });
    const other = new TestSite();
    const mixed = [{ root: site.body, signatures: other.chain[0]?.signatures }];
    expect(await decodeTrust(JSON.stringify(mixed), SITE)).toEqual({
      ok: false,
      error: 'trust-file-not-genuine',
    });
  });
});

it('GU6: openings of what the server does not hold are kept', () => {
  journal.append([GRANT]);
  expect(journal.eraseOpenings(asEpochMs(START_MS * 2))).toBe(0);
});
