import type { CanonicalValue } from '#contract/canonical';
import { asMonoMs, type MonoMs } from '#contract/clock';
import { MAX_HOLD_OPEN_MS } from '#contract/command';
import type { EventType } from '#contract/event';

/** What people in charge, and a fire, have made of a door. */
export interface Overrides {
  /** Beats every permit; null where there is none. */
  readonly lockdown: {
    /** Number of the record that began it. */
    readonly of: number;
    /** Who may come in all the same. */
    readonly allow: readonly string[];
  } | null;
  /** The lock is pulsed again and again until then; null where it is not. */
  readonly hold: {
    readonly of: number;
    readonly untilMs: MonoMs;
    /** When the next pulse is due. */
    readonly pulseAtMs: MonoMs;
    /** Pulses so far: the hardware obeys a name once. */
    readonly count: number;
  } | null;
  readonly isFire: boolean;
}

export const NO_OVERRIDES: Overrides = { lockdown: null, hold: null, isFire: false };

/** Why a hold ended. `restart`: the program ended, and its pulses with it. */
export type HoldEnd = 'deadline' | 'lockdown' | 'order' | 'restart';

/** What happens to a door from above. What a person ordered has been recorded before it is an input. */
export type OverrideInput = { readonly atMs: MonoMs } & (
  | { readonly type: 'lockdown-started'; readonly of: number; readonly allow: readonly string[] }
  | { readonly type: 'lockdown-ended' }
  | { readonly type: 'hold-started'; readonly of: number; readonly forMs: number }
  | { readonly type: 'hold-ended' }
  | { readonly type: 'fire-changed'; readonly isActive: boolean }
  | { readonly type: 'tick' }
);

/** What is to be done, in order. There is none that keeps a lock released: each pulse ends by itself. */
export type OverrideEffect =
  | { readonly type: 'journal'; readonly ty: EventType; readonly x: Readonly<Record<string, CanonicalValue>> }
  | { readonly type: 'pulse'; readonly of: number; readonly count: number }
  | { readonly type: 'hold-open-changed'; readonly untilMs: MonoMs | null }
  | { readonly type: 'secure' };

export interface OverrideStep {
  readonly overrides: Overrides;
  readonly effects: readonly OverrideEffect[];
}

const only = (overrides: Overrides): OverrideStep => ({ overrides, effects: [] });

/** The next pulse comes before the last one ends, so that the lock does not chatter between them. */
export const renewalMs = (releaseMs: number): number => Math.max(100, Math.floor(releaseMs * 0.75));

function endHold(overrides: Overrides, why: HoldEnd): OverrideStep {
  const { hold } = overrides;
  if (hold === null) return only(overrides);
  return {
    overrides: { ...overrides, hold: null },
    effects: [
      { type: 'journal', ty: 'hold-open.ended', x: { of: hold.of, why } },
      { type: 'hold-open-changed', untilMs: null },
      // What is left of the last pulse.
      { type: 'secure' },
    ],
  };
}

/** A pulse that would reach past the end of the hold is still one pulse, and the end secures it. */
function pulse(overrides: Overrides, atMs: MonoMs, releaseMs: number): OverrideStep {
  const { hold } = overrides;
  if (hold === null || atMs < hold.pulseAtMs) return only(overrides);
  const next = { ...hold, count: hold.count + 1, pulseAtMs: asMonoMs(atMs + renewalMs(releaseMs)) };
  return {
    overrides: { ...overrides, hold: next },
    effects: [{ type: 'pulse', of: hold.of, count: next.count }],
  };
}

/**
 * Takes one order, fire or tick. A deadline that has passed counts before the input that comes after it.
 * @param releaseMs length of one pulse of the lock
 * @see rules DM25 to DM32
 */
export function stepOverrides(overrides: Overrides, input: OverrideInput, releaseMs: number): OverrideStep {
  const { hold } = overrides;
  if (hold !== null && input.atMs >= hold.untilMs) {
    const ended = endHold(overrides, 'deadline');
    const next = stepOverrides(ended.overrides, input, releaseMs);
    return { overrides: next.overrides, effects: [...ended.effects, ...next.effects] };
  }
  switch (input.type) {
    case 'lockdown-started': {
      const { of, allow } = input;
      const ended = endHold(overrides, 'lockdown');
      return {
        overrides: { ...ended.overrides, lockdown: { of, allow } },
        // Whatever was released a moment ago is not any more.
        effects: hold === null ? [{ type: 'secure' }] : ended.effects,
      };
    }
    case 'lockdown-ended':
      return only({ ...overrides, lockdown: null });
    case 'hold-started': {
      if (overrides.lockdown !== null) return only(overrides);
      const { of, atMs } = input;
      const untilMs = asMonoMs(atMs + Math.min(input.forMs, MAX_HOLD_OPEN_MS));
      const begun = { ...overrides, hold: { of, untilMs, pulseAtMs: atMs, count: 0 } };
      const first = pulse(begun, atMs, releaseMs);
      return {
        overrides: first.overrides,
        effects: [
          ...(hold === null
            ? []
            : [{ type: 'journal', ty: 'hold-open.ended', x: { of: hold.of, why: 'order' } } as const]),
          { type: 'hold-open-changed', untilMs },
          ...first.effects,
        ],
      };
    }
    case 'hold-ended':
      return endHold(overrides, 'order');
    case 'fire-changed':
      return input.isActive === overrides.isFire
        ? only(overrides)
        : {
            overrides: { ...overrides, isFire: input.isActive },
            effects: [{ type: 'journal', ty: input.isActive ? 'fire.active' : 'fire.cleared', x: {} }],
          };
    case 'tick':
      return pulse(overrides, input.atMs, releaseMs);
  }
}

/** When the next tick is wanted; null where nothing runs. */
export const nextOverrideMs = ({ hold }: Overrides): MonoMs | null =>
  hold === null ? null : asMonoMs(Math.min(hold.untilMs, hold.pulseAtMs));

/** Why an order to open is not obeyed; null where it is. @see rule DM30 */
export function refusalOf(
  { lockdown }: Overrides,
  isNeighbourShut: boolean,
  by: string,
): 'lockdown' | 'interlock' | null {
  if (lockdown !== null && !lockdown.allow.includes(by)) return 'lockdown';
  return isNeighbourShut ? null : 'interlock';
}

/** A record of a door that says what was ordered or what burned. */
export interface OverrideRecord {
  readonly ty: EventType;
  readonly sq: number;
}

/**
 * Rebuilds what survives a restart from what was recorded, oldest first: lockdown and fire do, a hold does not,
 * because its pulses ended with the program.
 * @param allowOf who may come in during the lockdown that a record began
 * @returns the hold that the restart ended, to be recorded
 */
export function replayOverrides(
  records: readonly OverrideRecord[],
  allowOf: (sq: number) => readonly string[],
): { readonly overrides: Overrides; readonly endedHold: number | null } {
  let overrides = NO_OVERRIDES;
  let endedHold: number | null = null;
  for (const { ty, sq } of records) {
    if (ty === 'lockdown.started') overrides = { ...overrides, lockdown: { of: sq, allow: allowOf(sq) } };
    else if (ty === 'lockdown.ended') overrides = { ...overrides, lockdown: null };
    else if (ty === 'fire.active') overrides = { ...overrides, isFire: true };
    else if (ty === 'fire.cleared') overrides = { ...overrides, isFire: false };
    else if (ty === 'hold-open.started') endedHold = sq;
    else if (ty === 'hold-open.ended') endedHold = null;
  }
  return { overrides, endedHold };
}
