import { asEpochMs, type ClockTrust, type EpochMs, type MonoMs, type TimeInterval } from '#contract/clock';

/** What a signed answer says of the time: at `monoMs` it was `epochMs`, give or take `errorMs`. */
export interface SignedTime {
  readonly epochMs: EpochMs;
  readonly monoMs: MonoMs;
  readonly errorMs: number;
}

/** What the machine says of the time at one moment. */
export interface ClockReading {
  /** Ms since 1970 as the operating system has it. */
  readonly epochMs: number;
  /** Ms on a clock that never jumps. */
  readonly monoMs: number;
  /** True where the operating system says that it is synchronised. */
  readonly isSynchronised: boolean;
  /** True where a battery clock set the system's time at boot. */
  readonly hasBatteryClock: boolean;
}

/** A moment on both clocks. */
interface Moment {
  readonly epochMs: number;
  readonly monoMs: number;
}

/** All that is known of the time. */
export interface ClockState {
  /** It was certainly not before this. */
  readonly floor: Moment;
  readonly signed: SignedTime | null;
  /** The system's clock as it was found last; its jumps are measured from here. */
  readonly system: Moment;
  /** It has jumped, so that a battery clock behind it is no witness any more. */
  readonly isSystemDoubted: boolean;
  readonly wasBehind: boolean;
}

/** What happened to the operating system's clock. */
export type ClockEvent =
  | { readonly ty: 'clock.rollback'; readonly byMs: number }
  | { readonly ty: 'clock.jump'; readonly byMs: number };

/** Crystals of small boards are off by less: 200 ppm, 17 s a day. */
export const DRIFT = 200e-6;
/** How long signed time is trust 3. */
export const SIGNED_FOR_MS = 24 * 3_600_000;
const ROLLBACK_TOLERANCE_MS = 2000;
const JUMP_MS = 300_000;
/** A battery clock further ahead of the floor than this was set wrongly rather than left alone so long. */
const PLAUSIBLE_MS = 400 * 86_400_000;
/** How far off a system that is synchronised may be, and one that only a battery clock has set. */
const ERROR_MS = { 2: 2000, 1: 300_000 } as const;

/** Starts without any anchor. @param madeMs when this program was made: no gateway of it ran before */
export const startClock = ({ epochMs, monoMs }: ClockReading, madeMs: number): ClockState => ({
  floor: { epochMs: madeMs, monoMs },
  signed: null,
  system: { epochMs, monoMs },
  isSystemDoubted: false,
  wasBehind: false,
});

/** The moment before which it certainly is not; runs on slowly, so that no fast crystal pushes it past the truth. */
export const floorAt = ({ floor }: ClockState, monoMs: number): EpochMs =>
  asEpochMs(Math.floor(floor.epochMs + (monoMs - floor.monoMs) * (1 - DRIFT)));

/** Takes a moment that is known to have passed; an earlier one changes nothing. @see rules GL4, GL50 */
export function raiseFloor(state: ClockState, moment: Moment, monoMs: number): ClockState {
  const then = moment.epochMs + (monoMs - moment.monoMs) * (1 - DRIFT);
  return then > floorAt(state, monoMs) ? { ...state, floor: moment } : state;
}

/** Takes time that the server signed for a nonce of ours. */
export const takeSigned = (state: ClockState, signed: SignedTime, monoMs: number): ClockState =>
  raiseFloor(
    { ...state, signed },
    { epochMs: signed.epochMs - signed.errorMs, monoMs: signed.monoMs },
    monoMs,
  );

const isBehind = (state: ClockState, { epochMs, monoMs }: ClockReading): boolean =>
  epochMs < floorAt(state, monoMs) - ROLLBACK_TOLERANCE_MS;

