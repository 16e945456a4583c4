import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeBase64Url, utf8 } from '#contract/bytes';
import { parseSignedCheckpoint, verifyCheckpoint } from '#contract/checkpoint';
import { asEpochMs } from '#contract/clock';
import { doesOpen } from '#contract/commitment';
import { leafHash, rootOfLeaves } from '#contract/merkle';
import { NO_PREVIOUS_HASH, decodeRecord, journalNoteKey, recordHash } from '#contract/record';
import { publicKeyOf, verifyEd25519 } from '../../gateway/crypto-ports.ts';
import { openJournal, readDurability, type Journal, type NewRecord } from '../../gateway/journal/journal.ts';
import {
  CARD,
  DOOR,
  GATEWAY,
  SARI,
  SITE,
  START_MS,
  TestSite,
  createFakeClock,
  createSeededRandom,
  hmacSha256,
  makeFolder,
  sha256,
} from './gateway-world.ts';

const site = new TestSite();
const identity = { site: SITE, gateway: GATEWAY, epoch: 1, signer: site.gateway };
const GRANT: NewRecord = {
  ty: 'access.granted',
  door: DOOR,
  dir: 'in',
  c: { sub: SARI, cred: site.handleOf(CARD) },
};
const CLOSED: NewRecord = { ty: 'door.closed', door: DOOR };

let folder: ReturnType<typeof makeFolder>;
let clock: ReturnType<typeof createFakeClock>;
let opened: Journal[] = [];

beforeEach(() => {
  folder = makeFolder();
  clock = createFakeClock();
});
afterEach(() => {
  for (const journal of opened) journal.close();
  opened = [];
  folder.remove();
});

function open(seed = 'one', which = identity): Journal {
  const journal = openJournal(folder.path, which, {
    clock,
    random: createSeededRandom(seed),
    timeFloor: () => clock.floorMs(),
  });
  opened.push(journal);
  return journal;
}

function close(journal: Journal): void {
  opened = opened.filter((each) => each !== journal);
  journal.close();
}

const file = (): string => join(folder.path, 'journal.db');

function edit(...statements: readonly string[]): void {
  const db = new Database(file());
  for (const statement of statements) db.exec(statement);
  db.close();
}

const entriesOf = (journal: Journal): readonly string[] => journal.readBatch(0)?.entries ?? [];
const typesOf = (journal: Journal): readonly string[] =>
  entriesOf(journal).map((entry) => (JSON.parse(entry) as { ty: string }).ty);

