/** What a reader gets: the items since its last look, and whether some were lost to it. */
export interface Taken<T> {
  readonly items: readonly { readonly id: number; readonly value: T }[];
  readonly hasMissed: boolean;
}

/** A place in the stream. A reader that is slow loses the oldest items; it never holds memory of its own. */
export interface BroadcastReader<T> {
  /** Takes everything that is there. */
  take(): Taken<T>;
  /** Resolves when there is something to take, or `signal` aborts. */
  ready(signal: AbortSignal): Promise<void>;
  /** Number of the last item taken. */
  lastId(): number;
}

/** Passes items on to whoever listens now, and to whoever comes back soon. */
export interface Broadcast<T> {
  publish(value: T): void;
  /** @param afterId number of the last item that this reader has seen; left out for only what comes from now on */
  read(afterId?: number): BroadcastReader<T>;
}

/** Reads two broadcasts as one; the numbers of its items say nothing across a restart of the reader. */
export const mergeReaders = <A, B>(a: BroadcastReader<A>, b: BroadcastReader<B>): BroadcastReader<A | B> => ({
  take: () => {
    const [first, second] = [a.take(), b.take()];
    return { items: [...first.items, ...second.items], hasMissed: first.hasMissed || second.hasMissed };
  },
  ready: async (signal) => {
    const turn = new AbortController();
    const either = AbortSignal.any([signal, turn.signal]);
    await Promise.race([a.ready(either), b.ready(either)]);
    turn.abort();
  },
  lastId: () => Math.max(a.lastId(), b.lastId()),
});

/**
 * Makes a broadcast that keeps the newest items for readers that are slow or were away.
 * @param keep how many items
 * @see rule SH11
 */
export function createBroadcast<T>(keep: number): Broadcast<T> {
  const items: { id: number; value: T }[] = [];
  const waiting = new Set<() => void>();
  let lastId = 0;
  return {
    publish: (value) => {
      lastId += 1;
      items.push({ id: lastId, value });
      if (items.length > keep) items.shift();
      for (const wake of waiting) wake();
    },
    read: (afterId) => {
      // A number from the future is one from before a restart.
      let hasMissed = afterId !== undefined && afterId > lastId;
      let seen = afterId === undefined || afterId > lastId ? lastId : afterId;
      return {
        take: () => {
          const taken = items.filter((item) => item.id > seen);
          const expected = seen + 1;
          const isGap = lastId > seen && (taken[0]?.id ?? lastId + 1) > expected;
          const result = { items: taken, hasMissed: hasMissed || isGap };
          seen = lastId;
          hasMissed = false;
          return result;
        },
        ready: (signal) =>
          new Promise((resolve) => {
            if (lastId > seen || hasMissed || signal.aborted) {
              resolve();
              return;
            }
            const wake = (): void => {
              waiting.delete(wake);
              signal.removeEventListener('abort', wake);
              resolve();
            };
            waiting.add(wake);
            signal.addEventListener('abort', wake);
          }),
        lastId: () => seen,
      };
    },
  };
}
