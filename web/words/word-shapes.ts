import type { AccessRequest, Purpose } from '#contract/api';

/** What a refusal at the door says to the one who stands there. */
export interface DenyWords {
  readonly name: string;
  readonly why: string;
  readonly next: string;
}

/** What an error says: what happened, and what to do now. */
export interface ProblemWords {
  readonly title: string;
  readonly action: string;
}

/** Problems that arise between the app and the server, which no server can name. */
export type LocalProblem = 'offline' | 'unreadable';

export type StepName = AccessRequest['steps'][number]['step'];
export type ApproveMethod = NonNullable<AccessRequest['steps'][number]['method']>;
export type PurposeGroup = Purpose['group'];
