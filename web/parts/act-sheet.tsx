import type { ComponentChildren, JSX } from 'preact';
import type { ApiResult } from '../api-client.ts';
import { useWords } from '../app-state.ts';
import { useAct } from '../use-act.ts';
import { Button } from './button.tsx';
import { ProblemNotice } from './notice.tsx';
import { Sheet } from './sheet.tsx';

/** Tells what is wrong with a field, by its JSON pointer. */
export type FaultOf = (pointer: string) => string | undefined;

/** A sheet that asks for what an act needs, says what it will do, and closes when it is done. */
export function ActSheet<T>(props: {
  readonly title: string;
  /** What happens, one line each. */
  readonly means?: readonly string[];
  readonly confirm: string;
  readonly isDanger?: boolean;
  readonly isReady?: boolean;
  readonly act: () => Promise<ApiResult<T>>;
  readonly onDone: (answer: T) => void;
  readonly onClose: () => void;
  readonly children?: (faultOf: FaultOf) => ComponentChildren;
}): JSX.Element {
  const words = useWords();
  const { isBusy, problem, run } = useAct();
  const faultOf: FaultOf = (pointer) =>
    problem?.pointers.some((each) => each === pointer || each.startsWith(`${pointer}/`)) === true
      ? words.problems['invalid-input'].title
      : undefined;

  async function act(): Promise<void> {
    const done = await run(props.act);
    if (done !== null) props.onDone(done.value);
  }

  return (
    <Sheet title={props.title} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void act();
        }}
      >
        {props.means === undefined ? null : (
          <ul class="means">
            {props.means.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        )}
        {props.children?.(faultOf)}
        {problem === null ? null : <ProblemNotice problem={problem} />}
        <div class="sheet-actions">
          <Button onClick={props.onClose}>{words.common.cancel}</Button>
          <Button
            kind={props.isDanger === true ? 'danger' : 'primary'}
            type="submit"
            isBusy={isBusy}
            isDisabled={props.isReady === false}
          >
            {props.confirm}
          </Button>
        </div>
      </form>
    </Sheet>
  );
}
