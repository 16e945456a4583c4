import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jwsHash } from '#contract/policy';
import { Fault } from '#contract/result';
import type { DoorConfig } from '../../gateway/config.ts';
import { openJournal, type Journal } from '../../gateway/journal/journal.ts';
import { openDoorLoop, type DoorLoop } from '../../gateway/loop/door-loop.ts';
import { createPolicyStore, type PolicyStore } from '../../gateway/permits/policy-store.ts';
import { openSnapshotFiles } from '../../gateway/permits/snapshot-files.ts';
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
  START_MS,
  TestSite,
  createFakeClock,
  createFakeHardware,
  createSeededRandom,
  makeFolder,
  settle,
  sha256,
  silentLog,
  type FakeHardware,
} from './gateway-world.ts';

const HOUR_MS = 3_600_000;
const site = new TestSite();
const UNKNOWN_CARD = 'em:0000000002';
const SARI_PERMIT = `pm_${'P'.repeat(22)}`;
const END_MS = START_MS + 4 * HOUR_MS;
const PROLONGED_MS = START_MS + 6 * HOUR_MS;
const sari = site.permit({ cred: [site.handleOf(CARD)] });
const budi = site.permit({
  cred: [site.handleOf(OTHER_CARD)],
  sub: BUDI,
  jti: `pm_${'Q'.repeat(22)}`,
  exp: START_MS / 1000 + 30 * 24 * 3600,
});
const creds = [
  { cred: site.handleOf(CARD), sub: SARI, st: 'active' as const },
  { cred: site.handleOf(OTHER_CARD), sub: BUDI, st: 'active' as const },
];
const orders = site.policy({ permits: [sari, budi], creds });

type PresenceConfig = DoorConfig['presence'];
const PRESENCE: PresenceConfig = {
  antiPassback: 'soft',
  forgiveMs: 12 * HOUR_MS,
  overstayGraceMs: 900_000,
};
const readers: DoorConfig['readers'] = {
  entry: { protocol: 'rdm6300', port: '/dev/entry' },
  exit: { protocol: 'rdm6300', port: '/dev/exit' },
  panel: { protocol: 'line', port: '/dev/panel' },
};

let folder: ReturnType<typeof makeFolder>;
let clock: ReturnType<typeof createFakeClock>;
let journal: Journal;
let policy: PolicyStore;
let hardware: FakeHardware;
let door: DoorLoop;
let published: PublishedDoor[];

beforeEach(async () => {
  folder = makeFolder();
  clock = createFakeClock(undefined, 10_000);
  openOwnJournal();
  policy = createPolicyStore({
    trust: site.trust,
    files: openSnapshotFiles(join(folder.path, 'policy')),
    journal: { append: (...args) => journal.append(...args), readSetting: (key) => journal.readSetting(key) },
    timeFloor: () => clock.floorMs(),
  });
  await policy.accept(site.snapshot(orders, { nonce: NONCE }), NONCE);
  published = [];
  openDoor();
});
afterEach(async () => {
  await door.close();
  journal.close();
  folder.remove();
});

function openOwnJournal(): void {
  journal = openJournal(
    folder.path,
    { site: SITE, gateway: GATEWAY, epoch: 1, signer: site.gateway },
    { clock, random: createSeededRandom('presence'), timeFloor: () => clock.floorMs() },
  );
  journal.beginBoot('1');
}

function openDoor(
  presence: Partial<PresenceConfig> = {},
  changes: { readonly readers?: DoorConfig['readers']; readonly append?: Journal['append'] } = {},
): void {
  hardware = createFakeHardware();
  const config: DoorConfig = {
    id: DOOR,
    readers: changes.readers ?? readers,
    lock: { driver: 'line', reader: 'panel', output: 0, releaseMs: 5000 },
    heldOpenMs: 30_000,
    presence: { ...PRESENCE, ...presence },
  };
  door = openDoorLoop(config, replayPresence(DOOR, journal.readPassages(1000)), {
    hardware,
    journal: {
      epoch: 1,
      size: () => journal.size(),
      isWritable: () => journal.isWritable(),
      append: changes.append ?? ((...args) => journal.append(...args)),
    },
    policy: () => policy.current(),
    clock,
    orders: journal,
    isNeighbourShut: () => true,
    pepper: site.pepper,
    siteId: SITE,
    publishState: (state) => published.push(state),
    crashPoint: () => undefined,
    log: silentLog,
  });
  for (const reader of ['entry', 'exit']) {
    hardware.emit({ type: 'reader', reader, state: 'online', reason: 'opened', atMs: clock.monoMs() });
  }
  door.takeContact({ contact: 'closed', isInitial: true });
}
async function reopenDoor(...args: Parameters<typeof openDoor>): Promise<void> {
  await door.close();
  openDoor(...args);
}
/** As after kill -9: nothing was closed in order, and the next program reads what is on the disk. */
async function restart(...args: Parameters<typeof openDoor>): Promise<void> {
  await door.close();
  journal.close();
  openOwnJournal();
  openDoor(...args);
}

