import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asEpochMs } from '#contract/clock';
import { ACCESS_OUTCOMES, type AccessOutcome } from '#contract/event';
import {
  NOBODY,
  certaintyOf,
  countInside,
  enterRoom,
  findPlace,
  leaveRoom,
  resetPresence,
  type Entry,
  type Presence,
} from './presence.ts';

const FORGIVE_MS = 12 * 3_600_000;
const at = asEpochMs;
const entry = (of: number, sinceMs = 0, heads = 1): Entry => ({
  of,
  sinceMs: at(sinceMs),
  untilMs: null,
  pm: null,
  cred: null,
  heads,
});
const enter = (
  inside: Presence,
  person: string | null,
  outcome: AccessOutcome = 'entered',
  of = 1,
): Presence => enterRoom(inside, person, outcome, entry(of));

describe('presence', () => {
  it('PR1: only an entry that took place counts, and a second one of the same person counts once', () => {
    expect(enter(NOBODY, 's_a', 'no-entry').size).toBe(0);
    expect(enter(NOBODY, null).size).toBe(0);
    const again = enter(enter(NOBODY, 's_a', 'entered', 1), 's_a', 'entered', 2);
    expect([...again]).toMatchObject([['s_a', { of: 2, isSure: true, isOverstayed: false }]]);
  });

  it('PR2: whoever leaves is no longer inside', () => {
    const two = enter(enter(NOBODY, 's_a'), 's_b');
    const left = leaveRoom(two, 's_a');
    expect([...left.inside.keys()]).toEqual(['s_b']);
    expect(left.isWithoutEntry).toBe(false);
  });

  it('PR3: a stranger takes nobody out', () => {
    const one = enter(NOBODY, 's_a');
    expect(leaveRoom(one, null)).toEqual({ inside: one, isWithoutEntry: true });
    expect(leaveRoom(one, 's_b')).toEqual({ inside: one, isWithoutEntry: true });
  });

  it.each(
    [null, 'entered', 'unknown'].flatMap((first) =>
      ACCESS_OUTCOMES.map((second) => [first, second] as const),
    ),
  )('PR5: after %s then %s, only what was seen is sure', (first, second) => {
    const before = first === null ? NOBODY : enter(NOBODY, 's_a', first as AccessOutcome, 1);
    const after = enter(before, 's_a', second, 2);
    const words = [first, second];
    const expected = words.includes('entered')
      ? { sure: 1, unsure: 0 }
      : { sure: 0, unsure: words.includes('unknown') ? 1 : 0 };
    expect(countInside(after, at(0), FORGIVE_MS)).toEqual(expected);
  });

  it('PR5: who was perhaps inside leaves with an entry', () => {
    expect(leaveRoom(enter(NOBODY, 's_a', 'unknown'), 's_a')).toEqual({
      inside: NOBODY,
      isWithoutEntry: false,
    });
  });

  it.each([
    [0, true, 'sure'],
    [0, false, 'unsure'],
    [FORGIVE_MS - 1, true, 'sure'],
    [FORGIVE_MS, true, 'lapsed'],
    [FORGIVE_MS, false, 'lapsed'],
    [-1, true, 'sure'],
  ] as const)('PR6: %d ms after the entry, seen %s: %s', (now, isSure, expected) => {
    expect(certaintyOf({ isSure, sinceMs: at(0) }, at(now), FORGIVE_MS)).toBe(expected);
  });

  it('PR6: who lapsed is neither counted, nor in the way, nor inside already', () => {
    const one = enter(NOBODY, 's_a');
    expect(countInside(one, at(FORGIVE_MS), FORGIVE_MS)).toEqual({ sure: 0, unsure: 0 });
    const nobody = { isInside: false, others: 0, isEmpty: true, company: new Set() };
    expect(findPlace(one, 's_a', [], at(FORGIVE_MS), FORGIVE_MS)).toEqual(nobody);
    expect(findPlace(one, 's_b', [], at(FORGIVE_MS), FORGIVE_MS)).toEqual(nobody);
  });

  it('PR7: over every small room, places are taken by others who may be inside or were just let in', () => {
    const states = ['out', 'entered', 'unknown'] as const;
    let seen = 0;
    for (const own of states) {
      for (const other of states) {
        for (const awaited of [[], ['s_a'], ['s_b'], ['s_a', 's_b']]) {
          let inside = NOBODY;
          if (own !== 'out') inside = enter(inside, 's_a', own);
          if (other !== 'out') inside = enter(inside, 's_b', other);
          const grants = awaited.map((person) => [person, 1] as const);
          expect(findPlace(inside, 's_a', grants, at(0), FORGIVE_MS)).toEqual({
            isInside: own === 'entered',
            others: other !== 'out' || awaited.includes('s_b') ? 1 : 0,
            isEmpty: other !== 'entered',
            company: new Set([
              ...awaited,
              ...(own === 'entered' ? ['s_a'] : []),
              ...(other === 'entered' ? ['s_b'] : []),
            ]),
          });
          seen += 1;
        }
      }
    }
    expect(seen).toBe(36);
    expect(findPlace(enter(NOBODY, 's_b'), null, [], at(0), FORGIVE_MS)).toMatchObject({
      isInside: false,
      others: 1,
    });
  });

  it('PR11: a group counts with all its heads, inside and while it is awaited', () => {
    const group = enterRoom(NOBODY, 's_a', 'entered', entry(1, 0, 5));
    expect(countInside(group, at(0), FORGIVE_MS)).toEqual({ sure: 5, unsure: 0 });
    const waited = [['s_c', 3]] as const;
    expect(findPlace(group, 's_b', waited, at(0), FORGIVE_MS).others).toBe(8);
    expect(findPlace(group, 's_a', waited, at(0), FORGIVE_MS).others).toBe(3);
    expect(countInside(leaveRoom(group, 's_a').inside, at(0), FORGIVE_MS).sure).toBe(0);
  });

  it('PR12: company is who is known to be inside or was just let in, and nobody who may be', () => {
    const inside = enter(enter(NOBODY, 's_a'), 's_b', 'unknown');
    expect(findPlace(inside, 's_v', [['s_c', 1]], at(0), FORGIVE_MS).company).toEqual(
      new Set(['s_a', 's_c']),
    );
    expect(findPlace(inside, 's_v', [], at(FORGIVE_MS), FORGIVE_MS).company).toEqual(new Set());
  });

  it('PR17: a room is empty to somebody until another is known to be inside, and is again once that has lapsed', () => {
    const isEmpty = (inside: Presence, person: string, now = 0): boolean =>
      findPlace(inside, person, [['s_c', 1]], at(now), FORGIVE_MS).isEmpty;
    expect(isEmpty(NOBODY, 's_a')).toBe(true);
    expect(isEmpty(enter(NOBODY, 's_b', 'unknown'), 's_a')).toBe(true);
    expect(isEmpty(enter(NOBODY, 's_a'), 's_a')).toBe(true);
    expect(isEmpty(enter(NOBODY, 's_b'), 's_a')).toBe(false);
    expect(isEmpty(enter(NOBODY, 's_b'), 's_a', FORGIVE_MS)).toBe(true);
  });

  it('PR13: a reset takes out one, or everybody, and nobody who was not inside', () => {
    const two = enter(enter(NOBODY, 's_a'), 's_b');
    expect([...resetPresence(two, 's_a').keys()]).toEqual(['s_b']);
    expect(resetPresence(two, 's_c')).toEqual(two);
    expect(resetPresence(two, null)).toEqual(NOBODY);
  });

  it('PR2: over any passages the count is that of a plain list of who went in last', () => {
    const step = fc.record({
      person: fc.option(fc.constantFrom('s_a', 's_b', 's_c')),
      isExit: fc.boolean(),
      outcome: fc.constantFrom(...ACCESS_OUTCOMES),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let inside = NOBODY;
        const last = new Map<string, 'sure' | 'unsure'>();
        for (const { person, isExit, outcome } of steps) {
          inside = isExit ? leaveRoom(inside, person).inside : enter(inside, person, outcome);
          if (person === null) continue;
          if (isExit) last.delete(person);
          else if (outcome === 'entered') last.set(person, 'sure');
          else if (outcome === 'unknown' && !last.has(person)) last.set(person, 'unsure');
          const count = (word: string): number => [...last.values()].filter((each) => each === word).length;
          expect(countInside(inside, at(0), FORGIVE_MS)).toEqual({
            sure: count('sure'),
            unsure: count('unsure'),
          });
        }
        expect([...inside.keys()].sort()).toEqual([...last.keys()].sort());
      }),
      { seed: 20260312 },
    );
  });
});
