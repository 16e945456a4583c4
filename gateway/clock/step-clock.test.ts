import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asEpochMs, asMonoMs, type TimeInterval } from '#contract/clock';
import { createGatewayClock, type GatewayClock } from './gateway-clock.ts';
import { DRIFT } from './step-clock.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MADE_MS = Date.UTC(2026, 10, 1);
const NOW = Date.UTC(2027, 0, 1);
const SEED = 20261125;

interface Machine {
  readonly clock: GatewayClock;
  /** What the machine says; a test sets it as it likes. */
  readonly says: { epochMs: number; monoMs: number; synchronised: boolean; battery: boolean };
  readonly pass: (ms: number) => void;
  readonly sign: (epochMs: number, errorMs?: number) => void;
}

function machine(changes: Partial<Machine['says']> = {}): Machine {
  const says = { epochMs: NOW, monoMs: 1000, synchronised: false, battery: false, ...changes };
  const clock = createGatewayClock(
    {
      epochMs: () => says.epochMs,
      monoMs: () => says.monoMs,
      isSynchronised: () => says.synchronised,
      hasBatteryClock: () => says.battery,
      sleepUntil: () => Promise.resolve(),
    },
    MADE_MS,
  );
  return {
    clock,
    says,
    pass: (ms) => {
      says.epochMs += ms;
      says.monoMs += ms;
    },
    sign: (epochMs, errorMs = 0) =>
      clock.trustSigned({ epochMs: asEpochMs(epochMs), monoMs: asMonoMs(says.monoMs), errorMs }),
  };
}

const widthOf = ({ lo, hi }: TimeInterval): number => hi - lo;

describe('the interval of the clock', () => {
  it('GL45: without any anchor it is only known not to be before the floor', () => {
    const { clock, pass } = machine();
    expect(clock.interval()).toEqual({ lo: MADE_MS, hi: Infinity });
    clock.raiseFloor(asEpochMs(NOW));
    pass(HOUR_MS);
    expect(clock.interval().hi).toBe(Infinity);
    expect(clock.interval().lo).toBe(Math.floor(NOW + HOUR_MS * (1 - DRIFT)));
  });

  it('GL46: signed time is an interval of half the round trip, which widens by 200 ppm and lasts for the boot', () => {
    const { clock, pass, sign } = machine({ epochMs: 0 });
    sign(NOW, 40);
    expect(clock.interval()).toEqual({ lo: NOW - 40, hi: NOW + 40 });
    pass(DAY_MS);
    expect(widthOf(clock.interval())).toBeCloseTo(80 + 2 * DRIFT * DAY_MS, -1);
    // 17 s to each side in a day.
    expect(clock.interval().hi).toBe(NOW + 40 + DAY_MS + 17_280);
    pass(29 * DAY_MS);
    expect(clock.trust()).toBe(0);
    expect(clock.interval().hi).toBe(Math.ceil(NOW + 40 + 30 * DAY_MS * (1 + DRIFT)));
  });

  it('GL47: a synchronised system is believed to two seconds, a battery clock to five minutes', () => {
    expect(machine({ synchronised: true }).clock.interval()).toEqual({ lo: NOW - 2000, hi: NOW + 2000 });
    expect(machine({ battery: true }).clock.interval()).toEqual({ lo: NOW - 300_000, hi: NOW + 300_000 });
    // Never below what is known to have passed.
    const floored = machine({ battery: true });
    floored.clock.raiseFloor(asEpochMs(NOW - 1000));
    expect(floored.clock.interval().lo).toBe(NOW - 1000);
  });

  it('GL48: a system that is synchronised with a liar moves the time no further than signed time lets it', () => {
    const { clock, says, pass, sign } = machine({ synchronised: true });
    sign(NOW);
    pass(2 * DAY_MS);
    says.epochMs += 400 * DAY_MS;
    expect(clock.trust()).toBe(2);
    expect(clock.epochMs()).toBe(clock.interval().hi);
    expect(clock.epochMs() - (NOW + 2 * DAY_MS)).toBeLessThan(40_000);
    says.epochMs = NOW + 2 * DAY_MS - 30_000;
    expect(clock.epochMs()).toBe(says.epochMs);
    // Set back too far it is not believed at all, and signed time runs on.
    says.epochMs = NOW + 2 * DAY_MS - 60_000;
    expect([clock.trust(), clock.epochMs()]).toEqual([0, NOW + 2 * DAY_MS]);
  });

  it('GL49: a system that jumps ahead to where signed time is was right to, and is not told', () => {
    const { clock, says, sign } = machine({ epochMs: NOW - 3 * DAY_MS });
    clock.check();
    sign(NOW);
    clock.check();
    says.epochMs = NOW + 1000;
    says.monoMs += 1000;
    expect(clock.check()).toBeNull();
    says.epochMs += DAY_MS;
    expect(clock.check()).toEqual({ ty: 'clock.jump', byMs: DAY_MS });
  });

  it('GL50: neither a jump nor a synchronised system raises the floor, however often it is looked at', () => {
    const { clock, says, pass } = machine({ synchronised: true });
    clock.raiseFloor(asEpochMs(NOW));
    for (let year = 0; year < 20; year += 1) {
      says.epochMs += 365 * DAY_MS;
      clock.check();
      pass(1000);
    }
    expect(clock.floorMs()).toBeLessThanOrEqual(NOW + 20_000);
    says.epochMs = NOW + 20_000;
    expect(clock.check()?.ty).toBe('clock.rollback');
    expect(clock.interval().hi).toBeLessThanOrEqual(NOW + 22_000);
  });

  it('GL51: months of slow correction are no jump, and one step of the same size is', () => {
    const slow = machine({ synchronised: true });
    for (let day = 0; day < 200; day += 1) {
      slow.pass(DAY_MS);
      slow.says.epochMs += 4000;
      expect(slow.clock.check()).toBeNull();
    }
    const sudden = machine({ synchronised: true });
    sudden.pass(DAY_MS);
    sudden.says.epochMs += 800_000;
    expect(sudden.clock.check()).toEqual({ ty: 'clock.jump', byMs: 800_000 });
  });
});

