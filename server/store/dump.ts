import { sql, SqliteAdapter } from 'kysely';
import { Fault } from '#contract/result';
import type { Database } from './database.ts';

/** Rows that live for minutes only: whoever steals a backup shall find no session in it. */
const LEFT_OUT = [
  'sessions',
  'password_resets',
  'sso_logins',
  'passkey_challenges',
  'enrolment_tokens',
  'command_nonces',
];

/** Keys of the openings: kept apart, because a backup of the rest must not open what was erased since. */
export const KEY_TABLES = ['opening_keys'];

const ROWS = 2000;

const isSqlite = (db: Database): boolean => db.getExecutor().adapter instanceof SqliteAdapter;

/** Reads in one snapshot, beside a server that goes on writing. */
export async function inSnapshot<T>(db: Database, work: (snapshot: Database) => Promise<T>): Promise<T> {
  const begin = isSqlite(db) ? sql`begin` : sql`begin isolation level repeatable read read only`;
  return db.connection().execute(async (connection) => {
    await begin.execute(connection);
    try {
      return await work(connection);
    } finally {
      await sql`rollback`.execute(connection);
    }
  });
}

/** Lists the tables that a backup holds. */
export async function dumpedTables(db: Database): Promise<readonly string[]> {
  const tables = await db.introspection.getTables();
  return tables
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('kysely_') && !LEFT_OUT.includes(name))
    .sort();
}

/** Names the migrations that made the tables. */
export async function migrationsOf(db: Database): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  return rows.map(({ name }) => name);
}

/** Reads a table as JSON lines, some at a time. */
export async function* dumpTable(db: Database, table: string): AsyncGenerator<string> {
  const { columns } = (await db.introspection.getTables()).find(({ name }) => name === table) ?? {
    columns: [],
  };
  // Over all columns the order is total, so that no row is met twice or left out.
  const order = sql.join(columns.map(({ name }) => sql.ref(name)));
  for (let offset = 0; ; offset += ROWS) {
    const { rows } = await sql`
      select * from ${sql.table(table)} order by ${order} limit ${sql.lit(ROWS)} offset ${sql.lit(offset)}`.execute(
      db,
    );
    if (rows.length > 0) yield `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`;
    if (rows.length < ROWS) return;
  }
}

/** Tells whether nothing was ever stored here. */
export async function isUntouched(db: Database): Promise<boolean> {
  const row = await db.selectFrom('site_records').select('seq').limit(1).executeTakeFirst();
  const person = await db.selectFrom('people').select('id').limit(1).executeTakeFirst();
  return row === undefined && person === undefined;
}

/** Runs work for each table until all are done; one that waits for another (a foreign key) is tried again after it. */
async function forEachTable(
  trx: Database,
  tables: readonly string[],
  work: (table: string) => Promise<void>,
): Promise<void> {
  let waiting = [...tables];
  while (waiting.length > 0) {
    const postponed: string[] = [];
    let cause: unknown;
    for (const table of waiting) {
      await sql`savepoint one_table`.execute(trx);
      try {
        await work(table);
        await sql`release savepoint one_table`.execute(trx);
      } catch (error) {
        cause = error;
        await sql`rollback to savepoint one_table`.execute(trx);
        postponed.push(table);
      }
    }
    if (postponed.length === waiting.length) {
      throw new Fault('backup-does-not-fit', { retryable: false, cause });
    }
    waiting = postponed;
  }
}

/** Puts rows in the place of all that is there. @param rows by table, JSON objects */
export async function replaceTables(
  trx: Database,
  rows: ReadonlyMap<string, readonly Readonly<Record<string, unknown>>[]>,
): Promise<void> {
  const tables = [...rows.keys()];
  await forEachTable(trx, [...(await dumpedTables(trx)), ...LEFT_OUT], async (table) => {
    await sql`delete from ${sql.table(table)}`.execute(trx);
  });
  await forEachTable(trx, tables, async (table) => {
    for (const row of rows.get(table) ?? []) {
      const names = sql.join(Object.keys(row).map((name) => sql.ref(name)));
      const values = sql.join(Object.values(row));
      await sql`insert into ${sql.table(table)} (${names}) values (${values})`.execute(trx);
    }
  });
}

/** An opening without a key, as a restored database may have them. */
export async function orphanedOpenings(
  db: Database,
): Promise<readonly { readonly gatewayId: string; readonly epoch: number; readonly seq: number }[]> {
  const rows = await db
    .selectFrom('openings')
    .leftJoin('opening_keys', 'opening_keys.id', 'openings.key_id')
    .select(['gateway_id', 'epoch', 'seq'])
    .where('opening_keys.id', 'is', null)
    .execute();
  return rows.map((row) => ({ gatewayId: row.gateway_id, epoch: row.epoch, seq: row.seq }));
}

/** Deletes openings without a key: nobody can open them, and their rows would only tell that they were together. */
export async function deleteOrphans(trx: Database): Promise<void> {
  await trx
    .deleteFrom('openings')
    .where('key_id', 'not in', (e) => e.selectFrom('opening_keys').select('opening_keys.id'))
    .execute();
}

const RESTORED = 'restored';

/** Marks a database as one that was put back from a backup. @param madeAt when the backup was made, ms since 1970 */
export async function markRestored(trx: Database, madeAt: number): Promise<void> {
  const value = String(madeAt);
  await trx
    .insertInto('meta')
    .values({ key: RESTORED, value })
    .onConflict((c) => c.column('key').doUpdateSet({ value }))
    .execute();
}

/** Takes the mark off. @returns when the backup was made; null where the database was not put back */
export async function takeRestoredMark(trx: Database): Promise<number | null> {
  const row = await trx.selectFrom('meta').select('value').where('key', '=', RESTORED).executeTakeFirst();
  if (row === undefined) return null;
  await trx.deleteFrom('meta').where('key', '=', RESTORED).execute();
  return Number(row.value);
}
