import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentialSchema } from '#contract/api';
import { asMonoMs } from '#contract/clock';
import { findFreePort } from '../../deploy/all-in-one/free-port.ts';
import { programFile } from '../../deploy/all-in-one/program.ts';
import { openSiteHome } from '../../deploy/all-in-one/site-home.ts';
import { openSite, type Site } from '../../deploy/all-in-one/site.ts';
import { createSystemClock } from '../../deploy/all-in-one/system-clock.ts';
import { doorWorks } from '../../deploy/story/door-works.ts';
import { openContactSensor } from '../../deploy/door/contact-sensor.ts';
import { DOOR_TOPIC } from '../../deploy/door/run-door.ts';
import { openJournalReader } from '../../deploy/story/journal-reader.ts';
import { admit, findTechnicians } from '../../deploy/story/technicians.ts';
import { waitFor } from '../../deploy/story/wait-for.ts';
import { openDoorControl } from '../../firmware-bridge/simulator/door-control.ts';
import { createPtyPorts } from '../../firmware-bridge/simulator/pty-port.ts';
import { openSimulatedDoor, type SimulatedDoor } from '../../firmware-bridge/simulator/simulated-door.ts';
import type { OpenVirtualPort, VirtualPort } from '../../firmware-bridge/simulator/virtual-port.ts';
import { openSerialLink } from '../../firmware-bridge/transport/serial-link.ts';
import type { BenchGroup, Figure } from './figure.ts';

const SEEN_MS = 10_000;
/** As short as a pulse may be, so that the next card need not wait long. */
const RELEASE_MS = 100;
/** Between two cards: the lock is secured, the outcome is recorded, nothing is left to do. */
const PAUSE_MS = 250;
/** Cards in turn: each is gone from the reader long enough to count as presented again. */
const CARDS = 8;
const WARM_UP = CARDS;

const CARD_FRAME_BYTES = 14;
const RECORD_BYTES = 400;
/** About as long as a pulse command is. */
const ANSWER_BYTES = 48;

/** The pulse command at the start of a line from the host. @see firmware-bridge/protocol/line/PROTOCOL.md */
const PULSE = /^>[0-9a-f]{8} [0-9]+ P /m;

/**
 * Measures from the last byte of a card's frame on the reader's pty to the first byte of the pulse command on the
 * panel's pty, in the real gateway process, beside a bare serial echo with one synced append.
 */
export const badgeToRelay: BenchGroup = async (n, tell) => {
  const folder = mkdtempSync(join(tmpdir(), 'palang-bench-'));
  const closing: (() => Promise<unknown> | void)[] = [() => rmSync(folder, { recursive: true, force: true })];
  try {
    const home = openSiteHome(join(folder, 'home'));
    if (!home.ok) throw new Error(home.error);
    const taps = createTaps(createPtyPorts(home.value.doorDir));
    const door = await openSimulatedDoor({
      clock: createSystemClock(),
      linksDir: home.value.doorDir,
      openPort: taps.openPort,
    });
    closing.push(() => door.close());
    const control = await openDoorControl(door, { port: 0 });
    closing.push(() => control.close());

    tell('starting a site');
    const site = await openSite({
      home: home.value,
      host: '127.0.0.1',
      port: await findFreePort(),
      isRestarted: false,
      doorUrl: control.url,
      releaseMs: RELEASE_MS,
      onTrouble: (part, text) => tell(`[${part}] ${text}`),
    });
    closing.push(() => site.close());
    await site.gatewayIsUp();
    const sensor = openContactSensor(door, { url: site.bridge.url, topic: DOOR_TOPIC, repeatMs: 1_000 });
    closing.push(() => sensor.close());
    const cards = await admitCards(site);
    // On a site the server is another machine.
    await site.parts.server.kill();

    const echo = await openEcho(folder);
    closing.push(() => echo.close());

    const relayMs: number[] = [];
    const echoMs: number[] = [];
    for (let round = -WARM_UP; round < n; round += 1) {
      const card = cards[(round + WARM_UP) % cards.length] ?? '';
      const measured = await presentAndMeasure(door, taps, card);
      const echoed = await echo.measure();
      if (round >= 0) {
        relayMs.push(measured);
        echoMs.push(echoed);
        if ((round + 1) % 50 === 0) tell(`${round + 1} of ${n} cards`);
      }
      await createSystemClock().sleepUntil(asMonoMs(performance.now() + PAUSE_MS));
    }
    return [50, 99].map((percent) => figureOf(percent, relayMs, echoMs));
  } finally {
    for (const close of closing.toReversed()) await close();
  }
};

function figureOf(percent: number, measured: readonly number[], bare: readonly number[]): Figure {
  const value = percentile(measured, percent);
  const baseline = percentile(bare, percent);
  const round = (number: number): number => Math.round(number * 1000) / 1000;
  return {
    name: `badge-to-relay.p${percent}`,
    value: round(value),
    unit: 'ms',
    baseline: round(baseline),
    ratio: round(value / baseline),
    n: measured.length,
  };
}

