import { asEpochMs, type ClockTrust, type EpochMs, type TimeInterval } from '#contract/clock';
import type { DenyReason } from '#contract/event';
import { permitAllows, type PermitClass, type PermitLimit } from '#contract/permit';
import type { DirectoryClaims } from '#contract/policy';
import type { VerifiedPermit } from './verified-permit.ts';

/** What the directory says of a card. */
export type CredentialEntry = Readonly<DirectoryClaims['creds'][number]>;

/** How long a class of permits outlives the last word of the server, in ms. */
export interface ClassLimit {
  /** From then on each grant says that it rests on old orders; null where there is no such time. */
  readonly softMs: number | null;
  readonly hardMs: number;
}

/** The orders that are in force. */
export interface PolicyAge {
  /** Signed time of the last accepted heartbeat. */
  readonly asOf: EpochMs;
  /** When the manifest ends, whatever else it says. */
  readonly endsAt: EpochMs;
  /** What officials and server set; CLASS_LIMITS where they did not. */
  readonly limits?: Readonly<Record<PermitClass, ClassLimit>>;
}

/** What the room means to the person; counted by `gateway/presence`. */
export interface RoomFacts {
  /** `hard` refuses who is known to be inside, `soft` lets in and says so. */
  readonly antiPassback: 'off' | 'soft' | 'hard';
  readonly isInside: boolean;
  /** How many others are inside, may be, were let in a moment ago, or come in together with this one. */
  readonly others: number;
  /** Nobody else is known to be inside: neither who may be, nor who was let in and has not opened. */
  readonly isEmpty: boolean;
  /** How many may be inside; null where nobody set a limit. */
  readonly capacity: number | null;
  /** Persons who are known to be inside, were let in a moment ago, or stand at the door with this one. */
  readonly company: ReadonlySet<string>;
  /** In a fire nobody is kept in or out for having passed twice. */
  readonly isFire: boolean;
}

/** What people in charge have made of the door. */
export interface OverrideFacts {
  /** Null where there is no lockdown. */
  readonly lockdown: { readonly allow: readonly string[] } | null;
  /** Null where no other door is interlocked with this one. */
  readonly isNeighbourShut: boolean | null;
}

/** What was keyed in beside the card. */
export type PinFact = 'not-wanted' | 'missing' | 'wrong' | 'right';

/** Everything that a decision looks at: the same facts give the same answer, today and in a replay. */
export interface Facts {
  readonly door: string;
  /** The best guess of the time; `time` says how good it is. */
  readonly now: EpochMs;
  readonly time: TimeInterval;
  readonly clockTrust: ClockTrust;
  readonly isJournalWritable: boolean;
  readonly presentation: {
    readonly ageMs: number;
    /** False where the reader was not known to be online when it read the card: then it may have kept it. */
    readonly isReaderOnline: boolean;
  };
  /** The reader or the card was tried wrongly too often. */
  readonly isLockedOut: boolean;
  /** Null where no policy was ever accepted. */
  readonly policy: PolicyAge | null;
  /** Null where the directory does not know the card. */
  readonly credential: CredentialEntry | null;
  /** True for a visit code that has let its guest in already. */
  readonly isCodeUsed: boolean;
  readonly pin: PinFact;
  /** The permits that name this card; members of the manifest in force. */
  readonly permits: readonly VerifiedPermit[];
  /** A notice of the issuer takes this right away, whatever the manifest says. */
  isDenied(permit: VerifiedPermit): boolean;
  /** Granted entries so far by permit. */
  usesOf(jti: string): number;
  /** Days of the site on which weekly hours do not count. */
  readonly holidays: readonly string[];
  readonly person: {
    /** Every SOP text that the site asks for was acknowledged. */
    readonly hasAcknowledged: boolean;
    readonly hasOpenEquipment: boolean;
  };
  readonly overrides: OverrideFacts;
  readonly room: RoomFacts;
  /** The two-person rule of the door. */
  readonly isTwoPersonDoor: boolean;
  /** Another person with a right of their own presents a card together with this one. */
  readonly hasSecondPerson: boolean;
}

