import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asEpochMs, type EpochMs } from '#contract/clock';
import { permitAllows, type PermitClaims } from '#contract/permit';
import { nextOverstayMs, stayEnd, stepOverstay } from './overstay.ts';
import { NOBODY, enterRoom, leaveRoom, type Presence } from './presence.ts';

const HOUR_MS = 3_600_000;
const GRACE_MS = 900_000;
const DOOR = 'ruang-server';
/** Thursday 12 March 2026, 10:00 in Jakarta. */
const NOW = Date.UTC(2026, 2, 12, 3, 0);
const inJakarta = (day: number, hour: number, minute = 0): number => Date.UTC(2026, 2, day, hour - 7, minute);
const at = asEpochMs;

const permitOf = (win?: PermitClaims['win']): PermitClaims => ({
  iss: 'palang/uji',
  aud: 'uji',
  jti: `pm_${'P'.repeat(22)}`,
  rev: 1,
  sub: `s_${'A'.repeat(22)}`,
  iat: NOW / 1000 - 7200,
  nbf: NOW / 1000 - 3600,
  exp: inJakarta(20, 12) / 1000,
  cls: 'temp',
  doors: [DOOR],
  cred: [`c_${'C'.repeat(43)}`],
  apr: [{ by: `s_${'B'.repeat(22)}`, at: NOW / 1000, h: 'h'.repeat(43), m: 'session' }],
  req: 'r'.repeat(43),
  ...(win !== undefined && { win }),
});
const week = (from: string, to: string, days = '1234567', utc = '+07:00') => ({ days, from, to, utc });

describe('stayEnd', () => {
  it.each([
    ['without hours the permit itself', undefined, inJakarta(20, 12)],
    ['today', [week('08:00', '17:00')], inJakarta(12, 17)],
    ['in Papua', [week('08:00', '17:00', '4', '+09:00')], inJakarta(12, 15)],
    ['hours that touch', [week('08:00', '11:00'), week('11:00', '16:00')], inJakarta(12, 16)],
    ['hours that overlap', [week('08:00', '14:00'), week('09:00', '11:00')], inJakarta(12, 14)],
    ['over midnight', [week('09:00', '02:00', '4')], inJakarta(13, 2)],
    ['to the end of the day', [week('09:00', '24:00', '4')], inJakarta(13, 0)],
    ['day and night', [week('00:00', '24:00')], inJakarta(20, 12)],
    ['day and night on work days', [week('00:00', '24:00', '12345')], inJakarta(14, 0)],
  ] as const)('PR8: %s', (_, win, expected) => {
    expect(stayEnd(permitOf(win?.slice()), DOOR, at(NOW))).toBe(expected);
  });

  it('PR8: it is the first minute at which the permit no longer reaches', () => {
    const minute = fc
      .integer({ min: 0, max: 95 })
      .map(
        (quarter) =>
          `${String(Math.floor(quarter / 4)).padStart(2, '0')}:${'00153045'.slice((quarter % 4) * 2, (quarter % 4) * 2 + 2)}`,
      );
    const hours = fc.record({
      days: fc.constantFrom('4', '45', '1234567', '3'),
      from: minute,
      to: minute,
      utc: fc.constantFrom('+07:00', '+08:00', '+09:00', '-03:30'),
    });
    fc.assert(
      fc.property(fc.array(hours, { minLength: 1, maxLength: 4 }), (win) => {
        const permit = permitOf(win);
        fc.pre(permitAllows(permit, DOOR, at(NOW)) === null);
        let expected = NOW;
        while (permitAllows(permit, DOOR, at(expected)) === null) expected += 15 * 60_000;
        expect(stayEnd(permit, DOOR, at(NOW))).toBe(expected);
      }),
      { seed: 20260312, numRuns: 200 },
    );
  });
});

const none = (): null => null;
const enter = (inside: Presence, person: string, untilMs: number | null, isSure = true): Presence =>
  enterRoom(inside, person, isSure ? 'entered' : 'unknown', {
    of: 7,
    sinceMs: at(NOW),
    untilMs: untilMs === null ? null : at(untilMs),
    pm: 'pm_p',
    cred: 'c_c',
    heads: 1,
  });
const END = NOW + HOUR_MS;

describe('stepOverstay', () => {
  it.each([
    [END - 1, 0],
    [END, 0],
    [END + GRACE_MS - 1, 0],
    [END + GRACE_MS, 1],
    [END + 100 * HOUR_MS, 1],
  ])('PR9: at %d ms the overstays are %d', (now, expected) => {
    const step = stepOverstay(enter(NOBODY, 's_a', END), at(now), GRACE_MS, none);
    expect(step.overstays).toHaveLength(expected);
  });

  it('PR9: it names the person, the permit, the entry, and how sure it is', () => {
    const step = stepOverstay(enter(NOBODY, 's_a', END, false), at(END + GRACE_MS), GRACE_MS, none);
    expect(step.overstays).toMatchObject([{ person: 's_a', pm: 'pm_p', of: 7, untilMs: END, isSure: false }]);
  });

  it('PR9: who is known to have no end, or has left, does not overstay', () => {
    const inside = leaveRoom(enter(enter(NOBODY, 's_a', END), 's_b', null), 's_a').inside;
    expect(stepOverstay(inside, at(END * 2), GRACE_MS, none).overstays).toEqual([]);
    expect(nextOverstayMs(inside, GRACE_MS)).toBeNull();
  });

  it('PR9: a permit that was prolonged moves the end, and one that ends all the same does not', () => {
    const inside = enter(NOBODY, 's_a', END);
    const now = at(END + GRACE_MS);
    const prolonged = stepOverstay(inside, now, GRACE_MS, () => at(END + HOUR_MS));
    expect(prolonged.overstays).toEqual([]);
    expect(nextOverstayMs(prolonged.inside, GRACE_MS)).toBe(END + HOUR_MS + GRACE_MS);
    expect(stepOverstay(inside, now, GRACE_MS, () => at(END)).overstays).toMatchObject([{ untilMs: END }]);
  });

  it('PR10: over any looks each stay is found once, at the first look after its end and grace', () => {
    const looks = fc.array(fc.integer({ min: 0, max: 4 * HOUR_MS }), { maxLength: 20 });
    fc.assert(
      fc.property(looks, fc.integer({ min: 0, max: 3 * HOUR_MS }), (gaps, stayMs) => {
        let inside = enter(NOBODY, 's_a', NOW + stayMs);
        const found: EpochMs[] = [];
        const sorted = gaps.toSorted((a, b) => a - b).map((gap) => at(NOW + gap));
        for (const now of sorted) {
          const step = stepOverstay(inside, now, GRACE_MS, none);
          inside = step.inside;
          found.push(...step.overstays.map(() => now));
        }
        const first = sorted.find((now) => now >= NOW + stayMs + GRACE_MS);
        expect(found).toEqual(first === undefined ? [] : [first]);
        expect(nextOverstayMs(inside, GRACE_MS)).toBe(first === undefined ? NOW + stayMs + GRACE_MS : null);
      }),
      { seed: 20260312 },
    );
  });

  it('PR10: the next entry of the same person is another stay', () => {
    const over = stepOverstay(enter(NOBODY, 's_a', END), at(END + GRACE_MS), GRACE_MS, none).inside;
    const again = enter(over, 's_a', END + HOUR_MS);
    expect(nextOverstayMs(again, GRACE_MS)).toBe(END + HOUR_MS + GRACE_MS);
  });
});
