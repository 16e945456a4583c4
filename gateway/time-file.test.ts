import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTimeFile, type KeptTime } from './time-file.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'palang-time-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const at = (floorMs: number): KeptTime => ({ floorMs, anchor: null });

describe('openTimeFile', () => {
  it('GL61: what was written last is read, and one generation stays behind it', () => {
    const file = openTimeFile(dir);
    expect(file.read()).toBeNull();
    const anchor = { boot: 'b-1', monoMs: 12.5, epochMs: 7, errorMs: 3 };
    file.write(at(100));
    file.write(at(200));
    file.write({ floorMs: 300, anchor });
    expect(openTimeFile(dir).read()).toEqual({ floorMs: 300, anchor });
    expect(readdirSync(dir).sort()).toEqual(['time-a.json', 'time-b.json']);
  });

  it('GL62: a floor that is damaged in any byte is not read, and the other one counts', () => {
    const file = openTimeFile(dir);
    file.write(at(1_800_000_000_000));
    file.write(at(1_800_000_600_000));
    const newest = readdirSync(dir).find((name) => readFileSync(join(dir, name), 'utf8').includes('600000'));
    const path = join(dir, newest ?? '');
    const whole = readFileSync(path);
    for (let byte = 0; byte < whole.length - 1; byte += 1) {
      const damaged = Buffer.from(whole);
      damaged[byte] = (damaged[byte] ?? 0) ^ 1;
      writeFileSync(path, damaged);
      expect(file.read()?.floorMs).toBe(1_800_000_000_000);
    }
    for (const text of ['', '{', 'null\n', whole.subarray(0, 20).toString()]) {
      writeFileSync(path, text);
      expect(file.read()?.floorMs).toBe(1_800_000_000_000);
    }
    // The damaged one is the next to be written over.
    file.write(at(1_800_001_000_000));
    expect(file.read()?.floorMs).toBe(1_800_001_000_000);
  });
});
