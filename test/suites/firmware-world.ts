import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asEpochMs, asMonoMs, type Clock } from '#contract/clock';
import { createMemoryPorts } from '../../firmware-bridge/simulator/memory-port.ts';
import { createPtyPorts } from '../../firmware-bridge/simulator/pty-port.ts';
import { createTcpPorts } from '../../firmware-bridge/simulator/tcp-port.ts';
import type { OpenVirtualPort } from '../../firmware-bridge/simulator/virtual-port.ts';
import type { OpenLink } from '../../firmware-bridge/transport/byte-link.ts';
import { openSerialLink } from '../../firmware-bridge/transport/serial-link.ts';
import { openTcpLink } from '../../firmware-bridge/transport/tcp-link.ts';

/** Longest that a condition may take, in ms of the world's clock. */
const patienceMs = 8000;

/** Cables and a clock: both in memory, or pseudo-terminals or sockets under the real adapters in real time. */
export interface FirmwareWorld {
  readonly clock: Clock;
  readonly openPort: OpenVirtualPort;
  readonly openLink: OpenLink;
  /** Lets time pass until the condition holds; throws when it does not in 8 s. */
  until(what: string, condition: () => boolean): Promise<void>;
  close(): Promise<void>;
}

/** Lets the world go on until some work is settled, and gives what it came to. */
export async function settleIn<T>(world: Pick<FirmwareWorld, 'until'>, work: Promise<T>): Promise<T> {
  let isDone = false;
  void Promise.allSettled([work]).then(() => {
    isDone = true;
  });
  await world.until('an answer', () => isDone);
  return work;
}

/** A clock that stands until it is told to go on. */
export interface FakeClock extends Clock {
  /** Lets `ms` pass, waking each sleeper at its own time. */
  advance(ms: number): Promise<void>;
}

export function createFakeClock(): FakeClock {
  let nowMs = 1000;
  const sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>();
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    epochMs: () => asEpochMs(1_773_300_000_000 + nowMs),
    monoMs: () => asMonoMs(nowMs),
    trust: () => 3,
    interval: () => ({ lo: asEpochMs(1_773_300_000_000 + nowMs), hi: 1_773_300_000_000 + nowMs }),
    sleepUntil: (at, signal) =>
      new Promise((resolve) => {
        if (at <= nowMs || signal?.aborted === true) return resolve();
        const sleeper = {
          atMs: at,
          wake: () => {
            sleepers.delete(sleeper);
            signal?.removeEventListener('abort', sleeper.wake);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', sleeper.wake);
      }),
    advance: async (ms) => {
      const untilMs = nowMs + ms;
      await settle();
      for (;;) {
        const [next] = [...sleepers].toSorted((a, b) => a.atMs - b.atMs);
        if (next === undefined || next.atMs > untilMs) break;
        nowMs = Math.max(nowMs, next.atMs);
        next.wake();
        await settle();
      }
      nowMs = untilMs;
    },
  };
}

const createRealClock = (): Clock => ({
  epochMs: () => asEpochMs(Date.now()),
  monoMs: () => asMonoMs(performance.now()),
  trust: () => 3,
  interval: () => ({ lo: asEpochMs(Date.now()), hi: Date.now() }),
  sleepUntil: (at, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const wake = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.max(0, at - performance.now()));
      signal?.addEventListener('abort', wake, { once: true });
    }),
});

export interface MemoryWorld extends FirmwareWorld {
  readonly clock: FakeClock;
}

export function openMemoryWorld(): Promise<MemoryWorld> {
  const clock = createFakeClock();
  const { openPort, openLink } = createMemoryPorts();
  return Promise.resolve({
    clock,
    openPort,
    openLink,
    until: async (what, condition) => {
      for (let passedMs = 0; passedMs < patienceMs; passedMs += 10) {
        await clock.advance(10);
        if (condition()) return;
      }
      throw new Error(`waited in vain for ${what}`);
    },
    close: () => Promise.resolve(),
  });
}

export async function openPtyWorld(): Promise<FirmwareWorld & { readonly linksDir: string }> {
  const clock = createRealClock();
  const linksDir = await mkdtemp(join(tmpdir(), 'firmware-'));
  return {
    clock,
    linksDir,
    openPort: createPtyPorts(linksDir),
    openLink: (address) => openSerialLink(address, clock),
    until: createPatience(clock),
    close: () => rm(linksDir, { recursive: true, force: true }),
  };
}

/** Serial device servers on the loopback, each with one port. */
export function openTcpWorld(): Promise<FirmwareWorld> {
  const clock = createRealClock();
  return Promise.resolve({
    clock,
    openPort: createTcpPorts(),
    openLink: (address) => openTcpLink(address, clock),
    until: createPatience(clock),
    close: () => Promise.resolve(),
  });
}

const createPatience =
  (clock: Clock): FirmwareWorld['until'] =>
  async (what, condition) => {
    const givenUpMs = clock.monoMs() + patienceMs;
    while (!condition()) {
      if (clock.monoMs() > givenUpMs) throw new Error(`waited in vain for ${what}`);
      await clock.sleepUntil(asMonoMs(clock.monoMs() + 2));
    }
  };

/** All worlds, for suites that run on each. */
export const firmwareWorlds: readonly (readonly [name: string, open: () => Promise<FirmwareWorld>])[] = [
  ['memory', openMemoryWorld],
  ['pty and serialport', openPtyWorld],
  ['tcp', openTcpWorld],
];
