import { z } from 'zod';

interface ProblemRow {
  readonly status: number;
  /** Constant English sentence; the app shows its own words by code. */
  readonly title: string;
  /** What the reader of a log or a screen should do. */
  readonly action: string;
}

/**
 * Every error code of the API. A caller without permission gets `not-found` for what exists and for what does
 * not.
 */
export const PROBLEMS = {
  'invalid-input': {
    status: 400,
    title: 'The request does not have the documented form.',
    action: 'Correct the fields that are listed.',
  },
  'sign-in-failed': {
    status: 401,
    title: 'The name or the password is not right.',
    action: 'Try again, or ask the administrator for a new password.',
  },
  'not-signed-in': { status: 401, title: 'No session is open.', action: 'Sign in.' },
  'signature-invalid': {
    status: 401,
    title: 'The gateway signature does not hold.',
    action: 'Enrol the gateway again if its key was lost; investigate if it was not.',
  },
  'gateway-revoked': {
    status: 403,
    title: 'The key of this gateway has been revoked.',
    action: 'Replace the gateway; its uploads are no longer merged.',
  },
  'step-up-required': {
    status: 403,
    title: 'This needs a fresh proof of who is at the screen.',
    action: 'Confirm with the password or a passkey, then do it again.',
  },
  'passkey-required': {
    status: 403,
    title: 'This site counts approvals by passkey only.',
    action: 'Approve with the passkey that the officials have entered into the roster.',
  },
  'approver-not-in-roster': {
    status: 403,
    title: 'The roster of approvers does not hold this passkey, or not for these doors.',
    action: 'Ask the officials who hold the root keys to enter it.',
  },
  'approval-not-valid': {
    status: 422,
    title: 'The passkey did not approve exactly this.',
    action: 'Open the request again and approve what it shows now.',
  },
  'passkey-refused': {
    status: 422,
    title: 'The passkey was not taken.',
    action: 'Begin again; a challenge is answered once and within five minutes.',
  },
  'passkey-taken': {
    status: 409,
    title: 'This passkey is known already.',
    action: 'Use it, or register another one.',
  },
  'pin-not-usable': {
    status: 422,
    title: 'This PIN is too easy to guess, or too close to the other one.',
    action: 'Choose other digits: no run, no repeated digit, no year and no date.',
  },
  'codes-not-allowed': {
    status: 422,
    title: 'None of these doors takes visit codes.',
    action: 'Give the visitor a card, or let the administrator allow codes at the door.',
  },
  'door-without-gateway': {
    status: 409,
    title: 'No gateway answers for this door.',
    action: 'Enrol a gateway for the door first.',
  },
  forbidden: {
    status: 403,
    title: 'This role may not do that.',
    action: 'Ask somebody whose role may.',
  },
  'not-found': { status: 404, title: 'There is no such thing here.', action: 'Check the address.' },
  'own-request': {
    status: 403,
    title: 'Nobody decides on their own request.',
    action: 'Let another approving official decide.',
  },
  'already-decided': {
    status: 409,
    title: 'The request has already been decided.',
    action: 'Open the request again to see who decided, and how.',
  },
  'step-not-allowed': {
    status: 409,
    title: 'The request is not in a state that allows this step.',
    action: 'Open the request again to see its state.',
  },
  'window-in-past': {
    status: 422,
    title: 'The visit would lie in the past.',
    action: 'Choose a time that is still to come.',
  },
  'window-reversed': {
    status: 422,
    title: 'The visit would end before it starts.',
    action: 'Choose an end after the start.',
  },
  'window-too-long': {
    status: 422,
    title: 'The visit is longer than its purpose allows.',
    action: 'Choose a shorter visit or another purpose.',
  },
  'no-credential': {
    status: 422,
    title: 'The visitor has no card that could open the door.',
    action: 'Ask the administrator to enrol a card first.',
  },
  'card-taken': {
    status: 409,
    title: 'This card belongs to somebody already.',
    action: 'One card, one person: use another card.',
  },
  'card-not-usable': {
    status: 422,
    title: 'This number cannot be enrolled as a card.',
    action: 'Present the card at a reader, or type the number printed on it.',
  },
  'name-taken': { status: 409, title: 'This name is in use.', action: 'Choose another name.' },
  'enrolment-refused': {
    status: 403,
    title: 'The enrolment token is not valid, has been used or has expired.',
    action: 'Ask the administrator for a new one-time token.',
  },
  'journal-gap': {
    status: 409,
    title: 'The batch does not start where the stored journal ends.',
    action: 'Continue from the size that is returned.',
  },
  'journal-conflict': {
    status: 409,
    title: 'The batch contradicts what is stored.',
    action: 'Keep both and call the auditor: a journal was changed, cloned or restored.',
  },
  'journal-fenced': {
    status: 409,
    title: 'This epoch of the journal has ended.',
    action: 'The gateway opens the next epoch by itself; where nothing was replaced, look for a clone.',
  },
  'too-many-epochs': {
    status: 409,
    title: 'Too many epochs of this gateway wait to be opened.',
    action: 'Look for a clone of the gateway, or enrol it again.',
  },
  'journal-invalid': {
    status: 422,
    title: 'The batch holds something that is not a genuine record.',
    action: 'Nothing of it was stored; see the position that is named.',
  },
  'too-many-requests': { status: 429, title: 'Too many attempts.', action: 'Wait and try again.' },
  'body-too-large': { status: 413, title: 'The body is too large.', action: 'Send less at once.' },
  'no-presentation': {
    status: 409,
    title: 'No unknown card was presented at this door in the last two minutes.',
    action: 'Hold the card to the reader of the door, then do it again.',
  },
  'presentation-ambiguous': {
    status: 409,
    title: 'More than one unknown card was presented at this door.',
    action: 'Wait two minutes, present the one card, then do it again.',
  },
  'own-rights': {
    status: 403,
    title: 'Nobody changes or reviews their own rights.',
    action: 'Let somebody else do it.',
  },
  'rights-ended': {
    status: 422,
    title: 'The contract or assignment of this person ends before the visit begins.',
    action: 'Enter the new end of the contract first, or choose an earlier visit.',
  },
  'password-not-usable': {
    status: 422,
    title: 'This password is too easy to guess.',
    action: 'Choose a longer one that is in no list of common passwords and does not hold the name.',
  },
  'reset-refused': {
    status: 403,
    title: 'The word for a new password is not valid, has been used or has expired.',
    action: 'Ask the administrator for a new one.',
  },
  'sso-not-linked': {
    status: 403,
    title: 'This account of the other issuer is not linked to anybody here.',
    action: 'Sign in with the password and confirm the link.',
  },
  'sop-moved-on': {
    status: 409,
    title: 'Another version of this procedure is in force by now.',
    action: 'Read the version that is in force, then acknowledge it.',
  },
  'own-text': {
    status: 403,
    title: 'Nobody puts their own text in force.',
    action: 'Let another official approve it.',
  },
  'period-not-over': {
    status: 422,
    title: 'The month is not over yet.',
    action: 'Review the log when the month is over.',
  },
  'other-person-needed': {
    status: 403,
    title: 'This step takes another person than the one before.',
    action: 'Let somebody else do it.',
  },
  'on-hold': {
    status: 409,
    title: 'A legal hold keeps this data.',
    action: 'Lift the hold first, where its reason is over.',
  },
  'person-inside': {
    status: 409,
    title: 'This person is inside now.',
    action: 'Let the person leave first.',
  },
  'not-verified': {
    status: 409,
    title: 'The room’s officer has not verified this request yet.',
    action: 'Let the officer check it first.',
  },
  'already-took-part': {
    status: 403,
    title: 'The same person, or the same office, has taken part in this already.',
    action: 'Let another official decide.',
  },
  'escort-missing': {
    status: 422,
    title: 'This visit needs an escort, and none has accepted.',
    action: 'Ask an escort, and wait until they have accepted.',
  },
  'escort-not-usable': {
    status: 422,
    title: 'This person cannot escort the visit.',
    action: 'Choose somebody of the staff with a card, who is neither the visitor nor a guest.',
  },
  'hours-missing': {
    status: 422,
    title: 'A recurring visit needs its weekly hours.',
    action: 'Say on which days and at what hours.',
  },
  'change-number-missing': {
    status: 422,
    title: 'This purpose needs the number of the approved change.',
    action: 'Enter the change number.',
  },
  'work-order-missing': {
    status: 422,
    title: 'A visit of a vendor needs its work order or assignment letter.',
    action: 'Enter the number of the work order.',
  },
  'outside-maintenance-window': {
    status: 422,
    title: 'A vendor may do this in a maintenance window of the room only.',
    action: 'Choose a time within one.',
  },
  'still-inside': {
    status: 409,
    title: 'The visitor is still inside.',
    action: 'Close the visit after the visitor has left, or close it by force with a reason.',
  },
  'not-checked-in': {
    status: 409,
    title: 'The visit has not begun.',
    action: 'Check the visitor in first.',
  },
  'not-due': {
    status: 409,
    title: 'It is too early for this visit, or too late.',
    action: 'Check in from half an hour before the visit until its end.',
  },
  'rules-not-acknowledged': {
    status: 422,
    title: 'These are not the house rules in force.',
    action: 'Read out the house rules that are in force, and let the visitor acknowledge them.',
  },
  'badge-in-use': {
    status: 409,
    title: 'Another visitor has this badge.',
    action: 'Take another badge, or close the visit that has it.',
  },
  'heads-differ': {
    status: 422,
    title: 'The number of people is not the one that was approved, or not the one that came in.',
    action: 'Count again; a larger group needs its own request.',
  },
  'visit-not-reconciled': {
    status: 422,
    title: 'The visit cannot be closed yet.',
    action: 'Settle the equipment, badge, checklist and report that are listed.',
  },
  'attachment-not-usable': {
    status: 422,
    title: 'This is neither a PDF nor a whole PNG or JPEG picture.',
    action: 'Attach a PDF, PNG or JPEG file.',
  },
  'attachment-too-large': {
    status: 413,
    title: 'The file is too large, or there are too many.',
    action: 'Attach at most eight files of 4 MB each.',
  },
  internal: {
    status: 500,
    title: 'Something failed inside.',
    action: 'See the server log under the request id.',
  },
  unavailable: {
    status: 503,
    title: 'A part that is needed does not answer.',
    action: 'See /readyz for which one.',
  },
} as const satisfies Record<string, ProblemRow>;

/** A stable error code. */
export type ProblemCode = keyof typeof PROBLEMS;

/** An error as the API answers it. @see RFC 9457 */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
  /** Which fields were wrong, by JSON pointer. */
  errors: z.array(z.object({ pointer: z.string(), code: z.string() })).optional(),
  requestId: z.string().optional(),
});

/** An error as the API answers it. */
export type Problem = z.infer<typeof problemSchema>;

/** Builds the problem document of a code. */
export const problemOf = (
  code: ProblemCode,
  extra: Partial<Pick<Problem, 'errors' | 'requestId'>> = {},
): Problem => ({
  type: `urn:palang:problem:${code}`,
  title: PROBLEMS[code].title,
  status: PROBLEMS[code].status,
  code,
  ...extra,
});
