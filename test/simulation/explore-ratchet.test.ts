import { describe, expect, it } from 'vitest';
import { ok } from '#contract/result';
import { exploreRatchet, RATCHET_PRODUCT } from './explore-ratchet.ts';

describe('every state of the ratchet of the orders', () => {
  it('SM5: whatever is offered, in whatever order, orders never go back, and a new root undoes a push ahead', () => {
    const explored = exploreRatchet(RATCHET_PRODUCT, 5);
    console.log(`ratchet: ${explored.states} states`);
    expect(explored.violations).toEqual([]);
    expect(explored.states).toBeGreaterThan(100);
  });

  it('M9: keeping the ratchet before everything is checked is found', () => {
    expect(exploreRatchet({ ...RATCHET_PRODUCT, isKeptEarly: true }, 2).violations).not.toEqual([]);
  });

  it('M9: comparing by number alone is found', () => {
    const check: typeof RATCHET_PRODUCT.check = (offer, rootV, ratchet) =>
      ratchet !== null && ratchet.rootV === rootV && offer.v === ratchet.v
        ? ok(null)
        : RATCHET_PRODUCT.check(offer, rootV, ratchet);
    expect(exploreRatchet({ ...RATCHET_PRODUCT, check }, 2).violations).not.toEqual([]);
  });

  it('M9: taking whatever comes is found', () => {
    expect(exploreRatchet({ ...RATCHET_PRODUCT, check: () => ok(null) }, 2).violations).not.toEqual([]);
  });
});
