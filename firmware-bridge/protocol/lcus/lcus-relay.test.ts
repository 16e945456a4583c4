import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { PulseAnswer, RelayEffect, RelayInput } from '../modbus/modbus-relay.ts';
import { canLcusTell, createLcusRelay, stepLcusRelay } from './lcus-relay.ts';
import { encodeLcusRelay, lcusQuery } from './lcus.ts';

type Told = Exclude<RelayEffect, { type: 'send' }>;
/** How the board answers a question: not at all, with rubbish, or with the state of its channels. */
type Speech = 'mute' | 'rubbish' | 'text' | 'bytes';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const off = hex(encodeLcusRelay(2, false));
const on = hex(encodeLcusRelay(2, true));
const query = hex(lcusQuery);

/** A board of four channels with a clock; its second relay is the lock. */
function createBench(speech: Speech) {
  let state = createLcusRelay(2);
  let atMs = 1000;
  const board = { speech, isOn: false, isStuck: false };
  const sent: { readonly atMs: number; readonly hex: string }[] = [];
  const told: Told[] = [];
  let arriving: { readonly atMs: number; readonly bytes: Uint8Array } | null = null;

  const give = (input: RelayInput): void => {
    const stepped = stepLcusRelay(state, input);
    state = stepped.state;
    for (const effect of stepped.effects) {
      if (effect.type === 'send') transmit(effect.bytes);
      else told.push(effect);
    }
  };
  const answer = (): Uint8Array | null => {
    const isOn = [false, board.isOn || board.isStuck, false, true];
    switch (board.speech) {
      case 'mute':
        return null;
      case 'rubbish':
        return Uint8Array.from(Buffer.from('CH1: O'));
      case 'text':
        return Uint8Array.from(
          Buffer.from(isOn.map((is, at) => `CH${at + 1}: ${is ? 'ON' : 'OFF'}\r\n`).join('')),
        );
      case 'bytes':
        return Uint8Array.from(isOn, Number);
    }
  };
  const transmit = (bytes: Uint8Array): void => {
    sent.push({ atMs, hex: hex(bytes) });
    if (hex(bytes) === on) board.isOn = true;
    if (hex(bytes) === off) board.isOn = false;
    const reply = hex(bytes) === query ? answer() : null;
    if (reply !== null) arriving = { atMs: atMs + 20, bytes: reply };
  };
  return {
    board,
    sent,
    told,
    give,
    state: () => state,
    /** Lets everything happen that is due within the time. */
    wait: (forMs: number): void => {
      const endMs = atMs + forMs;
      for (;;) {
        const dueMs = Math.max(state.dueMs ?? Infinity, atMs);
        const nextMs = Math.min(dueMs, arriving?.atMs ?? Infinity);
        if (nextMs > endMs) break;
        atMs = nextMs;
        if (arriving !== null && arriving.atMs === nextMs) {
          const { bytes } = arriving;
          arriving = null;
          give({ type: 'bytes', bytes, atMs });
        } else give({ type: 'time', atMs });
      }
      atMs = endMs;
    },
    open: () => give({ type: 'opened', atMs }),
    close: () => give({ type: 'closed', atMs }),
    secure: () => give({ type: 'secure', atMs }),
    pulse: (id: string, durationMs = 3000, withinMs = 2000) =>
      give({ type: 'pulse', pulse: { id, durationMs, notAfterMs: atMs + withinMs }, atMs }),
    answersTo: (id: string): readonly PulseAnswer[] =>
      told.flatMap((effect) => (effect.type === 'pulse-answered' && effect.id === id ? [effect.answer] : [])),
    relays: () => told.flatMap((effect) => (effect.type === 'relay' ? [effect.state] : [])),
    sentOf: (wanted: string) => sent.filter((one) => one.hex === wanted).map((one) => one.atMs),
    types: () => told.map(({ type }) => type),
  };
}

const opened = (speech: Speech) => {
  const bench = createBench(speech);
  bench.open();
  bench.wait(1500);
  return bench;
};

const speaking: readonly Speech[] = ['text', 'bytes'];

