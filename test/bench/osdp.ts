import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asMonoMs, type Clock } from '#contract/clock';
import { createSystemClock } from '../../deploy/all-in-one/system-clock.ts';
import {
  openDoorHardware,
  parseReaderKey,
  type DoorHardware,
  type HardwareEvent,
  type ReaderConfig,
} from '../../firmware-bridge/bridge.ts';
import { bytesOfHex } from '../../firmware-bridge/protocol/card/card.ts';
import { encodeWiegand } from '../../firmware-bridge/protocol/card/wiegand-format.ts';
import { usualPeripheral } from '../../firmware-bridge/protocol/osdp/peripheral/peripheral-state.ts';
import { createOsdpStation, type OsdpStation } from '../../firmware-bridge/simulator/osdp-station.ts';
import { createPtyPorts } from '../../firmware-bridge/simulator/pty-port.ts';
import type { VirtualPort } from '../../firmware-bridge/simulator/virtual-port.ts';
import type { ByteLink } from '../../firmware-bridge/transport/byte-link.ts';
import { openSerialLink } from '../../firmware-bridge/transport/serial-link.ts';
import { percentile } from './badge-to-relay.ts';
import type { BenchGroup, Figure } from './figure.ts';

const WAIT_MS = 20_000;
/** As fast as an OSDP line goes; a pty takes no time for a byte, so only the rules of the line are left to wait for. */
const BAUD = 115_200;
const SETTLE_MS = 500;

const random = { bytes: (count: number): Uint8Array => randomBytes(count) };
const key = parseReaderKey(randomBytes(16).toString('hex'));

/** Readers with secure channels on one pty, the shipped bridge at the other end of it. */
interface OsdpLine {
  readonly clock: Clock;
  readonly station: OsdpStation;
  readonly hardware: DoorHardware;
  readonly tap: Tap;
  /** A port beside it, for the baseline. */
  readonly bare: VirtualPort;
}

interface Tap {
  readonly port: VirtualPort;
  /** What the readers' own work took of this process, in ms. */
  deviceMs(): number;
  replies(): number;
  /** The command and the reply that passed last. */
  last(): { readonly command: Uint8Array; readonly reply: Uint8Array };
}

/** Sees what passes a port, and takes the time of what is done at the device's end. */
function tapPort(port: VirtualPort): Tap {
  let deviceMs = 0;
  let replies = 0;
  let command: Uint8Array = new Uint8Array();
  let reply: Uint8Array = new Uint8Array();
  return {
    deviceMs: () => deviceMs,
    replies: () => replies,
    last: () => ({ command, reply }),
    port: {
      ...port,
      write: (bytes) => {
        replies += 1;
        reply = bytes;
        port.write(bytes);
      },
      onBytes: (listener) =>
        port.onBytes((bytes) => {
          command = Uint8Array.from(bytes);
          const fromMs = performance.now();
          listener(bytes);
          deviceMs += performance.now() - fromMs;
        }),
    },
  };
}

async function withLine<T>(count: number, measure: (line: OsdpLine) => Promise<T>): Promise<T> {
  if (!key.ok) throw new Error('no key');
  const folder = mkdtempSync(join(tmpdir(), 'palang-bench-'));
  const closing: (() => Promise<unknown> | void)[] = [() => rmSync(folder, { recursive: true, force: true })];
  try {
    const clock = createSystemClock();
    const openPort = createPtyPorts(folder);
    const tap = tapPort(await openPort('bus'));
    const bare = await openPort('bare');
    closing.push(
      () => tap.port.close(),
      () => bare.close(),
    );
    const addresses = Array.from({ length: count }, (_, index) => index + 1);
    const devices = addresses.map((address) => ({ ...usualPeripheral, address, key: key.value }));
    const station = createOsdpStation(tap.port, clock, random, devices);
    closing.push(() => station.stop());
    const readerOf = (address: number): ReaderConfig => ({
      protocol: 'osdp',
      port: tap.port.path,
      baud: BAUD,
      address,
      key: key.value,
    });
    const hardware = openDoorHardware(
      {
        doorId: 'bench',
        readers: Object.fromEntries(addresses.map((address) => [`reader-${address}`, readerOf(address)])),
        lock: { driver: 'osdp-output', reader: 'reader-1', output: 0, releaseMs: 3000 },
      },
      clock,
    );
    closing.push(() => hardware.close());
    const online = new Set<string>();
    const stop = hardware.onEvent((event) => {
      if (event.type === 'reader' && event.state === 'online') online.add(event.reader);
    });
    await until(clock, () => online.size === count);
    stop();
    await pause(clock, SETTLE_MS);
    return await measure({ clock, station, hardware, tap, bare });
  } finally {
    for (const close of closing.toReversed()) await close();
  }
}

/**
 * Measures how many polls a second so many readers on one line get from the shipped bridge, and what one costs it in
 * processor time (the readers' own work taken out), beside a bare loop that writes and reads the same bytes.
 */
