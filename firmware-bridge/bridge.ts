import { randomBytes } from 'node:crypto';
import { asMonoMs, type Clock, type Random } from '#contract/clock';
import type { DriverWorld } from './driver-world.ts';
import { createEventLine } from './event-line.ts';
import type {
  DoorHardware,
  DoorHardwareConfig,
  LockConfig,
  OsdpReaderConfig,
  ReaderConfig,
} from './hardware.ts';
import type { DoorLock } from './lock/door-lock.ts';
import { openGpioLock } from './lock/gpio-lock.ts';
import { createLineLock } from './lock/line-lock.ts';
import { createOsdpLock } from './lock/osdp-lock.ts';
import { lcusRelay, modbusRelay, openRelayLock } from './lock/relay-lock.ts';
import { createAsciiReader } from './protocol/ascii/ascii-profile.ts';
import { em18 } from './protocol/em18/em18.ts';
import { gwiot7941 } from './protocol/gwiot7941/gwiot7941.ts';
import { gwiot7941w } from './protocol/gwiot7941/gwiot7941w.ts';
import { id12 } from './protocol/id12/id12.ts';
import { pn532 } from './protocol/pn532/pn532.ts';
import { rdm6300 } from './protocol/rdm6300/rdm6300.ts';
import { asciiProfileOf } from './readers/ascii-profile-of.ts';
import type { DoorReader } from './readers/door-reader.ts';
import { openLineReader, type LineReader } from './readers/line-reader.ts';
import { openOsdpReaders, type OsdpReader } from './readers/osdp-bus.ts';
import { openPolledReader } from './readers/polled-reader.ts';
import { openTalkingReader } from './readers/talking-reader.ts';
import { openWiegandReader } from './readers/wiegand-reader.ts';
import type { OpenLink, PortAddress } from './transport/byte-link.ts';
import { createGpioTools, type OpenGpioLine } from './transport/gpio-line.ts';
import { createPortOpener } from './transport/port-link.ts';

export { plainProtocols } from './hardware.ts';
export type {
  DiagnosticCode,
  DoorHardware,
  DoorHardwareConfig,
  HardwareEvent,
  Key,
  LockConfig,
  PulseCommand,
  PulseOutcome,
  PulseRefusal,
  ReaderConfig,
  ReaderSignal,
  SecureOutcome,
} from './hardware.ts';
export { pinEntryStart, stepPinEntry, type PinEntry } from './protocol/keypad/pin-entry.ts';
export { parseReaderKey, type ReaderKey, type ReaderKeyRefusal } from './readers/reader-key.ts';
export { findReaderFault } from './readers/reader-fault.ts';
export { parseTcpPath } from './transport/tcp-link.ts';

/** 38400 divides well from a microcontroller's 16 MHz (0.2 % off, against 2.1 % at 115200). */
const lineBaud = 38_400;
/** What the relay boards leave the factory with. */
const relayBaud = 9600;
const closeWaitMs = 1000;

/** What a test hands in instead of ports, pins and the system's randomness. */
export interface DoorHardwareWorld {
  readonly openLink?: OpenLink;
  readonly openGpioLine?: OpenGpioLine;
  readonly random?: Random;
}

/** What readers and locks hang on, by reader name; all of it is open before them. */
interface Controllers {
  readonly line: ReadonlyMap<string, LineReader>;
  readonly osdp: ReadonlyMap<string, OsdpReader>;
}

/** Readers that carry others, or share a port: they are opened before all others. */
type CarrierProtocol = 'line' | 'osdp';

type ReaderDrivers = {
  readonly [P in Exclude<ReaderConfig['protocol'], CarrierProtocol>]: (
    name: string,
    config: Extract<ReaderConfig, { readonly protocol: P }>,
    world: DriverWorld,
    controllers: Controllers,
  ) => DoorReader;
};

type LockDrivers = {
  readonly [D in LockConfig['driver']]: (
    config: Extract<LockConfig, { readonly driver: D }>,
    world: DriverWorld,
    controllers: Controllers,
  ) => DoorLock;
};

/** Every protocol but those that are opened before all others. */
const readerDrivers: ReaderDrivers = {
  rdm6300: (name, config, world) => openTalkingReader(name, rdm6300, addressOf(config, rdm6300.baud), world),
  id12: (name, config, world) => openTalkingReader(name, id12, addressOf(config, id12.baud), world),
  em18: (name, config, world) => openTalkingReader(name, em18, addressOf(config, em18.baud), world),
  gwiot7941: (name, config, world) =>
    openTalkingReader(name, gwiot7941, addressOf(config, gwiot7941.baud), world),
  gwiot7941w: (name, config, world) =>
    openPolledReader(name, gwiot7941w, addressOf(config, gwiot7941w.baud), world),
  pn532: (name, config, world) => openPolledReader(name, pn532, addressOf(config, pn532.baud), world),
  ascii: (name, config, world) => {
    const ascii = createAsciiReader(asciiProfileOf(config));
    if (!ascii.ok) throw new Error('the ascii profile contradicts itself');
    return openTalkingReader(name, ascii.value, addressOf(config, ascii.value.baud), world);
  },
  wiegand: (name, config, world, controllers) =>
    openWiegandReader(name, config, controllerOf(controllers, config.reader), world),
};

