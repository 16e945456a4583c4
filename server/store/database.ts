import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import {
  CompiledQuery,
  Kysely,
  Migrator,
  SqliteDialect,
  SqliteDriver,
  type DatabaseConnection,
  type Transaction,
} from 'kysely';
import { Fault } from '#contract/result';
import { cardMedia } from './migrations/card-media.ts';
import { firstTables } from './migrations/first-tables.ts';
import type { Tables } from './tables.ts';

/** The database, or a transaction on it: what every function of the store takes. */
export type Database = Kysely<Tables>;

// Imported one by one: a bundled program has no folder of migrations to read.
const MIGRATIONS = { '0001-first-tables': firstTables, '0002-card-media': cardMedia };

const FULL = 2;

/**
 * Takes the right to write when a transaction begins. One that only read so far could not go on to write once
 * another process (a command beside the server) wrote in between, and would fail half-way.
 */
class WritingDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
}

class WritingDialect extends SqliteDialect {
  readonly #database: SqliteDatabase.Database;

  constructor(database: SqliteDatabase.Database) {
    super({ database });
    this.#database = database;
  }

  override createDriver(): SqliteDriver {
    return new WritingDriver({ database: this.#database });
  }
}

function openSqlite(path: string): SqliteDatabase.Database {
  if (path !== ':memory:') {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // Made before SQLite makes it, so that it and its journal files are the owner's alone.
    closeSync(openSync(path, 'a', 0o600));
  }
  const sqlite = new SqliteDatabase(path);
  sqlite.pragma('journal_mode = WAL');
  // Said explicitly on every connection: this build of SQLite falls back to NORMAL at the first write otherwise.
  sqlite.pragma('synchronous = FULL');
  sqlite.pragma('foreign_keys = ON');
  sqlite.pragma('busy_timeout = 5000');
  return sqlite;
}

async function migrate(db: Database): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(MIGRATIONS) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw new Fault('migration-failed', { retryable: false, cause: error });
}

/**
 * Opens the database, brings it to the newest form, and makes sure that a commit is on the disk when it returns.
 * @param url `sqlite:PATH` or `sqlite::memory:`
 * @throws Fault `database-url-unknown`, `migration-failed`, `database-not-durable`
 * @see rule SS1
 */
export async function openDatabase(url: string): Promise<Database> {
  const path = /^sqlite:(.+)$/.exec(url)?.[1];
  if (path === undefined) throw new Fault('database-url-unknown', { retryable: false });
  const sqlite = openSqlite(path);
  const db = new Kysely<Tables>({ dialect: new WritingDialect(sqlite) });
  try {
    await migrate(db);
    await db
      .insertInto('meta')
      .values({ key: 'opened', value: '1' })
      .onConflict((c) => c.column('key').doUpdateSet({ value: '1' }))
      .execute();
    if (sqlite.pragma('synchronous', { simple: true }) !== FULL) {
      throw new Fault('database-not-durable', { retryable: false });
    }
    return db;
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

/** Runs `work` in one transaction: all of it is stored and durable when this returns, or nothing is. */
export const inTransaction = <T>(db: Database, work: (trx: Transaction<Tables>) => Promise<T>): Promise<T> =>
  db.transaction().execute(work);

/** Tells whether the database answers. */
export async function isDatabaseAlive(db: Database): Promise<boolean> {
  return (await db.selectFrom('meta').select('key').limit(1).executeTakeFirst()) !== undefined;
}
