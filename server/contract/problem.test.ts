import { describe, expect, it } from 'vitest';
import { PROBLEMS, problemOf, problemSchema, type ProblemCode } from './problem.ts';

const codes = Object.keys(PROBLEMS) as ProblemCode[];

describe('problems', () => {
  it.each(codes)('C27: %s is a whole problem document', (code) => {
    const problem = problemOf(code, { requestId: 'r', errors: [{ pointer: '/a', code: 'too_small' }] });
    expect(problemSchema.parse(problem)).toEqual(problem);
    expect(problem.status).toBeGreaterThanOrEqual(400);
    expect(problem.status).toBeLessThan(600);
    expect(PROBLEMS[code].title).toMatch(/\.$/);
    expect(PROBLEMS[code].action).toMatch(/\.$/);
  });

  it('C27: no code is known that is not in the table', () => {
    const made = problemOf('not-found');
    expect(problemSchema.safeParse({ ...made, code: 'gone' }).success).toBe(false);
  });
});
