import { describe, expect, it } from 'vitest';
import vectors from './vectors/policy.json';
import { asEpochMs, type EpochMs } from './clock.ts';
import { permitAllows, permitClaimsSchema, weeklyWindowSchema, type PermitClaims } from './permit.ts';

const permit: PermitClaims = permitClaimsSchema.parse({ ...vectors.permit.claims, win: undefined });
const at = (instant: string): EpochMs => asEpochMs(Date.parse(instant));
const within = (change: Partial<PermitClaims>): PermitClaims => ({
  ...permit,
  nbf: 0,
  exp: 4_000_000_000,
  ...change,
});
const window = (days: string, from: string, to: string, utc = '+07:00') =>
  within({ win: [{ days, from, to, utc }] });

describe('what a permit reaches', () => {
  it('C9: nbf is inside, exp is outside, to the millisecond', () => {
    const limitAt = (ms: number) => permitAllows(permit, 'ruang-server', asEpochMs(ms));
    expect(limitAt(permit.nbf * 1000 - 1)).toBe('not-yet-valid');
    expect(limitAt(permit.nbf * 1000)).toBeNull();
    expect(limitAt(permit.exp * 1000 - 1)).toBeNull();
    expect(limitAt(permit.exp * 1000)).toBe('expired');
  });

  it('C8: another door comes before any time', () => {
    expect(permitAllows(permit, 'ruang-arsip', asEpochMs(0))).toBe('wrong-door');
    expect(permitAllows(permit, 'ruang-serve', asEpochMs(permit.nbf * 1000))).toBe('wrong-door');
    expect(
      permitAllows(within({ doors: ['a', 'ruang-arsip'] }), 'ruang-arsip', at('2026-01-01T00:00:00Z')),
    ).toBeNull();
  });

  // 2026-03-12 is a Thursday; Jakarta is seven hours ahead.
  it.each([
    ['12345', '07:00', '19:00', '2026-03-12T00:00:00.000Z', null],
    ['12345', '07:00', '19:00', '2026-03-11T23:59:59.999Z', 'outside-hours'],
    ['12345', '07:00', '19:00', '2026-03-12T11:59:59.999Z', null],
    ['12345', '07:00', '19:00', '2026-03-12T12:00:00.000Z', 'outside-hours'],
    ['123567', '07:00', '19:00', '2026-03-12T05:00:00.000Z', 'outside-hours'],
    ['4', '00:00', '24:00', '2026-03-11T17:00:00.000Z', null],
    ['4', '00:00', '24:00', '2026-03-11T16:59:59.999Z', 'outside-hours'],
    ['4', '00:00', '24:00', '2026-03-12T16:59:59.999Z', null],
    ['4', '00:00', '24:00', '2026-03-12T17:00:00.000Z', 'outside-hours'],
    ['4', '22:00', '04:00', '2026-03-12T15:00:00.000Z', null],
    ['4', '22:00', '04:00', '2026-03-12T20:59:59.999Z', null],
    ['4', '22:00', '04:00', '2026-03-12T21:00:00.000Z', 'outside-hours'],
    ['4', '22:00', '04:00', '2026-03-11T20:00:00.000Z', 'outside-hours'],
    ['3', '22:00', '04:00', '2026-03-11T20:00:00.000Z', null],
    ['7', '22:00', '04:00', '2026-03-15T20:00:00.000Z', null],
    ['1', '22:00', '04:00', '2026-03-15T20:00:00.000Z', 'outside-hours'],
    ['4', '08:00', '08:00', '2026-03-12T01:00:00.000Z', null],
    ['4', '08:00', '08:00', '2026-03-13T00:59:59.999Z', null],
    ['4', '08:00', '08:00', '2026-03-13T01:00:00.000Z', 'outside-hours'],
  ])('C9: days %s from %s to %s at %s: %s', (days, from, to, instant, limit) => {
    expect(permitAllows(window(days, from, to), 'ruang-server', at(instant))).toBe(limit);
  });

  it('C9: the offset of each Indonesian zone counts, and so do negative and half ones', () => {
    const noon = at('2026-03-12T12:00:00Z');
    for (const [utc, from, to] of [
      ['+07:00', '19:00', '19:01'],
      ['+08:00', '20:00', '20:01'],
      ['+09:00', '21:00', '21:01'],
      ['-03:30', '08:30', '08:31'],
      ['+00:00', '12:00', '12:01'],
    ] as const) {
      expect(permitAllows(window('4', from, to, utc), 'ruang-server', noon)).toBeNull();
      expect(permitAllows(window('4', from, to, utc), 'ruang-server', asEpochMs(noon + 60_000))).toBe(
        'outside-hours',
      );
    }
  });

  it('C9: one of several windows is enough, none of none is not', () => {
    const win = [
      { days: '1', from: '07:00', to: '08:00', utc: '+07:00' },
      { days: '4', from: '18:00', to: '20:00', utc: '+07:00' },
    ];
    expect(permitAllows(within({ win }), 'ruang-server', at('2026-03-12T12:00:00Z'))).toBeNull();
    expect(permitAllows(within({ win: [] }), 'ruang-server', at('2026-03-12T12:00:00Z'))).toBe(
      'outside-hours',
    );
  });

  it('C9: days before 1970 have weekdays, too', () => {
    // 1969-12-31 was a Wednesday.
    const permitAt = within({
      nbf: -1_000_000,
      win: [{ days: '3', from: '00:00', to: '24:00', utc: '+00:00' }],
    });
    expect(permitAllows(permitAt, 'ruang-server', asEpochMs(-1))).toBeNull();
    expect(permitAllows(permitAt, 'ruang-server', asEpochMs(0))).toBe('outside-hours');
  });
});

