import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asMonoMs, type Random } from '#contract/clock';
import {
  openDoorHardware,
  parseReaderKey,
  type DoorHardware,
  type HardwareEvent,
  type LockConfig,
  type PulseCommand,
  type PulseOutcome,
  type ReaderConfig,
  type ReaderKey,
} from '../../firmware-bridge/bridge.ts';
import { bytesOfHex } from '../../firmware-bridge/protocol/card/card.ts';
import { encodeWiegand } from '../../firmware-bridge/protocol/card/wiegand-format.ts';
import type { Fault } from '../../firmware-bridge/protocol/osdp/peripheral/faults.ts';
import {
  usualPeripheral,
  type PeripheralConfig,
} from '../../firmware-bridge/protocol/osdp/peripheral/peripheral-state.ts';
import { createOsdpStation, type OsdpStation } from '../../firmware-bridge/simulator/osdp-station.ts';
import type { VirtualPort } from '../../firmware-bridge/simulator/virtual-port.ts';
import {
  openMemoryWorld,
  openPtyWorld,
  settleIn,
  type FirmwareWorld,
  type MemoryWorld,
} from './firmware-world.ts';

const keyOf = (hex: string): ReaderKey => {
  const key = parseReaderKey(hex);
  if (!key.ok) throw new Error(key.error);
  return key.value;
};
const key = keyOf('0f1e2d3c4b5a69788796a5b4c3d2e1f0');
const otherKey = keyOf('00112233445566778899aabbccddeeff');
const random: Random = { bytes: (count) => randomBytes(count) };

const keyed: PeripheralConfig = { ...usualPeripheral, key, requiresSecurity: true };
const untimed: PeripheralConfig = {
  ...keyed,
  capabilities: keyed.capabilities.map((record) =>
    record.function === 2 ? { ...record, compliance: 2 } : record,
  ),
};

/** Cards of 26 bits, and what they are. */
const frames = [
  { frame: encodeWiegand('h10301', { facility: 123, number: 14_706 }), card: 'wg26:7B3972' },
  { frame: encodeWiegand('h10301', { facility: 1, number: 2 }), card: 'wg26:010002' },
] as const;

interface Setup {
  readonly devices?: readonly PeripheralConfig[];
  readonly readers?: (port: string) => Readonly<Record<string, ReaderConfig>>;
  readonly lock?: LockConfig;
}

const oneReader = (port: string): Readonly<Record<string, ReaderConfig>> => ({
  entry: { protocol: 'osdp', port, address: 1, key, card: { format: 'h10301' } },
});
const twoReaders = (port: string): Readonly<Record<string, ReaderConfig>> => ({
  ...oneReader(port),
  exit: { protocol: 'osdp', port, address: 2, key },
});
const osdpLock: LockConfig = { driver: 'osdp-output', reader: 'entry', output: 0, releaseMs: 3000 };

type EventOf<T extends HardwareEvent['type']> = Extract<HardwareEvent, { readonly type: T }>;

/** A door whose readers and lock are on one OSDP line. */
interface Bench {
  readonly port: VirtualPort;
  readonly station: OsdpStation;
  readonly hardware: DoorHardware;
  of<T extends HardwareEvent['type']>(type: T): EventOf<T>[];
  cards(): string[];
  counted(): string[];
  links(): string[];
  locks(): string[];
  show(card?: 0 | 1, address?: number): void;
  settled<T>(work: Promise<T>): Promise<T>;
  pulse(id: string, change?: Partial<PulseCommand>): Promise<PulseOutcome>;
  untilOnline(): Promise<void>;
  past(ms: number): Promise<void>;
  close(): Promise<void>;
}