const present = (reader: string, card: string): void =>
  hardware.emit({ type: 'card', reader, card, atMs: clock.monoMs() });
const opens = (): void => door.takeContact({ contact: 'open', isInitial: false });
const closes = (): void => door.takeContact({ contact: 'closed', isInitial: false });
/** A whole passage, after which the door is shut and its lock at rest. */
async function pass(reader: 'entry' | 'exit', card: string): Promise<void> {
  present(reader, card);
  await settle();
  opens();
  closes();
  await clock.advance(8000);
}

interface Written {
  readonly sq: number;
  readonly ty: string;
  readonly rs?: string;
  readonly c?: Record<string, string>;
  readonly x: Record<string, unknown>;
}
function all(from = 0): readonly Written[] {
  const entries: string[] = [];
  for (;;) {
    const batch = journal.readBatch(from + entries.length);
    if (batch === null) return entries.map((entry) => JSON.parse(entry) as Written);
    entries.push(...batch.entries);
  }
}
const recordsOf = (...types: readonly string[]): readonly Written[] =>
  all().filter(({ ty }) => types.includes(ty));
const lastAnswer = (): Written | undefined => recordsOf('access.granted', 'access.denied').at(-1);
const overstays = (): readonly Written[] => recordsOf('visit.overstayed');
const isInside = (): number | undefined => published.at(-1)?.occupancy;

describe('a second entry without an exit', () => {
  it('GL21: soft lets in and notes it in the record of the grant', async () => {
    await pass('entry', CARD);
    expect(lastAnswer()?.x).not.toHaveProperty('antiPassback');
    await pass('entry', CARD);
    expect(lastAnswer()).toMatchObject({ ty: 'access.granted', x: { antiPassback: 'soft' } });
    expect(hardware.pulses).toHaveLength(2);
    expect(isInside()).toBe(1);
  });

  it('GL21: hard refuses, moves nothing, and lets in again after an exit', async () => {
    await reopenDoor({ antiPassback: 'hard' });
    await pass('entry', CARD);
    await pass('entry', CARD);
    expect(lastAnswer()).toMatchObject({ ty: 'access.denied', rs: 'already-inside' });
    expect(hardware.pulses).toHaveLength(1);
    await pass('exit', CARD);
    await pass('entry', CARD);
    expect(lastAnswer()?.ty).toBe('access.granted');
  });

  it('GL21, PR6: hard forgives an exit that was missed, when its time is over', async () => {
    await reopenDoor({ antiPassback: 'hard', forgiveMs: HOUR_MS });
    await pass('entry', CARD);
    await clock.advance(HOUR_MS - 9000);
    present('entry', CARD);
    expect(lastAnswer()?.rs).toBe('already-inside');
    await clock.advance(1000);
    present('entry', CARD);
    expect(lastAnswer()?.ty).toBe('access.granted');
  });

  it('GL21, PR4: hard refuses after a restart as before it', async () => {
    await reopenDoor({ antiPassback: 'hard' });
    await pass('entry', CARD);
    await restart({ antiPassback: 'hard' });
    present('entry', CARD);
    expect(lastAnswer()?.rs).toBe('already-inside');
    expect([hardware.pulses.length, isInside()]).toEqual([0, 1]);
  });

  it('GL21, PR5: a grant that a power cut left open bars nobody and is shown as unsure', async () => {
    await reopenDoor({ antiPassback: 'hard' });
    present('entry', CARD);
    await restart({ antiPassback: 'hard' });
    expect(published.at(-1)).toMatchObject({ occupancy: 0, unsure: 1 });
    await pass('entry', CARD);
    expect(lastAnswer()?.ty).toBe('access.granted');
    expect(published.at(-1)).toMatchObject({ occupancy: 1, unsure: 0 });
  });

  it('GL22: without an exit reader nobody is barred, noted or too long inside', async () => {
    const { entry, panel } = readers;
    await reopenDoor({}, { readers: { entry, panel } });
    await pass('entry', CARD);
    await pass('entry', CARD);
    expect(lastAnswer()?.x).not.toHaveProperty('antiPassback');
    await clock.advance(6 * HOUR_MS);
    await restart({}, { readers: { entry, panel } });
    await clock.advance(HOUR_MS);
    expect(overstays()).toEqual([]);
  });

  it('GL10, PR3: an exit without an entry is flagged and lets out, also where hard', async () => {
    await reopenDoor({ antiPassback: 'hard', capacity: 1 });
    present('exit', CARD);
    present('exit', UNKNOWN_CARD);
    expect(recordsOf('exit.recorded').map(({ x }) => x['isWithoutEntry'])).toEqual([true, true]);
    expect(hardware.pulses).toHaveLength(2);
  });
});

