import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { AccessRequest, Purpose } from '#contract/api';
import type { PrivacyNotice } from '#contract/api-privacy';
import type { Escort, PurposeDetail } from '#contract/api-visit';
import type { ApiProblem, Page as ListPage } from '../api-client.ts';
import { copyOfRequest } from '../api-visit.ts';
import { useApp, useMe, useWords } from '../app-state.ts';
import { Button } from '../parts/button.tsx';
import { EquipmentFields } from '../parts/equipment-fields.tsx';
import { Field } from '../parts/field.tsx';
import { Icon, type IconName } from '../parts/icon.tsx';
import { SelectField, TextField } from '../parts/inputs.tsx';
import { Notice, ProblemNotice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { useLoad } from '../use-load.ts';
import { useRequestWords } from '../use-request-words.ts';
import {
  EMPTY_WORK,
  isWorkComplete,
  needsOf,
  wishOfWork,
  type EquipmentDraft,
  type VisitorDraft,
  type WorkDraft,
  type WorkNeeds,
} from '../visit-wish.ts';
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

/** Purposes come with their rules, which the first load does not need to know. */
const detailOf = (purpose: Purpose): PurposeDetail => purpose as PurposeDetail;

/** A visit in four short steps, each closing to one line when it is done; the purpose says what is asked. */
export function NewRequestPage(): JSX.Element {
  const app = useApp();
  const words = useWords();
  const form = useRequestWords();
  const me = useMe();
  const { route } = useLocation();
  const time = app.time.value;
  const nowMs = app.nowMs.value;
  const places = app.places.value;
  const [purpose, setPurpose] = useState<Purpose | null>(null);
  const [draft, setDraft] = useState<WindowDraft | null>(null);
  const [isPicking, setIsPicking] = useState(false);
  const [doorId, setDoorId] = useState<string | null>(null);
  const [work, setWork] = useState<WorkDraft>(EMPTY_WORK);
  const [hasCopied, setHasCopied] = useState(false);
  const [hasAccepted, setHasAccepted] = useState(false);
  const [open, setOpen] = useState<Step | null>('purpose');
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const escorts = useLoad('escorts', () => app.api.call<ListPage<Escort>>('GET', '/escorts'));
  const notice = useLoad('privacy notice', () => app.api.call<PrivacyNotice>('GET', '/privacy-notice'));
  const mine = useLoad(`mine ${me.id}`, () => app.api.requests('mine'));

  const back = { href: '/', label: words.nav.home };
  if (places === null) {
    return (
      <Page title={form.title} back={back}>
        <Skeleton rows={4} />
      </Page>
    );
  }

  const door = places.doors.find((each) => each.id === doorId) ?? places.doors[0];
  const check =
    purpose === null || draft === null
      ? null
      : checkWindowDraft(draft, nowMs, purpose.maxHours, time.timeZone);
  const needs = purpose === null ? null : needsOf(detailOf(purpose), work.visitor);
  const last = mine.data?.items.find(({ purpose: code }) =>
    places.purposes.some((each) => each.code === code),
  );
  const isDone: Readonly<Record<Step, boolean>> = {
    purpose: purpose !== null,
    when: check?.kind === 'fits' && door !== undefined,
    description: needs !== null && isWorkComplete(work, needs),
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

  async function copyLast(id: string): Promise<void> {
    setProblem(null);
    const copied = await copyOfRequest(app.api, id);
    if (!copied.ok) {
      setProblem(copied.error);
      return;
    }
    const { copy, visitor } = copied.value;
    const chosen = places?.purposes.find((each) => each.code === copy.purpose);
    if (chosen === undefined) return;
    setDoorId(copy.doorId);
    setWork({
      description: copy.description,
      changeNumber: copy.changeNumber ?? '',
      workOrder: copy.workOrder ?? '',
      // Who cannot escort any more is not proposed again.
      escortId: escorts.data?.items.find((each) => copy.escortIds.includes(each.id))?.id ?? '',
      visitor,
      equipment: copy.equipment,
    });
    setHasCopied(true);
    choosePurpose(chosen);
  }

  async function send(): Promise<void> {
    if (purpose === null || needs === null || door === undefined || check?.kind !== 'fits' || !isComplete)
      return;
    setIsBusy(true);
    setProblem(null);
    const answer = await app.api.call<AccessRequest>('POST', '/requests', {
      purpose: purpose.code,
      ...wishOfWork(work, needs),
      doorId: door.id,
      validFrom: new Date(check.fromMs).toISOString(),
      validUntil: new Date(check.untilMs).toISOString(),
      submit: true,
      ...(notice.data === undefined ? {} : { noticeHash: notice.data.hash }),
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
    return code === 'windowTooLong' ? form.windowTooLong(hours) : form[code];
  }

  return (
    <Page
      title={form.title}
      back={back}
      primary={
        <>
          <p class="primary-hint soft small">
            {isComplete && door !== undefined ? form.sendHint(door.name) : form.incomplete}
          </p>
          <Button
            kind="primary"
            icon="arrowRight"
            isBusy={isBusy}
            isDisabled={!isComplete}
            onClick={() => void send()}
          >
            {isBusy ? form.sending : form.send}
          </Button>
        </>
      }
    >
      <StepBox
        number={1}
        title={form.purpose}
        summary={purpose === null ? null : app.purposeName(purpose.code)}
        isOpen={open === 'purpose'}
        isReached
        onOpen={() => setOpen('purpose')}
      >
        {/* Stands there before the answer, so that no purpose moves under the finger. */}
        <Button
          icon="history"
          isDisabled={last === undefined}
          onClick={() => (last === undefined ? undefined : void copyLast(last.id))}
        >
          {form.copyLast}
        </Button>
        <p class="soft">{form.purposeAsk}</p>
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
        title={form.when}
        summary={
          check?.kind === 'fits' && door !== undefined
            ? `${time.window(check.fromMs, check.untilMs, nowMs)}, ${door.name}`
            : null
        }
        isOpen={open === 'when'}
        isReached={isReached('when')}
        onOpen={() => setOpen('when')}
      >
        {hasCopied ? <Notice tone="info" title={form.copied} isAnswer /> : null}
        <p class="soft">{form.whenAsk}</p>
        {draft === null ? null : (
          <>
            <div class="day-choice" role="group" aria-label={form.date}>
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
                {form.pickDate}
              </Button>
            </div>
            {isPicking ? (
              <Field label={form.date}>
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
              <Field label={form.from}>
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
              <Field label={form.until}>
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
                  ? `${time.duration(check.untilMs - check.fromMs)}. ${check.endsNextDay ? `${form.endsNextDay} ` : ''}${form.proposed(hours)}`
                  : '')}
            </p>
            {places.doors.length < 2 ? null : (
              <Field label={form.room}>
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
              {form.next}
            </Button>
          </>
        )}
      </StepBox>

      <StepBox
        number={3}
        title={form.description}
        summary={isDone.description ? work.description.trim() : null}
        isOpen={open === 'description'}
        isReached={isReached('description')}
        onOpen={() => setOpen('description')}
      >
        {purpose === null || needs === null ? null : (
          <WorkFields
            work={work}
            needs={needs}
            usual={detailOf(purpose).equipment}
            escorts={escorts.data?.items}
            onWork={setWork}
          />
        )}
        {escorts.problem === undefined || needs?.escort !== true ? null : (
          <ProblemNotice problem={escorts.problem} onRetry={() => void escorts.reload()} />
        )}
        <Button isDisabled={!isDone.description} onClick={() => goOn('description')}>
          {form.next}
        </Button>
      </StepBox>

      <StepBox
        number={4}
        title={form.rules}
        summary={hasAccepted ? form.rulesAccepted : null}
        isOpen={open === 'rules'}
        isReached={isReached('rules')}
        onOpen={() => setOpen('rules')}
      >
        <p class="soft">{form.rulesAsk}</p>
        <ol class="rules" tabIndex={0} aria-label={form.rules}>
          {form.houseRules.map((rule) => (
            <li key={rule}>{rule}</li>
          ))}
        </ol>
        <label class="choice">
          <input
            type="checkbox"
            checked={hasAccepted}
            onChange={(event) => setHasAccepted(event.currentTarget.checked)}
          />
          <span>{form.rulesAccept}</span>
        </label>
        {notice.data === undefined ? null : (
          <Fold title={form.notice}>
            <p class="pre small">{notice.data[app.language.value]}</p>
          </Fold>
        )}
      </StepBox>
      {problem === null ? null : <ProblemNotice problem={problem} />}
    </Page>
  );
}

/** What is to be done, and what its purpose asks for; who else enters and what is brought along stay folded. */
function WorkFields(props: {
  readonly work: WorkDraft;
  readonly needs: WorkNeeds;
  readonly usual: readonly string[];
  /** Nothing while they are read. */
  readonly escorts: readonly Escort[] | undefined;
  readonly onWork: (work: WorkDraft) => void;
}): JSX.Element {
  const words = useWords();
  const form = useRequestWords();
  const me = useMe();
  const { work, needs, onWork } = props;
  const { visitor } = work;
  const set = (changes: Partial<WorkDraft>): void => onWork({ ...work, ...changes });
  const mayEscortVisitor = props.escorts?.some(({ id }) => id === me.id) === true;
  const escorts = (props.escorts ?? []).filter(
    ({ id }) => (visitor.kind !== 'self' || id !== me.id) && (visitor.kind !== 'known' || id !== visitor.id),
  );

  /** Whoever brings a visitor usually escorts them, and nobody escorts themselves. */
  function enterFor(next: VisitorDraft): void {
    const mine = next.kind === 'self' ? '' : mayEscortVisitor ? me.id : '';
    const isKept = work.escortId !== '' && work.escortId !== me.id;
    set({ visitor: next, escortId: isKept ? work.escortId : mine });
  }

  return (
    <>
      <Field
        label={form.descriptionAsk}
        hint={
          work.description === ''
            ? form.descriptionExample
            : form.charactersLeft(MAX_DESCRIPTION - work.description.length)
        }
      >
        {(links) => (
          <textarea
            {...links}
            rows={3}
            maxLength={MAX_DESCRIPTION}
            value={work.description}
            onInput={(event) => set({ description: event.currentTarget.value })}
          />
        )}
      </Field>
      {needs.changeNumber ? (
        <TextField
          label={words.approval.changeNumber}
          maxLength={80}
          isRequired
          value={work.changeNumber}
          onValue={(changeNumber) => set({ changeNumber })}
        />
      ) : null}
      {needs.secondPerson ? (
        <Notice tone="info" icon="people" title={form.secondTitle}>
          <p>{form.secondText}</p>
        </Notice>
      ) : null}
      <Fold title={form.forWhom} answer={whoText(visitor, form.myself, form.visitor)}>
        <div class="day-choice" role="group" aria-label={form.forWhom}>
          <Button isPressed={visitor.kind === 'self'} onClick={() => enterFor({ kind: 'self' })}>
            {form.myself}
          </Button>
          <Button
            isPressed={visitor.kind === 'new'}
            onClick={() =>
              visitor.kind === 'new'
                ? undefined
                : enterFor({ kind: 'new', name: '', organisation: '', sort: 'guest' })
            }
          >
            {form.visitor}
          </Button>
          {visitor.kind === 'known' ? <Button isPressed>{visitor.name}</Button> : null}
        </div>
        {visitor.kind === 'new' ? (
          <>
            <TextField
              label={form.visitorName}
              maxLength={120}
              isRequired
              value={visitor.name}
              onValue={(name) => set({ visitor: { ...visitor, name } })}
            />
            <TextField
              label={form.visitorOrganisation}
              maxLength={120}
              isRequired
              value={visitor.organisation}
              onValue={(organisation) => set({ visitor: { ...visitor, organisation } })}
            />
            <SelectField
              label={form.visitorKind}
              value={visitor.sort}
              onValue={(sort) =>
                set({ visitor: { ...visitor, sort: sort === 'vendor' ? 'vendor' : 'guest' } })
              }
              options={[
                ['guest', form.visitorKinds.guest],
                ['vendor', form.visitorKinds.vendor],
              ]}
            />
            {needs.workOrder ? (
              <TextField
                label={words.approval.workOrder}
                maxLength={80}
                isRequired
                value={work.workOrder}
                onValue={(workOrder) => set({ workOrder })}
              />
            ) : null}
          </>
        ) : null}
      </Fold>
      {needs.escort ? (
        <SelectField
          label={form.escort}
          hint={
            work.escortId === me.id
              ? undefined
              : visitor.kind === 'self'
                ? form.escortHint
                : form.visitorEscortHint
          }
          {...(props.escorts !== undefined && escorts.length === 0 ? { fault: form.noEscorts } : {})}
          isRequired
          none={form.chooseEscort}
          value={work.escortId}
          onValue={(escortId) => set({ escortId })}
          options={escorts.map(
            ({ id, name }) => [id, id === me.id ? form.escortMyself(name) : name] as const,
          )}
        />
      ) : null}
      <Fold
        title={form.equipment}
        answer={work.equipment.length === 0 ? form.noEquipment : form.items(work.equipment.length)}
      >
        <EquipmentFields
          items={work.equipment}
          usual={props.usual}
          onItems={(equipment: readonly EquipmentDraft[]) => set({ equipment })}
        />
      </Fold>
    </>
  );
}

function whoText(visitor: VisitorDraft, myself: string, somebody: string): string {
  if (visitor.kind === 'self') return myself;
  return visitor.name.trim() === '' ? somebody : visitor.name;
}

/** What not every visit needs: one line that says its answer, until it is opened. */
function Fold(props: {
  readonly title: string;
  readonly answer?: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <details class="fold">
      <summary>
        <span class="row-main">
          {props.title}
          {props.answer === undefined ? null : <span class="soft small">{props.answer}</span>}
        </span>
        <Icon name="chevronDown" />
      </summary>
      <div class="fold-text">{props.children}</div>
    </details>
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
