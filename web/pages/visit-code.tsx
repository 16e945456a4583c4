import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { AccessRequest } from '#contract/api';
import type { Rules, VisitCodeTicket } from '#contract/api-door';
import { ok } from '#contract/result';
import type { ApiProblem, ApiResult } from '../api-client.ts';
import { makeVisitCode, siteRules } from '../api-door.ts';
import { useApp, useMe, useWords } from '../app-state.ts';
import { Button } from '../parts/button.tsx';
import { Chip } from '../parts/chip.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { ProblemNotice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { QrCode } from '../parts/qr-code.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import type { PageProps } from '../page-props.ts';
import { useLoad } from '../use-load.ts';
import { hoursText } from '../week-hours.ts';
import { useStream } from '../use-stream.ts';

interface Right {
  readonly request: AccessRequest;
  readonly rules: Rules;
}

/** The one-time code of a visit, large enough to be read at arm's length, with its remaining time. */
export function VisitCodePage({ params }: PageProps): JSX.Element {
  const app = useApp();
  const words = useWords();
  const me = useMe();
  const nowMs = app.nowMs.value;
  const id = params['id'] ?? '';
  const right = useLoad<Right>(`right ${id}`, async (): Promise<ApiResult<Right>> => {
    const [request, rules] = await Promise.all([app.api.request(id), siteRules(app.api)]);
    if (!request.ok) return request;
    return rules.ok ? ok({ request: request.value, rules: rules.value }) : rules;
  });
  const [ticket, setTicket] = useState<VisitCodeTicket | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  useStream(
    (message) => {
      if (message.kind === 'request' && message.requestId === id) void right.reload();
    },
    () => void right.reload(),
  );
  const back = { href: `/requests/${id}`, label: words.visitCode.toRequest };
  if (right.data === undefined) {
    return (
      <Page title={words.visitCode.title} back={back}>
        {right.problem === undefined ? (
          <Skeleton rows={1} kind="right" />
        ) : (
          <ProblemNotice problem={right.problem} onRetry={() => void right.reload()} />
        )}
      </Page>
    );
  }
  const { request, rules } = right.data;
  const { permitId } = request;
  const isTheirs = request.requester.id === me.id || me.roles.includes('officer');
  const isRight =
    isTheirs && request.state === 'approved' && permitId !== null && Date.parse(request.validUntil) > nowMs;
  if (!isRight || rules.doors[request.doorId]?.codes !== true) {
    return (
      <Page title={words.visitCode.title} back={back}>
        <EmptyState
          icon={isRight ? 'card' : 'door'}
          title={words.visitCode.title}
          text={isRight ? words.visitCode.notHere : words.visitCode.none}
        />
      </Page>
    );
  }

  const { codeHours } = rules.doors[request.doorId] ?? {};

  async function make(permit: string): Promise<void> {
    setIsBusy(true);
    const answer = await makeVisitCode(app.api, permit);
    setIsBusy(false);
    setProblem(answer.ok ? null : answer.error);
    if (answer.ok) setTicket(answer.value);
  }

  const makeButton = (
    <Button
      kind={ticket === null ? 'primary' : 'secondary'}
      icon={ticket === null ? 'qr' : 'refresh'}
      isBusy={isBusy}
      onClick={() => void make(permitId)}
    >
      {ticket === null ? words.visitCode.make : words.visitCode.remake}
    </Button>
  );
  return (
    <Page title={words.visitCode.title} back={back} lead={words.visitCode.lead} primary={makeButton}>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {codeHours === undefined ? null : (
        <p class="soft">
          {words.visitCode.hours(codeHours.map((each) => hoursText(each, words)).join(', '))}
        </p>
      )}
      {ticket === null ? (
        <EmptyState icon="qr" title={request.doorName} text={words.visitCode.makeText} />
      ) : (
        <CodeCard ticket={ticket} request={request} />
      )}
    </Page>
  );
}

function CodeCard(props: { readonly ticket: VisitCodeTicket; readonly request: AccessRequest }): JSX.Element {
  const app = useApp();
  const words = useWords();
  const time = app.time.value;
  const nowMs = app.nowMs.value;
  const { ticket, request } = props;
  const fromMs = Date.parse(ticket.validFrom);
  const untilMs = Date.parse(ticket.validUntil);
  const isOver = nowMs >= untilMs;
  const halves = [ticket.code.slice(0, 4), ticket.code.slice(4)];
  const tone = isOver ? 'neutral' : nowMs < fromMs ? 'info' : 'granted';
  return (
    <article class={`card code-card tone-${tone}`}>
      <p class="code-digits mono" aria-label={words.visitCode.spoken([...ticket.code].join(' '))} role="img">
        {halves.map((half) => (
          <span key={half}>{half}</span>
        ))}
      </p>
      <p class="code-state">
        {isOver ? (
          <Chip tone="neutral" icon="clock">
            {words.visitCode.ended}
          </Chip>
        ) : nowMs < fromMs ? (
          <Chip tone="info" icon="clock">
            {words.visitCode.notYet}
          </Chip>
        ) : (
          <Chip tone="granted" icon="checkCircle">
            {words.visitCode.inForce}
          </Chip>
        )}
      </p>
      {isOver || nowMs < fromMs ? null : (
        <progress
          class="right-progress"
          aria-label={words.visitCode.validity}
          max={untilMs - fromMs}
          value={untilMs - nowMs}
        />
      )}
      <p class="strong">{time.window(fromMs, untilMs, nowMs)}</p>
      <p class="soft">
        {time.windowFromNow(fromMs, untilMs, nowMs)} · {request.doorName}
      </p>
      <QrCode text={ticket.code} label={words.visitCode.qr} />
      <p class="soft small">{words.visitCode.makeText}</p>
    </article>
  );
}
