import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { decodeRecord, type CommittedField, type JournalRecord } from '#contract/record';
import { Fault } from '#contract/result';
import type { RecordedPassage } from '../presence/replay-presence.ts';
import { JOURNAL_FORMAT, PASSAGE_TYPES } from './journal-tables.ts';

/** Reads of a journal what tells who is inside. */
export interface PassageReader {
  /** The newest records that tell of somebody's stay, oldest first. */
  readPassages(most: number): readonly RecordedPassage[];
  /** What a commitment of a record stands for; null where there is none or it is erased. */
  openingOf(sq: number, field: CommittedField): string | null;
  /** The grant of that number; null where there is none. */
  grantOf(sq: number): RecordedPassage['grant'];
}

/** Creates the reader over a connection. */
export function createPassageReader(db: Database.Database): PassageReader {
  const readRecord = db.prepare<[number], { body: Uint8Array }>('SELECT body FROM records WHERE sq = ?');
  const readNewest = db.prepare<[number], { body: Uint8Array }>(
    `SELECT body FROM records WHERE ty IN (${PASSAGE_TYPES}) ORDER BY sq DESC LIMIT ?`,
  );
  const readOpening = db.prepare<[number, string], { value: string }>(
    'SELECT value FROM openings WHERE sq = ? AND field = ?',
  );

  const openingOf = (sq: number, field: CommittedField): string | null =>
    readOpening.get(sq, field)?.value ?? null;

  function grantOf(sq: number): RecordedPassage['grant'] {
    const row = readRecord.get(sq);
    const record = row === undefined ? null : decodeRecord(row.body);
    if (record?.ok !== true || record.value.ty !== 'access.granted') return null;
    return { record: record.value, pm: openingOf(sq, 'pm'), cred: openingOf(sq, 'cred') };
  }

  function passageOf(record: JournalRecord): RecordedPassage {
    const of = record.x['of'];
    return {
      record,
      sub: openingOf(record.sq, 'sub'),
      grant: typeof of === 'number' ? grantOf(of) : null,
    };
  }

  return {
    openingOf,
    grantOf,
    readPassages: (most) =>
      readNewest
        .all(most)
        .reverse()
        .flatMap(({ body }) => {
          const record = decodeRecord(body);
          return record.ok ? [passageOf(record.value)] : [];
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

function readAll(db: Database.Database, most: number): readonly RecordedPassage[] {
  if (db.pragma('user_version', { simple: true }) !== JOURNAL_FORMAT) {
    throw new Fault('journal-of-another', { retryable: false });
  }
  const reader = createPassageReader(db);
  const readIntents = db.prepare<[], string>('SELECT intents FROM head').pluck();
  // In one transaction: the gateway may write between two reads.
  return db.transaction(() => {
    const open = (JSON.parse(readIntents.get() ?? '[]') as number[]).toSorted((a, b) => a - b);
    return [...reader.readPassages(most), ...open.flatMap((of) => toUnknown(reader, of))];
  })();
}
