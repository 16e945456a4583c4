import type { Credential } from '#contract/api';
import type { CardMedia } from '#contract/card';
import type { Database } from './database.ts';

/** A new card. Its number is not stored: the handle is a keyed hash of it. */
export interface NewCredential {
  readonly id: string;
  readonly personId: string;
  readonly handle: string;
  readonly media: CardMedia;
  readonly lastFour: string;
  readonly enrolledAt: number;
  /** Null for a card without an end of its own. */
  readonly expiresAt: number | null;
}

/** Stores a card. @returns false where the card belongs to somebody already */
export async function insertCredential(db: Database, credential: NewCredential): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('credentials')
    .values({
      id: credential.id,
      person_id: credential.personId,
      handle: credential.handle,
      media: credential.media,
      last_four: credential.lastFour,
      state: 'active',
      enrolled_at: credential.enrolledAt,
      expires_at: credential.expiresAt,
    })
    .onConflict((c) => c.column('handle').doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}

const withPerson = (db: Database) =>
  db
    .selectFrom('credentials')
    .innerJoin('people', 'people.id', 'credentials.person_id')
    .select([
      'credentials.id',
      'credentials.person_id',
      'people.name as person_name',
      'credentials.media',
      'credentials.last_four',
      'credentials.state',
      'credentials.enrolled_at',
      'credentials.expires_at',
    ])
    // A visit code is nobody's card: it is neither shown nor restored.
    .where('credentials.kind', '=', 'card')
    .where('credentials.state', '<>', 'returned');

type CredentialRow = Awaited<ReturnType<ReturnType<typeof withPerson>['executeTakeFirstOrThrow']>>;

const toCredential = (row: CredentialRow): Credential => ({
  id: row.id,
  personId: row.person_id,
  personName: row.person_name,
  media: row.media as CardMedia,
  lastFour: row.last_four,
  state: row.state === 'returned' ? 'suspended' : row.state,
  enrolledAt: new Date(row.enrolled_at).toISOString(),
  expiresAt: row.expires_at === null ? null : new Date(row.expires_at).toISOString(),
});

/** Finds a card by its row id. */
export async function findCredential(db: Database, id: string): Promise<Credential | null> {
  const row = await withPerson(db).where('credentials.id', '=', id).executeTakeFirst();
  return row === undefined ? null : toCredential(row);
}

/** Where a list of cards goes on: after this time and id. */
export interface CredentialsCursor {
  readonly at: number;
  readonly id: string;
}

/** Lists cards, newest first. */
export async function listCredentials(
  db: Database,
  page: {
    readonly after: CredentialsCursor | null;
    readonly limit: number;
    readonly personId?: string | undefined;
  },
): Promise<readonly Credential[]> {
  const { after, personId } = page;
  const rows = await withPerson(db)
    .$if(personId !== undefined, (q) => q.where('credentials.person_id', '=', personId ?? ''))
    .$if(after !== null, (q) =>
      q.where((e) =>
        e.or([
          e('credentials.enrolled_at', '<', after?.at ?? 0),
          e.and([
            e('credentials.enrolled_at', '=', after?.at ?? 0),
            e('credentials.id', '<', after?.id ?? ''),
          ]),
        ]),
      ),
    )
    .orderBy('credentials.enrolled_at', 'desc')
    .orderBy('credentials.id', 'desc')
    .limit(page.limit)
    .execute();
  return rows.map(toCredential);
}

/** Suspends, restores or loses a card. @returns whether anything changed */
export async function setCredentialState(
  db: Database,
  id: string,
  state: Credential['state'],
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('credentials')
    .set({ state })
    .where('id', '=', id)
    .where('state', '<>', state)
    .where('state', '<>', 'returned')
    .where('kind', '=', 'card')
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** A card as it stands in somebody's hand. */
export interface HeldCard {
  readonly id: string;
  readonly personId: string;
  readonly handle: string;
  readonly expiresAt: number | null;
}

/** Finds who has a card now. */
export async function findHeldCard(
  db: Database,
  by: { readonly handle: string } | { readonly id: string },
): Promise<HeldCard | null> {
  const row = await db
    .selectFrom('credentials')
    .select(['id', 'person_id as personId', 'handle', 'expires_at as expiresAt'])
    .where('kind', '=', 'card')
    .where('state', '<>', 'returned')
    .$if('handle' in by, (q) => q.where('handle', '=', 'handle' in by ? by.handle : ''))
    .$if('id' in by, (q) => q.where('id', '=', 'id' in by ? by.id : ''))
    .executeTakeFirst();
  return row ?? null;
}

/**
 * Takes a card back: it may be given to somebody else, and who had it before stays known. The row gives the handle
 * free by putting its own id before it.
 */
export async function takeCardBack(trx: Database, card: HeldCard): Promise<void> {
  await trx.deleteFrom('pins').where('credential_id', '=', card.id).execute();
  await trx
    .updateTable('credentials')
    .set({ state: 'returned', handle: `${card.id}/${card.handle}` })
    .where('id', '=', card.id)
    .where('state', '<>', 'returned')
    .execute();
}

/** Lists the handles of somebody's active cards, newest first. */
export async function activeHandles(db: Database, personId: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('credentials')
    .innerJoin('people', 'people.id', 'credentials.person_id')
    .select('handle')
    .where('person_id', '=', personId)
    .where('state', '=', 'active')
    .where('kind', '=', 'card')
    .where('people.is_active', '=', 1)
    .orderBy('enrolled_at', 'desc')
    .orderBy('credentials.id', 'desc')
    .execute();
  return rows.map((row) => row.handle);
}
