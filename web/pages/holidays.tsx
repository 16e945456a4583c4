import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Holiday } from '#contract/api-door';
import type { ApiProblem } from '../api-client.ts';
import { setHolidays, siteRules } from '../api-door.ts';
import { useApp, useWords } from '../app-state.ts';
import { isDay, readHolidayLines, withHolidays } from '../holiday-lines.ts';
import { Button } from '../parts/button.tsx';
import { Chip } from '../parts/chip.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { Field } from '../parts/field.tsx';
import { Notice, ProblemNotice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { RulesTabs } from '../parts/rules-tabs.tsx';
import { Sheet } from '../parts/sheet.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { useLoad } from '../use-load.ts';
import { instantOf, wallTimeOf } from '../zone-time.ts';
import { useDeskWords } from '../use-desk-words.ts';

type Change = (days: readonly Holiday[]) => readonly Holiday[];

/** Something that was just done, and how it is undone where it can be. */
interface Done {
  readonly text: string;
  readonly undo: Change | null;
}

type Open = { readonly kind: 'day'; readonly day: Holiday | null } | { readonly kind: 'import' | 'check' };

/** The holidays of a year: what they are, where they are from, and whether somebody compared them. */
export function HolidaysPage(): JSX.Element {
  const app = useApp();
  const words = useWords();
  const desk = useDeskWords();
  const thisYear = wallTimeOf(app.nowMs.value, app.time.value.timeZone).date.slice(0, 4);
  const rules = useLoad('rules', () => siteRules(app.api));
  const [year, setYear] = useState(thisYear);
  const [open, setOpen] = useState<Open | null>(null);
  const [done, setDone] = useState<Done | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const all = rules.data?.holidays;
  const years = [...new Set([thisYear, ...(all ?? []).map(({ day }) => day.slice(0, 4))])].toSorted();
  const shown = (all ?? []).filter(({ day }) => day.startsWith(year));
  const unchecked = shown.filter(({ isChecked }) => !isChecked);

  /** The list is set as a whole: what others changed meanwhile is read first, and stays. */
  async function apply(change: Change, answerText: Done | null): Promise<boolean> {
    setIsBusy(true);
    setProblem(null);
    const now = await siteRules(app.api);
    const answer = now.ok ? await setHolidays(app.api, [...change(now.value.holidays)]) : now;
    setIsBusy(false);
    if (!answer.ok) {
      setProblem(answer.error);
      return false;
    }
    setDone(answerText);
    setOpen(null);
    rules.replace(answer.value);
    return true;
  }

  const close = (): void => {
    setOpen(null);
    setProblem(null);
  };
  const nameOf = ({ nameId, nameEn }: Holiday): string => (app.language.value === 'id' ? nameId : nameEn);

  return (
    <Page
      title={desk.rules.title}
      lead={desk.rules.holidaysLead}
      primary={
        <Button kind="primary" icon="plus" onClick={() => setOpen({ kind: 'day', day: null })}>
          {desk.rules.add}
        </Button>
      }
    >
      <RulesTabs current="/rules/holidays" />
      {rules.problem === undefined ? null : (
        <ProblemNotice problem={rules.problem} onRetry={() => void rules.reload()} />
      )}
      {problem === null || open !== null ? null : <ProblemNotice problem={problem} />}
      {all === undefined ? (
        rules.problem === undefined ? (
          <Skeleton rows={6} kind="row" />
        ) : null
      ) : (
        <>
          <div class="holiday-tools">
            <div class="segments" role="group" aria-label={desk.rules.year}>
              {years.map((each) => (
                <button key={each} type="button" aria-pressed={each === year} onClick={() => setYear(each)}>
                  {each}
                </button>
              ))}
            </div>
            <Button icon="upload" onClick={() => setOpen({ kind: 'import' })}>
              {desk.rules.import}
            </Button>
          </div>
          {done === null ? null : (
            <Notice
              tone="granted"
              title={done.text}
              isAnswer
              action={
                done.undo === null ? undefined : (
                  <Button
                    icon="undo"
                    isBusy={isBusy}
                    onClick={() => void apply(done.undo ?? ((d) => d), null)}
                  >
                    {desk.rules.undo}
                  </Button>
                )
              }
            />
          )}
          {unchecked.length === 0 ? null : (
            <Notice
              tone="waiting"
              icon="calendar"
              title={desk.rules.unchecked}
              action={
                <Button icon="check" onClick={() => setOpen({ kind: 'check' })}>
                  {desk.rules.checkAll}
                </Button>
              }
            >
              <p>{desk.rules.uncheckedText(unchecked.length)}</p>
            </Notice>
          )}
          {shown.length === 0 ? (
            <EmptyState icon="calendar" title={desk.rules.yearEmpty} text={desk.rules.yearEmptyText} />
          ) : (
            <div class="list">
              {shown.map((holiday) => (
                <HolidayRow
                  key={holiday.day}
                  holiday={holiday}
                  name={nameOf(holiday)}
                  onEdit={() => setOpen({ kind: 'day', day: holiday })}
                />
              ))}
            </div>
          )}
        </>
      )}
      {open?.kind === 'day' ? (
        <HolidaySheet
          first={open.day}
          year={year}
          taken={new Set((all ?? []).map(({ day }) => day))}
          isBusy={isBusy}
          problem={problem}
          onSave={(next) =>
            void apply(
              (days) =>
                withHolidays(
                  days.filter(({ day }) => day !== open.day?.day),
                  [next],
                ),
              null,
            )
          }
          onRemove={(gone) =>
            void apply((days) => days.filter(({ day }) => day !== gone.day), {
              text: desk.rules.removed(nameOf(gone)),
              undo: (days) => withHolidays(days, [gone]),
            })
          }
          onClose={close}
        />
      ) : null}
      {open?.kind === 'import' ? (
        <ImportSheet
          isBusy={isBusy}
          problem={problem}
          onImport={(days) => {
            const first = days[0]?.day.slice(0, 4);
            void apply((list) => withHolidays(list, days), {
              text: desk.rules.importDone(days.length),
              undo: null,
            }).then((isDone) => {
              if (isDone && first !== undefined) setYear(first);
            });
          }}
          onClose={close}
        />
      ) : null}
      {open?.kind === 'check' ? (
        <Sheet title={desk.rules.checkAllTitle(year)} onClose={close}>
          <p>{desk.rules.checkAllText(unchecked.length)}</p>
          {problem === null ? null : <ProblemNotice problem={problem} />}
          <div class="sheet-actions">
            <Button onClick={close}>{words.common.cancel}</Button>
            <Button
              kind="primary"
              isBusy={isBusy}
              onClick={() =>
                void apply(
                  (days) =>
                    days.map((each) => (each.day.startsWith(year) ? { ...each, isChecked: true } : each)),
                  null,
                )
              }
            >
              {desk.rules.checkAll}
            </Button>
          </div>
        </Sheet>
      ) : null}
    </Page>
  );
}

function HolidayRow(props: {
  readonly holiday: Holiday;
  readonly name: string;
  readonly onEdit: () => void;
}): JSX.Element {
  const app = useApp();
  const words = useWords();
  const desk = useDeskWords();
  const time = app.time.value;
  const { holiday } = props;
  const atMs = instantOf({ date: holiday.day, clock: '12:00' }, time.timeZone) ?? 0;
  const weekday = words.figures.weekdays[(new Date(`${holiday.day}T00:00:00Z`).getUTCDay() + 6) % 7] ?? '';
  return (
    <div class="row holiday-row">
      <span class="row-main">
        <span class="strong">{props.name}</span>
        <span class="soft small">
          {weekday}, {time.date(atMs)}
        </span>
      </span>
      <span class="holiday-chips">
        {holiday.isCollectiveLeave ? (
          <Chip tone="info" icon="calendar">
            {desk.rules.collective}
          </Chip>
        ) : null}
        {holiday.isChecked ? (
          <Chip tone="granted" icon="check">
            {desk.rules.checked}
          </Chip>
        ) : (
          <Chip tone="waiting" icon="hourglass">
            {desk.rules.unchecked}
          </Chip>
        )}
      </span>
      <Button label={`${desk.rules.edit}: ${props.name}`} onClick={props.onEdit}>
        {desk.rules.edit}
      </Button>
    </div>
  );
}

function HolidaySheet(props: {
  readonly first: Holiday | null;
  readonly year: string;
  readonly taken: ReadonlySet<string>;
  readonly isBusy: boolean;
  readonly problem: ApiProblem | null;
  readonly onSave: (holiday: Holiday) => void;
  readonly onRemove: (holiday: Holiday) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const words = useWords();
  const desk = useDeskWords();
  const { first } = props;
  const [draft, setDraft] = useState<Holiday>(
    first ?? { day: '', nameId: '', nameEn: '', isCollectiveLeave: false, source: '', isChecked: false },
  );
  const isTaken = draft.day !== first?.day && props.taken.has(draft.day);
  const textField = (
    field: 'nameId' | 'nameEn' | 'source',
    note: { readonly label: string; readonly hint?: string; readonly most: number },
  ): JSX.Element => (
    <Field label={note.label} hint={note.hint}>
      {(links) => (
        <input
          {...links}
          type="text"
          autocomplete="off"
          required
          maxLength={note.most}
          value={draft[field]}
          onInput={(event) => setDraft({ ...draft, [field]: event.currentTarget.value })}
        />
      )}
    </Field>
  );
  const mark = (field: 'isCollectiveLeave' | 'isChecked', word: string): JSX.Element => (
    <label class="choice">
      <input
        type="checkbox"
        checked={draft[field]}
        onChange={(event) => setDraft({ ...draft, [field]: event.currentTarget.checked })}
      />
      <span>{word}</span>
    </label>
  );
  return (
    <Sheet title={first === null ? desk.rules.add : desk.rules.editTitle} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isDay(draft.day) && !isTaken && !props.isBusy) props.onSave(draft);
        }}
      >
        <Field label={desk.rules.day} fault={isTaken ? desk.rules.taken : undefined}>
          {(links) => (
            <input
              {...links}
              type="date"
              required
              value={draft.day}
              onInput={(event) => setDraft({ ...draft, day: event.currentTarget.value })}
            />
          )}
        </Field>
        {textField('nameId', { label: desk.rules.nameId, most: 120 })}
        {textField('nameEn', { label: desk.rules.nameEn, most: 120 })}
        {textField('source', { label: desk.rules.source, hint: desk.rules.sourceHint, most: 200 })}
        <fieldset class="choices">
          <legend class="visually-hidden">{desk.rules.holidaysTab}</legend>
          {mark('isCollectiveLeave', desk.rules.collective)}
          {mark('isChecked', desk.rules.checkedLabel)}
        </fieldset>
        {props.problem === null ? null : <ProblemNotice problem={props.problem} />}
        <div class="sheet-actions">
          {first === null ? (
            <Button onClick={props.onClose}>{words.common.cancel}</Button>
          ) : (
            <Button icon="cross" isBusy={props.isBusy} onClick={() => props.onRemove(first)}>
              {desk.rules.remove}
            </Button>
          )}
          <Button kind="primary" type="submit" isBusy={props.isBusy}>
            {words.admin.save}
          </Button>
        </div>
      </form>
    </Sheet>
  );
}

