import type { Clock } from '#contract/clock';
import { createAlarm } from '../transport/alarm.ts';

/** One edge of a relay. */
export interface RelayEdge {
  readonly atMs: number;
  readonly isOn: boolean;
}

/** One relay of a simulated board and what may be wrong with its contact. */
export interface RelayWire {
  /** Switches on, for `forMs` or for good, or off. */
  set(isOn: boolean, forMs?: number): void;
  isOn(): boolean;
  /** `welded` stays on, `dead` stays off, whatever the board does. */
  setContact(contact: 'sound' | 'welded' | 'dead'): void;
  /** Every edge in order: the oracle of tests. */
  edges(): readonly RelayEdge[];
}

export function createRelayWire(
  clock: Clock,
  onEdge: (edge: RelayEdge) => void = () => undefined,
): RelayWire {
  const edges: RelayEdge[] = [];
  let isDriven = false;
  let contact: 'sound' | 'welded' | 'dead' = 'sound';
  const isOn = (): boolean => contact === 'welded' || (isDriven && contact === 'sound');
  const note = (before: boolean): void => {
    if (isOn() === before) return;
    const edge = { atMs: clock.monoMs(), isOn: isOn() };
    edges.push(edge);
    onEdge(edge);
  };
  const over = createAlarm(clock, () => {
    const before = isOn();
    isDriven = false;
    note(before);
  });
  return {
    isOn,
    edges: () => [...edges],
    set: (isWanted, forMs) => {
      const before = isOn();
      isDriven = isWanted;
      over.set(isWanted && forMs !== undefined ? clock.monoMs() + forMs : null);
      note(before);
    },
    setContact: (next) => {
      const before = isOn();
      contact = next;
      note(before);
    },
  };
}
