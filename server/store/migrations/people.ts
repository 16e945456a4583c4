import type { Kysely, Migration } from 'kysely';

/** What is known of people beside their name, and how fast their rights ended. */
async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('person_profiles')
    .addColumn('person_id', 'text', (c) => c.primaryKey().references('people.id'))
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('unit', 'text')
    .addColumn('position', 'text')
    .addColumn('employee_number', 'text', (c) => c.unique())
    .addColumn('email', 'text')
    .addColumn('basis_kind', 'text')
    .addColumn('basis_number', 'text')
    .addColumn('rights_end_at', 'bigint')
    .addColumn('identity_kind', 'text')
    .addColumn('identity_sealed', 'text')
    .addColumn('identity_last_four', 'text')
    .addColumn('left_at', 'bigint')
    .execute();
  await db.schema
    .createIndex('person_profiles_by_end')
    .on('person_profiles')
    .column('rights_end_at')
    .execute();
  await db.schema
    .createTable('revocations')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('person_id', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('cause', 'text', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('effective_at', 'bigint', (c) => c.notNull())
    .addColumn('done_at', 'bigint', (c) => c.notNull())
    .addColumn('by_id', 'text')
    .addColumn('counts', 'text', (c) => c.notNull())
    .addColumn('policy_version', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema
    .createIndex('revocations_by_person')
    .on('revocations')
    .columns(['person_id', 'done_at'])
    .execute();
}

export const people: Migration = { up };
