import type { Person } from '#contract/api';
import type { StepUp } from '../auth/step-up.ts';
import type { SessionOrigin } from './accounts.ts';
import type { Database } from './database.ts';
import { findPersonWithRights } from './profiles.ts';

/** Stores a session under the hash of its token. */
export async function insertSession(
  db: Database,
  session: SessionOrigin & {
    readonly id: string;
    readonly tokenHash: string;
    readonly personId: string;
    readonly createdAt: number;
    readonly expiresAt: number;
  },
): Promise<void> {
  await db
    .insertInto('sessions')
    .values({
      token_hash: session.tokenHash,
      person_id: session.personId,
      created_at: session.createdAt,
      expires_at: session.expiresAt,
      id: session.id,
      seen_at: session.createdAt,
      device: session.device,
      method: session.method,
    })
    .execute();
}

/** When a session is looked at, and how long it may be left alone. */
export interface SessionTime {
  readonly now: number;
  readonly idleMs: number;
}

/**
 * Finds whose session this is, if it has neither ended, been left alone for too long nor been revoked, and the
 * person is still active and has rights.
 * @see rules SU9, SU31
 */
export async function findSession(
  db: Database,
  tokenHash: string,
  { now, idleMs }: SessionTime,
): Promise<Person | null> {
  const row = await db
    .selectFrom('sessions')
    .select(['person_id', 'created_at', 'seen_at'])
    .where('token_hash', '=', tokenHash)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  if (row === undefined || (row.seen_at ?? row.created_at) <= now - idleMs) return null;
  return findPersonWithRights(db, row.person_id, now);
}

/** Often enough for an idle time in minutes, and seldom enough to cost nothing. */
const SEEN_EVERY_MS = 60_000;

/** Notes that a session is in use. */
export async function touchSession(db: Database, tokenHash: string, now: number): Promise<void> {
  await db
    .updateTable('sessions')
    .set({ seen_at: now })
    .where('token_hash', '=', tokenHash)
    .where((e) => e.or([e('seen_at', 'is', null), e('seen_at', '<=', now - SEEN_EVERY_MS)]))
    .execute();
}

/** Notes that whoever is at the screen of a session has just been recognised again. */
export async function saveStepUp(db: Database, tokenHash: string, stepUp: StepUp): Promise<void> {
  await db
    .updateTable('sessions')
    .set({ step_up_at: stepUp.at, step_up_method: stepUp.method })
    .where('token_hash', '=', tokenHash)
    .execute();
}

/** Finds when, and how, whoever is at the screen of a session was last recognised again. */
export async function findStepUp(db: Database, tokenHash: string): Promise<StepUp | null> {
  const row = await db
    .selectFrom('sessions')
    .select(['step_up_at', 'step_up_method'])
    .where('token_hash', '=', tokenHash)
    .executeTakeFirst();
  const at = row?.step_up_at ?? null;
  const method = row?.step_up_method ?? null;
  return at === null || method === null ? null : { at, method };
}

/** Ends a session. */
export async function deleteSession(db: Database, tokenHash: string): Promise<void> {
  await db.deleteFrom('sessions').where('token_hash', '=', tokenHash).execute();
}

/** Removes sessions that are over. */
export async function deleteExpiredSessions(db: Database, now: number): Promise<void> {
  await db.deleteFrom('sessions').where('expires_at', '<=', now).execute();
}
