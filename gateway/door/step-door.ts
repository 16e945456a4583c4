import type { CanonicalValue } from '#contract/canonical';
import { asMonoMs, type MonoMs } from '#contract/clock';
import type { AccessOutcome, EventType } from '#contract/event';

/**
 * `open`, `held-open` and `forced` last until the leaf is seen closed; `unknown` is neither open nor closed.
 */
export const DOOR_MODES = ['closed', 'open', 'held-open', 'forced', 'unknown'] as const;

/** What the door is doing. */
export type DoorMode = (typeof DOOR_MODES)[number];

/** Why the lock was released. */
export type ReleaseCause = 'granted' | 'exit' | 'exit-button' | 'operator' | 'hold-open';

/** Until `untilMs` an opening is explained by this. */
interface Release {
  /** `unknown` and `fire` for the bounce of a closing door that opened so. */
  readonly cause: ReleaseCause | 'unknown' | 'fire';
  /** Number of the journal record that allowed it; null for the exit button, fire and an exit without record. */
  readonly of: number | null;
  readonly untilMs: MonoMs;
  /** A grant whose outcome is still open. */
  readonly isWaiting: boolean;
  /** The contact could not be trusted for all of the time that the grant waited. */
  readonly isUnsure: boolean;
  /** A closing leaf left it behind. */
  readonly isBounce?: true;
}

/** All that is known of a door. */
export interface DoorState {
  readonly mode: DoorMode;
  readonly contact: 'closed' | 'open' | 'unknown';
  /** The last thing seen before the contact was lost; null before the first. */
  readonly lastSeen: 'closed' | 'open' | null;
  readonly lock: 'released' | 'secured' | 'fault' | 'unknown';
  /** Newest last. Their common deadline is the latest of them, so it is extended and never shortened. */
  readonly releases: readonly Release[];
  /** What explained the opening that still lasts. */
  readonly openedBy: Pick<Release, 'cause' | 'of'> | null;
  /** When the leaf has been open for too long. */
  readonly heldAtMs: MonoMs | null;
  /** When whoever stands there is warned of that; null once they are, and where nothing is open. */
  readonly warnAtMs: MonoMs | null;
  /** Until then somebody in charge wants the leaf open: being open for long counts from there. */
  readonly heldUntilMs: MonoMs | null;
  /** Somebody in charge knows of the alarm, which stands all the same until the leaf is closed. */
  readonly isAcknowledged: boolean;
  /** Whoever opens the door during a fire breaks in nowhere. */
  readonly isFire: boolean;
}

/** What a door is before anything was heard: nobody may take it for closed. */
export const UNKNOWN_DOOR: DoorState = {
  mode: 'unknown',
  contact: 'unknown',
  lastSeen: null,
  lock: 'unknown',
  releases: [],
  openedBy: null,
  heldAtMs: null,
  warnAtMs: null,
  heldUntilMs: null,
  isAcknowledged: false,
  isFire: false,
};

/** What happens to a door; `isInitial` marks a level that was found, not an edge that was seen. */
export type DoorInput = { readonly atMs: MonoMs } & (
  | { readonly type: 'contact-closed'; readonly isInitial: boolean }
  | { readonly type: 'contact-open'; readonly isInitial: boolean }
  | { readonly type: 'contact-unknown'; readonly why: string }
  | {
      readonly type: 'released';
      readonly cause: Exclude<ReleaseCause, 'exit-button'>;
      /** Null for an exit that could not be recorded. */
      readonly of: number | null;
      readonly untilMs: MonoMs;
    }
  | { readonly type: 'release-refused'; readonly of: number }
  | { readonly type: 'exit-button-pressed'; readonly untilMs: MonoMs }
  | { readonly type: 'lock-reported'; readonly lock: 'released' | 'secured' | 'fault' }
  /** The door is held open until then, or no more. */
  | { readonly type: 'hold-open-changed'; readonly untilMs: MonoMs | null }
  | { readonly type: 'fire-changed'; readonly isActive: boolean }
  /** `of` is the number of the record that says who. */
  | { readonly type: 'alarm-acknowledged'; readonly of: number }
  | { readonly type: 'tick' }
);