describe('clocks that go wrong', () => {
  it('GL52: a machine that wakes in 1970 knows nothing but its floor, tells it once, and believes a signature', () => {
    const { clock, pass, sign } = machine({ epochMs: 5000 });
    clock.raiseFloor(asEpochMs(NOW));
    expect(clock.check()).toEqual({ ty: 'clock.rollback', byMs: NOW - 5000 });
    expect([clock.trust(), clock.epochMs(), clock.interval()]).toEqual([0, NOW, { lo: NOW, hi: Infinity }]);
    pass(10_000);
    expect(clock.check()).toBeNull();
    sign(NOW + 3 * DAY_MS);
    expect([clock.trust(), clock.epochMs()]).toEqual([3, NOW + 3 * DAY_MS]);
  });

  it('GL53: a board without a battery clock that restarts offline is not believed, whatever its saved time says', () => {
    const { clock } = machine({ epochMs: NOW + HOUR_MS });
    clock.raiseFloor(asEpochMs(NOW));
    expect([clock.trust(), clock.interval().hi]).toEqual([0, Infinity]);
  });

  it.each([-1, -1999, -2001, -DAY_MS, -10 * 365 * DAY_MS])('GL54: set back by %i ms', (byMs) => {
    const { clock, says, pass, sign } = machine({ battery: true });
    sign(NOW);
    pass(25 * HOUR_MS);
    const floor = clock.floorMs();
    // The floor runs 18 s behind after 25 h: what lies within that is no step back.
    says.epochMs = floor + byMs;
    const event = clock.check();
    expect(event?.ty ?? null).toBe(byMs < -2000 ? 'clock.rollback' : null);
    expect(clock.epochMs()).toBeGreaterThanOrEqual(floor);
    expect(clock.trust()).toBe(byMs < -2000 ? 0 : 1);
  });

  it.each([299_000, 301_000, DAY_MS, 50 * 365 * DAY_MS])('GL55: set ahead by %i ms', (byMs) => {
    const { clock, says, pass } = machine({ battery: true });
    clock.raiseFloor(asEpochMs(NOW));
    pass(HOUR_MS);
    says.epochMs += byMs;
    const event = clock.check();
    expect(event).toEqual(byMs > 300_000 + 720 ? { ty: 'clock.jump', byMs } : null);
    expect(clock.floorMs()).toBeLessThanOrEqual(NOW + HOUR_MS);
    expect(clock.trust()).toBe(event === null ? 1 : 0);
  });

  it.each(['Asia/Jakarta', 'Asia/Makassar', 'Asia/Jayapura', 'Europe/Amsterdam'])(
    'GL56: the clock runs through every night alike in %s, also where an hour comes twice or never',
    (zone) => {
      const was = process.env['TZ'];
      process.env['TZ'] = zone;
      try {
        // The nights of 2027 in which Amsterdam goes to summer time and back.
        for (const night of [Date.UTC(2027, 2, 28, 0, 30), Date.UTC(2027, 9, 31, 0, 30)]) {
          const { clock, pass, says } = machine({ epochMs: night, synchronised: true });
          const hours = new Set<string>();
          for (let minute = 0; minute < 180; minute += 10) {
            expect(clock.check()).toBeNull();
            expect(clock.epochMs()).toBe(night + minute * 60_000);
            expect(clock.trust()).toBe(2);
            hours.add(new Date(says.epochMs).toString().slice(16, 21));
            pass(600_000);
          }
          // The zone is really in force: in Amsterdam an hour of the wall clock is missing or comes twice.
          const isAutumn = night > Date.UTC(2027, 6, 1);
          expect(hours.size).toBe(zone === 'Europe/Amsterdam' && isAutumn ? 15 : 18);
        }
      } finally {
        if (was === undefined) delete process.env['TZ'];
        else process.env['TZ'] = was;
      }
    },
  );
});

