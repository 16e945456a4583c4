import { useEffect, useState } from 'preact/hooks';
import type { ApiProblem, ApiResult, Page } from './api-client.ts';
import { useLoad, type Load } from './use-load.ts';

/** A list that comes a page at a time. */
export interface Pages<T> extends Load<Page<T>> {
  readonly isComing: boolean;
  /** Why the next page did not come. */
  readonly moreProblem: ApiProblem | null;
  readonly more: () => Promise<void>;
}

interface Later<T> extends Page<T> {
  /** The first page that these follow; another one forgets them. */
  readonly first: Page<T>;
}

/** Reads the first page now and whenever the key changes, and each next one when it is asked for. */
export function usePages<T>(key: string, load: (cursor?: string) => Promise<ApiResult<Page<T>>>): Pages<T> {
  const first = useLoad(key, () => load());
  const [later, setLater] = useState<Later<T> | null>(null);
  const [isComing, setIsComing] = useState(false);
  const [moreProblem, setMoreProblem] = useState<ApiProblem | null>(null);
  useEffect(() => setMoreProblem(null), [key]);
  const shown = later !== null && later.first === first.data ? later : null;
  const data =
    first.data === undefined
      ? undefined
      : {
          items: [...first.data.items, ...(shown?.items ?? [])],
          nextCursor: shown === null ? first.data.nextCursor : shown.nextCursor,
        };
  return {
    ...first,
    data,
    isComing,
    moreProblem,
    async more() {
      const base = first.data;
      const cursor = data?.nextCursor ?? null;
      if (base === undefined || cursor === null) return;
      setIsComing(true);
      const answer = await load(cursor);
      setIsComing(false);
      setMoreProblem(answer.ok ? null : answer.error);
      if (!answer.ok) return;
      setLater({
        first: base,
        items: [...(shown?.items ?? []), ...answer.value.items],
        nextCursor: answer.value.nextCursor,
      });
    },
  };
}
