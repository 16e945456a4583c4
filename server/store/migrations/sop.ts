import type { Kysely, Migration } from 'kysely';

/** Procedures with every version of their text. */
async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('sops')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('number', 'text', (c) => c.notNull().unique())
    .addColumn('is_for_entry', 'integer', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('sop_versions')
    .addColumn('sop_id', 'text', (c) => c.notNull().references('sops.id'))
    .addColumn('version', 'bigint', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('content', 'text', (c) => c.notNull())
    .addColumn('text_hash', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    // Null for a template that came with the product.
    .addColumn('created_by', 'text')
    .addColumn('revised_at', 'bigint', (c) => c.notNull())
    .addColumn('submitted_at', 'bigint')
    .addColumn('submitted_by', 'text')
    .addColumn('effective_at', 'bigint')
    .addColumn('approved_by', 'text')
    .addColumn('withdrawn_at', 'bigint')
    .addColumn('withdrawn_by', 'text')
    .addColumn('review_due_at', 'bigint')
    .addColumn('reminded_at', 'bigint')
    .addPrimaryKeyConstraint('sop_versions_pk', ['sop_id', 'version'])
    .execute();
  await db.schema.createIndex('sop_versions_by_state').on('sop_versions').column('state').execute();
}

export const sop: Migration = { up };