/** What is to be done, in order. */
export type DoorEffect =
  | {
      readonly type: 'journal';
      readonly ty: EventType;
      readonly x: Readonly<Record<string, CanonicalValue>>;
    }
  | { readonly type: 'outcome'; readonly of: number; readonly outcome: AccessOutcome }
  /** The leaf is open: the lock need not stay released for a second person. */
  | { readonly type: 'relock' };

export interface DoorSettings {
  /** How long the leaf may stay open. */
  readonly heldOpenMs: number;
  /** Whether the lock is secured as soon as the leaf is open, or left to the end of its pulse. */
  readonly relock: 'on-open' | 'on-time-out';
}

interface Step {
  readonly state: DoorState;
  readonly effects: readonly DoorEffect[];
}

/** A contact chatters for about this long when the leaf falls shut. */
export const BOUNCE_MS = 500;

/** More grants than these waiting on one opening are settled as unknown. */
export const MAX_WAITING = 8;

type Act<I> = (state: DoorState, input: I, settings: DoorSettings) => Step;
type Cell<I> = Act<I> | 'stay';
type InputOf<T extends DoorInput['type']> = Extract<DoorInput, { readonly type: T }>;
type Table = {
  readonly [M in DoorMode]: { readonly [T in DoorInput['type']]: Cell<InputOf<T>> };
};

/** The deadlines of a leaf that stands open from a moment on: the warning comes at two thirds. */
const holdFrom = (
  atMs: MonoMs,
  { heldOpenMs }: DoorSettings,
  heldUntilMs: MonoMs | null,
): Pick<DoorState, 'heldAtMs' | 'warnAtMs'> => {
  const fromMs = Math.max(atMs, heldUntilMs ?? atMs);
  return {
    heldAtMs: asMonoMs(fromMs + heldOpenMs),
    warnAtMs: asMonoMs(fromMs + Math.floor((heldOpenMs * 2) / 3)),
  };
};

const only = (state: DoorState): Step => ({ state, effects: [] });
const journal = (ty: EventType, x: Readonly<Record<string, CanonicalValue>> = {}): DoorEffect => ({
  type: 'journal',
  ty,
  x,
});
const markInitial = (isInitial: boolean): Record<string, CanonicalValue> => (isInitial ? { isInitial } : {});
const ofRecord = (of: number | null): Record<string, CanonicalValue> => (of === null ? {} : { of });

/** The common deadline of what was released, or null. */
const deadlineOf = (releases: readonly Release[]): MonoMs | null =>
  releases.length === 0 ? null : asMonoMs(Math.max(...releases.map(({ untilMs }) => untilMs)));

const allUnsure = (releases: readonly Release[]): readonly Release[] =>
  releases.map((release) => ({ ...release, isUnsure: true }));

/** Settles what waits; `outcomeOf` tells each its end. */
function settle(
  releases: readonly Release[],
  outcomeOf: (release: Release) => AccessOutcome,
): { readonly releases: readonly Release[]; readonly effects: readonly DoorEffect[] } {
  return {
    releases: releases.map((release) => ({ ...release, isWaiting: false })),
    effects: releases.flatMap((release): readonly DoorEffect[] =>
      release.isWaiting && release.of !== null
        ? [{ type: 'outcome', of: release.of, outcome: outcomeOf(release) }]
        : [],
    ),
  };
}

function add(state: DoorState, release: Release): Step {
  // One of each kind is enough for what no longer waits, or a flood of presses would grow the list for ever.
  const kept = state.releases.filter((each) => each.isWaiting || each.cause !== release.cause);
  const waiting = kept.filter((each) => each.isWaiting);
  const oldest = release.isWaiting && waiting.length >= MAX_WAITING ? waiting[0] : undefined;
  const effects: readonly DoorEffect[] =
    oldest === undefined || oldest.of === null
      ? []
      : [{ type: 'outcome', of: oldest.of, outcome: 'unknown' }];
  return {
    state: { ...state, releases: [...kept.filter((each) => each !== oldest), release] },
    effects,
  };
}

