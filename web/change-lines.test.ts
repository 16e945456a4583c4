import { describe, expect, it } from 'vitest';
import { changeLines, leavesOf } from './change-lines.ts';

describe('what a change moved', () => {
  it('W40: only what differs is told, by its path, with before and after', () => {
    expect(
      changeLines({ codes: true, two: { withinMs: 3000 } }, { codes: true, two: { withinMs: 5000 } }),
    ).toEqual([{ path: 'two / withinMs', before: '3000', after: '5000' }]);
    expect(changeLines(null, { codes: false })).toEqual([{ path: 'codes', before: null, after: 'false' }]);
    expect(changeLines({ codes: true }, null)).toEqual([{ path: 'codes', before: 'true', after: null }]);
    expect(changeLines({ a: 1 }, { a: 1 })).toEqual([]);
  });

  it('W40: days of a list are known by their date, so that one day more is not a change of all that follow', () => {
    const day = (date: string, nameId: string) => ({ day: date, nameId });
    const before = [day('2026-01-01', 'Tahun Baru'), day('2026-08-17', 'Proklamasi')];
    const after = [
      day('2026-01-01', 'Tahun Baru'),
      day('2026-05-01', 'Buruh'),
      day('2026-08-17', 'Proklamasi'),
    ];
    expect(changeLines(before, after)).toEqual([
      { path: '2026-05-01 / day', before: null, after: '2026-05-01' },
      { path: '2026-05-01 / nameId', before: null, after: 'Buruh' },
    ]);
  });

  it('W40: items without a name of their own are known by their place', () => {
    expect([...leavesOf({ allow: ['s_1', 's_2'], note: null })]).toEqual([
      ['allow / 1', 's_1'],
      ['allow / 2', 's_2'],
    ]);
  });
});
