import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { processBirth } from './process-birth.ts';

test('DP3: a process is known by its number and its start, and is unknown once it has ended', async () => {
  expect(processBirth(process.pid)).toMatch(/^[0-9]+$/);
  expect(processBirth(0)).toBeUndefined();
  const child = spawn(process.execPath, ['-e', '0']);
  await once(child, 'exit');
  expect(processBirth(child.pid ?? 0)).toBeUndefined();
});
