import { sql, type Kysely, type Migration } from 'kysely';

/**
 * What commitments stand for is sealed under keys that can be destroyed; requests of data subjects, how long each
 * class of data is kept, and who looked at whom. Openings in clear wait in `openings_plain` until the first start
 * has sealed them: a migration has no keys.
 */
async function up(db: Kysely<unknown>): Promise<void> {
  const table = (name: string) => db.schema.createTable(name);

  await db.schema.dropIndex('openings_by_value').execute();
  await db.schema.alterTable('openings').renameTo('openings_plain').execute();
  await table('opening_keys')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('field', 'text', (c) => c.notNull())
    // Empty for a key that seals values of nobody known.
    .addColumn('value', 'text', (c) => c.notNull())
    .addColumn('subject_id', 'text', (c) => c.notNull())
    .addColumn('month', 'text', (c) => c.notNull())
    .addColumn('wrapped', 'text', (c) => c.notNull())
    .addUniqueConstraint('opening_keys_once', ['field', 'value', 'subject_id', 'month'])
    .execute();
  await db.schema.createIndex('opening_keys_by_subject').on('opening_keys').column('subject_id').execute();
  await db.schema.createIndex('opening_keys_by_month').on('opening_keys').column('month').execute();
  await table('openings')
    .addColumn('gateway_id', 'text', (c) => c.notNull())
    .addColumn('epoch', 'bigint', (c) => c.notNull())
    .addColumn('seq', 'bigint', (c) => c.notNull())
    .addColumn('field', 'text', (c) => c.notNull())
    .addColumn('key_id', 'text', (c) => c.notNull())
    .addColumn('sealed', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('sealed_openings_pk', ['gateway_id', 'epoch', 'seq', 'field'])
    .execute();
  await db.schema.createIndex('openings_by_key').on('openings').column('key_id').execute();

  await table('privacy_marks')
    .addColumn('person_id', 'text', (c) => c.primaryKey().references('people.id'))
    .addColumn('restricted_at', 'bigint')
    .addColumn('sealed_person', 'text')
    .addColumn('held_at', 'bigint')
    .addColumn('hold_reason', 'text')
    .addColumn('erased_at', 'bigint')
    .addColumn('erased_basis', 'text')
    .execute();
  await table('privacy_requests')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('person_id', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('filed_by', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('filed_at', 'bigint', (c) => c.notNull())
    .addColumn('due_at', 'bigint', (c) => c.notNull())
    .addColumn('details', 'text', (c) => c.notNull())
    .addColumn('subject_ref', 'text')
    .addColumn('approved_by', 'text', (c) => c.references('people.id'))
    .addColumn('approved_at', 'bigint')
    .addColumn('closed_by', 'text', (c) => c.references('people.id'))
    .addColumn('closed_at', 'bigint')
    .addColumn('basis', 'text')
    .addColumn('outcome', 'text')
    .execute();
  await db.schema
    .createIndex('privacy_requests_by_age')
    .on('privacy_requests')
    .columns(['filed_at', 'id'])
    .execute();
  await table('annotations')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('subject_ref', 'text', (c) => c.notNull())
    .addColumn('person_id', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('text', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('by_id', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('request_id', 'text', (c) => c.notNull().references('privacy_requests.id'))
    .execute();
  await db.schema.createIndex('annotations_by_subject').on('annotations').column('subject_ref').execute();

  await table('pii_views')
    .addColumn('viewer_id', 'text', (c) => c.notNull())
    .addColumn('person_id', 'text', (c) => c.notNull())
    .addColumn('what', 'text', (c) => c.notNull())
    .addColumn('day', 'text', (c) => c.notNull())
    .addColumn('first_at', 'bigint', (c) => c.notNull())
    .addColumn('last_at', 'bigint', (c) => c.notNull())
    .addColumn('times', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('pii_views_pk', ['person_id', 'viewer_id', 'what', 'day'])
    .execute();
  await table('reading_log')
    .addColumn('position', 'bigint', (c) => c.primaryKey())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('by_id', 'text', (c) => c.notNull())
    .addColumn('what', 'text', (c) => c.notNull())
    .addColumn('terms', 'text', (c) => c.notNull())
    .execute();

  await table('retention_classes')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('keep_days', 'bigint', (c) => c.notNull())
    .addColumn('schedule_code', 'text')
    .execute();
  await table('destructions')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('class_name', 'text')
    .addColumn('month', 'text')
    .addColumn('basis', 'text', (c) => c.notNull())
    .addColumn('counts', 'text', (c) => c.notNull())
    .addColumn('site_seq', 'bigint')
    .addColumn('request_id', 'text')
    .addColumn('carried_by', 'text')
    .addColumn('approved_by', 'text')
    .execute();

  await db.schema.alterTable('requests').addColumn('notice_hash', 'text').execute();

  // The defaults of the requirements (2E), until the agency's own records-retention schedule replaces them.
  const days = { 'door-events': 1826, 'visitor-data': 365, 'unused-requests': 90, 'viewing-logs': 1826 };
  for (const [name, keep] of Object.entries(days)) {
    await sql`insert into retention_classes (name, keep_days) values (${name}, ${keep})`.execute(db);
  }
}

export const privacy: Migration = { up };
