import type { ComponentChildren, JSX } from 'preact';
import type { ApiProblem } from '../api-client.ts';
import { useWords } from '../app-state.ts';
import { Button } from './button.tsx';
import type { Tone } from './chip.tsx';
import { Icon, type IconName } from './icon.tsx';

const ICONS: Readonly<Record<Tone, IconName>> = {
  granted: 'checkCircle',
  waiting: 'hourglass',
  refused: 'alarm',
  info: 'info',
  neutral: 'info',
};

/** Something that the reader should know now. */
export function Notice(props: {
  readonly tone: Tone;
  readonly title: string;
  readonly icon?: IconName;
  readonly children?: ComponentChildren;
  readonly action?: ComponentChildren;
  /** An answer to what was just done is read out by a screen reader. */
  readonly isAnswer?: boolean;
}): JSX.Element {
  const role = props.isAnswer !== true ? undefined : props.tone === 'refused' ? 'alert' : 'status';
  return (
    <div class={`notice tone-${props.tone}`} role={role}>
      <Icon name={props.icon ?? ICONS[props.tone]} />
      <div class="notice-text">
        <p class="notice-title">{props.title}</p>
        {props.children}
      </div>
      {props.action === undefined ? null : <div class="notice-action">{props.action}</div>}
    </div>
  );
}

/** Why a call failed and what to do now, in words. */
export function ProblemNotice(props: {
  readonly problem: ApiProblem;
  readonly onRetry?: () => void;
}): JSX.Element {
  const words = useWords();
  const { title, action } = words.problems[props.problem.code] ?? words.problems.internal;
  return (
    <Notice
      tone="refused"
      title={title}
      isAnswer
      icon={props.problem.code === 'offline' ? 'offline' : 'alarm'}
      action={
        props.onRetry === undefined ? undefined : (
          <Button icon="refresh" onClick={props.onRetry}>
            {words.common.retry}
          </Button>
        )
      }
    >
      <p>{action}</p>
      {props.problem.requestId === null ? null : (
        <p class="soft small">{words.common.requestId(props.problem.requestId)}</p>
      )}
    </Notice>
  );
}
