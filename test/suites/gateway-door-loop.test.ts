import Database from 'better-sqlite3';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asMonoMs } from '#contract/clock';
import { doesOpen } from '#contract/commitment';
import { Fault } from '#contract/result';
import type { DoorConfig } from '../../gateway/config.ts';
import { openJournal, type Journal } from '../../gateway/journal/journal.ts';
import { openDoorLoop, type DoorLoop } from '../../gateway/loop/door-loop.ts';
import { createPolicyStore, type PolicyStore } from '../../gateway/permits/policy-store.ts';
import { openSnapshotFiles } from '../../gateway/permits/snapshot-files.ts';
import { NOBODY } from '../../gateway/presence/presence.ts';
import { replayPresence } from '../../gateway/presence/replay-presence.ts';
import type { PublishedDoor } from '../../gateway/sensors/door-publisher.ts';
import {
  BUDI,
  CARD,
  DOOR,
  GATEWAY,
  NONCE,
  OTHER_CARD,
  SARI,
  SITE,
  TestSite,
  createFakeClock,
  createFakeHardware,
  createSeededRandom,
  hmacSha256,
  makeFolder,
  settle,
  silentLog,
  type FakeHardware,
} from './gateway-world.ts';

const site = new TestSite();
const cred = site.handleOf(CARD);
const SUSPENDED_CARD = 'em:0000000001';
const UNKNOWN_CARD = 'em:0000000002';
const body = site.policy({
  permits: [site.permit({ cred: [cred] })],
  creds: [
    { cred, sub: SARI, st: 'active' },
    { cred: site.handleOf(OTHER_CARD), sub: BUDI, st: 'active' },
    { cred: site.handleOf(SUSPENDED_CARD), sub: BUDI, st: 'suspended' },
  ],
});
const CONFIG: DoorConfig = {
  id: DOOR,
  readers: {
    entry: { protocol: 'rdm6300', port: '/dev/entry' },
    exit: { protocol: 'rdm6300', port: '/dev/exit' },
    panel: { protocol: 'line', port: '/dev/panel' },
  },
  lock: { driver: 'line', reader: 'panel', output: 0, releaseMs: 5000 },
  exitButton: { reader: 'panel', input: 0 },
  heldOpenMs: 30_000,
  presence: { antiPassback: 'soft', forgiveMs: 43_200_000, overstayGraceMs: 900_000 },
};

let folder: ReturnType<typeof makeFolder>;
let clock: ReturnType<typeof createFakeClock>;
let journal: Journal;
let policy: PolicyStore;
let hardware: FakeHardware;
let door: DoorLoop;
let published: PublishedDoor[];
let points: string[];

beforeEach(async () => {
  folder = makeFolder();
  clock = createFakeClock(undefined, 10_000);
  journal = openJournal(
    folder.path,
    { site: SITE, gateway: GATEWAY, epoch: 1, signer: site.gateway },
    { clock, random: createSeededRandom('loop'), timeFloor: () => clock.floorMs() },
  );
  journal.beginBoot('1');
  policy = createPolicyStore({
    trust: site.trust,
    files: openSnapshotFiles(join(folder.path, 'policy')),
    journal,
    timeFloor: () => clock.floorMs(),
  });
  await policy.accept(site.snapshot(body, { nonce: NONCE }), NONCE);
  hardware = createFakeHardware();
  published = [];
  points = [];
  door = openDoor();
  for (const reader of ['entry', 'exit', 'panel']) online(reader);
  door.takeContact({ contact: 'closed', isInitial: true });
});
afterEach(async () => {
  await door.close();
  journal.close();
  folder.remove();
});

function openDoor(over: Pick<Journal, 'append' | 'epoch' | 'isWritable' | 'size'> = journal): DoorLoop {
  return openDoorLoop(CONFIG, NOBODY, {
    hardware,
    journal: over,
    policy: () => policy.current(),
    clock,
    orders: journal,
    isNeighbourShut: () => true,
    pepper: site.pepper,
    siteId: SITE,
    publishState: (state) => published.push(state),
    crashPoint: (name) => points.push(name),
    log: silentLog,
  });
}

const online = (reader: string): void =>
  hardware.emit({ type: 'reader', reader, state: 'online', reason: 'opened', atMs: clock.monoMs() });
const present = (reader: string, card: string, ageMs = 0): void =>
  hardware.emit({ type: 'card', reader, card, atMs: asMonoMs(clock.monoMs() - ageMs) });
const opens = (): void => door.takeContact({ contact: 'open', isInitial: false });
const closes = (): void => door.takeContact({ contact: 'closed', isInitial: false });