const lockDrivers: LockDrivers = {
  line: (config, { clock, emit }, controllers) => {
    const controller = controllerOf(controllers, config.reader);
    const lock = createLineLock(
      config.output,
      clock,
      (order) => controller.order(order),
      (state) => emit({ type: 'lock', state, atMs: clock.monoMs() }),
    );
    controller.attachRelay(lock);
    return lock;
  },
  'osdp-output': (config, world, { osdp }) => {
    const reader = osdp.get(config.reader);
    if (reader === undefined) throw new Error('no reader of this door with protocol osdp has that name');
    return createOsdpLock(config.output, reader, world);
  },
  'modbus-rtu': (config, world) =>
    openRelayLock(
      modbusRelay({ unit: config.unit, relay: config.relay }),
      addressOf(config, relayBaud),
      world,
    ),
  lcus: (config, world) => openRelayLock(lcusRelay(config.channel), addressOf(config, relayBaud), world),
  gpio: (config, world) => openGpioLock({ chip: config.chip, line: config.line }, world),
};

/**
 * Opens a door's readers and lock in the background: a missing port is told as `reader` offline and tried again
 * for ever. The lock is secured each time its hardware comes online, before anything else is asked of it.
 * @throws Error for parts that do not fit together (the configuration was to be checked before).
 */
export function openDoorHardware(
  config: DoorHardwareConfig,
  clock: Clock,
  world: DoorHardwareWorld = {},
): DoorHardware {
  const { emit, onEvent } = createEventLine();
  const drivers: DriverWorld = {
    clock,
    emit,
    openLink: world.openLink ?? createPortOpener(clock),
    openGpioLine: world.openGpioLine ?? createGpioTools(clock),
    random: world.random ?? { bytes: (count: number) => randomBytes(count) },
  };

  const line = new Map<string, LineReader>();
  const osdpConfigs = new Map<string, OsdpReaderConfig>();
  for (const [name, reader] of Object.entries(config.readers)) {
    if (reader.protocol === 'line')
      line.set(name, openLineReader(name, addressOf(reader, lineBaud), drivers));
    else if (reader.protocol === 'osdp') osdpConfigs.set(name, reader);
  }
  const controllers: Controllers = { line, osdp: openOsdpReaders(osdpConfigs, drivers) };
  const lock = openLock(config.lock, drivers, controllers);
  const readers = new Map<string, DoorReader>([...line, ...controllers.osdp]);
  for (const [name, reader] of Object.entries(config.readers)) {
    if (reader.protocol !== 'line' && reader.protocol !== 'osdp')
      readers.set(name, openReader(name, reader, drivers, controllers));
  }

  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    const waited = new AbortController();
    await Promise.race([
      lock.secure(),
      clock.sleepUntil(asMonoMs(clock.monoMs() + closeWaitMs), waited.signal),
    ]);
    waited.abort();
    await lock.close();
    await Promise.all([...readers.values()].map((reader) => reader.close()));
  };

  return {
    onEvent,
    pulse: (command) =>
      closing === null ? lock.pulse(command) : Promise.resolve({ kind: 'refused', reason: 'offline' }),
    secure: () => (closing === null ? lock.secure() : Promise.resolve({ kind: 'unconfirmed' })),
    signal: (reader, signal) => readers.get(reader)?.signal(signal),
    close: () => (closing ??= close()),
  };
}

/** The entry at `config.protocol` takes exactly that config; the compiler cannot follow the index. */
function openReader(
  name: string,
  config: Exclude<ReaderConfig, { readonly protocol: CarrierProtocol }>,
  world: DriverWorld,
  controllers: Controllers,
): DoorReader {
  const open = readerDrivers[config.protocol] as (
    name: string,
    config: ReaderConfig,
    world: DriverWorld,
    controllers: Controllers,
  ) => DoorReader;
  return open(name, config, world, controllers);
}

function openLock(config: LockConfig, world: DriverWorld, controllers: Controllers): DoorLock {
  const open = lockDrivers[config.driver] as (
    config: LockConfig,
    world: DriverWorld,
    controllers: Controllers,
  ) => DoorLock;
  return open(config, world, controllers);
}

function controllerOf(controllers: Controllers, name: string): LineReader {
  const controller = controllers.line.get(name);
  if (controller === undefined) throw new Error('no reader of this door with protocol line has that name');
  return controller;
}

const addressOf = (
  { port, baud }: { readonly port: string; readonly baud?: number | undefined },
  usual: number,
): PortAddress => ({ path: port, baud: baud ?? usual });