const releaseLock: Act<InputOf<'released'>> = (state, { cause, of, untilMs }) =>
  add(state, {
    cause,
    of,
    untilMs,
    isWaiting: cause === 'granted',
    isUnsure: state.mode !== 'closed',
  });

const forgetRelease: Act<InputOf<'release-refused'>> = (state, { of }) => {
  const refused = state.releases.filter((release) => release.of === of);
  const { effects } = settle(refused, () => (state.mode === 'closed' ? 'no-entry' : 'unknown'));
  return { state: { ...state, releases: state.releases.filter((each) => each.of !== of) }, effects };
};

const pressExitButton: Act<InputOf<'exit-button-pressed'>> = (state, { untilMs }) => {
  const release: Release = { cause: 'exit-button', of: null, untilMs, isWaiting: false, isUnsure: false };
  const added = add(state, release);
  return { state: added.state, effects: [journal('exit-button.pressed'), ...added.effects] };
};

const reportLock: Act<InputOf<'lock-reported'>> = (state, { lock }) => {
  if (lock === state.lock) return only(state);
  const of = lock === 'released' ? (state.releases.at(-1)?.of ?? null) : null;
  return { state: { ...state, lock }, effects: [journal(`lock.${lock}`, ofRecord(of))] };
};

/** Leaving by the button is the hardware's affair alone, and a door that is held open stays released. */
const NEVER_RELOCKED: ReadonlySet<Release['cause']> = new Set(['exit-button', 'hold-open']);

/** An opening that was seen, from a door that was known to be closed. */
const openSeen: Act<InputOf<'contact-open'>> = (state, { atMs, isInitial }, settings) => {
  if (isInitial) return openFound(state, { type: 'contact-open', atMs, isInitial }, settings);
  const open = { ...state, contact: 'open', lastSeen: 'open' } as const;
  const latest = state.releases.at(-1);
  if (latest === undefined && state.isFire) {
    return {
      state: {
        ...open,
        mode: 'open',
        openedBy: { cause: 'fire', of: null },
        ...holdFrom(atMs, settings, state.heldUntilMs),
      },
      effects: [journal('door.opened', { cause: 'fire' })],
    };
  }
  if (latest === undefined) {
    return { state: { ...open, mode: 'forced', openedBy: null }, effects: [journal('door.forced')] };
  }
  const { releases, effects } = settle(state.releases, (release) =>
    release === latest ? 'entered' : 'unknown',
  );
  const mayRelock =
    settings.relock === 'on-open' &&
    !state.isFire &&
    latest.cause !== 'unknown' &&
    latest.cause !== 'fire' &&
    !state.releases.some(({ cause }) => NEVER_RELOCKED.has(cause));
  const openedBy = { cause: latest.cause, of: latest.of };
  return {
    state: { ...open, mode: 'open', releases, openedBy, ...holdFrom(atMs, settings, state.heldUntilMs) },
    effects: [
      journal('door.opened', { cause: latest.cause, ...ofRecord(latest.of) }),
      ...effects,
      ...(mayRelock ? [{ type: 'relock' } as const] : []),
    ],
  };
};

/** A leaf that is found open: when it opened, and for whom, nobody saw. */
const openFound: Act<InputOf<'contact-open'>> = (state, { atMs, isInitial }, settings) => ({
  state: {
    ...state,
    mode: 'open',
    contact: 'open',
    lastSeen: 'open',
    releases: allUnsure(state.releases),
    openedBy: { cause: 'unknown', of: null },
    ...(state.heldAtMs === null && holdFrom(atMs, settings, state.heldUntilMs)),
  },
  effects: [
    journal('door.opened', {
      cause: 'unknown',
      was: state.lastSeen ?? 'unknown',
      ...markInitial(isInitial),
    }),
  ],
});

