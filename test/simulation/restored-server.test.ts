import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asEpochMs } from '#contract/clock';
import { openEpochKeys, type EpochKeys } from '../../gateway/epoch-keys.ts';
import { createSigner } from '../../gateway/crypto-ports.ts';
import { openJournal, type Journal } from '../../gateway/journal/journal.ts';
import {
  createFakeClock,
  createSeededRandom,
  DOOR,
  sha256,
  SITE,
  START_MS,
} from '../suites/gateway-world.ts';
import { readRecords } from './read-files.ts';
import { createVirtualTime } from './virtual-time.ts';
import { makeServerTemplate, makeWorldFolder, openWorldServer, type WorldServer } from './world-server.ts';

const GATEWAY = 'gw-uji';
const signer = createSigner(sha256(new TextEncoder().encode('restored')));
const clock = createFakeClock();
const random = createSeededRandom('restored');

let dir: string;
let template: string;
let server: WorldServer;
let journal: Journal;
let keys: EpochKeys;

beforeEach(async () => {
  dir = makeWorldFolder();
  const time = createVirtualTime(START_MS);
  template = await makeServerTemplate(time, [{ id: GATEWAY, door: DOOR, signer }]);
  server = await openWorldServer(template, join(dir, 'server'), time, 1);
  keys = openEpochKeys(join(dir, 'keys'), GATEWAY, random);
  journal = openJournal(
    dir,
    { site: SITE, gateway: GATEWAY, epoch: 1, signer },
    { clock, random, timeFloor: () => asEpochMs(START_MS), signerOf: (epoch) => keys.signerOf(epoch) },
  );
  journal.beginBoot('1');
});
afterEach(async () => {
  journal.close();
  await server.close();
  for (const folder of [dir, template]) if (existsSync(folder)) rmSync(folder, { recursive: true });
});

const enter = (count: number): void => {
  for (let n = 0; n < count; n++) {
    journal.append([{ ty: 'access.granted', door: DOOR, c: { sub: `s_${'S'.repeat(22)}` } }]);
  }
};

/** Sends from a number on, and notes what is acknowledged. */
async function send(from: number) {
  const batch = journal.readBatch(from);
  if (batch === null) throw new Error('there is something to send');
  const answer = await server.upload(GATEWAY, journal.epoch, {
    ...batch,
    entries: [...batch.entries],
    openings: [...batch.openings],
  });
  if (answer.kind === 'acknowledged') journal.acknowledge(answer.size, answer.head, answer.note);
  return answer;
}

async function takeNumber(): Promise<number> {
  const epoch = await server.giveEpoch(GATEWAY, keys.request(journal.epoch));
  if (epoch === 'refused') throw new Error('a number was refused');
  keys.keep(epoch);
  return epoch;
}

function openEpoch(epoch: number, size: number | null): void {
  const next = keys.signerOf(epoch);
  if (next === null) throw new Error('its key is held');
  journal.openEpoch({ epoch, signer: next, why: 'conflict', size });
  while (journal.unreclaimedSize() > 0) journal.reclaim(500);
}

const storedHashes = async (): Promise<ReadonlySet<string>> => {
  const rows = await server.site.db
    .selectFrom('journal_records')
    .select(['leaf_hash', 'origin_hash'])
    .execute();
  return new Set(rows.flatMap((row) => [row.leaf_hash, row.origin_hash ?? '']));
};
const missing = async (): Promise<readonly string[]> => {
  const stored = await storedHashes();
  return readRecords(dir)
    .filter(({ telling }) => !stored.has(telling))
    .map(({ ty }) => ty);
};

