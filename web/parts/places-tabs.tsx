import type { JSX } from 'preact';
import { useDeskWords } from '../use-desk-words.ts';
import { Tabs } from './tabs.tsx';

/** The pages of what an administrator sets up at the site. */
export function PlacesTabs({ current }: { readonly current: string }): JSX.Element {
  const words = useDeskWords().places;
  return (
    <Tabs
      label={words.title}
      current={current}
      tabs={[
        ['/places', words.tabRooms],
        ['/places/purposes', words.tabPurposes],
        ['/places/maintenance', words.tabMaintenance],
      ]}
    />
  );
}
