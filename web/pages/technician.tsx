import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { AccessEvent, AccessRequest } from '#contract/api';
import type { RequestDetail } from '#contract/api-visit';
import type { DenyReason } from '#contract/event';
import type { ApiProblem } from '../api-client.ts';
import { useApp, useMe, useWords } from '../app-state.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { STATE_LOOKS, StateChip, type Tone } from '../parts/chip.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { Facts } from '../parts/facts.tsx';
import { Icon, type IconName } from '../parts/icon.tsx';
import { LazyPart } from '../parts/lazy-part.tsx';
import { Notice, ProblemNotice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { RequestRow } from '../parts/request-row.tsx';
import { RequestSteps } from '../parts/request-steps.tsx';
import { Sheet } from '../parts/sheet.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { VisitCodeLink } from '../parts/visit-code-link.tsx';
import { nextRight } from '../next-right.ts';
import type { PageProps } from '../page-props.ts';
import { useLoad } from '../use-load.ts';
import { useStream } from '../use-stream.ts';

const DAY_MS = 86_400_000;

const loadEscortAnswer = async () => (await import('../parts/escort-answer.tsx')).EscortAnswer;

/** May I enter? Then what waits, and what was. */
export function TechnicianHome({ query }: PageProps): JSX.Element {
  const app = useApp();
  const words = useWords();
  const me = useMe();
  const nowMs = app.nowMs.value;
  const mine = useLoad(`mine ${me.id}`, () => app.api.requests('mine'));
  const denials = useLoad(`denials ${me.id}`, () => app.api.events({ type: 'access.denied' }, 5));
  useStream(
    (message) => {
      if (message.kind === 'request') void mine.reload();
      if (message.kind === 'event' && message.event.type === 'access.denied') void denials.reload();
    },
    () => {
      void mine.reload();
      void denials.reload();
    },
  );
  const fresh = mine.data?.items;
  useEffect(() => {
    if (fresh !== undefined && mine.problem === undefined) app.keepRights(fresh);
  }, [app, fresh, mine.problem]);

  // Without the server the device shows what it kept, and says so on the card itself.
  const kept = app.keptRights.value;
  const isUnsure = mine.problem !== undefined;
  const requests = fresh ?? (isUnsure && kept?.personId === me.id ? kept.requests : undefined);
  const file = (
    <ButtonLink kind="primary" icon="plus" href="/requests/new">
      {words.technician.file}
    </ButtonLink>
  );
  if (requests === undefined) {
    return (
      <Page title={words.technician.title} primary={file}>
        {mine.problem === undefined ? (
          <>
            <Skeleton rows={1} kind="right" />
            <Skeleton rows={3} kind="row" />
          </>
        ) : (
          <ProblemNotice problem={mine.problem} onRetry={() => void mine.reload()} />
        )}
      </Page>
    );
  }
  const right = nextRight(requests, nowMs);
  const waiting = requests.filter((request) => request.state === 'submitted');
  const history = requests.filter((request) => request.state !== 'submitted' && request !== right);
  const keptAt = kept === null ? words.common.unknown : app.time.value.ago(kept.atMs, nowMs);
  return (
    <Page title={words.technician.title} primary={file}>
      {query['filed'] === undefined ? null : (
        <Notice tone="granted" title={words.technician.filed} isAnswer />
      )}
      {isUnsure ? (
        <Notice
          tone="waiting"
          icon="offline"
          title={words.connection.offlineTitle}
          isAnswer
          action={
            <Button icon="refresh" isBusy={mine.isLoading} onClick={() => void mine.reload()}>
              {words.common.retry}
            </Button>
          }
        >
          <p>{words.connection.offlineText(keptAt)}</p>
        </Notice>
      ) : null}
      <section aria-label={words.technician.nextRight}>
        {right === null ? (
          <div class="right right-none">
            <EmptyState
              icon="door"
              title={words.technician.noRightTitle}
              text={waiting.length === 0 ? words.technician.noRightText : words.technician.noRightButWaiting}
            />
          </div>
        ) : (
          <RightCard request={right} isUnsure={isUnsure} />
        )}
      </section>
      <DenialNotice events={denials.data?.items ?? []} />
      {waiting.length === 0 ? null : (
        <section class="block">
          <h2>
            {words.technician.waiting} <span class="count">{waiting.length}</span>
          </h2>
          <div class="list">
            {waiting.map((request) => (
              <RequestRow key={request.id} request={request} href={`/requests/${request.id}`} />
            ))}
          </div>
        </section>
      )}
      <section class="block">
        <h2>
          {words.technician.history} <span class="count">{history.length}</span>
        </h2>
        {history.length === 0 ? (
          <p class="soft">{words.technician.historyEmpty}</p>
        ) : (
          <div class="list">
            {history.map((request) => (
              <RequestRow key={request.id} request={request} href={`/requests/${request.id}`} />
            ))}
          </div>
        )}
      </section>
    </Page>
  );
}

interface RightLook {
  readonly tone: Tone;
  readonly icon: IconName;
  readonly word: string;
}

/** The next right, as one shows it at the door: its state, its end, its room. */
function RightCard(props: { readonly request: AccessRequest; readonly isUnsure: boolean }): JSX.Element {
  const app = useApp();
  const words = useWords();
  const time = app.time.value;
  const nowMs = app.nowMs.value;
  const { request, isUnsure } = props;
  const fromMs = Date.parse(request.validFrom);
  const untilMs = Date.parse(request.validUntil);
  const look: RightLook = isUnsure
    ? { tone: 'neutral', icon: 'offline', word: words.rights.unsure }
    : nowMs < fromMs
      ? { tone: 'info', icon: 'clock', word: words.rights.notYet }
      : { tone: 'granted', icon: 'checkCircle', word: words.rights.inForce };
  const isInForce = nowMs >= fromMs;
  return (
    <article class={`right tone-${look.tone}`}>
      <header class="right-state">
        <Icon name={look.icon} />
        <span>{look.word}</span>
      </header>
      <div class="right-body">
        <p class="right-purpose">{app.purposeName(request.purpose)}</p>
        <p class="right-window">{time.window(fromMs, untilMs, nowMs)}</p>
        {isInForce ? (
          <progress
            class="right-progress"
            aria-label={words.request.window}
            max={untilMs - fromMs}
            value={Math.max(0, untilMs - nowMs)}
          />
        ) : null}
        <p class="right-left">
          <Icon name="hourglass" />
          {time.windowFromNow(fromMs, untilMs, nowMs)}
        </p>
        <p class="right-room">
          <Icon name="door" />
          {request.doorName}
        </p>
        <p class="soft small">{words.technician.cardHint}</p>
      </div>
      <a class="right-more" href={`/requests/${request.id}`}>
        <span>{request.number}</span>
        <Icon name="chevronRight" />
      </a>
    </article>
  );
}

/** Why the last refusal of the day happened, in plain words. */
function DenialNotice({ events }: { readonly events: readonly AccessEvent[] }): JSX.Element | null {
  const app = useApp();
  const words = useWords();
  const me = useMe();
  const nowMs = app.nowMs.value;
  const last = events.find((event) => event.type === 'access.denied' && event.personName === me.name);
  const denial = words.denials[(last?.reason ?? '') as DenyReason] as
    (typeof words.denials)[DenyReason] | undefined;
  if (last === undefined || denial === undefined || nowMs - Date.parse(last.at) > DAY_MS) return null;
  return (
    <details class="denial">
      <summary>
        <Icon name="crossCircle" />
        <span class="row-main">
          <span class="strong">{words.technician.deniedTitle}</span>
          <span class="small">
            {words.technician.deniedAt(app.time.value.ago(Date.parse(last.at), nowMs))}: {denial.name}
          </span>
        </span>
        <Icon name="chevronDown" />
      </summary>
      <div class="denial-text">
        <p>{denial.why}</p>
        <p>
          <span class="strong">{words.technician.whatNow}: </span>
          {denial.next}
        </p>
        <p class="soft small">{app.time.value.full(Date.parse(last.at))}</p>
      </div>
    </details>
  );
}

/** One request with its course; its maker may withdraw it. */
export function RequestPage({ params }: PageProps): JSX.Element {
  const app = useApp();
  const words = useWords();
  const me = useMe();
  const time = app.time.value;
  const nowMs = app.nowMs.value;
  const id = params['id'] ?? '';
  const held = useLoad(`request ${id}`, () => app.api.request(id));
  const [isAsking, setIsAsking] = useState(false);
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  useStream(
    (message) => {
      if (message.kind === 'request' && message.requestId === id) void held.reload();
    },
    () => void held.reload(),
  );
  const back = { href: '/', label: words.nav.home };
  const request = held.data;
  if (request === undefined) {
    return (
      <Page title={words.request.number} back={back}>
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
  const isMine = request.requester.id === me.id;
  // One request comes with all its parts, which the list does not have.
  const { escorts } = request as AccessRequest & Partial<Pick<RequestDetail, 'escorts'>>;
  const isAsked = !isMine && escorts?.some((each) => each.id === me.id) === true;
  const mayWithdraw =
    isMine && (request.state === 'submitted' || request.state === 'approved') && untilMs > nowMs;

  async function withdraw(): Promise<void> {
    setIsBusy(true);
    const answer = await app.api.withdraw(id);
    setIsBusy(false);
    setProblem(answer.ok ? null : answer.error);
    setIsAsking(false);
    if (answer.ok) held.replace(answer.value);
    else void held.reload();
  }

  return (
    <Page
      title={app.purposeName(request.purpose)}
      back={back}
      lead={<StateChip state={request.state} />}
      {...(mayWithdraw
        ? {
            primary: (
              <Button kind="danger" icon="undo" onClick={() => setIsAsking(true)}>
                {words.request.withdraw}
              </Button>
            ),
          }
        : {})}
    >
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {held.problem === undefined ? null : (
        <Notice tone="waiting" icon="offline" title={words.connection.offlineTitle} isAnswer />
      )}
      {request.reason === null ? null : (
        <Notice tone={STATE_LOOKS[request.state].tone} title={words.request.reason}>
          <p>{request.reason}</p>
        </Notice>
      )}
      {isAsked ? (
        <LazyPart load={loadEscortAnswer} given={{ request, onAnswered: () => void held.reload() }} />
      ) : null}
      <section class="card">
        <Facts
          rows={[
            [
              words.request.window,
              <>
                <span class="strong">{time.window(fromMs, untilMs, nowMs)}</span>
                <br />
                <span class="soft">
                  {time.windowFromNow(fromMs, untilMs, nowMs)},{' '}
                  {words.time.lasts(time.duration(untilMs - fromMs))}
                </span>
              </>,
            ],
            [words.request.room, request.doorName],
            [words.request.description, request.description],
            isMine
              ? null
              : [words.request.requester, `${request.requester.name}, ${request.requester.organisation}`],
            [words.request.number, <span class="mono">{request.number}</span>],
          ]}
        />
      </section>
      {isMine && request.state === 'approved' && untilMs > nowMs ? <VisitCodeLink request={request} /> : null}
      <RequestSteps request={request} />
      {me.roles.every((role) => role === 'technician') ? null : (
        <ButtonLink icon="shield" href={`/requests/${id}/story`}>
          {words.story.see}
        </ButtonLink>
      )}
      {isAsking ? (
        <Sheet title={words.request.withdrawTitle} onClose={() => setIsAsking(false)}>
          <p>{words.request.withdrawText}</p>
          <div class="sheet-actions">
            <Button onClick={() => setIsAsking(false)}>{words.common.cancel}</Button>
            <Button kind="danger" isBusy={isBusy} onClick={() => void withdraw()}>
              {words.request.withdraw}
            </Button>
          </div>
        </Sheet>
      ) : null}
    </Page>
  );
}