async function openBench(world: FirmwareWorld, setup: Setup = {}): Promise<Bench> {
  const { devices = [keyed], readers = oneReader, lock = osdpLock } = setup;
  const port = await world.openPort('bus');
  const station = createOsdpStation(port, world.clock, random, devices);
  const hardware = openDoorHardware(
    { doorId: 'ruang-server', readers: readers(port.path), lock },
    world.clock,
    { openLink: world.openLink },
  );
  const events: HardwareEvent[] = [];
  hardware.onEvent((event) => events.push(event));
  const bench: Bench = {
    port,
    station,
    hardware,
    of: (type) =>
      events.filter((event): event is Extract<HardwareEvent, { type: typeof type }> => event.type === type),
    cards: () => bench.of('card').map(({ reader, card }) => `${reader} ${card}`),
    counted: () => bench.of('diagnostic').map(({ reader, code }) => `${reader} ${code}`),
    links: () => bench.of('reader').map(({ reader, state, reason }) => `${reader} ${state} ${reason}`),
    locks: () => bench.of('lock').map(({ state }) => state),
    show: (card = 0, address = 1) => {
      const { frame } = frames[card];
      station.presentCard(frame.bitCount, bytesOfHex(frame.hex), address);
    },
    settled: (work) => settleIn(world, work),
    pulse: (id, change = {}) =>
      bench.settled(
        hardware.pulse({ id, durationMs: 500, notAfterMs: asMonoMs(world.clock.monoMs() + 2000), ...change }),
      ),
    untilOnline: async () => {
      await world.until('the reader', () => bench.links().at(-1) === 'entry online secure-channel');
      await world.until('the locking', () => bench.locks().length > 0);
      // Two polls with nothing to tell, so that what comes next is known to be new.
      await bench.past(250);
    },
    past: async (ms) => {
      const untilMs = world.clock.monoMs() + ms;
      await world.until('the time', () => world.clock.monoMs() >= untilMs);
    },
    close: async () => {
      await bench.settled(hardware.close());
      station.stop();
      await port.close();
      await world.close();
    },
  };
  return bench;
}

