import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asMonoMs } from '#contract/clock';
import {
  openDoorHardware,
  type DoorHardware,
  type HardwareEvent,
  type PulseCommand,
  type PulseOutcome,
} from '../../firmware-bridge/bridge.ts';
import { openSimulatedDoor, type SimulatedDoor } from '../../firmware-bridge/simulator/simulated-door.ts';
import { firmwareWorlds, openMemoryWorld, settleIn, type FirmwareWorld } from './firmware-world.ts';

const cardA = '6F007B3972';
const cardB = '010063E9AE';

interface Bench {
  readonly world: FirmwareWorld;
  readonly door: SimulatedDoor;
  readonly hardware: DoorHardware;
  readonly events: HardwareEvent[];
  until(what: string, condition: () => boolean): Promise<void>;
  /** Waits for what needs the world's time to pass. */
  settled<T>(work: Promise<T>): Promise<T>;
  pulse(id: string, change?: Partial<PulseCommand>): Promise<PulseOutcome>;
  of<T extends HardwareEvent['type']>(type: T): Extract<HardwareEvent, { type: T }>[];
  isOnline(reader: string): boolean;
}

const openHardware = (world: FirmwareWorld, ports: SimulatedDoor['ports']): DoorHardware =>
  openDoorHardware(
    {
      doorId: 'ruang-server',
      readers: {
        entry: { protocol: 'rdm6300', port: ports.entry },
        exit: { protocol: 'rdm6300', port: ports.exit },
        panel: { protocol: 'line', port: ports.panel },
      },
      lock: { driver: 'line', reader: 'panel', output: 0, releaseMs: 3000 },
    },
    world.clock,
    { openLink: world.openLink },
  );

async function openBench(world: FirmwareWorld, maxPulseMs = 10_000): Promise<Bench> {
  const { clock, openPort } = world;
  const door = await openSimulatedDoor({ clock, openPort, linksDir: 'unused', maxPulseMs });
  const hardware = openHardware(world, door.ports);
  const events: HardwareEvent[] = [];
  hardware.onEvent((event) => events.push(event));
  const bench: Bench = {
    world,
    door,
    hardware,
    events,
    until: (what, condition) => world.until(what, condition),
    settled: (work) => settleIn(world, work),
    pulse: (id, change = {}) =>
      bench.settled(
        hardware.pulse({ id, durationMs: 400, notAfterMs: asMonoMs(clock.monoMs() + 2000), ...change }),
      ),
    of: (type) =>
      events.filter((event): event is Extract<HardwareEvent, { type: typeof type }> => event.type === type),
    isOnline: (reader) => bench.of('reader').findLast((event) => event.reader === reader)?.state === 'online',
  };
  return bench;
}

const untilOnline = (bench: Bench): Promise<void> =>
  bench.until(
    'every reader and the first levels',
    () =>
      ['entry', 'exit', 'panel'].every((reader) => bench.isOnline(reader)) && bench.of('input').length >= 2,
  );

