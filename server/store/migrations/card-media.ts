import type { Kysely, Migration } from 'kysely';

/** Which medium a card was read from; all that were enrolled before are EM4100. */
async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('credentials')
    .addColumn('media', 'text', (c) => c.notNull().defaultTo('em'))
    .execute();
}

export const cardMedia: Migration = { up };
