import type { Clock, MonoMs } from '#contract/clock';

/** One timer that is set anew as often as its owner likes. */
export interface Ticker {
  /** Calls `onDue` when this moment comes, or never for null; an earlier setting is forgotten. */
  setDue(at: MonoMs | null): void;
  close(): void;
}

export function createTicker(clock: Clock, onDue: () => void): Ticker {
  let due: MonoMs | null = null;
  let waiting: AbortController | null = null;
  const setDue = (at: MonoMs | null): void => {
    if (at === due) return;
    due = at;
    waiting?.abort();
    waiting = null;
    if (at === null) return;
    const own = new AbortController();
    waiting = own;
    void clock.sleepUntil(at, own.signal).then(() => {
      if (own.signal.aborted) return;
      due = null;
      waiting = null;
      onDue();
    });
  };
  return { setDue, close: () => setDue(null) };
}
