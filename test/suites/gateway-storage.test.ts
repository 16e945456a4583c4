import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkBundleSeals } from '#contract/bundle-seals';
import { journalPath } from '#contract/bundle-format';
import { concatBytes, utf8 } from '#contract/bytes';
import { Fault } from '#contract/result';
import { openBallast, type Ballast } from '../../gateway/journal/ballast.ts';
import {
  openJournal,
  type Journal,
  type JournalPorts,
  type NewRecord,
} from '../../gateway/journal/journal.ts';
import { stepDisk } from '../../gateway/journal/step-disk.ts';
import { openSealChain, saveSealKey, SEAL_FILE } from '../../gateway/seal-chain.ts';
import { openFileMedium } from '../../gateway/second-medium.ts';
import {
  DOOR,
  GATEWAY,
  SARI,
  SITE,
  TestSite,
  createFakeClock,
  createSeededRandom,
  hmacSha256,
  makeFolder,
  settle,
  sha256,
} from './gateway-world.ts';

const site = new TestSite();
const GRANT: NewRecord = { ty: 'access.granted', door: DOOR, dir: 'in', c: { sub: SARI } };
const LEFT: NewRecord = { ty: 'exit.recorded', door: DOOR, dir: 'out' };

let folder: ReturnType<typeof makeFolder>;
let clock: ReturnType<typeof createFakeClock>;
let opened: Journal[];

beforeEach(() => {
  folder = makeFolder();
  clock = createFakeClock();
  opened = [];
});
afterEach(() => {
  for (const journal of opened) journal.close();
  folder.remove();
});

function open(ports: Partial<JournalPorts> = {}): Journal {
  const journal = openJournal(
    folder.path,
    { site: SITE, gateway: GATEWAY, epoch: 1, signer: site.gateway },
    { clock, random: createSeededRandom('one'), timeFloor: () => clock.floorMs(), ...ports },
  );
  opened.push(journal);
  journal.beginBoot('1');
  return journal;
}

const codeOf = (act: () => unknown): string => {
  try {
    act();
    return 'done';
  } catch (error) {
    return error instanceof Fault ? error.code : String(error);
  }
};

describe('a disk that fails', () => {
  it('GJ12: an fsync that fails once ends all granting for this process, though the disk seems well again', async () => {
    let isBroken = false;
    const faults: string[] = [];
    const journal = open({
      openDatabase: (path) => {
        const db = new Database(path);
        const transaction = db.transaction.bind(db);
        // What SQLite says when the kernel could not bring the pages to the disk.
        db.transaction = ((work: (...args: unknown[]) => unknown) => {
          const made = transaction(work);
          const immediate = made.immediate.bind(made);
          return Object.assign((...args: unknown[]): unknown => made(...args), {
            ...made,
            immediate: (...args: unknown[]): unknown => {
              if (isBroken) throw new Database.SqliteError('disk I/O error', 'SQLITE_IOERR_FSYNC');
              return immediate(...args);
            },
          });
        }) as typeof db.transaction;
        return db;
      },
    });
    journal.onFailed((fault) => faults.push(fault.code));
    journal.append([GRANT]);
    const size = journal.size();
    isBroken = true;
    expect(codeOf(() => journal.append([GRANT]))).toBe('journal-failed');
    isBroken = false;
    expect([journal.isWritable(), journal.isSound(), journal.size()]).toEqual([false, false, size]);
    expect(codeOf(() => journal.append([GRANT]))).toBe('journal-failed');
    expect(codeOf(() => journal.append([LEFT]))).toBe('journal-failed');
    await settle();
    expect(faults).toEqual(['journal-failed']);
  });

  it('GJ24: on a full disk the held room is given up, and what it frees is for those who leave', () => {
    let db: Database.Database | null = null;
    let isHeld = true;
    const room = (pages: number): void => void db?.pragma(`max_page_count = ${pages}`);
    const ballast: Ballast = {
      isGone: () => !isHeld,
      giveUp: () => {
        if (!isHeld) return false;
        isHeld = false;
        room(10_000);
        return true;
      },
      hold: () => {
        isHeld = true;
        return Promise.resolve(true);
      },
    };
    const journal = open({ ballast, openDatabase: (path) => (db = new Database(path)) });
    expect(codeOf(() => journal.append([GRANT]))).toBe('done');
    room(1);
    let said = 'done';
    for (let n = 0; said === 'done' && n < 2000; n++) said = codeOf(() => journal.append([GRANT]));
    expect(said).toBe('journal-full');
    expect([ballast.isGone(), journal.isWritable(), journal.isSound()]).toEqual([true, false, true]);
    // It says so itself, nobody more is let in, and whoever leaves is written down.
    const last = journal.readBatch(journal.size() - 1)?.entries ?? [];
    expect(last.join('\n')).toContain('"ty":"disk.full"');
    expect(codeOf(() => journal.append([GRANT]))).toBe('journal-full');
    expect(codeOf(() => journal.append([LEFT]))).toBe('done');
    expect(journal.isWritable()).toBe(false);
    isHeld = true;
    expect(codeOf(() => journal.append([GRANT]))).toBe('done');
    expect(journal.isWritable()).toBe(true);
  });

  it('GJ24: the room is a file that is really written, its loss outlives a restart, and it is taken again', async () => {
    const ballast = openBallast(folder.path, 3_000_000);
    expect(await ballast.hold()).toBe(true);
    expect(readFileSync(join(folder.path, 'ballast')).length).toBe(3_000_000);
    expect(ballast.giveUp()).toBe(true);
    expect(ballast.giveUp()).toBe(false);
    const again = openBallast(folder.path, 3_000_000);
    expect(again.isGone()).toBe(true);
    expect(await again.hold()).toBe(true);
    expect([again.isGone(), openBallast(folder.path, 3_000_000).isGone()]).toEqual([false, false]);
  });

  it('GJ23, GJ25: little room is told once for each level, and what may go goes before people are shut out', () => {
    const look = (freeBytes: number, isBallastGone = false) => ({
      freeBytes,
      totalBytes: 1000,
      isBallastGone,
      ballastBytes: 30,
    });
    const kinds = (level: 'good' | 'low' | 'full', free: number, isGone = false): readonly string[] =>
      stepDisk(level, look(free, isGone)).actions.map((action) =>
        action.kind === 'note' ? action.ty : action.kind,
      );
    expect(kinds('good', 500)).toEqual([]);
    expect(kinds('good', 199)).toEqual(['disk.low']);
    expect(kinds('low', 199)).toEqual([]);
    expect(kinds('low', 99)).toEqual(['erase-openings']);
    expect(kinds('low', 49)).toEqual(['give-up-ballast', 'disk.full', 'erase-openings']);
    expect(kinds('full', 49, true)).toEqual(['erase-openings']);
    expect(kinds('full', 105, true)).toEqual(['disk.low']);
    expect(kinds('low', 111, true)).toEqual(['hold-ballast']);
    expect(stepDisk('full', look(500)).level).toBe('good');
  });

  it('GJ28: of two files on another device the higher whole one counts, and a torn one never', () => {
    const path = join(folder.path, 'mark');
    const mark = (size: number) => ({ epoch: 1, size, head16: 'A'.repeat(21), floorMs: 5, policy: 2 });
    const medium = openFileMedium(path);
    expect(medium.read()).toBeNull();
    medium.write(mark(10));
    medium.write(mark(11));
    expect(medium.read()).toEqual(mark(11));
    writeFileSync(`${path}.b`, readFileSync(`${path}.b`).subarray(0, 20));
    expect(medium.read()).toEqual(mark(10));
    medium.write(mark(12));
    expect(openFileMedium(path).read()).toEqual(mark(12));
  });
});

