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
  /** A card whose PIN did not come, or keys without a card that came to nothing: each once, and none without. */
  onAbandoned(reader: string, handle: string | null, atMs: MonoMs): void;
}

/** The keypad outside of a door. Card and keys may come from two devices that hang side by side. */
export interface PinPad {
  takeCard(reader: string, handle: string, atMs: MonoMs): void;
  takeKey(reader: string, key: Key, atMs: MonoMs): void;
  hasCard(): boolean;
  /** Ends what was begun. */
  abandon(): void;
  /** Ends what was begun, where its card or its keys came from this reader. */
  abandonAt(reader: string): void;
  close(): void;
}

/** Creates the keypad; an entry that is left lying ends by itself. @see rules GL29, GL30, GL66 */
export function createPinPad(clock: Clock, ports: PinPadPorts): PinPad {
  let entry = pinEntryStart;
  /** Where the entry under way was begun, and where its keys come from. */
  let begunAt = '';
  let keysFrom = '';
  const ticker = createTicker(clock, () => step({ type: 'time', atMs: clock.monoMs() }));

  function step(input: Parameters<typeof stepPinEntry>[1], reader = begunAt): void {
    const { card } = entry;
    const atMs = asMonoMs(input.atMs);
    const next = stepPinEntry(entry, input);
    entry = next.entry;
    ticker.setDue(entry.dueMs === undefined ? null : asMonoMs(entry.dueMs));
    const from = begunAt;
    begunAt = reader;
    let isTold = false;
    for (const event of next.events) {
      // The same card again is the same presentation, begun anew.
      if (event.type === 'pin-abandoned' && entry.card !== undefined && entry.card === card) continue;
      isTold = true;
      if (event.type === 'pin-abandoned') ports.onAbandoned(from, card ?? null, atMs);
      else ports.onKeyed({ reader: from, handle: event.card ?? null, digits: event.digits, atMs });
    }
    // The machine forgets without a word a card at which no key was touched.
    if (!isTold && card !== undefined && entry.card !== card) ports.onAbandoned(from, card, atMs);
  }

  function abandon(): void {
    const { card, phase } = entry;
    if (card === undefined && phase === 'empty') return;
    entry = pinEntryStart;
    ticker.setDue(null);
    ports.onAbandoned(begunAt, card ?? null, clock.monoMs());
  }

  return {
    takeCard: (reader, handle, atMs) => {
      step({ type: 'card', card: handle, atMs }, reader);
    },
    takeKey: (reader, key, atMs) => {
      keysFrom = reader;
      const isBegun = entry.card !== undefined || entry.phase !== 'empty';
      step({ type: 'key', key, atMs }, isBegun ? begunAt : reader);
    },
    hasCard: () => entry.card !== undefined,
    abandon,
    abandonAt: (reader) => {
      const isUnderWay = entry.phase !== 'empty';
      if (reader === begunAt || (isUnderWay && reader === keysFrom)) abandon();
    },
    close: () => ticker.close(),
  };
}
