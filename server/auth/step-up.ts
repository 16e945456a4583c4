import type { StepUpMethod } from '#contract/api-door';
import type { ApprovalMethod } from '#contract/permit';

/** How long it is taken that the same person still sits at the screen. */
export const STEP_UP_LIFE_MS = 5 * 60_000;

/** When, and how, whoever is at the screen was last recognised again. */
export interface StepUp {
  readonly at: number;
  readonly method: StepUpMethod;
}

/** Tells whether a step-up still counts; one from the future is from a clock that was set back. @see rule SU11 */
export const isFreshStepUp = (stepUp: StepUp | null, now: number): stepUp is StepUp =>
  stepUp !== null && now >= stepUp.at && now - stepUp.at < STEP_UP_LIFE_MS;

/** How an act after this step-up was given, as signed documents say it: a password is a session's, and weaker. */
export const actMethodOf = (stepUp: StepUp): ApprovalMethod =>
  stepUp.method === 'passkey' ? 'passkey' : 'session';
