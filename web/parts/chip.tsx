import type { ComponentChildren, JSX } from 'preact';
import type { RequestState } from '#contract/api';
import type { Severity } from '#contract/event';
import { useWords } from '../app-state.ts';
import { Icon, type IconName } from './icon.tsx';

/** What a colour means; the word beside it says the same. */
export type Tone = 'granted' | 'waiting' | 'refused' | 'info' | 'neutral';

/** A state in words, with an icon and a colour that repeat it. */
export function Chip(props: {
  readonly tone: Tone;
  readonly icon: IconName;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <span class={`chip tone-${props.tone}`}>
      <Icon name={props.icon} />
      <span>{props.children}</span>
    </span>
  );
}

interface StateLook {
  readonly tone: Tone;
  readonly icon: IconName;
}

/** How each state of a request looks. */
export const STATE_LOOKS: Readonly<Record<RequestState, StateLook>> = {
  draft: { tone: 'neutral', icon: 'draft' },
  submitted: { tone: 'waiting', icon: 'hourglass' },
  verified: { tone: 'waiting', icon: 'hourglass' },
  approved: { tone: 'granted', icon: 'checkCircle' },
  'checked-in': { tone: 'granted', icon: 'checkCircle' },
  inside: { tone: 'info', icon: 'arrowRight' },
  left: { tone: 'info', icon: 'undo' },
  closed: { tone: 'neutral', icon: 'check' },
  emergency: { tone: 'refused', icon: 'alarm' },
  rejected: { tone: 'refused', icon: 'crossCircle' },
  withdrawn: { tone: 'neutral', icon: 'undo' },
  revoked: { tone: 'refused', icon: 'ban' },
  expired: { tone: 'neutral', icon: 'clock' },
};

/** How loud each severity looks. */
export const SEVERITY_LOOKS: Readonly<Record<Severity, StateLook>> = {
  normal: { tone: 'neutral', icon: 'info' },
  notice: { tone: 'info', icon: 'info' },
  warning: { tone: 'waiting', icon: 'alarm' },
  alarm: { tone: 'refused', icon: 'alarm' },
};

/** The state of a request. */
export function StateChip({ state }: { readonly state: RequestState }): JSX.Element {
  const words = useWords();
  return <Chip {...STATE_LOOKS[state]}>{words.states[state]}</Chip>;
}
