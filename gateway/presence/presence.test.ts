import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NOBODY, enterRoom, leaveRoom } from './presence.ts';

describe('presence', () => {
  it('PR1: only a seen entry counts, and a second one of the same person changes nothing', () => {
    expect(enterRoom(NOBODY, 's_a', 'no-entry').size).toBe(0);
    expect(enterRoom(NOBODY, 's_a', 'unknown').size).toBe(0);
    expect(enterRoom(NOBODY, null, 'entered').size).toBe(0);
    expect(enterRoom(enterRoom(NOBODY, 's_a', 'entered'), 's_a', 'entered').size).toBe(1);
  });

  it('PR2: whoever leaves is no longer inside', () => {
    const two = enterRoom(enterRoom(NOBODY, 's_a', 'entered'), 's_b', 'entered');
    const left = leaveRoom(two, 's_a');
    expect([...left.inside]).toEqual(['s_b']);
    expect(left.isWithoutEntry).toBe(false);
  });

  it('PR3: a stranger takes nobody out', () => {
    const one = enterRoom(NOBODY, 's_a', 'entered');
    expect(leaveRoom(one, null)).toEqual({ inside: one, isWithoutEntry: true });
    expect(leaveRoom(one, 's_b')).toEqual({ inside: one, isWithoutEntry: true });
  });

  it('PR2: over any passages the count is that of a plain list of who went in last', () => {
    const step = fc.record({
      person: fc.option(fc.constantFrom('s_a', 's_b', 's_c')),
      isExit: fc.boolean(),
      outcome: fc.constantFrom('entered', 'no-entry', 'unknown'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let inside = NOBODY;
        const last = new Map<string, 'in' | 'out'>();
        for (const { person, isExit, outcome } of steps) {
          inside = isExit ? leaveRoom(inside, person).inside : enterRoom(inside, person, outcome);
          if (person !== null && isExit) last.set(person, 'out');
          if (person !== null && !isExit && outcome === 'entered') last.set(person, 'in');
        }
        expect(inside.size).toBe([...last.values()].filter((way) => way === 'in').length);
      }),
      { seed: 20260312 },
    );
  });
});
