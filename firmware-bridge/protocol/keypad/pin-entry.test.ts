import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Key } from './key.ts';
import {
  pinEntryRules,
  pinEntryStart,
  stepPinEntry,
  type PinEntry,
  type PinEntryEvent,
  type PinEntryInput,
  type PinEntryRules,
} from './pin-entry.ts';

const card = 'em:6F007B3972';
const other = 'em:010063E9AE';

function run(
  inputs: readonly PinEntryInput[],
  rules?: PinEntryRules,
): { readonly entry: PinEntry; readonly events: readonly PinEntryEvent[] } {
  let entry = pinEntryStart;
  const events: PinEntryEvent[] = [];
  for (const input of inputs) {
    const step = stepPinEntry(entry, input, rules);
    entry = step.entry;
    events.push(...step.events);
  }
  return { entry, events };
}

/** The keys of a text, one every 300 ms; `#` enters, `*` clears. */
const typed = (text: string, fromMs = 0): readonly PinEntryInput[] =>
  [...text].map((sign, index) => {
    const key = (sign === '#' ? 'enter' : sign === '*' ? 'clear' : sign) as Key;
    return { type: 'key', key, atMs: fromMs + 300 * index };
  });
const shown = (text: string, atMs: number): PinEntryInput => ({ type: 'card', card: text, atMs });

it('KP7: a PIN ends with enter and is told once', () => {
  const { entry, events } = run(typed('0042#'));
  expect(events).toEqual([{ type: 'pin-entered', digits: '0042' }]);
  expect(entry).toEqual(pinEntryStart);
  expect(run(typed('0042##')).events).toHaveLength(1);
});

it('KP7: with a fixed length the last digit ends it', () => {
  const { entry, events } = run(typed('123456'), { ...pinEntryRules, fixedDigits: 6 });
  expect(events).toEqual([{ type: 'pin-entered', digits: '123456' }]);
  expect(entry).toEqual(pinEntryStart);
});

it('KP8: digits left lying are dropped to the ms', () => {
  const started = run(typed('12')).entry;
  expect(started.dueMs).toBe(5_300);
  expect(stepPinEntry(started, { type: 'time', atMs: 5_299 })).toEqual({ entry: started, events: [] });
  expect(stepPinEntry(started, { type: 'time', atMs: 5_300 })).toEqual({
    entry: pinEntryStart,
    events: [{ type: 'pin-abandoned', reason: 'timed-out' }],
  });
});

it('KP8: a key that comes too late begins a new PIN, even when no time was told between', () => {
  const { events } = run([...typed('12'), ...typed('3456#', 5_300)]);
  expect(events).toEqual([
    { type: 'pin-abandoned', reason: 'timed-out' },
    { type: 'pin-entered', digits: '3456' },
  ]);
});

it.each([
  ['12*', 'cleared'],
  ['123#', 'too-short'],
  ['123456789#', 'too-long'],
  ['123456789012345678#', 'too-long'],
  ['123456789*', 'cleared'],
] as const)('KP9: %s is dropped: %s', (keys, reason) => {
  const { entry, events } = run(typed(keys));
  expect(events).toEqual([{ type: 'pin-abandoned', reason }]);
  expect(entry).toEqual(pinEntryStart);
});

it('KP9: a PIN of eight digits is whole, the ninth spoils it and its first eight are not kept', () => {
  expect(run(typed('12345678#')).events).toEqual([{ type: 'pin-entered', digits: '12345678' }]);
  const overlong = run(typed('123456789')).entry;
  expect(overlong.digits).toBe('');
  expect(stepPinEntry(overlong, { type: 'time', atMs: 20_000 }).events).toEqual([
    { type: 'pin-abandoned', reason: 'too-long' },
  ]);
});

it("KP10: a PIN begun within ten seconds of a card is that card's", () => {
  expect(run([shown(card, 0), ...typed('1234#', 9_999)]).events).toEqual([
    { type: 'pin-entered', digits: '1234', card },
  ]);
  expect(run([shown(card, 0), ...typed('1234#', 10_000)]).events).toEqual([
    { type: 'pin-entered', digits: '1234' },
  ]);
});

it('KP10: another card takes the place of the first and drops digits typed before it', () => {
  expect(
    run([shown(card, 0), ...typed('12', 100), shown(other, 900), ...typed('5678#', 1_000)]).events,
  ).toEqual([
    { type: 'pin-abandoned', reason: 'new-card' },
    { type: 'pin-entered', digits: '5678', card: other },
  ]);
  expect(run([shown(card, 0), shown(other, 100), ...typed('1234#', 200)]).events).toEqual([
    { type: 'pin-entered', digits: '1234', card: other },
  ]);
});

it('KP12: a second try begins with the card', () => {
  for (const first of ['1234#', '12*', '12#']) {
    const { events } = run([shown(card, 0), ...typed(first, 100), ...typed('5678#', 2_000)]);
    expect(events.at(-1)).toEqual({ type: 'pin-entered', digits: '5678' });
  }
});

it('KP12: clear and enter without digits: clear forgets the card, enter does nothing', () => {
  expect(run([shown(card, 0), ...typed('*1234#', 100)]).events).toEqual([
    { type: 'pin-entered', digits: '1234' },
  ]);
  expect(run([shown(card, 0), ...typed('#1234#', 100)]).events).toEqual([
    { type: 'pin-entered', digits: '1234', card },
  ]);
});

it('KP11, KP9: whatever is typed, digits are held only under way, are bounded, and are told only when finished', () => {
  const key = fc.constantFrom<Key>('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'clear', 'enter');
  const input = fc.oneof(
    { weight: 8, arbitrary: fc.record({ type: fc.constant('key' as const), key }) },
    {
      weight: 1,
      arbitrary: fc.record({ type: fc.constant('card' as const), card: fc.constantFrom(card, other) }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('time' as const) }) },
  );
  const steps = fc.array(fc.tuple(input, fc.constantFrom(1, 200, 200, 4_999, 5_000, 11_000)), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(steps, (given) => {
      let entry = pinEntryStart;
      let atMs = 0;
      for (const [what, afterMs] of given) {
        atMs += afterMs;
        const step = stepPinEntry(entry, { ...what, atMs });
        entry = step.entry;
        expect(entry.digits.length).toBeLessThanOrEqual(8);
        expect(entry.digits === '').toBe(entry.phase !== 'entering');
        expect(entry.dueMs === undefined).toBe(entry.phase === 'empty' && entry.card === undefined);
        const entered = step.events.flatMap((event) => (event.type === 'pin-entered' ? [event.digits] : []));
        expect(entered.every((digits) => /^\d{4,8}$/.test(digits))).toBe(true);
        const dropped = step.events.filter((event) => event.type === 'pin-abandoned');
        expect(JSON.stringify(dropped)).not.toMatch(/\d/);
      }
    }),
    { seed: 309, numRuns: 500 },
  );
});
