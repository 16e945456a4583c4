import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fingerprint, isBuildCurrent, stampBuild } from '../../deploy/build-stamp.mjs';

let root: string;

const write = (path: string, text: string): void => {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'palang-build-'));
  write('gateway/main.ts', '1');
  stampBuild(root, fingerprint(root));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it('AR15: a fresh build is current, a tree without one is not', () => {
  expect(isBuildCurrent(root)).toBe(true);
  rmSync(join(root, 'dist'), { recursive: true });
  expect(isBuildCurrent(root)).toBe(false);
});

it.each<[string, () => void]>([
  ['a source grows', () => write('gateway/main.ts', '12')],
  ['a source is written again at the same size', () => utimesSync(join(root, 'gateway/main.ts'), 1, 1)],
  ['a source comes', () => write('web/app.tsx', '1')],
  ['a source goes', () => rmSync(join(root, 'gateway/main.ts'))],
  ['a package changes', () => write('package-lock.json', '{}')],
])('AR15: a build is stale when %s', (_what, change) => {
  change();
  expect(isBuildCurrent(root)).toBe(false);
});

it('AR15: a test and an output do not make a build stale', () => {
  write('gateway/main.test.ts', '1');
  write('dist/palang.mjs', '1');
  expect(isBuildCurrent(root)).toBe(true);
});
