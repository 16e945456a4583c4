import type { JSX } from 'preact';
import { useDeskWords } from '../use-desk-words.ts';
import { Tabs } from './tabs.tsx';

/** The reviews: of rights, of what stands out, of the log month by month. */
export function ReviewsTabs({ current }: { readonly current: string }): JSX.Element {
  const words = useDeskWords().reviews;
  return (
    <Tabs
      label={words.title}
      current={current}
      tabs={[
        ['/reviews', words.tabCampaigns],
        ['/reviews/signals', words.tabSignals],
        ['/reviews/log', words.tabLog],
      ]}
    />
  );
}
