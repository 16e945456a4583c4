import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeBitsReply, encodeException, flashOn, readCoils, switchOff } from './modbus-frame.ts';
import { createModbusRelay, stepModbusRelay, type RelayEffect, type RelayInput } from './modbus-relay.ts';

const config = { unit: 1, relay: 0 };
const off = switchOff(1, 0).bytes;
const read = readCoils(1, 0, 1).bytes;

type Reply = 'answer' | 'lost' | 'garbled' | 'exception';

/** A board on a line with a clock: what it does is decided by its own relay and timer, as the real one does. */
function createBench(
  settings: { echo?: boolean; reply?: (request: Uint8Array) => Reply; isStuck?: () => boolean } = {},
) {
  let state = createModbusRelay(config);
  let atMs = 1_000;
  let onUntilMs = 0;
  let isPlugged = true;
  const arriving: { readonly atMs: number; readonly bytes: Uint8Array }[] = [];
  const sent: {
    readonly atMs: number;
    readonly bytes: Uint8Array;
    readonly notAfterMs: number | undefined;
  }[] = [];
  let collisions = 0;
  let heardMs = -Infinity;
  const told: Exclude<RelayEffect, { type: 'send' }>[] = [];
  const isOn = (): boolean => settings.isStuck?.() === true || atMs < onUntilMs;

  const take = (effects: readonly RelayEffect[]): void => {
    for (const effect of effects) {
      if (effect.type === 'send') transmit(effect.bytes);
      else told.push(effect);
    }
  };
  const give = (input: RelayInput): void => {
    const step = stepModbusRelay(state, input);
    state = step.state;
    take(step.effects);
  };
  function transmit(bytes: Uint8Array): void {
    sent.push({ atMs, bytes, notAfterMs: state.pulse?.notAfterMs });
    if (arriving.length > 0 || atMs < heardMs + 10) collisions += 1;
    if (settings.echo === true) arriving.push({ atMs: atMs + 9, bytes });
    if (!isPlugged) return;
    const kind = settings.reply?.(bytes) ?? 'answer';
    if (kind !== 'exception') act(bytes);
    const reply = kind === 'exception' ? encodeException(1, bytes[1] ?? 0, 2) : answerTo(bytes);
    if (kind === 'garbled') reply[reply.length - 1] = (reply[reply.length - 1] ?? 0) ^ 0x10;
    if (kind !== 'lost') arriving.push({ atMs: atMs + 20, bytes: reply });
  }
  function act(bytes: Uint8Array): void {
    const value = ((bytes[4] ?? 0) << 8) | (bytes[5] ?? 0);
    if (bytes[1] === 5) onUntilMs = bytes[2] === 2 ? atMs + 10 + value * 100 : 0;
  }
  const answerTo = (bytes: Uint8Array): Uint8Array =>
    bytes[1] === 5 ? bytes.slice() : encodeBitsReply(1, 1, [isOn()]);

  /** Lets everything happen that is due within the time. */
  const wait = (forMs: number): void => {
    const endMs = atMs + forMs;
    for (;;) {
      const next = arriving.toSorted((one, other) => one.atMs - other.atMs)[0];
      const dueMs = Math.max(state.dueMs ?? Infinity, atMs);
      const nextMs = Math.min(dueMs, next?.atMs ?? Infinity);
      if (nextMs > endMs) break;
      atMs = Math.max(atMs, nextMs);
      if (next !== undefined && next.atMs === nextMs) {
        arriving.splice(arriving.indexOf(next), 1);
        heardMs = atMs;
        give({ type: 'bytes', bytes: next.bytes, atMs });
      } else give({ type: 'time', atMs });
    }
    atMs = endMs;
  };
  return {
    wait,
    sent,
    told,
    isOn,
    /** A port is opened with nothing left in its buffers. */
    open: () => {
      arriving.length = 0;
      heardMs = -Infinity;
      give({ type: 'opened', atMs });
    },
    close: () => give({ type: 'closed', atMs }),
    collisions: () => collisions,
    pulse: (id: string, durationMs: number, withinMs = 2_000) =>
      give({ type: 'pulse', pulse: { id, durationMs, notAfterMs: atMs + withinMs }, atMs }),
    secure: () => give({ type: 'secure', atMs }),
    plug: (isIn: boolean) => (isPlugged = isIn),
    release: () => (onUntilMs = Infinity),
    babble: (bytes: Uint8Array) => give({ type: 'bytes', bytes, atMs }),
    state: () => state,
    answersTo: (id: string) =>
      told.flatMap((effect) => (effect.type === 'pulse-answered' && effect.id === id ? [effect.answer] : [])),
    flashes: () => sent.filter(({ bytes }) => bytes[1] === 5 && bytes[2] === 2),
  };
}

