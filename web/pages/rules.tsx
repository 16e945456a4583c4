import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import type { Door } from '#contract/api';
import type { DoorRules } from '#contract/door-rules';
import type { ApiProblem } from '../api-client.ts';
import { setDoorRules, siteRules } from '../api-door.ts';
import { useApp, useWords } from '../app-state.ts';
import { Button } from '../parts/button.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { Field } from '../parts/field.tsx';
import { Notice, ProblemNotice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { RulesTabs } from '../parts/rules-tabs.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { useLoad } from '../use-load.ts';
import {
  endsNextDay,
  hoursText,
  pinModeOf,
  toggleDay,
  usualDays,
  usualNights,
  wholeWeek,
  type PinMode,
  type WeekHours,
} from '../week-hours.ts';
import { utcOffsetOf } from '../zone-time.ts';
import { useDeskWords } from '../use-desk-words.ts';

const FIRST_SECOND_PERSON_MS = 15_000;
const MOST_WINDOWS = 32;

/** What each door asks for beside a permit, each rule with what it means. */
export function RulesPage(): JSX.Element {
  const app = useApp();
  const words = useWords();
  const desk = useDeskWords();
  const rules = useLoad('rules', () => siteRules(app.api));
  const doors = app.places.value?.doors;
  return (
    <Page title={desk.rules.title} lead={desk.rules.doorsLead}>
      <RulesTabs current="/rules" />
      {rules.problem === undefined ? null : (
        <ProblemNotice problem={rules.problem} onRetry={() => void rules.reload()} />
      )}
      {rules.data === undefined || doors === undefined ? (
        rules.problem === undefined ? (
          <Skeleton rows={2} />
        ) : null
      ) : doors.length === 0 ? (
        <EmptyState icon="door" title={words.door.noDoors} text={words.door.noDoorsText} />
      ) : (
        doors.map((door) => (
          <DoorRulesForm key={door.id} door={door} first={rules.data?.doors[door.id] ?? {}} />
        ))
      )}
    </Page>
  );
}

function DoorRulesForm(props: { readonly door: Door; readonly first: DoorRules }): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const { door } = props;
  const timeZone = app.time.value.timeZone;
  const utc = utcOffsetOf(app.nowMs.value, timeZone);
  const [stored, setStored] = useState(props.first);
  const [draft, setDraft] = useState(props.first);
  const [isBusy, setIsBusy] = useState(false);
  const [isSaved, setIsSaved] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const titleId = useId();
  const mode = pinModeOf(draft.pin);
  const hours = draft.pin ?? [];
  const isComplete = [...hours, ...(draft.codeHours ?? [])].every(({ days }) => days !== '');
  const isChanged = JSON.stringify(draft) !== JSON.stringify(stored);

  function change(next: DoorRules): void {
    setDraft(next);
    setIsSaved(false);
  }

  function setHours(next: readonly WeekHours[]): void {
    const { pin: _before, ...rest } = draft;
    change(next.length === 0 ? rest : { pin: [...next], ...rest });
  }

  function setCodeHours(next: readonly WeekHours[]): void {
    const { codeHours: _before, ...rest } = draft;
    change(next.length === 0 ? rest : { ...rest, codeHours: [...next] });
  }

  const startHours: Readonly<Record<PinMode, readonly WeekHours[]>> = {
    never: [],
    always: [wholeWeek(utc)],
    hours: [usualNights(utc)],
  };

  async function save(): Promise<void> {
    setIsBusy(true);
    const answer = await setDoorRules(app.api, door.id, draft);
    setIsBusy(false);
    setProblem(answer.ok ? null : answer.error);
    if (!answer.ok) return;
    setStored(draft);
    setIsSaved(true);
  }

  const modes: readonly (readonly [PinMode, string])[] = [
    ['never', desk.rules.pinNever],
    ['hours', desk.rules.pinHours],
    ['always', desk.rules.pinAlways],
  ];
  return (
    <section class="card door-rules" aria-labelledby={titleId}>
      <h2 id={titleId}>{door.name}</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isComplete && !isBusy) void save();
        }}
      >
        <fieldset class="choices">
          <legend>{desk.rules.pin}</legend>
          <p class="soft">{desk.rules.pinText}</p>
          <div class="segments segments-wide">
            {modes.map(([each, word]) => (
              <button
                key={each}
                type="button"
                aria-pressed={mode === each}
                onClick={() => setHours(startHours[each])}
              >
                {word}
              </button>
            ))}
          </div>
          {mode === 'hours' ? (
            <HoursList hours={hours} further={{ ...usualNights(utc), days: '67' }} onChange={setHours} />
          ) : null}
        </fieldset>
        <fieldset class="choices">
          <legend>{desk.rules.codes}</legend>
          <p class="soft">{desk.rules.codesText}</p>
          <label class="choice">
            <input
              type="checkbox"
              checked={draft.codes === true}
              onChange={(event) => {
                const { codeHours: _before, ...rest } = draft;
                change({ ...rest, codes: event.currentTarget.checked });
              }}
            />
            <span>{desk.rules.codesOn}</span>
          </label>
          {draft.codes === true ? (
            <div class="segments segments-wide">
              <button
                type="button"
                aria-pressed={draft.codeHours === undefined}
                onClick={() => setCodeHours([])}
              >
                {desk.rules.pinAlways}
              </button>
              <button
                type="button"
                aria-pressed={draft.codeHours !== undefined}
                onClick={() => setCodeHours([usualDays(utc)])}
              >
                {desk.rules.pinHours}
              </button>
            </div>
          ) : null}
          {draft.codeHours === undefined ? null : (
            <HoursList hours={draft.codeHours} further={usualDays(utc)} onChange={setCodeHours} />
          )}
        </fieldset>
        <fieldset class="choices">
          <legend>{desk.rules.two}</legend>
          <p class="soft">{desk.rules.twoText}</p>
          <label class="choice">
            <input
              type="checkbox"
              checked={draft.two !== undefined}
              onChange={(event) => {
                const { two: _before, ...rest } = draft;
                change(
                  event.currentTarget.checked ? { ...rest, two: { withinMs: FIRST_SECOND_PERSON_MS } } : rest,
                );
              }}
            />
            <span>{desk.rules.twoOn}</span>
          </label>
          {draft.two === undefined ? null : (
            <Field label={desk.rules.twoSeconds}>
              {(links) => (
                <input
                  {...links}
                  type="number"
                  class="input-short"
                  min={3}
                  max={120}
                  required
                  value={Math.round((draft.two?.withinMs ?? 0) / 1000)}
                  onInput={(event) =>
                    change({ ...draft, two: { withinMs: event.currentTarget.valueAsNumber * 1000 } })
                  }
                />
              )}
            </Field>
          )}
        </fieldset>
        {problem === null ? null : <ProblemNotice problem={problem} />}
        {isSaved ? <Notice tone="granted" title={desk.rules.saved(door.name)} isAnswer /> : null}
        <div class="door-rules-save">
          <Button kind="primary" type="submit" isBusy={isBusy} isDisabled={!isChanged || !isComplete}>
            {desk.rules.save}
          </Button>
          <span class="soft small" role="status">
            {isChanged ? desk.rules.changed : ''}
          </span>
        </div>
      </form>
    </section>
  );
}

