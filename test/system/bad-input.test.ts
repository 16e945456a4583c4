import { connect, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { meSchema, personSchema, requestSchema } from '#contract/api';
import { signIn } from '../../deploy/all-in-one/api-client.ts';
import { admit, draftOf, fileRequest, type Technician } from '../../deploy/story/technicians.ts';
import { waitFor } from '../../deploy/story/wait-for.ts';
import { openTestSite, openWithCard, permitsOf, type TestSite } from './test-site.ts';

const SEEN_MS = 20_000;
const TOPIC = 'zigbee2mqtt/pintu-ruang-server';

let site: TestSite;
let technician: Technician;
beforeAll(async () => {
  site = await openTestSite();
  technician = site.technicians[0];
  await admit(site, site.journal, technician);
});
afterAll(() => site.close());

/** What came of something hostile. */
interface Aftermath {
  readonly releases: number;
  readonly isSameProcess: boolean;
  /** How often the relay released for a good card afterwards. */
  readonly releasesForGoodCard: number;
}

const HARMLESS: Aftermath = { releases: 0, isSameProcess: true, releasesForGoodCard: 1 };

async function aftermathOf(attack: () => Promise<void>): Promise<Aftermath> {
  const pid = site.parts.gateway.pid();
  const before = await site.door.releases();
  await attack();
  const attacked = await site.door.releases();
  await openWithCard(site, technician.card);
  return {
    releases: attacked - before,
    isSameProcess: site.parts.gateway.pid() === pid,
    releasesForGoodCard: (await site.door.releases()) - attacked,
  };
}

/** Puts bytes on a wire in pieces that the wire can hold. */
async function inject(port: 'entry' | 'panel', bytes: Uint8Array): Promise<void> {
  for (let from = 0; from < bytes.length; from += 2048) {
    const hex = Buffer.from(bytes.slice(from, from + 2048)).toString('hex');
    await site.door.post('/inject', { port, hex });
  }
}

/** Bytes that are the same in every run. */
function noise(count: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}

test(
  'DP24, D34: a flood of unknown cards is refused card by card, and locks the reader out for a while',
  { timeout: 120_000 },
  async () => {
    const aftermath = await aftermathOf(async () => {
      const since = site.journal.newest();
      const cards = Array.from({ length: 20 }, (_, index) =>
        `99${index.toString(16).padStart(8, '0')}`.toUpperCase(),
      );
      for (const card of cards) {
        const last = site.journal.newest();
        await site.door.presentCard('entry', card);
        await site.recordOf('access.denied', last);
      }
      const denied = site.journal.records().filter((each) => each.ty === 'access.denied' && each.sq > since);
      expect(denied.length).toBe(cards.length);
      const reasons = denied.map((each) => each.rs);
      expect(reasons.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => 'unknown-credential'));
      expect(reasons.slice(5)).toContain('locked-out');
      expect(reasons.filter((each) => each !== 'unknown-credential' && each !== 'locked-out')).toEqual([]);
      // What comes after is another story: the card that is right waits as well.
      const locked = site.journal.records().findLast((each) => each.ty === 'access.locked-out');
      await waitFor(
        'the end of the lock-out',
        70_000,
        () => Date.now() > Number(locked?.x['untilMs']) || undefined,
      );
    });
    expect(aftermath).toEqual(HARMLESS);
  },
);

test.for([
  ['a frame cut in the middle', () => Buffer.from('\u00026F007B39', 'latin1')],
  ['a frame with one wrong checksum digit', () => Buffer.from('\u00026F007B397200\u0003', 'latin1')],
  ['a start byte repeated a thousand times', () => new Uint8Array(1000).fill(2)],
  ['64 KB of noise', () => noise(65_536, 7)],
] as const)(
  'DP24: %s on the entry reader opens nothing and does not stop it',
  { timeout: 60_000 },
  async ([, bytes]) => {
    const aftermath = await aftermathOf(async () => {
      await inject('entry', bytes());
    });
    expect(aftermath).toEqual(HARMLESS);
  },
);

test.for([
  ['64 KB of noise', () => noise(65_536, 11)],
  ['a line that never ends', () => new Uint8Array(32_768).fill(0x41)],
] as const)(
  'DP24: %s from the door controller opens nothing and does not stop it',
  { timeout: 60_000 },
  async ([, bytes]) => {
    const aftermath = await aftermathOf(async () => {
      await inject('panel', bytes());
    });
    expect(aftermath).toEqual(HARMLESS);
  },
);

