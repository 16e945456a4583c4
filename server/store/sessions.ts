import type { Person } from '#contract/api';
import type { StepUp } from '../auth/step-up.ts';
import type { Database } from './database.ts';
import { findPerson } from './people.ts';

/** Stores a session under the hash of its token. */
export async function insertSession(
  db: Database,
  session: {
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
    })
    .execute();
}

/** Finds whose session this is, if it has neither ended nor been revoked and the person is still active. */
export async function findSession(db: Database, tokenHash: string, now: number): Promise<Person | null> {
  const row = await db
    .selectFrom('sessions')
    .select('person_id')
    .where('token_hash', '=', tokenHash)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  const person = row === undefined ? null : await findPerson(db, row.person_id);
  return person?.isActive === true ? person : null;
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