/** How far the clock can be believed. @see rules GL1 to GL3 */
export function trustAt(state: ClockState, reading: ClockReading): ClockTrust {
  const { signed } = state;
  if (signed !== null && reading.monoMs - signed.monoMs <= SIGNED_FOR_MS) return 3;
  if (isBehind(state, reading)) return 0;
  if (reading.isSynchronised) return 2;
  if (state.isSystemDoubted || !reading.hasBatteryClock) return 0;
  return reading.epochMs - floorAt(state, reading.monoMs) <= PLAUSIBLE_MS ? 1 : 0;
}

const between = (lo: number, hi: number): TimeInterval => {
  const from = asEpochMs(Math.floor(lo));
  return { lo: from, hi: Math.max(from, Math.ceil(hi)) };
};

/**
 * Between which moments it certainly is. Signed time holds for the whole boot, wider by the drift; without any the
 * system counts as far as it is believed, and where it is not, only the floor is known.
 * @see rules GL45 to GL48
 */
export function intervalAt(state: ClockState, reading: ClockReading): TimeInterval {
  const floor = floorAt(state, reading.monoMs);
  const { signed } = state;
  if (signed !== null) {
    const sinceMs = reading.monoMs - signed.monoMs;
    const lo = signed.epochMs - signed.errorMs + sinceMs * (1 - DRIFT);
    const hi = signed.epochMs + signed.errorMs + sinceMs * (1 + DRIFT);
    return between(Math.max(floor, lo), hi);
  }
  const trust = trustAt(state, reading);
  if (trust === 0) return { lo: floor, hi: Infinity };
  const errorMs = ERROR_MS[trust === 1 ? 1 : 2];
  return between(Math.max(floor, reading.epochMs - errorMs), reading.epochMs + errorMs);
}

/** The time that records are stamped with: never below the floor, never outside of what is certain. */
export function timeAt(state: ClockState, reading: ClockReading): EpochMs {
  const { lo, hi } = intervalAt(state, reading);
  const { signed } = state;
  const runOn = signed === null ? null : signed.epochMs + reading.monoMs - signed.monoMs;
  // Past 24 h signed time that ran on is still better than a clock that nobody vouches for.
  const believed = runOn === null || trustAt(state, reading) === 2 ? reading.epochMs : runOn;
  if (runOn === null && isBehind(state, reading)) return lo;
  return asEpochMs(Math.floor(Math.min(Math.max(believed, lo), hi)));
}

/**
 * Looks at the system's clock. It is told once when it falls behind the floor, is set back, or jumps ahead and no
 * signed time says that it was right to.
 * @see rules GL5, GL6, GL49, GL51
 */
export function stepSystem(
  state: ClockState,
  reading: ClockReading,
): { readonly state: ClockState; readonly event: ClockEvent | null } {
  const sinceMs = reading.monoMs - state.system.monoMs;
  const byMs = Math.round(reading.epochMs - state.system.epochMs - sinceMs);
  const behind = isBehind(state, reading);
  const hasFallenBehind = behind && !state.wasBehind;
  const seen = { ...state, wasBehind: behind };
  // Months of slow correction are no jump.
  if (!hasFallenBehind && Math.abs(byMs) <= JUMP_MS + sinceMs * DRIFT) return { state: seen, event: null };
  const moved = { ...seen, system: { epochMs: reading.epochMs, monoMs: reading.monoMs } };
  if (!hasFallenBehind && state.signed !== null && byMs > 0) {
    const { lo, hi } = intervalAt(state, reading);
    const isRight = reading.epochMs >= lo - JUMP_MS && reading.epochMs <= hi + JUMP_MS;
    if (isRight) return { state: moved, event: null };
  }
  const doubted = { ...moved, isSystemDoubted: true };
  if (hasFallenBehind) {
    const fellByMs = Math.round(floorAt(state, reading.monoMs) - reading.epochMs);
    return { state: doubted, event: { ty: 'clock.rollback', byMs: fellByMs } };
  }
  return {
    state: doubted,
    event: { ty: byMs < 0 ? 'clock.rollback' : 'clock.jump', byMs: Math.abs(byMs) },
  };
}