/** The answer, with the deny reasons that were looked into, in order; the last one is the reason of a denial. */
export type Decision =
  | {
      readonly kind: 'granted';
      readonly permit: VerifiedPermit;
      readonly checked: readonly DenyReason[];
      /** The person is known to be inside already, and the door only notes that. */
      readonly isPassedBack: boolean;
      /** The clock is too unsure to say that the permit has not ended. */
      readonly isMaybeExpired: boolean;
      /** The orders are older than the class would like. */
      readonly isStale: boolean;
    }
  | {
      readonly kind: 'denied';
      readonly reason: DenyReason;
      readonly checked: readonly DenyReason[];
      /** The permit that came furthest; null where none was looked at. */
      readonly permit: VerifiedPermit | null;
    };

/** Oldest presentation that may still open a door: after that nobody may be standing there. */
export const MAX_PRESENTATION_AGE_MS = 3000;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** How long each class of permits outlives the last word of the server. @see rule D13 */
export const CLASS_LIMITS: Readonly<Record<PermitClass, ClassLimit>> = {
  strict: { softMs: null, hardMs: 4 * HOUR_MS },
  temp: { softMs: null, hardMs: 72 * HOUR_MS },
  staff: { softMs: 14 * DAY_MS, hardMs: 30 * DAY_MS },
  glass: { softMs: null, hardMs: 45 * DAY_MS },
};

const limitOf = (cls: PermitClass, { policy }: Facts): ClassLimit => (policy?.limits ?? CLASS_LIMITS)[cls];

/** Classes that a doubtful clock does not end: people who hold them have to get in on a bad day. @see rule D20 */
const OUTLIVES_DOUBT: Readonly<Record<PermitClass, boolean>> = {
  strict: false,
  temp: false,
  staff: true,
  glass: true,
};

/** A rule over the moment or the card: denies, or lets the next one speak. */
interface MomentRule {
  readonly id: string;
  readonly reason: DenyReason;
  /** What a door does not look into is not said to have been looked into. */
  applies?(facts: Facts): boolean;
  denies(facts: Facts): boolean;
}

/** A rule over permits: strikes out those that do not reach, and denies when none is left. */
interface PermitRule {
  readonly id: string;
  readonly reason: DenyReason;
  applies?(facts: Facts): boolean;
  keeps(permit: VerifiedPermit, facts: Facts): boolean;
}

/** A rule over the permit that reaches, its holder and the room, where the door has it at all. */
interface EntryRule {
  readonly id: string;
  readonly reason: DenyReason;
  applies(permit: VerifiedPermit, facts: Facts): boolean;
  denies(permit: VerifiedPermit, facts: Facts): boolean;
}

const isUnknownTime = ({ clockTrust }: Facts): boolean => clockTrust === 0;

/**
 * The latest that it may be. Without any anchor the break-glass class goes by the earliest: a lock that nobody can
 * open because a clock has stopped is worse than two people who are loudly let in.
 */
const latestFor = (cls: PermitClass, { time }: Facts): number =>
  cls === 'glass' && !Number.isFinite(time.hi) ? time.lo : time.hi;

