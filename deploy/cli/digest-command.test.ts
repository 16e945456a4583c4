import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { encodeDigest, parseDigest } from '#contract/digest';
import type { Files } from '../../test/contract/bundle-edits.ts';
import { digestOf, growingBundle } from '../../test/contract/digest-fixture.ts';
import { START_MS } from '../../test/contract/evidence-fixture.ts';
import { runCaptured } from '../../test/contract/run-captured.ts';
import { digestCommand } from './digest-command.ts';
import { verifyCommand } from './verify-command.ts';

const root = mkdtempSync(join(tmpdir(), 'palang-digest-'));
let count = 0;
const path = (name: string): string => join(root, `${(count += 1)}-${name}`);
const put = (name: string, content: Uint8Array | string): string => {
  const file = path(name);
  writeFileSync(file, content);
  return file;
};
const zip = (files: Files): string => put('bukti.zip', zipSync(Object.fromEntries(files)));
const run = (...args: string[]) => runCaptured({ digest: digestCommand, verify: verifyCommand }, ...args);

const [first, second, third] = [await growingBundle(4), await growingBundle(8), await growingBundle(12)];
const MADE_MS = START_MS + 86_400_000;
const text = encodeDigest(await digestOf(first, MADE_MS));
const bundle = zip(third);
const kept = [
  put('pekan-1.txt', text),
  put('pekan-2.txt', encodeDigest(await digestOf(second, MADE_MS + 7 * 86_400_000))),
] as const;

afterEach(() => vi.unstubAllEnvs());
afterAll(() => rmSync(root, { recursive: true }));

describe('palang digest', () => {
  it('DC18: prints the digest of a bundle, and writes it as text', async () => {
    const out = path('pekan.txt');
    const said = await run('digest', '--bundle', zip(first), '--out', out);
    expect(said).toEqual({ exitCode: 0, out: text, errors: '' });
    expect(readFileSync(out, 'utf8')).toBe(text);
    expect(statSync(out).mode & 0o077).toBe(0);
    expect(await run('verify', bundle, '--digest', out)).toMatchObject({ exitCode: 0, errors: '' });
  });

  it('DC18: the week is the one of the zone of the site', async () => {
    vi.stubEnv('PALANG_TIME_ZONE', 'Asia/Jayapura');
    expect((await run('digest', '--bundle', zip(first))).out).toContain('\nmade 2025-11-25T10:00:00+09:00\n');
    vi.stubEnv('PALANG_TIME_ZONE', 'UTC');
    expect((await run('digest', '--bundle', zip(first))).out).toContain('\nmade 2025-11-25T01:00:00+00:00\n');
  });

  it('DC18: writes the page as PDF, and --json says all of it in one line', async () => {
    const out = path('pekan.pdf');
    const said = await run('digest', '--bundle', zip(first), '--out', out, '--json');
    expect(said.out.split('\n')).toHaveLength(2);
    expect(JSON.parse(said.out)).toMatchObject({
      out,
      site: 'dinas-contoh',
      week: '2025-11-24',
      records: 10,
      text,
    });
    expect(readFileSync(out).subarray(0, 5).toString()).toBe('%PDF-');
  });

  it('DC18: overwrites nothing, and takes no other kind of file', async () => {
    const out = put('pekan.txt', 'kept');
    expect(await run('digest', '--bundle', bundle, '--out', out)).toMatchObject({ exitCode: 2, out: '' });
    expect(readFileSync(out, 'utf8')).toBe('kept');
    expect(await run('digest', '--bundle', bundle, '--out', path('pekan.docx'))).toMatchObject({
      exitCode: 2,
    });
  });

  it('DC18: evidence that does not verify has no digest', async () => {
    const journal = 'journal/gw-ruang-server/1.jsonl';
    const spoiled = Buffer.from(third.get(journal)!).toString().replace('"mo":4', '"mo":5');
    const out = path('pekan.txt');
    const said = await run(
      'digest',
      '--bundle',
      zip(new Map(third).set(journal, Buffer.from(spoiled))),
      '--out',
      out,
    );
    expect(said).toEqual({
      exitCode: 1,
      out: '',
      errors: 'palang digest: the evidence does not verify: changed; see palang verify\n',
    });
    expect(existsSync(out)).toBe(false);
  });

  it('DC18: where there is no site, none is made', async () => {
    const home = join(root, 'nowhere');
    vi.stubEnv('PALANG_HOME', home);
    expect(await run('digest')).toMatchObject({ exitCode: 2, out: '' });
    expect(existsSync(home)).toBe(false);
  });
});

