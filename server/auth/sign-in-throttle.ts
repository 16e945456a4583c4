import type { MonoMs } from '#contract/clock';

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 15 * 60_000;
/** After this long without a try the count starts again. */
const FORGET_MS = 60 * 60_000;
/** Names are chosen by whoever knocks, so the memory for them has a limit. */
const MOST_KEYS = 10_000;

/** What tries are counted by. */
interface ThrottleKey {
  readonly key: string;
  /** Failures that cost nothing: people mistype, and many share an address. */
  readonly free: number;
}

interface Attempts {
  readonly failures: number;
  readonly blockedUntil: number;
  readonly lastAt: number;
}

/** One who wants to sign in. */
export interface Knock {
  readonly username: string;
  readonly address: string;
}

/** Slows down guessing. */
export interface SignInThrottle {
  /** @returns milliseconds to wait before the next try; 0 where it may be made now */
  waitMs(knock: Knock, now: MonoMs): number;
  /** Counts a try before its password is looked at, so that tries at the same moment all count. */
  begin(knock: Knock, now: MonoMs): void;
  /** Forgets the failures of this name. */
  succeed(knock: Knock): void;
}

// By name and address first, so that a stranger cannot lock somebody out by a handful of tries; by name alone
// and by address alone far later, against guessing from many addresses and over many names.
const keysOf = ({ username, address }: Knock): readonly ThrottleKey[] => [
  { key: `name and address ${username} ${address}`, free: 5 },
  { key: `name ${username}`, free: 50 },
  { key: `address ${address}`, free: 100 },
];

/** Computes the delay after failures that were not free: doubling from a second to 15 minutes. */
export const delayAfter = (failures: number): number =>
  failures < 0 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** Math.min(failures, 20), LONGEST_DELAY_MS);

/** Makes a throttle that remembers as long as the process runs. @see rule SU5 */
export function createSignInThrottle(): SignInThrottle {
  const memory = new Map<string, Attempts>();
  const known = (key: string, now: number): Attempts | undefined => {
    const attempts = memory.get(key);
    return attempts !== undefined && now - attempts.lastAt < FORGET_MS ? attempts : undefined;
  };
  return {
    waitMs: (knock, now) =>
      Math.max(0, ...keysOf(knock).map(({ key }) => (known(key, now)?.blockedUntil ?? now) - now)),
    begin: (knock, now) => {
      for (const { key, free } of keysOf(knock)) {
        const failures = (known(key, now)?.failures ?? 0) + 1;
        memory.delete(key);
        memory.set(key, { failures, blockedUntil: now + delayAfter(failures - free), lastAt: now });
        const oldest = memory.keys().next().value;
        if (memory.size > MOST_KEYS && oldest !== undefined) memory.delete(oldest);
      }
    },
    succeed: (knock) => {
      const [both, name] = keysOf(knock);
      for (const each of [both, name]) if (each !== undefined) memory.delete(each.key);
    },
  };
}
