import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bytesOfHex } from '../card/card.ts';
import type { PolledEffect, PolledInput } from '../card/card-reader.ts';
import { joinBytes, scanStart } from '../resync/scan-frames.ts';
import { parsePn532Targets, pn532, type Pn532State } from './pn532.ts';
import {
  encodePn532Answer,
  encodePn532Command,
  pn532Abort,
  pn532WakeUp,
  receivePn532,
  type Pn532Event,
} from './pn532-frame.ts';

const hex = (text: string): Uint8Array => bytesOfHex(text.replaceAll(' ', ''));
const ack = hex('00 00 FF 00 FF 00');
const card4 = hex('00 00 FF 0C F4 D5 4B 01 01 00 04 08 04 FB 0E E2 0B D8 00');
const card7 = hex('00 00 FF 0F F1 D5 4B 01 01 00 44 18 07 04 A2 B3 C4 D5 E6 80 23 00');
const noCard = hex('00 00 FF 03 FD D5 4B 00 E0 00');

/** Everything in the stream and the silence behind it. */
function receiveAll(bytes: Uint8Array): readonly Pn532Event[] {
  const first = receivePn532(scanStart, { bytes });
  return [...first.events, ...receivePn532(first.held, { idle: true }).events];
}

it('RD10: the frames of the document', () => {
  expect(encodePn532Command(0x14, [0x01])).toEqual(hex('00 00 FF 03 FD D4 14 01 17 00'));
  expect(encodePn532Command(0x14, [0x01, 0x14, 0x01])).toEqual(hex('00 00 FF 05 FB D4 14 01 14 01 02 00'));
  expect(encodePn532Command(0x02)).toEqual(hex('00 00 FF 02 FE D4 02 2A 00'));
  expect(encodePn532Command(0x32, [0x05, 0xff, 0x01, 0x01])).toEqual(
    hex('00 00 FF 06 FA D4 32 05 FF 01 01 F4 00'),
  );
  expect(encodePn532Command(0x4a, [0x01, 0x00])).toEqual(hex('00 00 FF 04 FC D4 4A 01 00 E1 00'));
  expect(encodePn532Command(0x52, [0x00])).toEqual(hex('00 00 FF 03 FD D4 52 00 DA 00'));
  expect(encodePn532Answer(0x15)).toEqual(hex('00 00 FF 02 FE D5 15 16 00'));
  expect(encodePn532Answer(0x4b, [0x00])).toEqual(noCard);
  expect(pn532Abort).toEqual(ack);
  expect(pn532WakeUp).toEqual(hex('55 55 00 00 00 00 00 00 00 00 00 00 00 00 00 00'));
});

it('RD10, RD16: what the chip says, with any zeros between', () => {
  expect(receiveAll(ack)).toEqual([{ type: 'ack' }]);
  expect(receiveAll(hex('00 00 FF FF 00 00'))).toEqual([{ type: 'nack' }]);
  expect(receiveAll(hex('00 00 FF 01 FF 7F 81 00'))).toEqual([{ type: 'error' }]);
  expect(receiveAll(hex('00 00 FF 06 FA D5 03 32 01 06 07 E8 00'))).toEqual([
    { type: 'answer', code: 0x03, data: hex('32 01 06 07') },
  ]);
  const stream = [ack, new Uint8Array(5), noCard, hex('00 FF 00 FF'), card4].reduce(joinBytes);
  expect(receiveAll(stream).map(({ type }) => type)).toEqual(['ack', 'answer', 'ack', 'answer']);
});

it('RD15: extended frames, our own commands and wrong sums are no answers', () => {
  for (const bad of [
    '00 00 FF FF FF 01 00 FF D5 4B',
    '00 00 FF 04 FC D4 4A 01 00 E1 00',
    '00 00 FF 03 FC D5 4B 00 E0 00',
    '00 00 FF 03 FD D5 4B 00 E1 00',
    '00 00 FF 01 FF D5 2B 00',
    '00 00 FF 41 BF D5 4B',
  ]) {
    const events = receiveAll(hex(bad));
    expect(events[0]).toEqual({ type: 'damaged' });
    expect(events.some(({ type }) => type === 'answer' || type === 'error')).toBe(false);
  }
});

it('RD1, RD6: behind every single corrupted byte the next frame is delivered, and no other card', () => {
  for (let at = 0; at < card4.length; at += 1) {
    for (let value = 0; value <= 0xff; value += 1) {
      const bad = card4.slice();
      bad[at] = value;
      const answers = receiveAll([bad, noCard, card7].reduce(joinBytes)).filter(
        (event) => event.type === 'answer',
      );
      expect(answers.slice(-2).map(({ data }) => data)).toEqual([hex('00'), card7.slice(7, -2)]);
      expect(answers.length === 2 || String(answers[0]?.data) === String(card4.slice(7, -2))).toBe(true);
    }
  }
});