test('DP24: malformed contacts over MQTT neither open nor stop anything', { timeout: 60_000 }, async () => {
  const aftermath = await aftermathOf(async () => {
    const bridge = await connectAsBridge();
    const payloads = [
      '',
      '{',
      'null',
      '[]',
      '"open"',
      '{"contact":"yes"}',
      '{"contact":null}',
      '{"contact":{}}',
      '\u0000',
      'x'.repeat(300_000),
    ];
    for (const payload of payloads) await bridge.publishAsync(TOPIC, payload, { qos: 1 });
    for (const topic of ['palang/palang-demo/ruang-server/set', 'zigbee2mqtt/pintu-ruang-server/set']) {
      bridge.publish(topic, '{"lock":"released","state":"UNLOCK"}', { qos: 0 });
    }
    bridge.end(true);
  });
  expect(aftermath).toEqual(HARMLESS);
});

test('DP24: a reader that is pulled out and plugged in again reads again', { timeout: 60_000 }, async () => {
  const aftermath = await aftermathOf(async () => {
    const since = site.journal.newest();
    await site.door.post('/unplug', { port: 'entry' });
    await site.recordOf('reader.offline', since);
    await site.door.post('/replug', { port: 'entry' });
    await site.recordOf('reader.online', since);
  });
  expect(aftermath).toEqual(HARMLESS);
});

test('DP25: requests for the past, with the end first, or to be approved by the one who asks, are refused by name', async () => {
  const { api } = technician;
  const now = Date.now();
  const refusalOf = async (fromMs: number, untilMs: number): Promise<unknown> => {
    const answer = await api.send('POST', '/requests', draftOf(fromMs, untilMs));
    return [answer.status, (JSON.parse(answer.body.toString('utf8')) as { code: string }).code];
  };
  expect(await refusalOf(now - 7_200_000, now - 3_600_000)).toEqual([422, 'window-in-past']);
  expect(await refusalOf(now + 7_200_000, now + 3_600_000)).toEqual([422, 'window-reversed']);

  const both = await newSupervisor('rangkap', ['technician', 'supervisor']);
  const administrator = await site.signInAs('administrator');
  const me = await both.get('/me', meSchema);
  expect(
    (await administrator.send('POST', '/credentials', { personId: me.id, card: 'em:1122334455' })).status,
  ).toBeLessThan(300);
  const own = await fileRequest(both, 3_600_000);
  const decision = await both.send('POST', `/requests/${own.id}/approve`, {});
  expect(decision.status).toBe(403);
  expect(JSON.parse(decision.body.toString('utf8'))).toMatchObject({ code: 'own-request' });
});

test('DP25: of two supervisors who decide at once one wins, the other is told, and there is one permit at most', async () => {
  const { api } = site.technicians[1];
  const first = await site.signInAs('supervisor');
  const second = await newSupervisor('atasan-dua', ['supervisor']);
  for (let round = 0; round < 5; round += 1) {
    const request = await fileRequest(api, 3_600_000);
    const answers = await Promise.all([
      first.send('POST', `/requests/${request.id}/approve`, {}),
      second.send('POST', `/requests/${request.id}/reject`, { reason: 'Bukan hari ini' }),
    ]);
    expect(answers.map((each) => each.status).toSorted((a, b) => a - b)).toEqual([200, 409]);
    const loser = answers.find((each) => each.status === 409);
    expect(JSON.parse(loser?.body.toString('utf8') ?? '{}')).toMatchObject({ code: 'already-decided' });
    const isApproved = answers[0].status === 200;
    const seen = await first.get(`/requests/${request.id}`, requestSchema);
    expect(seen.state).toBe(isApproved ? 'approved' : 'rejected');
    const permits = (await permitsOf(first)).filter((each) => each.requestId === request.id);
    expect(permits.length).toBe(isApproved ? 1 : 0);
  }
});

async function newSupervisor(username: string, roles: readonly string[]) {
  const administrator = await site.signInAs('administrator');
  const password = 'kata-sandi-contoh';
  await administrator.post(
    '/people',
    { name: `Contoh ${username}`, organisation: 'Dinas Contoh', username, password, roles },
    personSchema,
  );
  return signIn(site.server, { username, password });
}

async function connectAsBridge(): Promise<MqttClient> {
  const client = connect(site.bridge.url, { protocolVersion: 4 });
  client.on('error', () => undefined);
  await waitFor('the broker', SEEN_MS, () => client.connected || undefined);
  return client;
}
