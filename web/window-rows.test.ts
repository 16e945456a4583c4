import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawnRows, pagesOf } from './window-rows.ts';

describe('the drawn part of a long list', () => {
  it('W23: whatever the scroll, the drawn rows cover the view and the list keeps its height', () => {
    fc.assert(
      fc.property(
        fc.nat(200_000),
        fc.integer({ min: 20, max: 90 }),
        fc.integer({ min: -2000, max: 20_000_000 }),
        fc.integer({ min: 1, max: 2000 }),
        (total, rowHeight, scrolled, viewHeight) => {
          const drawn = drawnRows(total, rowHeight, scrolled, viewHeight, 10);
          expect(drawn.aboveHeight + drawn.count * rowHeight + drawn.belowHeight).toBe(total * rowHeight);
          expect(drawn.count).toBeLessThanOrEqual(viewHeight / rowHeight + 22);
          const firstSeen = Math.max(0, Math.floor(scrolled / rowHeight));
          const lastSeen = Math.ceil((scrolled + viewHeight) / rowHeight) - 1;
          for (const row of [firstSeen, lastSeen].filter(
            (each) => each >= 0 && each < total && each * rowHeight < scrolled + viewHeight,
          )) {
            expect(row).toBeGreaterThanOrEqual(drawn.first);
            expect(row).toBeLessThan(drawn.first + drawn.count);
          }
        },
      ),
      { seed: 23, numRuns: 500 },
    );
  });

  it.each([
    [0, 0, []],
    [0, 100, [0]],
    [0, 101, [0, 1]],
    [99, 2, [0, 1]],
    [250, 30, [2]],
  ] as const)('W23: %d rows on, %d rows stand on pages %j', (first, count, pages) => {
    expect(pagesOf({ first, count }, 100)).toEqual(pages);
  });
});