describe.each(firmwareWorlds)('a door over %s', (_name, openWorld) => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await openBench(await openWorld());
  });
  afterEach(async () => {
    await bench.settled(bench.hardware.close());
    await bench.door.close();
    await bench.world.close();
  });

  it('FB80: a port that is missing is told as offline and taken up when it comes', async () => {
    await untilOnline(bench);
    await bench.door.unplug('entry');
    await bench.until('the loss', () => !bench.isOnline('entry'));
    expect(bench.isOnline('exit')).toBe(true);
    await bench.until('the missing port', () =>
      bench.of('reader').some(({ reason }) => reason === 'port-missing'),
    );
    await bench.door.replug('entry');
    await bench.until('the return', () => bench.isOnline('entry'));
    bench.door.presentCard('entry', cardA);
    await bench.until('the card', () => bench.of('card').length > 0);
  });

  it('FB81: a card held on a reader is one event in canonical form, whichever reader and whatever the noise', async () => {
    await untilOnline(bench);
    bench.door.injectBytes('entry', Uint8Array.of(0x02, 0x36, 0x46, 0xff, 0x00));
    bench.door.presentCard('entry', cardA, 500);
    await bench.until('the first card', () => bench.of('card').length === 1);
    bench.door.presentCard('exit', cardB, 500);
    await bench.until('the second card', () => bench.of('card').length === 2);
    bench.door.presentCard('entry', cardB, 200);
    await bench.until('the third card', () => bench.of('card').length === 3);
    expect(bench.of('card').map(({ reader, card }) => `${reader} ${card}`)).toEqual([
      `entry em:${cardA}`,
      `exit em:${cardB}`,
      `entry em:${cardB}`,
    ]);
    expect(bench.of('diagnostic').map(({ code, count }) => [code, count])).toEqual([['damaged-read', 1]]);
  });

  it('FB82: an acknowledged pulse is one release and one locking at the relay, with its journal place', async () => {
    await untilOnline(bench);
    expect(await bench.pulse('p1', { journal: { epoch: 3, sq: 41 } })).toEqual({ kind: 'acknowledged' });
    await bench.until(
      'the end of the pulse',
      () => bench.of('lock').at(-1)?.state === 'secured' && bench.of('lock').length === 3,
    );
    const [released, secured, ...more] = bench.door.lockLine();
    expect(released).toMatchObject({ isReleased: true, epoch: 3, sq: 41 });
    expect(secured).toMatchObject({ isReleased: false });
    expect(more).toEqual([]);
    const lengthMs = (secured?.atMs ?? 0) - (released?.atMs ?? 0);
    expect(lengthMs).toBeGreaterThanOrEqual(399);
    expect(bench.of('lock').map(({ state }) => state)).toEqual(['secured', 'released', 'secured']);
  });

  it('FB82: what the controller refuses is refused, and the relay does not move', async () => {
    await untilOnline(bench);
    await bench.pulse('p1', { durationMs: 100, journal: { epoch: 3, sq: 41 } });
    expect(await bench.pulse('p2', { journal: { epoch: 3, sq: 40 } })).toEqual({
      kind: 'refused',
      reason: 'rejected',
    });
    expect(await bench.pulse('p3', { durationMs: 10_001 })).toEqual({
      kind: 'refused',
      reason: 'invalid-duration',
    });
    expect(bench.door.state().pulses).toBe(1);
  });

  it('FB83: after the panel was away it is locked first, nothing is replayed, and levels are states again', async () => {
    await untilOnline(bench);
    expect(await bench.pulse('p1', { durationMs: 10_000 })).toEqual({ kind: 'acknowledged' });
    await bench.door.unplug('panel');
    expect(bench.door.lockLine().map(({ isReleased }) => isReleased)).toEqual([true, false]);
    await bench.until('the loss', () => !bench.isOnline('panel'));
    expect(await bench.pulse('p2')).toEqual({ kind: 'refused', reason: 'offline' });
    const seen = bench.events.length;
    await bench.door.replug('panel');
    await bench.until(
      'the return',
      () => bench.events.slice(seen).filter(({ type }) => type === 'input').length === 2,
    );
    const back = bench.events
      .slice(seen)
      .filter(({ type }) => !['reader', 'diagnostic', 'openings'].includes(type));
    expect(back.map((event) => (event.type === 'input' ? event.isInitial : event.type))).toEqual([
      'lock',
      true,
      true,
    ]);
    expect(bench.door.state().pulses).toBe(1);
    expect(await bench.pulse('p3', { durationMs: 100 })).toEqual({ kind: 'acknowledged' });
    expect(bench.door.state().pulses).toBe(2);
  });

  it('FB83: secure locks at once, in the middle of a pulse', async () => {
    await untilOnline(bench);
    await bench.pulse('p1', { durationMs: 10_000 });
    expect(await bench.settled(bench.hardware.secure())).toEqual({ kind: 'secured' });
    expect(bench.door.state().lock).toBe('secured');
  });

  it('FB84: before the panel is greeted a pulse is refused at once and secure is unconfirmed', async () => {
    await bench.door.unplug('panel');
    await bench.until('the missing port', () =>
      bench.of('reader').some(({ reader, state }) => reader === 'panel' && state === 'offline'),
    );
    expect(await bench.pulse('p')).toEqual({ kind: 'refused', reason: 'offline' });
    expect(await bench.settled(bench.hardware.secure())).toEqual({ kind: 'unconfirmed' });
    await bench.door.replug('panel');
    await untilOnline(bench);
    expect(bench.door.lockLine()).toEqual([]);
  });

  it('FB85: keys, exit button, door contact and tamper are told as they happen', async () => {
    await untilOnline(bench);
    expect(bench.of('input').map(({ input, isActive, isInitial }) => [input, isActive, isInitial])).toEqual([
      [0, false, true],
      [1, true, true],
    ]);
    for (const key of ['1', '0', 'clear', 'enter'] as const) bench.door.pressKey(key);
    bench.door.pressExitButton(50);
    bench.door.forceDoor();
    bench.door.setTamper(true);
    await bench.until('all of it', () => bench.of('input').length === 5 && bench.of('tamper').length === 1);
    expect(bench.of('key').map(({ key }) => key)).toEqual(['1', '0', 'clear', 'enter']);
    expect(
      bench
        .of('input')
        .slice(2)
        .map(({ input, isActive, isInitial }) => [input, isActive, isInitial]),
    ).toEqual([
      [0, true, false],
      [1, false, false],
      [0, false, false],
    ]);
    expect(bench.of('tamper').map(({ isActive }) => isActive)).toEqual([true]);
  });

  it('FB86: noise and endless lines from the panel are counted, and the next key is heard', async () => {
    await untilOnline(bench);
    bench.door.injectBytes('panel', new Uint8Array(3000).fill(0x41));
    bench.door.injectBytes('panel', Buffer.from('\n<ffffffff 9 K 1*0000\n'));
    bench.door.pressKey('7');
    await bench.until('the key', () => bench.of('key').length === 1);
    expect(bench.of('key').map(({ key }) => key)).toEqual(['7']);
    expect(
      bench
        .of('diagnostic')
        .map(({ code }) => code)
        .toSorted(),
    ).toEqual(['bad-crc', 'overlong']);
  });

  it('FB88: a signal is shown on the panel', async () => {
    await untilOnline(bench);
    bench.hardware.signal('panel', 'granted');
    bench.hardware.signal('entry', 'denied');
    await bench.until('the light', () => bench.door.state().reader.light === 'green');
    expect(bench.door.state().reader).toEqual({ signal: 'granted', light: 'green', sound: 'short' });
  });

  it('FB89: closing locks first and leaves the ports free; afterwards everything is refused', async () => {
    await untilOnline(bench);
    await bench.pulse('p1', { durationMs: 10_000 });
    await bench.settled(bench.hardware.close());
    expect(bench.door.state().lock).toBe('secured');
    expect(await bench.pulse('p2')).toEqual({ kind: 'refused', reason: 'offline' });
    const again = openHardware(bench.world, bench.door.ports);
    const online: string[] = [];
    again.onEvent((event) => {
      if (event.type === 'reader' && event.state === 'online') online.push(event.reader);
    });
    await bench.until('the new owner', () => online.length === 3);
    await bench.settled(again.close());
  });

  it('FB90: the leaf opens by pushing only while the lock is released, and falls shut unless held', async () => {
    await untilOnline(bench);
    expect(bench.door.pushDoor()).toBe(false);
    await bench.pulse('p1', { durationMs: 100 });
    expect(bench.door.pushDoor()).toBe(true);
    bench.door.holdDoor(true);
    bench.door.closeDoor();
    expect(bench.door.state()).toMatchObject({ leaf: 'open', isHeld: true });
    bench.door.holdDoor(false);
    await bench.until('the closer', () => bench.door.state().leaf === 'closed');
    bench.door.forceDoor();
    expect(bench.door.state()).toMatchObject({ leaf: 'open', lock: 'secured' });
    bench.door.closeDoor();
    expect(bench.door.state().leaf).toBe('closed');
  });
});