const MOMENT_RULES: readonly MomentRule[] = [
  { id: 'D1', reason: 'journal-unavailable', denies: (facts) => !facts.isJournalWritable },
  {
    id: 'D2',
    reason: 'presentation-stale',
    denies: ({ presentation }) =>
      !presentation.isReaderOnline ||
      !(presentation.ageMs >= 0 && presentation.ageMs <= MAX_PRESENTATION_AGE_MS),
  },
  // Before the card is looked at: who tries and errs learns nothing while locked out.
  { id: 'D19', reason: 'locked-out', denies: (facts) => facts.isLockedOut },
  {
    id: 'D3',
    reason: 'clock-untrusted',
    denies: (facts) => isUnknownTime(facts) && !facts.permits.some(({ cls }) => cls === 'glass'),
  },
  // Before the card is looked up: a gateway without orders must not blame the card.
  {
    id: 'D4',
    reason: 'policy-stale',
    denies: ({ policy, time }) => policy === null || time.lo >= policy.endsAt,
  },
  { id: 'D5', reason: 'unknown-credential', denies: ({ credential }) => credential === null },
  { id: 'D6', reason: 'credential-suspended', denies: ({ credential }) => credential?.st === 'suspended' },
  {
    id: 'D7',
    reason: 'credential-expired',
    denies: ({ credential, isCodeUsed, time }) =>
      credential?.st !== 'active' ||
      isCodeUsed ||
      (credential.exp !== undefined && time.hi >= credential.exp * 1000),
  },
  // After the card, because only a card that counts has a PIN; before the permits, because who has found a card
  // learns nothing of them.
  {
    id: 'D21',
    reason: 'pin-required',
    applies: ({ pin }) => pin !== 'not-wanted',
    denies: ({ pin }) => pin === 'missing',
  },
  {
    id: 'D22',
    reason: 'wrong-pin',
    applies: ({ pin }) => pin !== 'not-wanted',
    denies: ({ pin }) => pin === 'wrong',
  },
];

const isWithin =
  (limit: PermitLimit) =>
  (permit: VerifiedPermit, { door, now, holidays }: Facts): boolean =>
    // Without its begin and end, which rules of their own have judged from the interval: a permit whose end is in
    // doubt keeps its hours.
    permitAllows({ ...permit, nbf: 0, exp: Number.MAX_SAFE_INTEGER }, door, now, holidays) !== limit;

// Each rule sees only the permits that passed the ones before it, so a permit that allows is always found, and a
// denial names what stopped the permit that came furthest. `expired` stands before `not-yet-valid`: of
// yesterday's permit and tomorrow's, tomorrow's is the one worth telling about.
const PERMIT_RULES: readonly PermitRule[] = [
  {
    id: 'D8',
    reason: 'no-permit',
    keeps: (permit, { credential }) =>
      permit.sub === credential?.sub && permit.cred.includes(credential.cred),
  },
  { id: 'D23', reason: 'denied-by-notice', keeps: (permit, facts) => !facts.isDenied(permit) },
  // Without a clock only the class for that day is left.
  {
    id: 'D24',
    reason: 'clock-untrusted',
    applies: isUnknownTime,
    keeps: ({ cls }) => cls === 'glass',
  },
  { id: 'D9', reason: 'wrong-door', keeps: isWithin('wrong-door') },
  {
    id: 'D10',
    reason: 'expired',
    keeps: (permit, { time }) =>
      OUTLIVES_DOUBT[permit.cls] ? time.lo < permit.exp * 1000 : time.hi < permit.exp * 1000,
  },
  {
    id: 'D25',
    reason: 'expired',
    applies: ({ permits }) => permits.some(({ uses }) => uses !== undefined),
    keeps: ({ uses, jti }, facts) => uses === undefined || facts.usesOf(jti) < uses,
  },
  // Not in doubt either way: whoever comes too early can wait, and nobody is kept out of a duty by it.
  { id: 'D11', reason: 'not-yet-valid', keeps: ({ nbf }, { time }) => time.lo >= nbf * 1000 },
  { id: 'D12', reason: 'outside-hours', keeps: isWithin('outside-hours') },
  {
    id: 'D26',
    reason: 'holiday',
    applies: ({ holidays }) => holidays.length > 0,
    keeps: isWithin('holiday'),
  },
  {
    id: 'D13',
    reason: 'policy-stale',
    keeps: ({ cls }, facts) =>
      facts.policy !== null && latestFor(cls, facts) - facts.policy.asOf <= limitOf(cls, facts).hardMs,
  },
];

const headsOf = ({ heads }: VerifiedPermit): number => heads ?? 1;

/** Two people are wanted to enter a room in which one would be alone; for broken glass always. */
const needsSecond = (permit: VerifiedPermit, { isTwoPersonDoor, room }: Facts): boolean =>
  permit.cls === 'glass' || ((isTwoPersonDoor || permit.two === true) && room.isEmpty);

