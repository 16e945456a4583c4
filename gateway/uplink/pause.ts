import { asMonoMs, type Clock, type MonoMs, type Random } from '#contract/clock';

const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/**
 * Computes how long to wait after the n-th failure in a row (from 1): doubling from 0.5 s to 30 s, and of that a
 * random part of at least half, so that many gateways do not return in step.
 */
export function backOffMs(failures: number, random: Random): number {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 16));
  const [high = 0, low = 0] = random.bytes(2);
  return Math.round(whole * (0.5 + ((high << 8) | low) / 131_072));
}

/**
 * Runs something that ends early when `own` or the longer-lived `signal` aborts. By hand, because each
 * AbortSignal.any leaves a trace in the signal that lives on, and this program runs for months.
 */
export async function withSignal<T>(
  signal: AbortSignal,
  own: AbortController,
  run: (joined: AbortSignal) => Promise<T>,
): Promise<T> {
  const pass = (): void => own.abort(signal.reason);
  if (signal.aborted) pass();
  signal.addEventListener('abort', pass);
  try {
    return await run(own.signal);
  } finally {
    signal.removeEventListener('abort', pass);
  }
}

/** A wait that news can end early. News that comes while nobody waits ends the next wait at once. */
export interface Pause {
  wake(): void;
  waitUntil(at: MonoMs, signal: AbortSignal): Promise<void>;
  waitMs(ms: number, signal: AbortSignal): Promise<void>;
}

export function createPause(clock: Clock): Pause {
  let isWoken = false;
  let current: AbortController | null = null;
  const waitUntil = async (at: MonoMs, signal: AbortSignal): Promise<void> => {
    if (!isWoken) {
      const own = new AbortController();
      current = own;
      await withSignal(signal, own, (joined) => clock.sleepUntil(at, joined));
      current = null;
    }
    isWoken = false;
  };
  return {
    wake: () => {
      isWoken = true;
      current?.abort();
    },
    waitUntil,
    waitMs: (ms, signal) => waitUntil(asMonoMs(clock.monoMs() + ms), signal),
  };
}
