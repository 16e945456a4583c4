import type { JSX } from 'preact';
import type { AccessEvent, Door, DoorState } from '#contract/api';
import { useApp, useWords } from '../app-state.ts';
import { wordOf } from '../words/words.ts';
import { Chip, type Tone } from './chip.tsx';
import { EmptyState } from './empty-state.tsx';
import { eventLook } from './event-look.ts';
import { Icon, type IconName } from './icon.tsx';

interface Look {
  readonly tone: Tone;
  readonly icon: IconName;
}

export const LOCK_LOOKS: Readonly<Record<DoorState['lock'], Look>> = {
  secured: { tone: 'neutral', icon: 'lock' },
  released: { tone: 'granted', icon: 'lockOpen' },
  fault: { tone: 'refused', icon: 'alarm' },
  unknown: { tone: 'waiting', icon: 'info' },
};

export const CONTACT_LOOKS: Readonly<Record<DoorState['contact'], Look>> = {
  closed: { tone: 'neutral', icon: 'door' },
  open: { tone: 'info', icon: 'doorOpen' },
  unknown: { tone: 'waiting', icon: 'info' },
};

const GATEWAY_SILENT_MS = 3 * 60_000;

/** Every part of a door with its word. */
export function DoorFacts({ door }: { readonly door: Door }): JSX.Element {
  const app = useApp();
  const words = useWords();
  const nowMs = app.nowMs.value;
  const { state } = door;
  const seenMs = state.gatewaySeenAt === null ? null : Date.parse(state.gatewaySeenAt);
  const isOld = seenMs === null || nowMs - seenMs > GATEWAY_SILENT_MS;
  return (
    <dl class="facts door-facts">
      <div>
        <dt>{words.door.lock}</dt>
        <dd>
          <Chip {...LOCK_LOOKS[state.lock]}>{words.door.locks[state.lock]}</Chip>
        </dd>
      </div>
      <div>
        <dt>{words.door.contact}</dt>
        <dd>
          <Chip {...CONTACT_LOOKS[state.contact]}>{words.door.contacts[state.contact]}</Chip>
        </dd>
      </div>
      <div>
        <dt>{words.door.alarm}</dt>
        <dd>
          <Chip
            tone={state.alarm === 'none' ? 'neutral' : 'refused'}
            icon={state.alarm === 'none' ? 'check' : 'alarm'}
          >
            {words.door.alarmNames[state.alarm]}
          </Chip>
        </dd>
      </div>
      <div>
        <dt>{words.door.occupancy}</dt>
        <dd>{words.door.people(state.occupancy)}</dd>
      </div>
      <div>
        <dt>{words.door.readers}</dt>
        <dd>
          {Object.entries(state.readers).length === 0
            ? words.common.unknown
            : Object.entries(state.readers)
                .map(
                  ([name, link]) =>
                    `${wordOf(words.door.readerNames, name)} ${words.door.readerStates[link]}`,
                )
                .join(', ')}
        </dd>
      </div>
      <div>
        <dt>{words.door.clock}</dt>
        <dd>
          {state.clockTrust === null
            ? words.common.unknown
            : (words.auditor.clockTrusts[state.clockTrust] ?? words.common.unknown)}
        </dd>
      </div>
      <div>
        <dt>{words.door.seen}</dt>
        <dd>
          {seenMs === null ? words.door.never : app.time.value.ago(seenMs, nowMs)}
          {isOld ? (
            <>
              {' '}
              <Chip tone="waiting" icon="clock">
                {words.door.stale}
              </Chip>
            </>
          ) : null}
        </dd>
      </div>
    </dl>
  );
}

/** The latest events of a door, newest first. */
export function EventLine({ events }: { readonly events: readonly AccessEvent[] }): JSX.Element {
  const app = useApp();
  const words = useWords();
  const time = app.time.value;
  if (events.length === 0) {
    return <EmptyState icon="list" title={words.door.lastEvents} text={words.door.noEvents} />;
  }
  return (
    <ol class="event-line">
      {events.map((event) => (
        <li key={event.id} class={`tone-${eventLook(event.type, event.severity).tone}`}>
          <span class="event-time">{time.dense(Date.parse(event.at)).split(' ').at(-1)}</span>
          <Icon name={eventLook(event.type, event.severity).icon} label={words.severities[event.severity]} />
          <span>
            {wordOf(words.events, event.type)}
            {event.reason === null ? null : (
              <span class="soft">
                {' '}
                {Object.hasOwn(words.denials, event.reason)
                  ? words.denials[event.reason as keyof typeof words.denials].name
                  : wordOf(words.outcomes, event.reason)}
              </span>
            )}
            {event.personName === null ? null : <span class="soft"> {event.personName}</span>}
          </span>
        </li>
      ))}
    </ol>
  );
}