describe('a room with a limit', () => {
  beforeEach(() => reopenDoor({ capacity: 1 }));

  it('GL23: a full room refuses the next, and not who is inside already', async () => {
    await pass('entry', CARD);
    await pass('entry', OTHER_CARD);
    expect(lastAnswer()).toMatchObject({ ty: 'access.denied', rs: 'room-full' });
    await pass('entry', CARD);
    expect(lastAnswer()).toMatchObject({ ty: 'access.granted', x: { antiPassback: 'soft' } });
    await pass('exit', CARD);
    await pass('entry', OTHER_CARD);
    expect(lastAnswer()?.ty).toBe('access.granted');
  });

  it('GL23: who was let in a moment ago has the place, and loses it without entering', async () => {
    present('entry', CARD);
    present('entry', OTHER_CARD);
    expect(lastAnswer()?.rs).toBe('room-full');
    expect(hardware.pulses).toHaveLength(1);
    await clock.advance(8000);
    present('entry', OTHER_CARD);
    expect(lastAnswer()?.ty).toBe('access.granted');
  });
});

describe('a stay that is too long', () => {
  it('GL24: it is recorded once, when the permit and the grace are over, for the person and the permit', async () => {
    await pass('entry', CARD);
    const grant = lastAnswer();
    expect(grant?.x['untilMs']).toBe(END_MS);
    await clock.advance(END_MS + 900_000 - clock.epochMs() - 1);
    expect(overstays()).toEqual([]);
    await clock.advance(1);
    expect(overstays()).toMatchObject([{ x: { of: grant?.sq, untilMs: END_MS } }]);
    const [overstay] = overstays();
    expect(Object.keys(overstay?.c ?? {}).sort()).toEqual(['pm', 'sub']);
    const openings = journal.readBatch(overstay?.sq ?? -1)?.openings ?? [];
    expect(openings.slice(0, 2).map(({ field, value }) => [field, value])).toEqual([
      ['pm', SARI_PERMIT],
      ['sub', SARI],
    ]);
    await clock.advance(20 * HOUR_MS);
    expect(overstays()).toHaveLength(1);
  });

  it('GL24, PR10: a restart neither repeats nor forgets it', async () => {
    await pass('entry', CARD);
    await restart();
    await clock.advance(END_MS + 900_000 - clock.epochMs());
    expect(overstays()).toHaveLength(1);
    await restart();
    await clock.advance(HOUR_MS);
    expect(overstays()).toHaveLength(1);
  });

  it('GL24: what became too long while the gateway was off is recorded at its start', async () => {
    await pass('entry', CARD);
    await door.close();
    await clock.advance(10 * HOUR_MS);
    expect(overstays()).toEqual([]);
    await restart();
    expect(overstays()).toHaveLength(1);
  });

  it('GL24: who left in time, or never entered, does not overstay', async () => {
    present('entry', CARD);
    await clock.advance(8000);
    await pass('entry', CARD);
    await pass('exit', CARD);
    await clock.advance(6 * HOUR_MS);
    expect(overstays()).toEqual([]);
  });

  it('GL24: who only may be inside is told as such', async () => {
    present('entry', CARD);
    await restart();
    await clock.advance(END_MS + 900_000 - clock.epochMs());
    expect(overstays()).toMatchObject([{ x: { isUnsure: true } }]);
  });

  it('GL25: a permit that was prolonged meanwhile moves it, over a restart as well', async () => {
    await pass('entry', CARD);
    const prolonged = site.policy({
      v: 2,
      prev: jwsHash(sha256, orders.manifest),
      permits: [{ ...sari, rev: 2, exp: PROLONGED_MS / 1000 }, budi],
      creds,
    });
    const nonce = 'M'.repeat(22);
    const taken = await policy.accept(site.snapshot(prolonged, { nonce, t: clock.epochMs(), v: 2 }), nonce);
    expect(taken.ok).toBe(true);
    await clock.advance(HOUR_MS);
    await restart();
    await clock.advance(END_MS + 900_000 - clock.epochMs());
    expect(overstays()).toEqual([]);
    await clock.advance(PROLONGED_MS + 900_000 - clock.epochMs());
    expect(overstays()).toHaveLength(1);
  });

  it('GL24: while the disk is full it is tried again each minute, and then recorded once', async () => {
    let isFull = false;
    let tries = 0;
    await reopenDoor(
      {},
      {
        append: (records, settings) => {
          if (!isFull) return journal.append(records, settings);
          tries += 1;
          throw new Fault('journal-full', { retryable: true });
        },
      },
    );
    await pass('entry', CARD);
    await clock.advance(END_MS + 899_000 - clock.epochMs());
    isFull = true;
    await clock.advance(1000 + 5 * 60_000);
    expect(tries).toBe(6);
    isFull = false;
    await clock.advance(60_000);
    expect(overstays()).toHaveLength(1);
    await clock.advance(HOUR_MS);
    expect(overstays()).toHaveLength(1);
  });
});

