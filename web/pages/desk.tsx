import { sha256 } from '@noble/hashes/sha2.js';
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { AccessRequest } from '#contract/api';
import type { Attendance, PurposeDetail } from '#contract/api-visit';
import { encodeBase64Url, utf8 } from '#contract/bytes';
import type { ApiProblem, ApiResult } from '../api-client.ts';
import { siteRules } from '../api-door.ts';
import {
  checkIn,
  checkOut,
  verifyRequest,
  visitsToday,
  type CheckedIn,
  type CheckIn,
  type CheckOut,
  type Today,
} from '../api-visit.ts';
import { useApp, useWords } from '../app-state.ts';
import { Button } from '../parts/button.tsx';
import { Chip } from '../parts/chip.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { Field } from '../parts/field.tsx';
import { Notice, ProblemNotice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { Sheet } from '../parts/sheet.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { useLoad } from '../use-load.ts';
import { useStream } from '../use-stream.ts';
import { REQUEST_WORDS } from '../words/request.ts';

type Expected = Today['expected'][number];
type Asked =
  { readonly kind: 'in'; readonly expected: Expected } | { readonly kind: 'out'; readonly visit: Attendance };

/** The day at the desk: what is overdue first, then who waits for the officer, who is inside, who is to come. */
export function DeskPage(): JSX.Element {
  const app = useApp();
  const words = useWords();
  const today = useLoad('today', () => visitsToday(app.api));
  const waiting = useLoad('to verify', () => app.api.requests('waiting'));
  const [asked, setAsked] = useState<Asked | null>(null);
  const [admitted, setAdmitted] = useState<CheckedIn | null>(null);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const [busyId, setBusyId] = useState<string | null>(null);
  const reload = (): void => {
    void today.reload();
    void waiting.reload();
  };
  useStream((message) => {
    // The rows keep their place while somebody fills in a sheet over them.
    if (message.kind === 'request' && asked === null) reload();
  }, reload);

  async function verify(request: AccessRequest): Promise<void> {
    setBusyId(request.id);
    const answer = await verifyRequest(app.api, request.id);
    setBusyId(null);
    setProblem(answer.ok ? null : answer.error);
    reload();
  }

  const day = today.data;
  const failed = today.problem ?? waiting.problem;
  const isEmpty =
    day !== undefined &&
    waiting.data?.items.length === 0 &&
    [day.expected, day.waiting, day.inside, day.overdue, day.open].every((each) => each.length === 0);
  const closeButton = (visit: Attendance): JSX.Element => (
    <Button
      label={`${words.desk.checkOut}: ${visit.person.name}`}
      onClick={() => setAsked({ kind: 'out', visit })}
    >
      {words.desk.checkOut}
    </Button>
  );
  return (
    <Page
      title={words.desk.title}
      isWide
      lead={day === undefined ? undefined : words.desk.asOf(app.time.value.full(Date.parse(day.at)))}
    >
      {failed === undefined ? null : <ProblemNotice problem={failed} onRetry={reload} />}
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {admitted === null ? null : (
        <Notice tone="granted" title={words.desk.checkedIn(admitted.person.name)} isAnswer>
          {admitted.code === null ? null : (
            <>
              <p>{words.desk.codeOnce}</p>
              <p class="code-digits mono">{admitted.code}</p>
            </>
          )}
        </Notice>
      )}
      {day === undefined ? failed === undefined ? <Skeleton rows={4} kind="row" /> : null : null}
      {isEmpty ? (
        <EmptyState icon="people" title={words.desk.emptyTitle} text={words.desk.emptyText} />
      ) : null}
      {day === undefined || isEmpty ? null : (
        <div class="desk">
          <div class="stack">
            <DeskList title={words.desk.verify} count={waiting.data?.items.length ?? 0}>
              {waiting.data?.items.map((request) => (
                <DeskRow
                  key={request.id}
                  name={(request.subject ?? request.requester).name}
                  purpose={request.purpose}
                  number={request.number}
                  when={windowOf(request)}
                >
                  <Button
                    label={`${words.desk.verifyAct}: ${(request.subject ?? request.requester).name}`}
                    isBusy={busyId === request.id}
                    onClick={() => void verify(request)}
                  >
                    {words.desk.verifyAct}
                  </Button>
                </DeskRow>
              ))}
            </DeskList>
            <DeskList title={words.desk.expected} count={day.expected.length}>
              {day.expected.map((expected) => (
                <DeskRow
                  key={expected.requestId}
                  name={expected.person.name}
                  purpose={expected.purpose}
                  number={expected.number}
                  when={windowOf(expected)}
                >
                  {expected.needsCheckIn ? (
                    <Button
                      label={`${words.desk.checkIn}: ${expected.person.name}`}
                      onClick={() => setAsked({ kind: 'in', expected })}
                    >
                      {words.desk.checkIn}
                    </Button>
                  ) : (
                    <Chip tone="info" icon="card">
                      {words.desk.byCard}
                    </Chip>
                  )}
                </DeskRow>
              ))}
            </DeskList>
          </div>
          <div class="stack">
            <DeskList title={words.desk.waiting} count={day.waiting.length}>
              {day.waiting.map((visit) => (
                <VisitRow key={visit.id} visit={visit}>
                  {closeButton(visit)}
                </VisitRow>
              ))}
            </DeskList>
            <DeskList title={words.desk.inside} count={day.inside.length}>
              {day.inside.map((visit) => (
                <VisitRow key={visit.id} visit={visit} />
              ))}
            </DeskList>
          </div>
          <div class="stack">
            <DeskList title={words.desk.overdue} count={day.overdue.length}>
              {day.overdue.map((visit) => (
                <VisitRow key={visit.id} visit={visit} isOverdue />
              ))}
            </DeskList>
            <DeskList title={words.desk.open} count={day.open.length}>
              {day.open.map((visit) => (
                <VisitRow key={visit.id} visit={visit}>
                  {closeButton(visit)}
                </VisitRow>
              ))}
            </DeskList>
          </div>
        </div>
      )}
      {asked?.kind === 'in' ? (
        <CheckInSheet
          expected={asked.expected}
          onClose={() => setAsked(null)}
          onDone={(visit) => {
            setAdmitted(visit);
            setAsked(null);
            reload();
          }}
        />
      ) : null}
      {asked?.kind === 'out' ? (
        <CheckOutSheet
          visit={asked.visit}
          onClose={() => setAsked(null)}
          onDone={() => {
            setAsked(null);
            reload();
          }}
        />
      ) : null}
    </Page>
  );
}

interface Window {
  readonly fromMs: number;
  readonly untilMs: number;
}

const windowOf = (of: { readonly validFrom: string; readonly validUntil: string }): Window => ({
  fromMs: Date.parse(of.validFrom),
  untilMs: Date.parse(of.validUntil),
});

function DeskList(props: {
  readonly title: string;
  readonly count: number;
  readonly children: ComponentChildren;
}): JSX.Element {
  const words = useWords();
  return (
    <section class="block">
      <h2>
        {props.title} <span class="count">{props.count}</span>
      </h2>
      {props.count === 0 ? <p class="soft">{words.common.none}</p> : <div class="list">{props.children}</div>}
    </section>
  );
}

function DeskRow(props: {
  readonly name: string;
  readonly purpose: string;
  readonly number: string;
  readonly when: Window;
  readonly children?: ComponentChildren;
}): JSX.Element {
  const app = useApp();
  const { fromMs, untilMs } = props.when;
  return (
    <div class="row">
      <span class="row-main">
        <span class="strong">{props.name}</span>
        <span class="soft small">
          {app.purposeName(props.purpose)} · {app.time.value.window(fromMs, untilMs, app.nowMs.value)}
        </span>
        <span class="soft small mono">{props.number}</span>
      </span>
      {props.children}
    </div>
  );
}

function VisitRow(props: {
  readonly visit: Attendance;
  readonly isOverdue?: boolean;
  readonly children?: ComponentChildren;
}): JSX.Element {
  const app = useApp();
  const words = useWords();
  const { visit } = props;
  const time = app.time.value;
  const nowMs = app.nowMs.value;
  const untilMs = Date.parse(visit.validUntil);
  return (
    <div class="row">
      <span class="row-main">
        <span class="strong">{visit.person.name}</span>
        <span class="soft small">
          {app.purposeName(visit.purpose)} · {time.windowFromNow(0, untilMs, nowMs)}
        </span>
        <span class="soft small">
          {[
            visit.badgeNumber === null ? null : words.desk.badgeNo(visit.badgeNumber),
            visit.escortName === null ? null : words.desk.escortIs(visit.escortName),
          ]
            .filter((each) => each !== null)
            .join(' · ')}
        </span>
      </span>
      {props.isOverdue === true ? (
        <Chip tone="refused" icon="alarm">
          {words.desk.overdueBy(time.duration(nowMs - untilMs))}
        </Chip>
      ) : null}
      {props.children}
    </div>
  );
}

const IDENTITY_KINDS = Object.keys({
  ktp: true,
  sim: true,
  passport: true,
  'employee-card': true,
} satisfies Record<CheckIn['identity']['kind'], true>) as readonly CheckIn['identity']['kind'][];

/** Identity, badge or code, house rules, escort: what the officer sees before a visitor's permit is made. */
function CheckInSheet(props: {
  readonly expected: Expected;
  readonly onClose: () => void;
  readonly onDone: (visit: CheckedIn) => void;
}): JSX.Element {
  const app = useApp();
  const words = useWords();
  const { expected } = props;
  const shown = useLoad(`check-in ${expected.requestId}`, () => app.api.request(expected.requestId));
  const rules = useLoad('rules', () => siteRules(app.api));
  const escorts = (
    (shown.data as { readonly escorts?: readonly { id: string; name: string; state: string }[] } | undefined)
      ?.escorts ?? []
  ).filter(({ state }) => state === 'accepted');
  const [kind, setKind] = useState(IDENTITY_KINDS[0] ?? 'ktp');
  const [lastFour, setLastFour] = useState('');
  const [badge, setBadge] = useState('');
  const [wantsCode, setWantsCode] = useState(false);
  const [hasRead, setHasRead] = useState(false);
  const [escortId, setEscortId] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const isComplete = /^[A-Z0-9]{4}$/.test(lastFour) && hasRead && rules.data !== undefined;

  async function admit(): Promise<void> {
    setIsBusy(true);
    const escort = escortId ?? escorts[0]?.id;
    const answer = await checkIn(app.api, {
      requestId: expected.requestId,
      identity: { kind, lastFour },
      wantsCode,
      // Where no procedure is in force, the hash of the very text that was read out.
      rulesHash:
        rules.data?.sop[0] ??
        encodeBase64Url(sha256(utf8(REQUEST_WORDS[app.language.value].houseRules.join('\n')))),
      heads: expected.heads,
      ...(badge.trim() === '' ? {} : { badgeNumber: badge.trim() }),
      ...(escort === undefined ? {} : { escortId: escort }),
    });
    setIsBusy(false);
    if (answer.ok) props.onDone(answer.value);
    else setProblem(answer.error);
  }

  return (
    <Sheet title={words.desk.checkInOf(expected.person.name)} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isComplete && !isBusy) void admit();
        }}
      >
        <Field label={words.desk.identity}>
          {(links) => (
            <select
              {...links}
              value={kind}
              onChange={(event) =>
                setKind(IDENTITY_KINDS.find((each) => each === event.currentTarget.value) ?? kind)
              }
            >
              {IDENTITY_KINDS.map((each) => (
                <option key={each} value={each}>
                  {words.desk.identities[each]}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label={words.desk.lastFour} hint={words.desk.lastFourHint}>
          {(links) => (
            <input
              {...links}
              required
              maxLength={4}
              autocomplete="off"
              value={lastFour}
              onInput={(event) => setLastFour(event.currentTarget.value.toUpperCase())}
            />
          )}
        </Field>
        <Field label={words.desk.badge} hint={words.common.optional}>
          {(links) => (
            <input
              {...links}
              maxLength={20}
              autocomplete="off"
              value={badge}
              onInput={(event) => setBadge(event.currentTarget.value)}
            />
          )}
        </Field>
        {escorts.length === 0 ? null : (
          <Field label={words.desk.escort}>
            {(links) => (
              <select
                {...links}
                value={escortId ?? escorts[0]?.id}
                onChange={(event) => setEscortId(event.currentTarget.value)}
              >
                {escorts.map((each) => (
                  <option key={each.id} value={each.id}>
                    {each.name}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )}
        {rules.data?.doors[expected.doorId]?.codes === true ? (
          <label class="choice">
            <input
              type="checkbox"
              checked={wantsCode}
              onChange={(event) => setWantsCode(event.currentTarget.checked)}
            />
            <span>{words.desk.wantsCode}</span>
          </label>
        ) : null}
        <label class="choice">
          <input
            type="checkbox"
            checked={hasRead}
            onChange={(event) => setHasRead(event.currentTarget.checked)}
          />
          <span>{words.desk.rulesRead}</span>
        </label>
        {problem === null ? null : <ProblemNotice problem={problem} />}
        <div class="sheet-actions">
          <Button onClick={props.onClose}>{words.common.cancel}</Button>
          <Button kind="primary" type="submit" icon="check" isBusy={isBusy} isDisabled={!isComplete}>
            {words.desk.checkIn}
          </Button>
        </div>
      </form>
    </Sheet>
  );
}

type Outcome = NonNullable<CheckOut['equipment']>[number]['outcome'];
const OUTCOMES: readonly Outcome[] = ['taken-out', 'stays', 'destroyed'];

/** Reconciliation: equipment, badge, checklist, closing data; or force, with a reason. */
function CheckOutSheet(props: {
  readonly visit: Attendance;
  readonly onClose: () => void;
  readonly onDone: () => void;
}): JSX.Element {
  const app = useApp();
  const words = useWords();
  const { visit } = props;
  // Purposes come with all their rules; the first load knows the names only.
  const purpose = app.places.value?.purposes.find(({ code }) => code === visit.purpose) as
    Partial<PurposeDetail> | undefined;
  const nameOf = (each: { readonly nameId: string; readonly nameEn: string }): string =>
    app.language.value === 'id' ? each.nameId : each.nameEn;
  const isVisit = visit.enteredAt !== null;
  const checklist = isVisit ? (purpose?.checklist ?? []) : [];
  const closing = isVisit ? (purpose?.closing ?? []) : [];
  const openItems = visit.equipment.filter(({ outcome }) => outcome === null);
  const [outcomes, setOutcomes] = useState<Readonly<Record<string, Outcome>>>({});
  const [isBadgeBack, setIsBadgeBack] = useState(false);
  const [checked, setChecked] = useState<readonly string[]>([]);
  const [report, setReport] = useState<Readonly<Record<string, string>>>({});
  const [reason, setReason] = useState('');
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);

  function valueOf(kind: (typeof closing)[number]['kind'], text: string): string | number | boolean {
    // A phone in Indonesian types a comma.
    if (kind === 'number') return Number(text.replace(',', '.'));
    return kind === 'yes-no' ? text === 'yes' : text;
  }

  async function close(): Promise<void> {
    setIsBusy(true);
    const answer: ApiResult<Attendance> = await checkOut(app.api, visit.id, {
      isBadgeReturned: isBadgeBack,
      equipment: openItems.flatMap(({ id }) => {
        const outcome = outcomes[id];
        return outcome === undefined ? [] : [{ id, outcome }];
      }),
      checked: [...checked],
      report: Object.fromEntries(
        closing.flatMap(({ key, kind }) => {
          const text = report[key] ?? '';
          return text === '' ? [] : [[key, valueOf(kind, text)]];
        }),
      ),
      ...(visit.heads > 1 ? { heads: visit.heads } : {}),
      ...(reason.trim() === '' ? {} : { force: { reason: reason.trim() } }),
    });
    setIsBusy(false);
    if (answer.ok) props.onDone();
    else setProblem(answer.error);
  }

  const picks = (kind: (typeof closing)[number]['kind']): readonly (readonly [string, string])[] =>
    kind === 'yes-no'
      ? [
          ['yes', words.common.yes],
          ['no', words.common.no],
        ]
      : [
          ['passed', words.desk.passed],
          ['failed', words.desk.failed],
        ];

  return (
    <Sheet title={words.desk.checkOutOf(visit.person.name)} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!isBusy) void close();
        }}
      >
        {openItems.map((item) => (
          <Field key={item.id} label={`${item.kind}, ${item.brand}, ${item.serial}`}>
            {(links) => (
              <select
                {...links}
                value={outcomes[item.id] ?? ''}
                onChange={(event) => {
                  const chosen = OUTCOMES.find((each) => each === event.currentTarget.value);
                  if (chosen !== undefined) setOutcomes({ ...outcomes, [item.id]: chosen });
                }}
              >
                <option value="">{words.desk.notSeen}</option>
                {OUTCOMES.map((each) => (
                  <option key={each} value={each}>
                    {words.desk.outcomes[each]}
                  </option>
                ))}
              </select>
            )}
          </Field>
        ))}
        {visit.badgeNumber === null || visit.isBadgeReturned ? null : (
          <label class="choice">
            <input
              type="checkbox"
              checked={isBadgeBack}
              onChange={(event) => setIsBadgeBack(event.currentTarget.checked)}
            />
            <span>{words.desk.badgeBack(visit.badgeNumber)}</span>
          </label>
        )}
        {visit.heads > 1 ? <p>{words.desk.headsOut(visit.heads)}</p> : null}
        {checklist.map((item) => (
          <label key={item.key} class="choice">
            <input
              type="checkbox"
              checked={checked.includes(item.key)}
              onChange={(event) =>
                setChecked(
                  event.currentTarget.checked
                    ? [...checked, item.key]
                    : checked.filter((each) => each !== item.key),
                )
              }
            />
            <span>{nameOf(item)}</span>
          </label>
        ))}
        {closing.map((item) => (
          <Field key={item.key} label={nameOf(item)}>
            {(links) =>
              item.kind === 'text' || item.kind === 'number' ? (
                <input
                  {...links}
                  inputMode={item.kind === 'number' ? 'decimal' : 'text'}
                  maxLength={500}
                  value={report[item.key] ?? ''}
                  onInput={(event) => setReport({ ...report, [item.key]: event.currentTarget.value })}
                />
              ) : (
                <select
                  {...links}
                  value={report[item.key] ?? ''}
                  onChange={(event) => setReport({ ...report, [item.key]: event.currentTarget.value })}
                >
                  <option value="" />
                  {picks(item.kind).map(([value, word]) => (
                    <option key={value} value={value}>
                      {word}
                    </option>
                  ))}
                </select>
              )
            }
          </Field>
        ))}
        <Field label={words.desk.force} hint={words.desk.forceHint}>
          {(links) => (
            <input
              {...links}
              maxLength={300}
              value={reason}
              onInput={(event) => setReason(event.currentTarget.value)}
            />
          )}
        </Field>
        {problem === null ? null : <ProblemNotice problem={problem} />}
        <div class="sheet-actions">
          <Button onClick={props.onClose}>{words.common.cancel}</Button>
          <Button kind="primary" type="submit" icon="check" isBusy={isBusy}>
            {words.desk.close}
          </Button>
        </div>
      </form>
    </Sheet>
  );
}
