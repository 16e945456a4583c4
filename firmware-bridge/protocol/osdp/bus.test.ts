import { createCipheriv, createDecipheriv } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createAes128 } from './aes-128.ts';
import { createBus, stepBus, type BusEvent } from './bus.ts';
import { parsePairedKey, type PairedKey } from './channel-key.ts';
import { maxFrameBytes } from './frame.ts';
import { fromHex, toHex } from './hex.ts';
import { LINK_MOVES } from './link-moves.ts';
import { usualPeripheral } from './peripheral/peripheral-state.ts';
import { createSimulatedLine, pulse, type SimulatedLine } from './testing/simulated-line.ts';

const aes = createAes128({ createCipheriv, createDecipheriv });
const key = ((): PairedKey => {
  const parsed = parsePairedKey(fromHex('101112131415161718191a1b1c1d1e1f'));
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
})();
const CARD = fromHex('bdd93740');
/** A silent device: the command on the wire, 200 ms for the reply, 30 ms for the adapter; then the line is free. */
const PROBE_MS = 230 + 21;

const lineWith = (addresses: readonly number[], baud = 9600): SimulatedLine =>
  createSimulatedLine({
    aes,
    baud,
    links: addresses.map((address) => ({ address, security: { mode: 'paired', key } })),
    devices: addresses.map((address) => ({ ...usualPeripheral, address, key })),
  });
const kinds = <T extends BusEvent['type']>(line: SimulatedLine, type: T, address?: number) =>
  line.events.filter(
    (event): event is Extract<BusEvent, { readonly type: T }> & { readonly atMs: number } =>
      event.type === type && (address === undefined || !('address' in event) || event.address === address),
  );
const turns = (line: SimulatedLine, sinceMs: number): readonly { atMs: number; address: number }[] =>
  line.sent
    .filter(({ atMs }) => atMs >= sinceMs)
    .map(({ atMs, bytes }) => ({ atMs, address: bytes[2] ?? 0 }));
const present = (line: SimulatedLine, address: number): void =>
  line.act({ type: 'card-presented', bitCount: 26, bits: CARD }, address);

it.each([
  [[1, 2], 1],
  [[1, 2, 3, 4], 1],
  [[1, 2, 3, 4, 5, 6, 7, 8], 1],
  [[1, 2, 3, 4, 5, 6, 7, 8], 4],
  [[1, 2, 3, 4, 5, 6, 7, 8], 7],
])(
  'OS70: of %j, %i dead: between two turns of a living reader there is one probe at most',
  (addresses, deadCount) => {
    const line = lineWith(addresses);
    line.run(4000);
    const dead = addresses.slice(0, deadCount);
    const living = addresses.slice(deadCount);
    for (const address of dead) line.act({ type: 'powered', isOn: false }, address);
    const diedAtMs = line.nowMs;
    line.run(30_000);
    // A reader that just died has to be asked once to be known as one that may be dead.
    const all = turns(line, diedAtMs + 500 + deadCount * PROBE_MS);
    for (const address of living) {
      let probes = 0;
      let beforeMs = all.find((turn) => turn.address === address)?.atMs ?? 0;
      for (const turn of all.filter(({ atMs }) => atMs >= beforeMs)) {
        if (dead.includes(turn.address)) probes += 1;
        if (turn.address !== address) continue;
        expect(probes).toBeLessThanOrEqual(1);
        // Its poll is due after 100 ms, then one probe and the turns of the others may come first.
        expect(turn.atMs - beforeMs).toBeLessThanOrEqual(100 + PROBE_MS + living.length * 60);
        probes = 0;
        beforeMs = turn.atMs;
      }
      expect(kinds(line, 'offline', address)).toEqual([]);
    }
    for (const address of dead) {
      expect(kinds(line, 'offline', address)).toMatchObject([{ reason: 'silent' }]);
      line.act({ type: 'powered', isOn: true }, address);
    }
    const backAtMs = line.nowMs;
    line.run(8000);
    for (const address of dead) {
      const [, back] = kinds(line, 'online', address);
      expect((back?.atMs ?? Number.POSITIVE_INFINITY) - backAtMs).toBeLessThan(deadCount === 1 ? 2600 : 6000);
    }
    for (const address of living) expect(kinds(line, 'online', address)).toHaveLength(1);
  },
);