it('RL20: off is sent first, then asked for, in either way of answering', () => {
  for (const speech of speaking) {
    const bench = createBench(speech);
    expect(() => createLcusRelay(9)).toThrow(RangeError);
    bench.pulse('early');
    bench.open();
    bench.wait(1000);
    expect(bench.sent.map((one) => one.hex)).toEqual([off, query]);
    expect(bench.told).toEqual([
      { type: 'pulse-answered', id: 'early', answer: { kind: 'refused', reason: 'offline' } },
      { type: 'online' },
      { type: 'relay', state: 'secured' },
    ]);
    expect([bench.state().channels, canLcusTell(bench.state())]).toEqual([4, true]);
  }
});

it('RL20: an answer that does not reach to the channel, or tells another number of them, is damage', () => {
  const bench = opened('text');
  bench.board.speech = 'rubbish';
  bench.wait(2300);
  expect(bench.told.at(-1)).toEqual({ type: 'damaged' });
});

it('RL21: a pulse is sent at once and acknowledged by the answer alone', () => {
  for (const speech of speaking) {
    const bench = opened(speech);
    bench.pulse('p', 3000);
    expect(bench.sent.at(-1)?.hex).toBe(on);
    expect(bench.answersTo('p')).toEqual([]);
    bench.wait(300);
    expect(bench.answersTo('p')).toEqual([{ kind: 'acknowledged' }]);
    expect(bench.relays()).toEqual(['secured', 'released']);
  }
});

it('RL21: a relay that does not come on is tried again within the time, then unconfirmed', () => {
  const bench = opened('text');
  bench.board.speech = 'rubbish';
  bench.pulse('p', 3000, 400);
  bench.wait(1500);
  expect(bench.answersTo('p')).toEqual([{ kind: 'unconfirmed' }]);
});

it('RL22: off is sent when the longest pulse ends', () => {
  for (const speech of [...speaking, 'mute' as const]) {
    const bench = opened(speech);
    bench.pulse('long', 3000);
    const onMs = bench.sentOf(on)[0] ?? 0;
    bench.wait(500);
    bench.pulse('short', 200);
    bench.wait(500);
    bench.pulse('longer', 4000);
    bench.wait(10_000);
    const [endMs = 0] = bench.sentOf(off).filter((atMs) => atMs > onMs);
    expect(endMs - onMs).toBeGreaterThanOrEqual(5000);
    expect(endMs - onMs).toBeLessThan(5400);
    expect(bench.board.isOn).toBe(false);
  }
});

it('RL23: a board that never answers is online, and nothing of it is believed', () => {
  const bench = opened('mute');
  expect(bench.told).toEqual([{ type: 'online' }]);
  expect(canLcusTell(bench.state())).toBe(false);
  const questions = bench.sentOf(query).length;
  bench.pulse('p');
  bench.wait(10_000);
  expect(bench.answersTo('p')).toEqual([{ kind: 'unconfirmed' }]);
  expect(bench.relays()).toEqual([]);
  expect(bench.sentOf(query).length).toBe(questions);
});

it('RL24: what is out of bounds, late or beside another is refused and never sent', () => {
  const bench = opened('text');
  for (const durationMs of [99, 10_001, 500.5, Number.NaN]) bench.pulse('bad', durationMs);
  bench.pulse('late', 3000, 0);
  expect(bench.sentOf(on)).toEqual([]);
  bench.pulse('one');
  bench.pulse('two');
  expect(bench.sentOf(on).length).toBe(1);
  expect([...bench.answersTo('bad'), ...bench.answersTo('late'), ...bench.answersTo('two')]).toEqual([
    ...Array.from({ length: 4 }, () => ({ kind: 'refused', reason: 'invalid-duration' })),
    { kind: 'refused', reason: 'expired' },
    { kind: 'refused', reason: 'rejected' },
  ]);
});

it('RL24: a pulse waits for an answer under way and is dropped when its time is over', () => {
  const bench = opened('text');
  const asked = bench.sentOf(query).length;
  while (bench.sentOf(query).length === asked) bench.wait(1);
  bench.pulse('late', 3000, 10);
  bench.pulse('other');
  bench.wait(500);
  expect(bench.answersTo('late')).toEqual([{ kind: 'refused', reason: 'expired' }]);
  expect(bench.sentOf(on)).toEqual([]);
});

