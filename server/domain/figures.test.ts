import { describe, expect, it } from 'vitest';
import { MAX_STRETCHES } from '#contract/api-figures';
import { asEpochMs } from '#contract/clock';
import { figuresOf, stretchFor, stretchStart, type FigureFacts } from './figures.ts';

const at = (text: string) => asEpochMs(Date.parse(text));

const NOTHING: FigureFacts = {
  from: at('2026-03-01T17:00:00.000Z'),
  until: at('2026-03-31T17:00:00.000Z'),
  timeZone: 'Asia/Jakarta',
  stays: [],
  denials: [],
  alarms: [],
  decisions: [],
};
const stay = (entered: string, left: string | null, purpose: string | null = 'NET-FW') => ({
  enteredAt: at(entered),
  leftAt: left === null ? null : at(left),
  purpose,
});

describe('figures of a period', () => {
  it.each([
    ['Asia/Jakarta', '2026-03-12', 3, 6],
    ['Asia/Makassar', '2026-03-12', 3, 7],
    ['Asia/Jayapura', '2026-03-12', 3, 8],
    ['Europe/Amsterdam', '2026-03-12', 3, 0],
  ])('SD100: in %s an entry counts in its own day, weekday and hour', (timeZone, day, weekday, hour) => {
    const figures = figuresOf({
      ...NOTHING,
      timeZone,
      stays: [stay('2026-03-11T23:10:00.000Z', '2026-03-12T01:00:00.000Z')],
    });
    expect(figures.visits).toEqual([{ day, purpose: 'NET-FW', count: 1 }]);
    expect(figures.hours[weekday]?.[hour]).toBe(1);
    expect(figures.hours.flat().reduce((sum, each) => sum + each)).toBe(1);
  });

  it('SD100: visits are counted by day and purpose, those before the period are not', () => {
    const figures = figuresOf({
      ...NOTHING,
      stays: [
        stay('2026-03-01T10:00:00.000Z', null),
        stay('2026-03-10T02:00:00.000Z', '2026-03-10T03:00:00.000Z'),
        stay('2026-03-10T04:00:00.000Z', '2026-03-10T05:00:00.000Z'),
        stay('2026-03-10T04:00:00.000Z', '2026-03-10T05:00:00.000Z', null),
      ],
    });
    expect(figures.visits).toEqual([
      { day: '2026-03-10', purpose: 'NET-FW', count: 2 },
      { day: '2026-03-10', purpose: null, count: 1 },
    ]);
  });

  it('SD101: occupancy carries over who was inside before, and never counts an exchange at the door twice', () => {
    const { occupancy } = figuresOf({
      ...NOTHING,
      stays: [
        stay('2026-02-28T10:00:00.000Z', '2026-03-10T02:30:00.000Z'),
        stay('2026-03-10T02:30:00.000Z', '2026-03-10T04:10:00.000Z'),
        stay('2026-03-10T02:40:00.000Z', null),
      ],
    });
    expect(occupancy).toEqual([
      { at: '2026-03-01T17:00:00.000Z', most: 1 },
      { at: '2026-03-10T02:00:00.000Z', most: 2 },
      { at: '2026-03-10T04:00:00.000Z', most: 2 },
    ]);
  });

  it('SD101: lead times are told by nearest rank and in bands', () => {
    const decided = (minutes: number) => ({
      filedAt: at('2026-03-10T00:00:00.000Z'),
      decidedAt: asEpochMs(at('2026-03-10T00:00:00.000Z') + minutes * 60_000),
    });
    const { leadTimes } = figuresOf({ ...NOTHING, decisions: [1, 15, 16, 300, 9000].map(decided) });
    expect(leadTimes).toEqual({
      decided: 5,
      medianMinutes: 16,
      p90Minutes: 9000,
      bands: [
        { upToMinutes: 15, count: 2 },
        { upToMinutes: 60, count: 1 },
        { upToMinutes: 240, count: 0 },
        { upToMinutes: 1440, count: 1 },
        { upToMinutes: 4320, count: 0 },
        { upToMinutes: null, count: 1 },
      ],
    });
    expect(figuresOf(NOTHING).leadTimes).toMatchObject({ decided: 0, medianMinutes: null, p90Minutes: null });
  });

  it('SD101: denials come with the most frequent first, and alarms by day of the site', () => {
    const figures = figuresOf({
      ...NOTHING,
      denials: [
        { reason: 'expired', count: 2 },
        { reason: 'unknown-credential', count: 9 },
      ],
      alarms: [{ at: at('2026-03-10T17:30:00.000Z'), type: 'door.forced' }],
    });
    expect(figures.denials.map(({ reason }) => reason)).toEqual(['unknown-credential', 'expired']);
    expect(figures.alarms).toEqual([{ day: '2026-03-11', type: 'door.forced', count: 1 }]);
  });

  it.each([1, 1000, 3_600_000, 86_400_000, 31 * 86_400_000, 40 * 365 * 86_400_000])(
    'SD102: a period of %d ms is cut into at most as many stretches as can be drawn',
    (lengthMs) => {
      const from = at('2026-03-01T00:00:01.000Z');
      const until = asEpochMs(from + lengthMs);
      const stretchMs = stretchFor(from, until, MAX_STRETCHES);
      expect(stretchMs).toBeGreaterThan(0);
      expect(
        (stretchStart(asEpochMs(until - 1), stretchMs) - stretchStart(from, stretchMs)) / stretchMs,
      ).toBeLessThan(MAX_STRETCHES);
    },
  );
});
