import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addCounts, type SeedOutcome } from './protocol-seed.ts';
import { makeWorldBase, runWorldSeed, type WorldBase } from './run-world.ts';

/** What has to have happened in some world, or the run was blind. */
const SEEN_SOMETIMES: readonly string[] = [
  'granted',
  'lock opened',
  'let out unrecorded',
  'power cut',
  'end of the log lost',
  'old image put back',
  'bit turned',
  'disk full',
  'disk fails',
  'disk replaced',
  'epoch: conflict',
  'epoch: found at the start',
  'reclaimed',
  'request lost',
  'request late',
  'request doubled',
  'answer lost',
  'answer: gap',
  'answer: conflict',
  'server restarted',
  'server restored',
  'clock at 1970',
  'clock.rollback',
  'clock.jump',
  'denied: policy-stale',
  'denied: expired',
  'denied: clock-untrusted',
  'denied: journal-unavailable',
  'granted: revoked and not delivered',
  'orders: version-rolled-back',
  'orders: permit-set-wrong',
  'orders: wrong-nonce',
  'orders: time-before-floor',
  'flood of cards',
  'contact bounced',
];

const SLICE = 20;

describe('worlds of real programs over real files', () => {
  let base: WorldBase;
  const outcomes: SeedOutcome[] = [];
  beforeAll(async () => {
    base = await makeWorldBase();
  });
  afterAll(() => base.close());

  for (const from of [1, 21, 41]) {
    it(`SM14: seeds ${from} to ${from + SLICE - 1}, a day each`, { timeout: 120_000 }, async () => {
      for (let seed = from; seed < from + SLICE; seed++) {
        const outcome = await runWorldSeed(base, seed, 1);
        outcomes.push(outcome);
        expect({ seed, violations: outcome.violations.slice(0, 3) }).toEqual({ seed, violations: [] });
      }
    });
  }

  it('SM4: everything rare has happened', () => {
    const counts = addCounts(outcomes.map((outcome) => outcome.counts));
    console.log(JSON.stringify(counts));
    expect(SEEN_SOMETIMES.filter((name) => (counts[name] ?? 0) === 0)).toEqual([]);
  });

  it('SM3: a seed run twice is the same world', { timeout: 60_000 }, async () => {
    for (const seed of [2, 5, 9]) {
      const [one, other] = [await runWorldSeed(base, seed, 1), await runWorldSeed(base, seed, 1)];
      expect(one.trace).toBe(other.trace);
    }
  });
});
