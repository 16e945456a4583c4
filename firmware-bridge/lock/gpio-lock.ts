import { Fault } from '#contract/result';
import type { DriverWorld } from '../driver-world.ts';
import { lockPortName, type PulseCommand, type PulseOutcome, type SecureOutcome } from '../hardware.ts';
import { createReaderStatus } from '../readers/reader-status.ts';
import { createAlarm } from '../transport/alarm.ts';
import type { GpioAddress, GpioLine } from '../transport/gpio-line.ts';
import type { DoorLock } from './door-lock.ts';
import { createPulseGate } from './pulse-gate.ts';

const retryMs = 2000;

/**
 * Opens a pin of this machine as a lock. The process of a pulse ends it, and what is told of the lock is that the
 * system drives the pin, not what the coil behind it does.
 * @see RULES.md FB106, FB108-FB110
 */
export function openGpioLock(address: GpioAddress, world: DriverWorld): DoorLock {
  const { clock, emit } = world;
  const line: GpioLine = world.openGpioLine(address);
  const tellLink = createReaderStatus(lockPortName, clock, emit);
  let isOnline = false;
  let endsAtMs: number | null = null;
  let state: 'unknown' | 'released' | 'secured' = 'unknown';
  /** Counts orders to lock: a pulse that waited while one came is dropped. */
  let securings = 0;
  // One process at a time may have the pin.
  let turn: Promise<void> = Promise.resolve();

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(work);
    turn = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  };
  const tell = (next: 'released' | 'secured', isAlwaysTold = false): void => {
    if (next === state && !isAlwaysTold) return;
    state = next;
    emit({ type: 'lock', state: next, atMs: clock.monoMs() });
  };
  const fail = (cause: unknown, againInMs: number): void => {
    if (!(cause instanceof Fault)) throw cause;
    isOnline = false;
    endsAtMs = null;
    state = 'unknown';
    tellLink('offline', cause.code);
    again.set(clock.monoMs() + againInMs);
  };

  const lockUp = (): Promise<SecureOutcome> =>
    inTurn(async () => {
      try {
        await line.secure();
      } catch (cause) {
        fail(cause, retryMs);
        return { kind: 'unconfirmed' };
      }
      endsAtMs = null;
      over.set(null);
      if (!isOnline) tellLink('online', 'driven');
      isOnline = true;
      tell('secured', true);
      return { kind: 'secured' };
    });
  const secure = (): Promise<SecureOutcome> => {
    securings += 1;
    return lockUp();
  };

  const release = async (command: PulseCommand): Promise<PulseOutcome> => {
    const nowMs = clock.monoMs();
    if (!isOnline) return { kind: 'refused', reason: 'offline' };
    if (nowMs > command.notAfterMs) return { kind: 'refused', reason: 'expired' };
    const untilMs = nowMs + command.durationMs;
    // A pulse that ends before the running one needs no second process.
    if (endsAtMs !== null && endsAtMs >= untilMs) return { kind: 'acknowledged' };
    try {
      await line.pulse(command.durationMs);
    } catch (cause) {
      // What became of a pulse that ran before is not known.
      fail(cause, 0);
      return { kind: 'refused', reason: 'offline' };
    }
    endsAtMs = untilMs;
    over.set(untilMs);
    tell('released');
    return { kind: 'acknowledged' };
  };

  // The tools of libgpiod 1 leave the pin as it is when their time is over, and so do the kernels of the Pi.
  const over = createAlarm(clock, () => void lockUp());
  const again = createAlarm(clock, () => void lockUp());
  again.set(clock.monoMs());

  return {
    pulse: createPulseGate(clock, (command) => {
      const orderedAt = securings;
      return inTurn(() =>
        orderedAt === securings
          ? release(command)
          : Promise.resolve<PulseOutcome>({ kind: 'refused', reason: 'rejected' }),
      );
    }),
    secure,
    close: async () => {
      over.set(null);
      again.set(null);
      await turn;
    },
  };
}
