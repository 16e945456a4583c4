import type { ClockTrust, EpochMs } from '#contract/clock';
import type { DenyReason } from '#contract/event';
import { permitAllows, type PermitClass, type PermitLimit } from '#contract/permit';
import type { DirectoryClaims } from '#contract/policy';
import type { VerifiedPermit } from './verified-permit.ts';

/** What the directory says of a card. */
export type CredentialEntry = Readonly<DirectoryClaims['creds'][number]>;

/** The orders that are in force. */
export interface PolicyAge {
  /** Signed time of the last accepted heartbeat. */
  readonly asOf: EpochMs;
  /** When the manifest ends, whatever else it says. */
  readonly endsAt: EpochMs;
}

/** What the room means to the person; counted by `gateway/presence`. */
export interface RoomFacts {
  /** `hard` refuses who is known to be inside, `soft` lets in and says so. */
  readonly antiPassback: 'off' | 'soft' | 'hard';
  readonly isInside: boolean;
  /** How many others are inside, may be, or were let in a moment ago. */
  readonly others: number;
  /** How many may be inside; null where nobody set a limit. */
  readonly capacity: number | null;
}

/** Everything that a decision looks at: the same facts give the same answer, today and in a replay. */
export interface Facts {
  readonly door: string;
  readonly now: EpochMs;
  readonly clockTrust: ClockTrust;
  readonly isJournalWritable: boolean;
  readonly presentation: {
    readonly ageMs: number;
    /** False where the reader was not known to be online when it read the card: then it may have kept it. */
    readonly isReaderOnline: boolean;
  };
  /** Null where no policy was ever accepted. */
  readonly policy: PolicyAge | null;
  /** Null where the directory does not know the card. */
  readonly credential: CredentialEntry | null;
  /** The permits that name this card; members of the manifest in force. */
  readonly permits: readonly VerifiedPermit[];
  readonly room: RoomFacts;
}

/** The answer, with the deny reasons that were looked into, in order; the last one is the reason of a denial. */
export type Decision =
  | {
      readonly kind: 'granted';
      readonly permit: VerifiedPermit;
      readonly checked: readonly DenyReason[];
      /** The person is known to be inside already, and the door only notes that. */
      readonly isPassedBack: boolean;
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

/** How long each class of permits outlives the last word of the server. */
export const MAX_POLICY_AGE_MS: Readonly<Record<PermitClass, number>> = {
  strict: 4 * HOUR_MS,
  temp: 72 * HOUR_MS,
  staff: 30 * 24 * HOUR_MS,
  glass: 45 * 24 * HOUR_MS,
};

/** A rule over the moment or the card: denies, or lets the next one speak. */
interface MomentRule {
  readonly id: string;
  readonly reason: DenyReason;
  denies(facts: Facts): boolean;
}

/** A rule over permits: strikes out those that do not reach, and denies when none is left. */
interface PermitRule {
  readonly id: string;
  readonly reason: DenyReason;
  keeps(permit: VerifiedPermit, facts: Facts): boolean;
}

/** A rule over the room, where the door has it at all. */
interface RoomRule {
  readonly id: string;
  readonly reason: DenyReason;
  /** What a door does not look into is not said to have been looked into. */
  applies(room: RoomFacts): boolean;
  denies(room: RoomFacts): boolean;
}

const MOMENT_RULES: readonly MomentRule[] = [
  { id: 'D1', reason: 'journal-unavailable', denies: (facts) => !facts.isJournalWritable },
  {
    id: 'D2',
    reason: 'presentation-stale',
    denies: ({ presentation }) =>
      !presentation.isReaderOnline ||
      !(presentation.ageMs >= 0 && presentation.ageMs <= MAX_PRESENTATION_AGE_MS),
  },
  { id: 'D3', reason: 'clock-untrusted', denies: (facts) => facts.clockTrust === 0 },
  // Before the card is looked up: a gateway without orders must not blame the card.
  {
    id: 'D4',
    reason: 'policy-stale',
    denies: ({ policy, now }) => policy === null || now >= policy.endsAt,
  },
  { id: 'D5', reason: 'unknown-credential', denies: ({ credential }) => credential === null },
  { id: 'D6', reason: 'credential-suspended', denies: ({ credential }) => credential?.st === 'suspended' },
  { id: 'D7', reason: 'credential-expired', denies: ({ credential }) => credential?.st !== 'active' },
];

const isWithin =
  (limit: PermitLimit) =>
  (permit: VerifiedPermit, { door, now }: Facts): boolean =>
    permitAllows(permit, door, now) !== limit;

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
  { id: 'D9', reason: 'wrong-door', keeps: isWithin('wrong-door') },
  { id: 'D10', reason: 'expired', keeps: isWithin('expired') },
  { id: 'D11', reason: 'not-yet-valid', keeps: isWithin('not-yet-valid') },
  { id: 'D12', reason: 'outside-hours', keeps: isWithin('outside-hours') },
  {
    id: 'D13',
    reason: 'policy-stale',
    keeps: ({ cls }, { policy, now }) => policy !== null && now - policy.asOf <= MAX_POLICY_AGE_MS[cls],
  },
];

// After the permits: only who may come in at all learns anything of the room. Who is inside already takes no
// second place, so that is told before the room is called full.
const ROOM_RULES: readonly RoomRule[] = [
  {
    id: 'D16',
    reason: 'already-inside',
    applies: ({ antiPassback }) => antiPassback === 'hard',
    denies: ({ isInside }) => isInside,
  },
  {
    id: 'D17',
    reason: 'room-full',
    applies: ({ capacity }) => capacity !== null,
    denies: ({ capacity, others }) => capacity !== null && others >= capacity,
  },
];

/** The rules in the order in which they speak. */
export const RULES: readonly { readonly id: string; readonly reason: DenyReason }[] = [
  ...MOMENT_RULES,
  ...PERMIT_RULES,
  ...ROOM_RULES,
];

/**
 * Decides whether a card opens a door. The first rule that denies ends it; a grant needs every rule.
 * @see rules D1 to D18
 */
export function decide(facts: Facts): Decision {
  const checked: DenyReason[] = [];
  for (const rule of MOMENT_RULES) {
    const { reason } = rule;
    checked.push(reason);
    if (rule.denies(facts)) return { kind: 'denied', reason, checked, permit: null };
  }
  // The longest first, then by name: of several that allow, a replay names the same one.
  let left = [...facts.permits].sort((a, b) => b.exp - a.exp || (a.jti < b.jti ? -1 : 1));
  let furthest: VerifiedPermit | null = null;
  for (const rule of PERMIT_RULES) {
    const { reason } = rule;
    checked.push(reason);
    left = left.filter((permit) => rule.keeps(permit, facts));
    const [best] = left;
    if (best === undefined) return { kind: 'denied', reason, checked, permit: furthest };
    furthest = best;
  }
  if (furthest === null) throw new Error('no rule looked at the permits');
  const { room } = facts;
  for (const rule of ROOM_RULES) {
    if (!rule.applies(room)) continue;
    const { reason } = rule;
    checked.push(reason);
    if (rule.denies(room)) return { kind: 'denied', reason, checked, permit: furthest };
  }
  const isPassedBack = room.antiPassback === 'soft' && room.isInside;
  return { kind: 'granted', permit: furthest, checked, isPassedBack };
}
