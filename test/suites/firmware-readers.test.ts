import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asMonoMs, type Clock } from '#contract/clock';
import {
  openDoorHardware,
  type DoorHardware,
  type HardwareEvent,
  type ReaderConfig,
} from '../../firmware-bridge/bridge.ts';
import { encodeAsciiLine } from '../../firmware-bridge/protocol/ascii/ascii-profile.ts';
import { bytesOfHex } from '../../firmware-bridge/protocol/card/card.ts';
import { encodeWiegand } from '../../firmware-bridge/protocol/card/wiegand-format.ts';
import { encodeEmDigits } from '../../firmware-bridge/protocol/em4100/em-frame.ts';
import { encodeGwiot7941 } from '../../firmware-bridge/protocol/gwiot7941/gwiot7941.ts';
import { encodeId12 } from '../../firmware-bridge/protocol/id12/id12.ts';
import { encodeRdm6300 } from '../../firmware-bridge/protocol/rdm6300/rdm6300.ts';
import { asciiProfileOf } from '../../firmware-bridge/readers/ascii-profile-of.ts';
import type { AnswerFault } from '../../firmware-bridge/simulator/asked-station.ts';
import { createGwiotStation } from '../../firmware-bridge/simulator/gwiot-station.ts';
import { createPn532Station } from '../../firmware-bridge/simulator/pn532-station.ts';
import { openSimulatedDoor } from '../../firmware-bridge/simulator/simulated-door.ts';
import { createTalkingStation, type FrameFault } from '../../firmware-bridge/simulator/talking-station.ts';
import type { VirtualPort } from '../../firmware-bridge/simulator/virtual-port.ts';
import type { OpenLink } from '../../firmware-bridge/transport/byte-link.ts';
import {
  firmwareWorlds,
  openMemoryWorld,
  openPtyWorld,
  type FakeClock,
  type FirmwareWorld,
} from './firmware-world.ts';

type Card = 'first' | 'second';
type Fault = FrameFault & AnswerFault;

/** A reader at the device's end of a cable, its protocol hidden. */
interface Station {
  present(card: Card, heldMs: number): void;
  failNext(fault: Fault): void;
}

interface Subject {
  readonly name: string;
  readonly config: (port: string) => ReaderConfig;
  readonly cards: Readonly<Record<Card, string>>;
  readonly create: (port: VirtualPort, clock: Clock) => Station;
}

const numbers = { first: '6F007B3972', second: '010063E9AE' } as const;
const emCards = { first: 'em:6F007B3972', second: 'em:010063E9AE' } as const;
const uids = { first: '6B3D12D6', second: '04A2B3C4D5E680' } as const;

/** A reader that only speaks. */
const talking = (
  name: 'rdm6300' | 'id12' | 'em18' | 'gwiot7941',
  repeatMs: number | null,
  encode: (number: string) => Uint8Array,
): Subject => ({
  name,
  config: (port) => ({ protocol: name, port }),
  cards: emCards,
  create: (port, clock) => {
    const station = createTalkingStation(port, clock, repeatMs);
    return {
      present: (card, heldMs) => station.presentCard(encode(numbers[card]), heldMs),
      failNext: (fault) => station.failNext(fault),
    };
  },
});

/** A reader that is asked: the card lies in its field for the time. */
const asked = (
  name: 'pn532' | 'gwiot7941w',
  cards: Subject['cards'],
  create: (
    port: VirtualPort,
    clock: Clock,
  ) => {
    readonly lay: (card: Card) => void;
    readonly take: () => void;
    readonly failNext: (fault: AnswerFault) => void;
  },
): Subject => ({
  name,
  config: (port) => ({ protocol: name, port }),
  cards,
  create: (port, clock) => {
    const { lay, take, failNext } = create(port, clock);
    return {
      failNext,
      present: (card, heldMs) => {
        lay(card);
        void clock.sleepUntil(asMonoMs(clock.monoMs() + heldMs)).then(take);
      },
    };
  },
});

