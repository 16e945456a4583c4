import { execFile } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TimeSource } from './clock/gateway-clock.ts';

/** Names one run of the machine, for as long as its monotonic clock runs on. */
export interface MachineBoot {
  /** Null where the machine does not name its boots. */
  readonly id: string | null;
  /** What the machine's own monotonic clock said when ours began, ms. */
  readonly originMs: number;
}

/** This machine's time. */
export interface MachineTime {
  readonly source: TimeSource;
  readonly boot: MachineBoot;
  close(): void;
}

const ASK_EVERY_MS = 60_000;
const ANSWER_WITHIN_MS = 5000;

function isSetByBatteryClock(folder: string): boolean {
  try {
    return readdirSync(folder).some((name) => readFileSync(join(folder, name, 'hctosys'), 'utf8')[0] === '1');
  } catch (error) {
    // No folder, no battery clock.
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}

function readBootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}

/**
 * Asks the system whether its time is synchronised: timedatectl reads it from the kernel, whoever keeps the time
 * (timesyncd, chrony, ntpd). Where there is none, the mark of timesyncd tells.
 */
function openSyncWatch(): { isSynchronised(): boolean; close(): void } {
  let told: boolean | null = null;
  const ask = (): void => {
    execFile(
      'timedatectl',
      ['show', '--property=NTPSynchronized', '--value'],
      { timeout: ANSWER_WITHIN_MS },
      (error, answer) => {
        told = error === null ? answer.trim() === 'yes' : null;
      },
    );
  };
  ask();
  const timer = setInterval(ask, ASK_EVERY_MS);
  timer.unref();
  return {
    isSynchronised: () => told ?? existsSync('/run/systemd/timesync/synchronized'),
    close: () => clearInterval(timer),
  };
}

/** Opens what this machine says of the time. */
export function openMachineTime(): MachineTime {
  const origin = process.hrtime.bigint();
  const monoMs = (): number => Number(process.hrtime.bigint() - origin) / 1e6;
  const hasBatteryClock = isSetByBatteryClock('/sys/class/rtc');
  const sync = openSyncWatch();
  return {
    boot: { id: readBootId(), originMs: Number(origin) / 1e6 },
    close: () => sync.close(),
    source: {
      epochMs: () => Date.now(),
      monoMs,
      isSynchronised: () => sync.isSynchronised(),
      hasBatteryClock: () => hasBatteryClock,
      sleepUntil: async (at, signal) => {
        // Long timers overflow and early ones fire early: sleep in stretches until the clock itself says so.
        while (signal?.aborted !== true && monoMs() < at) {
          const ms = Math.min(Math.ceil(at - monoMs()), 3_600_000);
          await sleep(ms, undefined, { ...(signal !== undefined && { signal }) }).catch((error: unknown) => {
            if (signal?.aborted !== true) throw error;
          });
        }
      },
    },
  };
}
