import { useState } from 'preact/hooks';
import type { ApiProblem, ApiResult } from './api-client.ts';

/** One act at a time, and why the last one failed. */
export interface Act {
  readonly isBusy: boolean;
  readonly problem: ApiProblem | null;
  /** Runs an act; a second press while it runs does nothing. @returns what it answered, null where it failed */
  readonly run: <T>(act: () => Promise<ApiResult<T>>) => Promise<{ readonly value: T } | null>;
}

/** Runs what somebody orders, and holds what became of it. */
export function useAct(): Act {
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  return {
    isBusy,
    problem,
    async run(act) {
      if (isBusy) return null;
      setIsBusy(true);
      setProblem(null);
      const answer = await act();
      setIsBusy(false);
      if (answer.ok) return { value: answer.value };
      setProblem(answer.error);
      return null;
    },
  };
}