describe('seals', () => {
  const KEY = sha256(utf8('first interval'));
  const escrow = { site: SITE, gateway: GATEWAY, key: KEY };
  const ports = { sha256, hmac: hmacSha256 };
  const evidence = (journal: Journal): Map<string, Uint8Array> =>
    new Map([
      [
        journalPath(GATEWAY, 1),
        concatBytes(...(journal.readBatch(0)?.entries ?? []).map((entry) => utf8(`${entry}\n`))),
      ],
    ]);

  it('GJ22: without a key there are none, and a damaged key file is a fault', () => {
    const journal = open();
    expect(openSealChain(folder.path, journal)).toBeNull();
    writeFileSync(join(folder.path, SEAL_FILE), '{"i":0');
    expect(codeOf(() => openSealChain(folder.path, journal))).toBe('seal-key-unreadable');
  });

  it('GJ20: each seal holds what stood before it, and no key that could make it again is left', () => {
    saveSealKey(folder.path, 0, KEY);
    const journal = open();
    const seals = openSealChain(folder.path, journal);
    for (let n = 0; n < 3; n++) {
      journal.append([GRANT]);
      seals?.seal();
    }
    const files = evidence(journal);
    expect(checkBundleSeals(ports, files, escrow)).toEqual({
      ok: true,
      value: { gateway: GATEWAY, seals: 3 },
    });
    expect(readFileSync(join(folder.path, SEAL_FILE), 'utf8')).toContain('"i":3');
    const other = { ...escrow, key: sha256(KEY) };
    expect(checkBundleSeals(ports, files, other)).toMatchObject({ ok: false, error: { reason: 'changed' } });
    // Whoever took the machine later writes the past anew, and has to leave the seals as they are.
    const text = new TextDecoder().decode(files.get(journalPath(GATEWAY, 1)));
    const changed = text.replace('"dir":"in"', '"dir":"out"');
    const written = new Map([[journalPath(GATEWAY, 1), utf8(changed)]]);
    expect(checkBundleSeals(ports, written, escrow)).toMatchObject({
      ok: false,
      error: { reason: 'changed' },
    });
    const without = text.split('\n').filter((line) => !line.includes('"i":1,'));
    const shorter = new Map([[journalPath(GATEWAY, 1), utf8(without.join('\n'))]]);
    expect(checkBundleSeals(ports, shorter, escrow)).toMatchObject({
      ok: false,
      error: { reason: 'removed' },
    });
  });

  it('GJ21: a key that a power cut kept is over all the same', () => {
    saveSealKey(folder.path, 0, KEY);
    const journal = open();
    const seals = openSealChain(folder.path, journal);
    cpSync(join(folder.path, SEAL_FILE), join(folder.path, 'kept'));
    seals?.seal();
    cpSync(join(folder.path, 'kept'), join(folder.path, SEAL_FILE));
    openSealChain(folder.path, journal)?.seal();
    expect(checkBundleSeals(ports, evidence(journal), escrow)).toMatchObject({
      ok: true,
      value: { seals: 2 },
    });
  });
});