describe('over any history', () => {
  type Turn =
    | { readonly kind: 'pass'; readonly ms: number }
    | { readonly kind: 'set'; readonly ms: number }
    | { readonly kind: 'sign'; readonly errorMs: number }
    | { readonly kind: 'sync'; readonly on: boolean };
  const turn: fc.Arbitrary<Turn> = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('pass' as const),
        ms: fc.integer({ min: 0, max: 3 * DAY_MS }),
      }),
    },
    fc.record({
      kind: fc.constant('set' as const),
      ms: fc.integer({ min: -400 * DAY_MS, max: 400 * DAY_MS }),
    }),
    fc.record({ kind: fc.constant('sign' as const), errorMs: fc.integer({ min: 0, max: 10_000 }) }),
    fc.record({ kind: fc.constant('sync' as const), on: fc.boolean() }),
  );

  /** Plays a history on a crystal that is off by `ppm`; the true time runs beside it. */
  function play(turns: readonly Turn[], ppm: number, look: (machine: Machine, trueMs: number) => void): void {
    const m = machine({ battery: true });
    let trueMs = NOW;
    for (const each of turns) {
      if (each.kind === 'pass') {
        trueMs += each.ms;
        const measured = each.ms * (1 + ppm * 1e-6);
        m.says.monoMs += measured;
        m.says.epochMs += measured;
      } else if (each.kind === 'set') m.says.epochMs = trueMs + each.ms;
      else if (each.kind === 'sync') m.says.synchronised = each.on;
      // The answer was signed somewhere within the round trip.
      else if ('errorMs' in each) m.sign(trueMs + each.errorMs / 2, each.errorMs);
      m.clock.check();
      look(m, trueMs);
    }
  }
  const ppm = fc.integer({ min: -190, max: 190 });
  const turns = fc.array(turn, { maxLength: 40 });

  it('GL57: the floor never falls, and no stamp lies below it or outside of what is certain', () => {
    fc.assert(
      fc.property(turns, ppm, (history, off) => {
        let floor = 0;
        play(history, off, ({ clock }) => {
          const next = clock.floorMs();
          const { lo, hi } = clock.interval();
          expect(next).toBeGreaterThanOrEqual(floor);
          expect(clock.epochMs()).toBeGreaterThanOrEqual(next);
          expect(clock.epochMs()).toBeGreaterThanOrEqual(lo);
          expect(clock.epochMs()).toBeLessThanOrEqual(hi);
          expect(lo).toBeGreaterThanOrEqual(next);
          floor = next;
        });
      }),
      { seed: SEED },
    );
  });

  it('GL58: with signed time the true time lies within, whatever the system is set to', () => {
    fc.assert(
      fc.property(turns, ppm, (history, off) => {
        let isSigned = false;
        play([{ kind: 'sign', errorMs: 5 }, ...history], off, ({ clock }, trueMs) => {
          isSigned = clock.signedTime() !== null;
          const { lo, hi } = clock.interval();
          expect(lo).toBeLessThanOrEqual(trueMs + 1);
          expect(hi).toBeGreaterThanOrEqual(trueMs - 1);
        });
        expect(isSigned).toBe(true);
      }),
      { seed: SEED },
    );
  });

  it('GL59: without signed time the floor never passes the true time, whatever the system is set to', () => {
    fc.assert(
      fc.property(turns, ppm, (history, off) => {
        const unsigned = history.filter(({ kind }) => kind !== 'sign');
        play(unsigned, off, ({ clock }, trueMs) => expect(clock.floorMs()).toBeLessThanOrEqual(trueMs + 1));
      }),
      { seed: SEED },
    );
  });

  it('GL60: trust 3 is what a signature within 24 h of elapsed time gives, and nothing else', () => {
    fc.assert(
      fc.property(turns, (history) => {
        let signedAtMs: number | null = null;
        const m = machine({ battery: true });
        for (const each of history) {
          if (each.kind === 'pass') m.pass(each.ms);
          else if (each.kind === 'set') m.says.epochMs += each.ms;
          else if (each.kind === 'sync') m.says.synchronised = each.on;
          else if ('errorMs' in each) {
            m.sign(NOW, each.errorMs);
            signedAtMs = m.says.monoMs;
          }
          const isFresh = signedAtMs !== null && m.says.monoMs - signedAtMs <= DAY_MS;
          expect(m.clock.trust() === 3).toBe(isFresh);
        }
      }),
      { seed: SEED },
    );
  });
});
