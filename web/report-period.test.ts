import { describe, expect, it } from 'vitest';
import { daysOf, reportQueryOf } from './report-period.ts';

const ZONE = 'Asia/Jakarta';
const at = (text: string): number => Date.parse(text);

describe('report period', () => {
  it('W50: the last whole month, quarter and year of the site are asked for', () => {
    const now = at('2026-11-25T04:00:00.000Z');
    expect(daysOf('month', now, ZONE)).toEqual({ from: '2026-10-01', until: '2026-10-31' });
    expect(daysOf('quarter', now, ZONE)).toEqual({ from: '2026-07-01', until: '2026-09-30' });
    expect(daysOf('year', now, ZONE)).toEqual({ from: '2025-01-01', until: '2025-12-31' });
  });

  it('W50: the turn of the year is that of the site, not of Greenwich', () => {
    const now = at('2026-12-31T17:30:00.000Z');
    expect(daysOf('month', now, ZONE)).toEqual({ from: '2026-12-01', until: '2026-12-31' });
    expect(daysOf('quarter', now, ZONE)).toEqual({ from: '2026-10-01', until: '2026-12-31' });
    expect(daysOf('year', now, ZONE)).toEqual({ from: '2026-01-01', until: '2026-12-31' });
    expect(daysOf('month', at('2027-03-01T00:00:00.000Z'), ZONE).until).toBe('2027-02-28');
  });

  it('W50: the last day is part of the period, and a day that is missing narrows nothing', () => {
    expect(reportQueryOf({ from: '2026-10-01', until: '2026-10-31' }, ZONE)).toEqual({
      from: '2026-09-30T17:00:00.000Z',
      until: '2026-10-31T17:00:00.000Z',
    });
    expect(reportQueryOf({ from: '', until: '' }, ZONE)).toEqual({});
  });
});
