import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asMonoMs, type Clock } from '#contract/clock';
import {
  openDoorHardware,
  type DoorHardware,
  type DoorHardwareConfig,
  type HardwareEvent,
  type LockConfig,
  type PulseCommand,
  type PulseOutcome,
} from '../../firmware-bridge/bridge.ts';
import type { AnswerFault } from '../../firmware-bridge/simulator/asked-station.ts';
import { createLcusBoard, type LcusSpeech } from '../../firmware-bridge/simulator/lcus-board.ts';
import { createModbusBoard, type ModbusBoard } from '../../firmware-bridge/simulator/modbus-board.ts';
import type { RelayWire } from '../../firmware-bridge/simulator/relay-wire.ts';
import type { VirtualPort } from '../../firmware-bridge/simulator/virtual-port.ts';
import {
  firmwareWorlds,
  openMemoryWorld,
  settleIn,
  type FirmwareWorld,
  type MemoryWorld,
} from './firmware-world.ts';

interface Board {
  readonly relay: RelayWire;
  readonly setSilent: (isSilent: boolean) => void;
  readonly failNext: (...faults: readonly AnswerFault[]) => void;
}

interface Subject {
  readonly name: string;
  readonly config: (port: string) => LockConfig;
  readonly create: (port: VirtualPort, clock: Clock) => Board;
  readonly worlds: typeof firmwareWorlds;
}

const modbusConfig = (port: string): LockConfig => ({
  driver: 'modbus-rtu',
  port,
  unit: 1,
  relay: 2,
  releaseMs: 3000,
});
const lcusConfig = (port: string): LockConfig => ({
  driver: 'lcus',
  port,
  channel: 2,
  hardwareTimer: 'external',
  releaseMs: 3000,
});
const wireOf = (relays: readonly RelayWire[], at: number): RelayWire => {
  const wire = relays[at];
  if (wire === undefined) throw new Error('the board has no such relay');
  return wire;
};
const modbus = (port: VirtualPort, clock: Clock): Board & { readonly board: ModbusBoard } => {
  const board = createModbusBoard(port, clock);
  const { setSilent, failNext, relays } = board;
  return { relay: wireOf(relays, 2), setSilent, failNext, board };
};
const lcus =
  (speech: LcusSpeech) =>
  (port: VirtualPort, clock: Clock): Board => {
    const { relays, setSilent, failNext } = createLcusBoard(port, clock, 2, speech);
    return { relay: wireOf(relays, 1), setSilent, failNext };
  };

const subjects: readonly Subject[] = [
  { name: 'modbus-rtu', config: modbusConfig, create: modbus, worlds: firmwareWorlds },
  { name: 'lcus that answers in text', config: lcusConfig, create: lcus('text'), worlds: firmwareWorlds },
  // Nothing but the answer differs, and that is not the cable's affair.
  {
    name: 'lcus that answers in bytes',
    config: lcusConfig,
    create: lcus('bytes'),
    worlds: firmwareWorlds.slice(0, 1),
  },
];

/** A door whose lock is a board on a cable. */
interface Bench<B extends Board> {
  readonly world: FirmwareWorld;
  readonly port: VirtualPort;
  readonly board: B;
  readonly hardware: DoorHardware;
  readonly locks: () => string[];
  readonly links: () => string[];
  settled<T>(work: Promise<T>): Promise<T>;
  pulse(id: string, change?: Partial<PulseCommand>): Promise<PulseOutcome>;
  /** Waits until the board is locked and idle; lock events are told from then on. */
  untilReady(): Promise<void>;
  /** Waits until so many lock events were told, and tells them. */
  untilLocks(count: number): Promise<string[]>;
  close(): Promise<void>;
}

