import { violationsOf, type Violation } from './violation.ts';

/** What happened at a door's journal and lock, in the order in which it happened. */
export type DoorStep =
  /** A record is durable. */
  | { readonly kind: 'durable'; readonly place: string; readonly ty: string; readonly isOutward: boolean }
  /** The lock was told to open. `place` names the record, null where nothing could be written. */
  | {
      readonly kind: 'pulse';
      readonly place: string | null;
      readonly isOutward: boolean;
      readonly isJournalWritable: boolean;
    };

/** What a pulse may rest on. */
const RIGHTS: readonly string[] = [
  'access.granted',
  'exit.recorded',
  'exit-button.pressed',
  'operator.command',
  'hold-open.started',
];

/** @see rule I1 */
export function checkI1(steps: readonly DoorStep[]): readonly Violation[] {
  const violation = violationsOf('I1');
  const durable = new Map<string, string>();
  return steps.flatMap((step) => {
    if (step.kind === 'durable') {
      durable.set(step.place, step.ty);
      return [];
    }
    if (step.place === null) {
      if (!step.isOutward) return [violation('pulse', 'somebody was let in without a record')];
      return step.isJournalWritable ? [violation('pulse', 'an exit went unrecorded without need')] : [];
    }
    const ty = durable.get(step.place);
    if (ty === undefined) return [violation(step.place, 'the lock opened before its record was durable')];
    return RIGHTS.includes(ty) ? [] : [violation(step.place, `the lock opened on a record of ${ty}`)];
  });
}

/** What must never fall, as it stood at one moment. */
export interface RatchetView {
  readonly rootV: number;
  readonly v: number;
  readonly mh: string;
  readonly floorMs: number;
}

/** @param states as they were, in order; @param where the gateway */
export function checkI7(where: string, states: readonly RatchetView[]): readonly Violation[] {
  const violation = violationsOf('I7');
  const named = new Map<string, string>();
  let before: RatchetView | null = null;
  return states.flatMap((now) => {
    const last = before;
    before = now;
    const key = `${now.rootV}/${now.v}`;
    const mh = named.get(key) ?? now.mh;
    named.set(key, mh);
    return [
      ...(last !== null && (now.rootV < last.rootV || (now.rootV === last.rootV && now.v < last.v))
        ? [violation(where, `orders fell from ${last.rootV}/${last.v} to ${key}`)]
        : []),
      ...(last !== null && now.floorMs < last.floorMs ? [violation(where, 'the time floor fell')] : []),
      ...(mh === now.mh ? [] : [violation(where, `two manifests under version ${key}`)]),
    ];
  });
}

/** A grant, with all that it needs to be judged again without the gateway. */
export interface GrantView {
  readonly place: string;
  readonly door: string;
  /** Between which moments it certainly was, ms since 1970; the later one may be Infinity. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Null where no permit of that name was ever signed. */
  readonly permit: {
    readonly cls: 'staff' | 'temp' | 'strict' | 'glass';
    readonly doors: readonly string[];
    readonly nbfMs: number;
    readonly expMs: number;
    readonly uses: number | null;
  } | null;
  /** The manifest that the record names lists it. */
  readonly isMember: boolean;
  /** Signed time of the last word of the server that had reached the gateway. */
  readonly asOfMs: number;
  /** Grants by the same permit before this one, on the same disk. */
  readonly usedBefore: number;
}

const HOUR_MS = 3_600_000;
/** How long a class outlives the last word of the server; from the manual, not from the gateway. */
const OUTLIVES_MS = {
  strict: 4 * HOUR_MS,
  temp: 72 * HOUR_MS,
  staff: 30 * 24 * HOUR_MS,
  glass: 45 * 24 * HOUR_MS,
} as const;

/** @see rule I8 */
export function checkI8(grants: readonly GrantView[]): readonly Violation[] {
  const violation = violationsOf('I8');
  return grants.flatMap(({ place, door, permit, isMember, fromMs, untilMs, asOfMs, usedBefore }) => {
    if (permit === null) return [violation(place, 'nobody signed such a permit')];
    const isLenient = permit.cls === 'staff' || permit.cls === 'glass';
    const latestMs = permit.cls === 'glass' && untilMs === Infinity ? fromMs : untilMs;
    const wrong: readonly (readonly [boolean, string])[] = [
      [!isMember, 'the manifest does not list it'],
      [!permit.doors.includes(door), 'it is for another door'],
      [fromMs < permit.nbfMs, 'it had not begun for sure'],
      [(isLenient ? fromMs : untilMs) >= permit.expMs, 'it had ended'],
      [latestMs - asOfMs > OUTLIVES_MS[permit.cls], 'the orders were too old for its class'],
      [permit.uses !== null && usedBefore >= permit.uses, 'it was used up'],
    ];
    return wrong.filter(([isWrong]) => isWrong).map(([, what]) => violation(place, what));
  });
}

/** The life of a right that was taken back, as a gateway saw it. */
export interface RevocationView {
  readonly place: string;
  /** True where word of its end had reached the gateway. */
  readonly isDelivered: boolean;
  readonly cls: 'staff' | 'temp' | 'strict' | 'glass';
  /** When it really was, ms since 1970, and how old the gateway's orders really were. */
  readonly grantedMs: number;
  readonly asOfMs: number;
  /** By how much the gateway's certain time may be off, ms. */
  readonly doubtMs: number;
}

/** @param grants those by rights that had been taken back when they were given */
export function checkI9(grants: readonly RevocationView[]): readonly Violation[] {
  const violation = violationsOf('I9');
  return grants.flatMap(({ place, isDelivered, cls, grantedMs, asOfMs, doubtMs }) => {
    if (isDelivered) return [violation(place, 'its end had been delivered')];
    const isOver = grantedMs - asOfMs > OUTLIVES_MS[cls] + doubtMs;
    return isOver ? [violation(place, 'no word had come for longer than its class allows')] : [];
  });
}

/** What the lock was told, and when people left. */
export interface EgressView {
  readonly door: string;
  readonly commands: readonly { readonly kind: 'pulse' | 'secure'; readonly atMs: number }[];
  /** While these last, nothing may lock: the release of an exit button, a fire. */
  readonly leaving: readonly { readonly fromMs: number; readonly untilMs: number }[];
}

/** @see rule I13 */
export function checkI13({ door, commands, leaving }: EgressView): readonly Violation[] {
  const violation = violationsOf('I13');
  return commands
    .filter(({ kind, atMs }) => kind === 'secure' && leaving.some((w) => atMs > w.fromMs && atMs < w.untilMs))
    .map(({ atMs }) => violation(door, `it was locked at ${atMs} while somebody left`));
}
