import type { JSX } from 'preact';
import { useWords } from '../app-state.ts';
import type { Pages } from '../use-pages.ts';
import { Button } from './button.tsx';
import { ProblemNotice } from './notice.tsx';

/** Asks for the next page of a list, as long as there is one. */
export function MoreButton({
  pages,
}: {
  readonly pages: Pick<Pages<unknown>, 'data' | 'isComing' | 'moreProblem' | 'more'>;
}): JSX.Element | null {
  const words = useWords();
  if ((pages.data?.nextCursor ?? null) === null) return null;
  return (
    <>
      {pages.moreProblem === null ? null : <ProblemNotice problem={pages.moreProblem} />}
      <Button isBusy={pages.isComing} onClick={() => void pages.more()}>
        {words.common.more}
      </Button>
    </>
  );
}