describe('a door in memory', () => {
  const openMemoryBench = async (maxPulseMs?: number) => {
    const world = await openMemoryWorld();
    const bench = await openBench(world, maxPulseMs);
    await untilOnline(bench);
    return { world, bench, clock: world.clock };
  };

  it('FB81: a card left on the reader for a minute is one presentation; taken away and shown again it is two', async () => {
    const { bench, clock } = await openMemoryBench();
    bench.door.presentCard('entry', cardA, 60_000);
    await clock.advance(61_500);
    bench.door.presentCard('entry', cardA);
    await clock.advance(500);
    expect(bench.of('card').length).toBe(2);
  });

  it('FB85: a reader that is damaged all the time is told once in ten seconds, with the count', async () => {
    const { bench, clock } = await openMemoryBench();
    for (let read = 0; read < 100; read += 1) {
      bench.door.injectBytes('exit', Buffer.from('0236463030374233393732353503', 'hex'));
      await clock.advance(100);
    }
    await clock.advance(30_000);
    expect(bench.of('diagnostic').map(({ code, count }) => [code, count])).toEqual([
      ['damaged-read', 1],
      ['damaged-read', 99],
    ]);
  });

  it('FB87: every listener gets every event in order, also when one acts from within an event', async () => {
    const { bench, clock } = await openMemoryBench();
    const first: string[] = [];
    const second: string[] = [];
    bench.hardware.onEvent((event) => {
      first.push(event.type);
      if (event.type === 'card') {
        void bench.hardware.pulse({ id: 'late', durationMs: 400, notAfterMs: asMonoMs(0) });
        void bench.hardware.pulse({
          id: 'now',
          durationMs: 400,
          notAfterMs: asMonoMs(clock.monoMs() + 1000),
        });
      }
    });
    const stop = bench.hardware.onEvent((event) => second.push(event.type));
    bench.door.presentCard('entry', cardA);
    await clock.advance(1000);
    expect(first).toEqual(['card', 'lock', 'lock']);
    expect(second).toEqual(first);
    stop();
    bench.door.pressKey('1');
    await clock.advance(10);
    expect([first.length, second.length]).toEqual([4, 3]);
  });

  it('FB87: what a listener orders from within an event goes out after what was on its way', async () => {
    const world = await openMemoryWorld();
    const lines: string[] = [];
    const bench = await openBench({
      ...world,
      openLink: async (address) => {
        const link = await world.openLink(address);
        return {
          ...link,
          // Without its own line the released relay is told by the acknowledgement, which also sends the next pulse.
          onBytes: (listener) =>
            link.onBytes((bytes) =>
              /^<\w+ \d+ O /.test(String.fromCharCode(...bytes)) ? undefined : listener(bytes),
            ),
          write: (bytes) => {
            lines.push(Buffer.from(bytes).toString('latin1'));
            return link.write(bytes);
          },
        };
      },
    });
    await untilOnline(bench);
    bench.hardware.onEvent((event) => {
      if (event.type === 'lock' && event.state === 'released') void bench.hardware.secure();
    });
    lines.length = 0;
    const notAfterMs = asMonoMs(world.clock.monoMs() + 1000);
    for (const id of ['p1', 'p2']) void bench.hardware.pulse({ id, durationMs: 400, notAfterMs });
    await world.clock.advance(500);
    const numbers = lines.map((line) => Number(line.split(' ')[1]));
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(lines.map((line) => line.split(' ')[2]?.[0])).toEqual(['P', 'P', 'L']);
    expect(bench.door.state().lock).toBe('secured');
  });

  it('FB55: a gateway that stops ticking in the middle of a pulse loses the lock after three seconds', async () => {
    const world = await openMemoryWorld();
    const door = await openSimulatedDoor({
      clock: world.clock,
      openPort: world.openPort,
      linksDir: 'unused',
    });
    let isStopped = false;
    const hardware = openDoorHardware(
      {
        doorId: 'ruang-server',
        readers: { panel: { protocol: 'line', port: door.ports.panel } },
        lock: { driver: 'line', reader: 'panel', output: 0, releaseMs: 3000 },
      },
      world.clock,
      {
        openLink: async (address) => {
          const link = await world.openLink(address);
          return { ...link, write: (bytes) => (isStopped ? Promise.resolve() : link.write(bytes)) };
        },
      },
    );
    await world.clock.advance(2000);
    void hardware.pulse({ id: 'p', durationMs: 10_000, notAfterMs: asMonoMs(world.clock.monoMs() + 1000) });
    await world.clock.advance(100);
    expect(door.state().lock).toBe('released');
    isStopped = true;
    await world.clock.advance(3100);
    expect(door.state().lock).toBe('secured');
  });

  it('FB51: a controller built for shorter pulses refuses longer ones', async () => {
    const { bench } = await openMemoryBench(1000);
    expect(await bench.pulse('p1', { durationMs: 1001 })).toEqual({
      kind: 'refused',
      reason: 'invalid-duration',
    });
    expect(await bench.pulse('p2', { durationMs: 1000 })).toEqual({ kind: 'acknowledged' });
  });

  it('FB28: when every answer is lost the pulse is unconfirmed, and the relay was released once', async () => {
    const world = await openMemoryWorld();
    const door = await openSimulatedDoor({
      clock: world.clock,
      openPort: world.openPort,
      linksDir: 'unused',
    });
    let isDeaf = false;
    const hardware = openDoorHardware(
      {
        doorId: 'ruang-server',
        readers: { panel: { protocol: 'line', port: door.ports.panel } },
        lock: { driver: 'line', reader: 'panel', output: 0, releaseMs: 3000 },
      },
      world.clock,
      {
        openLink: async (address) => {
          const link = await world.openLink(address);
          return {
            ...link,
            onBytes: (listener) => link.onBytes((bytes) => (isDeaf ? undefined : listener(bytes))),
          };
        },
      },
    );
    await world.clock.advance(2000);
    isDeaf = true;
    const pulsed = hardware.pulse({
      id: 'p',
      durationMs: 2000,
      notAfterMs: asMonoMs(world.clock.monoMs() + 1000),
    });
    await world.clock.advance(1000);
    expect(await pulsed).toEqual({ kind: 'unconfirmed' });
    expect(door.lockLine().map(({ isReleased }) => isReleased)).toEqual([true]);
  });
});
