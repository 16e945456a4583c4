import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Fault } from '#contract/result';
import {
  EPOCH_TABLE,
  JOURNAL_FORMAT,
  JOURNAL_INDEXES,
  JOURNAL_PRAGMAS,
  JOURNAL_TABLES,
  PRAGMAS_READ,
} from './journal-tables.ts';

/** A journal file that is open, and that no other process has open. */
export interface JournalFile {
  readonly db: Database.Database;
  close(): void;
}

export const corrupt = (cause?: unknown): Fault => new Fault('journal-corrupt', { retryable: false, cause });

/** What a failure of SQLite means for the journal; anything else is passed on. */
export function faultOf(error: unknown): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  if (error.code === 'SQLITE_FULL') return new Fault('journal-full', { retryable: true, cause: error });
  if (/^SQLITE_(?:CORRUPT|NOTADB)/.test(error.code)) return corrupt(error);
  return new Fault('journal-failed', { retryable: false, cause: error });
}

/** A second gateway on one journal would be a cloned journal; the kernel frees the lock of one that was killed. */
function holdLock(path: string): Database.Database {
  const lock = new Database(path, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    throw new Fault('journal-in-use', { retryable: true, cause: error });
  }
}

/** Reads how the connection really commits. */
export const readDurability = (db: Database.Database): { mode: unknown; synchronous: unknown } => ({
  mode: db.pragma('journal_mode', { simple: true }),
  synchronous: db.pragma('synchronous', { simple: true }),
});

/** A setting that was asked for and not taken would be found out by the power cut that it was for. */
function assertPragmas(db: Database.Database): void {
  for (const [name, wanted] of Object.entries(PRAGMAS_READ)) {
    if (db.pragma(name, { simple: true }) !== wanted) {
      throw new Fault('journal-not-durable', { retryable: false });
    }
  }
}

/** Whose journal the file is. */
export interface JournalOwner {
  readonly site: string;
  readonly gateway: string;
}

/** The epochs of a file that is made anew, the newest last. */
export type FirstEpochs = readonly { readonly epoch: number; readonly base: number }[];

function createTables(db: Database.Database, owner: JournalOwner, epochs: FirstEpochs): void {
  db.transaction(() => {
    db.exec(JOURNAL_TABLES);
    db.prepare(`INSERT INTO head VALUES (1, 0, x'', 0, 0, '[]')`).run();
    const set = db.prepare('INSERT INTO settings VALUES (?, ?)');
    set.run('site', owner.site);
    set.run('gateway', owner.gateway);
    for (const { epoch, base } of epochs) db.prepare('INSERT INTO epochs VALUES (?, ?)').run(epoch, base);
    db.pragma(`user_version = ${JOURNAL_FORMAT}`);
  })();
}

/** A file of the first format holds one epoch. */
function addEpochs(db: Database.Database): void {
  db.transaction(() => {
    db.exec(EPOCH_TABLE);
    db.exec(`INSERT INTO epochs SELECT cast(value AS INTEGER), 0 FROM settings WHERE key = 'epoch'`);
    db.pragma(`user_version = ${JOURNAL_FORMAT}`);
  })();
}

function prepareTables(db: Database.Database, owner: JournalOwner, epochs: FirstEpochs): void {
  for (const pragma of JOURNAL_PRAGMAS) db.pragma(pragma);
  const format = db.pragma('user_version', { simple: true });
  if (format === 0) createTables(db, owner, epochs);
  else if (format === 1) addEpochs(db);
  else if (format !== JOURNAL_FORMAT) throw new Fault('journal-of-another', { retryable: false });
  db.exec(JOURNAL_INDEXES);
  // A write of its own: only after one does the connection show whether it kept synchronous=FULL.
  db.prepare('UPDATE head SET size = size').run();
  assertPragmas(db);
  if (db.pragma('quick_check(1)', { simple: true }) !== 'ok') throw corrupt();
  const setting = db.prepare<[string], string>('SELECT value FROM settings WHERE key = ?').pluck();
  if (setting.get('site') !== owner.site || setting.get('gateway') !== owner.gateway) {
    throw new Fault('journal-of-another', { retryable: false });
  }
}

/**
 * Opens the file of a journal, makes sure that a commit is durable, and keeps every other process out.
 * @param dir folder of journal.db; made where it is missing
 * @throws Fault `journal-in-use`, `journal-corrupt`, `journal-of-another`, `journal-not-durable`, `journal-failed`
 */
export function openJournalFile(
  dir: string,
  owner: JournalOwner,
  epochs: FirstEpochs,
  openDatabase: (path: string) => Database.Database = (path) => new Database(path),
): JournalFile {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const lock = holdLock(join(dir, 'journal.lock'));
  let db: Database.Database | undefined;
  try {
    db = openDatabase(join(dir, 'journal.db'));
    prepareTables(db, owner, epochs);
  } catch (error) {
    db?.close();
    lock.close();
    throw faultOf(error);
  }
  const opened = db;
  return {
    db: opened,
    close: () => {
      opened.close();
      lock.close();
    },
  };
}
