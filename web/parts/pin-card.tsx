import type { JSX, TargetedInputEvent } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiProblem } from '../api-client.ts';
import { ownPin, setOwnPin } from '../api-door.ts';
import { useApp, useWords } from '../app-state.ts';
import { useLoad } from '../use-load.ts';
import { Button } from './button.tsx';
import { Chip } from './chip.tsx';
import { Field } from './field.tsx';
import { Icon } from './icon.tsx';
import { Notice, ProblemNotice } from './notice.tsx';
import { Sheet } from './sheet.tsx';

/** Whether one's cards have a PIN, and the way to set it. */
export function PinCard(): JSX.Element {
  const app = useApp();
  const words = useWords();
  const state = useLoad('own pin', () => ownPin(app.api));
  const [isOpen, setIsOpen] = useState(false);
  const [isSaved, setIsSaved] = useState(false);
  return (
    <section class="block">
      <h2>{words.pin.title}</h2>
      {state.problem === undefined ? null : (
        <ProblemNotice problem={state.problem} onRetry={() => void state.reload()} />
      )}
      {/* The same height before and after the answer, with a card and without: nothing below moves. */}
      <div class="card pin-card" aria-busy={state.data === undefined}>
        <p class="pin-state">
          {state.data === undefined ? null : (
            <Chip
              tone={state.data.hasPin ? 'granted' : 'neutral'}
              icon={state.data.hasPin ? 'checkCircle' : state.data.hasCard ? 'info' : 'card'}
            >
              {state.data.hasPin
                ? words.pin.isSet
                : state.data.hasCard
                  ? words.pin.isNotSet
                  : words.pin.noCard}
            </Chip>
          )}
        </p>
        <p class="soft pin-text">{state.data?.hasCard === false ? words.pin.noCardText : words.pin.lead}</p>
        {isSaved ? <Notice tone="granted" title={words.pin.saved} isAnswer /> : null}
        <Button icon="lock" isDisabled={state.data?.hasCard !== true} onClick={() => setIsOpen(true)}>
          {state.data?.hasPin === true ? words.pin.change : words.pin.make}
        </Button>
      </div>
      {isOpen ? (
        <PinSheet
          isReplacing={state.data?.hasPin === true}
          onClose={() => setIsOpen(false)}
          onSaved={() => {
            setIsOpen(false);
            setIsSaved(true);
            void state.reload();
          }}
        />
      ) : null}
    </section>
  );
}

function PinSheet(props: {
  readonly isReplacing: boolean;
  readonly onClose: () => void;
  readonly onSaved: () => void;
}): JSX.Element {
  const app = useApp();
  const words = useWords();
  const [pin, setPin] = useState('');
  const [again, setAgain] = useState('');
  const [duress, setDuress] = useState('');
  const [duressAgain, setDuressAgain] = useState('');
  const [isShown, setIsShown] = useState(false);
  const [isAsked, setIsAsked] = useState(false);
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const isSame = pin === again && duress === duressAgain;

  async function save(): Promise<void> {
    setIsBusy(true);
    setProblem(null);
    const answer = await setOwnPin(app.api, { pin, ...(duress === '' ? {} : { duress }) });
    setIsBusy(false);
    if (answer.ok) props.onSaved();
    else setProblem(answer.error);
  }

  const faultOf = (pointer: string, isDifferent: boolean): string | undefined => {
    if (isAsked && isDifferent) return words.pin.differs;
    return problem?.pointers.includes(pointer) === true
      ? (words.problems[problem.code]?.title ?? undefined)
      : undefined;
  };
  const digits = (
    label: string,
    value: string,
    onValue: (value: string) => void,
    note: { readonly hint?: string; readonly fault?: string | undefined; readonly isRequired: boolean },
  ): JSX.Element => (
    <Field label={label} hint={note.hint} fault={note.fault}>
      {(links) => {
        const shared = {
          ...links,
          class: 'mono',
          inputmode: 'numeric',
          autocomplete: 'off',
          pattern: '[0-9]{4,8}',
          maxLength: 8,
          required: note.isRequired,
          value,
          onInput: (event: TargetedInputEvent<HTMLInputElement>) => onValue(event.currentTarget.value),
        } as const;
        return isShown ? <input {...shared} type="text" /> : <input {...shared} type="password" />;
      }}
    </Field>
  );
  return (
    <Sheet title={props.isReplacing ? words.pin.change : words.pin.make} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setIsAsked(true);
          if (isSame && !isBusy) void save();
        }}
      >
        {digits(words.pin.newPin, pin, setPin, {
          hint: words.pin.newPinHint,
          fault: faultOf('/pin', false),
          isRequired: true,
        })}
        {digits(words.pin.repeat, again, setAgain, {
          fault: faultOf('', pin !== again),
          isRequired: true,
        })}
        <details class="fold">
          <summary>
            <Icon name="shield" />
            <span class="row-main strong">{words.pin.duressTitle}</span>
            <Icon name="chevronDown" />
          </summary>
          <div class="fold-text">
            <p>{words.pin.duressText}</p>
            {digits(words.pin.duress, duress, setDuress, {
              fault: faultOf('/duress', false),
              isRequired: false,
            })}
            {digits(words.pin.repeat, duressAgain, setDuressAgain, {
              fault: faultOf('', duress !== duressAgain),
              isRequired: duress !== '',
            })}
          </div>
        </details>
        <label class="choice">
          <input
            type="checkbox"
            checked={isShown}
            onChange={(event) => setIsShown(event.currentTarget.checked)}
          />
          <span>{words.pin.show}</span>
        </label>
        {props.isReplacing ? <p class="soft small">{words.pin.replaces}</p> : null}
        {problem === null ? null : <ProblemNotice problem={problem} />}
        <div class="sheet-actions">
          <Button onClick={props.onClose}>{words.common.cancel}</Button>
          <Button kind="primary" type="submit" isBusy={isBusy}>
            {words.pin.save}
          </Button>
        </div>
      </form>
    </Sheet>
  );
}
