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
    ])
    // A visit code is nobody's card: it is neither shown nor restored.
    .where('credentials.kind', '=', 'card');

type CredentialRow = Awaited<ReturnType<ReturnType<typeof withPerson>['executeTakeFirstOrThrow']>>;

const toCredential = (row: CredentialRow): Credential => ({
  id: row.id,
  personId: row.person_id,
  personName: row.person_name,
  media: row.media as CardMedia,
  lastFour: row.last_four,
  state: row.state,
  enrolledAt: new Date(row.enrolled_at).toISOString(),
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
  page: { readonly after: CredentialsCursor | null; readonly limit: number },
): Promise<readonly Credential[]> {
  const { after } = page;
  const rows = await withPerson(db)
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

/** Suspends or restores a card. @returns whether anything changed */
export async function setCredentialState(
  db: Database,
  id: string,
  state: 'active' | 'suspended',
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('credentials')
    .set({ state })
    .where('id', '=', id)
    .where('state', '<>', state)
    .where('kind', '=', 'card')
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
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
