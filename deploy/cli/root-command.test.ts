import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { asEpochMs } from '#contract/clock';
import { verifyRootChain, type RootDocument } from '#contract/root-document';
import { makePasskey } from '../../test/contract/approver-fixture.ts';
import { runCaptured } from '../../test/contract/run-captured.ts';
import { openKeyStore } from '../../server/signing/key-store.ts';
import { verifyEd25519 } from '../../server/signing/node-crypto.ts';
import { createRootCommand } from './root-command.ts';
import { openRootKey, rootKeyFileSchema } from './root-key-file.ts';
import { systemRandom } from './system-ports.ts';

const root = mkdtempSync(join(tmpdir(), 'palang-root-'));
const PASSPHRASE = 'kalimat sandi yang panjang';
let home = '';
let count = 0;
let passphrase = PASSPHRASE;
const commands = { root: createRootCommand(() => Promise.resolve(passphrase)) };
const run = (...args: string[]) => runCaptured(commands, 'root', ...args);
const at = (name: string): string => join(home, name);
const chain = (): RootDocument[] =>
  JSON.parse(readFileSync(join(home, 'keys', 'site-root.json'), 'utf8')) as RootDocument[];
const newest = () => chain().at(-1)!.root;

beforeEach(() => {
  home = join(root, String((count += 1)));
  passphrase = PASSPHRASE;
  vi.stubEnv('PALANG_HOME', home);
  vi.stubEnv('PALANG_SITE', 'dinas-contoh');
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => rmSync(root, { recursive: true }));

const openKeys = () =>
  openKeyStore(join(home, 'keys'), { siteId: 'dinas-contoh', now: asEpochMs(1000), random: systemRandom });

async function makeKeys(...names: string[]): Promise<string[]> {
  for (const name of names) expect((await run('key', '--out', at(name))).exitCode).toBe(0);
  return names.map((name) => `${at(name)}.pub`);
}

/** A site of three officials, two of whom sign. */
async function found(): Promise<void> {
  const keys = await makeKeys('a', 'b', 'c');
  const made = await run(
    'init',
    '--officials',
    '3',
    '--threshold',
    '2',
    '--keys',
    ...keys,
    '--out',
    at('root.json'),
  );
  expect(made.exitCode).toBe(0);
  await run('sign', at('root.json'), '--key', at('a'));
  await run('sign', at('root.json'), '--key', at('b'));
  expect((await run('publish', at('root.json'))).exitCode).toBe(0);
}

describe('palang root', () => {
  it('DC23: the key of an official opens with its passphrase alone, and its file shows nothing', async () => {
    await makeKeys('a');
    expect(statSync(at('a')).mode & 0o077).toBe(0);
    const file = rootKeyFileSchema.parse(JSON.parse(readFileSync(at('a'), 'utf8')));
    expect(typeof (await openRootKey(file, PASSPHRASE))).toBe('object');
    expect(await openRootKey(file, 'kalimat lain yang panjang')).toBe('passphrase-or-file-wrong');
    const renamed = { ...file, kid: 'root-lain' };
    expect(await openRootKey(renamed, PASSPHRASE)).toBe('passphrase-or-file-wrong');
    const bent = { ...file, cipher: { ...file.cipher, tag: 'A'.repeat(22) } };
    expect(await openRootKey(bent, PASSPHRASE)).toBe('passphrase-or-file-wrong');
    expect((await run('key', '--out', at('a'))).exitCode).toBe(2);
    passphrase = 'pendek';
    expect(await run('key', '--out', at('b'))).toMatchObject({ exitCode: 2 });
    expect(existsSync(at('b'))).toBe(false);
  });

  it('DC24: three officials found a site, of whom two sign; one alone cannot', async () => {
    const keys = await makeKeys('a', 'b', 'c');
    const init = [
      'init',
      '--officials',
      '3',
      '--threshold',
      '2',
      '--rp-id',
      'palang.contoh',
      '--keys',
      ...keys,
    ];
    const made = await run(...init, '--out', at('root.json'));
    expect(made.out).toContain('officials   2 of 3');
    const signed = await run('sign', at('root.json'), '--key', at('a'));
    expect(signed.out).toContain('by 1 of 2 of the new officials');
    // Signing twice is one signature.
    await run('sign', at('root.json'), '--key', at('a'));
    const early = await run('publish', at('root.json'));
    expect(early).toMatchObject({ exitCode: 1 });
    expect(early.errors).toContain('not-signed-by-enough');
    await run('sign', at('root.json'), '--key', at('c'));
    expect(await run('publish', at('root.json'))).toMatchObject({ exitCode: 0 });
    const store = openKeys();
    expect(store.isNew).toBe(false);
    expect(store.rootChain[0].root).toMatchObject({
      singleOfficial: false,
      approval: { rp: 'palang.contoh' },
    });
    expect(store.rootChain[0].root.approval?.weak).toBeUndefined();
    expect(existsSync(join(home, 'keys', 'root-1.pem'))).toBe(false);
    expect((await run(...init, '--out', at('other.json'))).exitCode).toBe(2);
  });

  it('DC24: without keys it tells the steps of the ceremony', async () => {
    const { exitCode, out } = await run('init', '--officials', '3', '--threshold', '2');
    expect(exitCode).toBe(0);
    expect(out).toContain('palang root sign');
  });

  it('DC25: a site of one official is handed over to three, the old one and two of the new ones agreeing', async () => {
    openKeys();
    const keys = await makeKeys('a', 'b', 'c');
    const propose = await run(
      'propose',
      '--keys',
      ...keys,
      '--threshold',
      '2',
      '--weak-approvals',
      'off',
      '--out',
      at('p'),
    );
    expect(propose.out).toContain('- approvals   WEAKER SETTING');
    await run('sign', at('p'), '--key', at('a'));
    await run('sign', at('p'), '--key', at('b'));
    expect((await run('publish', at('p'))).exitCode).toBe(1);
    const last = await run('sign', at('p'), '--key', join(home, 'keys', 'root-1.pem'));
    expect(last.out).toContain('by 1 of 1 of the old officials');
    expect((await run('publish', at('p'))).exitCode).toBe(0);
    expect(newest()).toMatchObject({ v: 2, singleOfficial: false, approval: {} });
    const [first, ...rest] = chain();
    expect((await verifyRootChain(verifyEd25519, [first!, ...rest])).ok).toBe(true);
    expect(openKeys().rootChain).toHaveLength(2);
  });

  it('DC25: a key that is not an official’s signs nothing, and a wrong passphrase neither', async () => {
    await found();
    await makeKeys('stranger');
    await run('propose', '--limit', 'temp=24', '--out', at('p'));
    expect((await run('sign', at('p'), '--key', at('stranger'))).exitCode).toBe(1);
    passphrase = 'kalimat lain yang panjang';
    const wrong = await run('sign', at('p'), '--key', at('a'));
    expect(wrong).toMatchObject({ exitCode: 2 });
    expect(wrong.errors).not.toContain(passphrase);
  });

  const change = async (...args: string[]): Promise<void> => {
    const file = at(`p${newest().v}`);
    const proposed = await run('propose', ...args, '--out', file);
    expect({ args, ...proposed }).toMatchObject({ exitCode: 0 });
    await run('sign', file, '--key', at('b'));
    await run('sign', file, '--key', at('c'));
    expect(await run('publish', file)).toMatchObject({ exitCode: 0 });
  };

  it('DC26: officials enter approvers, take them out, set needs and limits, and revoke gateways', async () => {
    await found();
    const entries = ['A', 'B'].map((letter) => {
      const { approver } = makePasskey(`s_${letter.repeat(22)}`, letter === 'A' ? 'EC' : 'OKP');
      writeFileSync(at(letter), JSON.stringify(approver));
      return approver;
    });
    await change(
      '--add-approver',
      at('A'),
      at('B'),
      '--needs',
      'strict=2',
      'glass=2',
      '--rp-id',
      'palang.contoh',
    );
    expect(newest()).toMatchObject({
      approvers: entries,
      approval: { rp: 'palang.contoh', needs: { strict: 2, glass: 2 } },
    });
    await change('--remove-approver', entries[0]!.by, '--limit', 'temp=24', 'staff=240');
    expect(newest().approvers).toEqual([entries[1]]);
    expect(newest().maxLimits).toEqual({ staff: 240 * 3600, temp: 24 * 3600 });
    await change('--revoke-gateway', 'gw-lama/3');
    expect(newest().revoked).toEqual([{ gw: 'gw-lama', ep: 3 }]);
    expect(newest().approvers).toEqual([entries[1]]);
    const shown = await run('show', '--json');
    expect(JSON.parse(shown.out)).toMatchObject({ root: { v: 4 } });
  });

  it('DC26: a key of the server is rotated with both in force, and the old one retired later', async () => {
    await found();
    await change('--rotate', 'issuer', 'fresh');
    expect(newest().roles.issuer.keys).toEqual(['issuer-1', 'issuer-2']);
    expect(openKeys().issuer.kid).toBe('issuer-2');
    await change('--retire', 'issuer-1');
    expect(newest().roles.issuer.keys).toEqual(['issuer-2']);
    expect(Object.keys(newest().keys)).not.toContain('issuer-1');
  });

  it.each([
    ['an unknown approver', ['--remove-approver', `s_${'X'.repeat(22)}`]],
    ['an unknown key', ['--retire', 'issuer-9']],
    ['a role without a key', ['--retire', 'issuer-1']],
    ['an unknown class', ['--limit', 'tamu=3']],
    ['a limit that is none', ['--limit', 'temp=0']],
    ['a gateway without an epoch', ['--revoke-gateway', 'gw-lama']],
    ['a threshold alone', ['--threshold', '1']],
    ['a role that officials hold', ['--rotate', 'root']],
    ['a host that is none', ['--rp-id', 'Palang!']],
    ['neither on nor off', ['--weak-approvals', 'maybe']],
  ])('DC26: %s makes no proposal', async (_, args) => {
    await found();
    expect((await run('propose', ...args, '--out', at('p'))).exitCode).toBe(2);
    expect(existsSync(at('p'))).toBe(false);
  });

  it('DC26: more signatures are not asked for than there are officials', async () => {
    await found();
    const keys = ['a', 'b'].map((name) => `${at(name)}.pub`);
    expect((await run('propose', '--keys', ...keys, '--threshold', '3', '--out', at('p'))).exitCode).toBe(2);
  });

  it('DC25: a proposal over another history, or for another site, is not published', async () => {
    await found();
    await run('propose', '--limit', 'temp=24', '--out', at('p'));
    await run('sign', at('p'), '--key', at('a'));
    await run('sign', at('p'), '--key', at('b'));
    await change('--limit', 'temp=12');
    const late = await run('publish', at('p'));
    expect(late).toMatchObject({ exitCode: 1 });
    expect(late.errors).toContain('version-not-next');
    expect(newest().maxLimits).toEqual({ temp: 12 * 3600 });
  });
});