export const osdpPolls =
  (readers: number): BenchGroup =>
  async (n, tell) => {
    tell(`${readers} OSDP readers on one line`);
    return withLine(readers, async ({ clock, tap, bare }) => {
      const polled = await takeCost(tap, async () => {
        const from = tap.replies();
        await until(clock, () => tap.replies() - from >= n);
        return tap.replies() - from;
      });
      const plain = await runBare(bare, clock, n, tap.last());
      const name = `osdp.polls.${readers}`;
      return [
        figure(name, '1/s', polled.rate, plain.rate, polled.n),
        figure(`${name}.cpu`, 'us', polled.cpuUs, plain.cpuUs, polled.n),
      ];
    });
  };

/** Measures from a card that is shown to its event, beside the same bytes written and read with nobody to ask first. */
export const osdpCardToEvent: BenchGroup = (n, tell) =>
  withLine(1, async ({ clock, station, hardware, tap, bare }) => {
    tell(`${n} cards at an OSDP reader`);
    const link = await openSerialLink({ path: bare.path, baud: BAUD }, clock);
    const readBare = createBareRead(bare, link);
    const measured: number[] = [];
    const plain: number[] = [];
    for (let number = 1; number <= n; number += 1) {
      const { bitCount, hex } = encodeWiegand('h10301', { facility: 1, number });
      const seen = nextEvent(hardware, 'card');
      const fromMs = performance.now();
      station.presentCard(bitCount, bytesOfHex(hex));
      measured.push((await seen) - fromMs);
      plain.push(await readBare(tap.last().reply));
      // Not in step with the polls, so that every moment between two of them comes to be measured.
      await pause(clock, 100 + ((number * 37) % 50));
    }
    await link.close();
    return [50, 99].map((percent) =>
      figure(
        `osdp.card-to-event.p${percent}`,
        'ms',
        percentile(measured, percent),
        percentile(plain, percent),
        n,
      ),
    );
  });

interface Cost {
  readonly n: number;
  /** A second. */
  readonly rate: number;
  /** For each. */
  readonly cpuUs: number;
}

async function takeCost(tap: Tap, work: () => Promise<number>): Promise<Cost> {
  const before = { cpu: process.cpuUsage(), deviceMs: tap.deviceMs(), atMs: performance.now() };
  const n = await work();
  const { user, system } = process.cpuUsage(before.cpu);
  const cpuUs = user + system - 1000 * (tap.deviceMs() - before.deviceMs);
  return { n, rate: (1000 * n) / (performance.now() - before.atMs), cpuUs: cpuUs / n };
}

/** Command and reply, over and over, by two ends that only count bytes. */
async function runBare(
  port: VirtualPort,
  clock: Clock,
  n: number,
  { command, reply }: ReturnType<Tap['last']>,
): Promise<Cost> {
  const tap = tapPort(port);
  const link = await openSerialLink({ path: port.path, baud: BAUD }, clock);
  const whenWhole = (bytes: number, then: () => void) => {
    let held = 0;
    return (piece: Uint8Array): void => {
      held += piece.length;
      if (held < bytes) return;
      held -= bytes;
      then();
    };
  };
  tap.port.onBytes(whenWhole(command.length, () => tap.port.write(reply)));
  const cost = await takeCost(
    tap,
    () =>
      new Promise<number>((resolve) => {
        let rounds = 0;
        const ask = (): void => void link.write(command);
        link.onBytes(
          whenWhole(reply.length, () => {
            rounds += 1;
            if (rounds < n) ask();
            else resolve(rounds);
          }),
        );
        ask();
      }),
  );
  await link.close();
  return cost;
}

/** Makes what takes the time of bytes from the device's end of a port to the host's. */
function createBareRead(port: VirtualPort, link: ByteLink): (bytes: Uint8Array) => Promise<number> {
  let missing = 0;
  let done: (() => void) | undefined;
  link.onBytes((piece) => {
    missing -= piece.length;
    if (missing <= 0) done?.();
  });
  return async (bytes) => {
    missing = bytes.length;
    const read = new Promise<void>((resolve) => {
      done = resolve;
    });
    const fromMs = performance.now();
    port.write(bytes);
    await read;
    return performance.now() - fromMs;
  };
}

const nextEvent = (hardware: DoorHardware, type: HardwareEvent['type']): Promise<number> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no event came')), WAIT_MS);
    const stop = hardware.onEvent((event) => {
      if (event.type !== type) return;
      clearTimeout(timer);
      stop();
      resolve(performance.now());
    });
  });

const pause = (clock: Clock, ms: number): Promise<void> => clock.sleepUntil(asMonoMs(clock.monoMs() + ms));

async function until(clock: Clock, condition: () => boolean): Promise<void> {
  // Seldom enough to cost nothing that would be measured.
  for (let waitedMs = 0; !condition(); waitedMs += 50) {
    if (waitedMs > 10 * WAIT_MS) throw new Error('waited in vain');
    await pause(clock, 50);
  }
}

function figure(name: string, unit: string, value: number, baseline: number, n: number): Figure {
  const round = (number: number): number => Math.round(number * 1000) / 1000;
  return { name, value: round(value), unit, baseline: round(baseline), ratio: round(value / baseline), n };
}
