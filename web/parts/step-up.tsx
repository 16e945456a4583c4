import type { JSX } from 'preact';
import { useApp } from '../app-state.ts';
import { LazyPart } from './lazy-part.tsx';

const loadSheet = async () => (await import('./step-up-sheet.tsx')).StepUpSheet;

/** Stands around every page: any call that needs a step-up is answered here. @see rule W30 */
export function StepUp(): JSX.Element | null {
  const ask = useApp().stepUpAsk.value;
  return ask === null ? null : <LazyPart load={loadSheet} given={{ ask }} />;
}