it('OS70: a card and a lock command wait for a probe of a dead reader no longer than that one probe', () => {
  const line = lineWith([1, 2]);
  line.run(3000);
  line.act({ type: 'powered', isOn: false }, 2);
  line.run(12_000);
  for (let round = 0; round < 40; round += 1) {
    line.run(37);
    const askedAtMs = line.nowMs;
    line.request(`unlock ${round}`, pulse(1000), 5000, 1);
    present(line, 1);
    line.run(1500);
    const done = kinds(line, 'request-finished', 1).at(-1);
    expect(done).toMatchObject({ id: `unlock ${round}`, outcome: { kind: 'acknowledged' } });
    expect((done?.atMs ?? 0) - askedAtMs).toBeLessThan(PROBE_MS + 60);
    const read = kinds(line, 'card-read', 1).at(-1);
    expect((read?.atMs ?? 0) - askedAtMs).toBeLessThan(PROBE_MS + 60 + 200);
  }
  expect(kinds(line, 'card-read', 1)).toHaveLength(40);
});

it('OS72: a line that never falls silent does not keep the panel from speaking, nor the living from being heard', () => {
  const line = lineWith([1], 38_400);
  line.run(2000);
  const fromMs = line.nowMs;
  for (let step = 0; step < 4000; step += 1) {
    line.inject(Uint8Array.of(step % 7 === 0 ? 0x53 : step & 0xff));
    line.run(0.5);
  }
  expect(turns(line, fromMs).length).toBeGreaterThan(3);
  line.run(1000);
  present(line, 1);
  line.run(500);
  expect(kinds(line, 'card-read')).toHaveLength(1);
  expect(kinds(line, 'offline')).toEqual([]);
});

it('OS72: a reply that has begun before its time is over may end', () => {
  const line = createSimulatedLine({
    aes,
    links: [{ address: 1, security: { mode: 'paired', key } }],
    devices: [{ ...usualPeripheral, key }],
    pieceBytes: 4,
  });
  line.run(2000);
  const faults = [
    { fault: { kind: 'split', at: 6, gapMs: 45 }, on: 'POLL', times: 1 },
    { fault: { kind: 'late', byMs: 190 }, on: 'POLL', times: 1 },
  ] as const;
  line.act({ type: 'faults-planned', faults });
  present(line, 1);
  line.run(1000);
  expect(kinds(line, 'card-read')).toHaveLength(1);
  expect(kinds(line, 'diagnosed')).toEqual([]);
});

it('OS71: between two bytes of the others and its own first one the panel leaves two characters of silence', () => {
  const line = lineWith([1, 2, 3]);
  line.run(5000);
  const heardAt = line.heard.map(({ atMs }) => atMs);
  for (const { atMs } of line.sent.slice(1)) {
    const last = heardAt.filter((one) => one <= atMs).at(-1) ?? 0;
    expect(atMs - last).toBeGreaterThanOrEqual(2 * (10_000 / 9600) - 1e-6);
  }
});

it('OS74: addresses are checked when the bus is made, and requests to nobody are a fault of the caller', () => {
  const clear = { mode: 'clear' } as const;
  const bus = (...addresses: readonly number[]) =>
    createBus({ baud: 9600, links: addresses.map((address) => ({ address, security: clear })) }, 0);
  expect(() => bus(1, 1)).toThrow(RangeError);
  expect(() => bus(1, 127)).toThrow(RangeError);
  expect(bus(127).links).toHaveLength(1);
  expect(() =>
    stepBus({ aes }, bus(1), {
      type: 'requested',
      address: 2,
      request: { id: 'x', command: { type: 'POLL' }, notAfterMs: 0 },
      nowMs: 0,
      rndA: new Uint8Array(8),
    }),
  ).toThrow(RangeError);
});

