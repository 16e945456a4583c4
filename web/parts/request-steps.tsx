import type { JSX } from 'preact';
import type { AccessRequest } from '#contract/api';
import { useApp, useWords } from '../app-state.ts';
import type { StepName } from '../words/word-shapes.ts';
import type { Tone } from './chip.tsx';
import { Icon, type IconName } from './icon.tsx';

const LOOKS: Readonly<Record<StepName, { readonly tone: Tone; readonly icon: IconName }>> = {
  filed: { tone: 'neutral', icon: 'draft' },
  submitted: { tone: 'waiting', icon: 'arrowRight' },
  declared: { tone: 'refused', icon: 'alarm' },
  verified: { tone: 'waiting', icon: 'check' },
  endorsed: { tone: 'waiting', icon: 'check' },
  approved: { tone: 'granted', icon: 'check' },
  'checked-in': { tone: 'granted', icon: 'checkCircle' },
  entered: { tone: 'info', icon: 'arrowRight' },
  left: { tone: 'info', icon: 'undo' },
  closed: { tone: 'neutral', icon: 'check' },
  rejected: { tone: 'refused', icon: 'cross' },
  withdrawn: { tone: 'neutral', icon: 'undo' },
  revoked: { tone: 'refused', icon: 'ban' },
  expired: { tone: 'neutral', icon: 'clock' },
};

/** What happened to a request, in order, with who, when and why. */
export function RequestSteps({ request }: { readonly request: AccessRequest }): JSX.Element {
  const words = useWords();
  const time = useApp().time.value;
  return (
    <section class="block">
      <h2>{words.request.steps}</h2>
      <ol class="steps">
        {request.steps.map((step) => (
          <li key={`${step.step}-${step.at}`} class={`tone-${LOOKS[step.step].tone}`}>
            <span class="step-dot">
              <Icon name={LOOKS[step.step].icon} />
            </span>
            <div>
              <p class="strong">{words.steps[step.step]}</p>
              <p class="soft small">
                {time.full(Date.parse(step.at))} {words.request.by(step.byName)}
                {step.method === null ? '' : `, ${words.methods[step.method]}`}
              </p>
              {step.reason === null ? null : <p class="quote">{step.reason}</p>}
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}
