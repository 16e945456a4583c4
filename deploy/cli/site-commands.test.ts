import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { asEpochMs } from '#contract/clock';
import { runCaptured } from '../../test/contract/run-captured.ts';
import { createPasswordCheck } from '../../server/auth/passwords.ts';
import { openSite } from '../../server/procedure/open-site.ts';
import { openDatabase } from '../../server/store/database.ts';
import { findSignIn } from '../../server/store/people.ts';
import { findSession, insertSession } from '../../server/store/sessions.ts';
import { createSystemClock } from '../all-in-one/system-clock.ts';
import { digestCommand } from './digest-command.ts';
import { exportCommand } from './export-command.ts';
import { proveCommand } from './prove-command.ts';
import { serverCommand } from './server-command.ts';
import { createQuietLog, systemRandom } from './system-ports.ts';
import { userCommand } from './user-command.ts';
import { verifyCommand } from './verify-command.ts';

const root = mkdtempSync(join(tmpdir(), 'palang-site-'));
let home = '';
let count = 0;
const commands = {
  user: userCommand,
  export: exportCommand,
  digest: digestCommand,
  verify: verifyCommand,
  prove: proveCommand,
  server: serverCommand,
};
const run = (...args: string[]) => runCaptured(commands, ...args);
const databaseUrl = () => `sqlite:${join(home, 'server.db')}`;

beforeEach(() => {
  home = join(root, String((count += 1)));
  vi.stubEnv('PALANG_HOME', home);
  vi.stubEnv('PALANG_SITE', 'dinas-contoh');
});

afterEach(() => vi.unstubAllEnvs());
afterAll(() => rmSync(root, { recursive: true }));

async function inDatabase<T>(work: (db: Awaited<ReturnType<typeof openDatabase>>) => Promise<T>): Promise<T> {
  const db = await openDatabase(databaseUrl());
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}

const isPassword = (username: string, password: string): Promise<boolean> =>
  inDatabase(async (db) => {
    const check = await createPasswordCheck('x');
    return check.isRight((await findSignIn(db, username))?.passwordHash ?? null, password);
  });

const createAdmin = () =>
  run(
    'user',
    'create',
    'admin',
    '--name',
    'Dewi Contoh',
    '--organisation',
    'Dinas',
    '--roles',
    'administrator',
    '--json',
  );

describe('palang user', () => {
  it('DC8: makes the first administrator, with a password that is shown once and works', async () => {
    const { exitCode, out } = await createAdmin();
    expect(exitCode).toBe(0);
    const { password } = JSON.parse(out) as { password: string };
    expect(password).toMatch(/^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/);
    expect(await isPassword('admin', password)).toBe(true);
    expect(await isPassword('admin', `${password}x`)).toBe(false);
  });

  it('DC8: a taken name, an unknown role and missing facts are refused', async () => {
    await createAdmin();
    expect(await createAdmin()).toMatchObject({
      exitCode: 2,
      errors: 'palang user: this username is taken\n',
    });
    const wrong = await run('user', 'create', 'Sari!', '--roles', 'boss');
    expect(wrong.exitCode).toBe(2);
    for (const field of ['username', 'name', 'organisation', 'roles']) expect(wrong.errors).toContain(field);
    expect(await run('user', 'promote', 'admin')).toMatchObject({ exitCode: 2 });
  });

  it.each(['reset', 'disable', 'end-sessions'])('DC8: %s ends every session', async (action) => {
    const { id } = JSON.parse((await createAdmin()).out) as { id: string };
    const isOpen = () =>
      inDatabase(async (db) => (await findSession(db, 'hash', { now: 1, idleMs: 9e15 })) !== null);
    await inDatabase((db) =>
      insertSession(db, {
        id: 'ss_1',
        tokenHash: 'hash',
        personId: id,
        createdAt: 0,
        expiresAt: 9e15,
        method: 'password',
        device: null,
      }),
    );
    expect(await isOpen()).toBe(true);
    expect(await run('user', action, 'admin')).toMatchObject({ exitCode: 0 });
    expect(await isOpen()).toBe(false);
  });

  it('DC8: a reset gives a new password and takes the old one away', async () => {
    const first = JSON.parse((await createAdmin()).out) as { password: string };
    const second = JSON.parse((await run('user', 'reset', 'admin', '--json')).out) as { password: string };
    expect(await isPassword('admin', first.password)).toBe(false);
    expect(await isPassword('admin', second.password)).toBe(true);
  });

  it('DC8: who is disabled cannot sign in until enabled again', async () => {
    const { password } = JSON.parse((await createAdmin()).out) as { password: string };
    await run('user', 'disable', 'admin');
    expect(await isPassword('admin', password)).toBe(false);
    expect(await run('user', 'enable', 'admin')).toMatchObject({ exitCode: 0, out: 'enable: admin: done\n' });
    expect(await isPassword('admin', password)).toBe(true);
  });

  it('DC8: nobody of this name is a no, and no database is told', async () => {
    expect(await run('user', 'disable', 'admin')).toMatchObject({ exitCode: 2 });
    expect(existsSync(home)).toBe(false);
    await createAdmin();
    expect(await run('user', 'disable', 'budi')).toMatchObject({ exitCode: 1 });
  });
});

