import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openProcessList } from './leftovers.ts';
import { processBirth } from './process-birth.ts';
import { openSiteHome } from './site-home.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'palang-list-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('DP3: a start ends what a killed launcher left running, and nobody else', async () => {
  const file = join(folder, 'processes.json');
  const left = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  const killed = await openProcessList(file);
  killed.note('gateway', left.pid);
  killed.note('server', stranger.pid);
  // The number of the second was given to a stranger since.
  const birth = processBirth(left.pid ?? 0);
  writeFileSync(
    file,
    JSON.stringify([
      { pid: left.pid, birth },
      { pid: stranger.pid, birth: '1' },
    ]),
  );
  const ended = once(left, 'exit');
  await openProcessList(file);
  await ended;
  expect(processBirth(stranger.pid ?? 0)).toBeDefined();
  stranger.kill();
});

test('DP3: a list that was cut by a power failure does not stop the next start', async () => {
  const file = join(folder, 'cut.json');
  writeFileSync(file, '[{"pid":12');
  await expect(openProcessList(file)).resolves.toBeDefined();
});

test('DP2: one launcher holds a home; the next may have it when the first is done, or dead', () => {
  const path = join(folder, 'home');
  const first = openSiteHome(path);
  expect(first.ok).toBe(true);
  expect(openSiteHome(path)).toEqual({ ok: false, error: 'home-in-use' });
  if (first.ok) first.value.close();
  writeFileSync(join(path, 'launcher.pid'), `${process.pid} 1`);
  expect(openSiteHome(path).ok).toBe(true);
});
