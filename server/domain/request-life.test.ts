import { describe, expect, it } from 'vitest';
import { REQUEST_STATES } from '#contract/api';
import { REQUEST_ACTIONS, stepRequest } from './request-life.ts';

// One row a state, one column an action: what the table must say, in the words of the procedure.
const EXPECTED = {
  draft: ['submitted', 'step-not-allowed', 'step-not-allowed', 'withdrawn', 'step-not-allowed', 'expired'],
  submitted: ['step-not-allowed', 'approved', 'rejected', 'withdrawn', 'step-not-allowed', 'expired'],
  approved: ['step-not-allowed', 'already-decided', 'already-decided', 'withdrawn', 'revoked', 'stay'],
  rejected: [
    'step-not-allowed',
    'already-decided',
    'already-decided',
    'step-not-allowed',
    'step-not-allowed',
    'stay',
  ],
  withdrawn: [
    'step-not-allowed',
    'step-not-allowed',
    'step-not-allowed',
    'step-not-allowed',
    'step-not-allowed',
    'stay',
  ],
  revoked: [
    'step-not-allowed',
    'already-decided',
    'already-decided',
    'step-not-allowed',
    'step-not-allowed',
    'stay',
  ],
  expired: [
    'step-not-allowed',
    'step-not-allowed',
    'step-not-allowed',
    'step-not-allowed',
    'step-not-allowed',
    'stay',
  ],
} as const;

const cellText = (state: (typeof REQUEST_STATES)[number], action: (typeof REQUEST_ACTIONS)[number]) => {
  const cell = stepRequest(state, action);
  if (cell.kind === 'move') return cell.to;
  return cell.kind === 'refuse' ? cell.code : 'stay';
};

describe('life of a request', () => {
  it.each(REQUEST_STATES)('SD1: every action on a request that is %s has its one outcome', (state) => {
    expect(REQUEST_ACTIONS.map((action) => cellText(state, action))).toEqual(EXPECTED[state]);
  });

  it('SD1: every move is a step that the history can name', () => {
    const cells = REQUEST_STATES.flatMap((state) =>
      REQUEST_ACTIONS.map((action) => stepRequest(state, action)),
    );
    const moves = cells.filter((cell) => cell.kind === 'move');
    expect(moves).toHaveLength(9);
    expect(moves.map(({ step }) => step)).toEqual(moves.map(({ to }) => to));
  });

  it('SD2: time moves drafts and waiting requests only', () => {
    const moved = REQUEST_STATES.filter((state) => stepRequest(state, 'expire').kind === 'move');
    expect(moved).toEqual(['draft', 'submitted']);
  });
});
