import type { JSX } from 'preact';
import type { StepUpAsk } from '../app-state.ts';
import { useWords } from '../app-state.ts';
import { Sheet } from './sheet.tsx';
import { stepUpMethods } from './step-up-methods.tsx';

/** Asks whoever is at the screen to prove again who they are; the call that needs it waits and is then repeated. */
export function StepUpSheet({ ask }: { readonly ask: StepUpAsk }): JSX.Element {
  const words = useWords();
  return (
    <Sheet title={words.stepUp.title} onClose={() => ask.finish(false)}>
      <p class="soft">{words.stepUp.text}</p>
      {stepUpMethods.map(({ method, View }) => (
        <View key={method} onDone={() => ask.finish(true)} onCancel={() => ask.finish(false)} />
      ))}
    </Sheet>
  );
}
