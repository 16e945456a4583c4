import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitFor } from '../story/wait-for.ts';
import { processBirth } from './process-birth.ts';
import { createSupervisedProcess, type ProcessSpec } from './supervised-process.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'palang-supervised-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function node(program: string, more: Partial<ProcessSpec> = {}): ProcessSpec {
  return {
    name: 'part',
    command: process.execPath,
    args: ['-e', program],
    env: {},
    logFile: join(folder, 'part.log'),
    isRestarted: false,
    onTrouble: () => undefined,
    ...more,
  };
}

test('DP3: a part that ends by itself is started again, and is not once it has been stopped', async () => {
  const lines: string[] = [];
  const part = createSupervisedProcess(
    node('console.log(process.pid)', { isRestarted: true, onLine: (line) => lines.push(line) }),
  );
  part.start();
  await waitFor('second start', 5_000, () => (new Set(lines).size >= 2 ? true : undefined));
  await part.stop();
  const seen = lines.length;
  await part.ended();
  expect(part.pid()).toBeUndefined();
  expect(lines.length).toBe(seen);
});

test('DP1: stopping lets a part finish its own way', async () => {
  const part = createSupervisedProcess(
    node("process.on('SIGTERM', () => process.exit(7)); console.log('up'); setInterval(() => {}, 1000)", {
      logFile: join(folder, 'polite.log'),
      onLine: () => resolveUp(),
    }),
  );
  let resolveUp = (): void => undefined;
  const up = new Promise<void>((resolve) => {
    resolveUp = resolve;
  });
  part.start();
  await up;
  await part.stop();
  expect(await part.ended()).toEqual({ code: 7, signal: null });
  expect(readFileSync(join(folder, 'polite.log'), 'utf8')).toContain('up');
});

test('DP3: a kill ends a part at once, deaf or not', async () => {
  let resolveUp = (): void => undefined;
  const up = new Promise<void>((resolve) => {
    resolveUp = resolve;
  });
  const part = createSupervisedProcess(
    node("process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)", {
      isRestarted: true,
      onLine: () => resolveUp(),
    }),
  );
  part.start();
  await up;
  const pid = part.pid() ?? 0;
  await part.kill();
  expect(await part.ended()).toEqual({ code: null, signal: 'SIGKILL' });
  expect(processBirth(pid)).toBeUndefined();
});

test('DP9: only errors of a part reach the terminal, by their words', async () => {
  const troubles: string[] = [];
  const lines = [{ level: 30, msg: 'calm' }, { level: 50, msg: 'disk failing' }, 'not json', '{"level":50'];
  const part = createSupervisedProcess(
    node(
      `for (const line of ${JSON.stringify(lines)}) console.log(typeof line === 'string' ? line : JSON.stringify(line))`,
      {
        onTrouble: (text) => troubles.push(text),
      },
    ),
  );
  part.start();
  await part.ended();
  await part.stop();
  expect(troubles[0]).toBe('disk failing');
  expect(troubles.length).toBe(2);
  expect(troubles[1]).toMatch(/^ended \(exit 0\)/);
});
