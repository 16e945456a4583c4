import type { Person } from '#contract/api';
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

/** Ends a session. */
export async function deleteSession(db: Database, tokenHash: string): Promise<void> {
  await db.deleteFrom('sessions').where('token_hash', '=', tokenHash).execute();
}

/** Removes sessions that are over. */
export async function deleteExpiredSessions(db: Database, now: number): Promise<void> {
  await db.deleteFrom('sessions').where('expires_at', '<=', now).execute();
}
