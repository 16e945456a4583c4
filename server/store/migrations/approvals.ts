import type { Kysely, Migration } from 'kysely';

/** Passkeys, the approvals that permits rest on, notices that end a right, and what a manifest counted. */
async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('passkeys')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('person_id', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('credential_id', 'text', (c) => c.notNull().unique())
    .addColumn('cid', 'text', (c) => c.notNull())
    .addColumn('public_key', 'text', (c) => c.notNull())
    .addColumn('jwk', 'text', (c) => c.notNull())
    .addColumn('sign_count', 'bigint', (c) => c.notNull())
    .addColumn('transports', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('used_at', 'bigint')
    .execute();
  await db.schema.createIndex('passkeys_by_person').on('passkeys').columns(['person_id', 'id']).execute();
  await db.schema
    .createTable('passkey_challenges')
    .addColumn('challenge', 'text', (c) => c.primaryKey())
    .addColumn('purpose', 'text', (c) => c.notNull())
    .addColumn('person_id', 'text')
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('approvals')
    .addColumn('hash', 'text', (c) => c.primaryKey())
    .addColumn('request_id', 'text', (c) => c.notNull().references('requests.id'))
    .addColumn('by_id', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('facts', 'text', (c) => c.notNull())
    .addColumn('site_seq', 'bigint', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema
    .createIndex('approvals_by_request')
    .on('approvals')
    .columns(['request_id', 'site_seq'])
    .execute();
  await db.schema
    .createTable('deny_notices')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('vmin', 'bigint', (c) => c.notNull())
    .addColumn('jws', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('deny_notices_by_vmin').on('deny_notices').column('vmin').execute();
  // Hash of each member by id, JSON: what changed between two versions. Null before.
  await db.schema.alterTable('policy_versions').addColumn('member_hashes', 'text').execute();
}

export const approvals: Migration = { up };
