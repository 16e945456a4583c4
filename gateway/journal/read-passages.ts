import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { decodeReclaimed } from '#contract/epoch';
import { decodeRecord, type CommittedField, type JournalRecord } from '#contract/record';
import { Fault } from '#contract/result';
import { sha256 } from '../crypto-ports.ts';
import type { RecordedPassage } from '../presence/replay-presence.ts';
import { createEpochPlaces, type EpochPlace, type EpochPlaces } from './epoch-places.ts';
import { JOURNAL_FORMAT, PASSAGE_TYPES } from './journal-tables.ts';

/** Reads of a journal what tells who is inside; records are called by numbers as EpochPlaces counts them. */
export interface PassageReader {
  /** The newest records that tell of somebody's stay, oldest first. */
  readPassages(most: number): readonly RecordedPassage[];
  /** What a commitment of a record stands for; null where there is none or it is erased. */
  openingOf(number: number, field: CommittedField): string | null;
  /** The grant of that number; null where there is none. */
  grantOf(number: number): RecordedPassage['grant'];
}

/** Decodes a stored record as callers see it, out of the one that reclaimed it where there is one; null where none. */
export function decodeStored(body: Uint8Array, places: EpochPlaces): JournalRecord | null {
  const record = decodeRecord(body);
  if (!record.ok) return null;
  if (record.value.ty !== 'journal.reclaimed') return places.toNumbers(record.value);
  const original = decodeReclaimed(sha256, record.value);
  return original.ok ? places.toNumbers(original.value.record) : null;
}

/** Creates the reader over a connection. @param places the epochs as they are when it reads */
export function createPassageReader(db: Database.Database, places: () => EpochPlaces): PassageReader {
  const readRecord = db.prepare<[number], { body: Uint8Array }>('SELECT body FROM records WHERE sq = ?');
  const readNewest = db.prepare<[number], { sq: number; body: Uint8Array }>(
    `SELECT sq, body FROM records WHERE ty IN (${PASSAGE_TYPES}) ORDER BY sq DESC LIMIT ?`,
  );
  const readGrants = db.prepare<[], { sq: number; body: Uint8Array }>(
    `SELECT sq, body FROM records WHERE ty = 'access.granted' ORDER BY sq`,
  );
  const readOpening = db.prepare<[number, string], { value: string }>(
    'SELECT value FROM openings WHERE sq = ? AND field = ?',
  );

  const openingAt = (place: number, field: CommittedField): string | null =>
    readOpening.get(place, field)?.value ?? null;

  /** Where the grants of a damaged file stand in this one, by number; made when it is first asked for. */
  let elsewhere: ReadonlyMap<number, number> | null = null;
  function placesElsewhere(): ReadonlyMap<number, number> {
    const found = new Map<number, number>();
    for (const { sq, body } of readGrants.iterate()) {
      const stored = decodeRecord(body);
      const record =
        stored.ok && stored.value.ty === 'journal.reclaimed' ? decodeStored(body, places()) : null;
      if (record !== null) found.set(record.sq, sq);
    }
    return found;
  }

  function placeOf(number: number): number {
    const place = places().base + number;
    if (place >= 0) return place;
    elsewhere ??= placesElsewhere();
    return elsewhere.get(number) ?? place;
  }

  function grantOf(number: number): RecordedPassage['grant'] {
    const place = placeOf(number);
    const row = readRecord.get(place);
    const record = row === undefined ? null : decodeStored(row.body, places());
    if (record?.ty !== 'access.granted') return null;
    return { record, pm: openingAt(place, 'pm'), cred: openingAt(place, 'cred') };
  }

  return {
    openingOf: (number, field) => openingAt(placeOf(number), field),
    grantOf,
    readPassages: (most) =>
      readNewest
        .all(most)
        .reverse()
        .flatMap(({ sq, body }): readonly RecordedPassage[] => {
          const record = decodeStored(body, places());
          if (record === null) return [];
          const of = record.x['of'];
          return [{ record, sub: openingAt(sq, 'sub'), grant: typeof of === 'number' ? grantOf(of) : null }];
        }),
  };
}

/** A grant that has no outcome yet counts as one of which nobody knows. */
function toUnknown(reader: PassageReader, of: number): readonly RecordedPassage[] {
  const grant = reader.grantOf(of);
  if (grant === null) return [];
  const record: JournalRecord = { ...grant.record, ty: 'access.outcome', rs: 'unknown', x: { of } };
  return [{ record, sub: reader.openingOf(of, 'sub'), grant }];
}

/**
 * Reads who is inside from the journal below a gateway's `dataDir`, read-only: the gateway may go on writing, or be
 * dead. Grants without an outcome come last, as ones of which nobody knows.
 * @throws Fault `journal-missing`, `journal-of-another`, `journal-failed`
 */
export function readPassagesOf(dataDir: string, most: number): readonly RecordedPassage[] {
  const path = join(dataDir, 'journal.db');
  if (!existsSync(path)) throw new Fault('journal-missing', { retryable: false });
  let db: Database.Database | undefined;
  try {
    db = new Database(path, { readonly: true, fileMustExist: true });
    return readAll(db, most);
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error;
    throw new Fault('journal-failed', { retryable: false, cause: error });
  } finally {
    db?.close();
  }
}

/** Reads the epochs of a file, the oldest first. */
export const readEpochs = (db: Database.Database): readonly EpochPlace[] =>
  db.prepare<[], EpochPlace>('SELECT ep AS epoch, base FROM epochs ORDER BY ep').all();

function readAll(db: Database.Database, most: number): readonly RecordedPassage[] {
  if (db.pragma('user_version', { simple: true }) !== JOURNAL_FORMAT) {
    throw new Fault('journal-of-another', { retryable: false });
  }
  const places = createEpochPlaces(readEpochs(db));
  const reader = createPassageReader(db, () => places);
  const readIntents = db.prepare<[], string>('SELECT intents FROM head').pluck();
  // In one transaction: the gateway may write between two reads.
  return db.transaction(() => {
    const open = (JSON.parse(readIntents.get() ?? '[]') as number[]).toSorted((a, b) => a - b);
    return [...reader.readPassages(most), ...open.flatMap((of) => toUnknown(reader, of))];
  })();
}