function ImportSheet(props: {
  readonly isBusy: boolean;
  readonly problem: ApiProblem | null;
  readonly onImport: (days: readonly Holiday[]) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const words = useWords();
  const desk = useDeskWords();
  const [text, setText] = useState('');
  const [source, setSource] = useState('');
  const { days, faults } = readHolidayLines(text, source.trim());
  return (
    <Sheet title={desk.rules.importTitle} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (days.length > 0 && faults.length === 0 && !props.isBusy) props.onImport(days);
        }}
      >
        <Field label={desk.rules.source} hint={desk.rules.sourceHint}>
          {(links) => (
            <input
              {...links}
              type="text"
              autocomplete="off"
              required
              maxLength={200}
              value={source}
              onInput={(event) => setSource(event.currentTarget.value)}
            />
          )}
        </Field>
        <Field
          label={desk.rules.importLines}
          hint={desk.rules.importHint}
          fault={faults[0] === undefined ? undefined : desk.rules.importFault(faults[0])}
        >
          {(links) => (
            <textarea
              {...links}
              class="mono"
              rows={8}
              required
              spellcheck={false}
              placeholder={desk.rules.importExample}
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          )}
        </Field>
        <p class="soft small" role="status">
          {desk.rules.importReady(days.length)}
        </p>
        {props.problem === null ? null : <ProblemNotice problem={props.problem} />}
        <div class="sheet-actions">
          <Button onClick={props.onClose}>{words.common.cancel}</Button>
          <Button
            kind="primary"
            type="submit"
            isBusy={props.isBusy}
            isDisabled={days.length === 0 || faults.length > 0}
          >
            {desk.rules.import}
          </Button>
        </div>
      </form>
    </Sheet>
  );
}
