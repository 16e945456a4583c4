import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inTransaction, openDatabase, type Database } from '../../server/store/database.ts';
import { nextOrdinal } from '../../server/store/requests.ts';
import { bodyOf, openTestServer, openVisitor, PASSWORD, START, type TestServer } from './server-harness.ts';

describe('store on PostgreSQL', () => {
  let server: TestServer;
  let other: Database;

  beforeEach(async () => {
    server = await openTestServer();
    other = await openDatabase(server.databaseUrl);
  });
  afterEach(async () => {
    await other.destroy();
    await server.close();
  });

  const setting = async (name: string): Promise<unknown> =>
    Object.values((await sql.raw<Record<string, unknown>>(`show ${name}`).execute(other)).rows[0] ?? {})[0];
  const address = (): URL => new URL(server.databaseUrl);

  it('SS11: every connection waits for the disk, whatever the default of the server is', async () => {
    const name = address().pathname.slice(1);
    await sql.raw(`alter database ${name} set synchronous_commit = off`).execute(other);
    await other.destroy();
    other = await openDatabase(server.databaseUrl);
    expect(await setting('synchronous_commit')).toBe('on');
    expect(await setting('fsync')).toBe('on');
  });

  it('SS11: a database that will not wait for the disk is refused', async () => {
    const lax = address();
    lax.searchParams.set('options', '-c synchronous_commit=off');
    await expect(openDatabase(lax.href)).rejects.toThrow('database-not-durable');
  });

  it('SS12: times and counts come back as numbers', async () => {
    await server.person('siapa', []);
    const row = await other
      .selectFrom('people')
      .select(['created_at'])
      .select((e) => [e.fn.countAll().as('n'), e.fn.sum('created_at').as('total')])
      .groupBy('created_at')
      .executeTakeFirstOrThrow();
    expect(row).toEqual({ created_at: START, n: 1, total: START });
  });

  it('SS7: from its begin a transaction keeps other processes from writing', async () => {
    const order: string[] = [];
    let later: Promise<void> | undefined;
    await inTransaction(server.site.db, async (trx) => {
      later = inTransaction(other, async (second) => {
        order.push('second began');
        const { value } = await second
          .selectFrom('meta')
          .select('value')
          .where('key', '=', 'turn')
          .executeTakeFirstOrThrow();
        order.push(`second read ${value}`);
      });
      // The other transaction has asked for its turn before this one writes.
      await expect
        .poll(async () => {
          const { rows } = await sql<{
            n: number;
          }>`select count(*) as n from pg_locks where not granted`.execute(trx);
          return rows[0]?.n;
        })
        .toBe(1);
      order.push('first writes');
      await trx.insertInto('meta').values({ key: 'turn', value: '1' }).execute();
    });
    await later;
    expect(order).toEqual(['first writes', 'second began', 'second read 1']);
  });

  it('SS13: a transaction that fails leaves nothing, and its connection serves the next', async () => {
    const failing = inTransaction(other, async (trx) => {
      await trx.insertInto('meta').values({ key: 'half', value: '1' }).execute();
      await trx.insertInto('meta').values({ key: 'half', value: '2' }).execute();
    });
    await expect(failing).rejects.toThrow(/duplicate key/);
    expect(
      await other.selectFrom('meta').select('key').where('key', '=', 'half').executeTakeFirst(),
    ).toBeUndefined();
    await inTransaction(other, (trx) => trx.insertInto('meta').values({ key: 'next', value: '1' }).execute());
  });

  it('SS14: two servers that file at the same moment take two numbers of the register', async () => {
    const take = (db: Database) => inTransaction(db, (trx) => nextOrdinal(trx, 'IZIN-RS/03/2026'));
    const taken = await Promise.all([server.site.db, other, server.site.db, other].map((db) => take(db)));
    expect(taken.sort((a, b) => a - b)).toEqual([1, 2, 3, 4]);
  });

  it('SS5: no row of the database holds a card number, password or token', async () => {
    const admin = await server.signIn('admin', ['administrator']);
    const { person } = await openVisitor(server);
    await admin.post('credentials', { personId: person.id, card: 'em:6F0ABCD972' });
    const ticket = await bodyOf<{ token: string }>(
      admin.post('gateways', { id: 'gw-ruang-server', doors: ['ruang-server'] }),
    );
    const { rows: tables } = await sql<{
      name: string;
    }>`select table_name as name from information_schema.tables where table_schema = 'public'`.execute(other);
    const contents = await Promise.all(
      tables.map(async ({ name }) =>
        JSON.stringify((await sql.raw(`select * from "${name}"`).execute(other)).rows),
      ),
    );
    const content = contents.join('');
    expect(content).toContain('Orang teknisi');
    const session = admin.cookie.split('=')[1] ?? 'none';
    for (const secret of ['6F0ABCD972', 'F0ABCD', PASSWORD, session, ticket.token]) {
      expect(content).not.toContain(secret);
    }
  });
});
