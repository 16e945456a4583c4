import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { decodeSiteLogRecord } from '#contract/site-log';
import { runCaptured } from '../../test/contract/run-captured.ts';
import {
  DOOR,
  enrolFakeGateway,
  GATEWAY,
  openTestServer,
  openVisitor,
  SITE_ID,
  type FakeGateway,
  type TestServer,
  type Visitor,
} from '../../test/suites/server-harness.ts';
import { erasePerson } from '../../server/procedure/erase-person.ts';
import { openDatabase } from '../../server/store/database.ts';
import { loadSiteRecords } from '../../server/store/site-log.ts';
import { backupCommand } from './backup-command.ts';
import { decommissionCommand } from './decommission-command.ts';
import { eraseCommand } from './erase-command.ts';
import { restoreCommand } from './restore-command.ts';
import { verifyCommand } from './verify-command.ts';

const commands = {
  backup: backupCommand,
  restore: restoreCommand,
  erase: eraseCommand,
  decommission: decommissionCommand,
  verify: verifyCommand,
};
vi.setConfig({ testTimeout: 60_000 });
const PASSPHRASE = 'frasa sandi untuk contoh saja';

let server: TestServer;
let gateway: FakeGateway;
let siti: Visitor;
let dir = '';
const at = (name: string) => join(dir, name);
const run = (...args: string[]) => runCaptured(commands, ...args);
const sealed = (...args: string[]) => run(...args, '--passphrase-file', at('frasa'));

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'palang-backup-'));
  writeFileSync(at('frasa'), `${PASSPHRASE}\n`, { mode: 0o600 });
  server = await openTestServer();
  vi.stubEnv('PALANG_HOME', server.dir);
  vi.stubEnv('PALANG_SITE', SITE_ID);
  gateway = await enrolFakeGateway(server, await server.signIn('admin', ['administrator']));
  siti = await openVisitor(server, 'sutini');
  const budi = await openVisitor(server, 'budi');
  for (const { person, handle } of [siti, budi]) {
    const personal = { sub: person.id, cred: handle };
    gateway.append({ ty: 'access.granted', door: DOOR, dir: 'in', personal });
    gateway.append({ ty: 'exit.recorded', door: DOOR, dir: 'out', personal });
  }
  await gateway.upload(gateway.batch(0));
}, 30_000);

afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});

const siteLogOf = async (home: string) => {
  const db = await openDatabase(`sqlite:${join(home, 'server.db')}`);
  try {
    return (await loadSiteRecords(db)).map((bytes) => {
      const record = decodeSiteLogRecord(bytes);
      if (!record.ok) throw new Error(record.error);
      return record.value;
    });
  } finally {
    await db.destroy();
  }
};