/** Weekly hours one below another, with one more to add. */
function HoursList(props: {
  readonly hours: readonly WeekHours[];
  readonly further: WeekHours;
  readonly onChange: (next: readonly WeekHours[]) => void;
}): JSX.Element {
  const desk = useDeskWords();
  const { hours, further, onChange } = props;
  return (
    <>
      {hours.map((window, index) => (
        <HoursField
          // The order never changes but by taking one out.
          key={index}
          name={desk.rules.window(index + 1)}
          hours={window}
          onChange={(next) => onChange(hours.map((each, at) => (at === index ? next : each)))}
          onRemove={() => onChange(hours.filter((_, at) => at !== index))}
        />
      ))}
      {hours.length >= MOST_WINDOWS ? null : (
        <Button icon="plus" onClick={() => onChange([...hours, further])}>
          {desk.rules.addWindow}
        </Button>
      )}
    </>
  );
}

function HoursField(props: {
  readonly name: string;
  readonly hours: WeekHours;
  readonly onChange: (hours: WeekHours) => void;
  readonly onRemove: () => void;
}): JSX.Element {
  const words = useWords();
  const desk = useDeskWords();
  const { hours, onChange } = props;
  return (
    <fieldset class="hours">
      <legend class="visually-hidden">{props.name}</legend>
      <p class="strong">{hours.days === '' ? desk.rules.windowEmpty : hoursText(hours, words)}</p>
      <div class="week-days" role="group" aria-label={desk.rules.days}>
        {words.figures.weekdays.map((name, index) => {
          const day = String(index + 1);
          return (
            <button
              key={day}
              type="button"
              class="btn btn-secondary"
              aria-pressed={hours.days.includes(day)}
              aria-label={name}
              onClick={() => onChange({ ...hours, days: toggleDay(hours.days, day) })}
            >
              {name.slice(0, 3)}
            </button>
          );
        })}
      </div>
      <div class="field-pair">
        <Field label={desk.rules.from}>
          {(links) => (
            <input
              {...links}
              type="time"
              required
              value={hours.from}
              onInput={(event) => onChange({ ...hours, from: event.currentTarget.value })}
            />
          )}
        </Field>
        <Field
          label={desk.rules.until}
          hint={endsNextDay(hours) && hours.to !== '00:00' ? desk.rules.endsNextDay : undefined}
        >
          {(links) => (
            <input
              {...links}
              type="time"
              required
              // A clock on the wall shows midnight once.
              value={hours.to === '24:00' ? '00:00' : hours.to}
              onInput={(event) => onChange({ ...hours, to: event.currentTarget.value })}
            />
          )}
        </Field>
      </div>
      <Button kind="quiet" icon="cross" onClick={props.onRemove}>
        {desk.rules.removeWindow}
      </Button>
    </fieldset>
  );
}
