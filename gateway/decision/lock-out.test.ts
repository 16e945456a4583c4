import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asEpochMs } from '#contract/clock';
import {
  FAILURES_WITHIN_MS,
  decodeLockOuts,
  isLockedOut,
  lockMs,
  MOST_FAILURES,
  takeFailure,
  takeSuccess,
  type LockOuts,
} from './lock-out.ts';

const at = asEpochMs;
const READER = 'reader/entry';
const CARD = 'card/c_x';

function fail(lockOuts: LockOuts, times: readonly number[], keys = [READER]): LockOuts {
  return times.reduce((kept, ms) => takeFailure(kept, keys, at(ms)).lockOuts, lockOuts);
}

describe('lock-out', () => {
  it('D34: the fifth wrong try within ten minutes locks, to the millisecond of its end', () => {
    const four = fail({}, [0, 1, 2, 3]);
    expect(isLockedOut(four, [READER], at(3))).toBe(false);
    const { lockOuts, begun } = takeFailure(four, [READER], at(4));
    expect(begun).toEqual([{ key: READER, untilMs: 4 + 30_000, level: 0 }]);
    expect(isLockedOut(lockOuts, [READER], at(30_003))).toBe(true);
    expect(isLockedOut(lockOuts, [READER], at(30_004))).toBe(false);
    expect(isLockedOut(lockOuts, [CARD], at(5))).toBe(false);
  });

  it('D34: tries that lie further apart do not lock', () => {
    const slow = Array.from({ length: 20 }, (_, turn) => turn * (FAILURES_WITHIN_MS / (MOST_FAILURES - 1)));
    expect(isLockedOut(fail({}, slow), [READER], at(slow.at(-1) ?? 0))).toBe(false);
  });

  it('D35: each lock-out in a row is twice as long, up to a quarter of an hour', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 20].map((level) => lockMs(level) / 1000)).toEqual([
      30, 60, 120, 240, 480, 900, 900, 900,
    ]);
    const first = fail({}, [0, 1, 2, 3, 4]);
    const second = takeFailure(fail(first, [40_000, 40_001, 40_002, 40_003]), [READER], at(40_004));
    expect(second.begun).toEqual([{ key: READER, untilMs: 100_004, level: 1 }]);
    // An hour of quiet, and it begins anew.
    const later = fail(
      second.lockOuts,
      [1, 2, 3, 4].map((ms) => ms + 5_000_000),
    );
    expect(takeFailure(later, [READER], at(5_000_005)).begun).toMatchObject([{ level: 0 }]);
  });

  it('D36: a right PIN forgives the card and not the reader', () => {
    const tried = fail({}, [0, 1, 2, 3], [READER, CARD]);
    const forgiven = takeSuccess(tried, CARD);
    expect(takeFailure(forgiven, [CARD], at(4)).begun).toEqual([]);
    expect(takeFailure(forgiven, [READER], at(4)).begun).toHaveLength(1);
  });

  it('D37: a clock that is set back leaves nobody locked out for longer than the longest lock-out', () => {
    const ahead = fail(
      {},
      Array.from({ length: MOST_FAILURES }, (_, turn) => 1_000_000_000 + turn),
    );
    expect(isLockedOut(ahead, [READER], at(1_000_000_005))).toBe(true);
    expect(isLockedOut(ahead, [READER], at(5000))).toBe(false);
    // Nor does it count for what comes after.
    const { lockOuts, begun } = takeFailure(ahead, [READER], at(5000));
    expect(begun).toEqual([]);
    expect(lockOuts[READER]).toEqual({ failedAtMs: [5000], level: 0, untilMs: 0 });
    fc.assert(
      fc.property(fc.nat(2_000_000_000), fc.nat(2_000_000_000), (untilMs, now) => {
        const lockOuts = { [READER]: { failedAtMs: [], level: 3, untilMs } };
        if (!isLockedOut(lockOuts, [READER], at(now))) return;
        expect(isLockedOut(lockOuts, [READER], at(now + 900_001))).toBe(false);
      }),
      {
        seed: 37,
        numRuns: 2000,
        examples: [
          [900_000, 0],
          [900_001, 0],
        ],
      },
    );
  });

  it('D37: what is written down is read as it was, and nothing else is', () => {
    const lockOuts = fail({}, [0, 1, 2, 3, 4], [READER, CARD]);
    expect(decodeLockOuts(JSON.parse(JSON.stringify(lockOuts)))).toEqual(lockOuts);
    for (const damaged of [
      null,
      [],
      'x',
      { [READER]: {} },
      { [READER]: { failedAtMs: [], level: -1, untilMs: 0 } },
    ]) {
      expect(decodeLockOuts(damaged)).toBeNull();
    }
  });

  it('D34: what is kept survives being written down, and never grows without bound', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000_000), { maxLength: 200 }), (pauses) => {
        let kept: LockOuts = {};
        let now = 0;
        for (const [turn, pause] of pauses.entries()) {
          now += pause;
          const before = kept;
          const key = `card/${turn}`;
          kept = takeFailure(kept, [READER, key], at(now)).lockOuts;
          const written = JSON.parse(JSON.stringify(before)) as LockOuts;
          expect(takeFailure(written, [READER, key], at(now)).lockOuts).toEqual(kept);
          expect(kept[READER]?.failedAtMs.length ?? 0).toBeLessThan(MOST_FAILURES);
          const ages = Object.values(kept).map(({ failedAtMs, untilMs }) =>
            Math.max(untilMs, failedAtMs.at(-1) ?? 0),
          );
          expect(Math.min(...ages)).toBeGreaterThan(now - 3_600_001);
        }
      }),
      { seed: 34 },
    );
  });
});
