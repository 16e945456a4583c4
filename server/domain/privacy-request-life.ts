import type { PrivacyRequestKind, PrivacyRequestState } from '#contract/api-privacy';
import type { ProblemCode } from '#contract/problem';
import { err, ok, type Result } from '#contract/result';

/** What can be done with a data subject's request. */
export type PrivacyStep = 'approve' | 'refuse' | 'carry-out';

type Row = Readonly<Record<PrivacyStep, PrivacyRequestState | 'stay'>>;

const OVER: Row = { approve: 'stay', refuse: 'stay', 'carry-out': 'stay' };
const ONE_STEP: Readonly<Record<PrivacyRequestState, Row>> = {
  filed: { approve: 'stay', refuse: 'refused', 'carry-out': 'carried-out' },
  approved: OVER,
  refused: OVER,
  'carried-out': OVER,
};

/** Only an erasure needs a second person: it cannot be taken back. */
const LIFE: Readonly<Record<PrivacyRequestKind, Readonly<Record<PrivacyRequestState, Row>>>> = {
  access: ONE_STEP,
  correction: ONE_STEP,
  restriction: ONE_STEP,
  erasure: {
    filed: { approve: 'approved', refuse: 'refused', 'carry-out': 'stay' },
    approved: { approve: 'stay', refuse: 'refused', 'carry-out': 'carried-out' },
    refused: OVER,
    'carried-out': OVER,
  },
};

/** Who has had a hand in a request so far. */
export interface PrivacyRequestHands {
  readonly kind: PrivacyRequestKind;
  readonly state: PrivacyRequestState;
  readonly personId: string;
  readonly filedBy: string;
  readonly approvedBy: string | null;
}

/**
 * Decides whether somebody may take a step, and where it leads. Nobody decides on their own data; whoever filed an
 * erasure for somebody else does not approve it, and whoever approved it does not carry it out.
 * @see rules SD25, SD26
 */
export function stepPrivacyRequest(
  request: PrivacyRequestHands,
  step: PrivacyStep,
  actorId: string,
): Result<PrivacyRequestState, ProblemCode> {
  const next = LIFE[request.kind][request.state][step];
  if (next === 'stay') return err('step-not-allowed');
  if (actorId === request.personId) return err('own-request');
  const before = step === 'approve' ? request.filedBy : step === 'carry-out' ? request.approvedBy : null;
  return before === actorId ? err('other-person-needed') : ok(next);
}
