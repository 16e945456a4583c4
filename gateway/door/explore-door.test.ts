import { describe, expect, it } from 'vitest';
import { asMonoMs } from '#contract/clock';
import {
  DOOR_MODES,
  UNKNOWN_DOOR,
  alarmOf,
  nextTickMs,
  stepDoor,
  type DoorEffect,
  type DoorInput,
  type DoorState,
} from './step-door.ts';

/** Half a second, the length of a bounce: all that lasts lasts a few of these, so that the model is finite. */
const UNIT_MS = 500;
const SETTINGS = { heldOpenMs: 3 * UNIT_MS, relock: 'on-open' } as const;
const WINDOW_MS = 2 * UNIT_MS;
const MOST_STATES = 60_000;

type Bare<I> = I extends unknown ? Omit<I, 'atMs'> : never;

const relative = (at: number | null, nowMs: number): number | null =>
  // What is past is past: how long ago makes no difference.
  at === null ? null : Math.max(at - nowMs, -1);

function shapeOf(state: DoorState, nowMs: number): string {
  return JSON.stringify({
    ...state,
    heldAtMs: relative(state.heldAtMs, nowMs),
    warnAtMs: relative(state.warnAtMs, nowMs),
    heldUntilMs: state.heldUntilMs !== null && state.heldUntilMs > nowMs ? state.heldUntilMs - nowMs : null,
    // They have one common deadline: how far each of them would reach alone makes no difference.
    releases: state.releases.map((each) => ({ ...each, untilMs: null })),
    deadline: relative(Math.max(0, ...state.releases.map(({ untilMs }) => untilMs)), nowMs),
  });
}

type Kind = 'granted' | 'operator' | 'hold-open' | 'exit-button';
const KINDS: readonly Kind[] = ['granted', 'operator', 'hold-open', 'exit-button'];
/** Two kinds of releases meet in every order; with all four at once the orders alone are tens of thousands. */
const PAIRS = KINDS.flatMap((first, index) =>
  KINDS.slice(index + 1).map((second) => [first, second] as const),
);

/** All that can happen at a moment: record 1 stands for all grants, 3 for all orders, 4 for all holds. */
function inputsOf(state: DoorState, nowMs: number, kinds: readonly Kind[]): readonly Bare<DoorInput>[] {
  const untilMs = asMonoMs(nowMs + WINDOW_MS);
  const isWaiting = state.releases.some((release) => release.isWaiting);
  const byKind: Readonly<Record<Kind, readonly Bare<DoorInput>[]>> = {
    granted: [
      ...(isWaiting ? [] : [{ type: 'released', cause: 'granted', of: 1, untilMs } as const]),
      { type: 'release-refused', of: 1 },
    ],
    operator: [{ type: 'released', cause: 'operator', of: 3, untilMs }],
    'hold-open': [
      { type: 'released', cause: 'hold-open', of: 4, untilMs },
      { type: 'hold-open-changed', untilMs },
      { type: 'hold-open-changed', untilMs: null },
    ],
    'exit-button': [{ type: 'exit-button-pressed', untilMs }],
  };
  return [
    { type: 'contact-open', isInitial: false },
    { type: 'contact-open', isInitial: true },
    { type: 'contact-closed', isInitial: false },
    { type: 'contact-unknown', why: 'silent' },
    { type: 'tick' },
    { type: 'fire-changed', isActive: !state.isFire },
    { type: 'alarm-acknowledged', of: 9 },
    ...kinds.flatMap((kind) => byKind[kind]),
  ];
}

interface Transition {
  readonly before: DoorState;
  readonly input: DoorInput;
  readonly after: DoorState;
  readonly effects: readonly DoorEffect[];
}

