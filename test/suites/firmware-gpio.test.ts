import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { asMonoMs } from '#contract/clock';
import { Fault } from '#contract/result';
import {
  openDoorHardware,
  type DoorHardware,
  type HardwareEvent,
  type PulseCommand,
  type PulseOutcome,
} from '../../firmware-bridge/bridge.ts';
import { createGpioTools, type OpenGpioLine } from '../../firmware-bridge/transport/gpio-line.ts';
import { openMemoryWorld, openPtyWorld, settleIn, type FirmwareWorld } from './firmware-world.ts';

/** Pins and what happened to them, whoever drives them. */
interface Pins {
  readonly openGpioLine: OpenGpioLine;
  /** What was asked of the pin, oldest first: `1` with its ms, `0`. */
  asked(): string[];
  /** While taken, nobody gets the pin. */
  setTaken(isTaken: boolean): void;
  close(): void;
}

/** Pins in memory. */
function createFakePins(): Pins {
  const asked: string[] = [];
  let isTaken = false;
  const ask = (what: string): Promise<void> => {
    if (isTaken) return Promise.reject(new Fault('gpio-failed', { retryable: true }));
    asked.push(what);
    return Promise.resolve();
  };
  return {
    openGpioLine: () => ({ pulse: (ms) => ask(`1 ${ms}`), secure: () => ask('0') }),
    asked: () => [...asked],
    setTaken: (taken) => {
      isTaken = taken;
    },
    close: () => undefined,
  };
}

const chipList = ['gpiochip0 [gpio-brcmstb] (32 lines)', 'gpiochip10 [pinctrl-rp1] (54 lines)', ''].join(
  '\n',
);

/** A program that tells what it was asked, and holds a pulse for its time as the real one does. */
const gpioset = (version: string): string => `#!/bin/sh
here=$(dirname "$0")
if [ "$1" = --version ]; then echo "gpioset (libgpiod) ${version}"; exit 0; fi
if [ -e "$here/taken" ]; then echo "gpioset: error setting the GPIO line values: Device or resource busy" >&2; exit 1; fi
echo "$$ $*" >> "$here/asked"
case "$*" in
  --mode=time*) s=\${2#--sec=}; u=\${3#--usec=}; exec sleep "$s.$(printf %06d "$u")" ;;
  --toggle=*ms,0*) t=\${1#--toggle=}; t=\${t%ms,0}; exec sleep "$((t / 1000)).$(printf %03d $((t % 1000)))" ;;
esac
`;