const asciiConfig = (port: string) =>
  ({
    protocol: 'ascii',
    port,
    prefix: '\u0002',
    suffix: '\r\n',
    radix: 16,
    length: 8,
    check: 'xor',
    order: 'reversed',
    media: 'mf',
  }) as const;

const subjects: readonly Subject[] = [
  talking('rdm6300', 60, encodeRdm6300),
  talking('id12', null, (number) => encodeId12(bytesOfHex(number))),
  talking('em18', null, (number) => encodeEmDigits(bytesOfHex(number))),
  talking('gwiot7941', null, (number) => encodeGwiot7941(0x02, bytesOfHex(number))),
  {
    name: 'ascii',
    config: asciiConfig,
    cards: { first: 'mf4:6B3D12D6', second: 'mf4:FB0EE20B' },
    create: (port, clock) => {
      const station = createTalkingStation(port, clock, null);
      const shown = { first: 'D6123D6B', second: '0BE20EFB' };
      return {
        present: (card, heldMs) =>
          station.presentCard(encodeAsciiLine(asciiProfileOf(asciiConfig('')), shown[card]), heldMs),
        failNext: (fault) => station.failNext(fault),
      };
    },
  },
  asked('pn532', { first: `mf4:${uids.first}`, second: `mf7:${uids.second}` }, (port, clock) => {
    const station = createPn532Station(port, clock);
    return {
      lay: (card) => station.layCard(uids[card]),
      take: () => station.takeCard(),
      failNext: (fault) => station.failNext(fault),
    };
  }),
  asked('gwiot7941w', { first: emCards.first, second: `mf7:${uids.second}` }, (port, clock) => {
    const station = createGwiotStation(port, clock);
    return {
      lay: (card) =>
        card === 'first' ? station.layCard('em', numbers.first) : station.layCard('mf', uids.second),
      take: () => station.takeCard(),
      failNext: (fault) => station.failNext(fault),
    };
  }),
];
const names = subjects.map(({ name }) => name);

type EventOf<T extends HardwareEvent['type']> = Extract<HardwareEvent, { readonly type: T }>;

/** One door with a reader of every protocol, each on its own cable. */
interface Bench {
  readonly world: FirmwareWorld;
  readonly hardware: DoorHardware;
  readonly ports: ReadonlyMap<string, VirtualPort>;
  readonly stations: ReadonlyMap<string, Station>;
  presentAll(card: Card, heldMs?: number): void;
  of<T extends HardwareEvent['type']>(type: T): EventOf<T>[];
  cardsOf(reader: string): string[];
  isOnline(reader: string): boolean;
  close(): Promise<void>;
}

async function openBench(world: FirmwareWorld): Promise<Bench> {
  const ports = new Map<string, VirtualPort>();
  const stations = new Map<string, Station>();
  const readers: Record<string, ReaderConfig> = {};
  for (const { name, create, config } of subjects) {
    const port = await world.openPort(name);
    ports.set(name, port);
    stations.set(name, create(port, world.clock));
    readers[name] = config(port.path);
  }
  const hardware = openDoorHardware(
    {
      doorId: 'ruang-server',
      readers,
      lock: { driver: 'gpio', chip: 'none', line: 0, hardwareTimer: 'external', releaseMs: 3000 },
    },
    world.clock,
    {
      openLink: world.openLink,
      openGpioLine: () => ({ pulse: () => Promise.resolve(), secure: () => Promise.resolve() }),
    },
  );
  const events: HardwareEvent[] = [];
  hardware.onEvent((event) => events.push(event));
  const bench: Bench = {
    world,
    hardware,
    ports,
    stations,
    presentAll: (card, heldMs = 400) => {
      for (const station of stations.values()) station.present(card, heldMs);
    },
    of: (type) =>
      events.filter((event): event is Extract<HardwareEvent, { type: typeof type }> => event.type === type),
    cardsOf: (reader) => bench.of('card').flatMap((event) => (event.reader === reader ? [event.card] : [])),
    isOnline: (reader) => bench.of('reader').findLast((event) => event.reader === reader)?.state === 'online',
    close: async () => {
      let isClosed = false;
      void hardware.close().then(() => {
        isClosed = true;
      });
      await world.until('the end', () => isClosed);
      for (const port of ports.values()) await port.close();
      await world.close();
    },
  };
  await world.until('every reader', () => names.every((name) => bench.isOnline(name)));
  return bench;
}

