import { describe, expect, it } from 'vitest';
import { actMethodOf, isFreshStepUp, STEP_UP_LIFE_MS } from './step-up.ts';

describe('step-up', () => {
  it('SU11: counts for five minutes, and not from a clock that was set back', () => {
    const stepUp = { at: 1000, method: 'password' as const };
    const ages = [-1, 0, STEP_UP_LIFE_MS - 1, STEP_UP_LIFE_MS];
    expect(ages.map((age) => isFreshStepUp(stepUp, 1000 + age))).toEqual([false, true, true, false]);
    expect(isFreshStepUp(null, 1000)).toBe(false);
    expect(STEP_UP_LIFE_MS).toBe(300_000);
  });

  it('SU11: a password is never told as a passkey', () => {
    expect(actMethodOf({ at: 0, method: 'password' })).toBe('session');
    expect(actMethodOf({ at: 0, method: 'passkey' })).toBe('passkey');
  });
});
