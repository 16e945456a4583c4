import { asEpochMs, asMonoMs, type Clock } from '#contract/clock';

/** Longest wait that a Node timer takes; longer ones fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

/**
 * Creates the clock of this machine for the server and the simulator, which believe the operating system; a
 * gateway has a clock of its own that does not.
 */
export const createSystemClock = (): Clock => ({
  epochMs: () => asEpochMs(Date.now()),
  monoMs: () => asMonoMs(performance.now()),
  trust: () => 2,
  interval: () => ({ lo: asEpochMs(Date.now()), hi: Date.now() }),
  sleepUntil: (at, signal) =>
    new Promise((resolve) => {
      const waitMs = at - performance.now();
      if (waitMs <= 0 || signal?.aborted === true) return resolve();
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(waitMs, MAX_TIMER_MS));
      signal?.addEventListener('abort', done);
    }),
});
