import { describe, expect, it } from 'vitest';
import { addDays, instantOf, utcOffsetOf, wallTimeOf } from './zone-time.ts';

const ZONES = ['Asia/Jakarta', 'Asia/Makassar', 'Asia/Jayapura', 'Europe/Berlin'];

describe('zone time', () => {
  it('W12: the wall clock of a zone and its instant lead back to each other', () => {
    for (const zone of ZONES) {
      for (let hour = 0; hour < 400 * 24; hour += 7) {
        const atMs = Date.UTC(2026, 0, 1) + hour * 3_600_000;
        const back = instantOf(wallTimeOf(atMs, zone), zone);
        // The hour that Berlin repeats in October has two instants; either reads the same on the wall.
        expect(wallTimeOf(back ?? 0, zone)).toEqual(wallTimeOf(atMs, zone));
      }
    }
  });

  it('W12: Jakarta is seven hours ahead, over midnight too', () => {
    expect(wallTimeOf(Date.UTC(2026, 2, 12, 17, 5), 'Asia/Jakarta')).toEqual({
      date: '2026-03-13',
      clock: '00:05',
    });
    expect(instantOf({ date: '2026-03-13', clock: '00:05' }, 'Asia/Jakarta')).toBe(
      Date.UTC(2026, 2, 12, 17, 5),
    );
  });

  it('W12: text that is no time is none', () => {
    expect(instantOf({ date: '2026-13-40', clock: '00:05' }, 'Asia/Jakarta')).toBeNull();
    expect(instantOf({ date: '', clock: '' }, 'Asia/Jakarta')).toBeNull();
  });

  it('W12: days are counted over the ends of months', () => {
    expect(addDays('2026-02-28', 1)).toBe('2026-03-01');
    expect(addDays('2026-01-01', -1)).toBe('2025-12-31');
  });

  it('W12: the offset of a zone is what weekly hours carry', () => {
    const atMs = Date.UTC(2026, 2, 12, 7, 5);
    expect(
      ['Asia/Jakarta', 'Asia/Makassar', 'Asia/Jayapura', 'UTC'].map((z) => utcOffsetOf(atMs, z)),
    ).toEqual(['+07:00', '+08:00', '+09:00', '+00:00']);
    expect(utcOffsetOf(atMs, 'America/St_Johns')).toBe('-02:30');
  });
});
