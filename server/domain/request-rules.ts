import type { RequestState, RoleName } from '#contract/api';
import type { EpochMs } from '#contract/clock';
import { MAX_PERMIT_DAYS, minutesOf, type PermitClaims, type PermitKind } from '#contract/permit';
import type { ProblemCode } from '#contract/problem';
import { err, ok, type Result } from '#contract/result';
import { mayDo } from './permissions.ts';
import { stepRequest } from './request-life.ts';

/** How long ago a visit may begin when it is filed: the form was filled in meanwhile, and clocks differ. */
export const WINDOW_TOLERANCE_MS = 10 * 60_000;

const HOUR_MS = 3_600_000;
const DAY_MINUTES = 1440;

/** The time for which somebody wants to enter; `until` is not part of it. */
export interface VisitWindow {
  readonly from: EpochMs;
  readonly until: EpochMs;
}

export type WindowRefusal = Extract<ProblemCode, 'window-reversed' | 'window-in-past' | 'window-too-long'>;

/**
 * Judges the window of a new visit.
 * @param maxHours longest visit that the purpose allows
 * @see rule SD3
 */
export function checkWindow(
  window: VisitWindow,
  maxHours: number,
  now: EpochMs,
): Result<VisitWindow, WindowRefusal> {
  // Permits count in seconds, so a window that holds no whole second would never open a door.
  if (window.until - window.from < 1000) return err('window-reversed');
  if (window.until <= now || window.from < now - WINDOW_TOLERANCE_MS) return err('window-in-past');
  if (window.until - window.from > maxHours * HOUR_MS) return err('window-too-long');
  return ok(window);
}

/**
 * Judges the times of a new request by its kind: a single visit is no longer than its purpose allows; a recurring
 * right has weekly hours, each no longer than that; a recurring or standing right ends with the life of a permit.
 * @see rule SD32
 */
export function checkKind(
  kind: PermitKind,
  window: VisitWindow,
  hours: NonNullable<PermitClaims['win']>,
  maxHours: number,
  now: EpochMs,
): Result<VisitWindow, WindowRefusal | 'hours-missing'> {
  if (kind === 'single' || kind === 'emergency') return checkWindow(window, maxHours, now);
  if (kind === 'recurring' && hours.length === 0) return err('hours-missing');
  const tooLong = hours.some(({ from, to }) => {
    const minutes = (minutesOf(to) - minutesOf(from) + DAY_MINUTES) % DAY_MINUTES || DAY_MINUTES;
    return minutes > maxHours * 60;
  });
  if (kind === 'recurring' && tooLong) return err('window-too-long');
  return checkWindow(window, MAX_PERMIT_DAYS * 24, now);
}

/** The right to decide in somebody's place (Plh. or Plt.): for a time, by a written order, not passed on. */
export interface Delegation {
  /** The official in whose place it is. */
  readonly fromId: string;
  readonly toId: string;
  readonly from: number;
  readonly until: number;
  readonly isRevoked: boolean;
  /** False where the official is no longer one, or no longer here. */
  readonly isFromOfficial: boolean;
}

/** Who wants to decide, and what about. */
export interface DecisionFacts {
  readonly decider: {
    readonly id: string;
    readonly roles: readonly RoleName[];
    /** Delegations to this person, whatever their time. */
    readonly delegations: readonly Delegation[];
  };
  readonly request: {
    readonly state: RequestState;
    readonly until: EpochMs;
    /** The requester, the one who enters, the host and the escorts: it is their own. */
    readonly involvedIds: readonly string[];
    /** Who verified it. */
    readonly verifiedById: string | null;
    readonly needsVerification: boolean;
    /** How many officials approve it. */
    readonly approvalsNeeded: number;
    /** Approvals so far: who, and in whose place (themselves where nobody's). */
    readonly approvals: readonly { readonly byId: string; readonly authorityId: string }[];
  };
  readonly now: EpochMs;
}

export type DecisionRefusal = Extract<
  ProblemCode,
  | 'forbidden'
  | 'own-request'
  | 'already-decided'
  | 'step-not-allowed'
  | 'window-in-past'
  | 'not-verified'
  | 'already-took-part'
>;

/** A decision that may be taken, and whose authority it rests on. */
export interface AllowedDecision {
  /** `endorse` where another official has to approve as well. */
  readonly action: 'endorse' | 'approve' | 'reject';
  /** The decider, or the official in whose place they decide. */
  readonly authorityId: string;
}

const isLive = (delegation: Delegation, deciderId: string, now: EpochMs): boolean =>
  delegation.toId === deciderId &&
  delegation.from <= now &&
  now < delegation.until &&
  !delegation.isRevoked &&
  delegation.isFromOfficial;

/**
 * Finds on whose authority somebody decides: their own as an official, else that of an official who delegated it
 * and whose own request this is not. What was delegated cannot be delegated again, because only an official's own
 * right counts.
 */
