import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bytesOfHex } from '../card/card.ts';
import type { PolledEffect, PolledInput } from '../card/card-reader.ts';
import {
  encodeGwiot7941wAnswer,
  encodeGwiot7941wRequest,
  gwiot7941w,
  type Gwiot7941wState,
} from './gwiot7941w.ts';

const askUid = bytesOfHex('ABBA00100010');
const askEm = bytesOfHex('ABBA00150015');
const nothing = encodeGwiot7941wAnswer(false);

function run(inputs: readonly PolledInput[]): {
  readonly state: Gwiot7941wState;
  readonly effects: readonly PolledEffect[];
} {
  let state = gwiot7941w.start;
  const effects: PolledEffect[] = [];
  for (const input of inputs) {
    const step = gwiot7941w.step(state, input);
    state = step.state;
    effects.push(...step.effects);
  }
  return { state, effects };
}

const bytes = (given: Uint8Array, atMs: number): PolledInput => ({ type: 'bytes', bytes: given, atMs });
const time = (atMs: number): PolledInput => ({ type: 'time', atMs });

it('RD12: the questions are the bytes of the document and come in turn', () => {
  expect(encodeGwiot7941wRequest(0x10)).toEqual(askUid);
  expect(encodeGwiot7941wRequest(0x15)).toEqual(askEm);
  expect(nothing).toEqual(bytesOfHex('CDDC00800080'));
  const { effects } = run([
    { type: 'opened', atMs: 0 },
    bytes(nothing, 20),
    time(79),
    time(80),
    bytes(nothing, 100),
    time(160),
  ]);
  expect(effects).toEqual([
    { type: 'send', bytes: askUid },
    { type: 'online' },
    { type: 'send', bytes: askEm },
    { type: 'send', bytes: askUid },
  ]);
});

it('RD13: an answer is read as what was asked for', () => {
  const uid = encodeGwiot7941wAnswer(true, bytesOfHex('6B3D12D6'));
  const em = encodeGwiot7941wAnswer(true, bytesOfHex('2E00B6D7B5'));
  const asked: readonly PolledInput[] = [
    { type: 'opened', atMs: 0 },
    bytes(uid, 20),
    time(80),
    bytes(em, 100),
  ];
  expect(run(asked).effects).toEqual([
    { type: 'send', bytes: askUid },
    { type: 'online' },
    { type: 'card', card: 'mf4:6B3D12D6' },
    { type: 'send', bytes: askEm },
    { type: 'card', card: 'em:2E00B6D7B5' },
  ]);
  const wrong = run([{ type: 'opened', atMs: 0 }, bytes(em, 20)]);
  expect(wrong.effects.at(-1)).toEqual({ type: 'damaged' });
});

it('RD13: an answer that nobody awaits is not believed', () => {
  const uid = encodeGwiot7941wAnswer(true, bytesOfHex('6B3D12D6'));
  expect(run([bytes(uid, 0)]).effects).toEqual([]);
  const em = encodeGwiot7941wAnswer(true, bytesOfHex('2E00B6D7B5'));
  const asked: readonly PolledInput[] = [{ type: 'opened', atMs: 0 }, bytes(nothing, 20)];
  for (const late of [uid, em]) expect(run([...asked, bytes(late, 30)]).effects).toEqual(run(asked).effects);
});

it('RD9, RD6: blank and damaged answers are damage', () => {
  const blank = encodeGwiot7941wAnswer(true, new Uint8Array(4));
  expect(run([{ type: 'opened', atMs: 0 }, bytes(blank, 20)]).effects.at(-1)).toEqual({ type: 'damaged' });
  const uid = encodeGwiot7941wAnswer(true, bytesOfHex('6B3D12D6'));
  for (let at = 0; at < uid.length; at += 1) {
    for (let value = 0; value <= 0xff; value += 1) {
      if (value === uid[at]) continue;
      const bad = uid.slice();
      bad[at] = value;
      const { effects } = run([{ type: 'opened', atMs: 0 }, bytes(bad, 20), time(300), time(360)]);
      expect(effects.some((effect) => effect.type === 'card')).toBe(false);
    }
  }
});

it('RD14: silent three times is offline, and the next answer is online', () => {
  const { state, effects } = run([{ type: 'opened', atMs: 0 }, bytes(nothing, 10), time(70)]);
  expect(effects).toContainEqual({ type: 'online' });
  let now = state;
  const told: string[] = [];
  for (let turn = 0; turn < 20; turn += 1) {
    const step = gwiot7941w.step(now, time(gwiot7941w.dueMs(now) ?? 0));
    now = step.state;
    told.push(...step.effects.map(({ type }) => type));
  }
  expect(told.filter((type) => type !== 'send')).toEqual(['offline']);
  expect(told.indexOf('offline')).toBe(2);
  const asking = now.phase === 'asking' ? now : gwiot7941w.step(now, time(gwiot7941w.dueMs(now) ?? 0)).state;
  expect(gwiot7941w.step(asking, bytes(nothing, 99_999)).effects).toEqual([{ type: 'online' }]);
  expect(gwiot7941w.step(asking, { type: 'closed', atMs: 0 })).toEqual({
    state: gwiot7941w.start,
    effects: [],
  });
});

it('RD2, RD4, RD14: whatever comes, it goes on asking and holds little', () => {
  const input = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((given) => ({ type: 'bytes' as const, bytes: given })),
    fc
      .constantFrom(nothing, bytesOfHex('CDDC0081FF'))
      .map((given) => ({ type: 'bytes' as const, bytes: given })),
    fc.constant({ type: 'time' as const }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(input, fc.nat(400)), { maxLength: 40 }), (inputs) => {
      let state = gwiot7941w.step(gwiot7941w.start, { type: 'opened', atMs: 0 }).state;
      let atMs = 0;
      for (const [given, afterMs] of inputs) {
        atMs += afterMs;
        state = gwiot7941w.step(state, { ...given, atMs }).state;
        expect(state.held.bytes.length).toBeLessThan(22);
        expect(state.dueMs).toBeDefined();
      }
      const asked = [0, 1].flatMap(() => {
        const step = gwiot7941w.step(state, time(state.dueMs ?? 0));
        state = step.state;
        return step.effects;
      });
      expect(asked.some((effect) => effect.type === 'send')).toBe(true);
    }),
    { seed: 313, numRuns: 300 },
  );
});
