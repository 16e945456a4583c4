import type { Context } from 'hono';
import { problemOf, problemSchema, type Problem, type ProblemCode, type PROBLEMS } from '#contract/problem';
import type { Refusal } from '../procedure/site.ts';
import type { AppEnv } from './app-env.ts';

/** The problem answer of every route. @see RFC 9457 */
export const PROBLEM_ANSWER = {
  description: 'Why not.',
  content: { 'application/problem+json': { schema: problemSchema.meta({ id: 'Problem' }) } },
} as const;

type ProblemStatus = (typeof PROBLEMS)[ProblemCode]['status'];

/** Answers with a problem document. */
export function problem(
  c: Context<AppEnv>,
  code: ProblemCode,
  errors?: NonNullable<Problem['errors']>,
  headers: Readonly<Record<string, string>> = {},
) {
  const requestId = c.get('requestId');
  const body = problemOf(code, errors === undefined ? { requestId } : { requestId, errors });
  return c.json(body, body.status as ProblemStatus, {
    ...headers,
    'Content-Type': 'application/problem+json',
  });
}

/** Answers with why a procedure did not go through. */
export const refuse = (c: Context<AppEnv>, refusal: Refusal) => problem(c, refusal.code, refusal.errors);
