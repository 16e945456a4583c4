import type { RequestState, RoleName } from '#contract/api';
import type { EpochMs } from '#contract/clock';
import type { ProblemCode } from '#contract/problem';
import { err, ok, type Result } from '#contract/result';
import { mayDo } from './permissions.ts';
import { stepRequest } from './request-life.ts';

/** How long ago a visit may begin when it is filed: the form was filled in meanwhile, and clocks differ. */
export const WINDOW_TOLERANCE_MS = 10 * 60_000;

const HOUR_MS = 3_600_000;

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

/** Who wants to decide, and what about. */
export interface DecisionFacts {
  readonly decider: { readonly id: string; readonly roles: readonly RoleName[] };
  readonly request: {
    readonly requesterId: string;
    readonly state: RequestState;
    readonly until: EpochMs;
  };
  readonly now: EpochMs;
}

export type DecisionRefusal = Extract<
  ProblemCode,
  'forbidden' | 'own-request' | 'already-decided' | 'step-not-allowed' | 'window-in-past'
>;

/**
 * Judges whether this person may approve or reject this request now: a supervisor, never their own, once, and
 * an approval only while something of the visit is still to come.
 * @see rules SD4, SD5
 */
export function checkDecision(
  facts: DecisionFacts,
  decision: 'approve' | 'reject',
): Result<null, DecisionRefusal> {
  if (!mayDo(facts.decider.roles, 'requests.decide')) return err('forbidden');
  if (facts.decider.id === facts.request.requesterId) return err('own-request');
  const cell = stepRequest(facts.request.state, decision);
  if (cell.kind === 'refuse') return err(cell.code);
  if (decision === 'approve' && facts.request.until <= facts.now) return err('window-in-past');
  return ok(null);
}
