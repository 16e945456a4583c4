import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { programFile } from '../../deploy/all-in-one/program.ts';
import { waitFor } from '../../deploy/story/wait-for.ts';
import { buildIfStale } from './test-site.ts';

const SEEN_MS = 20_000;

describe('palang pair, with a reader in a process of its own', () => {
  let folder: string;
  let keyFile: string;
  let reader: ChildProcess | undefined;
  let said: Record<string, unknown>[];

  beforeEach(async () => {
    await buildIfStale();
    folder = mkdtempSync(join(tmpdir(), 'palang-pair-'));
    keyFile = join(folder, 'entry.scbk');
    said = [];
  });
  afterEach(() => {
    reader?.kill('SIGKILL');
    reader = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  async function startReader(...flags: readonly string[]): Promise<string> {
    const child = spawn(process.execPath, [programFile(), 'station', 'osdp', '--home', folder, ...flags], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    reader = child;
    createInterface({ input: child.stdout }).on('line', (line) =>
      said.push(JSON.parse(line) as Record<string, unknown>),
    );
    const port = await waitFor('the port', SEEN_MS, () => said.find((each) => 'port' in each));
    return String(port['port']);
  }
  const pair = (port: string, ...flags: readonly string[]): Promise<{ code: unknown; text: string }> =>
    new Promise((resolve) => {
      const args = ['pair', '--port', port, '--address', '1', '--key', keyFile, ...flags];
      execFile(process.execPath, [programFile(), ...args], (error, out, wrong) =>
        resolve({ code: error === null ? 0 : error.code, text: out + wrong }),
      );
    });

  test('DC21: a reader in install mode is paired, its key changed, and neither is printed', async () => {
    const port = await startReader('--install');
    const first = await pair(port);
    expect(first).toMatchObject({ code: 0, text: expect.stringContaining('PAIRED') as string });
    const firstKey = readFileSync(keyFile, 'utf8').trim();
    expect(firstKey).toMatch(/^[0-9a-f]{32}$/);
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);

    const again = await pair(port);
    expect(again.code).toBe(2);
    expect(readFileSync(keyFile, 'utf8').trim()).toBe(firstKey);

    const changed = await pair(port, '--change');
    expect(changed.code).toBe(0);
    const secondKey = readFileSync(keyFile, 'utf8').trim();
    expect(secondKey).not.toBe(firstKey);
    expect(existsSync(`${keyFile}.next`)).toBe(false);
    const printed = [first.text, changed.text, JSON.stringify(said)].join(' ').toLowerCase();
    expect(printed).not.toContain(firstKey);
    expect(printed).not.toContain(secondKey);
    expect(said.filter(({ type }) => type === 'key-stored')).toHaveLength(2);
  });

  test('DC21: a reader with another key is not reached, and everything is as it was', async () => {
    writeFileSync(join(folder, 'its.scbk'), '00112233445566778899aabbccddeeff');
    writeFileSync(keyFile, '0f1e2d3c4b5a69788796a5b4c3d2e1f0');
    const port = await startReader('--key', join(folder, 'its.scbk'));
    expect(await pair(port, '--change')).toMatchObject({ code: 1 });
    expect(readFileSync(keyFile, 'utf8')).toBe('0f1e2d3c4b5a69788796a5b4c3d2e1f0');
    expect(existsSync(`${keyFile}.next`)).toBe(false);
    expect(said.filter(({ type }) => type === 'key-stored')).toEqual([]);
  });

  test('DC21: a port that is not there leaves no key behind', async () => {
    expect((await pair(join(folder, 'nowhere'))).code).toBe(2);
    expect(existsSync(keyFile) || existsSync(`${keyFile}.next`)).toBe(false);
  });
});