/** The nearest-rank percentile: a value that was measured, never one in between. */
export function percentile(samples: readonly number[], percent: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

interface Taps {
  readonly openPort: OpenVirtualPort;
  /** When the last write to a reader's pty was done. */
  writtenMs(): number;
  /** Resolves with when the next pulse command begins to arrive. */
  nextPulse(): Promise<number>;
}

/** Notes when bytes go into a pty and when they come out, as near to the system call as a program gets. */
function createTaps(openPort: OpenVirtualPort): Taps {
  let writtenMs = Number.NaN;
  let onPulse: ((atMs: number) => void) | undefined;
  const tapped = (port: VirtualPort, name: string): VirtualPort => ({
    get path() {
      return port.path;
    },
    get isPlugged() {
      return port.isPlugged;
    },
    write: (bytes) => {
      // Before the call: what it takes belongs to the measure.
      if (name === 'entry') writtenMs = performance.now();
      port.write(bytes);
    },
    onBytes: (listener) => {
      port.onBytes((bytes) => {
        const atMs = performance.now();
        if (name === 'panel' && onPulse !== undefined && PULSE.test(Buffer.from(bytes).toString('latin1'))) {
          onPulse(atMs);
          onPulse = undefined;
        }
        listener(bytes);
      });
    },
    unplug: () => port.unplug(),
    replug: () => port.replug(),
    close: () => port.close(),
  });
  return {
    openPort: async (name) => tapped(await openPort(name), name),
    writtenMs: () => writtenMs,
    nextPulse: () =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('no pulse came')), SEEN_MS);
        onPulse = (atMs) => {
          clearTimeout(timer);
          resolve(atMs);
        };
      }),
  };
}

async function presentAndMeasure(door: SimulatedDoor, taps: Taps, card: string): Promise<number> {
  const pulse = taps.nextPulse();
  // One frame only: held for less than the time between two repeats.
  door.presentCard('entry', card.replace(/^em:/, ''), 1);
  const fromMs = taps.writtenMs();
  const measured = (await pulse) - fromMs;
  await waitFor('the relay to secure', SEEN_MS, () => door.state().lock === 'secured' || undefined);
  return measured;
}

/** Gives the first technician more cards, so that each lies still while the others are read. */
async function admitCards(site: Site): Promise<readonly string[]> {
  const [technician] = await findTechnicians(site);
  const administrator = await site.signInAs('administrator');
  const cards = [technician.card];
  while (cards.length < CARDS) {
    const card = `em:${randomBytes(5).toString('hex').toUpperCase()}`;
    await administrator.post('/credentials', { personId: technician.id, card }, credentialSchema);
    cards.push(card);
  }
  const journal = openJournalReader(site.home.gatewayDir);
  await doorWorks(journal, -1);
  await admit(site, journal, technician);
  journal.close();
  return cards;
}

/** The bare baseline: a process that reads a frame by serialport, syncs one append, and writes an answer. */
async function openEcho(folder: string): Promise<{ measure(): Promise<number>; close(): Promise<void> }> {
  const port = await createPtyPorts(join(folder, 'echo'))('echo');
  let onByte: (() => void) | undefined;
  port.onBytes(() => onByte?.());
  const child: ChildProcess = spawn(
    process.execPath,
    [programFile(), 'bench', '--echo', port.path, join(folder, 'echo.log')],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const frame = new Uint8Array(CARD_FRAME_BYTES).fill(0x30);
  const measure = async (): Promise<number> => {
    const answered = new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no echo came')), SEEN_MS);
      onByte = () => {
        const atMs = performance.now();
        clearTimeout(timer);
        onByte = undefined;
        resolve(atMs);
      };
    });
    const fromMs = performance.now();
    port.write(frame);
    return (await answered) - fromMs;
  };
  // The process says by its first byte that it has the port.
  await new Promise<void>((resolve, reject) => {
    onByte = resolve;
    child.once('exit', () => reject(new Error('the echo ended')));
  });
  return {
    measure,
    async close() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      await port.close();
    },
  };
}

/** Runs the other half of the baseline, until it is killed. */
export async function runEcho([path = '', file = '']: readonly string[]): Promise<number> {
  const link = await openSerialLink({ path, baud: 9600 }, createSystemClock());
  const fd = openSync(file, 'a');
  const record = Buffer.alloc(RECORD_BYTES, 0x61);
  const answer = Buffer.alloc(ANSWER_BYTES, 0x62);
  let held = 0;
  const closed = new Promise<void>((resolve) => link.onClosed(() => resolve()));
  link.onBytes((bytes) => {
    held += bytes.length;
    if (held < CARD_FRAME_BYTES) return;
    held -= CARD_FRAME_BYTES;
    writeSync(fd, record);
    fdatasyncSync(fd);
    void link.write(answer);
  });
  await link.write(Buffer.of(0x62));
  await closed;
  return 0;
}