it('RL24: locking overtakes a pulse at once', () => {
  const bench = opened('text');
  bench.pulse('p');
  bench.wait(20);
  bench.secure();
  expect(bench.sent.at(-1)?.hex).toBe(off);
  expect(bench.answersTo('p')).toEqual([{ kind: 'unconfirmed' }]);
  bench.secure();
  bench.pulse('during');
  bench.wait(500);
  expect(bench.answersTo('during')).toEqual([{ kind: 'refused', reason: 'rejected' }]);
  expect(bench.relays()).toEqual(['secured', 'secured']);
});

it('RL25: a relay found on is a fault and is switched off', () => {
  const bench = opened('bytes');
  bench.board.isOn = true;
  bench.wait(3000);
  expect(bench.told.slice(2)).toEqual([
    { type: 'relay', state: 'released' },
    { type: 'fault', code: 'released-unasked' },
    { type: 'relay', state: 'secured' },
  ]);
});

it('RL25: one that stays on is told again and again, and never left alone', () => {
  const bench = opened('text');
  bench.board.isStuck = true;
  bench.wait(10_000);
  const faults = bench.types().filter((type) => type === 'fault').length;
  const offs = bench.sentOf(off).length;
  bench.wait(10_000);
  expect(bench.types().filter((type) => type === 'fault').length).toBeGreaterThan(faults);
  expect(bench.sentOf(off).length).toBeGreaterThan(offs + 3);
});

it('RL26: a board that falls silent is offline, and is switched off first when it answers again', () => {
  const bench = opened('text');
  bench.board.speech = 'mute';
  bench.board.isOn = true;
  bench.wait(5000);
  expect(bench.told.at(-1)).toEqual({ type: 'offline' });
  expect(bench.board.isOn).toBe(false);
  bench.pulse('p');
  expect(bench.answersTo('p')).toEqual([{ kind: 'refused', reason: 'offline' }]);
  const silent = bench.told.length;
  bench.board.speech = 'text';
  bench.wait(2000);
  expect(bench.told.slice(silent)).toEqual([{ type: 'online' }, { type: 'relay', state: 'secured' }]);
});

it('RL26: a closed port is offline and forgets everything', () => {
  const bench = opened('text');
  bench.pulse('p');
  bench.close();
  expect(bench.told.slice(2)).toEqual([
    { type: 'pulse-answered', id: 'p', answer: { kind: 'unconfirmed' } },
    { type: 'offline' },
  ]);
  bench.close();
  bench.secure();
  bench.wait(60_000);
  expect(bench.told.length).toBe(4);
});

it('RL27: whatever the board says, every pulse is answered once and off comes last', () => {
  const act = fc.oneof(
    fc.constantFrom('pulse', 'secure', 'open', 'close', 'stick', 'loosen'),
    fc.constantFrom<Speech>('mute', 'rubbish', 'text', 'bytes'),
    fc.integer({ min: 1, max: 3000 }),
    fc.uint8Array({ minLength: 1, maxLength: 200 }),
  );
  fc.assert(
    fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
      const bench = opened('text');
      let pulses = 0;
      for (const one of acts) {
        if (typeof one === 'number') bench.wait(one);
        else if (typeof one !== 'string') bench.give({ type: 'bytes', bytes: one, atMs: 0 });
        else if (one === 'pulse') bench.pulse(String((pulses += 1)), 400);
        else if (one === 'secure') bench.secure();
        else if (one === 'open') bench.open();
        else if (one === 'close') bench.close();
        else if (one === 'stick') bench.board.isStuck = true;
        else if (one === 'loosen') bench.board.isStuck = false;
        else bench.board.speech = one;
      }
      bench.wait(5000);
      for (let pulse = 1; pulse <= pulses; pulse += 1) expect(bench.answersTo(String(pulse)).length).toBe(1);
      const switched = bench.sent.filter((one) => one.hex !== query).at(-1)?.hex;
      // A pulled port can be told nothing more: there the one-shot behind the relay ends it.
      expect(bench.state().phase === 'closed' ? off : switched).toBe(off);
      expect(bench.state().held.answer.length).toBeLessThanOrEqual(128);
    }),
    { seed: 27, numRuns: 300 },
  );
});
