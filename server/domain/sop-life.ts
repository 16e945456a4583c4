import type { SopState } from '#contract/api-sop';

/** What people do with a version; `supersede` is done by the version that takes its place. */
export const SOP_ACTIONS = ['edit', 'submit', 'return', 'put-in-force', 'withdraw', 'supersede'] as const;
export type SopAction = (typeof SOP_ACTIONS)[number];

type Cell = SopState | 'refused';

// What was in force is never edited: people acknowledged its very words.
const LIFE: Readonly<Record<SopState, Readonly<Record<SopAction, Cell>>>> = {
  draft: {
    edit: 'draft',
    submit: 'review',
    return: 'refused',
    'put-in-force': 'refused',
    withdraw: 'withdrawn',
    supersede: 'refused',
  },
  review: {
    edit: 'refused',
    submit: 'refused',
    return: 'draft',
    'put-in-force': 'in-force',
    withdraw: 'withdrawn',
    supersede: 'refused',
  },
  'in-force': {
    edit: 'refused',
    submit: 'refused',
    return: 'refused',
    'put-in-force': 'refused',
    withdraw: 'withdrawn',
    supersede: 'withdrawn',
  },
  withdrawn: {
    edit: 'refused',
    submit: 'refused',
    return: 'refused',
    'put-in-force': 'refused',
    withdraw: 'refused',
    supersede: 'refused',
  },
};

/** Looks up what an action does to a version in a state. @see rule SD80 */
export const stepSop = (state: SopState, action: SopAction): Cell => LIFE[state][action];

const MONTHS_BEFORE_REVIEW = 12;

/** When a version that comes into force now has to be looked at again: twelve months later. @see rule SD82 */
export function reviewDueAt(effectiveAt: number): number {
  const due = new Date(effectiveAt);
  due.setUTCMonth(due.getUTCMonth() + MONTHS_BEFORE_REVIEW);
  return due.getTime();
}