describe('palang backup and restore', () => {
  it('DC42: a backup shows nothing to who has not the passphrase, and one changed or missing byte is found', async () => {
    expect((await sealed('backup', '--out', at('b'), '--with-keys')).exitCode).toBe(0);
    const bytes = readFileSync(at('b'));
    for (const word of ['sutini', 'people', 'PRIVATE KEY', siti.handle])
      expect(bytes.includes(word)).toBe(false);
    writeFileSync(at('lain'), 'bukan frasa sandinya\n', { mode: 0o600 });
    const wrong = await run('restore', at('b'), '--drill', '--passphrase-file', at('lain'));
    expect([wrong.exitCode, wrong.errors]).toEqual([
      2,
      'palang restore: the passphrase does not open this backup\n',
    ]);
    const changed = Buffer.from(bytes);
    changed[bytes.length - 20] = (changed[bytes.length - 20] ?? 0) ^ 1;
    writeFileSync(at('ubah'), changed);
    writeFileSync(at('potong'), bytes.subarray(0, bytes.length - 5));
    for (const name of ['ubah', 'potong'])
      expect((await sealed('restore', at(name), '--drill')).exitCode).toBe(2);
  });

  it('DC43: it overwrites nothing, takes no short passphrase, and no readable passphrase file', async () => {
    writeFileSync(at('b'), '');
    expect((await sealed('backup', '--out', at('b'))).errors).toContain('is there already');
    writeFileSync(at('pendek'), 'pendek\n', { mode: 0o600 });
    expect((await run('backup', '--out', at('c'), '--passphrase-file', at('pendek'))).errors).toContain(
      '12 characters',
    );
    writeFileSync(at('terbuka'), `${PASSPHRASE}\n`, { mode: 0o644 });
    expect((await run('backup', '--out', at('c'), '--passphrase-file', at('terbuka'))).errors).toContain(
      'chmod 600',
    );
    expect((await sealed('backup', '--out', at('c'), '--with-keys', '--keys-only')).exitCode).toBe(2);
    expect(existsSync(at('c'))).toBe(false);
  });

  it('DC44: what is restored into an empty home verifies, has everything, and says in the site log that it was put back', async () => {
    await sealed('backup', '--out', at('b'), '--with-keys');
    const done = await sealed('restore', at('b'), '--home', at('baru'));
    expect([done.exitCode, done.errors]).toEqual([0, '']);
    expect(done.out).toMatch(/records verify/);
    const log = await siteLogOf(at('baru'));
    const before = await siteLogOf(server.dir);
    expect(log.slice(0, before.length)).toEqual(before);
    expect(log.map(({ ty }) => ty)).toContain('server.restored');
    const db = await openDatabase(`sqlite:${join(at('baru'), 'server.db')}`);
    const names = await db.selectFrom('people').select('name').orderBy('name').execute();
    expect(names.map(({ name }) => name)).toEqual(['Orang admin', 'Orang budi', 'Orang sutini']);
    expect(await db.selectFrom('sessions').selectAll().execute()).toEqual([]);
    await db.destroy();
    expect(readdirSync(join(at('baru'), 'keys')).sort()).toEqual(
      readdirSync(join(server.dir, 'keys')).sort(),
    );
  });

  it('DC45: a home that is in use is refused, and with --force put aside and kept', async () => {
    await sealed('backup', '--out', at('b'), '--with-keys');
    await sealed('restore', at('b'), '--home', at('baru'));
    const refused = await sealed('restore', at('b'), '--home', at('baru'));
    expect([refused.exitCode, refused.errors]).toEqual([
      2,
      'palang restore: there is a site here already; --force puts it aside\n',
    ]);
    expect((await sealed('restore', at('b'), '--home', at('baru'), '--force')).exitCode).toBe(0);
    expect(
      readdirSync(at('baru')).filter((name) => name.includes('replaced-')).length,
    ).toBeGreaterThanOrEqual(2);
  });

  it('DC46: data and keys apart: neither is enough, together they are', async () => {
    await sealed('backup', '--out', at('data'));
    await sealed('backup', '--out', at('kunci'), '--keys-only');
    expect((await sealed('restore', at('data'), '--home', at('x'))).errors).toContain(
      'give their backup with --keys',
    );
    expect((await sealed('restore', at('kunci'), '--home', at('x'))).errors).toContain('holds keys only');
    expect(existsSync(at('x'))).toBe(false);
    expect((await sealed('restore', at('data'), '--keys', at('kunci'), '--home', at('x'))).exitCode).toBe(0);
  });

  it('DC47: a drill restores, verifies, tells how long it took, leaves nothing, and stands in the audit trail', async () => {
    await sealed('backup', '--out', at('b'), '--with-keys');
    const before = await siteLogOf(server.dir);
    const drill = await sealed('restore', at('b'), '--drill', '--json');
    expect([drill.exitCode, drill.errors]).toEqual([0, '']);
    const facts = JSON.parse(drill.out) as { isIntact: boolean; tookMs: number; records: number };
    expect(facts.isIntact).toBe(true);
    expect(facts.tookMs).toBeGreaterThan(0);
    expect(await siteLogOf(server.dir)).toEqual(before);
    const trail = await server.site.db
      .selectFrom('audit_trail')
      .selectAll()
      .where('act', '=', 'restore.drilled')
      .execute();
    expect(trail.map((row) => JSON.parse(row.facts) as object)).toMatchObject([
      { isIntact: true, records: facts.records },
    ]);
  });

  it('DC47: a drill of a backup whose evidence was changed says so', async () => {
    await server.site.db
      .updateTable('journal_records')
      .set((e) => ({ record: e.fn('replace', ['record', e.val('access.granted'), e.val('access.denied')]) }))
      .execute();
    await sealed('backup', '--out', at('b'), '--with-keys');
    const drill = await sealed('restore', at('b'), '--drill');
    expect(drill.exitCode).toBe(1);
    expect(drill.errors).toContain('changed');
  });

  it('DC48, SA63: who was erased after the backup is erased again when it is put back, and the evidence verifies', async () => {
    await sealed('backup', '--out', at('data'));
    await erasePerson(server.site, {
      personId: siti.person.id,
      basis: 'subject-request',
      carriedBy: null,
      approvedBy: null,
      deciders: 2,
      requestId: null,
    });
    await sealed('backup', '--out', at('kunci'), '--keys-only');
    const drill = await sealed('restore', at('data'), '--keys', at('kunci'), '--drill', '--json');
    expect(JSON.parse(drill.out)).toMatchObject({ isIntact: true, erasedSince: 4 });
    const done = await sealed('restore', at('data'), '--keys', at('kunci'), '--home', at('baru'));
    expect([done.exitCode, done.errors]).toEqual([0, '']);
    const db = await openDatabase(`sqlite:${join(at('baru'), 'server.db')}`);
    const names = await db.selectFrom('people').select('name').orderBy('name').execute();
    await db.destroy();
    expect(names.map(({ name }) => name)).toEqual(['(dihapus)', 'Orang admin', 'Orang budi']);
    for (const name of readdirSync(at('baru')).filter((each) => each.startsWith('server.db'))) {
      expect(readFileSync(join(at('baru'), name)).includes('sutini')).toBe(false);
    }
  });
});