async function openBench<B extends Board>(
  world: FirmwareWorld,
  config: (port: string) => LockConfig,
  create: (port: VirtualPort, clock: Clock) => B,
): Promise<Bench<B>> {
  const port = await world.openPort('relay');
  const board = create(port, world.clock);
  const doorConfig: DoorHardwareConfig = { doorId: 'ruang-server', readers: {}, lock: config(port.path) };
  const hardware = openDoorHardware(doorConfig, world.clock, { openLink: world.openLink });
  const events: HardwareEvent[] = [];
  hardware.onEvent((event) => events.push(event));
  let before = 0;
  const bench: Bench<B> = {
    world,
    port,
    board,
    hardware,
    locks: () => events.slice(before).flatMap((event) => (event.type === 'lock' ? [event.state] : [])),
    links: () =>
      events.flatMap((event) =>
        event.type === 'reader' ? [`${event.reader} ${event.state} ${event.reason}`] : [],
      ),
    settled: (work) => settleIn(world, work),
    pulse: (id, change = {}) =>
      bench.settled(
        hardware.pulse({ id, durationMs: 500, notAfterMs: asMonoMs(world.clock.monoMs() + 2000), ...change }),
      ),
    untilReady: async () => {
      await world.until('the board', () => bench.links().includes('lock online answered'));
      // The first is perhaps answered by the locking that belongs to coming online.
      for (let round = 0; round < 2; round += 1) await bench.settled(hardware.secure());
      before = events.length;
    },
    untilLocks: async (count) => {
      await world.until(`${count} lock events`, () => bench.locks().length >= count);
      return bench.locks();
    },
    close: async () => {
      await bench.settled(hardware.close());
      await port.close();
      await world.close();
    },
  };
  return bench;
}

