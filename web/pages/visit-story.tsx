import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { AccessRequest, EventDetail } from '#contract/api';
import { ok } from '#contract/result';
import type { ApiClient, ApiResult } from '../api-client.ts';
import { useApp, useWords } from '../app-state.ts';
import { Chip, StateChip } from '../parts/chip.tsx';
import { eventLook } from '../parts/event-look.ts';
import { Facts } from '../parts/facts.tsx';
import { Icon } from '../parts/icon.tsx';
import { Notice, ProblemNotice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { RequestSteps } from '../parts/request-steps.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import type { PageProps } from '../page-props.ts';
import { checkRecordProof, type RecordProof } from '../record-proof.ts';
import { useLoad } from '../use-load.ts';
import { wordOf } from '../words/words.ts';

interface Story {
  readonly request: AccessRequest;
  readonly records: readonly EventDetail[];
  /** True where the door told of more than is read here. */
  readonly isCut: boolean;
}

/** More than any single visit has; a recurring right is read in the event list. */
const MOST_RECORDS = 100;

async function loadStory(api: ApiClient, id: string): Promise<ApiResult<Story>> {
  const request = await api.request(id);
  if (!request.ok) return request;
  const listed = await api.events({ q: request.value.number }, MOST_RECORDS);
  if (!listed.ok) return listed;
  const own = listed.value.items.filter((event) => event.requestId === id);
  const records: EventDetail[] = [];
  for (const event of own.toReversed()) {
    const detail = await api.event(event.id);
    if (!detail.ok) return detail;
    records.push(detail.value);
  }
  return ok({ request: request.value, records, isCut: listed.value.nextCursor !== null });
}

/** A visit from its request to its closing on one page, each record of the door proved by this browser. */
export function VisitStoryPage({ params }: PageProps): JSX.Element {
  const app = useApp();
  const words = useWords();
  const time = app.time.value;
  const id = params['id'] ?? '';
  const story = useLoad(`story ${id}`, () => loadStory(app.api, id));
  const back = { href: `/requests/${id}`, label: words.visitCode.toRequest };
  if (story.data === undefined) {
    return (
      <Page title={words.story.title} back={back}>
        {story.problem === undefined ? (
          <Skeleton rows={4} />
        ) : (
          <ProblemNotice problem={story.problem} onRetry={() => void story.reload()} />
        )}
      </Page>
    );
  }
  const { request, records, isCut } = story.data;
  const who = request.subject ?? request.requester;
  return (
    <Page title={words.story.title} back={back} lead={<StateChip state={request.state} />}>
      <Verdict records={records} onRetry={() => void story.reload()} />
      <section class="card">
        <Facts
          rows={[
            [words.request.number, <span class="mono">{request.number}</span>],
            [words.auditor.person, `${who.name}, ${who.organisation}`],
            [words.request.purpose, app.purposeName(request.purpose)],
            [words.request.description, request.description],
            [
              words.request.window,
              time.window(Date.parse(request.validFrom), Date.parse(request.validUntil), app.nowMs.value),
            ],
            [words.request.room, request.doorName],
          ]}
        />
      </section>
      <RequestSteps request={request} />
      <section class="block">
        <h2>
          {words.story.atDoor} <span class="count">{records.length}</span>
        </h2>
        {records.length === 0 ? (
          <p class="soft">{words.story.noRecords}</p>
        ) : (
          <ol class="list">
            {records.map((record) => (
              <RecordRow key={record.id} record={record} />
            ))}
          </ol>
        )}
        {isCut ? <p class="soft small">{words.story.cut(MOST_RECORDS)}</p> : null}
      </section>
    </Page>
  );
}

function Verdict(props: {
  readonly records: readonly EventDetail[];
  readonly onRetry: () => void;
}): JSX.Element | null {
  const words = useWords();
  const { records } = props;
  const kinds = useMemo(() => records.map((record) => checkRecordProof(record).kind), [records]);
  if (records.length === 0) return null;
  const isFalse = kinds.includes('mismatch');
  const proved = kinds.filter((kind) => kind === 'included').length;
  return (
    <Notice
      tone={isFalse ? 'refused' : proved === kinds.length ? 'granted' : 'waiting'}
      icon={isFalse ? 'shieldCross' : 'shield'}
      title={isFalse ? words.auditor.proofNo : words.story.proved(proved, kinds.length)}
      isAnswer
    >
      <p>{isFalse ? words.auditor.proofNoText : words.auditor.proofSignature}</p>
      <p class="soft small">
        {words.story.stepsProof} <a href="/evidence">{words.auditor.evidenceTitle}</a>
      </p>
    </Notice>
  );
}

const PROOF_LOOKS = {
  included: { tone: 'granted', icon: 'shield' },
  pending: { tone: 'waiting', icon: 'hourglass' },
  mismatch: { tone: 'refused', icon: 'shieldCross' },
} as const satisfies Record<RecordProof['kind'], unknown>;

function RecordRow({ record }: { readonly record: EventDetail }): JSX.Element {
  const app = useApp();
  const words = useWords();
  const proof = useMemo(() => checkRecordProof(record), [record]);
  const look = eventLook(record.type, record.severity);
  const proofWords: Readonly<Record<RecordProof['kind'], string>> = {
    included: words.story.proofIncluded,
    pending: words.auditor.proofPending,
    mismatch: words.auditor.proofNo,
  };
  return (
    <li class={`row tone-${look.tone}`}>
      <Icon name={look.icon} />
      <span class="row-main">
        <a class="strong" href={`/events?event=${encodeURIComponent(record.id)}`}>
          {wordOf(words.events, record.type)}
        </a>
        <span class="soft small">{app.time.value.full(Date.parse(record.at))}</span>
        <span class="soft small mono">{record.id}</span>
      </span>
      <Chip {...PROOF_LOOKS[proof.kind]}>{proofWords[proof.kind]}</Chip>
    </li>
  );
}