describe.each([
  ['memory', openMemoryWorld],
  ['pty and serialport', openPtyWorld],
] as const)('an OSDP reader over %s', (_name, openWorld) => {
  let world: FirmwareWorld;
  let bench: Bench;

  beforeEach(async () => {
    world = await openWorld();
    bench = await openBench(world);
    await bench.untilOnline();
  });
  afterEach(() => bench.close());

  it('FB120: is online by its secure channel, and each card shown is one event', async () => {
    expect(bench.links()).toEqual(['entry online secure-channel']);
    bench.show(0);
    await world.until('the card', () => bench.cards().length > 0);
    bench.show(1);
    await world.until('the other card', () => bench.cards().length > 1);
    await bench.past(300);
    expect(bench.cards()).toEqual([`entry ${frames[0].card}`, `entry ${frames[1].card}`]);
    expect(bench.counted()).toEqual([]);
  });

  it('FB120: a card is one event though its reply is lost, doubled, late, cut or damaged', async () => {
    const faults: readonly Fault[] = [
      { kind: 'reply-lost' },
      { kind: 'duplicated', afterMs: 20 },
      { kind: 'late', byMs: 250 },
      { kind: 'truncated', bytes: 9 },
      { kind: 'bad-check' },
      { kind: 'split', at: 5, gapMs: 10 },
      { kind: 'busy' },
      { kind: 'noise', bytes: Uint8Array.of(0xff, 0x53, 0x81, 0x00) },
    ];
    const told: string[] = [];
    for (const [number, fault] of faults.entries()) {
      bench.station.failNext([{ fault, on: 'POLL', times: 1 }]);
      const { bitCount, hex } = encodeWiegand('h10301', { facility: 7, number });
      bench.station.presentCard(bitCount, bytesOfHex(hex));
      told.push(`entry wg26:07000${number}`);
      await world.until(`the card behind ${fault.kind}`, () => bench.cards().length === told.length);
    }
    await bench.past(300);
    expect(bench.cards()).toEqual(told);
    expect(bench.links()).toEqual(['entry online secure-channel']);
  });

  it('FB121: keys, inputs, tamper and power are told as they happen, first levels as states', async () => {
    const inputs = (): string[] =>
      bench
        .of('input')
        .map(({ input, isActive, isInitial }) => `${input} ${isActive}${isInitial ? ' initial' : ''}`);
    await world.until('the levels', () => inputs().length === 2);
    bench.station.act({ type: 'keys-pressed', keys: Uint8Array.of(0x31, 0x30, 0x7f, 0x0d, 0x41) });
    bench.station.act({ type: 'input-changed', input: 0, byte: 1 });
    bench.station.act({ type: 'input-changed', input: 0, byte: 2 });
    bench.station.act({ type: 'tamper-changed', byte: 1 });
    bench.station.act({ type: 'power-changed', byte: 1 });
    bench.station.act({ type: 'tamper-changed', byte: 0 });
    await world.until('the end of tamper', () => bench.of('tamper').length === 2);
    expect(inputs()).toEqual(['0 false initial', '1 false initial', '0 true', '0 false']);
    expect(bench.of('key').map(({ key: pressed }) => pressed)).toEqual(['1', '0', 'clear', 'enter']);
    expect(bench.of('tamper').map(({ isActive }) => isActive)).toEqual([true, false]);
    expect(bench.of('power').map(({ isFailing }) => isFailing)).toEqual([true]);
    expect(bench.counted()).toEqual(['entry unknown-key', 'entry input-fault']);
  });

  it('FB126: an acknowledged pulse is one release of its length, which the reader ends', async () => {
    expect(bench.locks()).toEqual(['secured']);
    expect(await bench.pulse('p1', { durationMs: 600 })).toEqual({ kind: 'acknowledged' });
    await world.until('the end', () => bench.locks().length === 3);
    expect(bench.locks()).toEqual(['secured', 'released', 'secured']);
    const [on, off, ...more] = bench.station.relayLine();
    expect([on?.isOn, off?.isOn, more]).toEqual([true, false, []]);
    expect((off?.atMs ?? 0) - (on?.atMs ?? 0)).toBeCloseTo(600, 3);
    expect(bench.station.seen().filter(({ type }) => type === 'executed')).toEqual([
      {
        type: 'executed',
        address: 1,
        command: { type: 'OUT', outputs: [{ output: 0, control: 'off', timerMs: 0 }] },
      },
      {
        type: 'executed',
        address: 1,
        command: { type: 'OUT', outputs: [{ output: 0, control: 'pulse-on', timerMs: 600 }] },
      },
    ]);
  });

  it('FB127: secure ends a pulse, and closing locks first and leaves the port free', async () => {
    expect(await bench.pulse('p1', { durationMs: 10_000 })).toEqual({ kind: 'acknowledged' });
    expect(await bench.settled(bench.hardware.secure())).toEqual({ kind: 'secured' });
    expect(bench.station.relayLine().map(({ isOn }) => isOn)).toEqual([true, false]);
    expect(await bench.pulse('p2', { durationMs: 10_000 })).toEqual({ kind: 'acknowledged' });
    await bench.settled(bench.hardware.close());
    expect(bench.station.relayLine().map(({ isOn }) => isOn)).toEqual([true, false, true, false]);
    expect(await bench.pulse('p3')).toEqual({ kind: 'refused', reason: 'offline' });
    const link = await bench.settled(world.openLink({ path: bench.port.path, baud: 9600 }));
    await link.close();
  });

  it('FB127: unplugged and back it locks first, a card of meanwhile is stale and nothing is replayed', async () => {
    expect(await bench.pulse('p1', { durationMs: 10_000 })).toEqual({ kind: 'acknowledged' });
    await bench.port.unplug();
    await world.until('the loss', () => bench.links().at(-1)?.startsWith('entry offline') === true);
    expect(await bench.pulse('p2')).toEqual({ kind: 'refused', reason: 'offline' });
    expect(await bench.settled(bench.hardware.secure())).toEqual({ kind: 'unconfirmed' });
    bench.show(0);
    const told = bench.locks().length;
    await bench.port.replug();
    await world.until('the return', () => bench.links().at(-1) === 'entry online secure-channel');
    await world.until('the locking', () => bench.locks().slice(told).includes('secured'));
    expect(bench.station.relayLine().map(({ isOn }) => isOn)).toEqual([true, false]);
    await world.until('the stale card', () => bench.counted().includes('entry stale-read'));
    // A poll with nothing to tell has to come first: until then no card is known to be new.
    await bench.past(250);
    bench.show(1);
    await world.until('the fresh card', () => bench.cards().length > 0);
    expect(bench.cards()).toEqual([`entry ${frames[1].card}`]);
    expect(await bench.pulse('p3')).toEqual({ kind: 'acknowledged' });
  });
});