it('RD2, RD4, RD5: any stream in any pieces is the same stream, and little of it is held', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom(ack, card4, card7, noCard, hex('00 00 FF 40 C0 D5'), hex('00 FF F0 10 D5 4B')),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const whole = receivePn532(scanStart, { bytes: pieces.reduce(joinBytes, new Uint8Array()) });
      let held = scanStart;
      const events: Pn532Event[] = [];
      for (const bytes of pieces) {
        const next = receivePn532(held, { bytes });
        held = next.held;
        events.push(...next.events);
        expect(held.bytes.length).toBeLessThan(69);
      }
      expect(held).toEqual(whole.held);
      expect(withoutNoise(events)).toEqual(withoutNoise(whole.events));
    }),
    { seed: 314, numRuns: 500 },
  );
});

const withoutNoise = (events: readonly Pn532Event[]): readonly Pn532Event[] =>
  events.filter(({ type }) => type !== 'noise');

it('RD18: UIDs of 4, 7 and 10 bytes', () => {
  const targets = (data: string): unknown => parsePn532Targets(hex(data));
  expect(targets('01 01 00 04 08 04 FB 0E E2 0B')).toEqual({ ok: true, value: 'mf4:FB0EE20B' });
  expect(targets('01 01 00 44 18 07 04 A2 B3 C4 D5 E6 80')).toEqual({
    ok: true,
    value: 'mf7:04A2B3C4D5E680',
  });
  expect(targets('01 01 00 84 20 0A 01 02 03 04 05 06 07 08 09 0A')).toEqual({
    ok: true,
    value: 'mf10:0102030405060708090A',
  });
  // A card with an answer to select behind its UID.
  expect(targets('01 01 03 44 20 07 04 A2 B3 C4 D5 E6 80 06 75 77 81 02 80')).toMatchObject({ ok: true });
  expect(targets('00')).toEqual({ ok: true, value: undefined });
  for (const bad of [
    '',
    '00 01',
    '02 01 00 04 08 04 FB 0E E2 0B',
    '01 01 00 04 08 04 FB 0E E2',
    '01 01 00 04 08 05 FB 0E E2 0B 01',
    '01 01 00 04 08 00',
    '01 01 00 04 08 04 00 00 00 00',
    '01',
  ])
    expect(targets(bad)).toEqual({ ok: false, error: 'malformed' });
});

/** A machine with its clock. */
function createBench(): {
  state: () => Pn532State;
  give: (input: PolledInput) => readonly PolledEffect[];
  wait: () => readonly PolledEffect[];
  chip: (...frames: Uint8Array[]) => readonly PolledEffect[];
} {
  let state = pn532.start;
  let atMs = 0;
  const give = (input: PolledInput): readonly PolledEffect[] => {
    const step = pn532.step(state, input);
    state = step.state;
    return step.effects;
  };
  return {
    state: () => state,
    give,
    wait: () => {
      atMs = Math.max(atMs, pn532.dueMs(state) ?? atMs);
      return give({ type: 'time', atMs });
    },
    chip: (...frames) => {
      atMs += 5;
      return give({ type: 'bytes', bytes: frames.reduce(joinBytes), atMs });
    },
  };
}

const samAnswer = encodePn532Answer(0x15);
const rfAnswer = encodePn532Answer(0x33);
const limit = encodePn532Command(0x32, [0x05, 0xff, 0x01, 0x01]);
const poll = encodePn532Command(0x4a, [0x01, 0x00]);
const darken = encodePn532Command(0x32, [0x01, 0x00]);
const dark = encodePn532Command(0x32, [0x01, 0x00]);
const wake = joinBytes(pn532WakeUp, encodePn532Command(0x14, [0x01]));
const send = (bytes: Uint8Array): PolledEffect => ({ type: 'send', bytes });

function polling(): ReturnType<typeof createBench> {
  const bench = createBench();
  bench.give({ type: 'opened', atMs: 0 });
  bench.chip(ack, samAnswer);
  bench.wait();
  bench.chip(ack, rfAnswer);
  bench.wait();
  return bench;
}

it('RD17: woken, configured, limited, polled', () => {
  const bench = createBench();
  expect(bench.give({ type: 'opened', atMs: 0 })).toEqual([send(wake)]);
  expect(bench.chip(ack)).toEqual([]);
  expect(bench.chip(samAnswer)).toEqual([]);
  expect(bench.wait()).toEqual([send(limit)]);
  expect(bench.chip(ack, rfAnswer)).toEqual([{ type: 'online' }]);
  expect(bench.wait()).toEqual([send(poll)]);
  expect(bench.chip(ack, noCard)).toEqual([]);
  expect(bench.wait()).toEqual([send(poll)]);
});

