import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiProblem } from '../api-client.ts';
import { useWords } from '../app-state.ts';
import { Button } from './button.tsx';
import { Field } from './field.tsx';
import { ProblemNotice } from './notice.tsx';
import { Sheet } from './sheet.tsx';

/** Asks for the reason of an act that somebody else has to live with: ready ones, or one's own. */
export function ReasonSheet(props: {
  readonly title: string;
  readonly text: string;
  readonly readyReasons: readonly string[];
  readonly confirm: string;
  readonly isBusy: boolean;
  readonly problem: ApiProblem | null;
  readonly onConfirm: (reason: string) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const words = useWords();
  const [picked, setPicked] = useState<string | null>(null);
  const [own, setOwn] = useState('');
  const [isAsked, setIsAsked] = useState(false);
  const reason = own.trim() === '' ? picked : own.trim();
  return (
    <Sheet title={props.title} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setIsAsked(true);
          if (reason !== null) props.onConfirm(reason);
        }}
      >
        <p class="soft">{props.text}</p>
        <fieldset class="choices">
          <legend class="visually-hidden">{words.request.reason}</legend>
          {props.readyReasons.map((ready) => (
            <label key={ready} class="choice">
              <input
                type="radio"
                name="reason"
                checked={picked === ready && own.trim() === ''}
                onChange={() => {
                  setPicked(ready);
                  setOwn('');
                }}
              />
              <span>{ready}</span>
            </label>
          ))}
        </fieldset>
        <Field
          label={words.supervisor.reasonOwn}
          fault={isAsked && reason === null ? words.supervisor.reasonNeeded : undefined}
        >
          {(links) => (
            <textarea
              {...links}
              rows={2}
              maxLength={300}
              value={own}
              onInput={(event) => setOwn(event.currentTarget.value)}
            />
          )}
        </Field>
        {props.problem === null ? null : <ProblemNotice problem={props.problem} />}
        <div class="sheet-actions">
          <Button onClick={props.onClose}>{words.common.cancel}</Button>
          <Button kind="danger" type="submit" isBusy={props.isBusy}>
            {props.confirm}
          </Button>
        </div>
      </form>
    </Sheet>
  );
}
