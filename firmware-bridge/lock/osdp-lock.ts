import type { DriverWorld } from '../driver-world.ts';
import type { PulseCommand, PulseOutcome, PulseRefusal, SecureOutcome } from '../hardware.ts';
import type { RequestOutcome } from '../protocol/osdp/link-event.ts';
import type { OsdpReader } from '../readers/osdp-bus.ts';
import { createAlarm } from '../transport/alarm.ts';
import type { DoorLock } from './door-lock.ts';
import { createPulseGate } from './pulse-gate.ts';

/** Nobody waits longer for the reader to say that it is locked. */
const answerMs = 2000;
/** A timer of the reader counts in tenths of a second, and its clock is its own. */
const slackMs = 200;
const timerStepMs = 100;

/**
 * Makes the lock behind an output of an OSDP reader: the reader ends each pulse, and what is told of the lock is
 * what the reader says of its output. It is locked each time the reader comes online, before all else.
 * @see RULES.md FB126-FB129
 */
export function createOsdpLock(
  output: number,
  reader: OsdpReader,
  { clock, emit }: Pick<DriverWorld, 'clock' | 'emit'>,
): DoorLock {
  let state: 'unknown' | 'released' | 'secured' | 'fault' = 'unknown';
  /** Until when an order may keep the output on; only locking makes it earlier. */
  let expectedUntilMs = 0;
  /** Until when the output is on at least, by a pulse that was acknowledged. */
  let heldUntilMs = 0;
  /** Counts orders to lock: a pulse that waited while one came is dropped. */
  let securings = 0;
  // A pulse goes when all before it is settled, so that what is read of the output after it is about it.
  let turn: Promise<unknown> = Promise.resolve();

  const tell = (next: 'released' | 'secured' | 'fault'): void => {
    if (next === state) return;
    state = next;
    emit({ type: 'lock', state: next, atMs: clock.monoMs() });
  };

  /** What the reader says of the output; undefined when it says nothing. */
  const readOutput = async (): Promise<boolean | undefined> => {
    const outcome = await reader.ask({ type: 'OSTAT' }, clock.monoMs() + answerMs);
    if (outcome.kind !== 'acknowledged' || outcome.reply.type !== 'OSTATR') return undefined;
    const byte = outcome.reply.outputs[output];
    return byte === undefined ? undefined : byte !== 0;
  };

  const lockUp = async (): Promise<SecureOutcome> => {
    const off = await reader.ask(
      { type: 'OUT', outputs: [{ output, control: 'off', timerMs: 0 }] },
      clock.monoMs() + answerMs,
    );
    if (off.kind !== 'acknowledged') return { kind: 'unconfirmed' };
    heldUntilMs = 0;
    expectedUntilMs = clock.monoMs();
    const isStillOn = await readOutput();
    if (isStillOn === true) tell('fault');
    return { kind: isStillOn === false ? 'secured' : 'unconfirmed' };
  };
  const secure = (): Promise<SecureOutcome> => {
    securings += 1;
    const locking = lockUp();
    turn = Promise.all([turn, locking]);
    return locking;
  };

  const release = async ({ durationMs, notAfterMs }: PulseCommand): Promise<PulseOutcome> => {
    const sentMs = clock.monoMs();
    if (sentMs > notAfterMs) return { kind: 'refused', reason: 'expired' };
    // A new timer takes the place of the running one: it must not end the release earlier.
    if (heldUntilMs >= sentMs + durationMs) return { kind: 'acknowledged' };
    const expectedMs = expectedUntilMs;
    expectedUntilMs = Math.max(expectedMs, notAfterMs + durationMs);
    const outcome = await reader.ask(
      { type: 'OUT', outputs: [{ output, control: 'pulse-on', timerMs: durationMs }] },
      notAfterMs,
    );
    const told = pulseOutcome(outcome);
    if (told.kind === 'refused') expectedUntilMs = expectedMs;
    if (told.kind !== 'acknowledged') return told;
    heldUntilMs = sentMs + durationMs;
    expectedUntilMs = Math.max(expectedMs, clock.monoMs() + durationMs);
    const isReleased = await readOutput();
    // Only while the pulse must still run does an output that is off say that nothing happened.
    return isReleased === false && clock.monoMs() < sentMs + durationMs ? { kind: 'unconfirmed' } : told;
  };

  const check = createAlarm(clock, () => void checkEnd());
  const checkEnd = async (): Promise<void> => {
    const isStillOn = await readOutput();
    if (isStillOn !== true) return;
    if (clock.monoMs() < expectedUntilMs + slackMs) return check.set(expectedUntilMs + slackMs);
    tell('fault');
    // Its outcome is sensed; should the output be stuck, the fault has been told and telling it again helps nobody.
    await secure();
  };

  reader.attachOutput({
    online: ({ hasTimedOutputs, outputs }) => {
      if (!hasTimedOutputs || output >= outputs) reader.countUntimed();
      // Its outcome is sensed.
      void secure();
    },
    offline: () => {
      state = 'unknown';
      heldUntilMs = 0;
      check.set(null);
    },
    sensed: (at, isOn) => {
      if (at !== output) return;
      if (!isOn) heldUntilMs = 0;
      tell(isOn ? 'released' : 'secured');
      check.set(isOn ? Math.max(clock.monoMs(), expectedUntilMs) + slackMs : null);
    },
  });

  const gate = createPulseGate(clock, (command) => {
    const orderedAt = securings;
    const releasing = turn.then(() =>
      orderedAt === securings ? release(command) : ({ kind: 'refused', reason: 'rejected' } as const),
    );
    turn = releasing;
    return releasing;
  });

  return {
    secure,
    pulse: (command) =>
      command.durationMs % timerStepMs === 0
        ? gate(command)
        : Promise.resolve({ kind: 'refused', reason: 'invalid-duration' }),
    close: () => {
      check.set(null);
      return Promise.resolve();
    },
  };
}

function pulseOutcome(outcome: RequestOutcome): PulseOutcome {
  switch (outcome.kind) {
    case 'acknowledged':
    case 'unconfirmed':
      return { kind: outcome.kind };
    case 'declined':
      // A no in clear may be anybody's, and a reply that cannot be read is no answer.
      return outcome.isVerified && outcome.reason !== 'wrong-reply'
        ? refused('rejected')
        : { kind: 'unconfirmed' };
    case 'expired':
    case 'offline':
      return refused(outcome.kind);
    case 'refused':
    case 'queue-full':
      return refused('rejected');
  }
}

const refused = (reason: PulseRefusal): PulseOutcome => ({ kind: 'refused', reason });
