import { describe, expect, it } from 'vitest';
import { asEpochMs, asMonoMs } from '#contract/clock';
import { createGatewayClock, type GatewayClock } from './gateway-clock.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW = Date.UTC(2027, 0, 1);

function machine(changes: { synchronised?: boolean; battery?: boolean; epochMs?: number } = {}) {
  const now = { epochMs: changes.epochMs ?? NOW, monoMs: 1000 };
  const clock: GatewayClock = createGatewayClock({
    epochMs: () => now.epochMs,
    monoMs: () => now.monoMs,
    isSynchronised: () => changes.synchronised ?? false,
    hasBatteryClock: () => changes.battery ?? false,
    sleepUntil: () => Promise.resolve(),
  });
  return {
    clock,
    now,
    pass: (ms: number): void => {
      now.epochMs += ms;
      now.monoMs += ms;
    },
    sign: (epochMs: number): void =>
      clock.trustSigned({ epochMs: asEpochMs(epochMs), monoMs: asMonoMs(now.monoMs), errorMs: 0 }),
  };
}

describe('the clock of a gateway', () => {
  it('GL1: signed time is believed for 24 h of elapsed time, whatever the system says', () => {
    const { clock, now, sign } = machine();
    expect(clock.trust()).toBe(0);
    sign(NOW + 5 * HOUR_MS);
    expect([clock.trust(), clock.epochMs()]).toEqual([3, NOW + 5 * HOUR_MS]);
    now.epochMs = NOW - 400 * DAY_MS;
    now.monoMs += DAY_MS;
    expect([clock.trust(), clock.epochMs()]).toEqual([3, NOW + 5 * HOUR_MS + DAY_MS]);
    now.monoMs += 1;
    expect(clock.trust()).toBe(0);
  });

  it('GL2: a synchronised system comes next, then a battery clock', () => {
    expect(machine({ synchronised: true }).clock.trust()).toBe(2);
    expect(machine({ battery: true }).clock.trust()).toBe(1);
    expect(machine({ synchronised: true, battery: true }).clock.trust()).toBe(2);
    expect(machine().clock.trust()).toBe(0);
  });

  it('GL2: a battery clock far ahead of the floor is not believed', () => {
    const far = machine({ battery: true, epochMs: NOW + 2000 * DAY_MS });
    expect(far.clock.trust()).toBe(0);
  });

  it('GL3: a system behind the floor is believed by nothing, and time runs on from the floor', () => {
    const { clock, pass } = machine({ synchronised: true, battery: true, epochMs: 0 });
    expect(clock.trust()).toBe(0);
    const floor = clock.floorMs();
    pass(HOUR_MS);
    expect(clock.epochMs()).toBeGreaterThanOrEqual(floor + HOUR_MS * 0.999);
    clock.raiseFloor(asEpochMs(NOW));
    expect(clock.epochMs()).toBe(NOW);
  });

  it('GL4: only signed and elapsed time raise the floor, and nothing lowers it', () => {
    const { clock, now, sign, pass } = machine({ synchronised: true });
    clock.raiseFloor(asEpochMs(NOW - DAY_MS));
    now.epochMs += 3650 * DAY_MS;
    expect(clock.floorMs()).toBe(NOW - DAY_MS);
    sign(NOW);
    expect(clock.floorMs()).toBe(NOW);
    sign(NOW - DAY_MS);
    clock.raiseFloor(asEpochMs(NOW - DAY_MS));
    expect(clock.floorMs()).toBe(NOW);
    pass(DAY_MS);
    // A crystal that runs fast must not push the floor past the true time.
    expect(clock.floorMs()).toBeLessThanOrEqual(NOW + DAY_MS);
    expect(clock.floorMs()).toBeGreaterThan(NOW + DAY_MS - 20_000);
  });

  it('GL4: a stamp is never below the floor', () => {
    const { clock, sign } = machine();
    clock.raiseFloor(asEpochMs(NOW));
    sign(NOW - 30_000);
    expect(clock.epochMs()).toBe(NOW);
  });

  it('GL5: a jump of the system is told once and ends the trust in its battery clock', () => {
    const { clock, now, pass, sign } = machine({ battery: true });
    pass(HOUR_MS);
    expect(clock.check()).toBeNull();
    now.epochMs += 301_000;
    expect(clock.check()).toEqual({ ty: 'clock.jump', byMs: 301_000 });
    expect(clock.check()).toBeNull();
    expect(clock.trust()).toBe(0);
    sign(NOW + HOUR_MS);
    expect(clock.trust()).toBe(3);
  });

  it('GL5: a system that falls behind the floor is told as set back', () => {
    const { clock, now } = machine({ battery: true });
    clock.raiseFloor(asEpochMs(NOW));
    now.epochMs -= 10_000;
    expect(clock.check()).toEqual({ ty: 'clock.rollback', byMs: 10_000 });
    expect(clock.trust()).toBe(0);
  });

  it('GL5: a system that is behind the floor from the start is told once', () => {
    const { clock, pass } = machine({ battery: true });
    clock.raiseFloor(asEpochMs(NOW + 60_000));
    expect(clock.check()).toEqual({ ty: 'clock.rollback', byMs: 60_000 });
    pass(10_000);
    expect(clock.check()).toBeNull();
  });

  it('GL5: a system that is set back by much is told although the floor is lower still', () => {
    const { clock, now, pass } = machine({ battery: true });
    pass(30 * DAY_MS);
    now.epochMs -= DAY_MS;
    expect(clock.check()).toEqual({ ty: 'clock.rollback', byMs: DAY_MS });
  });

  it('GL6: small steps of a system that is being synchronised are no event', () => {
    const { clock, now } = machine({ synchronised: true });
    now.epochMs += 299_000;
    expect(clock.check()).toBeNull();
    expect(clock.trust()).toBe(2);
  });
});
