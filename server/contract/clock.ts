declare const epochBrand: unique symbol;
declare const monoBrand: unique symbol;

/** Milliseconds since 1970-01-01T00:00:00Z. Permit windows are judged in it. */
export type EpochMs = number & { readonly [epochBrand]: true };

/** Milliseconds on a clock that never jumps and has no meaning across restarts. Door timers run on it. */
export type MonoMs = number & { readonly [monoBrand]: true };

/**
 * How far the wall clock can be believed: 3 signed by the server within 24 h, 2 synchronised by the operating
 * system, 1 a battery clock that agrees with the persisted floor, 0 nothing is known since boot.
 */
export type ClockTrust = 0 | 1 | 2 | 3;

/**
 * Between these two moments it certainly is. `hi` is Infinity where nothing since the start told of the time:
 * then it is only known not to be before `lo`.
 */
export interface TimeInterval {
  readonly lo: EpochMs;
  /** Ms since 1970, or Infinity. */
  readonly hi: number;
}

/** The only way to time: handed in, so that every decision can be replayed. */
export interface Clock {
  epochMs(): EpochMs;
  monoMs(): MonoMs;
  trust(): ClockTrust;
  /** What can be said of the time for sure; `epochMs` lies within it. */
  interval(): TimeInterval;
  /**
   * Resolves when the monotonic clock reaches `at`, at once if it already has, or when `signal` aborts
   * (it never rejects: callers look at the signal).
   */
  sleepUntil(at: MonoMs, signal?: AbortSignal): Promise<void>;
}

/** The only way to randomness: handed in, so that simulations repeat by seed. */
export interface Random {
  bytes(count: number): Uint8Array;
}

/** Marks a number of milliseconds since 1970 as such. */
export const asEpochMs = (value: number): EpochMs => value as EpochMs;

/** Marks a number of monotonic milliseconds as such. */
export const asMonoMs = (value: number): MonoMs => value as MonoMs;