/** Every state that can be reached in this model, and every step out of each. */
function explore(
  kinds: readonly Kind[],
  visit: (transition: Transition) => void,
): { states: number; modes: Set<string> } {
  const seen = new Set([shapeOf(UNKNOWN_DOOR, 0)]);
  const modes = new Set<string>([UNKNOWN_DOOR.mode]);
  let frontier = [{ state: UNKNOWN_DOOR, nowMs: 0 }];
  while (frontier.length > 0) {
    const next: typeof frontier = [];
    for (const { state, nowMs } of frontier) {
      for (const atMs of [nowMs, nowMs + UNIT_MS]) {
        for (const bare of inputsOf(state, atMs, kinds)) {
          const input = { ...bare, atMs: asMonoMs(atMs) } as DoorInput;
          const step = stepDoor(state, input, SETTINGS);
          visit({ before: state, input, after: step.state, effects: step.effects });
          modes.add(step.state.mode);
          const shape = shapeOf(step.state, atMs);
          if (seen.has(shape)) continue;
          seen.add(shape);
          if (seen.size > MOST_STATES) throw new Error(`the states have no end: ${shape}`);
          next.push({ state: step.state, nowMs: atMs });
        }
      }
    }
    frontier = next;
  }
  return { states: seen.size, modes };
}

describe('all states of the door', () => {
  it.each(PAIRS)(
    'DM21, DM22, DM23, DM24: the invariants hold in each of them, with %s and %s',
    (...kinds) => {
      let steps = 0;
      const fail = (what: string, transition: Transition): never => {
        throw new Error(`${what}: ${JSON.stringify(transition)}`);
      };
      const found = explore(kinds, (transition) => {
        steps += 1;
        const { before, input, after, effects } = transition;
        const hasRecord = (ty: string): boolean =>
          effects.some((effect) => effect.type === 'journal' && effect.ty === ty);
        // Releases have one common deadline, the latest of them.
        const live = before.releases.some(({ untilMs }) => untilMs > input.atMs) ? before.releases : [];

        // The alarm: only a closed leaf ends it, whoever knows of it.
        if (alarmOf(before) !== 'none' && alarmOf(after) !== alarmOf(before)) {
          if (input.type !== 'contact-closed')
            fail('an alarm ended while the leaf was not seen closed', transition);
        }
        if (before.isAcknowledged && !after.isAcknowledged && after.mode !== 'closed') {
          fail('an acknowledgement was lost', transition);
        }
        if (after.isAcknowledged && alarmOf(after) === 'none') fail('nothing was acknowledged', transition);

        // I13: the only order to the lock is to end a release of ours, and never one that lets people out.
        for (const effect of effects) {
          if (effect.type !== 'relock') continue;
          if (live.some(({ cause }) => cause === 'exit-button')) fail('the button was overruled', transition);
          if (before.isFire) fail('relocked in a fire', transition);
          if (live.some(({ cause }) => cause === 'hold-open')) fail('a held door was relocked', transition);
          if (!live.some(({ cause }) => cause === 'granted' || cause === 'operator')) {
            fail('relocked what was not released', transition);
          }
        }

        // I1: an opening is never silent: it is explained by a release whose record is named, or told as what it is.
        if (before.contact !== 'open' && after.contact === 'open') {
          if (!hasRecord('door.opened') && !hasRecord('door.forced')) fail('a silent opening', transition);
        }
        for (const effect of effects) {
          if (effect.type !== 'journal' || effect.ty !== 'door.opened') continue;
          const cause = effect.x['cause'];
          const isReleased =
            typeof cause === 'string' && ['granted', 'operator', 'hold-open'].includes(cause);
          if (isReleased && !before.releases.some(({ of }) => of === effect.x['of'])) {
            fail('explained by a release that was not', transition);
          }
        }
        if (hasRecord('door.forced') && (before.isFire || live.length > 0))
          fail('explained, yet forced', transition);

        // I9: what has ended, or was refused, explains nothing any more.
        if (effects.some((effect) => effect.type === 'outcome' && effect.outcome === 'entered')) {
          if (!live.some(({ of }) => of === 1)) fail('an entry after its release was over', transition);
        }

        // I10: deadlines lie ahead, and a common one is never shortened by what is added.
        const due = nextTickMs(after);
        if (input.type === 'tick' && due !== null && due <= input.atMs)
          fail('a deadline in the past', transition);
        if (input.type === 'released' && live.length > 0) {
          const last = (of: DoorState): number => Math.max(...of.releases.map(({ untilMs }) => untilMs));
          if (last(after) < Math.max(...live.map(({ untilMs }) => untilMs))) fail('shortened', transition);
        }
      });
      expect(found.modes).toEqual(new Set(DOOR_MODES));
      // The whole of it, and not a corner.
      expect(found.states).toBeGreaterThan(3000);
      expect(steps).toBeGreaterThan(50_000);
    },
  );
});
