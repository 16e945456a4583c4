import { Kysely, Migrator, sql, type Transaction } from 'kysely';
import { Fault } from '#contract/result';
import { cardMedia } from './migrations/card-media.ts';
import { doorPolicy } from './migrations/door-policy.ts';
import { firstTables } from './migrations/first-tables.ts';
import { postgresDialect } from './postgres.ts';
import { sqliteDialect } from './sqlite.ts';
import type { Tables } from './tables.ts';

/** The database, or a transaction on it: what every function of the store takes. */
export type Database = Kysely<Tables>;

// Imported one by one: a bundled program has no folder of migrations to read.
const MIGRATIONS = {
  '0001-first-tables': firstTables,
  '0002-card-media': cardMedia,
  '0003-door-policy': doorPolicy,
};

type Dialect = 'sqlite' | 'postgres';

const FULL = 2;

async function isDurable(db: Database, dialect: Dialect): Promise<boolean> {
  if (dialect === 'sqlite') {
    const { rows } = await sql<{ synchronous: number }>`pragma synchronous`.execute(db);
    return rows[0]?.synchronous === FULL;
  }
  const { rows } = await sql<{ commit: string; fsync: string }>`
    select current_setting('synchronous_commit') as commit, current_setting('fsync') as fsync`.execute(db);
  return rows[0]?.commit !== 'off' && rows[0]?.fsync === 'on';
}

async function migrate(db: Database): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(MIGRATIONS) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw new Fault('migration-failed', { retryable: false, cause: error });
}

/**
 * Opens the database, brings it to the newest form, and makes sure that a commit is on the disk when it returns.
 * @param url `sqlite:PATH`, `sqlite::memory:`, or `postgres://USER:PASSWORD@HOST:PORT/NAME`
 * @throws Fault `database-url-unknown`, `migration-failed`, `database-not-durable`
 * @see rules SS1, SS11
 */
export async function openDatabase(url: string): Promise<Database> {
  const path = /^sqlite:(.+)$/.exec(url)?.[1];
  const isPostgres = /^postgres(?:ql)?:\/\/./.test(url);
  if (path === undefined && !isPostgres) throw new Fault('database-url-unknown', { retryable: false });
  const db = new Kysely<Tables>({ dialect: path === undefined ? postgresDialect(url) : sqliteDialect(path) });
  try {
    await migrate(db);
    await db
      .insertInto('meta')
      .values({ key: 'opened', value: '1' })
      .onConflict((c) => c.column('key').doUpdateSet({ value: '1' }))
      .execute();
    if (!(await isDurable(db, path === undefined ? 'postgres' : 'sqlite'))) {
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
