import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { joinBytes } from './byte-order.ts';
import { maxFrameBytes } from './frame.ts';
import { fromHex, toHex } from './hex.ts';
import {
  heldNothing,
  receive,
  type Direction,
  type Held,
  type ReceiveEvent,
  type ReceiveInput,
} from './receive.ts';

const ACK = fromHex('538008000640 3bca');
const RAW = fromHex('53 80 10 00 07 50 00 01 1a00 bdd93740 bf 5b');
const ECHO = fromHex('530008000660 89cc');
const idle = { idle: true } as const;
const bytes = (...parts: readonly (string | Uint8Array)[]) => ({
  bytes: joinBytes(...parts.map((part) => (typeof part === 'string' ? fromHex(part) : part))),
});

function hear(inputs: readonly ReceiveInput[], direction: Direction = 'replies') {
  let held: Held = heldNothing;
  const events: ReceiveEvent[] = [];
  for (const input of inputs) {
    const step = receive(held, input, direction);
    held = step.held;
    events.push(...step.events);
    expect(held.bytes.length).toBeLessThan(maxFrameBytes);
  }
  const frames = events.flatMap((event) => (event.type === 'frame' ? [toHex(event.frame.bytes)] : []));
  return { held, events, frames };
}

it.each(['', 'ff', 'ffffffffff'])('OS3: %s before a frame is no noise', (marks) => {
  expect(hear([bytes(marks, ACK)]).events).toMatchObject([{ type: 'frame' }]);
});

it('OS3: marks may be there for one frame and not for the next', () => {
  expect(hear([bytes('ff', ACK, RAW, 'ffff', ACK)]).frames).toHaveLength(3);
});

it.each([
  ['a false start whose length reaches into the frame', '53800f000400'],
  ['a false start right before', '53'],
  ['two false starts', '5353'],
  ['a start that claims 1440 bytes', '5380a00504'],
  ['a start that claims more than a frame has', '5380ffff04'],
  ['a truncated frame', '53800800'],
  ['bytes that mean nothing', '000102fe'],
])('OS4: %s costs no good frame', (_, noise) => {
  const { frames, events } = hear([bytes(noise, ACK, RAW), idle]);
  expect(frames).toEqual([toHex(ACK), toHex(RAW)]);
  expect(events.at(-1)).toMatchObject({ type: 'noise' });
});

it('OS4: whatever one byte of a stream turns into, every later frame is delivered', () => {
  const { sessions } = JSON.parse(
    readFileSync(new URL('vectors/captured-sessions.json', import.meta.url), 'utf8'),
  ) as {
    readonly sessions: Readonly<Record<string, readonly { readonly dir: string; readonly hex: string }[]>>;
  };
  // A poll and its ACK, an encrypted card, an encrypted status, an ACK: all that a line carries.
  const wanted = [34, 35, 36, 37, 56, 57, 58, 59].map((at) => sessions['secure']?.[at]?.hex ?? '');
  const frames = wanted.map((hex) => fromHex(hex));
  const stream = joinBytes(...frames);
  const replies = frames.map((frame, index) => ({
    hex: toHex(frame.slice(1)),
    isReply: index % 2 === 1,
    startsAt: frames.slice(0, index).reduce((length, before) => length + before.length, 0),
  }));
  const missed: unknown[] = [];
  for (let at = 0; at < stream.length; at += 1) {
    const expected = replies
      .filter(({ isReply, startsAt }) => isReply && startsAt > at)
      .map(({ hex }) => hex);
    for (let change = 1; change < 256; change += 1) {
      const changed = stream.slice();
      changed[at] = (changed[at] ?? 0) ^ change;
      const first = receive(heldNothing, { bytes: changed });
      const last = receive(first.held, idle);
      const heard = [...first.events, ...last.events].flatMap((event) =>
        event.type === 'frame' ? [toHex(event.frame.bytes)] : [],
      );
      if (!expected.every((hex) => heard.includes(hex))) missed.push({ at, change });
    }
  }
  expect(missed).toEqual([]);
  expect(replies).toHaveLength(8);
});

