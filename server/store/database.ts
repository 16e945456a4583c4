import { Kysely, Migrator, sql, SqliteAdapter, type Transaction } from 'kysely';
import { Fault, type Result } from '#contract/result';
import { approvals } from './migrations/approvals.ts';
import { cardMedia } from './migrations/card-media.ts';
import { doorPolicy } from './migrations/door-policy.ts';
import { evidence } from './migrations/evidence.ts';
import { firstTables } from './migrations/first-tables.ts';
import { people } from './migrations/people.ts';
import { privacy } from './migrations/privacy.ts';
import { reviews } from './migrations/reviews.ts';
import { signIn } from './migrations/sign-in.ts';
import { sop } from './migrations/sop.ts';
import { visits } from './migrations/visits.ts';
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
  '0004-approvals': approvals,
  '0005-evidence': evidence,
  '0006-privacy': privacy,
  '0007-visits': visits,
  '0008-people': people,
  '0018-sop': sop,
  '0028-reviews': reviews,
  '0038-sign-in': signIn,
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

/** Carries a refusal out of a transaction that is to leave nothing. */
class Undone extends Error {
  readonly outcome: unknown;

  constructor(outcome: unknown) {
    super('undone');
    this.outcome = outcome;
  }
}

/** Runs `work` in one transaction; where its outcome is a refusal, nothing of it is stored. @see rule SS15 */
export async function inUndoableTransaction<T, E>(
  db: Database,
  work: (trx: Transaction<Tables>) => Promise<Result<T, E>>,
): Promise<Result<T, E>> {
  try {
    return await inTransaction(db, async (trx) => {
      const outcome = await work(trx);
      if (!outcome.ok) throw new Undone(outcome);
      return outcome;
    });
  } catch (error) {
    if (error instanceof Undone) return error.outcome as Result<T, E>;
    throw error;
  }
}

/** Tells whether the database answers. */
export async function isDatabaseAlive(db: Database): Promise<boolean> {
  return (await db.selectFrom('meta').select('key').limit(1).executeTakeFirst()) !== undefined;
}

/**
 * Brings deletions to the disk itself: the log of SQLite and the dead rows of PostgreSQL hold what was deleted until
 * then. Copies that a disk or a backup keeps are not reached by it.
 */
export async function settleDeletes(db: Database): Promise<void> {
  if (db.getExecutor().adapter instanceof SqliteAdapter) {
    await sql`pragma wal_checkpoint(truncate)`.execute(db);
    return;
  }
  for (const table of ['openings', 'opening_keys', 'people'] as const) {
    await sql`vacuum ${sql.table(table)}`.execute(db);
  }
}
