import { asMonoMs, type Clock, type EpochMs, type MonoMs } from '#contract/clock';
import {
  floorAt,
  intervalAt,
  raiseFloor,
  startClock,
  stepSystem,
  takeSigned,
  timeAt,
  trustAt,
  type ClockEvent,
  type ClockReading,
  type SignedTime,
} from './step-clock.ts';

/** What the machine itself says of the time. */
export interface TimeSource {
  /** Ms since 1970 as the operating system has it. */
  epochMs(): number;
  /** Ms on a clock that never jumps. */
  monoMs(): number;
  /** True where the operating system says that it is synchronised. */
  isSynchronised(): boolean;
  /** True where a battery clock set the system's time at boot. */
  hasBatteryClock(): boolean;
  sleepUntil(atMonoMs: number, signal?: AbortSignal): Promise<void>;
}

/** The clock of a gateway: it knows how far to believe itself. */
export interface GatewayClock extends Clock {
  /** The moment before which it certainly is not; only signed time and elapsed time raise it. */
  floorMs(): EpochMs;
  /** Takes the floor that was persisted; a lower one changes nothing. */
  raiseFloor(floor: EpochMs): void;
  /** Takes signed time. */
  trustSigned(time: SignedTime): void;
  /** The signed time that counts; null where this boot has heard none. */
  signedTime(): SignedTime | null;
  /** Looks at the operating system's clock; an event is told once. */
  check(): ClockEvent | null;
}

/** No gateway of this program ran before it was written. */
const PROGRAM_MADE_MS = Date.UTC(2026, 10, 1);

/**
 * Creates the clock over what the machine says. Believed in this order: time signed by the server within 24 h of
 * monotonic time (3), the operating system where it is synchronised (2), a battery clock that agrees with the
 * floor (1); else time only runs on from the last that was known (0).
 * @see rules GL1 to GL6, GL45 to GL56
 */
export function createGatewayClock(source: TimeSource, madeMs = PROGRAM_MADE_MS): GatewayClock {
  const read = (): ClockReading => ({
    epochMs: source.epochMs(),
    monoMs: source.monoMs(),
    isSynchronised: source.isSynchronised(),
    hasBatteryClock: source.hasBatteryClock(),
  });
  let state = startClock(read(), madeMs);
  return {
    epochMs: () => timeAt(state, read()),
    monoMs: () => asMonoMs(source.monoMs()),
    trust: () => trustAt(state, read()),
    interval: () => intervalAt(state, read()),
    sleepUntil: (at: MonoMs, signal) => source.sleepUntil(at, signal),
    floorMs: () => floorAt(state, source.monoMs()),
    raiseFloor: (epochMs) => {
      const monoMs = source.monoMs();
      state = raiseFloor(state, { epochMs, monoMs }, monoMs);
    },
    trustSigned: (time) => {
      state = takeSigned(state, time, source.monoMs());
    },
    signedTime: () => state.signed,
    check: () => {
      const step = stepSystem(state, read());
      state = step.state;
      return step.event;
    },
  };
}
