import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { ApiProblem, ApiResult } from './api-client.ts';

/** What a page knows of something it reads from the server. */
export interface Load<T> {
  /** The last good answer; stays while it is read again, and when that fails. */
  readonly data: T | undefined;
  /** Why the last try failed. */
  readonly problem: ApiProblem | undefined;
  readonly isLoading: boolean;
  readonly reload: () => Promise<void>;
  /** Puts in what a later answer has made known. */
  readonly replace: (data: T) => void;
}

interface Held<T> {
  readonly key: string;
  readonly data: T | undefined;
  readonly problem: ApiProblem | undefined;
  readonly isLoading: boolean;
}

/**
 * Reads something now and whenever the key changes. Answers that were overtaken by a later question are dropped.
 * @param key what is read; a change forgets the old data
 */
export function useLoad<T>(key: string, load: () => Promise<ApiResult<T>>): Load<T> {
  const fresh: Held<T> = { key, data: undefined, problem: undefined, isLoading: true };
  const [held, setHeld] = useState<Held<T>>(fresh);
  const turn = useRef(0);
  const latest = useRef(load);
  latest.current = load;

  const reload = useCallback(async (): Promise<void> => {
    const mine = ++turn.current;
    setHeld((before) =>
      before.key === key
        ? { ...before, isLoading: true }
        : { key, data: undefined, problem: undefined, isLoading: true },
    );
    const answer = await latest.current();
    if (mine !== turn.current) return;
    setHeld((before) =>
      answer.ok
        ? { key, data: answer.value, problem: undefined, isLoading: false }
        : {
            key,
            data: before.key === key ? before.data : undefined,
            problem: answer.error,
            isLoading: false,
          },
    );
  }, [key]);

  const replace = useCallback(
    (data: T): void => {
      turn.current += 1;
      setHeld({ key, data, problem: undefined, isLoading: false });
    },
    [key],
  );

  useEffect(() => {
    void reload();
    return () => {
      turn.current += 1;
    };
  }, [reload]);

  const current = held.key === key ? held : fresh;
  return { ...current, reload, replace };
}
