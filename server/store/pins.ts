import type { PinVerifier } from '#contract/pin';
import type { Database } from './database.ts';

/** Stores what the PIN of a card is compared with, in the place of what was there. */
export async function savePin(
  trx: Database,
  pin: {
    readonly credentialId: string;
    readonly pin: PinVerifier;
    readonly duress: PinVerifier | null;
    readonly setAt: number;
  },
): Promise<void> {
  const fields = {
    pin: JSON.stringify(pin.pin),
    duress: pin.duress === null ? null : JSON.stringify(pin.duress),
    set_at: pin.setAt,
  };
  await trx
    .insertInto('pins')
    .values({ credential_id: pin.credentialId, ...fields })
    .onConflict((c) => c.column('credential_id').doUpdateSet(fields))
    .execute();
}

/** Forgets the PIN of a card. @returns whether there was one */
export async function deletePin(trx: Database, credentialId: string): Promise<boolean> {
  const { numDeletedRows } = await trx
    .deleteFrom('pins')
    .where('credential_id', '=', credentialId)
    .executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}

/** A card to which a PIN may belong. */
export interface PinCard {
  readonly id: string;
  readonly personId: string;
  readonly handle: string;
}

const cards = (db: Database) =>
  db.selectFrom('credentials').select(['id', 'person_id as personId', 'handle']).where('kind', '=', 'card');

/** Finds a card by its row id; a visit code is none. */
export const findPinCard = async (db: Database, id: string): Promise<PinCard | null> =>
  (await cards(db).where('id', '=', id).executeTakeFirst()) ?? null;

/** Lists somebody's active cards. */
export const pinCardsOf = (db: Database, personId: string): Promise<readonly PinCard[]> =>
  cards(db).where('person_id', '=', personId).where('state', '=', 'active').orderBy('id').execute();

/** Tells whether every active card of somebody has a PIN, and there is one. */
export async function hasPin(db: Database, personId: string): Promise<boolean> {
  const rows = await db
    .selectFrom('credentials')
    .leftJoin('pins', 'pins.credential_id', 'credentials.id')
    .select('pins.set_at')
    .where('person_id', '=', personId)
    .where('kind', '=', 'card')
    .where('state', '=', 'active')
    .execute();
  return rows.length > 0 && rows.every((row) => row.set_at !== null);
}
