import { describe, expect, it } from 'vitest';
import { doorRulesSchema } from '#contract/door-rules';
import { endsNextDay, hoursText, pinModeOf, toggleDay, usualNights, wholeWeek } from './week-hours.ts';
import { FIRST_WORDS } from './words/words.ts';

describe('weekly hours', () => {
  it('W36: never, always and certain hours are told apart, and what the form makes the contract takes', () => {
    const [whole, nights] = [wholeWeek('+07:00'), usualNights('+07:00')];
    expect([undefined, [], [whole], [nights], [nights, whole]].map(pinModeOf)).toEqual([
      'never',
      'never',
      'always',
      'hours',
      'always',
    ]);
    expect(doorRulesSchema.safeParse({ pin: [whole, nights] }).success).toBe(true);
  });

  it('W36: a day is put in or taken out in the order of the week', () => {
    expect(toggleDay('15', '3')).toBe('135');
    expect(toggleDay('135', '3')).toBe('15');
    expect(toggleDay('1', '1')).toBe('');
  });

  it('W36: hours are said in words, runs of days as one', () => {
    const said = (days: string, from: string, to: string): string =>
      hoursText({ days, from, to, utc: '+07:00' }, FIRST_WORDS);
    expect(said('12345', '18:00', '06:00')).toBe('Senin–Jumat 18.00–06.00');
    expect(said('1267', '00:00', '24:00')).toBe('Senin, Selasa, Sabtu, Minggu 00.00–24.00');
    expect(said('13', '08:00', '17:00')).toBe('Senin, Rabu 08.00–17.00');
  });

  it('W36: hours that end at or before their start run over midnight', () => {
    expect(endsNextDay({ from: '18:00', to: '06:00' })).toBe(true);
    expect(endsNextDay({ from: '18:00', to: '18:00' })).toBe(true);
    expect(endsNextDay({ from: '08:00', to: '17:00' })).toBe(false);
    expect(endsNextDay({ from: '00:00', to: '24:00' })).toBe(false);
  });
});
