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
  'journal-invalid': {
    status: 422,
    title: 'The batch holds something that is not a genuine record.',
    action: 'Nothing of it was stored; see the position that is named.',
  },
  'too-many-requests': { status: 429, title: 'Too many attempts.', action: 'Wait and try again.' },
  'body-too-large': { status: 413, title: 'The body is too large.', action: 'Send less at once.' },
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