type Bench = ReturnType<typeof createBench>;

function opened(settings?: Parameters<typeof createBench>[0]): Bench {
  const bench = createBench(settings);
  bench.open();
  bench.wait(500);
  return bench;
}

const acknowledged = { kind: 'acknowledged' } as const;
const unconfirmed = { kind: 'unconfirmed' } as const;
const refusal = (reason: string): unknown => ({ kind: 'refused', reason });

it('RL7: after opening it reads, switches off, and proves it', () => {
  const bench = opened();
  expect(bench.sent.map(({ bytes }) => bytes)).toEqual([read, off, read]);
  expect(bench.told).toEqual([
    { type: 'online' },
    { type: 'relay', state: 'secured' },
    { type: 'relay', state: 'secured' },
  ]);
});

it('RL7: a relay left on by a crash is switched off before anything else', () => {
  const bench = createBench();
  bench.release();
  bench.open();
  bench.wait(500);
  expect(bench.isOn()).toBe(false);
  expect(bench.told.map((effect) => (effect.type === 'relay' ? effect.state : effect.type))).toEqual([
    'online',
    'released',
    'secured',
  ]);
});

it.each([false, true])(
  'RL8: a pulse is a flash-on and is acknowledged by a read (echoing adapter: %s)',
  (echo) => {
    const bench = opened({ echo });
    bench.pulse('a', 3_000);
    expect(bench.sent.at(-1)?.bytes).toEqual(flashOn(1, 0, 30).bytes);
    expect(bench.answersTo('a')).toEqual([]);
    bench.wait(29);
    expect(bench.answersTo('a')).toEqual([]);
    bench.wait(100);
    expect(bench.sent.at(-1)?.bytes).toEqual(read);
    expect(bench.answersTo('a')).toEqual([acknowledged]);
    expect(bench.told.at(-2)).toEqual({ type: 'relay', state: 'released' });
    bench.wait(3_500);
    expect(bench.told.at(-1)).toEqual({ type: 'relay', state: 'secured' });
    expect(bench.flashes()).toHaveLength(1);
    expect(bench.told.some(({ type }) => type === 'fault')).toBe(false);
  },
);

it('RL8: lengths are rounded up to what the board counts', () => {
  const bench = opened();
  bench.pulse('a', 101);
  expect(bench.sent.at(-1)?.bytes).toEqual(flashOn(1, 0, 2).bytes);
});

it('RL9: an adapter that echoes with no board behind it is never online and acknowledges nothing', () => {
  const bench = createBench({ echo: true });
  bench.plug(false);
  bench.open();
  bench.wait(10_000);
  bench.pulse('a', 1_000);
  expect(bench.answersTo('a')).toEqual([refusal('offline')]);
  expect(bench.told.some(({ type }) => type === 'online')).toBe(false);
});

it('RL9: a board that dies before the pulse leaves it unconfirmed, echo or not', () => {
  const bench = opened({ echo: true });
  bench.plug(false);
  bench.pulse('a', 1_000);
  bench.wait(5_000);
  expect(bench.answersTo('a')).toEqual([unconfirmed]);
  expect(bench.told.at(-1)).toEqual({ type: 'offline' });
});