it('OS5: our own echo is skipped whole', () => {
  expect(hear([bytes('ff', ECHO, 'ff', ACK)]).events).toMatchObject([
    { type: 'skipped', bytes: ECHO.length },
    { type: 'frame' },
  ]);
});

it('OS5: a frame inside the data of another frame is never read, in whatever direction the outer one goes', () => {
  for (const address of [0x00, 0x80]) {
    const outer = checksummed(joinBytes(Uint8Array.of(0x53, address, 0, 0, 0, 0x80), ACK));
    const { frames } = hear([bytes(outer, RAW)]);
    expect(frames).toEqual(address === 0x80 ? [toHex(outer), toHex(RAW)] : [toHex(RAW)]);
  }
});

it('OS5: an echo that was damaged does not take the reply behind it along', () => {
  const damaged = ECHO.slice();
  damaged[2] = 0x20;
  expect(hear([bytes(damaged, ACK), idle]).frames).toEqual([toHex(ACK)]);
});

it('OS5: a frame of another device is heard whole, so nothing in it is taken for a start', () => {
  const foreign = fromHex('ff 53 81 08 00 04 79 72 a1');
  expect(hear([bytes(foreign, ACK)]).events).toMatchObject([
    { type: 'frame', frame: { address: 1 } },
    { type: 'frame', frame: { address: 0 } },
  ]);
});

it('OS6: a frame in any pieces is one frame', () => {
  const stream = joinBytes(fromHex('ff'), RAW, fromHex('ff'), ACK);
  for (let size = 1; size <= stream.length; size += 1) {
    const pieces = Array.from({ length: Math.ceil(stream.length / size) }, (_, index) => ({
      bytes: stream.slice(index * size, (index + 1) * size),
    }));
    expect(hear(pieces).frames).toEqual([toHex(RAW), toHex(ACK)]);
  }
});

it('OS6: silence ends a frame that stalled, and what it held is looked through', () => {
  const stalled = hear([bytes('53802000 04', ACK)]);
  expect(stalled.frames).toEqual([]);
  const ended = receive(stalled.held, idle);
  expect(ended.held).toBe(heldNothing);
  expect(ended.events).toMatchObject([{ type: 'damaged' }, { type: 'frame' }, { type: 'noise', bytes: 5 }]);
});

it('OS7: no bytes at all make it throw, hold more than a frame or lose track', () => {
  const biased = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom(
      ACK,
      RAW,
      ECHO,
      fromHex('53'),
      fromHex('5380a00504'),
      fromHex('538007000c'),
      fromHex('ff'),
    ),
  );
  fc.assert(
    fc.property(fc.array(fc.option(biased, { freq: 8 }), { maxLength: 60 }), (pieces) => {
      const inputs = [...pieces.map((piece) => (piece === null ? idle : { bytes: piece })), idle, bytes(ACK)];
      const { held, frames } = hear(inputs);
      expect(held).toBe(heldNothing);
      expect(frames.at(-1)).toBe(toHex(ACK));
    }),
    { seed: 20, numRuns: 500 },
  );
});

it('OS7: the work for each byte is bounded, whatever the bytes are', () => {
  // Starts that each claim a whole frame are the worst there is: count the bytes looked at instead of the time.
  const worst = new Uint8Array(200_000).map((_, index) => [0x53, 0x80, 0xa0, 0x05, 0x04][index % 5] ?? 0);
  const { events, held } = hear([{ bytes: worst }]);
  expect(held.bytes.length).toBeLessThan(maxFrameBytes);
  expect(events.length).toBeLessThanOrEqual(worst.length);
  const one = hear([{ bytes: worst.slice(0, 100_000) }]).events.length;
  expect(events.length / one).toBeCloseTo(2, 1);
});

/** Fills in the length and adds the checksum. */
function checksummed(head: Uint8Array): Uint8Array {
  const body = head.slice();
  body[2] = body.length + 1;
  const sum = body.reduce((total, byte) => total + byte, 0);
  return joinBytes(body, Uint8Array.of(-sum & 0xff));
}