it('OS74: a single device of unknown address is reached by 127', () => {
  const line = createSimulatedLine({
    aes,
    links: [{ address: 127, security: { mode: 'clear' } }],
    devices: [{ ...usualPeripheral, address: 42 }],
  });
  line.run(2000);
  expect(kinds(line, 'online')).toHaveLength(1);
  expect(line.heard.some(({ bytes }) => bytes[2] === 0xff)).toBe(true);
});

it('OS75: a device that answers for another one is not believed', () => {
  const line = lineWith([1, 2]);
  line.run(3000);
  line.act({ type: 'connected', isOn: false }, 1);
  const recorded = line.heard.filter(({ bytes }) => bytes[2] === 0x82).slice(-6);
  for (let step = 0; step < 12_000; step += 1) {
    if (line.bus.waiting?.link === 0) for (const { bytes } of recorded) line.inject(bytes);
    line.run(1);
  }
  expect(kinds(line, 'offline')).toMatchObject([{ address: 1, reason: 'silent' }]);
  expect(kinds(line, 'card-read')).toEqual([]);
  expect(new Set(kinds(line, 'diagnosed', 2).map(({ diagnostic }) => diagnostic))).toEqual(
    new Set(['late-reply']),
  );
});

it('OS40: no move leads from a state to one that skips the channel, and nothing but the whole way leads online', () => {
  const leadingOnline = Object.entries(LINK_MOVES).flatMap(([state, moves]) =>
    Object.entries(moves).flatMap(([input, move]) => (move === 'online' ? [`${state} ${input}`] : [])),
  );
  expect(leadingOnline).toEqual(['reading-capabilities answered', 'reading-capabilities declined']);
  const { offline, online, ...between } = LINK_MOVES;
  for (const { restarted, distrusted, silenced } of Object.values(between))
    expect([restarted, distrusted, silenced]).toEqual(['offline', 'offline', 'offline']);
  for (const { unplugged } of [offline, online, ...Object.values(between)]) expect(unplugged).toBe('offline');
});

it('OS7: whatever comes over the line, the bus neither throws nor grows nor spins, and no card is made up', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 30 }),
    fc
      .constantFrom(
        '53',
        '5381',
        '5381a00504',
        'ff53810800047972a1',
        '5381090004410660 91',
        '5381080004402ba9',
      )
      .map(fromHex),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(piece, fc.integer({ min: 0, max: 120 })), { maxLength: 40 }), (pieces) => {
      const line = lineWith([1], 38_400);
      line.run(1000);
      for (const [bytes, waitMs] of pieces) {
        line.inject(bytes);
        line.run(waitMs);
        expect(line.bus.held.bytes.length).toBeLessThan(maxFrameBytes);
      }
      expect(line.steps).toBeLessThan(3000);
      expect(kinds(line, 'card-read')).toEqual([]);
      // Whatever that did to the session, the reader is back by the longest pause it can have caused.
      line.run(20_000);
      present(line, 1);
      line.run(500);
      expect(kinds(line, 'card-read').map(({ bits }) => toHex(bits))).toEqual([toHex(CARD)]);
    }),
    { seed: 22, numRuns: 40 },
  );
});

it('OS7: the same inputs give the same outputs, byte for byte', () => {
  const play = (): string => {
    const line = lineWith([1, 2, 3]);
    line.run(3000);
    present(line, 2);
    line.act({ type: 'powered', isOn: false }, 3);
    line.run(5000);
    return JSON.stringify([line.events, line.sent]);
  };
  expect(play()).toBe(play());
});
