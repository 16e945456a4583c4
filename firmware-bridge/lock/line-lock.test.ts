import { describe, expect, it } from 'vitest';
import { asEpochMs, asMonoMs, type Clock, type MonoMs } from '#contract/clock';
import type { PulseCommand } from '../hardware.ts';
import type { Order, OrderOutcome } from '../protocol/line/host-link.ts';
import { createLineLock } from './line-lock.ts';

/** A lock whose orders are kept, on a clock that is set by hand. */
function createBench() {
  let nowMs = 1000;
  let sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];
  const clock: Clock = {
    epochMs: () => asEpochMs(0),
    monoMs: () => asMonoMs(nowMs),
    trust: () => 3,
    interval: () => ({ lo: asEpochMs(0), hi: 0 }),
    sleepUntil: (at, signal) =>
      new Promise((resolve) => {
        sleepers.push({ atMs: at, wake: resolve });
        signal?.addEventListener('abort', () => resolve());
      }),
  };
  const orders: Order[] = [];
  const told: string[] = [];
  const lock = createLineLock(
    0,
    clock,
    (order) => orders.push(order),
    (state) => told.push(state),
  );
  return {
    lock,
    orders,
    told,
    settle: (outcome: OrderOutcome) => {
      const order = orders.shift();
      if (order !== undefined) lock.settled(order.ref, outcome);
    },
    pass: async (ms: number) => {
      nowMs += ms;
      const due = sleepers.filter(({ atMs }) => atMs <= nowMs);
      sleepers = sleepers.filter(({ atMs }) => atMs > nowMs);
      for (const { wake } of due) wake();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const command: PulseCommand = { id: 'p1', durationMs: 3000, notAfterMs: asMonoMs(2000) };
const done = { kind: 'done', isReleased: true } as const;

describe('createLineLock', () => {
  it('FB40: what can be refused here is refused without a word to the hardware', async () => {
    const { lock, orders } = createBench();
    const bad: readonly (readonly [Partial<PulseCommand>, string])[] = [
      [{ durationMs: 99 }, 'invalid-duration'],
      [{ durationMs: 10_001 }, 'invalid-duration'],
      [{ durationMs: 1000.5 }, 'invalid-duration'],
      [{ durationMs: Number.NaN }, 'invalid-duration'],
      [{ id: '' }, 'rejected'],
      [{ id: 'two words' }, 'rejected'],
      [{ id: 'star*' }, 'rejected'],
      [{ id: 'x'.repeat(37) }, 'rejected'],
      [{ journal: { epoch: 1, sq: -1 } }, 'rejected'],
      [{ journal: { epoch: 1.5, sq: 1 } }, 'rejected'],
      [{ notAfterMs: 999 as MonoMs }, 'expired'],
    ];
    for (const [change, reason] of bad) {
      expect(await lock.pulse({ ...command, ...change })).toEqual({ kind: 'refused', reason });
    }
    expect(orders).toEqual([]);
  });

  it('FB40: a pulse is ordered with its journal place', () => {
    const { lock, orders } = createBench();
    void lock.pulse({ ...command, journal: { epoch: 2, sq: 7 } });
    expect(orders).toEqual([
      {
        kind: 'pulse',
        ref: 1,
        output: 0,
        durationMs: 3000,
        id: 'p1',
        mark: { epoch: 2, sq: 7 },
        notAfterMs: 2000,
      },
    ]);
  });

  it('FB41: each answer of the hardware has its outcome', async () => {
    const outcomes: readonly (readonly [OrderOutcome, unknown])[] = [
      [done, { kind: 'acknowledged' }],
      [{ kind: 'unconfirmed' }, { kind: 'unconfirmed' }],
      [{ kind: 'refused', reason: 'old' }, { kind: 'unconfirmed' }],
      [
        { kind: 'refused', reason: 'offline' },
        { kind: 'refused', reason: 'offline' },
      ],
      [
        { kind: 'refused', reason: 'session' },
        { kind: 'refused', reason: 'offline' },
      ],
      [
        { kind: 'refused', reason: 'expired' },
        { kind: 'refused', reason: 'expired' },
      ],
      [
        { kind: 'refused', reason: 'dropped' },
        { kind: 'refused', reason: 'rejected' },
      ],
      [
        { kind: 'refused', reason: 'ratchet' },
        { kind: 'refused', reason: 'rejected' },
      ],
      [
        { kind: 'refused', reason: 'output' },
        { kind: 'refused', reason: 'rejected' },
      ],
      [
        { kind: 'refused', reason: 'duration' },
        { kind: 'refused', reason: 'invalid-duration' },
      ],
    ];
    for (const [answer, outcome] of outcomes) {
      const bench = createBench();
      const pulsed = bench.lock.pulse(command);
      bench.settle(answer);
      expect(await pulsed).toEqual(outcome);
    }
  });

  it('FB42: a relay released without an order is a fault and is told to lock', async () => {
    const bench = createBench();
    await bench.pass(60_000);
    bench.lock.sensed(true);
    await bench.pass(0);
    expect(bench.told).toEqual(['released', 'fault']);
    expect(bench.orders.map(({ kind }) => kind)).toEqual(['secure']);
  });

  it('FB42: a relay released longer than commanded is a fault, once', async () => {
    const bench = createBench();
    void bench.lock.pulse(command);
    bench.settle(done);
    bench.lock.sensed(true);
    // Not after 2000, for 3000, and 1500 of grace.
    await bench.pass(5499);
    expect(bench.told).toEqual(['released']);
    await bench.pass(1);
    expect(bench.told).toEqual(['released', 'fault']);
    await bench.pass(60_000);
    expect(bench.told).toEqual(['released', 'fault']);
  });

  it('FB43: a second pulse makes the expected end later, a shorter one does not make it earlier', async () => {
    const bench = createBench();
    void bench.lock.pulse({ ...command, durationMs: 10_000 });
    bench.settle(done);
    void bench.lock.pulse({ ...command, id: 'p2', durationMs: 100 });
    bench.settle(done);
    bench.lock.sensed(true);
    await bench.pass(11_000);
    expect(bench.told).toEqual(['released']);
    bench.lock.sensed(false);
    await bench.pass(60_000);
    expect(bench.told).toEqual(['released', 'secured']);
  });

  it('FB43: pulses that follow each other while the relay is released are no fault, and their end is', async () => {
    const bench = createBench();
    void bench.lock.pulse(command);
    bench.settle(done);
    bench.lock.sensed(true);
    for (let renewal = 1; renewal <= 10; renewal += 1) {
      await bench.pass(2000);
      const notAfterMs = asMonoMs(2000 + renewal * 2000);
      void bench.lock.pulse({ ...command, id: `r${renewal}`, notAfterMs });
      bench.settle(done);
    }
    expect(bench.told).toEqual(['released']);
    await bench.pass(60_000);
    expect(bench.told).toEqual(['released', 'fault']);
  });

  it('FB44: secured is what the hardware says is locked, nothing less', async () => {
    const answers: readonly (readonly [OrderOutcome, string])[] = [
      [{ kind: 'done', isReleased: false }, 'secured'],
      [{ kind: 'done', isReleased: true }, 'unconfirmed'],
      [{ kind: 'unconfirmed' }, 'unconfirmed'],
      [{ kind: 'refused', reason: 'offline' }, 'unconfirmed'],
    ];
    for (const [answer, kind] of answers) {
      const bench = createBench();
      const secured = bench.lock.secure();
      bench.settle(answer);
      expect(await secured).toEqual({ kind });
    }
  });
});
