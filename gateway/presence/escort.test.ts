import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asEpochMs } from '#contract/clock';
import { stepEscorts, type Escorted } from './escort.ts';
import { NOBODY, enterRoom, leaveRoom, type Presence } from './presence.ts';

const FORGIVE_MS = 12 * 3_600_000;
const NOW = asEpochMs(1000);
const enter = (inside: Presence, person: string, of: number): Presence =>
  enterRoom(inside, person, 'entered', { of, sinceMs: NOW, untilMs: null, pm: null, cred: null, heads: 1 });
const visitor: Escorted = { person: 's_v', of: 3, escorts: ['s_a', 's_b'] };

describe('escorts', () => {
  it('PR14: the last escort who leaves leaves the visitor alone', () => {
    const inside = leaveRoom(enter(enter(NOBODY, 's_a', 1), 's_v', 3), 's_a').inside;
    expect(stepEscorts(inside, 's_a', [visitor], NOW, FORGIVE_MS)).toEqual([
      { person: 's_v', of: 3, by: null },
    ]);
  });

  it('PR15: another escort who is inside takes over', () => {
    const all = enter(enter(enter(NOBODY, 's_a', 1), 's_b', 2), 's_v', 3);
    const inside = leaveRoom(all, 's_a').inside;
    expect(stepEscorts(inside, 's_a', [visitor], NOW, FORGIVE_MS)).toEqual([
      { person: 's_v', of: 3, by: 's_b' },
    ]);
  });

  it('PR14: nobody is told of who was no escort, of strangers and of visitors who leave', () => {
    const inside = enter(NOBODY, 's_v', 3);
    expect(stepEscorts(inside, 's_c', [visitor], NOW, FORGIVE_MS)).toEqual([]);
    expect(stepEscorts(inside, null, [visitor], NOW, FORGIVE_MS)).toEqual([]);
    expect(stepEscorts(NOBODY, 's_a', [visitor], NOW, FORGIVE_MS)).toEqual([]);
    expect(stepEscorts(inside, 's_v', [visitor], NOW, FORGIVE_MS)).toEqual([]);
  });

  it('PR14, PR15: over any rooms, whoever stays has an escort inside or is told to have none', () => {
    const people = ['s_a', 's_b', 's_c', 's_v', 's_w'];
    fc.assert(
      fc.property(
        fc.subarray(people),
        fc.constantFrom(...people),
        fc.subarray(people, { minLength: 1 }),
        (inside, leaver, escorts) => {
          const before = inside.reduce((all, person, index) => enter(all, person, index), NOBODY);
          const after = leaveRoom(before, leaver).inside;
          const escorted = [...after.keys()].map((person) => ({ person, of: 0, escorts }));
          for (const { person, by } of stepEscorts(after, leaver, escorted, NOW, FORGIVE_MS)) {
            expect(escorts).toContain(leaver);
            expect(after.has(person)).toBe(true);
            expect(by === null).toBe(!escorts.some((each) => after.has(each)));
          }
        },
      ),
      { seed: 14 },
    );
  });
});