it('RD19: after a card the field goes dark, then the card that stays is read again', () => {
  const bench = polling();
  expect(bench.chip(ack, card7)).toEqual([{ type: 'card', card: 'mf7:04A2B3C4D5E680' }]);
  expect(bench.wait()).toEqual([send(dark)]);
  expect(bench.chip(ack, rfAnswer)).toEqual([]);
  expect(bench.wait()).toEqual([send(poll)]);
  expect(bench.chip(ack, card7)).toEqual([{ type: 'card', card: 'mf7:04A2B3C4D5E680' }]);
});

it('RD18: an answer that tells no readable card is damage and polling goes on', () => {
  const bench = polling();
  expect(bench.chip(ack, encodePn532Answer(0x4b, [0x01, 0x01]))).toEqual([{ type: 'damaged' }]);
  expect(bench.wait()).toEqual([send(dark)]);
});

it('RD20: a failed poll is tried again after an abort and a dark field, and three make the chip offline', () => {
  const bench = polling();
  const again = send(joinBytes(pn532Abort, darken));
  expect(bench.wait()).toEqual([again]);
  expect(bench.chip(ack)).toEqual([]);
  expect(bench.wait()).toEqual([again]);
  expect(bench.wait()).toEqual([{ type: 'offline' }]);
  expect(bench.wait()).toEqual([send(wake)]);
  expect(bench.wait()).toEqual([send(wake)]);
});

it('RD20: NACK and error frames are failures, an answer without its ACK is none', () => {
  const bench = polling();
  expect(bench.chip(hex('00 00 FF FF 00 00'))).toEqual([send(joinBytes(pn532Abort, darken))]);
  expect(bench.chip(ack, hex('00 00 FF 01 FF 7F 81 00'))).toEqual([send(joinBytes(pn532Abort, darken))]);
  expect(bench.chip(rfAnswer)).toEqual([]);
  expect(bench.wait()).toEqual([send(joinBytes(pn532Abort, poll))]);
  expect(bench.chip(noCard)).toEqual([]);
  expect(bench.wait()).toEqual([send(poll)]);
});

it('RD20: polls that fail each time make the chip offline, though it answers everything else', () => {
  const bench = polling();
  for (let failed = 0; failed < 2; failed += 1) {
    expect(bench.wait()).toEqual([send(joinBytes(pn532Abort, darken))]);
    expect(bench.chip(ack, rfAnswer)).toEqual([]);
    expect(bench.wait()).toEqual([send(joinBytes(pn532Abort, poll))]);
  }
  expect(bench.wait()).toEqual([{ type: 'offline' }]);
});

it('RD21: late answers and answers to other commands change nothing', () => {
  const bench = polling();
  expect(bench.chip(samAnswer, rfAnswer)).toEqual([]);
  expect(bench.state().phase).toBe('acking');
  bench.chip(ack, noCard);
  const resting = bench.state();
  expect(bench.chip(ack, card4, hex('00 00 FF FF 00 00'))).toEqual([]);
  expect({ ...bench.state(), held: resting.held }).toEqual(resting);
  const closed = createBench();
  expect(closed.chip(card4)).toEqual([]);
  expect(closed.wait()).toEqual([]);
  expect(closed.state()).toEqual(pn532.start);
});

it('RD20: closing tells offline once, opening begins anew', () => {
  const bench = polling();
  expect(bench.give({ type: 'closed', atMs: 500 })).toEqual([{ type: 'offline' }]);
  expect(bench.give({ type: 'closed', atMs: 501 })).toEqual([]);
  expect(bench.give({ type: 'opened', atMs: 502 })).toEqual([send(wake)]);
  expect(polling().give({ type: 'opened', atMs: 600 })).toEqual([{ type: 'offline' }, send(wake)]);
});

it('RD21, RD4: whatever comes, online and offline alternate and the machine never stops', () => {
  const frame = fc.oneof(
    fc.uint8Array({ maxLength: 30 }),
    fc.constantFrom(ack, card4, noCard, samAnswer, rfAnswer, hex('00 00 FF FF 00 00')),
  );
  const input = fc.oneof(
    { weight: 6, arbitrary: frame.map((bytes) => ({ type: 'bytes' as const, bytes })) },
    { weight: 6, arbitrary: fc.constant({ type: 'time' as const }) },
    { weight: 1, arbitrary: fc.constantFrom({ type: 'opened' as const }, { type: 'closed' as const }) },
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(input, fc.constantFrom(0, 1, 99, 100, 1_000)), { maxLength: 60 }),
      (inputs) => {
        let state = pn532.start;
        let atMs = 0;
        let isOnline = false;
        for (const [given, afterMs] of inputs) {
          atMs += afterMs;
          const step = pn532.step(state, { ...given, atMs });
          state = step.state;
          for (const { type } of step.effects) {
            if (type !== 'online' && type !== 'offline') continue;
            expect(isOnline).toBe(type === 'offline');
            isOnline = type === 'online';
          }
          expect(state.isOnline).toBe(isOnline);
          expect(state.dueMs === undefined).toBe(state.phase === 'closed');
        }
      },
    ),
    { seed: 315, numRuns: 500 },
  );
});
