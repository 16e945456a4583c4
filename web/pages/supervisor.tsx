import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { AccessRequest, Visit } from '#contract/api';
import type { DecisionView } from '#contract/api-visit';
import type { ApiProblem, ApiResult } from '../api-client.ts';
import { approvalOptions, decisionView } from '../api-visit.ts';
import { useApp, useMe, useWords } from '../app-state.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { Chip, STATE_LOOKS, StateChip } from '../parts/chip.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { Facts } from '../parts/facts.tsx';
import { Icon } from '../parts/icon.tsx';
import { Notice, ProblemNotice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { ReasonSheet } from '../parts/reason-sheet.tsx';
import { RequestRow } from '../parts/request-row.tsx';
import { RequestSteps } from '../parts/request-steps.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import type { PageProps } from '../page-props.ts';
import { approveByPasskey, askBrowser } from '../passkey-approval.ts';
import { useLoad } from '../use-load.ts';
import { useStream } from '../use-stream.ts';

/** What waits for a decision, the longest waiting first. */
export function WaitingPage(): JSX.Element {
  const app = useApp();
  const words = useWords();
  const waiting = useLoad('waiting', () => app.api.requests('waiting'));
  const [arrived, setArrived] = useState<ReadonlySet<string>>(new Set());
  useStream(
    (message) => {
      if (message.kind !== 'request') return;
      const isShown = waiting.data?.items.some((each) => each.id === message.requestId) === true;
      // A new row is announced, not pushed under the finger; one that somebody else decided goes at once,
      // since deciding it would only fail.
      if (TO_DECIDE.includes(message.state) && !isShown)
        setArrived((before) => new Set([...before, message.requestId]));
      else if (isShown) void waiting.reload();
    },
    () => void waiting.reload(),
  );
  const items = waiting.data?.items.toSorted((a, b) => a.createdAt.localeCompare(b.createdAt));
  const count = items?.length;
  useEffect(() => {
    if (count !== undefined) app.waitingCount.value = count;
  }, [app, count]);

  return (
    <Page title={count === undefined ? words.nav.waiting : words.supervisor.waitingTitle(count)}>
      {arrived.size === 0 ? null : (
        <button
          type="button"
          class="fresh-bar"
          onClick={() => {
            setArrived(new Set());
            void waiting.reload();
          }}
        >
          {words.supervisor.newArrived(arrived.size)}
        </button>
      )}
      {waiting.problem === undefined ? null : (
        <ProblemNotice problem={waiting.problem} onRetry={() => void waiting.reload()} />
      )}
      {items === undefined ? (
        waiting.problem === undefined ? (
          <Skeleton rows={3} />
        ) : null
      ) : items.length === 0 ? (
        <EmptyState
          icon="inbox"
          title={words.supervisor.waitingEmptyTitle}
          text={words.supervisor.waitingEmptyText}
        />
      ) : (
        <div class="stack">
          {items.map((request) => (
            <WaitingCard key={request.id} request={request} />
          ))}
        </div>
      )}
    </Page>
  );
}

function WaitingCard({ request }: { readonly request: AccessRequest }): JSX.Element {
  const app = useApp();
  const words = useWords();
  const time = app.time.value;
  const nowMs = app.nowMs.value;
  const fromMs = Date.parse(request.validFrom);
  const untilMs = Date.parse(request.validUntil);
  return (
    <a class="card waiting-card" href={`/decide/${request.id}`}>
      <span class="row-main">
        <span class="waiting-name">
          {(request.subject ?? request.requester).name}
          <span class="soft">, {(request.subject ?? request.requester).organisation}</span>
        </span>
        <span>{app.purposeName(request.purpose)}</span>
        <span class="strong">{time.window(fromMs, untilMs, nowMs)}</span>
        <span class="soft small">
          {request.doorName} ·{' '}
          {words.supervisor.waitingSince(time.duration(nowMs - Date.parse(request.createdAt)))}
        </span>
      </span>
      <Icon name="chevronRight" />
    </a>
  );
}

type Act = 'approve' | 'reject' | 'revoke';

/** States in which an official is asked; where the room's officer looks first, `submitted` waits for them. */
const TO_DECIDE: readonly AccessRequest['state'][] = ['submitted', 'verified', 'emergency'];

/** One decision: everything needed, nothing else. Opened and approved: two taps. */
export function DecisionPage({ params }: PageProps): JSX.Element {
  const app = useApp();
  const words = useWords();
  const me = useMe();
  const time = app.time.value;
  const nowMs = app.nowMs.value;
  const id = params['id'] ?? '';
  const held = useLoad(`request ${id}`, () => app.api.request(id));
  const view = useLoad(`decision ${id}`, () => decisionView(app.api, id));
  const approval = useLoad(`approval ${id}`, () => approvalOptions(app.api, id));
  const [hasNoAnswer, setHasNoAnswer] = useState(false);
  const [asked, setAsked] = useState<'reject' | 'revoke' | null>(null);
  const [busy, setBusy] = useState<Act | null>(null);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const [done, setDone] = useState<Act | null>(null);
  useStream(
    (message) => {
      if (message.kind === 'request' && message.requestId === id && busy === null) void held.reload();
    },
    () => void held.reload(),
  );
  const request = held.data;
  const back = { href: '/waiting', label: words.supervisor.toWaiting };
  if (request === undefined) {
    return (
      <Page title={words.supervisor.decisionTitle} back={back}>
        {held.problem === undefined ? (
          <Skeleton rows={2} />
        ) : (
          <ProblemNotice problem={held.problem} onRetry={() => void held.reload()} />
        )}
      </Page>
    );
  }
  const fromMs = Date.parse(request.validFrom);
  const untilMs = Date.parse(request.validUntil);
  const window = time.window(fromMs, untilMs, nowMs);
  const { name, organisation } = request.subject ?? request.requester;
  const isOwn = request.requester.id === me.id || request.subject?.id === me.id;
  const isWaiting = TO_DECIDE.includes(request.state);
  const opensAtDesk = view.data?.request.needsCheckIn === true;
  const signed = isWaiting && done === null ? approval.data : undefined;
  const mayRevoke = request.state === 'approved' && untilMs > nowMs;

  async function approve(): Promise<void> {
    if (signed === undefined) return;
    setHasNoAnswer(false);
    await perform('approve', async () => {
      const outcome = await approveByPasskey(app.api, id, signed.request, askBrowser);
      if (outcome.kind === 'answered') return outcome.answer;
      setHasNoAnswer(true);
      return null;
    });
  }

  async function perform(act: Act, call: () => Promise<ApiResult<AccessRequest> | null>): Promise<void> {
    setBusy(act);
    setProblem(null);
    const answer = await call();
    setBusy(null);
    if (answer === null) return;
    if (!answer.ok) {
      setProblem(answer.error);
      // Somebody else may have decided meanwhile: show what holds now.
      if (answer.error.code === 'already-decided' || answer.error.code === 'step-not-allowed') {
        setAsked(null);
        await Promise.all([held.reload(), approval.reload()]);
      }
      return;
    }
    if (act !== 'revoke') app.waitingCount.value = Math.max(0, app.waitingCount.value - 1);
    setAsked(null);
    setDone(act);
    held.replace(answer.value);
  }

  return (
    <Page
      title={app.purposeName(request.purpose)}
      back={back}
      lead={isWaiting ? undefined : <StateChip state={request.state} />}
      {...(isWaiting && !isOwn
        ? {
            primary: (
              <>
                <p class="primary-hint soft small" id="approve-means">
                  {opensAtDesk
                    ? words.approval.atDesk(name)
                    : words.supervisor.approveMeans(name, time.inSentence(window))}
                </p>
                <div class="decide">
                  <Button icon="cross" onClick={() => setAsked('reject')}>
                    {words.supervisor.reject}
                  </Button>
                  <Button
                    kind="primary"
                    icon="check"
                    describedBy="approve-means"
                    isBusy={busy === 'approve'}
                    isDisabled={signed === undefined}
                    onClick={() => void approve()}
                  >
                    {busy === 'approve' ? words.supervisor.approving : words.supervisor.approve}
                  </Button>
                </div>
              </>
            ),
          }
        : {})}
    >
      {done === null ? null : (
        <Notice
          tone={done === 'approve' ? 'granted' : 'info'}
          isAnswer
          title={
            done === 'approve'
              ? words.supervisor.approvedTitle
              : done === 'reject'
                ? words.supervisor.rejectedTitle
                : words.supervisor.revokedTitle
          }
          action={
            <ButtonLink href="/waiting" icon="inbox">
              {words.supervisor.nextWaiting}
            </ButtonLink>
          }
        >
          <p>
            {done === 'approve'
              ? opensAtDesk
                ? words.approval.atDesk(name)
                : words.supervisor.approvedText(name, time.inSentence(window))
              : done === 'reject'
                ? words.supervisor.rejectedText(name)
                : null}
          </p>
        </Notice>
      )}
      {problem === null || asked !== null ? null : <ProblemNotice problem={problem} />}
      {hasNoAnswer ? (
        <Notice tone="waiting" title={words.approval.noAnswer} isAnswer>
          <p>{words.approval.noAnswerText}</p>
        </Notice>
      ) : null}
      {isWaiting && !isOwn && done === null && approval.problem !== undefined && problem === null ? (
        <ProblemNotice problem={approval.problem} onRetry={() => void approval.reload()} />
      ) : null}
      {isWaiting && isOwn ? <Notice tone="info" title={words.supervisor.ownRequest} /> : null}
      {request.reason === null || done === 'reject' ? null : (
        <Notice tone={STATE_LOOKS[request.state].tone} title={words.request.reason}>
          <p>{request.reason}</p>
        </Notice>
      )}
      <section class="card">
        <p class="decision-who">
          <span class="strong">{name}</span>
          <span class="soft">{organisation}</span>
        </p>
        <Facts
          rows={[
            [
              words.request.window,
              <>
                <span class="strong">{window}</span>
                <br />
                <span class="soft">
                  {time.windowFromNow(fromMs, untilMs, nowMs)},{' '}
                  {words.time.lasts(time.duration(untilMs - fromMs))}
                </span>
              </>,
            ],
            [words.request.room, request.doorName],
            [words.request.description, request.description],
            [words.request.number, <span class="mono">{request.number}</span>],
          ]}
        />
      </section>
      {view.data === undefined ? (
        view.problem === undefined ? (
          <Skeleton rows={1} />
        ) : null
      ) : (
        <DecisionFacts view={view.data} />
      )}
      {signed === undefined ? null : (
        <Notice
          tone={signed.method === 'passkey' ? 'info' : 'waiting'}
          icon={signed.method === 'passkey' ? 'shield' : 'alarm'}
          title={signed.method === 'passkey' ? words.approval.signs : words.approval.weak}
        >
          <p>{signed.summary[app.language.value]}</p>
          <p class="soft small">
            {signed.method === 'passkey' ? words.approval.byPasskey : words.approval.weakText}
            {signed.needed > 1 ? ` ${words.approval.given(signed.given, signed.needed)}` : ''}
          </p>
        </Notice>
      )}
      {mayRevoke ? (
        <div class="aside-actions">
          <Button kind="danger" icon="ban" onClick={() => setAsked('revoke')}>
            {words.supervisor.revoke}
          </Button>
        </div>
      ) : null}
      <RequestSteps request={request} />
      {asked === 'reject' ? (
        <ReasonSheet
          title={words.supervisor.rejectTitle}
          text={words.supervisor.rejectAsk}
          readyReasons={words.supervisor.readyReasons}
          confirm={words.supervisor.rejectConfirm}
          isBusy={busy === 'reject'}
          problem={problem}
          onConfirm={(reason) => void perform('reject', () => app.api.reject(id, reason))}
          onClose={() => setAsked(null)}
        />
      ) : null}
      {asked === 'revoke' ? (
        <ReasonSheet
          title={words.supervisor.revokeTitle}
          text={words.supervisor.revokeText(name)}
          readyReasons={words.supervisor.readyRevokeReasons}
          confirm={words.supervisor.revokeConfirm}
          isBusy={busy === 'revoke'}
          problem={problem}
          onConfirm={(reason) => void perform('revoke', () => app.api.revoke(id, reason))}
          onClose={() => setAsked(null)}
        />
      ) : null}
    </Page>
  );
}

/** What an official looks at twice: warnings, what is brought along, who escorts, how earlier visits went. */
function DecisionFacts({ view }: { readonly view: DecisionView }): JSX.Element {
  const words = useWords();
  const { request, warnings } = view;
  const list = (items: readonly string[]): string | null => (items.length === 0 ? null : items.join(', '));
  const rows: readonly (readonly [string, string | null])[] = [
    [
      words.approval.equipment,
      list(request.equipment.map(({ kind, brand, serial }) => `${kind} ${brand} (${serial})`)),
    ],
    [
      words.approval.escorts,
      list(request.escorts.map(({ name, state }) => `${name} (${words.approval.escortStates[state]})`)),
    ],
    [words.approval.group, list(request.members.map(({ name, organisation }) => `${name}, ${organisation}`))],
    [words.approval.risk, request.risk],
    [words.approval.changeNumber, request.changeNumber],
    [words.approval.workOrder, request.workOrder],
    [words.approval.history, words.approval.visits(view.lastVisits.length, view.overdueExits)],
  ];
  return (
    <section class="card">
      {warnings.length === 0 ? null : (
        <>
          <h2>{words.approval.look}</h2>
          <p class="warnings">
            {warnings.map((warning) => (
              <Chip key={warning} tone="waiting" icon="alarm">
                {words.approval.warnings[warning]}
              </Chip>
            ))}
          </p>
        </>
      )}
      <Facts rows={rows.map(([name, value]) => (value === null ? null : [name, value]))} />
    </section>
  );
}

/** What has been decided, newest first. */
export function DecidedPage(): JSX.Element {
  const app = useApp();
  const words = useWords();
  const all = useLoad('decided', () => app.api.requests('all'));
  useStream(
    (message) => {
      if (message.kind === 'request') void all.reload();
    },
    () => void all.reload(),
  );
  const decided = all.data?.items
    .filter((each) => each.decidedAt !== null)
    .toSorted((a, b) => (b.decidedAt ?? '').localeCompare(a.decidedAt ?? ''));
  return (
    <Page title={words.supervisor.decidedTitle}>
      {all.problem === undefined ? null : (
        <ProblemNotice problem={all.problem} onRetry={() => void all.reload()} />
      )}
      {decided === undefined ? (
        all.problem === undefined ? (
          <Skeleton rows={5} kind="row" />
        ) : null
      ) : decided.length === 0 ? (
        <EmptyState
          icon="checkCircle"
          title={words.supervisor.decidedEmpty}
          text={words.supervisor.waitingEmptyText}
        />
      ) : (
        <div class="list">
          {decided.map((request) => (
            <RequestRow key={request.id} request={request} href={`/decide/${request.id}`} showsName />
          ))}
        </div>
      )}
    </Page>
  );
}

/** Who is inside by the record of entries and exits. */
export function InsidePage(): JSX.Element {
  const app = useApp();
  const words = useWords();
  const time = app.time.value;
  const occupancy = useLoad('occupancy', () => app.api.occupancy());
  useStream(
    (message) => {
      if (
        message.kind === 'event' &&
        (message.event.type === 'access.outcome' || message.event.type === 'exit.recorded')
      )
        void occupancy.reload();
    },
    () => void occupancy.reload(),
  );
  const rooms = occupancy.data?.rooms;
  const inside = rooms?.flatMap((room) => room.inside);
  return (
    <Page
      title={inside === undefined ? words.nav.inside : words.supervisor.insideTitle(inside.length)}
      lead={
        occupancy.data === undefined
          ? undefined
          : words.supervisor.insideAsOf(time.full(Date.parse(occupancy.data.at)))
      }
    >
      {occupancy.problem === undefined ? null : (
        <ProblemNotice problem={occupancy.problem} onRetry={() => void occupancy.reload()} />
      )}
      {inside === undefined ? (
        occupancy.problem === undefined ? (
          <Skeleton rows={2} kind="row" />
        ) : null
      ) : inside.length === 0 ? (
        <EmptyState icon="door" title={words.supervisor.insideTitle(0)} text={words.supervisor.insideEmpty} />
      ) : (
        <div class="list">
          {inside.map((visit) => (
            <InsideRow key={visit.id} visit={visit} />
          ))}
        </div>
      )}
    </Page>
  );
}

function InsideRow({ visit }: { readonly visit: Visit }): JSX.Element {
  const app = useApp();
  const words = useWords();
  const time = app.time.value;
  const nowMs = app.nowMs.value;
  const enteredMs = visit.enteredAt === null ? null : Date.parse(visit.enteredAt);
  return (
    <div class="row">
      <span class="row-icon">
        <Icon name="person" />
      </span>
      <span class="row-main">
        <span class="strong">{visit.personName ?? words.supervisor.insideUnknownName}</span>
        <span class="soft small">
          {app.doorName(visit.doorId)}
          {enteredMs === null
            ? ''
            : ` · ${words.supervisor.insideSince(time.inSentence(time.dayAndClock(enteredMs, nowMs)), time.ago(enteredMs, nowMs))}`}
        </span>
      </span>
      {visit.certainty === 'sure' ? null : (
        <Chip tone="waiting" icon="info">
          {words.supervisor.insideUnsure}
        </Chip>
      )}
    </div>
  );
}
