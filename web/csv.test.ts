import { describe, expect, it } from 'vitest';
import { csvOf } from './csv.ts';
import { roundTop } from './parts/plots.tsx';

describe('tables that leave the browser', () => {
  it('W25: cells keep commas, quotes and line ends, and are never formulas', () => {
    expect(
      csvOf([
        ['a', 'b"c'],
        ['=SUM(A1)', -3],
        ['x,\ny', 4],
      ]),
    ).toBe('\uFEFF"a","b""c"\r\n"\'=SUM(A1)",-3\r\n"x,\ny",4\r\n');
  });

  it.each([
    [1, 1],
    [2, 2],
    [3, 5],
    [11, 20],
    [51, 100],
    [0.3, 0.5],
  ])('W25: a scale up to %d ends at %d', (value, top) => {
    expect(roundTop(value)).toBeCloseTo(top);
  });
});