describe('the form of a permit', () => {
  it.each([
    { jti: 'pm_x' },
    { rev: 0 },
    { sub: 'Sari' },
    { cls: 'guest' },
    { doors: ['../x'] },
    { cred: [] },
    { cred: ['6F007B3972'] },
    { exp: 1.5 },
    { name: 'Sari' },
    { apr: [{ by: 'x', at: 1, h: 'A'.repeat(43), m: 'session' }] },
  ])('C8: %o is refused', (change) => {
    expect(permitClaimsSchema.safeParse({ ...vectors.permit.claims, ...change }).success).toBe(false);
  });

  it.each([
    { days: '8', from: '07:00', to: '08:00', utc: '+07:00' },
    { days: '', from: '07:00', to: '08:00', utc: '+07:00' },
    { days: '1', from: '7:00', to: '08:00', utc: '+07:00' },
    { days: '1', from: '07:60', to: '08:00', utc: '+07:00' },
    { days: '1', from: '07:00', to: '24:01', utc: '+07:00' },
    { days: '1', from: '07:00', to: '08:00', utc: 'WIB' },
  ])('C9: the window %o is refused', (each) => {
    expect(weeklyWindowSchema.safeParse(each).success).toBe(false);
  });

  it('C37: on a holiday weekly hours do not count, those past midnight belong to the day before', () => {
    // Thursday 12 March 2026 in Jakarta.
    const night = window('4', '20:00', '06:00');
    const { win: _win, ...single } = night;
    for (const now of [at('2026-03-12T21:00:00+07:00'), at('2026-03-13T05:00:00+07:00')]) {
      const limitOn = (change: Partial<PermitClaims>, ...holidays: string[]) =>
        permitAllows({ ...night, ...change }, 'ruang-server', now, holidays);
      expect(limitOn({})).toBeNull();
      expect(limitOn({}, '2026-03-12')).toBe('holiday');
      expect(limitOn({}, '2026-03-13')).toBeNull();
      expect(limitOn({ hol: true }, '2026-03-12')).toBeNull();
      expect(permitAllows(single, 'ruang-server', now, ['2026-03-12'])).toBeNull();
    }
  });
});
