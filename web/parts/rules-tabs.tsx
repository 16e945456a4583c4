import type { JSX } from 'preact';
import { Tabs } from './tabs.tsx';
import { useDeskWords } from '../use-desk-words.ts';

/** The two pages of the site's rules. */
export function RulesTabs({ current }: { readonly current: '/rules' | '/rules/holidays' }): JSX.Element {
  const desk = useDeskWords();
  return (
    <Tabs
      label={desk.rules.title}
      current={current}
      tabs={[
        ['/rules', desk.rules.doorsTab],
        ['/rules/holidays', desk.rules.holidaysTab],
      ]}
    />
  );
}
