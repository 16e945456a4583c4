import { join } from 'node:path';
import Database from 'better-sqlite3';
import { encodeBase64Url, equalBytes } from '#contract/bytes';
import type { PreviousEpoch } from '#contract/epoch';
import { EMPTY_FRONTIER, appendLeaf, frontierRoot, leafHash, type Frontier } from '#contract/merkle';
import { decodeRecord, type CommittedField } from '#contract/record';
import { sha256 } from '../crypto-ports.ts';
import type { EpochPlace } from './epoch-places.ts';

/** What a commitment of a stored record stands for. */
export interface StoredOpening {
  readonly place: number;
  readonly field: CommittedField;
  readonly salt: Uint8Array;
  readonly value: string;
  readonly atMs: number;
}

export interface StoredSetting {
  readonly key: string;
  readonly value: string;
}

/** What can still be read of a damaged journal. */
export interface SalvagedJournal {
  /** Its epochs, all of whose records end before place 0 of the file that comes after it. */
  readonly epochs: readonly EpochPlace[];
  /** Its newest epoch, as far as the server is known to hold it. */
  readonly previous: PreviousEpoch;
  /** Records that the server is not known to hold and whose hashes are right, in their order. */
  readonly records: readonly { readonly sq: number; readonly body: Uint8Array; readonly hash: Uint8Array }[];
  readonly openings: readonly StoredOpening[];
  readonly settings: readonly StoredSetting[];
  readonly boot: number;
  /** Records of its newest epoch. */
  readonly size: number;
  /** Grants without an outcome, by number in its newest epoch. */
  readonly intents: readonly number[];
  /** How many records are gone; null where that cannot be told. */
  readonly lost: number | null;
}

/** Calls `read`, and takes `otherwise` where the file does not give that any more. */
function tryRead<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Database.SqliteError || error instanceof SyntaxError) return otherwise;
    throw error;
  }
}

/** Nothing at all can be read of the file. */
const nothingOf = (epoch: number): SalvagedJournal => ({
  epochs: [],
  previous: { ep: epoch, size: 0, root: encodeBase64Url(sha256(new Uint8Array())) },
  records: [],
  openings: [],
  settings: [],
  boot: 0,
  size: 0,
  intents: [],
  lost: null,
});

/** The frontier over the first records, as far as their stored hashes go; null where one is missing. */
function frontierOver(db: Database.Database, base: number, size: number): Frontier | null {
  let frontier = EMPTY_FRONTIER;
  const rows = db
    .prepare<[number, number], { hash: Uint8Array }>(
      'SELECT hash FROM records WHERE sq >= ? AND sq < ? ORDER BY sq',
    )
    .iterate(base, base + size);
  for (const { hash } of rows) frontier = appendLeaf(sha256, frontier, hash);
  return frontier.size === size ? frontier : null;
}

/**
 * Reads what can still be read of a damaged journal; changes nothing in it.
 * @param dir folder of journal.db
 * @param fallbackEpoch the epoch that it is of, where even that cannot be read
 * @see rules GJ26, GJ27
 */
export function salvageJournal(dir: string, fallbackEpoch: number): SalvagedJournal {
  let db: Database.Database;
  try {
    db = new Database(join(dir, 'journal.db'), { readonly: true, fileMustExist: true });
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error;
    return nothingOf(fallbackEpoch);
  }
  try {
    return readAll(db, fallbackEpoch);
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error;
    return nothingOf(fallbackEpoch);
  } finally {
    db.close();
  }
}

function readAll(db: Database.Database, fallbackEpoch: number): SalvagedJournal {
  const settings = tryRead(() => db.prepare<[], StoredSetting>('SELECT key, value FROM settings').all(), []);
  const setting = (key: string): string | null => settings.find((each) => each.key === key)?.value ?? null;
  const epochs = tryRead(
    () => db.prepare<[], EpochPlace>('SELECT ep AS epoch, base FROM epochs ORDER BY ep').all(),
    [{ epoch: Number(setting('epoch') ?? fallbackEpoch), base: 0 }],
  );
  const present = epochs.at(-1) ?? { epoch: fallbackEpoch, base: 0 };
  const head = tryRead(
    () =>
      db
        .prepare<[], { size: number; boot: number; intents: string }>('SELECT size, boot, intents FROM head')
        .get(),
    undefined,
  );
  const acknowledged = Number(setting('acked') ?? '0');
  const held = tryRead(() => frontierOver(db, present.base, acknowledged), null);
  const size = held === null ? 0 : acknowledged;
  const previous: PreviousEpoch = {
    ep: present.epoch,
    size,
    root: encodeBase64Url(frontierRoot(sha256, held ?? EMPTY_FRONTIER)),
  };
  const ranges = tryRead(
    () => JSON.parse(setting('reclaim') ?? '[]') as readonly (readonly [number, number])[],
    [],
  );
  const end = present.base + (head?.size ?? 0);
  const wanted = [...ranges, [present.base + size, Math.max(end, present.base + size)] as const];
  const records = wanted.flatMap(([from, until]) => readWhole(db, from, head === undefined ? null : until));
  const expected = wanted.reduce((sum, [from, until]) => sum + until - from, 0);
  return {
    epochs: epochs.map(({ epoch, base }) => ({ epoch, base: base - end })),
    previous,
    records,
    openings: readOpenings(db, records),
    settings,
    boot: head?.boot ?? 0,
    size: head?.size ?? 0,
    intents: tryRead(() => JSON.parse(head?.intents ?? '[]') as readonly number[], []),
    lost: head === undefined ? null : expected - records.length,
  };
}

/** Reads one by one: a page that is gone takes no others with it. */
function readWhole(
  db: Database.Database,
  from: number,
  until: number | null,
): { sq: number; body: Uint8Array; hash: Uint8Array }[] {
  const read = db.prepare<[number], { sq: number; body: Uint8Array; hash: Uint8Array }>(
    'SELECT sq, body, hash FROM records WHERE sq = ?',
  );
  const last = until ?? tryRead(() => lastPlace(db) + 1, from);
  const found: { sq: number; body: Uint8Array; hash: Uint8Array }[] = [];
  for (let place = from; place < last; place++) {
    const row = tryRead(() => read.get(place), undefined);
    if (row === undefined) continue;
    if (equalBytes(row.hash, leafHash(sha256, row.body)) && decodeRecord(row.body).ok) found.push(row);
  }
  return found;
}

const lastPlace = (db: Database.Database): number =>
  db.prepare<[], number>('SELECT max(sq) FROM records').pluck().get() ?? -1;

function readOpenings(
  db: Database.Database,
  records: readonly { readonly sq: number }[],
): readonly StoredOpening[] {
  const read = tryRead(
    () =>
      db.prepare<
        [number],
        { sq: number; field: CommittedField; salt: Uint8Array; value: string; at_ms: number }
      >('SELECT sq, field, salt, value, at_ms FROM openings WHERE sq = ?'),
    null,
  );
  if (read === null) return [];
  return records.flatMap(({ sq }) =>
    tryRead(() => read.all(sq), []).map(({ field, salt, value, at_ms: atMs }) => ({
      place: sq,
      field,
      salt,
      value,
      atMs,
    })),
  );
}
