import { z } from 'zod';
import { asEpochMs, type EpochMs } from '#contract/clock';

/** Wrong tries of one reader or of one card. Times are ms since 1970, so that they outlive a restart. */
export interface Tries {
  /** Those that still count, oldest first. */
  readonly failedAtMs: readonly number[];
  /** How often in a row it was locked out: each time for longer. */
  readonly level: number;
  readonly untilMs: number;
}

/** Wrong tries by `reader/<name>` and `card/<handle>`. */
export type LockOuts = Readonly<Record<string, Tries>>;

/** So many wrong tries within ... */
export const MOST_FAILURES = 5;
/** ... so long begin a lock-out. */
export const FAILURES_WITHIN_MS = 10 * 60_000;
const FIRST_LOCK_MS = 30_000;
const LONGEST_LOCK_MS = 15 * 60_000;
/** After so long without a wrong try the next lock-out is short again. */
const FORGET_MS = 60 * 60_000;

const NO_TRIES: Tries = { failedAtMs: [], level: 0, untilMs: 0 };

/** How long a lock-out lasts: 30 s, doubled each time, at most a quarter of an hour. */
export const lockMs = (level: number): number => Math.min(LONGEST_LOCK_MS, FIRST_LOCK_MS * 2 ** level);

/** A lock-out that would last longer than any was begun by a clock that has been set back since. */
const isFuture = (untilMs: number, now: EpochMs): boolean => untilMs - now > LONGEST_LOCK_MS;

/** Tells whether one of these is locked out now. @see rules D34, D37 */
export const isLockedOut = (lockOuts: LockOuts, keys: readonly string[], now: EpochMs): boolean =>
  keys.some((key) => {
    const untilMs = lockOuts[key]?.untilMs ?? 0;
    return untilMs > now && !isFuture(untilMs, now);
  });

/** A lock-out that has begun. */
export interface LockOutBegun {
  readonly key: string;
  readonly untilMs: EpochMs;
  readonly level: number;
}

/** Leaves out what has no meaning any more, so that strangers' cards do not pile up. */
const withoutOld = (lockOuts: LockOuts, now: EpochMs): LockOuts =>
  Object.fromEntries(
    Object.entries(lockOuts).filter(([, { failedAtMs, untilMs }]) => {
      const lastMs = Math.max(untilMs, failedAtMs.at(-1) ?? 0);
      return lastMs > now - FORGET_MS && !isFuture(lastMs, now);
    }),
  );

/**
 * Takes a wrong try of a reader and, where it is known, of a card.
 * @returns the new state, and the lock-outs that begin with this try
 * @see rules D34, D35
 */
export function takeFailure(
  lockOuts: LockOuts,
  keys: readonly string[],
  now: EpochMs,
): { readonly lockOuts: LockOuts; readonly begun: readonly LockOutBegun[] } {
  let next = withoutOld(lockOuts, now);
  const begun: LockOutBegun[] = [];
  for (const key of keys) {
    const { failedAtMs, level, untilMs } = next[key] ?? NO_TRIES;
    const failed = [...failedAtMs.filter((at) => at > now - FAILURES_WITHIN_MS && at <= now), Number(now)];
    if (failed.length < MOST_FAILURES) next = { ...next, [key]: { failedAtMs: failed, level, untilMs } };
    else {
      const until = asEpochMs(now + lockMs(level));
      begun.push({ key, untilMs: until, level });
      // The tries are paid for; the next lock-out needs as many again, and is longer.
      next = { ...next, [key]: { failedAtMs: [], level: level + 1, untilMs: until } };
    }
  }
  return { lockOuts: next, begun };
}

const triesSchema = z.strictObject({
  failedAtMs: z.array(z.number()).max(MOST_FAILURES),
  level: z.int().min(0),
  untilMs: z.number(),
});
const lockOutsSchema = z.record(z.string(), triesSchema);

/** Reads what was written down of wrong tries. @returns null where it is damaged */
export function decodeLockOuts(value: unknown): LockOuts | null {
  const lockOuts = lockOutsSchema.safeParse(value);
  return lockOuts.success ? lockOuts.data : null;
}

/** Takes a right PIN: the tries of that card are forgiven, those of the reader are not. @see rule D36 */
export function takeSuccess(lockOuts: LockOuts, cardKey: string): LockOuts {
  const { [cardKey]: _forgiven, ...others } = lockOuts;
  return others;
}
