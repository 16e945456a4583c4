import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeBase64Url, utf8 } from '#contract/bytes';
import { encodeSealEscrow, sealMac, type SealEscrow } from '#contract/seal';
import { makeBundle, type EvidenceOptions } from '../../test/contract/evidence-fixture.ts';
import { runCaptured } from '../../test/contract/run-captured.ts';
import { hmac, sha256 } from '../../test/contract/test-keys.ts';
import { verifyCommand } from './verify-command.ts';

const JOURNAL = 'journal/gw-arsip/1.jsonl';
const genuine = await makeBundle();
const root = mkdtempSync(join(tmpdir(), 'palang-verify-'));
let folder = '';
let count = 0;

const verify = (...args: string[]) => runCaptured({ verify: verifyCommand }, 'verify', ...args);
const put = (path: string, bytes: Uint8Array | string): void => {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
};
/** A site that only grows: what it writes later stands behind what it wrote before. */
const growing: EvidenceOptions = {
  every: 4,
  journals: [{ gateway: 'gw-ruang-server', epoch: 1 }],
  siteEntries: (entries) => entries.filter((entry) => entry.ty !== 'permit.revoked'),
};
const zipFile = (files: ReadonlyMap<string, Uint8Array>): string => {
  const file = join(root, `${(count += 1)}.zip`);
  writeFileSync(file, zipSync(Object.fromEntries(files)));
  return file;
};

beforeEach(() => {
  folder = join(root, String((count += 1)));
  for (const [path, bytes] of genuine) put(path, bytes);
});

afterAll(() => rmSync(root, { recursive: true }));