describe.each(firmwareWorlds)('readers of every protocol over %s', (_name, openWorld) => {
  let bench: Bench;
  const untilCards = (count: number): Promise<void> =>
    bench.world.until('the cards', () => names.every((name) => bench.cardsOf(name).length >= count));
  const expectCards = (...cards: readonly Card[]): void => {
    for (const { name, cards: canonical } of subjects)
      expect(bench.cardsOf(name), `${name}`).toEqual(cards.map((card) => canonical[card]));
  };
  const past = async (ms: number): Promise<void> => {
    const untilMs = bench.world.clock.monoMs() + ms;
    await bench.world.until('the time', () => bench.world.clock.monoMs() >= untilMs);
  };

  beforeEach(async () => {
    bench = await openBench(await openWorld());
  });
  afterEach(() => bench.close());

  it('FB94: a card that stays is one event in canonical form, another one is another, and again it is again', async () => {
    bench.presentAll('first');
    await untilCards(1);
    await past(450);
    bench.presentAll('second');
    await untilCards(2);
    expectCards('first', 'second');
    await past(1700);
    bench.presentAll('first');
    await untilCards(3);
    expectCards('first', 'second', 'first');
    expect(bench.of('diagnostic')).toEqual([]);
  });

  it('FB95: a damaged read is counted, is no card, and costs none after it', async () => {
    for (const station of bench.stations.values()) station.failNext('corrupted' as Fault);
    bench.presentAll('first', 50);
    await bench.world.until('the damage', () =>
      names.every((name) => bench.of('diagnostic').some(({ reader }) => reader === name)),
    );
    expect([...new Set(bench.of('diagnostic').map(({ code }) => code))]).toEqual(['damaged-read']);
    await past(100);
    // A reader that is asked waits a second for an answer that was damaged.
    bench.presentAll('second', 2000);
    await bench.world.until('the second card', () =>
      subjects.every(({ name, cards }) => bench.cardsOf(name).at(-1) === cards.second),
    );
    for (const { name, cards } of subjects)
      expect(Object.values(cards)).toEqual(expect.arrayContaining(bench.cardsOf(name)));
  });

  it('FB94: bytes that come one by one, and frames that come twice, are one card', async () => {
    for (const station of bench.stations.values()) station.failNext('in-pieces' as Fault);
    bench.presentAll('first');
    await untilCards(1);
    await past(450);
    for (const station of bench.stations.values()) station.failNext('doubled' as Fault);
    bench.presentAll('second');
    await untilCards(2);
    await past(100);
    expectCards('first', 'second');
    expect(bench.of('card').length).toBe(2 * names.length);
  });

  it('FB100: unplugged within a frame, no card comes of the halves, and the next one is read', async () => {
    for (const station of bench.stations.values()) station.failNext('in-pieces' as Fault);
    bench.presentAll('first', 20);
    await past(12);
    for (const port of bench.ports.values()) await port.unplug();
    await bench.world.until('the loss', () => names.every((name) => !bench.isOnline(name)));
    for (const port of bench.ports.values()) await port.replug();
    await bench.world.until('the return', () => names.every((name) => bench.isOnline(name)));
    const before = new Map(names.map((name) => [name, bench.cardsOf(name).length]));
    bench.presentAll('second');
    await bench.world.until('the second card', () =>
      names.every((name) => bench.cardsOf(name).length > (before.get(name) ?? 0)),
    );
    for (const { name, cards } of subjects) {
      expect(bench.cardsOf(name).at(-1), `${name}`).toBe(cards.second);
      // What was whole before the cable was pulled may have been read; nothing else may.
      expect([cards.first, undefined], `${name}`).toContain(bench.cardsOf(name).at(-2));
    }
  });
});