const close: Act<InputOf<'contact-closed'>> = (state, { atMs, isInitial }) => {
  const { openedBy } = state;
  // In front, so that a real release stays the latest.
  const bounce: readonly Release[] =
    openedBy === null
      ? []
      : [
          {
            ...openedBy,
            untilMs: asMonoMs(atMs + BOUNCE_MS),
            isWaiting: false,
            isUnsure: false,
            isBounce: true,
          },
        ];
  return {
    state: {
      ...state,
      mode: 'closed',
      contact: 'closed',
      lastSeen: 'closed',
      // One is enough: a held door may open and close a hundred times before its releases end.
      releases: [...bounce, ...state.releases.filter(({ isBounce }) => isBounce !== true)],
      openedBy: null,
      heldAtMs: null,
      warnAtMs: null,
      isAcknowledged: false,
    },
    effects: [
      ...(state.mode === 'held-open' ? [journal('door.held-open-cleared')] : []),
      journal('door.closed', markInitial(isInitial)),
    ],
  };
};

const loseContact: Act<InputOf<'contact-unknown'>> = (state, { why }) => ({
  state: {
    ...state,
    mode: 'unknown',
    contact: 'unknown',
    releases: allUnsure(state.releases),
    openedBy: null,
  },
  effects: [journal('door.contact-unknown', { why })],
});

/** An alarm lasts until the leaf is seen closed, so losing sight of it changes only what is known. */
const loseContactInAlarm: Act<InputOf<'contact-unknown'>> = (state, { why }) =>
  state.contact === 'unknown'
    ? only(state)
    : {
        state: { ...state, contact: 'unknown', releases: allUnsure(state.releases) },
        effects: [journal('door.contact-unknown', { why })],
      };

const seeOpenInAlarm: Act<InputOf<'contact-open'>> = (state, { isInitial }) =>
  state.contact === 'open'
    ? only(state)
    : {
        state: { ...state, contact: 'open', lastSeen: 'open' },
        effects: [
          journal('door.opened', {
            cause: 'unknown',
            was: state.lastSeen ?? 'unknown',
            ...markInitial(isInitial),
          }),
        ],
      };

/** Ends the releases whose common deadline has come. */
const endReleases: Act<InputOf<'tick'>> = (state, { atMs }) => {
  const deadline = deadlineOf(state.releases);
  if (deadline === null || atMs < deadline) return only(state);
  const { effects } = settle(state.releases, ({ isUnsure }) =>
    state.mode === 'closed' && !isUnsure ? 'no-entry' : 'unknown',
  );
  return { state: { ...state, releases: [] }, effects };
};

const endReleasesAndHold: Act<InputOf<'tick'>> = (state, input, settings) => {
  const ended = endReleases(state, input, settings);
  const { heldAtMs, warnAtMs } = state;
  if (heldAtMs === null || input.atMs < heldAtMs) {
    const isWarned = warnAtMs !== null && input.atMs >= warnAtMs;
    return isWarned ? { ...ended, state: { ...ended.state, warnAtMs: null } } : ended;
  }
  return {
    state: { ...ended.state, mode: 'held-open', heldAtMs: null, warnAtMs: null },
    effects: [...ended.effects, journal('door.held-open', { afterMs: settings.heldOpenMs })],
  };
};

const changeHold: Act<InputOf<'hold-open-changed'>> = (state, { untilMs, atMs }, settings) => ({
  state: {
    ...state,
    heldUntilMs: untilMs,
    ...(state.heldAtMs !== null && holdFrom(atMs, settings, untilMs)),
  },
  effects: [],
});

/** What a fire input says is recorded by whoever hears it: one fire concerns many doors. */
const changeFire: Act<InputOf<'fire-changed'>> = (state, { isActive }) =>
  only({ ...state, isFire: isActive });

