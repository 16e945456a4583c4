import type { RequestState } from '#contract/api';
import type { ProblemCode } from '#contract/problem';

/**
 * What can be done to a request. `expire` comes from the clock, `enter` and `leave` from the door's journal, the
 * others from people. `endorse` is the first of two approvals; `declare` files what has already begun.
 */
export const REQUEST_ACTIONS = [
  'submit',
  'declare',
  'verify',
  'endorse',
  'approve',
  'reject',
  'withdraw',
  'revoke',
  'expire',
  'check-in',
  'enter',
  'leave',
  'close',
  'force-close',
] as const;

/** What can be done to a request. */
export type RequestAction = (typeof REQUEST_ACTIONS)[number];

/** What the history of a request calls a step that was taken. */
export type RequestStep =
  | 'submitted'
  | 'declared'
  | 'verified'
  | 'endorsed'
  | 'approved'
  | 'rejected'
  | 'withdrawn'
  | 'revoked'
  | 'expired'
  | 'checked-in'
  | 'entered'
  | 'left'
  | 'closed';

/** Why a step is refused. */
export type StepRefusal = Extract<
  ProblemCode,
  'already-decided' | 'step-not-allowed' | 'still-inside' | 'not-checked-in'
>;

/** What a step leads to: a new state with the step to record, nothing at all, or a refusal. */
export type StepCell =
  | { readonly kind: 'move'; readonly to: RequestState; readonly step: RequestStep }
  | { readonly kind: 'stay' }
  | { readonly kind: 'refuse'; readonly code: StepRefusal };

const move = (to: RequestState, step: RequestStep): StepCell => ({ kind: 'move', to, step });
const stay: StepCell = { kind: 'stay' };
const refuse = (code: StepRefusal): StepCell => ({ kind: 'refuse', code });
const decided = refuse('already-decided');
const refused = refuse('step-not-allowed');
const inside = refuse('still-inside');
const early = refuse('not-checked-in');

type Row = Readonly<Record<RequestAction, StepCell>>;

// What is over takes no step any more; what the door saw all the same stays true in the visit and the journal.
const over = (decision: StepCell): Row => ({
  submit: refused,
  declare: refused,
  verify: refused,
  endorse: decision,
  approve: decision,
  reject: decision,
  withdraw: refused,
  revoke: refused,
  expire: stay,
  'check-in': refused,
  enter: stay,
  leave: stay,
  close: refused,
  'force-close': refused,
});

// The clock does not end an approved request: that somebody approved it stays true; its permit ends by itself.
const LIFE: Readonly<Record<RequestState, Row>> = {
  draft: {
    submit: move('submitted', 'submitted'),
    declare: move('emergency', 'declared'),
    verify: refused,
    endorse: refused,
    approve: refused,
    reject: refused,
    withdraw: move('withdrawn', 'withdrawn'),
    revoke: refused,
    expire: move('expired', 'expired'),
    'check-in': refused,
    enter: stay,
    leave: stay,
    close: refused,
    'force-close': refused,
  },
  submitted: {
    submit: refused,
    declare: refused,
    verify: move('verified', 'verified'),
    endorse: move('submitted', 'endorsed'),
    approve: move('approved', 'approved'),
    reject: move('rejected', 'rejected'),
    withdraw: move('withdrawn', 'withdrawn'),
    revoke: refused,
    expire: move('expired', 'expired'),
    'check-in': refused,
    enter: stay,
    leave: stay,
    close: refused,
    'force-close': refused,
  },
  verified: {
    submit: refused,
    declare: refused,
    verify: refused,
    endorse: move('verified', 'endorsed'),
    approve: move('approved', 'approved'),
    reject: move('rejected', 'rejected'),
    withdraw: move('withdrawn', 'withdrawn'),
    revoke: refused,
    expire: move('expired', 'expired'),
    'check-in': refused,
    enter: stay,
    leave: stay,
    close: refused,
    'force-close': refused,
  },
  approved: {
    submit: refused,
    declare: refused,
    verify: refused,
    endorse: decided,
    approve: decided,
    reject: decided,
    withdraw: move('withdrawn', 'withdrawn'),
    revoke: move('revoked', 'revoked'),
    expire: stay,
    'check-in': move('checked-in', 'checked-in'),
    enter: move('inside', 'entered'),
    leave: stay,
    close: early,
    'force-close': early,
  },
  'checked-in': {
    submit: refused,
    declare: refused,
    verify: refused,
    endorse: decided,
    approve: decided,
    reject: decided,
    withdraw: refused,
    revoke: move('revoked', 'revoked'),
    expire: stay,
    'check-in': refused,
    enter: move('inside', 'entered'),
    leave: stay,
    close: move('closed', 'closed'),
    'force-close': move('closed', 'closed'),
  },
  inside: {
    submit: refused,
    declare: refused,
    verify: refused,
    endorse: decided,
    approve: decided,
    reject: decided,
    withdraw: inside,
    revoke: move('revoked', 'revoked'),
    expire: stay,
    'check-in': refused,
    enter: stay,
    leave: move('left', 'left'),
    close: inside,
    'force-close': move('closed', 'closed'),
  },
  left: {
    submit: refused,
    declare: refused,
    verify: refused,
    endorse: decided,
    approve: decided,
    reject: decided,
    withdraw: refused,
    revoke: move('revoked', 'revoked'),
    expire: stay,
    'check-in': refused,
    enter: move('inside', 'entered'),
    leave: stay,
    close: move('closed', 'closed'),
    'force-close': move('closed', 'closed'),
  },
  // Entered first: the decision comes within a day, and says whether the entry was right.
  emergency: {
    submit: refused,
    declare: refused,
    verify: refused,
    endorse: move('emergency', 'endorsed'),
    approve: move('approved', 'approved'),
    reject: move('rejected', 'rejected'),
    withdraw: refused,
    revoke: refused,
    expire: stay,
    'check-in': refused,
    enter: stay,
    leave: stay,
    close: refused,
    'force-close': refused,
  },
  closed: over(decided),
  rejected: over(decided),
  revoked: over(decided),
  withdrawn: over(refused),
  expired: over(refused),
};

/** Looks up what an action does to a request in a state. @see rules SD1, SD2, SD30 */
export const stepRequest = (state: RequestState, action: RequestAction): StepCell => LIFE[state][action];
