import { approverKeySchema, type ApproverKey } from '#contract/webauthn';
import type { Database } from './database.ts';
import type { PasskeysTable } from './tables-approval.ts';

/** A passkey of somebody. */
export interface Passkey {
  readonly id: string;
  readonly personId: string;
  /** base64url. */
  readonly credentialId: string;
  /** SHA-256 of the credential id, base64url. */
  readonly cid: string;
  /** COSE, base64url. */
  readonly publicKey: string;
  readonly jwk: ApproverKey;
  readonly signCount: number;
  readonly transports: readonly string[];
  readonly name: string;
  readonly createdAt: number;
  readonly usedAt: number | null;
}

const toPasskey = (row: PasskeysTable): Passkey => ({
  id: row.id,
  personId: row.person_id,
  credentialId: row.credential_id,
  cid: row.cid,
  publicKey: row.public_key,
  jwk: approverKeySchema.parse(JSON.parse(row.jwk)),
  signCount: row.sign_count,
  transports: JSON.parse(row.transports) as string[],
  name: row.name,
  createdAt: row.created_at,
  usedAt: row.used_at,
});

/** Stores a passkey. @returns false where it is known already */
export async function insertPasskey(db: Database, passkey: Passkey): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('passkeys')
    .values({
      id: passkey.id,
      person_id: passkey.personId,
      credential_id: passkey.credentialId,
      cid: passkey.cid,
      public_key: passkey.publicKey,
      jwk: JSON.stringify(passkey.jwk),
      sign_count: passkey.signCount,
      transports: JSON.stringify(passkey.transports),
      name: passkey.name,
      created_at: passkey.createdAt,
      used_at: passkey.usedAt,
    })
    .onConflict((c) => c.column('credential_id').doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}

/** Lists the passkeys of somebody, oldest first. */
export async function passkeysOf(db: Database, personId: string): Promise<readonly Passkey[]> {
  const rows = await db
    .selectFrom('passkeys')
    .selectAll()
    .where('person_id', '=', personId)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  return rows.map(toPasskey);
}

/** Finds a passkey by its credential id, if its owner is active. */
export async function findPasskey(db: Database, credentialId: string): Promise<Passkey | null> {
  const row = await db
    .selectFrom('passkeys')
    .innerJoin('people', 'people.id', 'passkeys.person_id')
    .selectAll('passkeys')
    .where('credential_id', '=', credentialId)
    .where('people.is_active', '=', 1)
    .executeTakeFirst();
  return row === undefined ? null : toPasskey(row);
}

/** Notes that a passkey was used. */
export async function savePasskeyUse(db: Database, id: string, signCount: number, at: number): Promise<void> {
  await db.updateTable('passkeys').set({ sign_count: signCount, used_at: at }).where('id', '=', id).execute();
}

/** Forgets a passkey of somebody. @returns false where that person has no such passkey */
export async function deletePasskey(db: Database, personId: string, id: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('passkeys')
    .where('id', '=', id)
    .where('person_id', '=', personId)
    .executeTakeFirstOrThrow();
  return numDeletedRows === 1n;
}

/** What a challenge is for. */
export type ChallengePurpose = 'register' | 'sign-in' | 'step-up';

/** Keeps a challenge until it is answered. */
export async function insertChallenge(
  db: Database,
  challenge: {
    readonly challenge: string;
    readonly purpose: ChallengePurpose;
    readonly personId: string | null;
    readonly expiresAt: number;
  },
): Promise<void> {
  await db
    .insertInto('passkey_challenges')
    .values({
      challenge: challenge.challenge,
      purpose: challenge.purpose,
      person_id: challenge.personId,
      expires_at: challenge.expiresAt,
    })
    .execute();
}

/**
 * Uses up a challenge: it is answered once.
 * @returns false where it is unknown, over, for something else or for somebody else
 */
export async function useChallenge(
  db: Database,
  asked: {
    readonly challenge: string;
    readonly purpose: ChallengePurpose;
    readonly personId: string | null;
    readonly now: number;
  },
): Promise<boolean> {
  const row = await db
    .deleteFrom('passkey_challenges')
    .where('challenge', '=', asked.challenge)
    .where('purpose', '=', asked.purpose)
    .where('expires_at', '>', asked.now)
    .returning('person_id')
    .executeTakeFirst();
  return row !== undefined && row.person_id === asked.personId;
}

/** Removes challenges that nobody answered in time. */
export async function deleteExpiredChallenges(db: Database, now: number): Promise<void> {
  await db.deleteFrom('passkey_challenges').where('expires_at', '<=', now).execute();
}
