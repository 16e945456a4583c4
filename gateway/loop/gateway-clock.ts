import { asEpochMs, asMonoMs, type Clock, type ClockTrust, type EpochMs, type MonoMs } from '#contract/clock';
import type { SignedTime } from '../uplink/policy-sync.ts';

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

/** What happened to the operating system's clock. */
export type ClockEvent =
  | { readonly ty: 'clock.rollback'; readonly byMs: number }
  | { readonly ty: 'clock.jump'; readonly byMs: number };

/** The clock of a gateway: it knows how far to believe itself. */
export interface GatewayClock extends Clock {
  /** The moment before which it certainly is not; only signed time and elapsed time raise it. */
  floorMs(): EpochMs;
  /** Takes the floor that was persisted; a lower one changes nothing. */
  raiseFloor(floor: EpochMs): void;
  /** Takes signed time. */
  trustSigned(time: SignedTime): void;
  /** Looks at the operating system's clock; an event is told once. */
  check(): ClockEvent | null;
}

/** Crystals of small boards are off by less; elapsed time is shortened by it before it raises the floor. */
const DRIFT = 200e-6;
const SIGNED_FOR_MS = 24 * 3_600_000;
const ROLLBACK_TOLERANCE_MS = 2000;
const JUMP_MS = 300_000;
/** A battery clock further ahead of the floor than this was set wrongly rather than left alone so long. */
const PLAUSIBLE_MS = 400 * 86_400_000;
/** No gateway of this program ran before it was written. */
const PROGRAM_MADE_MS = Date.UTC(2026, 10, 1);

/**
 * Creates the clock over what the machine says. Believed in this order: time signed by the server within 24 h of
 * monotonic time (3), the operating system where it is synchronised (2), a battery clock that agrees with the
 * floor (1); else time only runs on from the last that was known (0).
 * @see rules GL1 to GL6
 */
export function createGatewayClock(source: TimeSource): GatewayClock {
  const startMono = source.monoMs();
  let floor = { epochMs: PROGRAM_MADE_MS, monoMs: startMono };
  let signed: SignedTime | null = null;
  let system = { epochMs: source.epochMs(), monoMs: startMono };
  let isSystemDoubted = false;
  let wasBehind = false;

  const floorMs = (): EpochMs =>
    asEpochMs(Math.floor(floor.epochMs + (source.monoMs() - floor.monoMs) * (1 - DRIFT)));

  function raise(epochMs: number, monoMs: number): void {
    const elapsed = (source.monoMs() - monoMs) * (1 - DRIFT);
    if (epochMs + elapsed > floorMs()) floor = { epochMs, monoMs };
  }

  const isSystemBehind = (): boolean => source.epochMs() < floorMs() - ROLLBACK_TOLERANCE_MS;

  const trust = (): ClockTrust => {
    if (signed !== null && source.monoMs() - signed.monoMs <= SIGNED_FOR_MS) return 3;
    if (isSystemBehind()) return 0;
    if (source.isSynchronised()) return 2;
    if (isSystemDoubted || !source.hasBatteryClock()) return 0;
    return source.epochMs() - floorMs() <= PLAUSIBLE_MS ? 1 : 0;
  };

  const epochMs = (): EpochMs => {
    const level = trust();
    // Past 24 h signed time that ran on is still better than a clock that nobody vouches for.
    const runsOnSigned = signed !== null && (level === 3 || level <= 1);
    const believed =
      runsOnSigned && signed !== null
        ? signed.epochMs + source.monoMs() - signed.monoMs
        : isSystemBehind()
          ? floorMs()
          : source.epochMs();
    return asEpochMs(Math.max(Math.floor(believed), floorMs()));
  };

  return {
    epochMs,
    monoMs: () => asMonoMs(source.monoMs()),
    trust,
    sleepUntil: (at: MonoMs, signal) => source.sleepUntil(at, signal),
    floorMs,
    raiseFloor: (persisted) => raise(persisted, source.monoMs()),
    trustSigned: (time) => {
      signed = time;
      raise(time.epochMs - time.errorMs, time.monoMs);
    },
    check: () => {
      const now = { epochMs: source.epochMs(), monoMs: source.monoMs() };
      const byMs = Math.round(now.epochMs - system.epochMs - (now.monoMs - system.monoMs));
      const isBehind = isSystemBehind();
      const hasFallenBehind = isBehind && !wasBehind;
      wasBehind = isBehind;
      if (!hasFallenBehind && Math.abs(byMs) <= JUMP_MS) return null;
      system = now;
      isSystemDoubted = true;
      if (hasFallenBehind) return { ty: 'clock.rollback', byMs: Math.round(floorMs() - now.epochMs) };
      return { ty: byMs < 0 ? 'clock.rollback' : 'clock.jump', byMs: Math.abs(byMs) };
    },
  };
}