describe('a server put back from a backup', () => {
  it('SM8: takes an epoch that it has forgotten from its first record on, and says so in the site log', async () => {
    server.backUp();
    enter(3);
    await send(0);
    openEpoch(await takeNumber(), journal.acknowledgedSize());
    await send(0);
    await server.restore(0);
    enter(1);
    expect(await send(journal.acknowledgedSize())).toMatchObject({ kind: 'gap', size: 0 });
    // What it goes on from is forgotten too: that is a contradiction, and everything goes up again.
    expect(await send(0)).toEqual({ kind: 'conflict' });
    openEpoch(await takeNumber(), null);
    // The forgotten epoch is still not known; the number that comes after it is.
    expect(await send(0)).toEqual({ kind: 'conflict' });
    openEpoch(await takeNumber(), null);
    expect(await send(0)).toMatchObject({ kind: 'acknowledged', size: journal.size() });
    expect(await missing()).toEqual([]);
  });

  it('SM8: where it still has what the forgotten epoch goes on from, that epoch is taken as it is', async () => {
    enter(3);
    await send(0);
    server.backUp();
    const epoch = await takeNumber();
    openEpoch(epoch, journal.acknowledgedSize());
    await server.restore(0);
    expect(await send(0)).toMatchObject({ kind: 'acknowledged', size: journal.size() });
    expect(await missing()).toEqual([]);
    const enrolled = await server.site.db.selectFrom('site_records').selectAll().execute();
    expect(enrolled.filter(({ record }) => record.includes('gateway.enrolled')).length).toBe(2);
  });

  it('SM9: numbers are above the epoch that the gateway is in, and no key is replaced by a number given twice', async () => {
    server.backUp();
    const first = await takeNumber();
    const key = keys.signerOf(first)?.publicKey;
    openEpoch(first, 0);
    await server.restore(0);
    const second = await takeNumber();
    expect(second).toBeGreaterThan(first);
    keys.keep(first);
    expect(keys.signerOf(first)?.publicKey).toEqual(key);
  });

  it('SM10: what was never confirmed is said again by the next epoch', async () => {
    enter(3);
    server.backUp();
    await send(0);
    const acknowledged = journal.acknowledgedSize();
    openEpoch(await takeNumber(), acknowledged);
    // Nothing of it is taken, and the server loses what it goes on from.
    await server.restore(0);
    openEpoch(await takeNumber(), 0);
    expect(await send(0)).toEqual({ kind: 'conflict' });
    openEpoch(await takeNumber(), null);
    await send(0);
    expect(await missing()).toEqual([]);
  });

  it('SM11: everything appended again and again is no more than everything and a few words', async () => {
    enter(20);
    const sizes: number[] = [];
    for (let turn = 0; turn < 5; turn++) {
      openEpoch(await takeNumber(), null);
      sizes.push(journal.size());
    }
    expect((sizes.at(-1) ?? 0) - (sizes[0] ?? 0)).toBeLessThan(12);
    await send(0);
    expect(await missing()).toEqual([]);
  });

  it('SM12: a record whose opening is gone goes up in the next epoch without it', async () => {
    enter(2);
    await send(0);
    enter(2);
    const other = new Database(join(dir, 'journal.db'));
    other.exec('DELETE FROM openings WHERE sq = 4');
    other.exec("UPDATE openings SET value = 'damaged' WHERE sq = 5");
    other.close();
    expect(await send(4)).toEqual({ kind: 'invalid' });
    openEpoch(await takeNumber(), 4);
    expect(await send(0)).toMatchObject({ kind: 'acknowledged', size: journal.size() });
    expect(await missing()).toEqual([]);
  });

  it('SM16: what a start writes before its boot record has the number of that boot', async () => {
    const number = await takeNumber();
    journal.close();
    const reopened = openJournal(
      dir,
      { site: SITE, gateway: GATEWAY, epoch: 1, signer },
      { clock, random, timeFloor: () => asEpochMs(START_MS), signerOf: (epoch) => keys.signerOf(epoch) },
    );
    journal = reopened;
    openEpoch(number, 0);
    const [boot] = reopened.beginBoot('2');
    const boots = (reopened.readBatch(0)?.entries ?? []).map(
      (entry) => (JSON.parse(entry) as { bt: number }).bt,
    );
    expect(new Set(boots)).toEqual(new Set([boot?.bt]));
    expect(boot?.bt).toBe(2);
    expect(reopened.beginBoot('2')[0]?.bt).toBe(3);
  });

  it('SM13: a contradiction of hundreds of records is kept beside, and told', async () => {
    enter(400);
    await send(0);
    const batch = journal.readBatch(0);
    if (batch === null) throw new Error('there is something to send');
    const entries = batch.entries.map((entry, index) =>
      index === 390 ? entry.replace('"mo":', '"mo":1') : entry,
    );
    const answer = await server.upload(GATEWAY, 1, { ...batch, entries, openings: [] });
    expect(answer).toEqual({ kind: 'conflict' });
    const kept = await server.site.db.selectFrom('journal_conflicts').select('reason').execute();
    expect(kept).toEqual([{ reason: 'record-differs' }]);
  });
});
