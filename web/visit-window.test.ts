import { describe, expect, it } from 'vitest';
import { checkWindowDraft, proposeWindow } from './visit-window.ts';

const ZONE = 'Asia/Jakarta';
/** 14.05 in Jakarta. */
const NOW = Date.UTC(2026, 2, 12, 7, 5);
const day = '2026-03-12';

describe('window of a visit', () => {
  it('W13: the proposal begins at the next quarter and fits its purpose', () => {
    expect(proposeWindow(NOW, 8, ZONE)).toEqual({ date: day, from: '14:15', until: '16:15' });
    expect(proposeWindow(NOW, 1, ZONE)).toEqual({ date: day, from: '14:15', until: '15:15' });
  });

  it('W13: every proposal of a day is accepted as it stands', () => {
    for (let minute = 0; minute < 24 * 60; minute++) {
      const nowMs = NOW + minute * 60_000;
      for (const hours of [2, 4, 24]) {
        const check = checkWindowDraft(proposeWindow(nowMs, hours, ZONE), nowMs, hours, ZONE);
        expect(check.kind).toBe('fits');
      }
    }
  });

  it('W13: an end before the start is meant for the next day', () => {
    expect(checkWindowDraft({ date: day, from: '22:00', until: '02:00' }, NOW, 8, ZONE)).toEqual({
      kind: 'fits',
      fromMs: Date.UTC(2026, 2, 12, 15),
      untilMs: Date.UTC(2026, 2, 12, 19),
      endsNextDay: true,
    });
  });

  it('W13: what the server would refuse is refused with the same reason', () => {
    const faultOf = (from: string, until: string, date = day) => {
      const check = checkWindowDraft({ date, from, until }, NOW, 8, ZONE);
      return check.kind === 'fault' ? check.fault : null;
    };
    expect(faultOf('15:00', '15:00')).toBe('windowReversed');
    expect(faultOf('', '15:00')).toBe('windowReversed');
    expect(faultOf('10:00', '12:00')).toBe('windowPast');
    expect(faultOf('13:54', '16:00')).toBe('windowPast');
    expect(faultOf('13:56', '16:00')).toBeNull();
    expect(faultOf('15:00', '23:30')).toBe('windowTooLong');
  });
});
