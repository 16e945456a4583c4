import { describe, expect, it } from 'vitest';
import { REQUEST_STATES, type RequestState } from '#contract/api';
import { REQUEST_ACTIONS, stepRequest, type RequestAction } from './request-life.ts';

const NO = 'step-not-allowed';
const DONE = 'already-decided';
const IN = 'still-inside';
const NOT = 'not-checked-in';

// One row a state, one column an action: what the table must say, in the words of the procedure. The columns are
// submit, declare, verify, endorse, approve, reject, withdraw, revoke, expire, check-in, enter, leave, close,
// force-close.
const EXPECTED: Readonly<Record<RequestState, readonly string[]>> = {
  draft: ['submitted', 'emergency', NO, NO, NO, NO, 'withdrawn', NO, 'expired', NO, 'stay', 'stay', NO, NO],
  submitted: [
    NO,
    NO,
    'verified',
    'submitted',
    'approved',
    'rejected',
    'withdrawn',
    NO,
    'expired',
    NO,
    'stay',
    'stay',
    NO,
    NO,
  ],
  verified: [
    NO,
    NO,
    NO,
    'verified',
    'approved',
    'rejected',
    'withdrawn',
    NO,
    'expired',
    NO,
    'stay',
    'stay',
    NO,
    NO,
  ],
  approved: [
    NO,
    NO,
    NO,
    DONE,
    DONE,
    DONE,
    'withdrawn',
    'revoked',
    'stay',
    'checked-in',
    'inside',
    'stay',
    NOT,
    NOT,
  ],
  'checked-in': [
    NO,
    NO,
    NO,
    DONE,
    DONE,
    DONE,
    NO,
    'revoked',
    'stay',
    NO,
    'inside',
    'stay',
    'closed',
    'closed',
  ],
  inside: [NO, NO, NO, DONE, DONE, DONE, IN, 'revoked', 'stay', NO, 'stay', 'left', IN, 'closed'],
  left: [NO, NO, NO, DONE, DONE, DONE, NO, 'revoked', 'stay', NO, 'inside', 'stay', 'closed', 'closed'],
  closed: [NO, NO, NO, DONE, DONE, DONE, NO, NO, 'stay', NO, 'stay', 'stay', NO, NO],
  rejected: [NO, NO, NO, DONE, DONE, DONE, NO, NO, 'stay', NO, 'stay', 'stay', NO, NO],
  revoked: [NO, NO, NO, DONE, DONE, DONE, NO, NO, 'stay', NO, 'stay', 'stay', NO, NO],
  withdrawn: [NO, NO, NO, NO, NO, NO, NO, NO, 'stay', NO, 'stay', 'stay', NO, NO],
  expired: [NO, NO, NO, NO, NO, NO, NO, NO, 'stay', NO, 'stay', 'stay', NO, NO],
  emergency: [NO, NO, NO, 'emergency', 'approved', 'rejected', NO, NO, 'stay', NO, 'stay', 'stay', NO, NO],
};

const cellText = (state: RequestState, action: RequestAction): string => {
  const cell = stepRequest(state, action);
  if (cell.kind === 'move') return cell.to;
  return cell.kind === 'refuse' ? cell.code : 'stay';
};

/** Every path of actions from a draft that does not come back to a state it had. */
function pathsTo(goal: RequestState): readonly (readonly RequestState[])[] {
  const found: (readonly RequestState[])[] = [];
  const walk = (path: readonly RequestState[]): void => {
    const state = path.at(-1) ?? 'draft';
    if (state === goal) {
      found.push(path);
      return;
    }
    for (const action of REQUEST_ACTIONS) {
      const cell = stepRequest(state, action);
      if (cell.kind === 'move' && !path.includes(cell.to)) walk([...path, cell.to]);
    }
  };
  walk(['draft']);
  return found;
}

describe('life of a request', () => {
  it.each(REQUEST_STATES)('SD1: every action on a request that is %s has its one outcome', (state) => {
    expect(REQUEST_ACTIONS.map((action) => cellText(state, action))).toEqual(EXPECTED[state]);
  });

  it('SD1: every move is a step that the history can name', () => {
    const cells = REQUEST_STATES.flatMap((state) =>
      REQUEST_ACTIONS.map((action) => stepRequest(state, action)),
    );
    const steps = cells.flatMap((cell) => (cell.kind === 'move' ? [cell.step] : []));
    expect(steps).toHaveLength(33);
    expect(new Set(steps).size).toBe(13);
  });

  it('SD2: time moves drafts and waiting requests only', () => {
    const moved = REQUEST_STATES.filter((state) => stepRequest(state, 'expire').kind === 'move');
    expect(moved).toEqual(['draft', 'submitted', 'verified']);
  });

  it('SD30: no path leads inside, or to a closed visit, without an approval before it', () => {
    for (const goal of ['checked-in', 'inside', 'left', 'closed'] as const) {
      const paths = pathsTo(goal);
      expect(paths.length).toBeGreaterThan(0);
      for (const path of paths) expect(path).toContain('approved');
    }
  });

  it('SD30: nobody leaves who did not enter, and nothing is closed that has not begun', () => {
    for (const path of pathsTo('left')) expect(path).toContain('inside');
    for (const path of pathsTo('closed')) {
      expect(path.includes('checked-in') || path.includes('inside')).toBe(true);
    }
  });

  it('SD30: every state can be reached, and from every open one an end', () => {
    const ends = ['closed', 'rejected', 'withdrawn', 'revoked', 'expired'];
    for (const state of REQUEST_STATES) {
      expect([state, pathsTo(state).length > 0]).toEqual([state, true]);
      const moves = REQUEST_ACTIONS.map((action) => stepRequest(state, action)).filter(
        (cell) => cell.kind === 'move' && cell.to !== state,
      );
      expect([state, moves.length > 0]).toEqual([state, !ends.includes(state)]);
    }
  });

  it('SD30: what is over stays over, whatever is tried with it and however often', () => {
    for (const state of ['closed', 'rejected', 'withdrawn', 'revoked', 'expired'] as const) {
      for (const action of REQUEST_ACTIONS) expect(stepRequest(state, action).kind).not.toBe('move');
    }
  });
});