/** One reader in memory, on a port of which the test has the other end. */
async function openOne(
  create: (port: VirtualPort, clock: FakeClock) => void,
  config: (port: string) => ReaderConfig,
  clockOf: (clock: FakeClock) => Clock = (clock) => clock,
) {
  const world = await openMemoryWorld();
  const port = await world.openPort('entry');
  create(port, world.clock);
  const hardware = openDoorHardware(
    {
      doorId: 'ruang-server',
      readers: { entry: config(port.path) },
      lock: { driver: 'gpio', chip: 'none', line: 0, hardwareTimer: 'external', releaseMs: 3000 },
    },
    clockOf(world.clock),
    {
      openLink: world.openLink,
      openGpioLine: () => ({ pulse: () => Promise.resolve(), secure: () => Promise.resolve() }),
    },
  );
  const events: string[] = [];
  hardware.onEvent((event) => {
    if (event.type === 'card') events.push(event.card);
    if (event.type === 'diagnostic') events.push(`${event.code} ${event.count}`);
    if (event.type === 'reader' && event.reader === 'entry') events.push(`${event.state} ${event.reason}`);
  });
  return { world, port, hardware, events };
}

describe('a reader that is asked', () => {
  it('FB96: is online when it answers, not when its port is open', async () => {
    let station: ReturnType<typeof createPn532Station> | undefined;
    const { world, port, events, hardware } = await openOne(
      (virtual, clock) => {
        station = createPn532Station(virtual, clock);
        station.setSilent(true);
      },
      (path) => ({ protocol: 'pn532', port: path }),
    );
    await world.clock.advance(4000);
    expect(events).toEqual(['offline no-answer']);
    station?.setSilent(false);
    await world.clock.advance(3000);
    station?.layCard('6B3D12D6');
    await world.clock.advance(1000);
    expect(events.slice(1)).toEqual(['online answered', 'mf4:6B3D12D6']);
    station?.setSilent(true);
    await world.clock.advance(5000);
    expect(events.at(-1)).toBe('offline no-answer');
    await port.unplug();
    await world.clock.advance(500);
    expect(events.slice(-2)).toEqual(['offline port-lost', 'offline port-missing']);
    const closing = hardware.close();
    await world.clock.advance(1000);
    await closing;
  });

  it('FB96: is woken and configured anew after it lost its power', async () => {
    let station: ReturnType<typeof createPn532Station> | undefined;
    const { world, events } = await openOne(
      (virtual, clock) => {
        station = createPn532Station(virtual, clock);
      },
      (path) => ({ protocol: 'pn532', port: path }),
    );
    await world.clock.advance(1000);
    station?.reset();
    await world.clock.advance(6000);
    station?.layCard('6B3D12D6');
    await world.clock.advance(1000);
    expect(events).toEqual(['online answered', 'offline no-answer', 'online answered', 'mf4:6B3D12D6']);
    expect(station?.commands().filter((code) => code === 0x14).length).toBe(2);
  });
});

