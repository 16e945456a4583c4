import { describe, expect, it } from 'vitest';
import { asEpochMs } from '#contract/clock';
import {
  findAfterHours,
  findAnomalies,
  findOutOfSequence,
  findUnusualAreas,
  findUnusualLengths,
  type AnomalyFacts,
  type ReviewedVisit,
} from './anomalies.ts';
import { reviewPace } from './review-pace.ts';
import { rightsFlags, type FlagFacts } from './rights-flags.ts';
import { createSiteCalendar } from './site-day.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
/** Monday, 2 March 2026, 00.00 in Jakarta. */
const FROM = Date.parse('2026-03-01T17:00:00.000Z');

let next = 0;
const visit = (at: number, changes: Partial<ReviewedVisit> = {}): ReviewedVisit => ({
  id: `gw/1/${(next += 1)}`,
  doorId: 'a',
  personId: 's_1',
  permitId: null,
  beganAt: at,
  enteredAt: at,
  leftAt: at + HOUR,
  certainty: 'sure',
  phase: 'ended',
  purpose: null,
  ...changes,
});
const facts = (visits: readonly ReviewedVisit[], changes: Partial<AnomalyFacts> = {}): AnomalyFacts => ({
  from: FROM,
  until: FROM + 28 * DAY,
  now: FROM + 28 * DAY,
  visits,
  tries: [],
  momentOf: createSiteCalendar('Asia/Jakarta'),
  holidays: new Set(['2026-03-04']),
  ...changes,
});

describe('the four anomalies of NIST PE-6', () => {
  it.each([
    ['Monday at 6.59', 6 * HOUR + 59 * 60_000, true],
    ['Monday at 7', 7 * HOUR, false],
    ['Monday at 17.59', 17 * HOUR + 59 * 60_000, false],
    ['Monday at 18', 18 * HOUR, true],
    ['a holiday at noon', 2 * DAY + 12 * HOUR, true],
    ['Saturday at noon', 5 * DAY + 12 * HOUR, true],
    ['Friday at noon', 4 * DAY + 12 * HOUR, false],
    ['the Friday before the period at midnight', -2 * DAY, false],
  ])('SD85: after-hours access: %s', (_name, at, isFound) => {
    expect(findAfterHours(facts([visit(FROM + at)])).length === 1).toBe(isFound);
  });

  it('SD85: repeated access to unusual areas: three times at a door never used before, refusals included', () => {
    const before = [visit(FROM - 5 * DAY)];
    const strange = (n: number) => visit(FROM + n * DAY, { doorId: 'b' });
    const refused = { id: 'gw/9/9', personId: 's_1', doorId: 'b', at: FROM + 3 * DAY };
    expect(findUnusualAreas(facts([...before, strange(1), strange(2)]))).toEqual([]);
    const found = findUnusualAreas(facts([...before, strange(1), strange(2)], { tries: [refused] }));
    expect(found).toMatchObject([
      {
        kind: 'repeated-access-to-unusual-areas',
        visitId: 'gw/9/9',
        doorId: 'b',
        measure: { times: 3 },
      },
    ]);
    // A newcomer has no usual areas, and a door of before is usual.
    expect(findUnusualAreas(facts([strange(1), strange(2), strange(3)]))).toEqual([]);
    expect(
      findUnusualAreas(facts([...before, visit(FROM + DAY), visit(FROM + 2 * DAY), visit(FROM + 3 * DAY)])),
    ).toEqual([]);
  });

  it('SD85: access for an unusual length: by what is usual for the person, or eight hours', () => {
    const usual = Array.from({ length: 5 }, (_each, n) => visit(FROM - (n + 1) * DAY));
    const long = (hours: number) => visit(FROM + 9 * HOUR, { leftAt: FROM + (9 + hours) * HOUR });
    expect(findUnusualLengths(facts([...usual, long(2)]))).toEqual([]);
    expect(findUnusualLengths(facts([...usual, long(2.1)]))).toMatchObject([
      { kind: 'access-for-unusual-length', measure: { minutes: 126, usualMinutes: 60 } },
    ]);
    expect(findUnusualLengths(facts([long(8)]))).toEqual([]);
    expect(findUnusualLengths(facts([long(8.1)]))).toHaveLength(1);
    const inside = visit(FROM + DAY, { leftAt: null, phase: 'inside' });
    expect(findUnusualLengths(facts([inside], { now: FROM + DAY + 9 * HOUR }))).toHaveLength(1);
    // Nobody knows how long a visit without an exit lasted.
    expect(findUnusualLengths(facts([visit(FROM + DAY, { leftAt: null, phase: 'replaced' })]))).toEqual([]);
  });

  it('SD85: out-of-sequence access: out without in, in again, in two places', () => {
    const found = findOutOfSequence(
      facts([
        visit(FROM + HOUR, { enteredAt: null, leftAt: FROM + HOUR }),
        visit(FROM + 2 * HOUR, { leftAt: null, phase: 'replaced' }),
        visit(FROM + 3 * HOUR, { leftAt: FROM + 6 * HOUR }),
        visit(FROM + 4 * HOUR, { doorId: 'b' }),
        visit(FROM + 7 * HOUR, { doorId: 'b' }),
      ]),
    );
    expect(found.map(({ measure }) => measure['what'])).toEqual([
      'left-without-entry',
      'entered-again-without-exit',
      'in-two-places',
    ]);
  });

  it('SD85: all of them in order of time', () => {
    const found = findAnomalies(
      facts([visit(FROM + 20 * HOUR), visit(FROM + HOUR, { enteredAt: null, leftAt: FROM + HOUR })]),
    );
    expect(found.map(({ kind }) => kind)).toEqual(['out-of-sequence-access', 'after-hours-access']);
  });
});

