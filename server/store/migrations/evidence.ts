import { sql, type Kysely, type Migration } from 'kysely';

/** Epochs that are given out ahead, records that were appended again, batches that are not merged, and witnesses. */
async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('gateway_epochs')
    .addColumn('origin', 'text', (c) => c.notNull().defaultTo('enrolled'))
    .execute();
  await db.schema.alterTable('gateway_epochs').addColumn('opened_at', 'bigint').execute();
  await db.schema.alterTable('gateway_epochs').addColumn('prev_epoch', 'bigint').execute();
  await db.schema.alterTable('gateway_epochs').addColumn('prev_size', 'bigint').execute();
  await sql`update gateway_epochs set opened_at = enrolled_at`.execute(db);
  // Leaf hash of the record that this one holds again; null for every other record.
  await db.schema.alterTable('journal_records').addColumn('origin_hash', 'text').execute();
  await db.schema
    .alterTable('journal_records')
    .addColumn('is_repeat', 'integer', (c) => c.notNull().defaultTo(0))
    .execute();
  await db.schema
    .createIndex('journal_records_by_origin')
    .on('journal_records')
    .column('origin_hash')
    .where(sql.ref('origin_hash'), 'is not', null)
    .execute();
  await db.schema
    .createTable('journal_conflicts')
    .addColumn('hash', 'text', (c) => c.primaryKey())
    .addColumn('gateway_id', 'text', (c) => c.notNull())
    .addColumn('epoch', 'bigint', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('why', 'text', (c) => c.notNull())
    .addColumn('pointer', 'text', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('upload', 'text', (c) => c.notNull())
    .execute();
  await db.schema
    .createIndex('journal_conflicts_by_gateway')
    .on('journal_conflicts')
    .columns(['gateway_id', 'at'])
    .execute();
  await db.schema
    .createTable('site_cosignatures')
    .addColumn('size', 'bigint', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('line', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('site_cosignatures_pk', ['size', 'name'])
    .execute();
}

export const evidence: Migration = { up };
