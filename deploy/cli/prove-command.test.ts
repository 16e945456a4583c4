import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { makeBundle } from '../../test/contract/evidence-fixture.ts';
import { runCaptured } from '../../test/contract/run-captured.ts';
import { proveCommand } from './prove-command.ts';
import { verifyCommand } from './verify-command.ts';

const genuine = await makeBundle();
const root = mkdtempSync(join(tmpdir(), 'palang-prove-'));
let folder = '';
let count = 0;

const run = (...args: string[]) => runCaptured({ prove: proveCommand, verify: verifyCommand }, ...args);
const put = (path: string, bytes: Uint8Array | string): string => {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
  return file;
};

beforeEach(() => {
  folder = join(root, String((count += 1)));
  for (const [path, bytes] of genuine) put(`bundle/${path}`, bytes);
});

afterAll(() => rmSync(root, { recursive: true }));

describe('palang prove', () => {
  const prove = (...args: string[]) =>
    run('prove', '--bundle', join(folder, 'bundle'), '--out', join(folder, 'x.tlog-proof'), ...args);

  it('DC10: what it writes verifies by itself, without the bundle', async () => {
    expect(await prove('--event', 'gw-arsip/1/7')).toMatchObject({ exitCode: 0, errors: '' });
    rmSync(join(folder, 'bundle'), { recursive: true });
    const file = join(folder, 'x.tlog-proof');
    expect(statSync(file).mode & 0o077).toBe(0);
    const { exitCode, out } = await run('verify', file);
    expect(exitCode).toBe(0);
    expect(out).toContain('Event       gw-arsip/1/7: access.granted, ruang-server\n');
    expect(out).toContain('INTACT: records 1, openings 0\n');
    expect(out).toMatch(/Root keys {3}(?:[0-9a-f]{4} ?){8}\n/);
    const json = JSON.parse((await run('verify', file, '--json')).out) as { fingerprint: string };
    expect(json).toMatchObject({ ok: true, site: 'dinas-contoh', record: { sq: 7 }, openings: [] });
    expect(await run('verify', file, '--root-fingerprint', json.fingerprint)).toMatchObject({ exitCode: 0 });
    expect(await run('verify', file, '--root-fingerprint', '0'.repeat(64))).toMatchObject({
      exitCode: 1,
      out: expect.stringContaining('wrong-key') as string,
    });
  });

  it('DC10: openings go along only where asked for', async () => {
    const { exitCode, out } = await prove('--event', 'gw-arsip/1/7', '--with-opening', '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toEqual({
      out: join(folder, 'x.tlog-proof'),
      event: 'gw-arsip/1/7',
      openings: 3,
    });
    const verified = await run('verify', join(folder, 'x.tlog-proof'));
    expect(verified.out).toContain('sub         s_orang-3\n');
    expect(verified.out).toContain('INTACT: records 1, openings 3\n');
  });

  it('DC10: a zip serves as well, and the name of the file comes from the event', async () => {
    const zip = put('bundle.zip', zipSync(Object.fromEntries(genuine)));
    const here = process.cwd();
    process.chdir(folder);
    try {
      expect(await run('prove', '--bundle', zip, '--event', 'gw-arsip/2/0')).toMatchObject({ exitCode: 0 });
    } finally {
      process.chdir(here);
    }
    expect(await run('verify', join(folder, 'gw-arsip-2-0.tlog-proof'))).toMatchObject({ exitCode: 0 });
  });

  it('DC10: no event, no whole evidence: a no, and no file', async () => {
    expect(await prove('--event', 'gw-arsip/1/99')).toMatchObject({ exitCode: 1, out: '' });
    const path = 'bundle/journal/gw-arsip/1.jsonl';
    put(path, readFileSync(join(folder, path), 'utf8').replace('"mo":3', '"mo":4'));
    const { exitCode, errors } = await prove('--event', 'gw-arsip/1/2');
    expect({ exitCode, errors }).toEqual({
      exitCode: 1,
      errors: 'palang prove: the evidence of this event does not verify: changed\n',
    });
    put('bundle/site-log.checkpoints', '');
    expect(await prove('--event', 'gw-arsip/1/2')).toMatchObject({ exitCode: 1, out: '' });
    expect(existsSync(join(folder, 'x.tlog-proof'))).toBe(false);
  });

  it('DC10: an id that is none, a file that is there and no site are unusable', async () => {
    expect(await prove('--event', 'pintu')).toMatchObject({ exitCode: 2 });
    expect(await prove()).toMatchObject({ exitCode: 2 });
    put('x.tlog-proof', 'kept');
    expect(await prove('--event', 'gw-arsip/1/7')).toMatchObject({ exitCode: 2 });
    expect(readFileSync(join(folder, 'x.tlog-proof'), 'utf8')).toBe('kept');
  });

  it('DC10: a proof that was changed is told with its line', async () => {
    await prove('--event', 'gw-arsip/1/7');
    const file = join(folder, 'x.tlog-proof');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"mo":7', '"mo":8'));
    const { exitCode, out } = await run('verify', file);
    expect(exitCode).toBe(1);
    expect(out).toContain('NOT INTACT: changed\n  x.tlog-proof, line 3\n');
    expect(JSON.parse((await run('verify', file, '--json')).out)).toMatchObject({ ok: false, line: 3 });
    expect(await run('verify', file, '--previous', file)).toMatchObject({ exitCode: 2 });
  });
});
