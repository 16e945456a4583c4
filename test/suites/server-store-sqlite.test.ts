import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inTransaction } from '../../server/store/database.ts';
import { bodyOf, openTestServer, openVisitor, PASSWORD, type TestServer } from './server-harness.ts';

describe('store on SQLite', () => {
  let server: TestServer;

  beforeEach(async () => {
    server = await openTestServer();
  });
  afterEach(() => server.close());

  it('SS1: after a write the database still waits for the disk', async () => {
    const read = async (pragma: string): Promise<unknown> =>
      Object.values(
        (await sql.raw<Record<string, unknown>>(`pragma ${pragma}`).execute(server.site.db)).rows[0] ?? {},
      )[0];
    await server.person('siapa', []);
    expect(await read('synchronous')).toBe(2);
    expect(await read('journal_mode')).toBe('wal');
    expect(await read('foreign_keys')).toBe(1);
  });

  it('SS7: from its begin a transaction keeps other processes from writing', async () => {
    const other = new SqliteDatabase(join(server.dir, 'server.db'), { timeout: 0 });
    const write = (): unknown => other.prepare("insert into meta (key, value) values ('x', '1')").run();
    await inTransaction(server.site.db, async (trx) => {
      await trx.selectFrom('people').selectAll().execute();
      expect(write).toThrow('database is locked');
    });
    expect(write).not.toThrow();
    other.close();
  });

  it('SS5: the files of the database hold no card number, password or token', async () => {
    const admin = await server.signIn('admin', ['administrator']);
    const { person } = await openVisitor(server);
    await admin.post('credentials', { personId: person.id, card: 'em:6F0ABCD972' });
    const ticket = await bodyOf<{ token: string }>(
      admin.post('gateways', { id: 'gw-ruang-server', doors: ['ruang-server'] }),
    );
    const files = readdirSync(server.dir).filter((name) => name.startsWith('server.db'));
    expect(files.length).toBeGreaterThan(0);
    const content = files.map((name) => readFileSync(join(server.dir, name), 'latin1')).join('');
    expect(content).toContain('Orang teknisi');
    expect(content).toContain('D972');
    const session = admin.cookie.split('=')[1] ?? 'none';
    for (const secret of ['6F0ABCD972', 'F0ABCD', PASSWORD, session, ticket.token]) {
      expect(content).not.toContain(secret);
    }
  });
});