describe.each(subjects)('a lock behind $name', ({ config, create, worlds }) => {
  describe.each(worlds)('over %s', (_name, openWorld) => {
    let bench: Bench<Board>;
    const relayLine = (): boolean[] => bench.board.relay.edges().map(({ isOn }) => isOn);

    beforeEach(async () => {
      bench = await openBench(await openWorld(), config, create);
      await bench.untilReady();
    });
    afterEach(() => bench.close());

    it('FB101: an acknowledged pulse is one release of that length, told as it happens', async () => {
      expect(bench.links()).toEqual(['lock online answered']);
      expect(await bench.pulse('p1')).toEqual({ kind: 'acknowledged' });
      expect(await bench.untilLocks(2)).toEqual(['released', 'secured']);
      const [on, off, ...more] = bench.board.relay.edges();
      expect([on?.isOn, off?.isOn, more]).toEqual([true, false, []]);
      const lengthMs = (off?.atMs ?? 0) - (on?.atMs ?? 0);
      // Where the host ends it, both orders travel, and not for the same time.
      expect(lengthMs).toBeGreaterThan(400);
      expect(lengthMs).toBeLessThan(1500);
    });

    it('FB102: after the cable was pulled it is locked first, what was ordered meanwhile is refused and not replayed', async () => {
      expect(await bench.pulse('p1', { durationMs: 3000 })).toEqual({ kind: 'acknowledged' });
      await bench.port.unplug();
      await bench.world.until('the loss', () => bench.links().includes('lock offline port-missing'));
      expect(await bench.pulse('p2')).toEqual({ kind: 'refused', reason: 'offline' });
      expect(await bench.settled(bench.hardware.secure())).toEqual({ kind: 'unconfirmed' });
      const told = bench.locks().length;
      await bench.port.replug();
      await bench.world.until('the locking', () => bench.locks().slice(told).includes('secured'));
      expect(bench.board.relay.isOn()).toBe(false);
      expect(relayLine()).toEqual([true, false]);
      expect(bench.links().at(-1)).toBe('lock online answered');
      expect(await bench.pulse('p3')).toEqual({ kind: 'acknowledged' });
    });

    it('FB102: secure locks in the middle of a pulse', async () => {
      expect(await bench.pulse('p1', { durationMs: 10_000 })).toEqual({ kind: 'acknowledged' });
      expect(await bench.settled(bench.hardware.secure())).toEqual({ kind: 'secured' });
      expect(bench.board.relay.isOn()).toBe(false);
    });

    it('FB103: a relay found on without an order is a fault and is switched off', async () => {
      bench.board.relay.set(true);
      expect(await bench.untilLocks(3)).toEqual(['released', 'fault', 'secured']);
      expect(bench.board.relay.isOn()).toBe(false);
    });

    it('FB104: an id is carried out once, however often it is asked for', async () => {
      const [first, second] = [bench.pulse('p1'), bench.pulse('p1')];
      expect([await first, await second, await bench.pulse('p1')]).toEqual([
        { kind: 'acknowledged' },
        { kind: 'acknowledged' },
        { kind: 'acknowledged' },
      ]);
      await bench.untilLocks(2);
      expect(relayLine()).toEqual([true, false]);
    });

    it('FB105: closing locks first, leaves the port free, and refuses what comes after', async () => {
      expect(await bench.pulse('p1', { durationMs: 10_000 })).toEqual({ kind: 'acknowledged' });
      await bench.settled(bench.hardware.close());
      expect(bench.board.relay.isOn()).toBe(false);
      expect(await bench.pulse('p2')).toEqual({ kind: 'refused', reason: 'offline' });
      const link = await bench.settled(bench.world.openLink({ path: bench.port.path, baud: 9600 }));
      await link.close();
    });
  });

  describe('in memory', () => {
    let world: MemoryWorld;
    let bench: Bench<Board>;

    beforeEach(async () => {
      world = await openMemoryWorld();
      bench = await openBench(world, config, create);
      await bench.untilReady();
    });
    afterEach(() => bench.close());

    it('FB40: what is out of bounds, late or unnamed is refused and the relay does not move', async () => {
      expect(await bench.pulse('p', { durationMs: 99 })).toEqual({
        kind: 'refused',
        reason: 'invalid-duration',
      });
      expect(await bench.pulse('two words')).toEqual({ kind: 'refused', reason: 'rejected' });
      expect(await bench.pulse('p', { notAfterMs: asMonoMs(0) })).toEqual({
        kind: 'refused',
        reason: 'expired',
      });
      expect(bench.board.relay.edges()).toEqual([]);
      // Never sent, so the same id may be.
      expect(await bench.pulse('p')).toEqual({ kind: 'acknowledged' });
    });

    it('FB106: of two pulses the later end counts, and a shorter one does not shorten', async () => {
      await bench.pulse('long', { durationMs: 3000 });
      await bench.pulse('short', { durationMs: 200 });
      await world.clock.advance(1000);
      await bench.pulse('longer', { durationMs: 5000 });
      await world.clock.advance(10_000);
      const [on, off, ...more] = bench.board.relay.edges();
      const lengthMs = (off?.atMs ?? 0) - (on?.atMs ?? 0);
      expect(more).toEqual([]);
      expect(lengthMs).toBeGreaterThanOrEqual(6000);
      expect(lengthMs).toBeLessThan(7000);
    });

    it('FB103: a welded relay is told again and again and never called secured', async () => {
      bench.board.relay.setContact('welded');
      await world.clock.advance(30_000);
      expect(bench.locks()).toContain('fault');
      expect(bench.locks()).not.toContain('secured');
      expect(bench.locks().filter((state) => state === 'fault').length).toBeGreaterThan(3);
      expect(await bench.settled(bench.hardware.secure())).toEqual({ kind: 'unconfirmed' });
    });

    it('FB101: a relay that does not come on is never acknowledged', async () => {
      bench.board.relay.setContact('dead');
      expect(await bench.pulse('p1')).toEqual({ kind: 'unconfirmed' });
    });

    it('FB101: lost, damaged and doubled answers make of one pulse neither two nor none', async () => {
      const faults: readonly (readonly AnswerFault[])[] = [
        ['lost'],
        ['corrupted'],
        ['doubled', 'doubled'],
        ['lost', 'lost'],
        ['in-pieces', 'in-pieces'],
      ];
      for (const [index, ordered] of faults.entries()) {
        bench.board.failNext(...ordered);
        const before = bench.board.relay.edges().length;
        expect(await bench.pulse(`p${index}`, { durationMs: 3000 })).toEqual({ kind: 'acknowledged' });
        await world.clock.advance(6000);
        expect(bench.board.relay.edges().length - before, `${ordered.join(' ')}`).toBe(2);
      }
    });

    it('FB105: a board that does not answer is told by name, and is locked before all when it answers again', async () => {
      await bench.pulse('p1', { durationMs: 10_000 });
      bench.board.setSilent(true);
      await world.clock.advance(6000);
      expect(bench.links().at(-1)).toBe('lock offline no-answer');
      expect(await bench.pulse('p2')).toEqual({ kind: 'refused', reason: 'offline' });
      const told = bench.locks().length;
      bench.board.setSilent(false);
      await world.clock.advance(3000);
      expect(bench.links().at(-1)).toBe('lock online answered');
      expect(bench.locks().slice(told).at(-1)).toBe('secured');
      expect(bench.board.relay.isOn()).toBe(false);
    });
  });
});