/** The alarm falls silent and stands: only a closed leaf ends it. */
const acknowledge: Act<InputOf<'alarm-acknowledged'>> = (state, { of }) =>
  state.isAcknowledged
    ? only(state)
    : {
        state: { ...state, isAcknowledged: true },
        effects: [journal('alarm.acknowledged', { of, cause: state.mode })],
      };

const always = {
  released: releaseLock,
  'release-refused': forgetRelease,
  'exit-button-pressed': pressExitButton,
  'lock-reported': reportLock,
  'hold-open-changed': changeHold,
  'fire-changed': changeFire,
} as const;

const TABLE: Table = {
  closed: {
    ...always,
    'alarm-acknowledged': 'stay',
    'contact-closed': 'stay',
    'contact-open': openSeen,
    'contact-unknown': loseContact,
    tick: endReleases,
  },
  open: {
    ...always,
    'alarm-acknowledged': 'stay',
    'contact-closed': close,
    'contact-open': 'stay',
    'contact-unknown': loseContact,
    tick: endReleasesAndHold,
  },
  'held-open': {
    ...always,
    'alarm-acknowledged': acknowledge,
    'contact-closed': close,
    'contact-open': seeOpenInAlarm,
    'contact-unknown': loseContactInAlarm,
    tick: endReleases,
  },
  forced: {
    ...always,
    'alarm-acknowledged': acknowledge,
    'contact-closed': close,
    'contact-open': seeOpenInAlarm,
    'contact-unknown': loseContactInAlarm,
    tick: endReleases,
  },
  unknown: {
    ...always,
    'alarm-acknowledged': 'stay',
    'contact-closed': close,
    'contact-open': openFound,
    'contact-unknown': 'stay',
    tick: endReleasesAndHold,
  },
};

function enter<T extends DoorInput['type']>(
  state: DoorState,
  input: InputOf<T>,
  settings: DoorSettings,
): Step {
  const cell = TABLE[state.mode][input.type as T] as Cell<InputOf<T>>;
  return cell === 'stay' ? only(state) : cell(state, input, settings);
}

/**
 * Takes one input into the door. Deadlines that have passed by then count first, however late their tick comes.
 * @see rules DM1 to DM31
 */
export function stepDoor(state: DoorState, input: DoorInput, settings: DoorSettings): Step {
  const due = enter<'tick'>(state, { type: 'tick', atMs: input.atMs }, settings);
  if (input.type === 'tick') return due;
  const next = enter(due.state, input, settings);
  return { state: next.state, effects: [...due.effects, ...next.effects] };
}

/** When the door wants its next tick; null where nothing runs. */
export function nextTickMs({ releases, heldAtMs, warnAtMs }: DoorState): MonoMs | null {
  const deadlines = [deadlineOf(releases), heldAtMs, warnAtMs].filter((at) => at !== null);
  return deadlines.length === 0 ? null : asMonoMs(Math.min(...deadlines));
}

/** Whether the lock may be secured now: neither what lets people out nor a fire is ever overruled. @see rule DM32 */
export const maySecure = ({ releases, isFire }: DoorState): boolean =>
  !isFire && !releases.some(({ cause }) => cause === 'exit-button' || cause === 'exit');

/** The alarm that a door raises. */
export const alarmOf = ({ mode }: DoorState): 'none' | 'forced' | 'held-open' =>
  mode === 'forced' || mode === 'held-open' ? mode : 'none';

/** Whether the readers show the alarm: not once somebody in charge knows of it. @see rule DM24 */
export const isAlarmShown = (state: DoorState): boolean => alarmOf(state) !== 'none' && !state.isAcknowledged;

/** Whether the leaf has been open for so long that the alarm is near; ends when it closes. @see rule DM16 */
export const isHeldSoon = ({ heldAtMs, warnAtMs }: DoorState): boolean =>
  heldAtMs !== null && warnAtMs === null;