it('RL10: what may not be sent is refused and not sent', () => {
  const bench = opened();
  for (const [id, durationMs] of [
    ['a', 99],
    ['b', 10_001],
    ['c', 0],
    ['d', Number.NaN],
    ['e', 100.5],
  ] as const) {
    bench.pulse(id, durationMs);
    expect(bench.answersTo(id)).toEqual([refusal('invalid-duration')]);
  }
  bench.pulse('f', 1_000, 0);
  expect(bench.answersTo('f')).toEqual([refusal('expired')]);
  bench.pulse('g', 1_000);
  bench.pulse('h', 1_000);
  expect(bench.answersTo('h')).toEqual([refusal('rejected')]);
  expect(bench.flashes()).toHaveLength(1);
  const closed = createBench();
  closed.pulse('i', 1_000);
  expect(closed.answersTo('i')).toEqual([refusal('offline')]);
});

it('RL10: a pulse that waits for the line past its time is dropped', () => {
  const settings = {
    reply: (request: Uint8Array): Reply => (isChecking && request[1] === 1 ? 'lost' : 'answer'),
  };
  let isChecking = false;
  const bench = opened(settings);
  isChecking = true;
  while (bench.sent.length === 3) bench.wait(100);
  bench.pulse('a', 1_000, 200);
  isChecking = false;
  bench.wait(1_000);
  expect(bench.answersTo('a')).toEqual([refusal('expired')]);
  expect(bench.flashes()).toEqual([]);
});

it('RL10: a board that refuses the flash rejects the pulse', () => {
  const bench = opened({ reply: (request) => (request[2] === 2 ? 'exception' : 'answer') });
  bench.pulse('a', 1_000);
  bench.wait(500);
  expect(bench.answersTo('a')).toEqual([refusal('rejected')]);
  expect(bench.isOn()).toBe(false);
});

it.each(['lost', 'garbled'] as const)(
  'RL11: a write whose answer is %s is settled by a read and not sent again',
  (kind) => {
    const bench = opened({ reply: (request) => (request[2] === 2 ? kind : 'answer') });
    bench.pulse('a', 2_000);
    bench.wait(1_000);
    expect(bench.answersTo('a')).toEqual([acknowledged]);
    expect(bench.flashes()).toHaveLength(1);
  },
);

it('RL11: a pulse that may have run and ended is not sent again', () => {
  const bench = opened({ reply: (request) => (request[2] === 2 ? 'lost' : 'answer') });
  bench.pulse('a', 100, 5_000);
  bench.wait(3_000);
  expect(bench.answersTo('a')).toEqual([unconfirmed]);
  expect(bench.flashes()).toHaveLength(1);
});

it('RL11: a write that never reached the board is sent again while there is time', () => {
  const bench = opened();
  bench.plug(false);
  bench.pulse('a', 3_000);
  bench.plug(true);
  bench.wait(1_000);
  expect(bench.flashes()).toHaveLength(2);
  expect(bench.answersTo('a')).toEqual([acknowledged]);
});

it('RL12: locking ends a running pulse at once', () => {
  const bench = opened();
  bench.pulse('a', 10_000);
  bench.wait(200);
  expect(bench.isOn()).toBe(true);
  bench.secure();
  bench.wait(100);
  expect(bench.isOn()).toBe(false);
  expect(bench.told.at(-1)).toEqual({ type: 'relay', state: 'secured' });
  expect(bench.answersTo('a')).toEqual([acknowledged]);
});

