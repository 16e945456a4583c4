import type { Kysely, Migration } from 'kysely';

/** Reviews of who has rights, and of the log of a month. */
async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('review_campaigns')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('title', 'text', (c) => c.notNull())
    .addColumn('scope', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('opened_at', 'bigint', (c) => c.notNull())
    .addColumn('opened_by', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('deadline_at', 'bigint', (c) => c.notNull())
    .addColumn('closed_at', 'bigint')
    .execute();
  await db.schema
    .createTable('review_items')
    .addColumn('campaign_id', 'text', (c) => c.notNull().references('review_campaigns.id'))
    .addColumn('person_id', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('ordinal', 'bigint', (c) => c.notNull())
    .addColumn('facts', 'text', (c) => c.notNull())
    .addColumn('decision', 'text')
    .addColumn('reason', 'text')
    .addColumn('decided_by', 'text')
    .addColumn('decided_at', 'bigint')
    .addPrimaryKeyConstraint('review_items_pk', ['campaign_id', 'person_id'])
    .execute();
  await db.schema.createIndex('review_items_by_person').on('review_items').column('person_id').execute();
  await db.schema
    .createTable('log_reviews')
    .addColumn('period', 'text', (c) => c.primaryKey())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('by_id', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('method', 'text', (c) => c.notNull())
    .addColumn('conclusion', 'text', (c) => c.notNull())
    .addColumn('findings', 'text', (c) => c.notNull())
    /** The heads of the logs at the end of the period, and what was counted; canonical JSON. */
    .addColumn('document', 'text', (c) => c.notNull())
    .addColumn('document_hash', 'text', (c) => c.notNull())
    .execute();
}

export const reviews: Migration = { up };
