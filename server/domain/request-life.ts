import type { RequestState } from '#contract/api';
import type { ProblemCode } from '#contract/problem';

/** What can be done to a request. `expire` comes from the clock, the others from people. */
export const REQUEST_ACTIONS = ['submit', 'approve', 'reject', 'withdraw', 'revoke', 'expire'] as const;

/** What can be done to a request. */
export type RequestAction = (typeof REQUEST_ACTIONS)[number];

/** What the history of a request calls a step that was taken. */
export type RequestStep = 'submitted' | 'approved' | 'rejected' | 'withdrawn' | 'revoked' | 'expired';

/** Why a step is refused. */
export type StepRefusal = Extract<ProblemCode, 'already-decided' | 'step-not-allowed'>;

/** What a step leads to: a new state with the step to record, nothing at all, or a refusal. */
export type StepCell =
  | { readonly kind: 'move'; readonly to: RequestState; readonly step: RequestStep }
  | { readonly kind: 'stay' }
  | { readonly kind: 'refuse'; readonly code: StepRefusal };

const move = (to: RequestState & RequestStep): StepCell => ({ kind: 'move', to, step: to });
const stay: StepCell = { kind: 'stay' };
const decided: StepCell = { kind: 'refuse', code: 'already-decided' };
const refused: StepCell = { kind: 'refuse', code: 'step-not-allowed' };

// The clock does not end an approved request: that somebody approved it stays true; its permit ends by itself.
const LIFE: Readonly<Record<RequestState, Readonly<Record<RequestAction, StepCell>>>> = {
  draft: {
    submit: move('submitted'),
    approve: refused,
    reject: refused,
    withdraw: move('withdrawn'),
    revoke: refused,
    expire: move('expired'),
  },
  submitted: {
    submit: refused,
    approve: move('approved'),
    reject: move('rejected'),
    withdraw: move('withdrawn'),
    revoke: refused,
    expire: move('expired'),
  },
  approved: {
    submit: refused,
    approve: decided,
    reject: decided,
    withdraw: move('withdrawn'),
    revoke: move('revoked'),
    expire: stay,
  },
  rejected: {
    submit: refused,
    approve: decided,
    reject: decided,
    withdraw: refused,
    revoke: refused,
    expire: stay,
  },
  withdrawn: {
    submit: refused,
    approve: refused,
    reject: refused,
    withdraw: refused,
    revoke: refused,
    expire: stay,
  },
  revoked: {
    submit: refused,
    approve: decided,
    reject: decided,
    withdraw: refused,
    revoke: refused,
    expire: stay,
  },
  expired: {
    submit: refused,
    approve: refused,
    reject: refused,
    withdraw: refused,
    revoke: refused,
    expire: stay,
  },
};

/** Looks up what an action does to a request in a state. @see rules SD1, SD2 */
export const stepRequest = (state: RequestState, action: RequestAction): StepCell => LIFE[state][action];
