import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asMonoMs } from '#contract/clock';
import { MAX_HOLD_OPEN_MS } from '#contract/command';
import {
  NO_OVERRIDES,
  nextOverrideMs,
  refusalOf,
  renewalMs,
  replayOverrides,
  stepOverrides,
  type OverrideEffect,
  type OverrideInput,
  type Overrides,
} from './overrides.ts';

const RELEASE_MS = 5000;
const BUDI = `s_${'B'.repeat(22)}`;
type Bare<I> = I extends unknown ? Omit<I, 'atMs'> : never;

const tell = (effect: OverrideEffect): string => {
  switch (effect.type) {
    case 'journal':
      return [
        effect.ty,
        ...Object.entries(effect.x).map(
          ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
        ),
      ].join(' ');
    case 'pulse':
      return `pulse ${effect.of}-${effect.count}`;
    case 'hold-open-changed':
      return `hold ${effect.untilMs ?? 'no more'}`;
    case 'secure':
      return 'secure';
  }
};

function run(steps: readonly (readonly [number, Bare<OverrideInput>])[], from: Overrides = NO_OVERRIDES) {
  let overrides = from;
  const told: string[] = [];
  for (const [atMs, bare] of steps) {
    const step = stepOverrides(overrides, { ...bare, atMs: asMonoMs(atMs) } as OverrideInput, RELEASE_MS);
    overrides = step.overrides;
    told.push(...step.effects.map(tell));
  }
  return { overrides, told };
}

const hold = (of: number, forMs: number): Bare<OverrideInput> => ({ type: 'hold-started', of, forMs });
const lockdown = (of: number, allow: readonly string[] = []): Bare<OverrideInput> => ({
  type: 'lockdown-started',
  of,
  allow,
});
const tick: Bare<OverrideInput> = { type: 'tick' };