describe('palang verify', () => {
  it('DC3: says yes with what the bundle holds', async () => {
    for (const bundle of [folder, zipFile(genuine)]) {
      const { exitCode, out, errors } = await verify(bundle);
      expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: '' });
      expect(out).toContain('INTACT: logs 4, records 53, checkpoints 11, openings 24');
      expect(out).toContain('dinas-contoh/gw-ruang-server/1');
      expect(out).toMatch(/Root keys {3}(?:[0-9a-f]{4} ?){8}\n/);
      expect(out).not.toContain('\u001b');
    }
  });

  it('DC61: holds the seals of a gateway against the key that the auditor kept', async () => {
    const seal = { site: 'dinas-contoh', gateway: 'gw-ruang-server', key: sha256(utf8('kunci')) };
    const state = { i: 0, size: 0, root: sha256(new Uint8Array()) };
    const mac = sealMac(hmac, seal.key, state);
    const x = { i: 0, size: 0, root: encodeBase64Url(state.root), mac };
    const facts: EvidenceOptions['facts'] = (sq) => (sq === 3 ? { ty: 'journal.sealed', x } : {});
    const bundle = zipFile(await makeBundle({ ...growing, facts }));
    const keep = (escrow: SealEscrow, name: string): string => {
      const file = join(root, name);
      writeFileSync(file, encodeSealEscrow(sha256, escrow));
      return file;
    };
    const { exitCode, out } = await verify(bundle, '--seal-key', keep(seal, 'genuine.txt'));
    expect(exitCode).toBe(0);
    expect(out).toContain('Seals       1 of gw-ruang-server');
    const other = await verify(bundle, '--seal-key', keep({ ...seal, key: sha256(seal.key) }, 'other.txt'));
    expect(other.exitCode).toBe(1);
    expect(other.out).toContain('journal/gw-ruang-server/1.jsonl, line 4, record 3');
    const mistyped = join(root, 'mistyped.txt');
    writeFileSync(mistyped, encodeSealEscrow(sha256, seal).replace(/key ./, 'key z'));
    expect((await verify(bundle, '--seal-key', mistyped)).exitCode).toBe(2);
  });

  it('DC3: says no with file, line, record and reason', async () => {
    const lines = Buffer.from(genuine.get(JOURNAL)!).toString().split('\n');
    const spoiled = new Map(genuine).set(
      JOURNAL,
      Buffer.from(lines.with(4, lines[4]!.replace('"mo":4', '"mo":5')).join('\n')),
    );
    put(JOURNAL, spoiled.get(JOURNAL)!);
    for (const bundle of [folder, zipFile(spoiled)]) {
      const { exitCode, out, errors } = await verify(bundle);
      expect({ exitCode, errors }).toEqual({ exitCode: 1, errors: '' });
      expect(out).toContain('NOT INTACT: changed');
      expect(out).toContain(`${JOURNAL}, line 5, record 4`);
      const json = await verify(bundle, '--json');
      expect(json.exitCode).toBe(1);
      expect(JSON.parse(json.out)).toMatchObject({
        ok: false,
        file: JOURNAL,
        line: 5,
        seq: 4,
        reason: 'changed',
      });
    }
  });

  it('DC3: --json says the same in one line', async () => {
    const { exitCode, out } = await verify(folder, '--json');
    expect(exitCode).toBe(0);
    expect(out.split('\n')).toHaveLength(2);
    expect(JSON.parse(out)).toMatchObject({ ok: true, site: 'dinas-contoh', counts: { records: 53 } });
  });

  it('DC3: holds the bundle against the fingerprint on paper', async () => {
    const { fingerprint } = JSON.parse((await verify(folder, '--json')).out) as { fingerprint: string };
    const right = await verify(folder, '--root-fingerprint', fingerprint.toUpperCase());
    expect(right.exitCode).toBe(0);
    expect(right.out).toContain('as given');
    const wrong = await verify(folder, '--root-fingerprint', '0'.repeat(64));
    expect(wrong.exitCode).toBe(1);
    expect(wrong.out).toContain('wrong-key');
  });

  it('DC3: a damaged zip of a bundle is a no that names the entry', async () => {
    const file = zipFile(genuine);
    const whole = zipSync(Object.fromEntries(genuine));
    // A wrong checksum alone: the content is still right.
    const at = Buffer.from(whole).lastIndexOf(JOURNAL) - 30;
    writeFileSync(file, whole.with(at, whole[at]! ^ 1));
    const { exitCode, out } = await verify(file);
    expect(exitCode).toBe(1);
    expect(out).toContain(JOURNAL);
    expect(out).toContain('The zip is damaged here.');
    // The head of the packed bytes: nothing can be unpacked any more.
    const start = Buffer.from(whole).indexOf(JOURNAL) + JOURNAL.length;
    writeFileSync(file, whole.with(start, 0xff));
    expect(await verify(file)).toMatchObject({
      exitCode: 1,
      out: expect.stringContaining(JOURNAL) as string,
    });
  });

  it('DC5: a file too many or too few is a no', async () => {
    put('catatan.txt', 'x');
    expect(await verify(folder)).toMatchObject({
      exitCode: 1,
      out: expect.stringContaining('catatan.txt') as string,
    });
    rmSync(join(folder, 'catatan.txt'));
    rmSync(join(folder, 'bundle.json'));
    expect(await verify(folder)).toMatchObject({
      exitCode: 1,
      out: expect.stringContaining('file-missing') as string,
    });
  });

  it('DC5: what is no bundle at all cannot be used', async () => {
    const empty = join(root, 'empty');
    mkdirSync(empty, { recursive: true });
    writeFileSync(join(root, 'text.zip'), 'not a zip');
    const other = zipFile(new Map([['surat.txt', Buffer.from('x')]]));
    for (const path of [empty, join(root, 'text.zip'), join(root, 'nowhere'), other, '/dev/null']) {
      const { exitCode, out, errors } = await verify(path);
      expect({ path, exitCode, out }).toEqual({ path, exitCode: 2, out: '' });
      expect(errors).toMatch(/^palang verify: [^\n]+\n$/);
    }
  });

  it('DC5: a link in a folder is refused', async () => {
    rmSync(join(folder, JOURNAL));
    symlinkSync('/etc/hostname', join(folder, JOURNAL));
    expect(await verify(folder)).toMatchObject({
      exitCode: 2,
      errors: expect.stringContaining(JOURNAL) as string,
    });
  });

  it('DC11: --previous says how much came since, and names an older state and another history', async () => {
    const newer = zipFile(genuine);
    const first = JSON.parse((await verify(newer, '--previous', folder, '--json')).out) as object;
    expect(first).toMatchObject({ ok: true, addedRecords: 0, counts: { records: 53 } });
    const early = zipFile(await makeBundle({ ...growing, records: 4 }));
    const late = zipFile(await makeBundle({ ...growing, records: 12 }));
    const { exitCode, out } = await verify(late, '--previous', early);
    expect(exitCode).toBe(0);
    expect(out).toContain('Since       the previous bundle 10 records were added, and none was changed\n');
    expect(await verify(early, '--previous', late)).toMatchObject({
      exitCode: 1,
      out: expect.stringContaining('NOT INTACT: replayed\n  site-log.jsonl, line 7, record 6\n') as string,
    });
    const fork = zipFile(
      await makeBundle({ ...growing, records: 12, facts: (sq) => (sq === 2 ? { mo: 99 } : {}) }),
    );
    expect(JSON.parse((await verify(fork, '--previous', early, '--json')).out)).toMatchObject({
      ok: false,
      file: 'site-log.jsonl',
      line: 6,
      reason: 'inconsistent',
    });
  });

  it('DC11: a previous bundle that is not intact, or none, is unusable', async () => {
    const bundle = zipFile(genuine);
    put(JOURNAL, 'x');
    const { exitCode, out, errors } = await verify(bundle, '--previous', folder);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(errors).toContain(`not intact itself: changed, ${JOURNAL}, line 1`);
    expect(await verify(bundle, '--previous', join(root, 'nowhere'))).toMatchObject({ exitCode: 2 });
  });
});
