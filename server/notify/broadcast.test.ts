import { describe, expect, it } from 'vitest';
import { createBroadcast, mergeReaders } from './broadcast.ts';

const values = <T>(taken: { readonly items: readonly { readonly value: T }[] }): readonly T[] =>
  taken.items.map(({ value }) => value);

describe('broadcast', () => {
  it('SH11: a reader gets what comes after it, in order, once', () => {
    const broadcast = createBroadcast<string>(10);
    broadcast.publish('before');
    const reader = broadcast.read();
    broadcast.publish('one');
    broadcast.publish('two');
    expect(reader.take()).toEqual({
      items: [
        { id: 2, value: 'one' },
        { id: 3, value: 'two' },
      ],
      hasMissed: false,
    });
    expect(reader.take()).toEqual({ items: [], hasMissed: false });
  });

  it('SH11: one who comes back gets what it missed', () => {
    const broadcast = createBroadcast<number>(10);
    for (const n of [1, 2, 3]) broadcast.publish(n);
    expect(values(broadcast.read(1).take())).toEqual([2, 3]);
    expect(broadcast.read(3).take()).toEqual({ items: [], hasMissed: false });
  });

  it('SH11: what is kept is bounded, and a slow reader is told that it missed some', () => {
    const broadcast = createBroadcast<number>(3);
    const reader = broadcast.read();
    for (let n = 1; n <= 1000; n++) broadcast.publish(n);
    const taken = reader.take();
    expect(values(taken)).toEqual([998, 999, 1000]);
    expect(taken.hasMissed).toBe(true);
    expect(reader.take().hasMissed).toBe(false);
    expect(broadcast.read(996).take().hasMissed).toBe(true);
    expect(broadcast.read(997).take().hasMissed).toBe(false);
  });

  it('SH11: a number of an earlier run is a gap, told once', () => {
    const broadcast = createBroadcast<number>(3);
    const reader = broadcast.read(7);
    expect(reader.take()).toEqual({ items: [], hasMissed: true });
    expect(reader.take()).toEqual({ items: [], hasMissed: false });
  });

  it('SH11: waiting ends with an item or with the signal', async () => {
    const broadcast = createBroadcast<number>(3);
    const reader = broadcast.read();
    const stop = new AbortController();
    const waiting = reader.ready(stop.signal);
    broadcast.publish(1);
    await waiting;
    await reader.ready(stop.signal);
    reader.take();
    const second = reader.ready(stop.signal);
    stop.abort();
    await second;
    expect(reader.take().items).toEqual([]);
  });

  it('SH23: two broadcasts are read as one, and what either of them lost is told', async () => {
    const [numbers, words] = [createBroadcast<number>(1), createBroadcast<string>(2)];
    const reader = mergeReaders(numbers.read(), words.read());
    const { signal } = new AbortController();
    const isReady = reader.ready(signal);
    words.publish('a');
    await isReady;
    expect(reader.take()).toEqual({ items: [{ id: 1, value: 'a' }], hasMissed: false });
    numbers.publish(1);
    await reader.ready(signal);
    numbers.publish(2);
    words.publish('b');
    expect(reader.take()).toEqual({
      items: [
        { id: 2, value: 2 },
        { id: 2, value: 'b' },
      ],
      hasMissed: true,
    });
    expect(reader.take()).toEqual({ items: [], hasMissed: false });
  });
});
