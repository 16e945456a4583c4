import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'palang-tests-'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function runTests(source: string): Promise<{ exitCode: number; lines: string[] }> {
  if (source !== '') {
    writeFileSync(
      join(folder, 'a.test.js'),
      `import { afterAll, beforeAll, describe, it } from 'vitest';\n${source}`,
    );
  }
  writeFileSync(join(folder, 'vitest.config.js'), '');
  return new Promise((resolve) => {
    const options = { cwd: folder, env: { ...process.env, NO_COLOR: '1' } };
    execFile(process.execPath, [join(ROOT, 'test/run.mjs')], options, (error, stdout) => {
      resolve({ exitCode: Number(error?.code ?? 0), lines: stdout.trimEnd().split('\n') });
    });
  });
}

const FAILS = `() => { throw new Error('x'); }`;

it.each([
  ['all pass', `it('a', () => {});`, 0, 'Tests: 1 passed, 0 failed, 0 skipped'],
  ['one fails', `it('a', () => {}); it('b', ${FAILS});`, 1, 'Tests: 1 passed, 1 failed, 0 skipped'],
  [
    'a file does not load',
    `it('a', () => {}); throw new Error('x');`,
    1,
    'Tests: 0 passed, 1 failed, 0 skipped',
  ],
  [
    'a hook throws',
    `it('a', () => {}); describe('s', () => { beforeAll(${FAILS}); it('b', () => {}); });`,
    1,
    'Tests: 1 passed, 1 failed, 0 skipped',
  ],
  [
    'a last hook throws',
    `it('a', () => {}); describe('s', () => { afterAll(${FAILS}); it('b', () => {}); });`,
    1,
    'Tests: 2 passed, 1 failed, 0 skipped',
  ],
  [
    'an error comes from nowhere',
    `it('a', async () => { Promise.reject(new Error('x')); await new Promise(setImmediate); });`,
    1,
    'Tests: 1 passed, 1 failed, 0 skipped',
  ],
  ['nothing is there', '', 1, 'Tests: 0 passed, 0 failed, 0 skipped'],
  ['nothing runs', `it.skip('a', () => {});`, 1, 'Tests: 0 passed, 0 failed, 1 skipped'],
])('AR14: when %s, the last line and the exit code say so', async (_what, source, exitCode, lastLine) => {
  const ran = await runTests(source);
  expect(ran.lines.at(-1)).toBe(lastLine);
  expect(ran.exitCode).toBe(exitCode);
});

it('AR14: a skipped test is named with its reason', async () => {
  const { lines } = await runTests(`it('a', () => {}); it('b', ({ skip }) => skip('no card reader here'));`);
  expect(lines.slice(-3)).toEqual([
    'Skipped:',
    '  a.test.js: b (no card reader here)',
    'Tests: 1 passed, 0 failed, 1 skipped',
  ]);
});
