import type { Clock } from '#contract/clock';
import type { PulseOutcome, PulseRefusal, SecureOutcome } from '../hardware.ts';
import type { Order, OrderOutcome } from '../protocol/line/host-link.ts';
import { createAlarm } from '../transport/alarm.ts';
import type { DoorLock } from './door-lock.ts';
import { refusalOf } from './pulse-gate.ts';

/** How much longer than commanded the relay may be seen released: retries, transmission, a late report. */
const graceMs = 1500;

export interface LineLock extends DoorLock {
  /** What the controller made of an order. */
  settled(ref: number, outcome: OrderOutcome): void;
  /** The relay as the controller reports it. */
  sensed(isReleased: boolean): void;
}

/**
 * Makes the one writer of a controller's lock relay. What was commanded and what is sensed are kept apart: a
 * relay that is released and should not be is a fault, and is told to lock.
 * @see RULES.md FB40-FB44
 */
export function createLineLock(
  output: number,
  clock: Clock,
  order: (order: Order) => void,
  tell: (state: 'released' | 'secured' | 'fault') => void,
): LineLock {
  const waiting = new Map<number, (outcome: OrderOutcome) => void>();
  let lastRef = 0;
  /** Until when some pulse may keep the relay released; only locking makes it earlier. */
  let commandedUntilMs = 0;
  let isSensedReleased = false;

  const ask = (make: (ref: number) => Order): Promise<OrderOutcome> =>
    new Promise((resolve) => {
      lastRef += 1;
      waiting.set(lastRef, resolve);
      order(make(lastRef));
    });

  const secure = async (): Promise<SecureOutcome> => {
    const outcome = await ask((ref) => ({ kind: 'secure', ref }));
    if (outcome.kind !== 'done' || outcome.isReleased) return { kind: 'unconfirmed' };
    commandedUntilMs = clock.monoMs();
    return { kind: 'secured' };
  };

  const overdue = createAlarm(clock, () => {
    if (!isSensedReleased) return;
    tell('fault');
    // Its outcome is sensed; should the relay be stuck, the fault has been told and telling it again helps nobody.
    void secure();
  });

  return {
    secure,
    pulse: async (command) => {
      const refusal = refusalOf(command, clock.monoMs());
      if (refusal !== null) return { kind: 'refused', reason: refusal };
      const { id, durationMs, notAfterMs, journal } = command;
      commandedUntilMs = Math.max(commandedUntilMs, notAfterMs + durationMs);
      // A pulse that makes the release longer is told by no edge of the relay.
      if (isSensedReleased) overdue.set(commandedUntilMs + graceMs);
      const mark = journal ?? null;
      return pulseOutcome(
        await ask((ref) => ({ kind: 'pulse', ref, output, durationMs, id, mark, notAfterMs })),
      );
    },
    close: () => {
      overdue.set(null);
      return Promise.resolve();
    },
    settled: (ref, outcome) => {
      const resolve = waiting.get(ref);
      waiting.delete(ref);
      resolve?.(outcome);
    },
    sensed: (isReleased) => {
      isSensedReleased = isReleased;
      tell(isReleased ? 'released' : 'secured');
      overdue.set(isReleased ? Math.max(clock.monoMs(), commandedUntilMs + graceMs) : null);
    },
  };
}

function pulseOutcome(outcome: OrderOutcome): PulseOutcome {
  switch (outcome.kind) {
    case 'done':
      return { kind: 'acknowledged' };
    case 'unconfirmed':
      return { kind: 'unconfirmed' };
    case 'refused':
      return outcome.reason === 'old'
        ? { kind: 'unconfirmed' }
        : { kind: 'refused', reason: reasons[outcome.reason] };
  }
}

const reasons: Readonly<
  Record<Exclude<Extract<OrderOutcome, { kind: 'refused' }>['reason'], 'old'>, PulseRefusal>
> = {
  session: 'offline',
  offline: 'offline',
  expired: 'expired',
  dropped: 'rejected',
  duration: 'invalid-duration',
  ratchet: 'rejected',
  output: 'rejected',
};