it('RL12: locking overtakes a pulse that is under way, which is then unconfirmed and off', () => {
  for (let afterMs = 0; afterMs < 60; afterMs += 1) {
    const bench = opened();
    bench.pulse('a', 10_000);
    bench.wait(afterMs);
    bench.secure();
    bench.wait(300);
    expect(bench.isOn()).toBe(false);
    expect(bench.told.at(-1)).toEqual({ type: 'relay', state: 'secured' });
    expect(bench.answersTo('a')).toHaveLength(1);
  }
});

it('RL12: locking asked for while the pulse is on the line is the very next thing sent', () => {
  const bench = opened();
  bench.pulse('a', 10_000);
  bench.secure();
  bench.wait(35);
  expect(bench.sent.at(-1)?.bytes).toEqual(off);
  expect(bench.answersTo('a')).toEqual([unconfirmed]);
});

it('RL12: locking drops a pulse that waits', () => {
  const bench = opened();
  bench.babble(Uint8Array.of(0x00));
  bench.pulse('a', 1_000);
  expect(bench.flashes()).toEqual([]);
  bench.secure();
  bench.wait(500);
  expect(bench.answersTo('a')).toEqual([refusal('rejected')]);
  expect(bench.flashes()).toEqual([]);
});

it('RL13: a relay that is on unasked is a fault and is switched off', () => {
  const bench = opened();
  bench.release();
  bench.wait(3_000);
  expect(bench.isOn()).toBe(false);
  expect(bench.told.slice(3)).toEqual([
    { type: 'relay', state: 'released' },
    { type: 'fault', code: 'released-unasked' },
    { type: 'relay', state: 'secured' },
  ]);
});

it('RL13: a relay that stays on is told and switched off again and again', () => {
  let isStuck = false;
  const bench = opened({ isStuck: () => isStuck });
  isStuck = true;
  bench.wait(20_000);
  const faults = bench.told.flatMap((effect) => (effect.type === 'fault' ? [effect.code] : []));
  expect(faults.filter((code) => code === 'not-secured').length).toBeGreaterThan(3);
  isStuck = false;
  bench.wait(3_000);
  expect(bench.told.at(-1)).toEqual({ type: 'relay', state: 'secured' });
});

it('RL13: a board that ignores its own timer is switched off after the pulse', () => {
  const bench = opened();
  bench.pulse('a', 1_000);
  bench.wait(500);
  bench.release();
  bench.wait(1_500);
  expect(bench.isOn()).toBe(false);
  expect(bench.told).toContainEqual({ type: 'fault', code: 'released-unasked' });
});

it('RL14: a board that falls silent is offline, and is switched off first when it comes back', () => {
  const bench = opened();
  bench.plug(false);
  bench.wait(6_000);
  expect(bench.told.filter(({ type }) => type === 'offline')).toHaveLength(1);
  const before = bench.sent.length;
  bench.wait(10_000);
  expect(bench.sent.length).toBeGreaterThan(before + 10);
  bench.release();
  bench.plug(true);
  bench.wait(2_000);
  expect(bench.isOn()).toBe(false);
  expect(bench.told.slice(-3)).toEqual([
    { type: 'online' },
    { type: 'relay', state: 'released' },
    { type: 'relay', state: 'secured' },
  ]);
  expect(bench.flashes()).toEqual([]);
});

it('RL15: a pulse that would end earlier is acknowledged and shortens nothing', () => {
  const bench = opened();
  bench.pulse('a', 10_000);
  bench.wait(1_000);
  bench.pulse('b', 1_000);
  bench.wait(1_000);
  expect(bench.answersTo('b')).toEqual([acknowledged]);
  expect(bench.flashes()).toHaveLength(1);
  bench.wait(7_500);
  expect(bench.isOn()).toBe(true);
});

it('RL15: a pulse that ends later extends', () => {
  const bench = opened();
  bench.pulse('a', 1_000);
  bench.wait(500);
  bench.pulse('b', 3_000);
  bench.wait(2_500);
  expect(bench.isOn()).toBe(true);
  expect(bench.answersTo('b')).toEqual([acknowledged]);
  expect(bench.told.some(({ type }) => type === 'fault')).toBe(false);
});