interface Written {
  readonly sq: number;
  readonly ty: string;
  readonly rs?: string;
  readonly dir?: string;
  readonly pol?: number;
  readonly c?: Record<string, string>;
  readonly x: Record<string, unknown>;
}
const recordsFrom = (from: number): readonly Written[] =>
  (journal.readBatch(from)?.entries ?? []).map((entry) => JSON.parse(entry) as Written);
const typesFrom = (from: number): readonly string[] =>
  recordsFrom(from).map(({ ty, rs }) => (rs === undefined ? ty : `${ty} ${rs}`));

describe('a card at the door', () => {
  it('GL7, GL19: the lock is called in the turn of the card, with the record already on the disk', async () => {
    await clock.advance(1000);
    const sq = journal.size();
    let durable: unknown;
    const pulse = hardware.pulse.bind(hardware);
    hardware.pulse = (command) => {
      const reader = new Database(join(folder.path, 'journal.db'), { readonly: true });
      durable = reader.prepare('SELECT ty FROM records WHERE sq = ?').pluck().get(sq);
      reader.close();
      return pulse(command);
    };
    present('entry', CARD, 30);
    expect(durable).toBe('access.granted');
    expect(hardware.pulses).toEqual([
      {
        id: `1/${sq}`,
        durationMs: 5000,
        notAfterMs: clock.monoMs() - 30 + 2000,
        journal: { epoch: 1, sq },
      },
    ]);
    expect(points).toEqual(['before-decide', 'after-decide', 'after-commit']);
  });

  it('GL7: the record of a grant says what was looked into, under which orders, for whom', () => {
    const sq = journal.size();
    present('entry', CARD);
    const [record] = recordsFrom(sq);
    expect(record).toMatchObject({ ty: 'access.granted', dir: 'in', pol: 1 });
    expect(record?.x).toMatchObject({ pulse: `1/${sq}`, releaseMs: 5000 });
    expect(record?.x['checked']).toContain('policy-stale');
    const openings = journal.readBatch(sq)?.openings ?? [];
    expect(openings.map(({ field, value }) => [field, value])).toEqual([
      ['cred', cred],
      ['pm', `pm_${'P'.repeat(22)}`],
      ['sub', SARI],
    ]);
    for (const opening of openings) {
      expect(doesOpen(hmacSha256, opening, record?.c?.[opening.field] ?? '')).toBe(true);
    }
  });

  it.each([
    [UNKNOWN_CARD, 'unknown-credential', ['cred']],
    [SUSPENDED_CARD, 'credential-suspended', ['cred', 'sub']],
    [OTHER_CARD, 'no-permit', ['cred', 'sub']],
  ])('GL8: card %s is refused as %s, recorded, and moves nothing', (card, reason, fields) => {
    const sq = journal.size();
    present('entry', card);
    expect(typesFrom(sq)).toEqual([`access.denied ${reason}`]);
    const [record] = recordsFrom(sq);
    expect(Object.keys(record?.c ?? {}).sort()).toEqual(fields);
    expect(record?.x['checked']).toEqual(expect.arrayContaining([reason]));
    expect(hardware.pulses).toEqual([]);
    expect(hardware.signals.slice(-2)).toEqual(['entry denied', 'panel denied']);
  });

  it('GL8: after the window the same card is refused, with the permit that ended', async () => {
    await clock.advance(5 * 3_600_000);
    const sq = journal.size();
    present('entry', CARD);
    expect(typesFrom(sq)).toEqual(['access.denied expired']);
    expect(Object.keys(recordsFrom(sq)[0]?.c ?? {}).sort()).toEqual(['cred', 'pm', 'sub']);
  });

  it('GL9: where the grant cannot be recorded nothing opens', async () => {
    await door.close();
    hardware = createFakeHardware();
    door = openDoor({
      epoch: 1,
      size: () => journal.size(),
      isWritable: () => true,
      append: () => {
        throw new Fault('journal-full', { retryable: true });
      },
    });
    online('entry');
    present('entry', CARD);
    expect(hardware.pulses).toEqual([]);
    expect(hardware.signals).toContain('entry denied');
  });

  it('GL9: a journal that cannot be written refuses before anything else is asked', async () => {
    await door.close();
    hardware = createFakeHardware();
    const refused: string[] = [];
    door = openDoor({
      epoch: 1,
      size: () => journal.size(),
      isWritable: () => false,
      append: (records) => {
        refused.push(...records.flatMap(({ rs }) => rs ?? []));
        return [];
      },
    });
    online('entry');
    present('entry', CARD);
    expect(refused).toEqual(['journal-unavailable']);
    expect(hardware.pulses).toEqual([]);
  });

  it.each([
    ['a stranger', UNKNOWN_CARD, ['cred']],
    ['a suspended card', SUSPENDED_CARD, ['cred', 'sub']],
    ['a card whose permit ended', CARD, ['cred', 'sub']],
  ])('GL10: %s may leave, and it is recorded first', async (_, card, fields) => {
    await clock.advance(5 * 3_600_000);
    const sq = journal.size();
    present('exit', card);
    const [record] = recordsFrom(sq);
    expect(record).toMatchObject({ ty: 'exit.recorded', dir: 'out', x: { isWithoutEntry: true } });
    expect(Object.keys(record?.c ?? {}).sort()).toEqual(fields);
    expect(hardware.pulses).toMatchObject([{ id: `1/${sq}`, journal: { epoch: 1, sq } }]);
  });

  it('GL10: with a broken journal people can still leave, each time anew', async () => {
    await door.close();
    hardware = createFakeHardware();
    door = openDoor({
      epoch: 1,
      size: () => 7,
      isWritable: () => false,
      append: () => {
        throw new Fault('journal-failed', { retryable: false });
      },
    });
    present('exit', CARD);
    await clock.advance(10_000);
    present('exit', CARD);
    expect(hardware.pulses).toHaveLength(2);
    expect(new Set(hardware.pulses.map(({ id }) => id)).size).toBe(2);
  });

  it('GL11: a card that was read before its reader came online, or too long ago, opens nothing', async () => {
    const sq = journal.size();
    await clock.advance(5000);
    online('entry');
    present('entry', CARD, 1);
    hardware.emit({ type: 'reader', reader: 'entry', state: 'offline', reason: 'x', atMs: clock.monoMs() });
    present('entry', CARD);
    online('entry');
    await clock.advance(3001);
    present('entry', CARD, 3001);
    expect(typesFrom(sq).filter((line) => line.startsWith('access'))).toEqual(
      Array.from({ length: 3 }, () => 'access.denied presentation-stale'),
    );
    expect(hardware.pulses).toEqual([]);
    present('entry', CARD, 3000);
    expect(hardware.pulses).toHaveLength(1);
  });

  it('GL12: a door that opens for a grant was entered, by the person of the grant', async () => {
    const sq = journal.size();
    present('entry', CARD);
    await settle();
    opens();
    expect(typesFrom(sq)).toEqual(['access.granted', 'door.opened', 'access.outcome entered']);
    const outcome = recordsFrom(sq)[2];
    expect(outcome?.x).toEqual({ of: sq });
    expect(outcome?.c?.['sub']).not.toBe(recordsFrom(sq)[0]?.c?.['sub']);
    expect(journal.readBatch(sq + 2)?.openings[0]?.value).toBe(SARI);
    expect(published.at(-1)).toMatchObject({ contact: 'open', occupancy: 1 });
    expect(hardware.secured).toBe(1);
    closes();
    present('exit', CARD);
    expect(recordsFrom(sq).at(-1)).toMatchObject({ ty: 'exit.recorded' });
    expect(recordsFrom(sq).at(-1)?.x).not.toHaveProperty('isWithoutEntry');
    expect(published.at(-1)).toMatchObject({ occupancy: 0 });
  });

  it('GL12, GL20: a grant that nobody used ends without entry when its time is over', async () => {
    const sq = journal.size();
    present('entry', CARD);
    await clock.advance(6999);
    expect(typesFrom(sq)).toEqual(['access.granted']);
    await clock.advance(1);
    expect(typesFrom(sq)).toEqual(['access.granted', 'access.outcome no-entry']);
    expect(published.at(-1)).toMatchObject({ occupancy: 0 });
    opens();
    expect(typesFrom(sq).at(-1)).toBe('door.forced');
  });

  it('GL15: a refused pulse ends its grant at once', async () => {
    hardware.answer = { kind: 'refused', reason: 'offline' };
    const sq = journal.size();
    present('entry', CARD);
    await settle();
    expect(typesFrom(sq)).toEqual(['access.granted', 'lock.fault', 'access.outcome no-entry']);
    opens();
    expect(typesFrom(sq).at(-1)).toBe('door.forced');
  });

  it('GL15: a pulse that came too late is no fault of the lock', async () => {
    hardware.answer = { kind: 'refused', reason: 'expired' };
    const sq = journal.size();
    present('entry', CARD);
    await settle();
    expect(typesFrom(sq)).toEqual(['access.granted', 'access.outcome no-entry']);
  });

  it('GL15: a pulse that nobody confirmed may have opened the door', async () => {
    hardware.answer = { kind: 'unconfirmed' };
    const sq = journal.size();
    present('entry', CARD);
    await settle();
    opens();
    expect(typesFrom(sq)).toEqual(['access.granted', 'lock.fault', 'door.opened', 'access.outcome entered']);
  });
});

