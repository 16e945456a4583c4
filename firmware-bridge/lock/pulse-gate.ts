import type { Clock } from '#contract/clock';
import type { PulseCommand, PulseOutcome, PulseRefusal } from '../hardware.ts';
import { pulseBoundsMs, pulseIdPattern } from '../protocol/line/message.ts';

const maxCount = 0xffff_ffff;
/** Pulses follow each other by seconds; an id is asked for again, if ever, at once. */
const maxRemembered = 16;

/** Why a pulse is refused before the hardware hears of it; null for one that may be sent. */
export function refusalOf(command: PulseCommand, nowMs: number): PulseRefusal | null {
  const { durationMs, id, journal, notAfterMs } = command;
  const { min, max } = pulseBoundsMs;
  if (!Number.isInteger(durationMs) || durationMs < min || durationMs > max) return 'invalid-duration';
  if (!pulseIdPattern.test(id)) return 'rejected';
  if (journal !== undefined && ![journal.epoch, journal.sq].every(isCount)) return 'rejected';
  return nowMs > notAfterMs ? 'expired' : null;
}

/**
 * Makes the door of a lock whose hardware knows no ids: refuses what may not be sent, and gives an id that was
 * carried out its one outcome again instead of a second pulse.
 * @see RULES.md FB40, FB104
 */
export function createPulseGate(
  clock: Clock,
  send: (command: PulseCommand) => Promise<PulseOutcome>,
): (command: PulseCommand) => Promise<PulseOutcome> {
  const outcomes = new Map<string, Promise<PulseOutcome>>();
  return async (command) => {
    const refusal = refusalOf(command, clock.monoMs());
    if (refusal !== null) return { kind: 'refused', reason: refusal };
    const known = outcomes.get(command.id);
    if (known !== undefined) return known;
    const sending = send(command);
    outcomes.set(command.id, sending);
    const [oldest] = outcomes.keys();
    if (outcomes.size > maxRemembered && oldest !== undefined) outcomes.delete(oldest);
    const outcome = await sending;
    // Never sent, so the same id may be.
    if (outcome.kind === 'refused') outcomes.delete(command.id);
    return outcome;
  };
}

const isCount = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= maxCount;
