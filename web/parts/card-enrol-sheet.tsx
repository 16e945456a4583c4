import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Credential } from '#contract/api';
import type { CardReadings } from '#contract/api-people';
import { cardReadings, enrolCard, enrolPresented, searchPeople } from '../api-people.ts';
import { useApp, useWords } from '../app-state.ts';
import { useAct } from '../use-act.ts';
import { useDeskWords } from '../use-desk-words.ts';
import { useLoad } from '../use-load.ts';
import { wordOf } from '../words/words.ts';
import { ActSheet } from './act-sheet.tsx';
import { Button } from './button.tsx';
import { CheckField, SelectField, TextField } from './inputs.tsx';
import { Notice, ProblemNotice } from './notice.tsx';

type Way = 'present' | 'number';

/**
 * Gives a card to a person: by presenting it at a reader, which is sure, or by the number that is printed on it,
 * which may stand for several cards.
 */
export function CardEnrolSheet(props: {
  /** Whose card it is; left out to choose. */
  readonly person?: { readonly id: string; readonly name: string };
  readonly onDone: (card: Credential) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const app = useApp();
  const words = useWords();
  const desk = useDeskWords().cards;
  const doors = app.places.value?.doors ?? [];
  const [way, setWay] = useState<Way>('present');
  const [personId, setPersonId] = useState(props.person?.id ?? '');
  const [doorId, setDoorId] = useState('');
  const [card, setCard] = useState<string | null>(null);
  const [isForToday, setIsForToday] = useState(false);
  const door = doorId === '' ? (doors[0]?.id ?? '') : doorId;
  const ways = [
    ['present', desk.byPresenting],
    ['number', desk.byNumber],
  ] as const;
  return (
    <ActSheet
      title={props.person === undefined ? desk.enrolTitle : desk.ofPerson(props.person.name)}
      confirm={desk.enrol}
      isReady={personId !== '' && (way === 'present' ? door !== '' : card !== null)}
      act={() =>
        way === 'present'
          ? enrolPresented(app.api, { personId, doorId: door, isForToday })
          : enrolCard(app.api, { personId, card: card ?? '', isForToday })
      }
      onDone={props.onDone}
      onClose={props.onClose}
    >
      {(faultOf) => (
        <>
          {props.person === undefined ? (
            <HolderField value={personId} onValue={setPersonId} fault={faultOf('/personId')} />
          ) : null}
          <fieldset class="choices">
            <legend>{desk.how}</legend>
            <div class="segments segments-wide">
              {ways.map(([each, word]) => (
                <button key={each} type="button" aria-pressed={each === way} onClick={() => setWay(each)}>
                  {word}
                </button>
              ))}
            </div>
          </fieldset>
          {way === 'present' ? (
            <>
              <ol class="means means-numbered">
                {desk.presentSteps.map((line) => (
                  <li key={line}>{line}</li>
                ))}
              </ol>
              <SelectField
                label={desk.door}
                value={door}
                onValue={setDoorId}
                options={doors.map(({ id, name }) => [id, name] as const)}
                isRequired
              />
            </>
          ) : (
            <NumberPart chosen={card} onChosen={setCard} fault={faultOf('/card')} />
          )}
          <CheckField
            label={desk.isForToday}
            hint={desk.isForTodayHint}
            isOn={isForToday}
            onChange={setIsForToday}
          />
          {doors.length === 0 && way === 'present' ? (
            <Notice tone="waiting" title={words.door.noDoors} />
          ) : null}
        </>
      )}
    </ActSheet>
  );
}

/** Finds the holder by a part of the name. */
export function HolderField(props: {
  readonly value: string;
  readonly onValue: (personId: string) => void;
  readonly fault?: string | undefined;
  readonly label?: string;
}): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const [text, setText] = useState('');
  const [q, setQ] = useState('');
  const found = useLoad(`holder ${q}`, () => searchPeople(app.api, q === '' ? {} : { q }));
  return (
    <>
      <div class="search-form">
        <TextField label={desk.people.search} value={text} onValue={setText} maxLength={100} />
        <Button onClick={() => setQ(text.trim())}>{desk.people.searchGo}</Button>
      </div>
      {found.problem === undefined ? null : <ProblemNotice problem={found.problem} />}
      <SelectField
        label={props.label ?? desk.cards.forWhom}
        fault={props.fault}
        value={props.value}
        onValue={props.onValue}
        none=""
        options={(found.data?.items ?? []).map(
          ({ id, name, organisation }) => [id, `${name}, ${organisation}`] as const,
        )}
        isRequired
      />
    </>
  );
}

function NumberPart(props: {
  readonly chosen: string | null;
  readonly onChosen: (card: string | null) => void;
  readonly fault: string | undefined;
}): JSX.Element {
  const app = useApp();
  const desk = useDeskWords().cards;
  const [text, setText] = useState('');
  const [answer, setAnswer] = useState<CardReadings | null>(null);
  const { isBusy, problem, run } = useAct();

  async function check(): Promise<void> {
    const found = await run(() => cardReadings(app.api, text.trim()));
    setAnswer(found?.value ?? null);
    const { card, refusal } = found?.value ?? { card: null, refusal: null };
    props.onChosen(refusal === null ? card : null);
  }

  return (
    <>
      <TextField
        label={desk.number}
        hint={desk.numberHint}
        fault={props.fault}
        value={text}
        onValue={(value) => {
          setText(value);
          setAnswer(null);
          props.onChosen(null);
        }}
        maxLength={80}
        isMono
      />
      <Button isBusy={isBusy} isDisabled={text.trim() === ''} onClick={() => void check()}>
        {desk.check}
      </Button>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <div aria-live="polite">
        {answer === null ? null : (
          <Readings answer={answer} chosen={props.chosen} onChosen={props.onChosen} />
        )}
      </div>
    </>
  );
}

function Readings(props: {
  readonly answer: CardReadings;
  readonly chosen: string | null;
  readonly onChosen: (card: string) => void;
}): JSX.Element {
  const desk = useDeskWords().cards;
  const { answer } = props;
  if (answer.refusal !== null) {
    return <Notice tone="refused" title={wordOf(desk.refusals, answer.refusal)} isAnswer />;
  }
  if (answer.card !== null) {
    return (
      <div class="stack">
        <p class="strong">{desk.printedAs}</p>
        <ul class="card-forms">
          {answer.readings.map(({ form, text }) => (
            <li key={`${form} ${text}`}>
              <span class="mono">{text}</span> <span class="soft small">{wordOf(desk.forms, form)}</span>
            </li>
          ))}
        </ul>
      </div>
    );
  }
  if (answer.readings.length === 0) return <Notice tone="refused" title={desk.none} isAnswer />;
  return (
    <fieldset class="choices">
      <legend>{desk.readings}</legend>
      <p class="field-hint">{desk.readingsText}</p>
      {answer.readings.map(({ form, text, isComplete }) => (
        <label key={`${form} ${text}`} class="choice">
          <input
            type="radio"
            name="reading"
            disabled={!isComplete}
            checked={props.chosen === text}
            onChange={() => props.onChosen(text)}
          />
          <span>
            <span class="mono">{text}</span>{' '}
            <span class="soft small">
              {wordOf(desk.forms, form)}
              {isComplete ? '' : ` · ${desk.incomplete}`}
            </span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