// After the permits: only who may come in at all learns anything of the house. Who is inside already takes no
// second place, so that is told before the room is called full.
const ENTRY_RULES: readonly EntryRule[] = [
  {
    id: 'D27',
    reason: 'sop-not-acknowledged',
    // In an emergency nobody is sent away to read.
    applies: ({ cls }) => cls !== 'glass',
    denies: (_, { person }) => !person.hasAcknowledged,
  },
  {
    id: 'D28',
    reason: 'equipment-open',
    applies: ({ cls }) => cls !== 'glass',
    denies: (_, { person }) => person.hasOpenEquipment,
  },
  {
    id: 'D29',
    reason: 'lockdown',
    applies: (_, { overrides }) => overrides.lockdown !== null,
    denies: ({ sub }, { overrides }) => overrides.lockdown?.allow.includes(sub) === false,
  },
  {
    id: 'D30',
    reason: 'interlock',
    applies: (_, { overrides }) => overrides.isNeighbourShut !== null,
    denies: (_, { overrides }) => overrides.isNeighbourShut === false,
  },
  {
    id: 'D16',
    reason: 'already-inside',
    applies: (_, { room }) => room.antiPassback === 'hard' && !room.isFire,
    denies: (_, { room }) => room.isInside,
  },
  {
    id: 'D17',
    reason: 'room-full',
    applies: (_, { room }) => room.capacity !== null,
    denies: (permit, { room }) => room.capacity !== null && room.others + headsOf(permit) > room.capacity,
  },
  {
    id: 'D31',
    reason: 'escort-required',
    applies: ({ esc }) => esc !== undefined,
    denies: ({ esc = [] }, { room }) => !esc.some((sub) => room.company.has(sub)),
  },
  {
    id: 'D32',
    reason: 'second-person-required',
    applies: needsSecond,
    denies: (_, { hasSecondPerson }) => !hasSecondPerson,
  },
];

/** The rules in the order in which they speak. */
export const RULES: readonly { readonly id: string; readonly reason: DenyReason }[] = [
  ...MOMENT_RULES,
  ...PERMIT_RULES,
  ...ENTRY_RULES,
];

/**
 * Decides whether a card opens a door. The first rule that denies ends it; a grant needs every rule.
 * @see rules D1 to D33
 */
export function decide(facts: Facts): Decision {
  const checked: DenyReason[] = [];
  for (const rule of MOMENT_RULES) {
    if (rule.applies?.(facts) === false) continue;
    const { reason } = rule;
    checked.push(reason);
    if (rule.denies(facts)) return { kind: 'denied', reason, checked, permit: null };
  }
  // The longest first, then by name: of several that allow, a replay names the same one.
  let left = [...facts.permits].sort((a, b) => b.exp - a.exp || (a.jti < b.jti ? -1 : 1));
  let furthest: VerifiedPermit | null = null;
  for (const rule of PERMIT_RULES) {
    if (rule.applies?.(facts) === false) continue;
    const { reason } = rule;
    checked.push(reason);
    left = left.filter((permit) => rule.keeps(permit, facts));
    const [best] = left;
    if (best === undefined) return { kind: 'denied', reason, checked, permit: furthest };
    furthest = best;
  }
  if (furthest === null) throw new Error('no rule looked at the permits');
  for (const rule of ENTRY_RULES) {
    if (!rule.applies(furthest, facts)) continue;
    const { reason } = rule;
    checked.push(reason);
    if (rule.denies(furthest, facts)) return { kind: 'denied', reason, checked, permit: furthest };
  }
  const { room, policy, time } = facts;
  const { softMs } = limitOf(furthest.cls, facts);
  const ageMs = latestFor(furthest.cls, facts) - (policy?.asOf ?? asEpochMs(0));
  return {
    kind: 'granted',
    permit: furthest,
    checked,
    isPassedBack: room.antiPassback === 'soft' && room.isInside,
    isMaybeExpired: time.hi >= furthest.exp * 1000,
    isStale: softMs !== null && ageMs > softMs,
  };
}