it('RL16: closing answers the pulse under way and forgets it', () => {
  const bench = opened();
  bench.pulse('a', 1_000);
  bench.close();
  expect(bench.answersTo('a')).toEqual([unconfirmed]);
  expect(bench.told.at(-1)).toEqual({ type: 'offline' });
  bench.wait(5_000);
  bench.open();
  bench.wait(1_000);
  expect(bench.flashes()).toHaveLength(1);
});

it('RL16: frames are 10 ms apart and a babbling line does not keep it from locking', () => {
  const bench = opened();
  bench.pulse('a', 10_000);
  bench.wait(300);
  bench.babble(Uint8Array.of(0xff));
  bench.secure();
  for (let count = 0; count < 40; count += 1) {
    bench.babble(Uint8Array.of(0xff, count));
    bench.wait(5);
  }
  expect(bench.isOn()).toBe(false);
});

it('RL16, RL2: whatever the line does, each pulse is answered once, none is late, and the end is off', () => {
  const action = fc.oneof(
    { weight: 4, arbitrary: fc.constant('pulse' as const) },
    { weight: 1, arbitrary: fc.constant('secure' as const) },
    { weight: 1, arbitrary: fc.constantFrom('close' as const, 'open' as const) },
    { weight: 1, arbitrary: fc.constantFrom('unplug' as const, 'plug' as const) },
    { weight: 2, arbitrary: fc.constant('babble' as const) },
  );
  const step = fc.record({
    action,
    waitMs: fc.constantFrom(0, 3, 15, 40, 250, 900, 2_500),
    durationMs: fc.constantFrom(100, 700, 5_000),
    withinMs: fc.constantFrom(1, 30, 2_000),
    noise: fc.uint8Array({ maxLength: 12 }),
  });
  const replies = fc.infiniteStream(
    fc.constantFrom<Reply>('answer', 'answer', 'answer', 'answer', 'lost', 'garbled', 'exception'),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), replies, fc.boolean(), (steps, kinds, echo) => {
      let isFair = false;
      const bench = createBench({
        echo,
        reply: () => (isFair ? 'answer' : (kinds.next().value ?? 'answer')),
      });
      const ids: string[] = [];
      let isOpen = false;
      for (const [index, given] of steps.entries()) {
        if (given.action === 'pulse') {
          ids.push(String(index));
          bench.pulse(String(index), given.durationMs, given.withinMs);
        } else if (given.action === 'secure') bench.secure();
        else if (given.action === 'open') {
          bench.open();
          isOpen = true;
        } else if (given.action === 'close') {
          bench.close();
          isOpen = false;
        } else if (given.action === 'babble') bench.babble(given.noise);
        else bench.plug(given.action === 'plug');
        bench.wait(given.waitMs);
      }
      for (const { atMs, notAfterMs = 0 } of bench.flashes()) expect(atMs).toBeLessThan(notAfterMs);
      // Noise may pass for an answer's end; a quiet line never has two talking.
      const isQuiet = !steps.some((given) => given.action === 'babble');
      expect(isQuiet ? bench.collisions() : 0).toBe(0);
      isFair = true;
      bench.plug(true);
      if (!isOpen) bench.open();
      bench.wait(30_000);
      for (const id of ids) expect(bench.answersTo(id)).toHaveLength(1);
      expect(bench.state().phase === 'closed').toBe(false);
      expect(bench.isOn()).toBe(false);
      expect(bench.state().relay).toBe('secured');
    }),
    { seed: 317, numRuns: 300 },
  );
});

it('RL2: a board that there cannot be is refused', () => {
  expect(() => createModbusRelay({ unit: 0, relay: 0 })).toThrow(RangeError);
  expect(() => createModbusRelay({ unit: 1, relay: 0x10000 })).toThrow(RangeError);
});