describe('a reader that only speaks', () => {
  it.each([
    ['rdm6300', (number: string) => encodeRdm6300(number)],
    ['id12', (number: string) => encodeId12(bytesOfHex(number))],
    ['em18', (number: string) => encodeEmDigits(bytesOfHex(number))],
    ['gwiot7941', (number: string) => encodeGwiot7941(0x02, bytesOfHex(number))],
  ] as const)('FB100: %s, unplugged after each byte of a frame in turn', async (protocol, encode) => {
    const { world, port, events } = await openOne(
      () => undefined,
      (path) => ({ protocol, port: path }),
    );
    await world.clock.advance(10);
    const cut = encode(numbers.first);
    for (let sent = 0; sent < cut.length; sent += 1) {
      port.write(cut.subarray(0, sent));
      await world.clock.advance(1);
      await port.unplug();
      await port.replug();
      await world.clock.advance(3000);
      events.length = 0;
      // Were the halves joined, this would complete the first card.
      port.write(cut.subarray(sent));
      await world.clock.advance(200);
      port.write(encode(numbers.second));
      await world.clock.advance(200);
      const cards = events.filter((event) => event.startsWith('em:'));
      expect(cards, `after ${sent} bytes`).toEqual(
        sent === 0 ? [emCards.first, emCards.second] : [emCards.second],
      );
      await world.clock.advance(2000);
    }
  });

  const frame = encodeId12(bytesOfHex(numbers.first));
  const config = (path: string): ReaderConfig => ({ protocol: 'id12', port: path });

  it('FB97: a process that was held up does not take its own deafness for silence', async () => {
    let lateMs = 0;
    const { world, port, events } = await openOne(
      () => undefined,
      config,
      (clock) => ({ ...clock, monoMs: () => asMonoMs(clock.monoMs() + lateMs) }),
    );
    await world.clock.advance(10);
    port.write(frame.subarray(0, 9));
    await world.clock.advance(10);
    // The alarm of the silence rings, and finds that much more time has passed than it was set for.
    lateMs = 70;
    await world.clock.advance(60);
    port.write(frame.subarray(9));
    await world.clock.advance(10);
    expect(events).toEqual(['online port-open', emCards.first]);
  });

  it('FB97: true silence ends half a frame', async () => {
    const { world, port, events } = await openOne(() => undefined, config);
    await world.clock.advance(10);
    port.write(frame.subarray(0, 9));
    await world.clock.advance(60);
    port.write(frame.subarray(9));
    await world.clock.advance(60);
    expect(events).toEqual(['online port-open', 'damaged-read 1', 'noise 1']);
  });
});

describe.each(firmwareWorlds)('Wiegand readers behind a door controller over %s', (_name, openWorld) => {
  it('FB98: frames are read as their reader is set, and those of terminals nobody named are noise', async () => {
    const world = await openWorld();
    const door = await openSimulatedDoor({ ...world, linksDir: 'unused' });
    const hardware = openDoorHardware(
      {
        doorId: 'ruang-server',
        readers: {
          panel: { protocol: 'line', port: door.ports.panel },
          entry: { protocol: 'wiegand', reader: 'panel', number: 0, format: 'h10301', keypad: '6-bit' },
          exit: { protocol: 'wiegand', reader: 'panel', number: 1, format: 'wg34', parity: 'ignored' },
        },
        lock: { driver: 'line', reader: 'panel', output: 0, releaseMs: 3000 },
      },
      world.clock,
      { openLink: world.openLink },
    );
    const told: string[] = [];
    hardware.onEvent((event) => {
      if (event.type === 'reader') told.push(`${event.reader} ${event.state}`);
      if (event.type === 'card') told.push(`${event.reader} ${event.card}`);
      if (event.type === 'key') told.push(`${event.reader} ${event.key}`);
      if (event.type === 'diagnostic') told.push(`${event.reader} ${event.code}`);
    });
    await world.until('the controller', () => told.includes('exit online'));
    expect(told.toSorted()).toEqual(['entry online', 'exit online', 'panel online']);

    const frame26 = encodeWiegand('h10301', { facility: 123, number: 14_706 });
    const frame34 = { bitCount: 34, hex: '003D9CB900' };
    const steps: readonly (readonly [number, typeof frame26, string])[] = [
      [0, frame26, 'entry wg26:7B3972'],
      // A frame of another length than the reader is set to says that the setting is wrong: never a card.
      [1, frame26, 'exit damaged-read'],
      [1, frame34, 'exit wg34:007B3972'],
      [0, frame34, 'entry damaged-read'],
      // FB99: keys of the pad that it is set to.
      [0, { bitCount: 6, hex: 'A8' }, 'entry 5'],
      [2, frame26, 'panel noise'],
    ];
    for (const [terminals, frame, expected] of steps) {
      told.length = 0;
      door.sendWiegand(terminals, frame);
      await world.until(expected, () => told.length > 0);
      expect(told).toEqual([expected]);
    }
    told.length = 0;
    door.sendWiegand(0, frame26);
    hardware.signal('exit', 'granted');
    await world.until('the light', () => door.state().reader.light === 'green');
    expect(told).toEqual([]);
    await door.unplug('panel');
    await world.until('the loss', () => told.includes('exit offline'));
    expect(told.toSorted().slice(0, 3)).toEqual(['entry offline', 'exit offline', 'panel offline']);

    let isClosed = false;
    void hardware.close().then(() => {
      isClosed = true;
    });
    await world.until('the end', () => isClosed);
    await door.close();
    await world.close();
  });

  it('FB99: each mode of a keypad gives the keys of its own reader', async () => {
    const world = await openWorld();
    const door = await openSimulatedDoor({ ...world, linksDir: 'unused' });
    const hardware = openDoorHardware(
      {
        doorId: 'ruang-server',
        readers: {
          panel: { protocol: 'line', port: door.ports.panel },
          entry: {
            protocol: 'wiegand',
            reader: 'panel',
            number: 0,
            format: 'wg34',
            keypad: { burst: 'bcd' },
          },
          exit: { protocol: 'wiegand', reader: 'panel', number: 1, format: 'h10301', keypad: '8-bit' },
        },
        lock: { driver: 'line', reader: 'panel', output: 0, releaseMs: 3000 },
      },
      world.clock,
      { openLink: world.openLink },
    );
    const keys: string[] = [];
    let isOnline = false;
    hardware.onEvent((event) => {
      if (event.type === 'key') keys.push(`${event.reader} ${event.key}`);
      if (event.type === 'reader' && event.reader === 'exit') isOnline = event.state === 'online';
    });
    await world.until('the controller', () => isOnline);
    // 1234 and two digits of fill, between the parities of 26 bits.
    door.sendWiegand(0, encodeWiegand('h10301', { facility: 0x12, number: 0x34ff }));
    door.sendWiegand(1, { bitCount: 8, hex: '5A' });
    await world.until('the keys', () => keys.length >= 6);
    expect(keys).toEqual(['entry 1', 'entry 2', 'entry 3', 'entry 4', 'entry enter', 'exit clear']);

    let isClosed = false;
    void hardware.close().then(() => {
      isClosed = true;
    });
    await world.until('the end', () => isClosed);
    await door.close();
    await world.close();
  });
});

