import { connect } from 'node:net';
import pg from 'pg';
import { inject } from 'vitest';
import type { PostgresAnswer } from './postgres-setup.ts';

/** Which database the suites of the server run on in this project of the test run. */
export const DATABASE_KIND: 'sqlite' | 'postgres' =
  process.env['PALANG_TEST_DATABASE'] === 'postgres' ? 'postgres' : 'sqlite';

let asked: Promise<PostgresAnswer> | undefined;

/** Asks for the PostgreSQL server of this run; it is started by the first who asks. */
export const askForPostgres = (): Promise<PostgresAnswer> =>
  (asked ??= new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(inject('postgresSocket'));
    socket.setEncoding('utf8');
    socket.on('data', (part) => (text += String(part)));
    socket.once('end', () => resolve(JSON.parse(text) as PostgresAnswer));
    socket.once('error', reject);
  }));

/** Tells whether PostgreSQL cannot run here; the tests are skipped by name then, before they begin. */
export const isPostgresMissing = async (): Promise<boolean> => 'why' in (await askForPostgres());

/** A database of one test server. */
export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

let count = 0;

async function run(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: `${url}/postgres` });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Makes a migrated database of its own. */
export async function createPostgresDatabase(): Promise<TestDatabase> {
  const answer = await askForPostgres();
  if ('why' in answer) throw new Error(answer.why);
  const { url, template } = answer;
  count += 1;
  const name = `palang_${process.pid}_${count}`;
  await run(url, `create database ${name} template ${template}`);
  return { url: `${url}/${name}`, drop: () => run(url, `drop database ${name} with (force)`) };
}