describe('palang verify --digest', () => {
  it('DC19: takes several digests, in each way of writing them, and says how far each reaches', async () => {
    for (const args of [
      ['--digest', ...kept],
      [`--digest=${kept[0]}`, `--digest=${kept[1]}`],
      ['--digest', kept[0], '--digest', kept[1]],
    ]) {
      const { exitCode, out, errors } = await run('verify', bundle, ...args);
      expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: '' });
      expect(out).toMatch(
        /Digest {6}\d+-pekan-1\.txt, week of 2025-11-24: 6 records of the site log are those of then\n/,
      );
      expect(out).toMatch(/Digest {6}\d+-pekan-2\.txt, week of 2025-12-01: 7 records/);
      expect(out).toContain('INTACT: ');
    }
    const json = await run('verify', bundle, '--json', '--digest', ...kept);
    expect(JSON.parse(json.out)).toMatchObject({ ok: true, digests: [{ size: 6 }, { size: 7 }] });
    expect(await run('verify', bundle, '--digest', ...kept, '--previous', zip(first))).toMatchObject({
      exitCode: 0,
    });
  });

  it('DC19: a history that was rewritten between two digests is a no with file, line and reason', async () => {
    const forged = zip(await growingBundle(12, { facts: (sq) => (sq === 6 ? { mo: 99 } : {}) }));
    expect(await run('verify', forged)).toMatchObject({ exitCode: 0 });
    const { exitCode, out } = await run('verify', forged, '--digest', ...kept);
    expect(exitCode).toBe(1);
    expect(out).toMatch(/^NOT INTACT: inconsistent-with-digest\n {2}\d+-pekan-2\.txt, line 12\n/);
    expect(JSON.parse((await run('verify', forged, '--json', '--digest', kept[1])).out)).toMatchObject({
      ok: false,
      line: 12,
      reason: 'inconsistent-with-digest',
    });
  });

  it('DC19: an older bundle, and a mail that was tampered with, are told', async () => {
    expect(await run('verify', zip(first), '--digest', ...kept)).toMatchObject({
      exitCode: 1,
      out: expect.stringMatching(/replayed\n.*pekan-2\.txt, line 11\n/) as string,
    });
    const mail = text.replace('records 10', 'records 11').replaceAll(/^/gm, '> ').replaceAll('\n', ' \r\n');
    expect(parseDigest(Buffer.from(mail)).ok).toBe(true);
    expect(await run('verify', bundle, '--digest', put('surat.eml', `Salam,\r\n${mail}`))).toMatchObject({
      exitCode: 1,
      out: expect.stringMatching(/inconsistent-with-digest\n.*surat\.eml, line 7\n/) as string,
    });
  });

  it('DC19: a text without a digest, no text, and a digest for a proof are unusable', async () => {
    const pdf = path('pekan.pdf');
    await run('digest', '--bundle', bundle, '--out', pdf);
    for (const args of [[put('surat.txt', 'Yth.')], [pdf], [join(root, 'tiada')], [root], []]) {
      const { exitCode, out, errors } = await run('verify', bundle, '--digest', ...args);
      expect({ args, exitCode, out }).toEqual({ args, exitCode: 2, out: '' });
      expect(errors).toMatch(/^palang verify: [^\n]+\n$/);
    }
    expect(await run('verify', '--digest', ...kept)).toMatchObject({ exitCode: 2 });
    const proof = put('bukti.tlog-proof', 'palang-event-proof/1\n');
    expect(await run('verify', proof, '--digest', ...kept)).toMatchObject({
      exitCode: 2,
      errors: 'palang verify: --digest is for bundles\n',
    });
  });
});