/** Programs of Debian's package gpiod, in front of all others in the PATH. */
function createToolPins(clock: FirmwareWorld['clock'], version: string): Pins & { readonly dir: string } {
  const dir = mkdtempSync(join(tmpdir(), 'gpio-'));
  const program = (name: string, text: string): void => {
    writeFileSync(join(dir, name), text);
    chmodSync(join(dir, name), 0o755);
  };
  program('gpioset', gpioset(version));
  program('gpiodetect', '#!/bin/sh\ncat "$(dirname "$0")/chips"\n');
  writeFileSync(join(dir, 'chips'), chipList);
  vi.stubEnv('PATH', `${dir}:${process.env['PATH'] ?? ''}`);
  const lines = (): string[] => {
    const file = join(dir, 'asked');
    return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  };
  return {
    dir,
    openGpioLine: createGpioTools(clock),
    asked: () => lines().map((line) => line.slice(line.indexOf(' ') + 1)),
    setTaken: (isTaken) => {
      if (isTaken) writeFileSync(join(dir, 'taken'), '');
      else unlinkSync(join(dir, 'taken'));
    },
    close: () => {
      vi.unstubAllEnvs();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** How each dialect says it. */
const said = {
  fake: { pulse: (ms: number) => `1 ${ms}`, secure: '0' },
  'v1.6.3': {
    pulse: (ms: number) =>
      `--mode=time --sec=${Math.floor(ms / 1000)} --usec=${(ms % 1000) * 1000} gpiochip10 17=1`,
    secure: '--mode=exit gpiochip10 17=0',
  },
  'v2.2.1': {
    pulse: (ms: number) => `--toggle=${ms}ms,0 --chip=gpiochip10 17=1`,
    secure: '--toggle=0 --chip=gpiochip10 17=0',
  },
} as const;

interface Bench {
  readonly world: FirmwareWorld;
  readonly pins: Pins;
  readonly hardware: DoorHardware;
  readonly locks: () => string[];
  readonly links: () => string[];
  settled<T>(work: Promise<T>): Promise<T>;
  pulse(id: string, change?: Partial<PulseCommand>): Promise<PulseOutcome>;
  close(): Promise<void>;
}

function openBench(world: FirmwareWorld, pins: Pins): Bench {
  const hardware = openDoorHardware(
    {
      doorId: 'ruang-server',
      readers: {},
      lock: { driver: 'gpio', chip: 'pinctrl-rp1', line: 17, hardwareTimer: 'external', releaseMs: 3000 },
    },
    world.clock,
    { openGpioLine: pins.openGpioLine },
  );
  const events: HardwareEvent[] = [];
  hardware.onEvent((event) => events.push(event));
  const bench: Bench = {
    world,
    pins,
    hardware,
    locks: () => events.flatMap((event) => (event.type === 'lock' ? [event.state] : [])),
    links: () =>
      events.flatMap((event) =>
        event.type === 'reader' ? [`${event.reader} ${event.state} ${event.reason}`] : [],
      ),
    settled: (work) => settleIn(world, work),
    pulse: (id, change = {}) =>
      bench.settled(
        hardware.pulse({ id, durationMs: 600, notAfterMs: asMonoMs(world.clock.monoMs() + 2000), ...change }),
      ),
    close: async () => {
      await bench.settled(hardware.close());
      pins.close();
      await world.close();
    },
  };
  return bench;
}

const worlds = [
  { name: 'fake', open: async () => openBench(await openMemoryWorld(), createFakePins()) },
  ...(['v1.6.3', 'v2.2.1'] as const).map((name) => ({
    name,
    open: async () => {
      const world = await openPtyWorld();
      return openBench(world, createToolPins(world.clock, name));
    },
  })),
] as const;

describe.each(worlds)('a lock on a pin of this machine, $name', ({ name, open }) => {
  const { pulse, secure } = said[name];
  let bench: Bench;
  const untilLocks = async (count: number): Promise<string[]> => {
    await bench.world.until(`${count} lock events`, () => bench.locks().length >= count);
    return bench.locks();
  };

  beforeEach(async () => {
    bench = await open();
    await untilLocks(1);
  });
  afterEach(() => bench.close());

  it('FB109: is locked at the start, and a pulse is asked for with its length', async () => {
    expect([bench.links(), bench.pins.asked()]).toEqual([['lock online driven'], [secure]]);
    expect(await bench.pulse('p1')).toEqual({ kind: 'acknowledged' });
    expect(await untilLocks(3)).toEqual(['secured', 'released', 'secured']);
    expect(bench.pins.asked()).toEqual([secure, pulse(600), secure]);
  });

  it('FB106: a later end takes the place of an earlier one, and a shorter pulse asks for nothing', async () => {
    await bench.pulse('long', { durationMs: 600 });
    await bench.pulse('short', { durationMs: 100 });
    await bench.pulse('longer', { durationMs: 1200 });
    await untilLocks(3);
    expect(bench.pins.asked()).toEqual([secure, pulse(600), pulse(1200), secure]);
    expect(bench.locks()).toEqual(['secured', 'released', 'secured']);
  });

  it('FB110: secure ends the pulse under way, and drops one that waits', async () => {
    await bench.pulse('p1', { durationMs: 10_000 });
    const waiting = bench.pulse('p2', { durationMs: 10_000 });
    const secured = bench.settled(bench.hardware.secure());
    expect(await secured).toEqual({ kind: 'secured' });
    expect(await waiting).toEqual({ kind: 'refused', reason: 'rejected' });
    expect(bench.pins.asked()).toEqual([secure, pulse(10_000), secure]);
    expect(bench.locks()).toEqual(['secured', 'released', 'secured']);
  });

  it('FB108: a pin that cannot be had is told, refused meanwhile, and locked first when it can', async () => {
    bench.pins.setTaken(true);
    expect(await bench.pulse('p1')).toEqual({ kind: 'refused', reason: 'offline' });
    expect(bench.links().at(-1)).toBe('lock offline gpio-failed');
    expect(await bench.settled(bench.hardware.secure())).toEqual({ kind: 'unconfirmed' });
    bench.pins.setTaken(false);
    await bench.world.until('the pin', () => bench.links().at(-1) === 'lock online driven');
    expect(bench.pins.asked()).toEqual([secure, secure]);
    expect(await bench.pulse('p1', { durationMs: 100 })).toEqual({ kind: 'acknowledged' });
  });

  it('FB104: an id is carried out once', async () => {
    await Promise.all([bench.pulse('p1'), bench.pulse('p1')]);
    await untilLocks(3);
    expect(bench.pins.asked()).toEqual([secure, pulse(600), secure]);
  });
});

describe('the tools of libgpiod', () => {
  it('FB108: the chip is found by its label alone, whatever its number, and missing or doubled it is told', async () => {
    const world = await openPtyWorld();
    const pins = createToolPins(world.clock, 'v2.2.1');
    const chips = (text: string): void => writeFileSync(join(pins.dir, 'chips'), text);
    chips('gpiochip0 [pinctrl-rp1-other] (54 lines)\n');
    const bench = openBench(world, pins);
    const untilTold = (what: string): Promise<void> =>
      world.until(what, () => bench.links().at(-1) === `lock ${what}`);
    await untilTold('offline gpio-missing');
    chips('gpiochip0 [pinctrl-rp1] (54 lines)\ngpiochip4 [pinctrl-rp1] (54 lines)\n');
    await untilTold('offline gpio-ambiguous');
    chips('gpiochip4 [pinctrl-rp1] (54 lines)\n');
    await untilTold('online driven');
    expect(pins.asked()).toEqual(['--toggle=0 --chip=gpiochip4 17=0']);
    await bench.close();
  });

  it('FB108: where the package is not installed, that is what is told', async () => {
    const world = await openPtyWorld();
    const empty = mkdtempSync(join(tmpdir(), 'empty-'));
    vi.stubEnv('PATH', empty);
    const line = createGpioTools(world.clock)({ chip: 'pinctrl-rp1', line: 17 });
    await expect(line.secure()).rejects.toMatchObject({ code: 'gpio-no-tools' });
    vi.unstubAllEnvs();
    rmSync(empty, { recursive: true });
    await world.close();
  });

  it('FB110: a pulse is a process that ends by itself, and is ended before the next', async () => {
    const world = await openPtyWorld();
    const pins = createToolPins(world.clock, 'v1.6.3');
    const line = pins.openGpioLine({ chip: 'pinctrl-rp1', line: 17 });
    const pids = (): number[] =>
      readFileSync(join(pins.dir, 'asked'), 'utf8')
        .trimEnd()
        .split('\n')
        .map((text) => Number.parseInt(text, 10));
    const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`);
    await line.pulse(60_000);
    const [first = 0] = pids();
    expect(isAlive(first)).toBe(true);
    await line.pulse(300);
    expect(isAlive(first)).toBe(false);
    const second = pids()[1] ?? 0;
    expect(isAlive(second)).toBe(true);
    await world.until('its own end', () => !isAlive(second));
    await line.secure();
    expect(pins.asked().at(-1)).toBe('--mode=exit gpiochip10 17=0');
    pins.close();
    await world.close();
  });
});
