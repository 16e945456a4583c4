import { sql, type Kysely, type Migration } from 'kysely';

// Text ids, whole numbers for times and truth values: the same statements build both dialects.
async function up(db: Kysely<unknown>): Promise<void> {
  const table = (name: string) => db.schema.createTable(name);

  await table('meta')
    .addColumn('key', 'text', (c) => c.primaryKey())
    .addColumn('value', 'text', (c) => c.notNull())
    .execute();

  await table('people')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('organisation', 'text', (c) => c.notNull())
    .addColumn('username', 'text', (c) => c.unique())
    .addColumn('password_hash', 'text')
    .addColumn('is_active', 'integer', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute();
  await table('person_roles')
    .addColumn('person_id', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('role', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('person_roles_pk', ['person_id', 'role'])
    .execute();
  await table('sessions')
    .addColumn('token_hash', 'text', (c) => c.primaryKey())
    .addColumn('person_id', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('sessions_by_person').on('sessions').column('person_id').execute();
  await table('credentials')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('person_id', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('handle', 'text', (c) => c.notNull().unique())
    .addColumn('last_four', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('enrolled_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('credentials_by_person').on('credentials').column('person_id').execute();

  await table('gateways')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('epoch', 'bigint', (c) => c.notNull())
    .addColumn('public_key', 'text')
    .addColumn('seen_at', 'bigint')
    .addColumn('policy_version', 'bigint')
    .execute();
  await table('gateway_epochs')
    .addColumn('gateway_id', 'text', (c) => c.notNull().references('gateways.id'))
    .addColumn('epoch', 'bigint', (c) => c.notNull())
    .addColumn('public_key', 'text', (c) => c.notNull())
    .addColumn('enrolled_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('gateway_epochs_pk', ['gateway_id', 'epoch'])
    .execute();
  await table('enrolment_tokens')
    .addColumn('token_hash', 'text', (c) => c.primaryKey())
    .addColumn('gateway_id', 'text', (c) => c.notNull().references('gateways.id'))
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('used_at', 'bigint')
    .execute();

  await table('rooms')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .execute();
  await table('doors')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('room_id', 'text', (c) => c.notNull().references('rooms.id'))
    .addColumn('gateway_id', 'text', (c) => c.references('gateways.id'))
    .execute();

  await table('register_series')
    .addColumn('series', 'text', (c) => c.primaryKey())
    .addColumn('last', 'bigint', (c) => c.notNull())
    .execute();
  await table('requests')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('number', 'text', (c) => c.notNull().unique())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('requester_id', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('purpose', 'text', (c) => c.notNull())
    .addColumn('description', 'text', (c) => c.notNull())
    .addColumn('door_id', 'text', (c) => c.notNull().references('doors.id'))
    .addColumn('valid_from', 'bigint', (c) => c.notNull())
    .addColumn('valid_until', 'bigint', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('decided_at', 'bigint')
    .addColumn('decided_by', 'text', (c) => c.references('people.id'))
    .addColumn('reason', 'text')
    .execute();
  await db.schema.createIndex('requests_by_age').on('requests').columns(['created_at', 'id']).execute();
  await db.schema.createIndex('requests_by_state').on('requests').columns(['state', 'valid_until']).execute();
  await table('request_steps')
    .addColumn('request_id', 'text', (c) => c.notNull().references('requests.id'))
    .addColumn('ordinal', 'integer', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('step', 'text', (c) => c.notNull())
    .addColumn('by_id', 'text', (c) => c.references('people.id'))
    .addColumn('reason', 'text')
    .addColumn('method', 'text')
    .addPrimaryKeyConstraint('request_steps_pk', ['request_id', 'ordinal'])
    .execute();
  await table('permits')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('request_id', 'text', (c) => c.notNull().unique().references('requests.id'))
    .addColumn('sub', 'text', (c) => c.notNull())
    .addColumn('rev', 'integer', (c) => c.notNull())
    .addColumn('jws', 'text', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull())
    .addColumn('doors', 'text', (c) => c.notNull())
    .addColumn('valid_from', 'bigint', (c) => c.notNull())
    .addColumn('valid_until', 'bigint', (c) => c.notNull())
    .addColumn('issued_at', 'bigint', (c) => c.notNull())
    .addColumn('revoked_at', 'bigint')
    .execute();
  await table('policy_versions')
    .addColumn('version', 'bigint', (c) => c.primaryKey())
    .addColumn('manifest', 'text', (c) => c.notNull())
    .addColumn('manifest_hash', 'text', (c) => c.notNull())
    .addColumn('directory', 'text', (c) => c.notNull())
    .addColumn('members', 'text', (c) => c.notNull())
    .addColumn('signed_at', 'bigint', (c) => c.notNull())
    .execute();

  await table('journals')
    .addColumn('gateway_id', 'text', (c) => c.notNull().references('gateways.id'))
    .addColumn('epoch', 'bigint', (c) => c.notNull())
    .addColumn('generation', 'text', (c) => c.notNull())
    .addColumn('size', 'bigint', (c) => c.notNull())
    .addColumn('head', 'text', (c) => c.notNull())
    .addColumn('frontier', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('journals_pk', ['gateway_id', 'epoch'])
    .execute();
  await table('journal_records')
    .addColumn('position', 'bigint', (c) => c.primaryKey())
    .addColumn('gateway_id', 'text', (c) => c.notNull())
    .addColumn('epoch', 'bigint', (c) => c.notNull())
    .addColumn('seq', 'bigint', (c) => c.notNull())
    .addColumn('record', 'text', (c) => c.notNull())
    .addColumn('leaf_hash', 'text', (c) => c.notNull())
    .addColumn('received_at', 'bigint', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('type', 'text', (c) => c.notNull())
    .addColumn('severity', 'text', (c) => c.notNull())
    .addColumn('door_id', 'text')
    .addColumn('direction', 'text')
    .addColumn('reason', 'text')
    .addColumn('clock_trust', 'integer', (c) => c.notNull())
    .addUniqueConstraint('journal_records_once', ['gateway_id', 'epoch', 'seq'])
    .execute();
  await db.schema
    .createIndex('journal_records_by_time')
    .on('journal_records')
    .columns(['at', 'position'])
    .execute();
  await table('openings')
    .addColumn('gateway_id', 'text', (c) => c.notNull())
    .addColumn('epoch', 'bigint', (c) => c.notNull())
    .addColumn('seq', 'bigint', (c) => c.notNull())
    .addColumn('field', 'text', (c) => c.notNull())
    .addColumn('salt', 'text', (c) => c.notNull())
    .addColumn('value', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('openings_pk', ['gateway_id', 'epoch', 'seq', 'field'])
    .execute();
  await db.schema.createIndex('openings_by_value').on('openings').columns(['field', 'value']).execute();
  await table('journal_checkpoints')
    .addColumn('gateway_id', 'text', (c) => c.notNull())
    .addColumn('epoch', 'bigint', (c) => c.notNull())
    .addColumn('size', 'bigint', (c) => c.notNull())
    .addColumn('note', 'text', (c) => c.notNull())
    .addColumn('is_cosigned', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('journal_checkpoints_pk', ['gateway_id', 'epoch', 'size'])
    .execute();

  await table('site_log')
    .addColumn('id', 'text', (c) => c.primaryKey().check(sql`id = 'site'`))
    .addColumn('size', 'bigint', (c) => c.notNull())
    .addColumn('head', 'text', (c) => c.notNull())
    .addColumn('frontier', 'text', (c) => c.notNull())
    .execute();
  await table('site_records')
    .addColumn('seq', 'bigint', (c) => c.primaryKey())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('type', 'text', (c) => c.notNull())
    .addColumn('record', 'text', (c) => c.notNull())
    .execute();
  await table('site_checkpoints')
    .addColumn('size', 'bigint', (c) => c.primaryKey())
    .addColumn('note', 'text', (c) => c.notNull())
    .execute();

  await table('door_states')
    .addColumn('door_id', 'text', (c) => c.primaryKey())
    .addColumn('state', 'text', (c) => c.notNull())
    .execute();
  await table('visits')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('door_id', 'text', (c) => c.notNull())
    .addColumn('person_id', 'text')
    .addColumn('permit_id', 'text')
    .addColumn('began_at', 'bigint', (c) => c.notNull())
    .addColumn('entered_at', 'bigint')
    .addColumn('left_at', 'bigint')
    .addColumn('certainty', 'text', (c) => c.notNull())
    .addColumn('phase', 'text', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('visits_by_age').on('visits').columns(['began_at', 'id']).execute();
  await db.schema.createIndex('visits_by_phase').on('visits').columns(['phase', 'door_id']).execute();
}

/** The tables of the first version. */
export const firstTables: Migration = { up };
