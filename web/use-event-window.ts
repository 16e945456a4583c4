import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { AccessEvent } from '#contract/api';
import type { Density } from '#contract/api-figures';
import type { ApiClient, ApiProblem, EventFilter } from './api-client.ts';

/** Rows that one question brings. */
export const EVENT_PAGE = 100;
/** Pages that are kept; those least lately seen are asked for again. */
const MOST_PAGES = 60;

/** A list of events of any length, read where it is looked at. */
export interface EventWindow {
  /** Null until the first page is there. */
  readonly total: number | null;
  readonly density: Density | null;
  readonly problem: ApiProblem | undefined;
  /** The event of a row; undefined while it is on its way. */
  readonly rowAt: (row: number) => AccessEvent | undefined;
  /** Asks for the pages that are missing of these. */
  readonly want: (pages: readonly number[]) => void;
  readonly reload: () => Promise<void>;
}

interface Held {
  readonly key: string;
  readonly density: Density | null;
  readonly firstCount: number | null;
  readonly hasMore: boolean;
  readonly pages: ReadonlyMap<number, readonly AccessEvent[]>;
  readonly problem: ApiProblem | undefined;
}

const nothing = (key: string): Held => ({
  key,
  density: null,
  firstCount: null,
  hasMore: false,
  pages: new Map(),
  problem: undefined,
});

/**
 * Reads a list of events: its first page at once, its length and density beside it, any other page when it comes
 * into view. The list stays as it was counted while it is scrolled, whatever arrives meanwhile.
 * @param key names the filter; a change forgets everything
 * @see rule W23
 */
export function useEventWindow(api: ApiClient, key: string, filter: EventFilter): EventWindow {
  const [held, setHeld] = useState<Held>(() => nothing(key));
  const turn = useRef(0);
  const asked = useRef(new Set<number>());
  const latest = useRef(filter);
  latest.current = filter;

  const reload = useCallback(async (): Promise<void> => {
    const mine = ++turn.current;
    asked.current = new Set([0]);
    setHeld(nothing(key));
    const counting = api.density(latest.current);
    const first = await api.events(latest.current, EVENT_PAGE);
    if (mine !== turn.current) return;
    if (!first.ok) {
      setHeld({ ...nothing(key), problem: first.error });
      return;
    }
    const { items, nextCursor } = first.value;
    const shown: Held = {
      ...nothing(key),
      firstCount: items.length,
      hasMore: nextCursor !== null,
      pages: new Map([[0, items]]),
    };
    setHeld(shown);
    const density = await counting;
    if (mine !== turn.current || !density.ok) return;
    // What came in between the two answers would move every row: then the first page is the counted one.
    const again =
      density.value.total === items.length || nextCursor !== null
        ? await api.events({ ...latest.current, asOf: String(density.value.asOf) }, EVENT_PAGE)
        : first;
    if (mine !== turn.current || !again.ok) return;
    setHeld({ ...shown, density: density.value, pages: new Map([[0, again.value.items]]) });
  }, [api, key]);

  useEffect(() => {
    void reload();
    return () => {
      turn.current += 1;
    };
  }, [reload]);

  const current = held.key === key ? held : nothing(key);
  const { density, pages } = current;

  const want = useCallback(
    (wanted: readonly number[]): void => {
      if (density === null) return;
      const mine = turn.current;
      for (const page of wanted) {
        if (asked.current.has(page)) continue;
        asked.current.add(page);
        const place = { asOf: String(density.asOf), offset: String(page * EVENT_PAGE) };
        void api.events({ ...latest.current, ...place }, EVENT_PAGE).then((answer) => {
          if (mine !== turn.current) return;
          if (!answer.ok) {
            asked.current.delete(page);
            setHeld((before) => ({ ...before, problem: answer.error }));
            return;
          }
          setHeld((before) => {
            const next = new Map(before.pages);
            next.delete(page);
            next.set(page, answer.value.items);
            for (const old of next.keys()) {
              if (next.size <= MOST_PAGES) break;
              next.delete(old);
              asked.current.delete(old);
            }
            return { ...before, pages: next, problem: undefined };
          });
        });
      }
    },
    [api, density],
  );

  return {
    total: density?.total ?? current.firstCount,
    density,
    problem: current.problem,
    rowAt: (row) => pages.get(Math.floor(row / EVENT_PAGE))?.[row % EVENT_PAGE],
    want,
    reload,
  };
}
