import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readTree } from './source-tree.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** First and last numbers of the faults of the field that this product may repeat, as their list counts them. */
const IN_OUR_WAY = [
  // At the door.
  [9, 13],
  [19, 33],
  [44, 53],
  // In the procedure of a visit.
  [55, 68],
  [74, 77],
] as const;

/** Numbers that titles of tests name: `(fault 22)`, `(faults 24, 25)`. */
function namedFaults(text: string): number[] {
  return [...text.matchAll(/\(faults? ([0-9, ]+)\)/g)].flatMap(([, list = '']) =>
    list.split(',').map(Number),
  );
}

describe('faults of the field', () => {
  it('AR17: a title names one fault or several', () => {
    expect(namedFaults("it('GL7 (fault 9): twice', it('DM8 (faults 24, 25): open')")).toEqual([9, 24, 25]);
    expect(namedFaults('a fault 9 of the disk')).toEqual([]);
  });

  it(
    'AR17: each fault that we may repeat is named by the test that shows our behaviour',
    { timeout: 60_000 },
    () => {
      const { texts } = readTree(ROOT);
      const named = new Set(
        [...texts].flatMap(([path, text]) => (path.endsWith('.test.ts') ? namedFaults(text) : [])),
      );
      const wanted = IN_OUR_WAY.flatMap(([first, last]) =>
        Array.from({ length: last - first + 1 }, (_, index) => first + index),
      );
      expect(wanted.filter((number) => !named.has(number))).toEqual([]);
    },
  );
});