describe('the journal', () => {
  it('GJ1: a connection commits durably, and one that would not is not used', () => {
    const db = new Database(':memory:');
    expect(readDurability(db)).toEqual({ mode: 'memory', synchronous: 2 });
    db.close();
    open().beginBoot('1');
    const other = new Database(file());
    // What the build gives a connection that only asks for WAL: the trap that the explicit setting is for.
    other.exec('UPDATE head SET size = size');
    expect(readDurability(other)).toEqual({ mode: 'wal', synchronous: 1 });
    other.pragma('synchronous = FULL');
    other.exec('UPDATE head SET size = size');
    expect(readDurability(other)).toEqual({ mode: 'wal', synchronous: 2 });
    other.close();
  });

  it('GJ2, GJ6: numbers are dense, links hold, and the first records say whose journal it is', () => {
    const journal = open();
    journal.beginBoot('1.2.3');
    journal.append([CLOSED]);
    const records = entriesOf(journal).map((entry) => {
      const record = decodeRecord(utf8(entry));
      if (!record.ok) throw new Error(record.error);
      return record.value;
    });
    expect(records.map(({ sq, ty, bt }) => [sq, ty, bt])).toEqual([
      [0, 'epoch.opened', 1],
      [1, 'boot', 1],
      [2, 'door.closed', 1],
    ]);
    let ph = NO_PREVIOUS_HASH;
    for (const [index, record] of records.entries()) {
      expect(record.ph).toBe(ph);
      ph = recordHash(sha256, utf8(entriesOf(journal)[index] ?? ''));
    }
    expect(journal.hashAt(3)).toBe(ph);
    expect(records[0]?.x).toMatchObject({ why: 'enrolled', key: encodeBase64Url(site.gateway.publicKey) });
    expect(records[1]?.x).toMatchObject({ version: '1.2.3', openIntents: [] });
  });

  it('GJ3: records refuse to be changed or deleted', () => {
    open().beginBoot('1');
    expect(() => edit(`UPDATE records SET ty = 'boot'`)).toThrow('records never change');
    expect(() => edit('DELETE FROM records WHERE sq = 1')).toThrow('records never go');
  });

  it('GJ4: an append with one impossible record leaves nothing behind', () => {
    const journal = open();
    journal.beginBoot('1');
    const before = journal.size();
    const impossible: NewRecord = { ty: 'door.closed', door: 'not a door id' };
    expect(() => journal.append([CLOSED, impossible], { kept: 'yes' })).toThrow('door');
    expect([journal.size(), journal.readSetting('kept')]).toEqual([before, null]);
    expect(journal.isWritable()).toBe(true);
    journal.append([CLOSED, CLOSED], { kept: 'yes' });
    expect([journal.size(), journal.readSetting('kept')]).toEqual([before + 2, 'yes']);
  });

  it('GJ5: no personal value stands in a record, its opening opens it, and erasing changes no hash', () => {
    const journal = open();
    journal.beginBoot('1');
    const [first] = journal.append([GRANT]);
    const [second] = journal.append([GRANT]);
    expect(first?.c?.sub).not.toBe(second?.c?.sub);
    const batch = journal.readBatch(0);
    expect(batch?.entries.join('\n')).not.toContain(SARI);
    expect(batch?.openings).toHaveLength(4);
    for (const opening of batch?.openings ?? []) {
      const record = opening.sq === first?.sq ? first : second;
      expect(doesOpen(hmacSha256, opening, record?.c?.[opening.field] ?? '')).toBe(true);
    }
    const { checkpoint } = batch ?? {};
    expect(journal.eraseOpenings(asEpochMs(START_MS + 1))).toBe(0);
    journal.acknowledge(journal.size(), journal.hashAt(journal.size()) ?? '');
    expect(journal.eraseOpenings(asEpochMs(START_MS + 1))).toBe(4);
    expect(journal.readBatch(0)).toMatchObject({ openings: [], checkpoint });
  });

  it('GJ6: a start ends every grant whose outcome nobody recorded, once', () => {
    const journal = open();
    journal.beginBoot('1');
    const [lost] = journal.append([GRANT]);
    const [settled] = journal.append([GRANT]);
    journal.append([{ ty: 'access.outcome', rs: 'entered', x: { of: settled?.sq ?? -1 } }]);
    close(journal);

    const again = open('two');
    const records = again.beginBoot('1');
    expect(records.map(({ ty }) => ty)).toEqual(['boot', 'access.outcome']);
    expect(records[0]?.x['openIntents']).toEqual([lost?.sq]);
    expect(records[1]).toMatchObject({ rs: 'unknown', door: DOOR, x: { of: lost?.sq } });
    const opening = again.readBatch(records[1]?.sq ?? 0)?.openings[0];
    expect(opening).toMatchObject({ field: 'sub', value: SARI });
    close(again);
    expect(
      open('three')
        .beginBoot('1')
        .map(({ ty }) => ty),
    ).toEqual(['boot']);
  });

  it('GJ6: two starts of one journal differ, so that a clone shows itself', () => {
    const journal = open('one');
    const first = journal.beginBoot('1').at(-1)?.x['nonce'];
    close(journal);
    expect(open('two').beginBoot('1').at(-1)?.x['nonce']).not.toBe(first);
  });

  it.each([
    [
      'a changed record',
      `UPDATE records SET body = cast(replace(cast(body AS TEXT), 'closed', 'forced') AS BLOB) WHERE sq = 3`,
    ],
    ['a changed hash', `UPDATE records SET hash = zeroblob(32) WHERE sq = 2`],
    ['a missing record', 'DELETE FROM records WHERE sq = 2'],
    ['a missing end', 'DELETE FROM records WHERE sq = 5'],
    ['a head that counts wrongly', 'UPDATE head SET size = size - 1'],
    ['a changed frontier', `UPDATE head SET peaks = zeroblob(length(peaks))`],
    [
      'a hash far below the records that are verified one by one',
      'UPDATE records SET hash = zeroblob(32) WHERE sq = 0',
    ],
  ])('GJ7: %s keeps the journal closed', (_, damage) => {
    const journal = open();
    journal.beginBoot('1');
    for (let i = 0; i < 4; i++) journal.append([CLOSED]);
    close(journal);
    edit('DROP TRIGGER records_never_change', 'DROP TRIGGER records_never_go', damage);
    expect(() => open()).toThrow('journal-corrupt');
    // The lock is free again: an operator can look at the file.
    expect(() => open()).toThrow('journal-corrupt');
  });

  it('GJ7: beyond the newest thousand the frontier finds a changed hash', () => {
    const journal = open();
    journal.beginBoot('1');
    journal.append(Array.from({ length: 1100 }, () => CLOSED));
    close(journal);
    edit('DROP TRIGGER records_never_change', 'UPDATE records SET hash = zeroblob(32) WHERE sq = 7');
    expect(() => open()).toThrow('journal-corrupt');
  });

  it('GJ8: a batch that ends before the head is signed at its own end', async () => {
    const journal = open();
    journal.beginBoot('1');
    journal.append(Array.from({ length: 700 }, () => CLOSED));
    const first = journal.readBatch(0);
    const second = journal.readBatch(first?.entries.length ?? 0);
    const again = journal.readBatch(first?.entries.length ?? 0);
    expect(first?.entries).toHaveLength(500);
    expect(second?.entries).toHaveLength(202);
    expect(again).toEqual(second);
    expect(second?.prev).toBe(journal.hashAt(500));
    const all = [...(first?.entries ?? []), ...(second?.entries ?? [])].map((entry) =>
      leafHash(sha256, utf8(entry)),
    );
    const key = journalNoteKey(SITE, GATEWAY, 1, site.gateway.publicKey);
    for (const [note, size] of [
      [first?.checkpoint, 500],
      [second?.checkpoint, 702],
      [journal.checkpoint(), 702],
    ] as const) {
      const parsed = parseSignedCheckpoint(utf8(note ?? ''));
      if (!parsed.ok) throw new Error(parsed.error);
      const verified = await verifyCheckpoint(
        { sha256, verify: (raw, message, signature) => verifyEd25519(publicKeyOf(raw), message, signature) },
        parsed.value,
        key,
        key.name,
      );
      expect(verified).toMatchObject({ ok: true, value: { size } });
      expect(encodeBase64Url(parsed.value.checkpoint.root)).toBe(
        encodeBase64Url(rootOfLeaves(sha256, all.slice(0, size))),
      );
    }
  });

  it('GJ9: an acknowledgement with another hash, or beyond the end, notes nothing', () => {
    const journal = open();
    journal.beginBoot('1');
    journal.append([CLOSED]);
    expect(journal.acknowledge(2, journal.hashAt(1) ?? '')).toBe(false);
    expect(journal.acknowledge(99, journal.hashAt(3) ?? '')).toBe(false);
    expect(journal.acknowledgedSize()).toBe(0);
    expect(journal.acknowledge(2, journal.hashAt(2) ?? '')).toBe(true);
    expect(journal.acknowledge(1, journal.hashAt(1) ?? '')).toBe(true);
    expect(journal.acknowledgedSize()).toBe(2);
    close(journal);
    expect(open().acknowledgedSize()).toBe(2);
  });

  it('GJ10: a second gateway on one journal, and a journal of another one, are refused', () => {
    const journal = open();
    expect(() => open()).toThrow('journal-in-use');
    close(journal);
    expect(() => open('one', { ...identity, gateway: 'gw-lain' })).toThrow('journal-of-another');
    expect(() => open()).not.toThrow();
  });

  it('GJ11: records never bear a time before the floor, and the floor outlives the process', () => {
    const journal = open();
    clock.setFloor(START_MS + 5000);
    const [record] = journal.beginBoot('1');
    expect(record?.t).toBe(START_MS + 5000);
    close(journal);
    expect(open().timeFloorMs).toBe(START_MS + 5000);
  });

  it('GJ12: a write that fails for good ends every further write', () => {
    const journal = open();
    journal.beginBoot('1');
    edit('DROP TABLE openings');
    expect(() => journal.append([GRANT])).toThrow('journal-failed');
    expect(journal.isWritable()).toBe(false);
    expect(() => journal.append([CLOSED])).toThrow('journal-failed');
  });

  it('GJ12: a full disk denies, and recovers when there is room again', () => {
    let db: Database.Database | undefined;
    const journal = openJournal(folder.path, identity, {
      clock,
      random: createSeededRandom('full'),
      timeFloor: () => clock.floorMs(),
      openDatabase: (path) => (db = new Database(path)),
    });
    opened.push(journal);
    journal.beginBoot('1');
    const pages = Number(db?.pragma('page_count', { simple: true }));
    db?.pragma(`max_page_count = ${pages + 1}`);
    const many = Array.from({ length: 50 }, () => GRANT);
    expect(() => journal.append(many)).toThrow('journal-full');
    expect(journal.isWritable()).toBe(false);
    expect(journal.size()).toBe(2);
    db?.pragma('max_page_count = 1000000');
    expect(journal.append([CLOSED])[0]?.sq).toBe(2);
    expect(journal.isWritable()).toBe(true);
  });

  it('GJ14: listeners hear after the turn that wrote, with what it wrote', async () => {
    const journal = open();
    const heard: string[] = [];
    const stop = journal.onAppended((records) => heard.push(...records.map(({ ty }) => ty)));
    journal.beginBoot('1');
    expect(heard).toEqual([]);
    await Promise.resolve();
    expect(heard).toEqual(['epoch.opened', 'boot']);
    stop();
    journal.append([CLOSED]);
    await Promise.resolve();
    expect(heard).toHaveLength(2);
  });

  it('GJ13: a process killed while it writes loses nothing that it had said was written', async () => {
    const journal = open();
    journal.beginBoot('1');
    close(journal);
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', new URL('gateway-journal-writer.ts', import.meta.url).pathname, folder.path],
      { stdio: ['ignore', 'pipe', 'inherit'], cwd: new URL('../..', import.meta.url).pathname },
    );
    let told = '';
    child.stdout.on('data', (chunk: Buffer) => {
      told += chunk.toString();
      if (told.split('\n').length > 60) child.kill('SIGKILL');
    });
    await once(child, 'close');
    const last = Number(told.trim().split('\n').at(-1));
    const after = open('after');
    expect(last).toBeGreaterThan(40);
    expect(after.size()).toBeGreaterThan(last);
    after.beginBoot('1');
    expect(typesOf(after).at(-1)).toBe('boot');
  });
});