describe('a port of a serial device server', () => {
  it('FB93: who is hung up on at once is told that the port is busy, and gets it when it is free', async () => {
    const [, , [, openWorld] = []] = firmwareWorlds;
    const world = await openWorld?.();
    if (world === undefined) throw new Error('there is no such world');
    const port = await world.openPort('entry');
    const openEntry = (): ReturnType<OpenLink> => world.openLink({ path: port.path, baud: 9600 });
    const first = await openEntry();
    await expect(openEntry()).rejects.toMatchObject({ code: 'port-busy' });
    await first.close();
    const second = await openEntry();
    await second.close();
    await expect(world.openLink({ path: 'tcp://nobody', baud: 9600 })).rejects.toMatchObject({
      code: 'port-failed',
    });
    await port.close();
    await expect(openEntry()).rejects.toMatchObject({ code: 'port-missing' });
  });

  it('FB93: the bridge opens a tcp:// path as such a port and any other as a device', async () => {
    const tcp = firmwareWorlds[2]?.[1];
    const [server, devices] = [await tcp?.(), await openPtyWorld()];
    if (server === undefined) throw new Error('there is no such world');
    const [entry, exit] = [await server.openPort('entry'), await devices.openPort('exit')];
    const hardware = openDoorHardware(
      {
        doorId: 'ruang-server',
        readers: {
          entry: { protocol: 'id12', port: entry.path },
          exit: { protocol: 'id12', port: exit.path },
        },
        lock: { driver: 'modbus-rtu', port: '/dev/palang-nowhere', unit: 1, relay: 0, releaseMs: 3000 },
      },
      devices.clock,
    );
    const told: string[] = [];
    hardware.onEvent((event) => {
      if (event.type === 'reader') told.push(`${event.reader} ${event.state} ${event.reason}`);
    });
    await devices.until('all of it', () => told.length === 3);
    expect(told.toSorted()).toEqual([
      'entry online port-open',
      'exit online port-open',
      'lock offline port-missing',
    ]);
    await hardware.close();
    await entry.close();
    await exit.close();
    await devices.close();
  });
});
