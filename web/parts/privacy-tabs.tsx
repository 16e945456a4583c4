import type { JSX } from 'preact';
import { useMe } from '../app-state.ts';
import { useDeskWords } from '../use-desk-words.ts';
import { Tabs } from './tabs.tsx';

/** The pages of data protection; whoever only approves erasures has the first of them. */
export function PrivacyTabs({ current }: { readonly current: string }): JSX.Element | null {
  const me = useMe();
  const words = useDeskWords().privacy;
  if (!me.roles.some((role) => role === 'privacy-officer' || role === 'auditor')) return null;
  return (
    <Tabs
      label={words.title}
      current={current}
      tabs={[
        ['/privacy', words.tabRequests],
        ['/privacy/people', words.tabPeople],
        ['/privacy/retention', words.tabRetention],
        ['/privacy/views', words.tabViews],
      ]}
    />
  );
}