describe('pace of a review', () => {
  const decide = (reviewerId: string, seconds: readonly number[]) =>
    seconds.map((second) => ({ reviewerId, at: second * 1000, isKept: true }));
  it('SD84: who clicks through is seen, who reads is not', () => {
    expect(
      reviewPace([
        ...decide('s_a', [0, 2, 3, 5, 60]),
        ...decide('s_b', [0, 30, 70, 90]),
        ...decide('s_c', [4]),
      ]),
    ).toEqual([
      { reviewerId: 's_a', decisions: 5, kept: 5, medianSeconds: 2, isTooFast: true },
      { reviewerId: 's_b', decisions: 4, kept: 4, medianSeconds: 30, isTooFast: false },
      { reviewerId: 's_c', decisions: 1, kept: 1, medianSeconds: null, isTooFast: false },
    ]);
  });
});

describe('flags of a rights review', () => {
  const now = 1_000 * DAY;
  const base: FlagFacts = {
    now,
    hasCard: true,
    cardCount: 1,
    mayDecide: false,
    grantedAt: now - 200 * DAY,
    lastUsedAt: now - DAY,
    rightsEndAt: null,
    movedAt: null,
    lacksSop: false,
    reviewedAt: now - 30 * DAY,
  };
  it.each<[string, Partial<FlagFacts>, readonly string[]]>([
    ['nothing', {}, []],
    ['90 days without use', { lastUsedAt: now - 90 * DAY - 1 }, ['unused-90-days']],
    ['never used, new', { lastUsedAt: null, grantedAt: now - DAY }, []],
    ['never used, old', { lastUsedAt: null }, ['unused-90-days']],
    ['the contract', { rightsEndAt: now }, ['contract-ended']],
    ['a move since the last review', { movedAt: now - DAY }, ['moved-unit']],
    ['no acknowledgement', { lacksSop: true }, ['sop-not-acknowledged']],
    ['two cards', { cardCount: 2 }, ['several-cards']],
    ['an approver who enters', { mayDecide: true }, ['own-approver']],
    ['nobody ever reviewed', { reviewedAt: null }, ['never-reviewed']],
  ])('SD86: %s', (_name, changes, flags) => {
    expect(rightsFlags({ ...base, ...changes })).toEqual(flags);
  });
  it('SD86: the calendar of the site knows weekday and hour', () => {
    expect(createSiteCalendar('Asia/Jakarta')(asEpochMs(FROM))).toEqual({
      day: '2026-03-02',
      weekday: 1,
      hour: 0,
    });
  });
});
