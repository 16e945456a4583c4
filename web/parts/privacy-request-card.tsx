import type { ComponentChildren, JSX } from 'preact';
import type { PrivacyRequest, PrivacyRequestState } from '#contract/api-privacy';
import { useApp } from '../app-state.ts';
import { useDeskWords } from '../use-desk-words.ts';
import { Chip, type Tone } from './chip.tsx';
import type { IconName } from './icon.tsx';

const LOOKS: Readonly<Record<PrivacyRequestState, { readonly tone: Tone; readonly icon: IconName }>> = {
  filed: { tone: 'waiting', icon: 'hourglass' },
  approved: { tone: 'info', icon: 'hourglass' },
  refused: { tone: 'refused', icon: 'crossCircle' },
  'carried-out': { tone: 'granted', icon: 'checkCircle' },
};

/** One request of a data subject: what is asked for, until when it is to be answered, and what came of it. */
export function PrivacyRequestCard(props: {
  readonly request: PrivacyRequest;
  /** Whose it is; left out on one's own page. */
  readonly who?: ComponentChildren;
  readonly actions?: ComponentChildren;
}): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const { request } = props;
  const time = app.time.value;
  const isOpen = request.state === 'filed' || request.state === 'approved';
  const dueMs = Date.parse(request.dueAt);
  return (
    <article class="card stack">
      <header class="gateway-head">
        <div>
          <h3>{desk.privacy.kinds[request.kind]}</h3>
          {props.who === undefined ? null : <p>{props.who}</p>}
        </div>
        <span class="row-acts">
          {request.isOverdue ? (
            <Chip tone="refused" icon="alarm">
              {desk.privacy.overdue}
            </Chip>
          ) : null}
          <Chip {...LOOKS[request.state]}>{desk.privacy.states[request.state]}</Chip>
        </span>
      </header>
      <p class="pre">{request.details}</p>
      {request.subjectRef === null ? null : (
        <p class="soft small">
          {desk.privacy.subjectRef}: <span class="mono">{request.subjectRef}</span>
        </p>
      )}
      <p class="soft small">
        {desk.privacy.filedAt(time.full(Date.parse(request.filedAt)))}
        {request.isFiledByOther ? `, ${desk.privacy.filedByOther}` : ''}
        {isOpen
          ? `. ${desk.privacy.due(
              time.full(dueMs),
              dueMs > app.nowMs.value ? time.duration(dueMs - app.nowMs.value) : desk.privacy.overdue,
            )}`
          : ''}
      </p>
      {request.basis === null ? null : (
        <p class="small">
          {desk.privacy.basis}: {desk.privacy.bases[request.basis]}
        </p>
      )}
      {request.outcome === null ? null : (
        <p class="quote tone-info">
          <span class="soft small">{desk.privacy.outcome}</span>
          <br />
          {request.outcome}
        </p>
      )}
      {props.actions}
    </article>
  );
}
