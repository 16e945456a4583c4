import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { Purpose } from '#contract/api';
import type { ApiProblem } from '../api-client.ts';
import { useApp, useWords } from '../app-state.ts';
import { Button } from '../parts/button.tsx';
import { Field } from '../parts/field.tsx';
import { Icon, type IconName } from '../parts/icon.tsx';
import { ProblemNotice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { checkWindowDraft, proposeWindow, type WindowDraft } from '../visit-window.ts';
import type { PurposeGroup } from '../words/word-shapes.ts';
import { addDays, wallTimeOf } from '../zone-time.ts';

const GROUP_ICONS: Readonly<Record<PurposeGroup, IconName>> = {
  application: 'application',
  network: 'network',
  facility: 'facility',
  other: 'other',
};
const GROUPS = Object.keys(GROUP_ICONS) as readonly PurposeGroup[];
const STEPS = ['purpose', 'when', 'description', 'rules'] as const;
type Step = (typeof STEPS)[number];
const MAX_DESCRIPTION = 500;

/** A visit in four short steps, each closing to one line when it is done. */
export function NewRequestPage(): JSX.Element {
  const app = useApp();
  const words = useWords();
  const { route } = useLocation();
  const time = app.time.value;
  const nowMs = app.nowMs.value;
  const places = app.places.value;
  const [purpose, setPurpose] = useState<Purpose | null>(null);
  const [draft, setDraft] = useState<WindowDraft | null>(null);
  const [isPicking, setIsPicking] = useState(false);
  const [doorId, setDoorId] = useState<string | null>(null);
  const [description, setDescription] = useState('');
  const [hasAccepted, setHasAccepted] = useState(false);
  const [open, setOpen] = useState<Step | null>('purpose');
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);

  const back = { href: '/', label: words.nav.home };
  if (places === null) {
    return (
      <Page title={words.newRequest.title} back={back}>
        <Skeleton rows={4} />
      </Page>
    );
  }

  const door = places.doors.find((each) => each.id === doorId) ?? places.doors[0];
  const check =
    purpose === null || draft === null
      ? null
      : checkWindowDraft(draft, nowMs, purpose.maxHours, time.timeZone);
  const isDone: Readonly<Record<Step, boolean>> = {
    purpose: purpose !== null,
    when: check?.kind === 'fits' && door !== undefined,
    description: description.trim() !== '',
    rules: hasAccepted,
  };
  const isComplete = STEPS.every((step) => isDone[step]);
  const isReached = (step: Step): boolean =>
    step === open || STEPS.slice(0, STEPS.indexOf(step)).every((each) => isDone[each]);
  const goOn = (from: Step): void =>
    setOpen(STEPS.slice(STEPS.indexOf(from) + 1).find((each) => !isDone[each]) ?? null);

  function choosePurpose(chosen: Purpose): void {
    setPurpose(chosen);
    setDraft(proposeWindow(nowMs, chosen.maxHours, time.timeZone));
    setIsPicking(false);
    setOpen('when');
  }

  async function send(): Promise<void> {
    if (purpose === null || door === undefined || check?.kind !== 'fits' || !isComplete) return;
    setIsBusy(true);
    setProblem(null);
    const answer = await app.api.fileRequest({
      purpose: purpose.code,
      description: description.trim(),
      doorId: door.id,
      validFrom: new Date(check.fromMs).toISOString(),
      validUntil: new Date(check.untilMs).toISOString(),
      submit: true,
    });
    setIsBusy(false);
    if (answer.ok) route('/home?filed=1', true);
    else setProblem(answer.error);
  }

  const today = wallTimeOf(nowMs, time.timeZone).date;
  const days = [
    { word: words.time.today, date: today },
    { word: words.time.tomorrow, date: addDays(today, 1) },
  ];
  const hours = purpose === null ? '' : words.time.hours(purpose.maxHours);
  const fault = check?.kind === 'fault' ? faultWords(check.fault) : null;

  function faultWords(code: 'windowReversed' | 'windowPast' | 'windowTooLong'): string {
    return code === 'windowTooLong' ? words.newRequest.windowTooLong(hours) : words.newRequest[code];
  }

  return (
    <Page
      title={words.newRequest.title}
      back={back}
      primary={
        <>
          <p class="primary-hint soft small">
            {isComplete && door !== undefined
              ? words.newRequest.sendHint(door.name)
              : words.newRequest.incomplete}
          </p>
          <Button
            kind="primary"
            icon="arrowRight"
            isBusy={isBusy}
            isDisabled={!isComplete}
            onClick={() => void send()}
          >
            {isBusy ? words.newRequest.sending : words.newRequest.send}
          </Button>
        </>
      }
    >
      <StepBox
        number={1}
        title={words.newRequest.purpose}
        summary={purpose === null ? null : app.purposeName(purpose.code)}
        isOpen={open === 'purpose'}
        isReached
        onOpen={() => setOpen('purpose')}
      >
        <p class="soft">{words.newRequest.purposeAsk}</p>
        {GROUPS.map((group) => (
          <fieldset key={group} class="tiles">
            <legend>
              <Icon name={GROUP_ICONS[group]} />
              {words.purposeGroups[group]}
            </legend>
            <div class="tile-grid">
              {places.purposes
                .filter((each) => each.group === group)
                .map((each) => (
                  <button
                    key={each.code}
                    type="button"
                    class="tile"
                    aria-pressed={purpose?.code === each.code}
                    onClick={() => choosePurpose(each)}
                  >
                    {app.purposeName(each.code)}
                  </button>
                ))}
            </div>
          </fieldset>
        ))}
      </StepBox>

      <StepBox
        number={2}
        title={words.newRequest.when}
        summary={
          check?.kind === 'fits' && door !== undefined
            ? `${time.window(check.fromMs, check.untilMs, nowMs)}, ${door.name}`
            : null
        }
        isOpen={open === 'when'}
        isReached={isReached('when')}
        onOpen={() => setOpen('when')}
      >
        <p class="soft">{words.newRequest.whenAsk}</p>
        {draft === null ? null : (
          <>
            <div class="day-choice" role="group" aria-label={words.newRequest.date}>
              {days.map(({ word, date }) => (
                <Button
                  key={date}
                  isPressed={!isPicking && draft.date === date}
                  onClick={() => {
                    setIsPicking(false);
                    setDraft({ ...draft, date });
                  }}
                >
                  {word}
                </Button>
              ))}
              <Button isPressed={isPicking} onClick={() => setIsPicking(true)}>
                {words.newRequest.pickDate}
              </Button>
            </div>
            {isPicking ? (
              <Field label={words.newRequest.date}>
                {(links) => (
                  <input
                    {...links}
                    type="date"
                    min={today}
                    required
                    value={draft.date}
                    onInput={(event) => setDraft({ ...draft, date: event.currentTarget.value })}
                  />
                )}
              </Field>
            ) : null}
            <div class="field-pair">
              <Field label={words.newRequest.from}>
                {(links) => (
                  <input
                    {...links}
                    type="time"
                    required
                    value={draft.from}
                    onInput={(event) => setDraft({ ...draft, from: event.currentTarget.value })}
                  />
                )}
              </Field>
              <Field label={words.newRequest.until}>
                {(links) => (
                  <input
                    {...links}
                    type="time"
                    required
                    value={draft.until}
                    onInput={(event) => setDraft({ ...draft, until: event.currentTarget.value })}
                  />
                )}
              </Field>
            </div>
            <p
              class={fault === null ? 'field-hint' : 'field-fault'}
              role={fault === null ? undefined : 'alert'}
            >
              {fault ??
                (check?.kind === 'fits'
                  ? `${time.duration(check.untilMs - check.fromMs)}. ${check.endsNextDay ? `${words.newRequest.endsNextDay} ` : ''}${words.newRequest.proposed(hours)}`
                  : '')}
            </p>
            {places.doors.length < 2 ? null : (
              <Field label={words.newRequest.room}>
                {(links) => (
                  <select
                    {...links}
                    value={door?.id}
                    onChange={(event) => setDoorId(event.currentTarget.value)}
                  >
                    {places.doors.map((each) => (
                      <option key={each.id} value={each.id}>
                        {each.name}
                      </option>
                    ))}
                  </select>
                )}
              </Field>
            )}
            <Button isDisabled={!isDone.when} onClick={() => goOn('when')}>
              {words.newRequest.next}
            </Button>
          </>
        )}
      </StepBox>

      <StepBox
        number={3}
        title={words.newRequest.description}
        summary={description.trim() === '' ? null : description.trim()}
        isOpen={open === 'description'}
        isReached={isReached('description')}
        onOpen={() => setOpen('description')}
      >
        <Field
          label={words.newRequest.descriptionAsk}
          hint={
            description === ''
              ? words.newRequest.descriptionExample
              : words.newRequest.charactersLeft(MAX_DESCRIPTION - description.length)
          }
        >
          {(links) => (
            <textarea
              {...links}
              rows={3}
              maxLength={MAX_DESCRIPTION}
              value={description}
              onInput={(event) => setDescription(event.currentTarget.value)}
            />
          )}
        </Field>
        <Button isDisabled={!isDone.description} onClick={() => goOn('description')}>
          {words.newRequest.next}
        </Button>
      </StepBox>

      <StepBox
        number={4}
        title={words.newRequest.rules}
        summary={hasAccepted ? words.newRequest.rulesAccepted : null}
        isOpen={open === 'rules'}
        isReached={isReached('rules')}
        onOpen={() => setOpen('rules')}
      >
        <p class="soft">{words.newRequest.rulesAsk}</p>
        <ol class="rules" tabIndex={0} aria-label={words.newRequest.rules}>
          {words.houseRules.map((rule) => (
            <li key={rule}>{rule}</li>
          ))}
        </ol>
        <label class="choice">
          <input
            type="checkbox"
            checked={hasAccepted}
            onChange={(event) => setHasAccepted(event.currentTarget.checked)}
          />
          <span>{words.newRequest.rulesAccept}</span>
        </label>
      </StepBox>
      {problem === null ? null : <ProblemNotice problem={problem} />}
    </Page>
  );
}