describe('stepOverrides', () => {
  it('DM25: a door is held open by short pulses, each before the last one ends, and by no other means', () => {
    const { told } = run([
      [0, hold(7, 10_000)],
      [3749, tick],
      [3750, tick],
      [7500, tick],
      [10_000, tick],
      [20_000, tick],
    ]);
    expect(told).toEqual([
      'hold 10000',
      'pulse 7-1',
      'pulse 7-2',
      'pulse 7-3',
      'hold-open.ended of=7 why=deadline',
      'hold no more',
      'secure',
    ]);
  });

  it('DM25: pulses of every length meet', () => {
    for (let releaseMs = 100; releaseMs <= 10_000; releaseMs += 100) {
      expect(renewalMs(releaseMs)).toBeGreaterThanOrEqual(75);
      expect(renewalMs(releaseMs)).toBeLessThanOrEqual(releaseMs);
    }
  });

  it('DM26: no hold lasts longer than half an hour, whatever was ordered', () => {
    expect(run([[5, hold(1, 99 * MAX_HOLD_OPEN_MS)]]).overrides.hold?.untilMs).toBe(5 + MAX_HOLD_OPEN_MS);
  });

  it('DM26: a new order takes the place of the old one, and the old one is told to have ended', () => {
    const { told, overrides } = run([
      [0, hold(1, 60_000)],
      [1000, hold(2, 2000)],
    ]);
    expect(told).toContain('hold-open.ended of=1 why=order');
    expect(overrides.hold).toMatchObject({ of: 2, untilMs: 3000 });
  });

  it('DM27: a lockdown ends a hold, and none begins during it', () => {
    const { told, overrides } = run([
      [0, hold(1, 60_000)],
      [100, lockdown(2)],
      [200, hold(3, 60_000)],
      [5000, tick],
    ]);
    expect(told.slice(2)).toEqual(['hold-open.ended of=1 why=lockdown', 'hold no more', 'secure']);
    expect(overrides).toMatchObject({ hold: null, lockdown: { of: 2 } });
    expect(run([[0, lockdown(2)]]).told).toEqual(['secure']);
  });

  it('DM28: a deadline counts before what comes after it, however late its tick', () => {
    const { told } = run([
      [0, hold(1, 2000)],
      [90_000, { type: 'hold-ended' }],
    ]);
    expect(told).toContain('hold-open.ended of=1 why=deadline');
    expect(told.filter((line) => line.startsWith('hold-open.ended'))).toHaveLength(1);
  });

  it('DM29: a fire is recorded when it begins and when it is over, and not between', () => {
    const fire = (isActive: boolean): Bare<OverrideInput> => ({ type: 'fire-changed', isActive });
    const steps = [fire(false), fire(true), fire(true), fire(false), fire(false)];
    expect(run(steps.map((input, at) => [at, input] as const)).told).toEqual(['fire.active', 'fire.cleared']);
  });

  it('DM30: an order to open is refused in a lockdown, but for who may come in, and while the neighbour is open', () => {
    const locked = run([[0, lockdown(1, [BUDI])]]).overrides;
    expect(refusalOf(locked, true, 's_other')).toBe('lockdown');
    expect(refusalOf(locked, true, BUDI)).toBeNull();
    expect(refusalOf(locked, false, BUDI)).toBe('interlock');
    expect(refusalOf(NO_OVERRIDES, false, BUDI)).toBe('interlock');
    expect(refusalOf(NO_OVERRIDES, true, BUDI)).toBeNull();
  });

  it('DM31: lockdown and fire outlast a restart, a hold does not and is told to have ended', () => {
    const allowOf = (sq: number): readonly string[] => (sq === 3 ? [BUDI] : []);
    const replay = (...types: readonly string[]) =>
      replayOverrides(
        types.map((ty, sq) => ({ ty: ty as 'lockdown.started', sq })),
        allowOf,
      );
    expect(replay('lockdown.started', 'lockdown.ended', 'fire.active', 'lockdown.started')).toEqual({
      overrides: { lockdown: { of: 3, allow: [BUDI] }, hold: null, isFire: true },
      endedHold: null,
    });
    expect(replay('hold-open.started', 'hold-open.ended', 'hold-open.started').endedHold).toBe(2);
    expect(replay('hold-open.started', 'hold-open.ended').endedHold).toBeNull();
    expect(replay('fire.active', 'fire.cleared').overrides).toEqual(NO_OVERRIDES);
  });

  it('DM25, DM26, DM27: over any orders, every pulse lies in a hold that is recorded and in no lockdown', () => {
    const input = fc.oneof(
      fc.record({
        type: fc.constant('hold-started' as const),
        of: fc.nat(99),
        forMs: fc.integer({ min: 1000, max: 4e6 }),
      }),
      fc.record({ type: fc.constantFrom('hold-ended' as const, 'lockdown-ended' as const, 'tick' as const) }),
      fc.record({ type: fc.constant('lockdown-started' as const), of: fc.nat(99), allow: fc.constant([]) }),
      fc.record({ type: fc.constant('fire-changed' as const), isActive: fc.boolean() }),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 900_000 }), input), { maxLength: 40 }),
        (turns) => {
          let overrides = NO_OVERRIDES;
          let nowMs = 0;
          let until: number | null = null;
          for (const [afterMs, bare] of turns) {
            nowMs += afterMs;
            const step = stepOverrides(overrides, { ...bare, atMs: asMonoMs(nowMs) }, RELEASE_MS);
            overrides = step.overrides;
            for (const effect of step.effects) {
              if (effect.type === 'hold-open-changed') until = effect.untilMs;
              if (effect.type !== 'pulse') continue;
              expect(overrides.lockdown).toBeNull();
              expect(until !== null && nowMs < until).toBe(true);
            }
            expect(overrides.hold !== null && overrides.lockdown !== null).toBe(false);
            const due = nextOverrideMs(overrides);
            expect(due === null || due <= nowMs + renewalMs(RELEASE_MS)).toBe(true);
          }
        },
      ),
      { seed: 20261125 },
    );
  });
});
