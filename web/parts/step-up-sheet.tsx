import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { StepUpAsk } from '../app-state.ts';
import { useApp, useWords } from '../app-state.ts';
import { Sheet } from './sheet.tsx';
import { stepUpMethods, type StepUpWay } from './step-up-methods.tsx';

/** Asks whoever is at the screen to prove again who they are; the call that needs it waits and is then repeated. */
export function StepUpSheet({ ask }: { readonly ask: StepUpAsk }): JSX.Element {
  const app = useApp();
  const words = useWords();
  const [ways, setWays] = useState<readonly StepUpWay[] | null>(null);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let isWanted = true;
    // All ways appear together: none pushes another away from under a finger.
    void Promise.all(stepUpMethods.map(async (way) => (await way.isUsable?.(app.api)) ?? true)).then(
      (usable) => isWanted && setWays(stepUpMethods.filter((_way, index) => usable[index])),
    );
    return () => {
      isWanted = false;
    };
  }, [app]);
  useEffect(() => {
    box.current?.querySelector<HTMLElement>('input:not([type=hidden]), button')?.focus();
  }, [ways]);
  return (
    <Sheet title={words.stepUp.title} onClose={() => ask.finish(false)}>
      <p class="soft">{words.stepUp.text}</p>
      <div ref={box} class="step-up-ways">
        {(ways ?? []).map(({ method, View }) => (
          <View key={method} onDone={() => ask.finish(true)} onCancel={() => ask.finish(false)} />
        ))}
      </div>
    </Sheet>
  );
}