describe('palang erase', () => {
  it('DC49: it takes two people, one of them a privacy officer, and writes minutes', async () => {
    await server.person('pdp', ['privacy-officer']);
    await server.person('atasan', ['supervisor']);
    const erase = (...more: string[]) =>
      run('erase', '--person', siti.person.id, '--basis', 'subject-request', ...more);
    for (const names of ['pdp', 'pdp,pdp', 'atasan,admin', 'pdp,nobody', 'pdp,sutini']) {
      const answer = await erase('--approved-by', names);
      expect([names, answer.exitCode]).toEqual([names, 2]);
    }
    const done = await erase('--approved-by', 'pdp,atasan', '--minutes', at('ba.pdf'), '--json');
    expect([done.exitCode, done.errors]).toEqual([0, '']);
    expect(JSON.parse(done.out)).toMatchObject({ openings: 4 });
    expect(readFileSync(at('ba.pdf')).subarray(0, 5).toString()).toBe('%PDF-');
    expect((await erase('--approved-by', 'pdp,atasan')).exitCode).toBe(1);
  });
});

describe('palang decommission', () => {
  it('DC50: a site ends with an archive, a closing bundle that verifies and names nobody, no keys, and a certificate', async () => {
    await server.person('pdp', ['privacy-officer']);
    await server.person('atasan', ['supervisor']);
    const end = (...more: string[]) =>
      run('decommission', '--out', at('akhir'), '--approved-by', 'pdp,atasan', ...more);
    expect((await end('--confirm', 'situs-lain')).exitCode).toBe(2);
    const done = await end('--confirm', SITE_ID, '--json');
    expect([done.exitCode, done.errors]).toEqual([0, '']);
    expect(JSON.parse(done.out)).toMatchObject({ openings: 8, people: 5 });
    expect(readdirSync(at('akhir')).sort()).toEqual([
      'archive.zip',
      'certificate.json',
      'certificate.pdf',
      'closing.zip',
    ]);
    expect(
      (await run('verify', at('archive.zip').replace('archive.zip', 'akhir/archive.zip'))).exitCode,
    ).toBe(0);
    const closing = await run('verify', join(at('akhir'), 'closing.zip'), '--json');
    expect(closing.exitCode).toBe(0);
    expect(readdirSync(join(server.dir, 'keys')).sort()).toEqual(['site-root.json']);
    expect(readdirSync(server.dir).filter((name) => name.startsWith('server.db'))).toEqual([]);
  });

  it('DC62: a lost gateway ends alone: its key counts no more, and the site log says from where on records are missing', async () => {
    const end = (...more: string[]) => run('decommission', GATEWAY, ...more);
    expect((await end('--known', '3')).exitCode).toBe(2);
    const done = await end('--lost', '--known', '3', '--json');
    expect([done.exitCode, done.errors]).toEqual([0, '']);
    expect(JSON.parse(done.out)).toEqual({ gateway: GATEWAY, epoch: 1, size: 5 });
    expect((await siteLogOf(server.dir)).slice(-2)).toMatchObject([
      { ty: 'gateway.revoked', x: { gw: GATEWAY, ep: 1 } },
      { ty: 'tail.unrecovered', x: { gw: GATEWAY, ep: 1, from: 5, known: 3 } },
    ]);
    expect((await gateway.head()).status).toBe(403);
    expect((await end('--lost')).exitCode).toBe(1);
    expect((await run('decommission', '--out', at('akhir'))).exitCode).toBe(2);
    expect(existsSync(join(server.dir, 'keys', 'openings.key'))).toBe(true);
  });

  it('DC50: a legal hold stops it, and nothing is destroyed', async () => {
    await server.person('pdp', ['privacy-officer']);
    await server.person('atasan', ['supervisor']);
    await server.site.db
      .insertInto('privacy_marks')
      .values({ person_id: siti.person.id, held_at: 1 })
      .execute();
    const answer = await run(
      'decommission',
      '--out',
      at('akhir'),
      '--confirm',
      SITE_ID,
      '--approved-by',
      'pdp,atasan',
    );
    expect([answer.exitCode, answer.errors]).toEqual([
      1,
      'palang decommission: 1 people are under a legal hold\n',
    ]);
    expect(existsSync(join(server.dir, 'keys', 'openings.key'))).toBe(true);
    expect(existsSync(at('akhir'))).toBe(false);
  });
});
