import { asMonoMs, type Clock, type MonoMs } from '#contract/clock';
import { pinEntryStart, stepPinEntry, type Key } from '../../firmware-bridge/bridge.ts';
import { createTicker } from '../ticker.ts';

/** What somebody keyed in and ended. */
export interface Keyed {
  /** Where the card was read, or the keys where there was none. */
  readonly reader: string;
  /** The card that was presented before; null where there was none. */
  readonly handle: string | null;
  /** Never to be logged, recorded or kept. */
  readonly digits: string;
  readonly atMs: MonoMs;
}

export interface PinPadPorts {
  onKeyed(keyed: Keyed): void;
  /** A card whose PIN did not come, or keys without a card that came to nothing. */
  onAbandoned(reader: string, handle: string | null, atMs: MonoMs): void;
}

/** The keypad outside of a door. Card and keys may come from two devices that hang side by side. */
export interface PinPad {
  takeCard(reader: string, handle: string, atMs: MonoMs): void;
  takeKey(reader: string, key: Key, atMs: MonoMs): void;
  hasCard(): boolean;
  /** Forgets what was begun, without telling. */
  drop(): void;
  close(): void;
}

/** Creates the keypad; an entry that is left lying ends by itself. @see rules GL29, GL30 */
export function createPinPad(clock: Clock, ports: PinPadPorts): PinPad {
  let entry = pinEntryStart;
  /** Where the entry under way was begun. */
  let begunAt = '';
  const ticker = createTicker(clock, () => step({ type: 'time', atMs: clock.monoMs() }));

  function step(input: Parameters<typeof stepPinEntry>[1]): void {
    const { card } = entry;
    const reader = begunAt;
    const next = stepPinEntry(entry, input);
    entry = next.entry;
    ticker.setDue(entry.dueMs === undefined ? null : asMonoMs(entry.dueMs));
    const atMs = asMonoMs(input.atMs);
    for (const event of next.events) {
      if (event.type === 'pin-entered') {
        ports.onKeyed({ reader, handle: event.card ?? null, digits: event.digits, atMs });
      } else if (event.reason !== 'new-card') ports.onAbandoned(reader, card ?? null, atMs);
    }
    // Nobody touched a key in the time that a card gives: the machine forgets the card without a word.
    const isForgotten = card !== undefined && entry.card === undefined && next.events.length === 0;
    if (isForgotten && input.type === 'time') ports.onAbandoned(reader, card, atMs);
  }

  return {
    takeCard: (reader, handle, atMs) => {
      begunAt = reader;
      step({ type: 'card', card: handle, atMs });
    },
    takeKey: (reader, key, atMs) => {
      if (entry.card === undefined && entry.phase === 'empty') begunAt = reader;
      step({ type: 'key', key, atMs });
    },
    hasCard: () => entry.card !== undefined,
    drop: () => {
      entry = pinEntryStart;
      ticker.setDue(null);
    },
    close: () => ticker.close(),
  };
}
