import { spawn, type ChildProcess } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { demoSchema, meSchema } from '#contract/api';
import { createApiClient, signIn } from '../../deploy/all-in-one/api-client.ts';
import { findFreePort } from '../../deploy/all-in-one/free-port.ts';
import { processBirth } from '../../deploy/all-in-one/process-birth.ts';
import { programFile } from '../../deploy/all-in-one/program.ts';
import { openJournalReader } from '../../deploy/story/journal-reader.ts';
import { waitFor } from '../../deploy/story/wait-for.ts';
import { buildIfStale } from './test-site.ts';

const START_MS = 45_000;
const STOP_MS = 20_000;

interface Launcher {
  readonly child: ChildProcess;
  out(): string;
  err(): string;
  /** Resolves with the exit code. */
  ended(): Promise<number | null>;
}

let folder = '';
let port = 0;
const running: Launcher[] = [];
beforeAll(async () => {
  await buildIfStale();
  folder = mkdtempSync(join(tmpdir(), 'palang-all-'));
  port = await findFreePort();
});
afterEach(async () => {
  for (const each of running.splice(0)) {
    each.child.kill('SIGTERM');
    await each.ended();
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function launch(home: string, args: readonly string[] = []): Launcher {
  const child = spawn(process.execPath, [programFile(), 'all-in-one', ...args], {
    env: { ...process.env, PALANG_HOME: join(folder, home), PORT: String(port), NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => out.push(part));
  child.stderr.on('data', (part: Buffer) => errors.push(part));
  const end = new Promise<number | null>((resolve) => child.once('close', resolve));
  const launcher: Launcher = {
    child,
    out: () => Buffer.concat(out).toString('utf8'),
    err: () => Buffer.concat(errors).toString('utf8'),
    ended: () => end,
  };
  running.push(launcher);
  return launcher;
}

const greeting = (launcher: Launcher): Promise<string> =>
  waitFor('the banner', START_MS, () => {
    if (launcher.child.exitCode !== null) throw new Error(`ended: ${launcher.err()}`);
    return launcher.out().includes('Ctrl-C') ? launcher.out() : undefined;
  });

const partsOf = (home: string): { pid: number; birth: string }[] =>
  JSON.parse(readFileSync(join(folder, home, 'processes.json'), 'utf8')) as { pid: number; birth: string }[];

const areGone = (parts: readonly { pid: number; birth: string }[]): boolean =>
  parts.every(({ pid, birth }) => processBirth(pid) !== birth);

test(
  'DP1, DP2, DP3: one command starts everything, a signal stops it, and the next start goes on with the same home',
  {
    timeout: 240_000,
  },
  async () => {
    const first = launch('home');
    const text = await greeting(first);
    const server = { url: `http://127.0.0.1:${port}` };
    expect(text).toContain(server.url);
    const demo = await createApiClient(server).get('/demo', demoSchema);
    for (const account of demo.accounts) {
      expect(text).toContain(account.password);
      expect((await (await signIn(server, account)).get('/me', meSchema)).roles).toContain(account.role);
    }

    const sameHome = launch('home');
    expect(await sameHome.ended()).toBe(2);
    expect(sameHome.err().trim().split('\n')).toHaveLength(1);
    const samePort = launch('other');
    expect(await samePort.ended()).toBe(2);
    expect(samePort.err()).toMatch(/^palang: port \d+ is in use.*\n$/);

    const parts = partsOf('home');
    expect(parts).toHaveLength(3);
    first.child.kill('SIGINT');
    const stopped = performance.now();
    expect(await first.ended()).toBe(0);
    expect(performance.now() - stopped).toBeLessThan(STOP_MS);
    expect(areGone(parts)).toBe(true);
    expect(first.err()).toBe('');

    const keys = readFileSync(join(folder, 'home', 'site-root.json'), 'utf8');
    const second = launch('home');
    await greeting(second);
    expect(readFileSync(join(folder, 'home', 'site-root.json'), 'utf8')).toBe(keys);

    // A launcher that is killed leaves its parts behind; the next start ends them and takes over.
    const orphans = partsOf('home');
    second.child.kill('SIGKILL');
    await second.ended();
    expect(areGone(orphans)).toBe(false);
    const third = launch('home');
    await greeting(third);
    expect(areGone(orphans)).toBe(true);
    const journal = openJournalReader(join(folder, 'home', 'gateway'));
    expect(journal.records().filter((each) => each.ty === 'boot')).toHaveLength(3);
    expect(journal.records().filter((each) => each.ty === 'config.changed').length).toBeLessThanOrEqual(1);
    journal.close();
  },
);

test(
  'DP5, DP8: with --lan the local network is served over TLS by a certificate of its own making',
  {
    timeout: 120_000,
  },
  async () => {
    const launcher = launch('lan', ['--lan']);
    const text = await greeting(launcher);
    const certificate = readFileSync(join(folder, 'lan', 'lan-cert.pem'), 'utf8');
    const { fingerprint256 } = new X509Certificate(certificate);
    expect(text.replaceAll(/\s/g, '').replaceAll(':', '')).toContain(fingerprint256.replaceAll(':', ''));
    expect(text).toMatch(/[\u2580\u2584\u2588]{10}/);
    expect(statSync(join(folder, 'lan', 'lan-key.pem')).mode & 0o777).toBe(0o600);
    const address = /https:\/\/(?!127\.)[\d.]+:\d+/.exec(text)?.[0] ?? `https://127.0.0.1:${port}`;
    const demo = await createApiClient({ url: address, ca: certificate }).get('/demo', demoSchema);
    expect(demo.accounts.length).toBeGreaterThan(3);
    // Without TLS there is nothing.
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow('fetch failed');
  },
);
