import type { Kysely, Migration } from 'kysely';

/** Sessions that can be told apart and ended one by one, new passwords, and accounts of another issuer. */
async function up(db: Kysely<unknown>): Promise<void> {
  const addToSessions = (name: string, type: 'text' | 'bigint') =>
    db.schema.alterTable('sessions').addColumn(name, type).execute();
  // The key of a session is the hash of its token, which is no name for it.
  await addToSessions('id', 'text');
  await addToSessions('seen_at', 'bigint');
  await addToSessions('device', 'text');
  await addToSessions('method', 'text');
  await db.schema.createIndex('sessions_by_id').on('sessions').column('id').execute();
  await db.schema
    .createTable('password_resets')
    .addColumn('token_hash', 'text', (c) => c.primaryKey())
    .addColumn('person_id', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('sso_links')
    .addColumn('issuer', 'text', (c) => c.notNull())
    .addColumn('subject', 'text', (c) => c.notNull())
    .addColumn('person_id', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('linked_at', 'bigint', (c) => c.notNull())
    .addColumn('by_id', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('sso_links_pk', ['issuer', 'subject'])
    .execute();
  await db.schema.createIndex('sso_links_by_person').on('sso_links').column('person_id').execute();
  // A sign-in under way, or one that ended with a subject that nobody here has yet.
  await db.schema
    .createTable('sso_logins')
    .addColumn('cookie_hash', 'text', (c) => c.primaryKey())
    .addColumn('state', 'text')
    .addColumn('nonce', 'text')
    .addColumn('verifier', 'text')
    .addColumn('issuer', 'text')
    .addColumn('subject', 'text')
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .execute();
}

export const signIn: Migration = { up };
