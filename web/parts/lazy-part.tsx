import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useWords } from '../app-state.ts';
import { Button } from './button.tsx';
import { Notice } from './notice.tsx';

/** A part that is not in the first load: it comes when it is asked for, and says so where it cannot. */
export function LazyPart<P extends object>(props: {
  /** Always the same function for the same part. */
  readonly load: () => Promise<ComponentType<P>>;
  readonly given: NoInfer<P>;
}): JSX.Element | null {
  const words = useWords();
  const { load, given } = props;
  const [Shown, setShown] = useState<ComponentType<P> | null>(null);
  const [hasFailed, setHasFailed] = useState(false);
  useEffect(() => {
    let isWanted = true;
    load().then(
      (loaded) => isWanted && setShown(() => loaded),
      () => isWanted && setHasFailed(true),
    );
    return () => {
      isWanted = false;
    };
  }, [load]);
  if (hasFailed) {
    return (
      <Notice
        tone="waiting"
        icon="refresh"
        title={words.common.newVersion}
        isAnswer
        action={
          <Button icon="refresh" onClick={() => location.reload()}>
            {words.common.reload}
          </Button>
        }
      />
    );
  }
  return Shown === null ? null : <Shown {...given} />;
}