describe('a Modbus board', () => {
  let world: MemoryWorld;
  beforeEach(async () => {
    world = await openMemoryWorld();
  });

  it('FB101: an echo without a board acknowledges nothing', async () => {
    const bench = await openBench(world, modbusConfig, (port, clock) => {
      const created = modbus(port, clock);
      created.board.setEcho(true);
      return created;
    });
    await bench.untilReady();
    expect(await bench.pulse('p1')).toEqual({ kind: 'acknowledged' });
    await bench.untilLocks(2);
    bench.board.setSilent(true);
    const edges = bench.board.relay.edges().length;
    // The board hears and acts, and says nothing; the adapter repeats every word of the host.
    expect(await bench.pulse('p2')).toEqual({ kind: 'unconfirmed' });
    expect(bench.board.relay.edges().length).toBeGreaterThan(edges);
    expect(bench.links().at(-1)).toBe('lock offline no-answer');
    await bench.close();
  });

  it('FB101: a board without flash-on refuses, and is never switched on for good', async () => {
    const bench = await openBench(world, modbusConfig, (port, clock) => {
      const created = modbus(port, clock);
      created.board.setFlash(false);
      return created;
    });
    await bench.untilReady();
    expect(await bench.pulse('p1')).toEqual({ kind: 'refused', reason: 'rejected' });
    await world.clock.advance(5000);
    expect(bench.board.relay.edges()).toEqual([]);
    await bench.close();
  });

  it('FB101: the board ends the pulse when nobody is left to', async () => {
    const bench = await openBench(world, modbusConfig, modbus);
    await bench.untilReady();
    await bench.pulse('p1', { durationMs: 3000 });
    await bench.port.unplug();
    await world.clock.advance(4000);
    expect(bench.board.relay.edges().map(({ isOn }) => isOn)).toEqual([true, false]);
    await bench.close();
  });
});

describe('a USB relay that never answers', () => {
  it('FB107: is online and switched, and nothing of it is confirmed', async () => {
    const world = await openMemoryWorld();
    const bench = await openBench(world, lcusConfig, lcus('none'));
    await world.until('the port', () => bench.links().length > 0);
    expect(bench.links()).toEqual(['lock online answered']);
    expect(await bench.pulse('p1')).toEqual({ kind: 'unconfirmed' });
    await world.clock.advance(2000);
    const [on, off] = bench.board.relay.edges();
    expect((off?.atMs ?? 0) - (on?.atMs ?? 0)).toBe(500);
    await bench.pulse('p2', { durationMs: 10_000 });
    expect(await bench.settled(bench.hardware.secure())).toEqual({ kind: 'unconfirmed' });
    await world.clock.advance(10);
    expect(bench.board.relay.isOn()).toBe(false);
    expect(bench.locks()).toEqual([]);
    await bench.close();
  });
});
