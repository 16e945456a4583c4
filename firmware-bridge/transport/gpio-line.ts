import { spawn, type ChildProcess } from 'node:child_process';
import { asMonoMs, type Clock } from '#contract/clock';
import { Fault } from '#contract/result';

/** One output pin. A pulse is a process of its own, which ends it although this one may have died meanwhile. */
export interface GpioLine {
  /**
   * Drives the pin active for `durationMs` (ends a running pulse first) and resolves when it is driven.
   * @throws Fault `gpio-missing`, `gpio-ambiguous`, `gpio-no-tools`, `gpio-failed`
   */
  pulse(durationMs: number): Promise<void>;
  /** Ends a running pulse and drives the pin inactive; throws as `pulse` does. */
  secure(): Promise<void>;
}

export interface GpioAddress {
  /** Label of the chip; numbers change with the kernel (node onoff 199, raspberrypi/linux 6144). */
  readonly chip: string;
  /** Offset on that chip. */
  readonly line: number;
}

export type OpenGpioLine = (address: GpioAddress) => GpioLine;

/** gpioset that cannot have the pin says so within a few ms; one that lives on after this has it. */
const takenMs = 50;
const toolMs = 2000;

/** The chip's name and the dialect of the tools: libgpiod 1.x and 2.x take different options. */
interface Tools {
  readonly chip: string;
  readonly major: 1 | 2;
}

const dialects = {
  1: {
    pulse: (chip: string, pin: string, ms: number): string[] => [
      '--mode=time',
      `--sec=${Math.floor(ms / 1000)}`,
      `--usec=${(ms % 1000) * 1000}`,
      chip,
      `${pin}=1`,
    ],
    secure: (chip: string, pin: string): string[] => ['--mode=exit', chip, `${pin}=0`],
  },
  2: {
    // A last period of 0 ends the program; by then the pin is inactive again.
    pulse: (chip: string, pin: string, ms: number): string[] => [
      `--toggle=${ms}ms,0`,
      `--chip=${chip}`,
      `${pin}=1`,
    ],
    secure: (chip: string, pin: string): string[] => ['--toggle=0', `--chip=${chip}`, `${pin}=0`],
  },
} as const;

/**
 * Makes pins driven by Debian's `gpiodetect` and `gpioset` (package gpiod); every chip is found by its label, anew
 * after each failure.
 * @see RULES.md FB108-FB110
 */
export function createGpioTools(clock: Clock): OpenGpioLine {
  return ({ chip, line }) => {
    let tools: Tools | null = null;
    let running: Running | null = null;

    const withTools = async <T>(work: (found: Tools) => Promise<T>): Promise<T> => {
      try {
        tools ??= await findTools(chip, clock);
        return await work(tools);
      } catch (cause) {
        tools = null;
        throw cause instanceof Fault ? cause : new Fault('gpio-failed', { retryable: true, cause });
      }
    };
    const endPulse = async (): Promise<void> => {
      running?.child.kill('SIGTERM');
      await running?.ended;
      running = null;
    };

    return {
      pulse: (durationMs) =>
        withTools(async ({ chip: name, major }) => {
          await endPulse();
          running = start('gpioset', dialects[major].pulse(name, String(line), durationMs));
          const ended = await within(clock, takenMs, running.ended);
          if (ended === undefined || ended.exitCode === 0) return;
          running = null;
          throw new Fault('gpio-failed', { retryable: true });
        }),
      secure: () =>
        withTools(async ({ chip: name, major }) => {
          await endPulse();
          await run('gpioset', dialects[major].secure(name, String(line)), clock);
        }),
    };
  };
}

async function findTools(label: string, clock: Clock): Promise<Tools> {
  const [version, chips] = await Promise.all([
    run('gpioset', ['--version'], clock),
    run('gpiodetect', [], clock),
  ]);
  // `gpiochip0 [pinctrl-rp1] (54 lines)`
  const found = [...chips.matchAll(/^(\S+) \[(.*)\] \(\d+ lines?\)$/gm)].filter(
    ([, , name]) => name === label,
  );
  const [chip = null, ...others] = found.map(([, name = '']) => name);
  if (chip === null) throw new Fault('gpio-missing', { retryable: true });
  if (others.length > 0) throw new Fault('gpio-ambiguous', { retryable: true });
  return { chip, major: /\bv?1\.\d+/.test(version.split('\n')[0] ?? '') ? 1 : 2 };
}

interface Ended {
  readonly exitCode: number | null;
  readonly output: string;
}

interface Running {
  readonly child: ChildProcess;
  /** Rejects when the program could not be started. */
  readonly ended: Promise<Ended>;
}

function start(program: string, args: readonly string[]): Running {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString('latin1')));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', (cause) => reject(new Fault('gpio-no-tools', { retryable: true, cause })));
    child.once('close', (exitCode) => resolve({ exitCode, output }));
  });
  // Whoever started it looks at it later; that it failed meanwhile is no unhandled bug.
  ended.catch(() => undefined);
  return { child, ended };
}

async function run(program: string, args: readonly string[], clock: Clock): Promise<string> {
  const { child, ended } = start(program, args);
  const done = await within(clock, toolMs, ended);
  if (done === undefined) {
    child.kill('SIGKILL');
    throw new Fault('gpio-failed', { retryable: true });
  }
  if (done.exitCode !== 0) throw new Fault('gpio-failed', { retryable: true });
  return done.output;
}

/** What comes of it, or undefined when that takes longer. */
async function within<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T | undefined> {
  const stop = new AbortController();
  const late = clock.sleepUntil(asMonoMs(clock.monoMs() + ms), stop.signal).then(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    stop.abort();
  }
}
