import { asMonoMs, type Clock } from '#contract/clock';

/** One point in time that may be moved. */
export interface Alarm {
  /** Rings once at `atMs` of the monotonic clock instead of when it was to ring before; null for never. */
  set(atMs: number | null): void;
}

/** Makes an alarm that calls `ring` when its time has come. */
export function createAlarm(clock: Clock, ring: () => void): Alarm {
  let waiting: { readonly atMs: number; readonly stop: AbortController } | null = null;
  return {
    set: (atMs) => {
      if (waiting?.atMs === atMs) return;
      waiting?.stop.abort();
      waiting = null;
      if (atMs === null || atMs === Infinity) return;
      const stop = new AbortController();
      waiting = { atMs, stop };
      void clock.sleepUntil(asMonoMs(atMs), stop.signal).then(() => {
        if (stop.signal.aborted) return;
        waiting = null;
        ring();
      });
    },
  };
}