/** One step: open with its questions, or closed to the line that answers them. */
function StepBox(props: {
  readonly number: number;
  readonly title: string;
  readonly summary: string | null;
  readonly isOpen: boolean;
  readonly isReached: boolean;
  readonly onOpen: () => void;
  readonly children: ComponentChildren;
}): JSX.Element {
  const words = useWords();
  const { number, title, summary, isOpen } = props;
  const isDone = summary !== null && !isOpen;
  const header = useRef<HTMLButtonElement>(null);
  const wasOpen = useRef(isOpen);
  useEffect(() => {
    // What had the focus went away with the step before; the next thing to do takes it.
    if (isOpen && !wasOpen.current) header.current?.focus();
    wasOpen.current = isOpen;
  }, [isOpen]);
  return (
    <section class={`step-box${isOpen ? ' is-open' : ''}${isDone ? ' is-done' : ''}`}>
      <h2>
        <button
          ref={header}
          type="button"
          aria-expanded={isOpen}
          disabled={!props.isReached}
          onClick={props.onOpen}
        >
          <span class="step-number">{isDone ? <Icon name="check" /> : number}</span>
          <span class="step-title">
            {title}
            {isDone ? <span class="step-summary">{summary}</span> : null}
          </span>
          {isDone ? <span class="step-change">{words.common.change}</span> : null}
        </button>
      </h2>
      {isOpen ? <div class="step-content">{props.children}</div> : null}
    </section>
  );
}
