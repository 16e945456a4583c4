import { describe, expect, it } from 'vitest';
import { PINNED_SEEDS } from './pinned-seeds.ts';
import { PLANTED, type PlantedFault } from './planted-faults.ts';
import { addCounts, runProtocolSeed, type SeedOutcome } from './protocol-seed.ts';

/** What has to have happened somewhere, or the run was blind. */
export const SEEN_SOMETIMES: readonly string[] = [
  'grant',
  'power cut',
  'amnesia',
  'old image',
  'server restored',
  'message lost',
  'message doubled',
  'no answer',
  'answer: acknowledged',
  'answer: repeat',
  'answer: gap',
  'answer: conflict',
  'answer: fenced',
  'epoch: conflict',
  'epoch: tail-lost',
  'reclaimed',
  'lost by the card',
];

const SEEDS = 5000;
const SLICE = 1250;
const failing = (outcomes: readonly SeedOutcome[]): readonly string[] =>
  outcomes.flatMap(({ seed, violations }) =>
    violations.slice(0, 1).map(({ id, where, what }) => `seed ${seed}: ${id} ${where}: ${what}`),
  );
const seedsOf = (from: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => from + index);

describe('worlds of chance', () => {
  const outcomes: SeedOutcome[] = [];
  for (let from = 1; from <= SEEDS; from += SLICE) {
    it(`SM2: seeds ${from} to ${from + SLICE - 1}`, { timeout: 120_000 }, () => {
      const run = seedsOf(from, SLICE).map((seed) => runProtocolSeed(seed, { steps: 120 }));
      outcomes.push(...run);
      expect(failing(run)).toEqual([]);
    });
  }

  it('SM4: everything rare has happened', () => {
    const counts = addCounts(outcomes.map((outcome) => outcome.counts));
    console.log(JSON.stringify(counts));
    expect(SEEN_SOMETIMES.filter((name) => (counts[name] ?? 0) === 0)).toEqual([]);
  });

  it('SM3: a seed run twice is the same world', () => {
    for (const seed of seedsOf(1, 40)) {
      const [one, other] = [runProtocolSeed(seed), runProtocolSeed(seed)];
      expect(one.trace).toBe(other.trace);
      expect(one.counts).toEqual(other.counts);
    }
    expect(runProtocolSeed(1).trace).not.toBe(runProtocolSeed(2).trace);
  });

  it('SM7: what failed once holds', () => {
    expect(failing(PINNED_SEEDS.map((seed) => runProtocolSeed(seed)))).toEqual([]);
  });
});

describe('faults planted in worlds of chance', () => {
  const find = (fault: PlantedFault, seeds: readonly number[]): readonly string[] => [
    ...new Set(
      seeds.flatMap((seed) =>
        runProtocolSeed(seed, { parts: PLANTED[fault] }).violations.map(({ id }) => id),
      ),
    ),
  ];
  const FIRST = seedsOf(1, 60);

  it('M1: taking batches behind a gap is found', () => {
    expect(find('accept-gaps', FIRST)).toContain('I3');
  });
  it('M2: overwriting is found', () => {
    expect(find('overwrite', FIRST)).toContain('I2');
  });
  it('M3: not comparing what is there already is found', () => {
    expect(find('ignore-bytes', FIRST)).toContain('I3');
  });
  it('M4: appending what is there already is found', () => {
    expect(find('append-doubles', FIRST)).toContain('I3');
  });
  it('M5: acknowledging by number is found', () => {
    expect(find('numeric-ack', FIRST)).toContain('I6');
  });
  it('M6: reclaiming nothing is found', () => {
    expect(find('no-reclaim', FIRST)).toContain('I2');
  });
  it('M8: taking for confirmed what never was is found', () => {
    expect(find('unconfirmed-prev', seedsOf(340, 20))).toContain('I2');
  });
});