describe('palang user import', () => {
  const table = (kind: string): string => {
    const file = join(home, 'orang.csv');
    mkdirSync(home, { recursive: true });
    writeFileSync(file, `NIP,Nama,Instansi,Jenis\nP-1,Ayu Contoh,Dinas Contoh,${kind}\n`);
    return file;
  };
  const people = () =>
    inDatabase(async (db) => (await db.selectFrom('people').select('name').execute()).length);

  it('DC53: a dry run says what would happen, and then it happens, once', async () => {
    await createAdmin();
    expect(await run('user', 'import', table('ASN'), '--dry-run')).toMatchObject({
      exitCode: 0,
      out: '1 new, 0 changed, 0 as they were, 0 faults\nnothing was written: dry run\n',
    });
    expect(await people()).toBe(1);
    expect(await run('user', 'import', table('ASN'))).toMatchObject({ exitCode: 0 });
    expect(JSON.parse((await run('user', 'import', table('ASN'), '--json')).out)).toMatchObject({
      isWritten: true,
      created: 0,
      unchanged: 1,
    });
    expect(await people()).toBe(2);
  });

  it('DC53: a fault is told with row and column, and nothing is written', async () => {
    await createAdmin();
    expect(await run('user', 'import', table('bos'))).toMatchObject({
      exitCode: 1,
      out: 'row 2, Jenis: not-a-choice\n0 new, 0 changed, 0 as they were, 1 faults\nnothing was written\n',
    });
    expect(await people()).toBe(1);
  });

  it('DC53: what is no table, not there or too much is unusable', async () => {
    await createAdmin();
    for (const file of ['orang.txt', 'tidak-ada.csv']) {
      expect(await run('user', 'import', file)).toMatchObject({ exitCode: 2 });
    }
  });
});

describe('palang export', () => {
  const makeSite = async (): Promise<void> => {
    const site = await openSite({
      id: 'dinas-contoh',
      timeZone: 'Asia/Jakarta',
      databaseUrl: databaseUrl(),
      keysDir: join(home, 'keys'),
      clock: { ...createSystemClock(), epochMs: () => asEpochMs(1_763_946_000_000) },
      random: systemRandom,
      log: createQuietLog('test'),
    });
    await site.db.destroy();
  };

  it('DC9: what it writes verifies, as a folder and as a zip', async () => {
    await makeSite();
    for (const name of ['bukti', 'bukti.zip']) {
      const out = join(home, name);
      expect(await run('export', out)).toMatchObject({ exitCode: 0, errors: '' });
      expect(statSync(out).mode & 0o077).toBe(0);
      expect(await run('verify', out, '--json')).toMatchObject({ exitCode: 0 });
    }
  });

  it('DC9: the period is taken with its offset and stands in the bundle', async () => {
    await makeSite();
    const out = join(home, 'bukti.zip');
    const period = ['--from', '2026-03-01T00:00:00+07:00', '--until', '2026-04-01T00:00:00Z'];
    expect(await run('export', out, ...period)).toMatchObject({ exitCode: 0 });
    expect(JSON.parse((await run('verify', out, '--json')).out)).toMatchObject({
      period: { from: '2026-02-28T17:00:00.000Z', until: '2026-04-01T00:00:00.000Z' },
    });
    expect(await run('export', join(home, 'x'), '--from', 'Maret')).toMatchObject({ exitCode: 2 });
  });

  it('DC9: it overwrites nothing and makes no site', async () => {
    expect(await run('export', join(root, 'never.zip'))).toMatchObject({ exitCode: 2 });
    expect(existsSync(home)).toBe(false);
    await makeSite();
    const out = join(home, 'bukti');
    await run('export', out);
    const before = readdirSync(out);
    expect(await run('export', out)).toMatchObject({ exitCode: 2 });
    expect(readdirSync(out)).toEqual(before);
  });

  it('DC10: prove asks the database of this machine, and makes no site', async () => {
    expect(await run('prove', '--event', 'gw/1/0')).toMatchObject({ exitCode: 2 });
    expect(existsSync(home)).toBe(false);
    await makeSite();
    expect(await run('prove', '--event', 'gw/1/0')).toMatchObject({
      exitCode: 1,
      errors: 'palang prove: there is no such event, or the server does not hold it yet\n',
    });
  });

  it('DC18: digest asks the database of this machine, and its export goes on from it', async () => {
    expect(await run('digest')).toMatchObject({ exitCode: 2 });
    expect(existsSync(home)).toBe(false);
    await makeSite();
    const text = join(home, 'pekan.txt');
    expect(await run('digest', '--out', text)).toMatchObject({ exitCode: 0, errors: '' });
    const out = join(home, 'bukti.zip');
    await run('export', out);
    expect(await run('verify', out, '--digest', text)).toMatchObject({ exitCode: 0, errors: '' });
  });

  it('DC1: the server shows its settings and the fingerprint for the paper', async () => {
    await makeSite();
    const shown = await run('server', '--print-config');
    expect(shown).toMatchObject({ exitCode: 0, errors: '' });
    expect(shown.out).toContain('siteId = dinas-contoh');
    const out = join(home, 'bukti.zip');
    await run('export', out);
    const { fingerprint } = JSON.parse((await run('verify', out, '--json')).out) as { fingerprint: string };
    expect(shown.out).toContain(`rootFingerprint = ${fingerprint}`);
    expect(JSON.parse((await run('server', '--print-config', '--json')).out)).toMatchObject({
      rootFingerprint: fingerprint,
    });
    vi.stubEnv('PORT', 'x');
    expect(await run('server', '--print-config')).toMatchObject({ exitCode: 2, out: '' });
  });
});
