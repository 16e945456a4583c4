import { describe, expect, it } from 'vitest';
import { asMonoMs } from '#contract/clock';
import { createSignInThrottle, delayAfter } from './sign-in-throttle.ts';

const MINUTE = 60_000;
const knock = (username: string, address: string) => ({ username, address });

describe('sign-in throttle', () => {
  it('SU5: the delay doubles from a second to fifteen minutes', () => {
    expect([-1, 0, 1, 2, 9, 10, 1000].map(delayAfter)).toEqual([
      0,
      1000,
      2000,
      4000,
      512_000,
      15 * MINUTE,
      15 * MINUTE,
    ]);
  });

  it('SU5: failures from one address do not lock the person out at another', () => {
    const throttle = createSignInThrottle();
    for (let n = 0; n < 10; n++) throttle.begin(knock('sari', 'a'), asMonoMs(0));
    expect(throttle.waitMs(knock('sari', 'a'), asMonoMs(0))).toBe(32_000);
    expect(throttle.waitMs(knock('sari', 'b'), asMonoMs(0))).toBe(0);
    expect(throttle.waitMs(knock('sari', 'a'), asMonoMs(32_000))).toBe(0);
  });

  it('SU5: guessing one name from many addresses, and many names from one, is slowed down too', () => {
    const throttle = createSignInThrottle();
    for (let n = 0; n < 50; n++) throttle.begin(knock('sari', `address-${n}`), asMonoMs(0));
    expect(throttle.waitMs(knock('sari', 'new'), asMonoMs(0))).toBe(1000);
    for (let n = 0; n < 100; n++) throttle.begin(knock(`name-${n}`, 'one'), asMonoMs(0));
    expect(throttle.waitMs(knock('new', 'one'), asMonoMs(0))).toBe(1000);
    expect(throttle.waitMs(knock('new', 'other'), asMonoMs(0))).toBe(0);
  });

  it('SU5: a success or an hour of quiet forgets', () => {
    const throttle = createSignInThrottle();
    for (let n = 0; n < 6; n++) throttle.begin(knock('sari', 'a'), asMonoMs(0));
    throttle.succeed(knock('sari', 'a'));
    expect(throttle.waitMs(knock('sari', 'a'), asMonoMs(0))).toBe(0);
    for (let n = 0; n < 6; n++) throttle.begin(knock('sari', 'a'), asMonoMs(0));
    throttle.begin(knock('sari', 'a'), asMonoMs(60 * MINUTE));
    expect(throttle.waitMs(knock('sari', 'a'), asMonoMs(60 * MINUTE))).toBe(0);
  });

  it('SU5: invented names do not fill the memory', () => {
    const throttle = createSignInThrottle();
    for (let n = 0; n < 6; n++) throttle.begin(knock('first', 'z'), asMonoMs(0));
    for (let n = 0; n < 20_000; n++) throttle.begin(knock(`name-${n}`, `address-${n}`), asMonoMs(0));
    expect(throttle.waitMs(knock('first', 'z'), asMonoMs(0))).toBe(0);
  });
});
