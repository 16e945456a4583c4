/** Time that passes only when told, for everybody in a world at once. */
export interface VirtualTime {
  /** Ms since 1970, as it truly is. */
  nowMs(): number;
  /** Resolves when that moment is reached, or at once when `signal` aborts. */
  sleepUntil(atMs: number, signal?: AbortSignal): Promise<void>;
  /** Lets time pass; who wakes does so in order, and comes to rest before the next one wakes. */
  pass(ms: number): Promise<void>;
  /** Lets everything that is ready come to rest. */
  settle(): Promise<void>;
  /** Counts work that is under way, so that nothing is taken for rest before it is done. */
  during<T>(work: () => Promise<T>): Promise<T>;
}

interface Sleeper {
  readonly atMs: number;
  readonly number: number;
  readonly wake: () => void;
}

const TURNS = 4;

export function createVirtualTime(startMs: number): VirtualTime {
  let now = startMs;
  let busy = 0;
  let count = 0;
  const sleepers = new Set<Sleeper>();

  async function settle(): Promise<void> {
    for (let turn = 0; turn < TURNS || busy > 0; turn++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  return {
    nowMs: () => now,
    settle,
    sleepUntil: (atMs, signal) =>
      new Promise((resolve) => {
        if (atMs <= now || signal?.aborted === true) {
          resolve();
          return;
        }
        const sleeper: Sleeper = { atMs, number: count++, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', () => {
          sleepers.delete(sleeper);
          resolve();
        });
      }),
    pass: async (ms) => {
      const end = now + ms;
      for (;;) {
        await settle();
        const [next] = [...sleepers]
          .filter(({ atMs }) => atMs <= end)
          .sort((a, b) => a.atMs - b.atMs || a.number - b.number);
        if (next === undefined) break;
        sleepers.delete(next);
        now = Math.max(now, next.atMs);
        next.wake();
      }
      now = end;
      await settle();
    },
    during: async (work) => {
      busy += 1;
      try {
        return await work();
      } finally {
        busy -= 1;
      }
    },
  };
}
