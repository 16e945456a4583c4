import { useEffect, useRef, useState } from 'preact/hooks';
import type { AccessEvent, Door } from '#contract/api';
import { useApp } from './app-state.ts';
import type { ReaderLight } from './simulator-state.ts';
import { useLoad } from './use-load.ts';
import { useStream } from './use-stream.ts';

const SHOWN_EVENTS = 10;
/** As long as the readers themselves show an answer. */
const LIGHT_MS = 4000;

export interface DoorWatch {
  readonly events: readonly AccessEvent[];
  /** What the light at the reader shows by the latest event. */
  readonly light: ReaderLight;
  readonly initials: readonly string[];
}

const initialsOf = (name: string | null): string =>
  name === null
    ? '?'
    : name
        .split(/\s+/)
        .slice(0, 2)
        .map((part) => part.charAt(0).toUpperCase())
        .join('');

const lightOf = (event: AccessEvent): ReaderLight | null => {
  if (event.type === 'access.granted') return 'granted';
  return event.type === 'access.denied' ? 'denied' : null;
};

/** Follows one door: its latest events, the light that they cause, and the initials of those inside. */
export function useDoorWatch(door: Door | undefined): DoorWatch {
  const app = useApp();
  const doorId = door?.id ?? '';
  const first = useLoad(`door events ${doorId}`, () => app.api.events({ doorId }, SHOWN_EVENTS));
  const occupancy = useLoad(`occupancy ${doorId}`, () => app.api.occupancy());
  const [later, setLater] = useState<readonly AccessEvent[]>([]);
  const [light, setLight] = useState<ReaderLight>('idle');
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  useStream(
    (message) => {
      if (message.kind !== 'event' || message.event.doorId !== doorId) return;
      const { event } = message;
      setLater((before) => [event, ...before].slice(0, SHOWN_EVENTS));
      const shown = lightOf(event);
      if (shown !== null) {
        setLight(shown);
        clearTimeout(timer.current);
        timer.current = setTimeout(() => setLight('idle'), LIGHT_MS);
      }
      if (event.type === 'access.outcome' || event.type === 'exit.recorded') void occupancy.reload();
    },
    () => {
      setLater([]);
      void first.reload();
      void occupancy.reload();
    },
  );
  const known = new Set<string>();
  const events = [...later, ...(first.data?.items ?? [])].filter((event) => {
    if (event.doorId !== doorId || known.has(event.id)) return false;
    known.add(event.id);
    return true;
  });
  const room = occupancy.data?.rooms.find((each) => each.roomId === door?.roomId);
  const named = (room?.inside ?? []).map((visit) => initialsOf(visit.personName));
  const count = door?.state.occupancy ?? 0;
  return {
    events: events.slice(0, SHOWN_EVENTS),
    light: door?.state.alarm === 'none' ? light : 'alarm',
    initials: named.length > 0 ? named : Array.from({ length: Math.max(0, count) }, () => '?'),
  };
}
