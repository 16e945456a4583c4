import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holidaySchema } from '#contract/api-door';
import { isDistinctDuress } from '#contract/pin';
import { SEED_HOLIDAYS } from './holidays.ts';
import { checkPins } from './pin-policy.ts';
import { drawVisitCode, usesWithCode } from './visit-code.ts';

describe('PINs', () => {
  it.each([
    ['0000', 'repeated-digit'],
    ['88888888', 'repeated-digit'],
    ['1234', 'run'],
    ['4321', 'run'],
    ['7890', 'run'],
    ['2468', 'run'],
    ['1987', 'year'],
    ['2003', 'year'],
    ['170845', 'date'],
    ['450817', 'date'],
    ['17081945', 'date'],
    ['19450817', 'date'],
  ])('SD15: %s is guessed first: %s', (pin, fault) => {
    expect(checkPins({ pin, duress: null })).toEqual({ ok: false, error: { field: 'pin', fault } });
    expect(checkPins({ pin: '739184', duress: pin })).toEqual({
      ok: false,
      error: { field: 'duress', fault },
    });
  });

  it.each(['7391', '20731', '994613', '2719284', '73918264', '99887'])('SD15: %s may be chosen', (pin) => {
    expect(checkPins({ pin, duress: null }).ok).toBe(true);
  });

  it('SD15: a duress PIN is taken exactly where it is no slip away from the PIN', () => {
    const pins = fc.stringMatching(/^[0-9]{4,8}$/).filter((pin) => checkPins({ pin, duress: null }).ok);
    fc.assert(
      fc.property(pins, pins, (pin, duress) => {
        expect(checkPins({ pin, duress }).ok).toBe(isDistinctDuress(pin, duress));
      }),
      { seed: 15 },
    );
    expect(checkPins({ pin: '7391', duress: '7392' }).ok).toBe(false);
    expect(checkPins({ pin: '7391', duress: '1937' }).ok).toBe(false);
  });
});

describe('visit codes', () => {
  it('SD16: eight digits, and numbers that would favour some codes are drawn again', () => {
    expect(drawVisitCode(Uint8Array.of(0, 0, 0, 7))).toBe('00000007');
    expect(drawVisitCode(Uint8Array.of(0xfa, 0x56, 0xe9, 0xff))).toBe('99999999');
    expect(drawVisitCode(Uint8Array.of(0xfa, 0x56, 0xea, 0x00))).toBeNull();
    expect(drawVisitCode(Uint8Array.of(0xff, 0xff, 0xff, 0xff))).toBeNull();
  });

  it('SD17: without a card a code is for one entry more; with a card the permit says how many', () => {
    expect(usesWithCode(false, undefined, 0)).toBe(1);
    expect(usesWithCode(false, 1, 1)).toBe(2);
    expect(usesWithCode(true, undefined, 3)).toBeUndefined();
    expect(usesWithCode(true, 5, 3)).toBe(5);
  });
});

describe('holidays', () => {
  it('SD18: the days that a new site starts with name their source and wait to be checked', () => {
    const days = SEED_HOLIDAYS.map(({ day }) => day);
    expect(days).toEqual([...new Set(days)].sort());
    for (const holiday of SEED_HOLIDAYS) {
      expect(holidaySchema.parse(holiday)).toEqual(holiday);
      expect([holiday.day, holiday.isChecked]).toEqual([holiday.day, false]);
      expect(holiday.source).toMatch(/SKB/);
    }
    for (const year of ['2026', '2027']) {
      expect(days).toContain(`${year}-08-17`);
      expect(days).toContain(`${year}-12-25`);
    }
    const in2026 = SEED_HOLIDAYS.filter(({ day }) => day.startsWith('2026'));
    expect(in2026.filter((each) => each.isCollectiveLeave)).toHaveLength(8);
    expect(in2026.filter((each) => !each.isCollectiveLeave)).toHaveLength(17);
  });
});
