import type { Session, SignInMethod } from '#contract/api-account';
import type { Database } from './database.ts';
import type { SsoLoginsTable } from './tables-procedure.ts';

/** Ends every session of somebody, but for one that may be named. @returns how many */
export async function deleteSessionsOf(
  trx: Database,
  personId: string,
  exceptHash: string | null = null,
): Promise<number> {
  const ended = await trx
    .deleteFrom('sessions')
    .where('person_id', '=', personId)
    .$if(exceptHash !== null, (q) => q.where('token_hash', '<>', exceptHash ?? ''))
    .returning('token_hash')
    .execute();
  return ended.length;
}

/** Ends one session of somebody. @returns false where there is none of this name */
export async function deleteSessionById(trx: Database, personId: string, id: string): Promise<boolean> {
  const { numDeletedRows } = await trx
    .deleteFrom('sessions')
    .where('person_id', '=', personId)
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}

/** Lists the sessions of somebody that are not over, newest first. */
export async function listSessions(
  db: Database,
  personId: string,
  at: { readonly now: number; readonly thisHash: string | null },
): Promise<readonly Session[]> {
  const rows = await db
    .selectFrom('sessions')
    .selectAll()
    .where('person_id', '=', personId)
    .where('expires_at', '>', at.now)
    .where('id', 'is not', null)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    id: row.id ?? '',
    createdAt: new Date(row.created_at).toISOString(),
    seenAt: new Date(row.seen_at ?? row.created_at).toISOString(),
    expiresAt: new Date(row.expires_at).toISOString(),
    method: row.method ?? 'password',
    device: row.device,
    isThis: row.token_hash === at.thisHash,
  }));
}

/** How a session began. */
export interface SessionOrigin {
  readonly method: SignInMethod;
  readonly device: string | null;
}

/** Stores somebody's password, or takes it away. */
export async function savePasswordHash(trx: Database, personId: string, hash: string | null): Promise<void> {
  await trx.updateTable('people').set({ password_hash: hash }).where('id', '=', personId).execute();
}

/** Forgets every reset token of somebody. */
export async function deleteResetsOf(trx: Database, personId: string): Promise<void> {
  await trx.deleteFrom('password_resets').where('person_id', '=', personId).execute();
}

/** Stores a reset token, in the place of every one before. */
export async function insertReset(
  trx: Database,
  reset: { readonly tokenHash: string; readonly personId: string; readonly expiresAt: number },
): Promise<void> {
  await deleteResetsOf(trx, reset.personId);
  await trx
    .insertInto('password_resets')
    .values({ token_hash: reset.tokenHash, person_id: reset.personId, expires_at: reset.expiresAt })
    .execute();
}

/** Finds whose reset token this is, if it still counts. */
export async function findReset(db: Database, tokenHash: string, now: number): Promise<string | null> {
  const row = await db
    .selectFrom('password_resets')
    .select('person_id')
    .where('token_hash', '=', tokenHash)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return row?.person_id ?? null;
}

/** Finds who has an account of another issuer: by issuer and subject, and by nothing else. @see rule SU33 */
export async function findSsoPerson(db: Database, issuer: string, subject: string): Promise<string | null> {
  const row = await db
    .selectFrom('sso_links')
    .select('person_id')
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .executeTakeFirst();
  return row?.person_id ?? null;
}

/** Links an account of another issuer. @returns false where the subject is somebody's already */
export async function insertSsoLink(
  trx: Database,
  link: {
    readonly issuer: string;
    readonly subject: string;
    readonly personId: string;
    readonly at: number;
    readonly byId: string;
  },
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('sso_links')
    .values({
      issuer: link.issuer,
      subject: link.subject,
      person_id: link.personId,
      linked_at: link.at,
      by_id: link.byId,
    })
    .onConflict((c) => c.columns(['issuer', 'subject']).doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}

/** Lists the linked accounts of somebody. */
export async function listSsoLinks(db: Database, personId: string) {
  const rows = await db
    .selectFrom('sso_links')
    .selectAll()
    .where('person_id', '=', personId)
    .orderBy('issuer')
    .orderBy('subject')
    .execute();
  return rows.map((row) => ({
    issuer: row.issuer,
    subject: row.subject,
    linkedAt: new Date(row.linked_at).toISOString(),
  }));
}

/** Ends a link. @returns false where there is none */
export async function deleteSsoLink(
  trx: Database,
  link: { readonly personId: string; readonly issuer: string; readonly subject: string },
): Promise<boolean> {
  const { numDeletedRows } = await trx
    .deleteFrom('sso_links')
    .where('person_id', '=', link.personId)
    .where('issuer', '=', link.issuer)
    .where('subject', '=', link.subject)
    .executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}

/** Stores where a sign-in at another issuer stands, in the place of what was there. */
export async function saveSsoLogin(trx: Database, login: SsoLoginsTable): Promise<void> {
  const { cookie_hash: _hash, ...fields } = login;
  await trx
    .insertInto('sso_logins')
    .values(login)
    .onConflict((c) => c.column('cookie_hash').doUpdateSet(fields))
    .execute();
}

/** Takes a sign-in at another issuer: it is there once. */
export async function takeSsoLogin(
  trx: Database,
  cookieHash: string,
  now: number,
): Promise<SsoLoginsTable | null> {
  const row = await trx
    .deleteFrom('sso_logins')
    .where('cookie_hash', '=', cookieHash)
    .returningAll()
    .executeTakeFirst();
  return row === undefined || row.expires_at <= now ? null : row;
}

/** Removes what is over: reset tokens and sign-ins under way. */
export async function deleteLapsedSignIns(trx: Database, now: number): Promise<void> {
  await trx.deleteFrom('password_resets').where('expires_at', '<=', now).execute();
  await trx.deleteFrom('sso_logins').where('expires_at', '<=', now).execute();
}