describe.each([
  ['memory', openMemoryWorld],
  ['pty and serialport', openPtyWorld],
] as const)('OSDP readers that are not as they should be, over %s', (_name, openWorld) => {
  it('FB123: a reader with another key never comes online, and none of its cards opens', async () => {
    const world = await openWorld();
    const bench = await openBench(world, { devices: [{ ...keyed, key: otherKey }] });
    await world.until('the refusal', () => bench.links().length > 0);
    bench.show(0);
    await bench.past(1500);
    expect(bench.links()).toEqual(['entry offline wrong-key']);
    expect(await bench.pulse('p1')).toEqual({ kind: 'refused', reason: 'offline' });
    expect([bench.cards(), bench.of('tamper'), bench.station.seen()]).toEqual([[], [], []]);
    await bench.close();
  });

  it('FB123: a reader in install mode is told as tamper, and is never given a key', async () => {
    const world = await openWorld();
    const bench = await openBench(world, { devices: [{ ...usualPeripheral, isInInstallMode: true }] });
    await world.until('the alarm', () => bench.of('tamper').length > 0);
    bench.show(0);
    await bench.past(1500);
    expect(bench.links()).toEqual(['entry offline known-key']);
    expect(bench.of('tamper').map(({ isActive }) => isActive)).toEqual([true]);
    expect([bench.cards(), bench.station.seen()]).toEqual([[], []]);
    await bench.close();
  });

  it('FB124: of two readers on one port, a dead one takes nothing from the living one', async () => {
    const world = await openWorld();
    const bench = await openBench(world, {
      devices: [keyed, { ...keyed, address: 2 }],
      readers: twoReaders,
    });
    const online = (reader: string): boolean => bench.links().includes(`${reader} online secure-channel`);
    await world.until('both', () => online('entry') && online('exit'));
    await bench.past(500);
    bench.show(0, 1);
    bench.show(1, 2);
    await world.until('both cards', () => bench.cards().length === 2);
    expect(bench.cards().toSorted()).toEqual([`entry ${frames[0].card}`, `exit ${frames[1].card}`]);
    bench.station.act({ type: 'powered', isOn: false }, 2);
    await bench.past(1500);
    for (const round of [1, 0] as const) {
      const shownMs = world.clock.monoMs();
      const before = bench.cards().length;
      bench.show(round, 1);
      await world.until('the card', () => bench.cards().length > before);
      // One wait for the dead one, one turn of the living one, and what two busy processors take.
      expect(world.clock.monoMs() - shownMs).toBeLessThan(700);
      await bench.past(600);
    }
    expect(bench.links().filter((link) => link.startsWith('entry'))).toEqual(['entry online secure-channel']);
    await bench.close();
  });
});

