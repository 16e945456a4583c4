import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useApp, useWords } from '../app-state.ts';
import { Chip, type Tone } from '../parts/chip.tsx';
import { DoorDrawing } from '../parts/door-drawing.tsx';
import { DoorOrders } from '../parts/door-orders.tsx';
import { DoorFacts, EventLine } from '../parts/door-facts.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import type { IconName } from '../parts/icon.tsx';
import { Page } from '../parts/page.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import type { StreamState } from '../live-stream.ts';
import type { PageProps } from '../page-props.ts';
import { useDoorWatch } from '../use-door-watch.ts';

const STREAM_LOOKS: Readonly<Record<StreamState, { readonly tone: Tone; readonly icon: IconName }>> = {
  connecting: { tone: 'neutral', icon: 'hourglass' },
  live: { tone: 'granted', icon: 'play' },
  stale: { tone: 'waiting', icon: 'offline' },
};

/** A door as the server knows it, live. */
export function LiveDoorPage({ query }: PageProps): JSX.Element {
  const app = useApp();
  const words = useWords();
  const [chosen, setChosen] = useState<string | null>(null);
  const doors = app.places.value?.doors;
  const wanted = chosen ?? query['door'];
  const door = doors?.find((each) => each.id === wanted) ?? doors?.[0];
  const watch = useDoorWatch(door);
  const streamState = app.stream.value?.state.value ?? 'connecting';
  if (doors === undefined) {
    return (
      <Page title={words.door.title}>
        <Skeleton rows={1} kind="right" />
      </Page>
    );
  }
  if (door === undefined) {
    return (
      <Page title={words.door.title}>
        <EmptyState icon="door" title={words.door.noDoors} text={words.door.noDoorsText} />
      </Page>
    );
  }
  return (
    <Page
      title={door.name}
      lead={<Chip {...STREAM_LOOKS[streamState]}>{words.connection[streamState]}</Chip>}
      isWide
    >
      {doors.length < 2 ? null : (
        <div class="day-choice" role="group" aria-label={words.nav.door}>
          {doors.map((each) => (
            <button
              key={each.id}
              type="button"
              class="btn btn-secondary"
              aria-pressed={each.id === door.id}
              onClick={() => setChosen(each.id)}
            >
              {each.name}
            </button>
          ))}
        </div>
      )}
      <div class="door-layout">
        <div class={streamState === 'stale' ? 'door-stage is-stale' : 'door-stage'}>
          <DoorDrawing
            lock={door.state.lock}
            contact={door.state.contact}
            alarm={door.state.alarm}
            light={watch.light}
            inside={watch.initials}
          />
        </div>
        <div class="door-side">
          <section class="card">
            <DoorFacts door={door} />
          </section>
          <DoorOrders key={door.id} door={door} />
          <section class="block">
            <h2>{words.door.lastEvents}</h2>
            <EventLine events={watch.events} />
          </section>
        </div>
      </div>
    </Page>
  );
}
