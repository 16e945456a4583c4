import { join } from 'node:path';
import Database from 'better-sqlite3';
import { plainLeaf, plainRoot } from '../invariants/plain-log.ts';
import type { JournalFileView } from '../invariants/check-log.ts';

/** A record as a journal's file holds it, read without the program that wrote it. */
export interface FileRecord {
  readonly place: number;
  readonly text: string;
  /** Leaf hash of what the text is now. */
  readonly hash: string;
  /** Hash of the record that it tells of: its own, or that of one it holds again. */
  readonly telling: string;
  readonly ty: string;
}

interface Told {
  readonly ty: string;
  readonly ep: number;
  readonly sq: number;
  readonly c?: Readonly<Record<string, string>>;
  readonly x: Readonly<Record<string, unknown>>;
}

const open = (dir: string): Database.Database =>
  new Database(join(dir, 'journal.db'), { readonly: true, fileMustExist: true });

/** Runs something over the file of a journal. */
function over<T>(dir: string, read: (db: Database.Database) => T): T {
  const db = open(dir);
  try {
    return read(db);
  } finally {
    db.close();
  }
}

function readAll(db: Database.Database): readonly FileRecord[] {
  const rows = db
    .prepare<[], { sq: number; ty: string; body: Buffer }>('SELECT sq, ty, body FROM records ORDER BY sq')
    .all();
  return rows.map(({ sq, ty, body }) => {
    const text = body.toString('utf8');
    const hash = plainLeaf(text);
    const inner = ty === 'journal.reclaimed' || text.includes('"ty":"journal.reclaimed"');
    const telling = inner ? String((JSON.parse(text) as Told).x['hash']) : hash;
    return { place: sq, text, hash, telling, ty };
  });
}

/** Every record of the file. */
export const readRecords = (dir: string): readonly FileRecord[] => over(dir, readAll);

/** What kind of record stands under a number of an epoch, on the disk itself; null where there is none. */
export const typeOnDisk = (dir: string, epoch: number, sq: number): string | null =>
  over(dir, (db) => {
    const base = db.prepare<[number], number>('SELECT base FROM epochs WHERE ep = ?').pluck().get(epoch);
    if (base === undefined) return null;
    const body = db
      .prepare<[number], Buffer>('SELECT body FROM records WHERE sq = ?')
      .pluck()
      .get(base + sq);
    return body === undefined ? null : (JSON.parse(body.toString('utf8')) as Told).ty;
  });

/** Reads what must have moved together (I14). */
export const readFileView = (dir: string, log: string): JournalFileView =>
  over(dir, (db) => {
    const head = db
      .prepare<[], { size: number; peaks: Buffer; intents: string }>('SELECT size, peaks, intents FROM head')
      .get();
    const base = db.prepare<[], number>('SELECT max(base) FROM epochs').pluck().get() ?? 0;
    const records = readAll(db);
    const present = records.filter(({ place }) => place >= base);
    const peaks = Array.from({ length: (head?.peaks.length ?? 0) / 32 }, (_, index) =>
      (head?.peaks ?? Buffer.alloc(0)).subarray(index * 32, index * 32 + 32).toString('base64url'),
    );
    const acknowledged = Number(
      db.prepare<[], string>("SELECT value FROM settings WHERE key = 'acked'").pluck().get() ?? '0',
    );
    const openings = db.prepare<[], { sq: number; field: string }>('SELECT sq, field FROM openings').all();
    const grants = new Map<string, number>();
    for (const { text, place } of records) {
      const { ty, ep, sq, x } = JSON.parse(text) as Told;
      if (ty === 'access.granted') grants.set(`${ep}/${sq}`, place);
      if (ty === 'access.outcome') grants.delete(`${Number(x['ofEp'] ?? ep)}/${Number(x['of'])}`);
    }
    return {
      log,
      headSize: head?.size ?? 0,
      recordCount: present.length,
      frontierRoot: rootOfPeaks(peaks, present.length),
      recordsRoot: plainRoot(present.map(({ hash }) => hash)),
      // What the server holds is forgotten here after a week, by a clock that may run ahead.
      commitments: present
        .slice(acknowledged)
        .flatMap(({ text, place }) =>
          Object.keys((JSON.parse(text) as Told).c ?? {}).map((field) => `${place}/${field}`),
        ),
      openings: openings.map(({ sq, field }) => `${sq}/${field}`),
      intents: (JSON.parse(head?.intents ?? '[]') as readonly number[]).filter((number) => number >= 0),
      grantsWithoutOutcome: [...grants.values()]
        .filter((place) => place >= base)
        .map((place) => place - base),
      ...readUses(db),
    };
  });

/** Peaks of complete trees, the largest first, as one root: the smaller ones are joined first. */
function rootOfPeaks(peaks: readonly string[], size: number): string {
  if (size === 0) return plainRoot([]);
  // A root over two leaves is the hash of the two together, whatever those stand for.
  return peaks.slice(0, -1).reduceRight((right, left) => plainRoot([left, right]), peaks.at(-1) ?? '');
}

function readUses(db: Database.Database): Pick<JournalFileView, 'usesCounted' | 'usesRecorded'> {
  const counted = db
    .prepare<[], { key: string; value: string }>("SELECT key, value FROM settings WHERE key LIKE 'uses/%'")
    .all();
  const usesCounted = Object.fromEntries(
    counted.map(({ key, value }) => [key.slice('uses/'.length), Number(value)]),
  );
  // Where a clock that ran ahead had openings forgotten, nothing tells any more whom each grant was for.
  const unknown = db
    .prepare<[], number>(
      `SELECT count(*) FROM records r WHERE r.ty = 'access.granted'
       AND NOT EXISTS (SELECT 1 FROM openings o WHERE o.sq = r.sq AND o.field = 'pm')`,
    )
    .pluck()
    .get();
  // What the server held already stayed in the file that this one was made after.
  const isSecondFile = db.prepare<[], number>('SELECT min(base) FROM epochs').pluck().get() !== 0;
  if (unknown !== 0 || isSecondFile) return { usesCounted: {}, usesRecorded: {} };
  const count = db
    .prepare<[string], number>(
      `SELECT count(*) FROM openings o JOIN records r ON r.sq = o.sq
       WHERE o.field = 'pm' AND o.value = ? AND r.ty = 'access.granted'`,
    )
    .pluck();
  const usesRecorded = Object.fromEntries(Object.keys(usesCounted).map((jti) => [jti, count.get(jti) ?? 0]));
  return { usesCounted, usesRecorded };
}
