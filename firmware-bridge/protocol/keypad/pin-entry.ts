import type { Key } from './key.ts';

/** All times are in ms. A PIN ends with `enter`, or by itself after `fixedDigits`. */
export interface PinEntryRules {
  readonly interDigitMs: number;
  /** A first digit within this time of a card belongs to that card. */
  readonly cardMs: number;
  readonly minDigits: number;
  readonly maxDigits: number;
  readonly fixedDigits?: number;
}

export const pinEntryRules: PinEntryRules = {
  interDigitMs: 5_000,
  cardMs: 10_000,
  minDigits: 4,
  maxDigits: 8,
};

type Phase = 'empty' | 'entering' | 'overlong';

/** `digits` holds a PIN under way and is empty at any other time; never to be logged. */
export interface PinEntry {
  readonly phase: Phase;
  readonly digits: string;
  /** When the entry under way, or else the card, is given up. */
  readonly dueMs?: number;
  readonly card?: string;
}

export const pinEntryStart: PinEntry = { phase: 'empty', digits: '' };

/** Every `atMs` is of one monotonic clock; `time` is wanted at `dueMs`. */
export type PinEntryInput =
  | { readonly type: 'key'; readonly key: Key; readonly atMs: number }
  | { readonly type: 'card'; readonly card: string; readonly atMs: number }
  | { readonly type: 'time'; readonly atMs: number };

/** `pin-entered` alone carries digits. */
export type PinEntryEvent =
  | { readonly type: 'pin-entered'; readonly digits: string; readonly card?: string }
  | {
      readonly type: 'pin-abandoned';
      readonly reason: 'cleared' | 'timed-out' | 'too-short' | 'too-long' | 'new-card';
    };

interface Step {
  readonly entry: PinEntry;
  readonly events: readonly PinEntryEvent[];
}

type Cell = (entry: PinEntry, input: PinEntryInput, rules: PinEntryRules) => Step;
type Sign = 'digit' | 'clear' | 'enter' | 'card' | 'time';

/**
 * Collects the keys of one reader into a PIN. A finished entry and its card are handed out once and forgotten;
 * what is cleared, too short, too long or left lying is forgotten without being told.
 * @see RULES.md KP7-KP13
 */
export function stepPinEntry(
  entry: PinEntry,
  input: PinEntryInput,
  rules: PinEntryRules = pinEntryRules,
): Step {
  if (entry.dueMs !== undefined && input.atMs >= entry.dueMs) {
    const late = cells[entry.phase].time(entry, input, rules);
    if (input.type === 'time') return late;
    const next = cells[late.entry.phase][signOf(input)](late.entry, input, rules);
    return { entry: next.entry, events: [...late.events, ...next.events] };
  }
  return input.type === 'time'
    ? { entry, events: [] }
    : cells[entry.phase][signOf(input)](entry, input, rules);
}

const stay: Cell = (entry) => ({ entry, events: [] });

const takeCard: Cell = (_, input, rules) =>
  input.type === 'card'
    ? { entry: { ...pinEntryStart, card: input.card, dueMs: input.atMs + rules.cardMs }, events: [] }
    : { entry: pinEntryStart, events: [] };

const replaceCard: Cell = (entry, input, rules) => ({
  entry: takeCard(entry, input, rules).entry,
  events: [{ type: 'pin-abandoned', reason: 'new-card' }],
});

/** The card goes with the digits: a second try starts with the card again, so that each try is one presentation. */
const abandon =
  (reason: 'cleared' | 'timed-out' | 'too-short' | 'too-long'): Cell =>
  () => ({ entry: pinEntryStart, events: [{ type: 'pin-abandoned', reason }] });

const addDigit: Cell = (entry, input, rules) => {
  if (input.type !== 'key') return { entry, events: [] };
  const digits = entry.digits + input.key;
  if (digits.length === rules.fixedDigits) return finish({ ...entry, digits });
  const isOverlong = digits.length > rules.maxDigits;
  return {
    entry: {
      ...entry,
      phase: isOverlong ? 'overlong' : 'entering',
      digits: isOverlong ? '' : digits,
      dueMs: input.atMs + rules.interDigitMs,
    },
    events: [],
  };
};

const prolong: Cell = (entry, input, rules) => ({
  entry: { ...entry, dueMs: input.atMs + rules.interDigitMs },
  events: [],
});

const enter: Cell = (entry, input, rules) =>
  entry.digits.length < rules.minDigits ? abandon('too-short')(entry, input, rules) : finish(entry);

const finish = ({ digits, card }: PinEntry): Step => ({
  entry: pinEntryStart,
  events: [card === undefined ? { type: 'pin-entered', digits } : { type: 'pin-entered', digits, card }],
});

const cells: Readonly<Record<Phase, Readonly<Record<Sign, Cell>>>> = {
  empty: {
    digit: addDigit,
    clear: () => ({ entry: pinEntryStart, events: [] }),
    enter: stay,
    card: takeCard,
    time: () => ({ entry: pinEntryStart, events: [] }),
  },
  entering: {
    digit: addDigit,
    clear: abandon('cleared'),
    enter,
    card: replaceCard,
    time: abandon('timed-out'),
  },
  overlong: {
    digit: prolong,
    clear: abandon('cleared'),
    enter: abandon('too-long'),
    card: replaceCard,
    time: abandon('too-long'),
  },
};

function signOf(input: Exclude<PinEntryInput, { type: 'time' }>): Exclude<Sign, 'time'> {
  if (input.type === 'card') return 'card';
  return input.key === 'clear' || input.key === 'enter' ? input.key : 'digit';
}
