import { describe, expect, it } from 'vitest';
import { nobodyPresent, presenceHoldMs, seeCard } from './card-presence.ts';

/** Which of the reads are presentations. */
function presentations(reads: readonly (readonly [card: string, atMs: number])[]): string[] {
  let present = nobodyPresent;
  const presented: string[] = [];
  for (const [card, atMs] of reads) {
    const seen = seeCard(present, card, atMs);
    present = seen.present;
    if (seen.isPresented) presented.push(`${card}@${atMs}`);
  }
  return presented;
}

describe('seeCard', () => {
  it('FB7: a card that stays, however long, is one presentation', () => {
    const reads = Array.from({ length: 1000 }, (_, index) => ['A', index * 60] as const);
    expect(presentations(reads)).toEqual(['A@0']);
  });

  it('FB7: the same card is presented again after it was away for the hold time, not earlier', () => {
    expect(
      presentations([
        ['A', 0],
        ['A', presenceHoldMs - 1],
        ['A', 2 * presenceHoldMs - 1],
        ['A', 3 * presenceHoldMs - 2],
      ]),
    ).toEqual(['A@0', `A@${2 * presenceHoldMs - 1}`]);
  });

  it('FB8: another card within the hold time is presented at once, and the first is not presented again', () => {
    expect(
      presentations([
        ['A', 0],
        ['B', 60],
        ['A', 120],
        ['B', 180],
      ]),
    ).toEqual(['A@0', 'B@60']);
  });

  it('FB9: what is remembered is bounded, and the card read last is among it', () => {
    let present = nobodyPresent;
    for (let index = 0; index < 1000; index += 1) present = seeCard(present, `card ${index}`, index).present;
    expect(present.size).toBeLessThanOrEqual(8);
    expect(seeCard(present, 'card 999', 1000).isPresented).toBe(false);
  });
});