describe('an OSDP reader in memory', () => {
  let world: MemoryWorld;
  beforeEach(async () => {
    world = await openMemoryWorld();
  });

  it('FB122: a card shown while the line to the reader was cut for 10 s is counted and is no event', async () => {
    const bench = await openBench(world);
    await bench.untilOnline();
    bench.station.act({ type: 'connected', isOn: false });
    bench.show(0);
    bench.station.act({ type: 'keys-pressed', keys: Uint8Array.of(0x31) });
    await world.clock.advance(10_000);
    expect(bench.links().at(-1)).toBe('entry offline silent');
    bench.station.act({ type: 'connected', isOn: true });
    await world.until('the return', () => bench.links().at(-1) === 'entry online secure-channel');
    await world.clock.advance(500);
    expect([bench.cards(), bench.of('key')]).toEqual([[], []]);
    expect(bench.counted()).toContain('entry stale-read');
    bench.show(0);
    await world.until('the card', () => bench.cards().length > 0);
    await bench.close();
  });

  it('FB122: a card that waited for more than 3 s on a line that never went down is stale too', async () => {
    const bench = await openBench(world);
    await bench.untilOnline();
    bench.station.act({ type: 'connected', isOn: false });
    bench.show(0);
    await world.clock.advance(4000);
    bench.station.act({ type: 'connected', isOn: true });
    await world.until('the count', () => bench.counted().includes('entry stale-read'));
    expect([bench.cards(), bench.links()]).toEqual([[], ['entry online secure-channel']]);
    await bench.close();
  });

  it('FB120: without a profile a card is the bits that came; what is no card is counted', async () => {
    const bench = await openBench(world, {
      readers: (port) => ({ entry: { protocol: 'osdp', port, address: 1, key } }),
    });
    await bench.untilOnline();
    bench.show(0);
    bench.station.presentCard(32, bytesOfHex('6B3D12D6'));
    const wg34 = encodeWiegand('wg34', { facility: 1, number: 2 });
    bench.station.presentCard(wg34.bitCount, bytesOfHex(wg34.hex));
    await world.until('the cards', () => bench.cards().length === 3);
    expect(bench.cards()).toEqual(['entry wg26:7B3972', 'entry wg32:6B3D12D6', 'entry wg34:00010002']);
    bench.station.presentCard(26, bytesOfHex('FFFFFFC0'));
    await world.until('the damage', () => bench.counted().length > 0);
    expect(bench.counted()).toEqual(['entry damaged-read']);
    await bench.close();
  });

  it('FB123: tamper of a reader in install mode ends when one with the key comes online', async () => {
    const bench = await openBench(world, { devices: [{ ...usualPeripheral, isInInstallMode: true }] });
    await world.until('the alarm', () => bench.of('tamper').length > 0);
    bench.station.stop();
    const paired = createOsdpStation(bench.port, world.clock, random, [keyed]);
    await world.until('the reader', () => bench.links().at(-1) === 'entry online secure-channel');
    expect(bench.of('tamper').map(({ isActive }) => isActive)).toEqual([true, false]);
    await bench.close();
    paired.stop();
  });

  it('FB125: a reader in clear takes allowClear, and is told as such', async () => {
    const clear = { protocol: 'osdp', address: 1 } as const;
    await expect(openBench(world, { readers: (port) => ({ entry: { ...clear, port } }) })).rejects.toThrow(
      'allowClear',
    );
    const bench = await openBench(world, {
      devices: [usualPeripheral],
      readers: (port) => ({ entry: { ...clear, port, allowClear: true } }),
    });
    await world.until('the reader', () => bench.links().length > 0);
    expect(bench.links()).toEqual(['entry online clear']);
    await bench.past(250);
    bench.show(0);
    await world.until('the card', () => bench.cards().length > 0);
    await bench.close();
  });

  it('FB125: keys that everybody knows, and what is no key, are refused by name', () => {
    const refusal = (text: string): unknown => {
      const parsed = parseReaderKey(text);
      return parsed.ok ? parsed.value.length : parsed.error;
    };
    expect(refusal('303132333435363738393A3B3C3D3E3F')).toBe('default');
    expect(refusal('0'.repeat(32))).toBe('all-zero');
    expect(refusal('0f1e2d3c4b5a69788796a5b4c3d2e1')).toBe('length');
    expect(refusal('0f1e2d3c4b5a69788796a5b4c3d2e1f0\n')).toBe(16);
  });

  it('FB128: a reader that cannot end a pulse is given none and is counted', async () => {
    const bench = await openBench(world, { devices: [untimed] });
    await bench.untilOnline();
    expect(bench.counted()).toEqual(['entry untimed-output']);
    expect(await bench.pulse('p1')).toEqual({ kind: 'refused', reason: 'rejected' });
    expect(await bench.settled(bench.hardware.secure())).toEqual({ kind: 'secured' });
    expect(bench.station.relayLine()).toEqual([]);
    await bench.close();
  });

  it('FB128: a pulse that is late, or that the timer cannot count, is refused and the relay does not move', async () => {
    const bench = await openBench(world);
    await bench.untilOnline();
    const late = { notAfterMs: asMonoMs(world.clock.monoMs() - 1) };
    expect(await bench.pulse('p1', late)).toEqual({ kind: 'refused', reason: 'expired' });
    expect(await bench.pulse('p1', { durationMs: 550 })).toEqual({
      kind: 'refused',
      reason: 'invalid-duration',
    });
    bench.station.act({ type: 'connected', isOn: false });
    await bench.past(300);
    // Ordered in time, and still waiting for its turn on a dead line when its time is over.
    const waiting = bench.hardware.pulse({
      id: 'p1',
      durationMs: 500,
      notAfterMs: asMonoMs(world.clock.monoMs() + 1000),
    });
    await world.clock.advance(2000);
    bench.station.act({ type: 'connected', isOn: true });
    await world.clock.advance(2000);
    expect(await bench.settled(waiting)).toEqual({ kind: 'refused', reason: 'expired' });
    expect(bench.station.relayLine()).toEqual([]);
    await bench.close();
  });

  it('FB126: a pulse whose answers are all lost is unconfirmed and happens once', async () => {
    const bench = await openBench(world);
    await bench.untilOnline();
    bench.station.failNext([{ fault: { kind: 'reply-lost' }, on: 'OUT', times: 50 }]);
    expect(await bench.pulse('p1', { durationMs: 1000 })).toEqual({ kind: 'unconfirmed' });
    await world.clock.advance(3000);
    expect(bench.station.relayLine().map(({ isOn }) => isOn)).toEqual([true, false]);
    await bench.close();
  });

  it('FB129: of two pulses the later end counts, and a shorter one does not shorten', async () => {
    const bench = await openBench(world);
    await bench.untilOnline();
    await bench.pulse('long', { durationMs: 3000 });
    expect(await bench.pulse('short', { durationMs: 500 })).toEqual({ kind: 'acknowledged' });
    await world.until('the end', () => bench.station.relayLine().length === 2);
    const lengthMs = (): number => {
      const [on, off] = bench.station.relayLine().slice(-2);
      return (off?.atMs ?? 0) - (on?.atMs ?? 0);
    };
    expect(lengthMs()).toBeCloseTo(3000, 3);
    await world.until('the word of the end', () => bench.locks().length === 3);
    await bench.pulse('first', { durationMs: 1000 });
    await bench.past(500);
    await bench.pulse('second', { durationMs: 1000 });
    await world.until('the later end', () => bench.station.relayLine().length === 4);
    expect(lengthMs()).toBeGreaterThan(1500);
    await world.until('the word of the later end', () => bench.locks().length === 5);
    expect(bench.locks()).toEqual(['secured', 'released', 'secured', 'released', 'secured']);
    await bench.close();
  });

  it('FB130: a signal is shown by light, sound and text', async () => {
    const bench = await openBench(world);
    await bench.untilOnline();
    bench.hardware.signal('entry', 'denied');
    const texts = (): string[] =>
      bench.station
        .seen()
        .flatMap((event) =>
          event.type === 'executed' && event.command.type === 'TEXT' ? [event.command.text.trim()] : [],
        );
    await world.until('the text', () => texts().length > 0);
    bench.hardware.signal('entry', 'alarm');
    await world.until('the other text', () => texts().length > 1);
    expect(texts()).toEqual(['Akses ditolak', 'ALARM PINTU']);
    const types = bench.station
      .seen()
      .flatMap((event) => (event.type === 'executed' ? [event.command.type] : []));
    expect(types).toEqual(['OUT', 'LED', 'BUZ', 'TEXT', 'LED', 'BUZ', 'TEXT']);
    await bench.close();
  });
});
