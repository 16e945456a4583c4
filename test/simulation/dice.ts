/** Chance that repeats by seed. */
export interface Dice {
  /** A whole number from 0 to below `n`. */
  below(n: number): number;
  chance(part: number): boolean;
  pick<T>(from: readonly T[]): T;
}

/** Creates dice by a mixing of 32 bits (splitmix), which no platform computes otherwise. */
export function createDice(seed: number): Dice {
  let state = (seed ^ 0x9e37_79b9) >>> 0;
  const next = (): number => {
    state = (state + 0x9e37_79b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85eb_ca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2_ae35);
    return ((z ^ (z >>> 16)) >>> 0) / 0x1_0000_0000;
  };
  return {
    below: (n) => Math.floor(next() * n),
    chance: (part) => next() < part,
    pick: (from) => {
      const picked = from[Math.floor(next() * from.length)];
      if (picked === undefined) throw new Error('there is nothing to pick from');
      return picked;
    },
  };
}