function authorityOf(
  facts: DecisionFacts,
): Result<string, 'forbidden' | 'own-request' | 'already-took-part'> {
  const { decider, request, now } = facts;
  if (mayDo(decider.roles, 'requests.decide')) return ok(decider.id);
  if (!mayDo(decider.roles, 'requests.decide.delegated')) return err('forbidden');
  const live = decider.delegations.filter((delegation) => isLive(delegation, decider.id, now));
  if (live.length === 0) return err('forbidden');
  const foreign = live.filter(({ fromId }) => !request.involvedIds.includes(fromId));
  if (foreign.length === 0) return err('own-request');
  // One office, one voice: the official and the deputy are not two approvers.
  const unused = foreign.find(({ fromId }) => !request.approvals.some((each) => each.authorityId === fromId));
  return unused === undefined ? err('already-took-part') : ok(unused.fromId);
}

/**
 * Judges whether this person may approve or reject this request now: an official or their deputy, never their
 * own, once each, after the officer's verification where the room asks for it, and an approval only while
 * something of the visit is still to come. Rejecting needs no second voice: deny beats approve.
 * @see rules SD4, SD5, SD33, SD34, SD35
 */
export function checkDecision(
  facts: DecisionFacts,
  decision: 'approve' | 'reject',
): Result<AllowedDecision, DecisionRefusal> {
  const { decider, request, now } = facts;
  if (request.involvedIds.includes(decider.id)) {
    return err(mayDo(decider.roles, 'requests.decide.delegated') ? 'own-request' : 'forbidden');
  }
  const authority = authorityOf(facts);
  if (!authority.ok && authority.error !== 'already-took-part') return authority;
  const isLast = request.approvals.length + 1 >= request.approvalsNeeded;
  const action = decision === 'reject' ? 'reject' : isLast ? 'approve' : 'endorse';
  const cell = stepRequest(request.state, action);
  if (cell.kind === 'refuse' && cell.code === 'already-decided') return err('already-decided');
  if (cell.kind !== 'move') return err('step-not-allowed');
  if (decision === 'reject') return ok({ action, authorityId: authority.ok ? authority.value : decider.id });
  if (!authority.ok) return authority;
  if (request.approvals.some(({ byId, authorityId }) => [byId, authorityId].includes(authority.value))) {
    return err('already-took-part');
  }
  if (request.approvals.some(({ byId }) => byId === decider.id)) return err('already-took-part');
  if (request.verifiedById === decider.id) return err('already-took-part');
  // An entry that has already been is judged after it is over, too.
  if (request.state !== 'emergency') {
    if (request.needsVerification && request.state !== 'verified') return err('not-verified');
    if (request.until <= now) return err('window-in-past');
  }
  return ok({ action, authorityId: authority.value });
}

export type VerificationRefusal = Extract<
  ProblemCode,
  'forbidden' | 'own-request' | 'step-not-allowed' | 'already-decided' | 'window-in-past' | 'escort-missing'
>;

/**
 * Judges whether the room's officer may verify a request: the form is complete, an escort has accepted where one
 * is needed, and it is not the officer's own. Who verifies does not approve.
 * @see rule SD36
 */
export function checkVerification(facts: {
  readonly officer: { readonly id: string; readonly roles: readonly RoleName[] };
  readonly request: {
    readonly state: RequestState;
    readonly until: EpochMs;
    readonly involvedIds: readonly string[];
    readonly needsEscort: boolean;
    readonly escortIds: readonly string[];
  };
  readonly now: EpochMs;
}): Result<null, VerificationRefusal> {
  const { officer, request, now } = facts;
  if (!mayDo(officer.roles, 'requests.verify')) return err('forbidden');
  if (request.involvedIds.includes(officer.id)) return err('own-request');
  const cell = stepRequest(request.state, 'verify');
  if (cell.kind !== 'move') return err('step-not-allowed');
  if (request.until <= now) return err('window-in-past');
  if (request.needsEscort && request.escortIds.length === 0) return err('escort-missing');
  return ok(null);
}

/** Within how long an incident is answered, ms. */
export const FAST_TRACK_MS = 15 * 60_000;

/** Within how long an emergency entry is reviewed, ms. */
export const EMERGENCY_REVIEW_MS = 24 * HOUR_MS;

/** How long officials have before the next is asked, ms, where nothing is urgent. */
export const ANSWER_MS = 4 * HOUR_MS;

/**
 * Sets by when an answer is due before the next official is asked: a clock of its own, which neither moves nor
 * shortens the window of the visit.
 * @see rule SD37
 */
export function answerDueAt(
  filed: { readonly isEmergency: boolean; readonly isFastTrack: boolean },
  at: number,
): number {
  if (filed.isEmergency) return at + EMERGENCY_REVIEW_MS;
  return at + (filed.isFastTrack ? FAST_TRACK_MS : ANSWER_MS);
}