describe('a door that is about to be held open', () => {
  it('GL26: every reader warns at two thirds, then tells the alarm, until the door closes', async () => {
    present('entry', CARD);
    await settle();
    opens();
    hardware.signals.length = 0;
    await clock.advance(19_999);
    expect(hardware.signals).toEqual([]);
    await clock.advance(1);
    expect(hardware.signals).toEqual(['entry wait', 'exit wait', 'panel wait']);
    await clock.advance(10_000);
    expect(recordsOf('door.held-open')).toHaveLength(1);
    expect(hardware.signals.slice(3)).toEqual(['entry alarm', 'exit alarm', 'panel alarm']);
    await clock.advance(HOUR_MS);
    expect(hardware.signals).toHaveLength(6);
    closes();
    expect(hardware.signals.slice(6)).toEqual(['entry idle', 'exit idle', 'panel idle']);
    expect(recordsOf('door.held-open-cleared')).toHaveLength(1);
  });

  it('GL26: closing in time ends the warning and leaves no alarm', async () => {
    present('entry', CARD);
    await settle();
    opens();
    await clock.advance(25_000);
    closes();
    expect(hardware.signals.slice(-3)).toEqual(['entry idle', 'exit idle', 'panel idle']);
    await clock.advance(HOUR_MS);
    expect(recordsOf('door.held-open')).toEqual([]);
  });
});

describe('any hour at the door', () => {
  const act = fc.constantFrom(
    ...['entry', 'exit'].flatMap((reader) =>
      [CARD, OTHER_CARD, UNKNOWN_CARD].map((card) => `${reader} ${card}`),
    ),
    'opens',
    'closes',
    'lost',
    'wait',
    'hour',
    'restart',
  );

  const PULSES_AFTER = new Map([
    ['access.granted', 1],
    ['access.denied', 0],
    ['exit.recorded', 1],
  ]);

  async function perform(what: string, presence: Partial<PresenceConfig>): Promise<void> {
    if (what === 'opens') opens();
    else if (what === 'closes') closes();
    else if (what === 'lost') door.takeContact({ contact: 'unknown', why: 'silent' });
    else if (what === 'wait') await clock.advance(8000);
    else if (what === 'hour') await clock.advance(HOUR_MS);
    else if (what === 'restart') await restart(presence);
    else {
      const [reader = '', card = ''] = what.split(' ');
      present(reader, card);
    }
  }

  it('PR2, PR4, GL8: presence is never negative, a denied card pulses nothing, a restart forgets nobody', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(act, { minLength: 10, maxLength: 40 }),
        fc.constantFrom('off', 'soft', 'hard'),
        fc.constantFrom(undefined, 1),
        async (acts, antiPassback, capacity) => {
          const presence = { antiPassback, ...(capacity !== undefined && { capacity }) } as const;
          await restart(presence);
          for (const each of acts) {
            if (each === 'restart') await clock.advance(8000);
            const before = published.at(-1);
            const from = journal.size();
            const pulses = hardware.pulses.length;
            await perform(each, presence);
            const after = published.at(-1);
            const answers = all(from).filter(({ ty }) => PULSES_AFTER.has(ty));
            const expected = answers.reduce((sum, { ty }) => sum + (PULSES_AFTER.get(ty) ?? 0), 0);
            const pulsed = each === 'restart' ? hardware.pulses.length : hardware.pulses.length - pulses;
            expect(pulsed).toBe(expected);
            expect(answers.map(({ ty }) => ty)).not.toContain(
              each.startsWith('exit') ? 'access.denied' : 'exit.recorded',
            );
            expect(Math.min(after?.occupancy ?? -1, after?.unsure ?? -1)).toBeGreaterThanOrEqual(0);
            expect((after?.occupancy ?? 0) + (after?.unsure ?? 0)).toBeLessThanOrEqual(2);
            const isSame = after?.occupancy === before?.occupancy && after?.unsure === before?.unsure;
            expect(isSame || each !== 'restart').toBe(true);
          }
        },
      ),
      { seed: 20260312, numRuns: 15 },
    );
  });
});