describe('the door itself', () => {
  const button = (isActive: boolean, isInitial = false): void =>
    hardware.emit({ type: 'input', reader: 'panel', input: 0, isActive, isInitial, atMs: clock.monoMs() });

  it('GL13: the exit button is recorded, explains the opening, and is never pulsed', () => {
    const sq = journal.size();
    button(true);
    button(false);
    opens();
    expect(typesFrom(sq)).toEqual(['exit-button.pressed', 'door.opened']);
    expect(recordsFrom(sq)[1]?.x).toEqual({ cause: 'exit-button' });
    expect([hardware.pulses.length, hardware.secured]).toEqual([0, 0]);
  });

  it('GL14: a button that is found pressed, and another input, explain nothing', () => {
    const sq = journal.size();
    button(true, true);
    hardware.emit({
      type: 'input',
      reader: 'panel',
      input: 1,
      isActive: true,
      isInitial: false,
      atMs: clock.monoMs(),
    });
    opens();
    expect(typesFrom(sq)).toEqual(['door.forced']);
  });

  it('GL27: a closing carries the count of the door controller, and none before it has counted', () => {
    const from = journal.size();
    opens();
    closes();
    hardware.emit({ type: 'openings', reader: 'panel', count: 42, atMs: clock.monoMs() });
    opens();
    closes();
    const counts = recordsFrom(from)
      .filter(({ ty }) => ty === 'door.closed')
      .map(({ x }) => x['openings']);
    expect(counts).toEqual([undefined, 42]);
  });

  it('GL16: hardware that changes is recorded, a report that repeats is not', () => {
    const sq = journal.size();
    const lock = (state: 'released' | 'secured'): void =>
      hardware.emit({ type: 'lock', state, atMs: clock.monoMs() });
    lock('secured');
    lock('secured');
    hardware.emit({ type: 'tamper', reader: 'panel', isActive: true, atMs: clock.monoMs() });
    hardware.emit({ type: 'reader', reader: 'exit', state: 'offline', reason: 'gone', atMs: clock.monoMs() });
    hardware.emit({ type: 'key', reader: 'panel', key: '1', atMs: clock.monoMs() });
    hardware.emit({ type: 'diagnostic', reader: 'entry', code: 'noise', count: 3, atMs: clock.monoMs() });
    expect(typesFrom(sq)).toEqual(['lock.secured', 'reader.tamper', 'reader.offline']);
    expect(recordsFrom(sq)[2]?.x).toEqual({ reader: 'exit', reason: 'gone' });
  });

  it('GL17: an alarm is shown on every reader until it ends', () => {
    opens();
    expect(hardware.signals.slice(-3)).toEqual(['entry alarm', 'exit alarm', 'panel alarm']);
    closes();
    expect(hardware.signals.slice(-3)).toEqual(['entry idle', 'exit idle', 'panel idle']);
  });

  it('GL18: what is published changes with the door and names nobody', async () => {
    present('entry', CARD);
    opens();
    clock.setTrust(1);
    door.publish();
    door.publish();
    expect(published.at(-1)).toEqual({
      lock: 'unknown',
      contact: 'open',
      alarm: 'none',
      occupancy: 1,
      unsure: 0,
      lockdown: false,
      holdOpen: false,
      fire: false,
      clock: 1,
      at: clock.epochMs(),
    });
    const states = published.map((state) => JSON.stringify({ ...state, at: 0 }));
    expect(states.every((state, index) => state !== states[index - 1])).toBe(true);
    expect(JSON.stringify(published)).not.toMatch(/[spc]m?_[A-Za-z0-9]{20}/);
  });

  it('GL20: a door that stays open is held open when the clock says so', async () => {
    present('entry', CARD);
    opens();
    await clock.advance(29_999);
    expect(published.at(-1)?.alarm).toBe('none');
    await clock.advance(1);
    expect(published.at(-1)?.alarm).toBe('held-open');
  });

  it('PR4: who is inside after a restart is what the passages say', async () => {
    present('entry', CARD);
    await settle();
    opens();
    closes();
    expect([...replayPresence(DOOR, journal.readPassages(100)).keys()]).toEqual([SARI]);
    expect(replayPresence('gudang', journal.readPassages(100)).size).toBe(0);
    present('exit', OTHER_CARD);
    expect(replayPresence(DOOR, journal.readPassages(100)).size).toBe(1);
    present('exit', CARD);
    expect(replayPresence(DOOR, journal.readPassages(100)).size).toBe(0);
  });
});
