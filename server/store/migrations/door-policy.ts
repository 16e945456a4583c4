import type { Kysely, Migration } from 'kysely';

/** What people set of the doors' rules: holidays, door rules, SOPs, PINs, visit codes, orders, and who did it. */
async function up(db: Kysely<unknown>): Promise<void> {
  const table = (name: string) => db.schema.createTable(name);

  await table('audit_trail')
    .addColumn('position', 'bigint', (c) => c.primaryKey())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('by_id', 'text')
    .addColumn('act', 'text', (c) => c.notNull())
    .addColumn('subject', 'text', (c) => c.notNull())
    .addColumn('facts', 'text', (c) => c.notNull())
    .execute();
  await db.schema
    .createIndex('audit_trail_by_subject')
    .on('audit_trail')
    .columns(['subject', 'position'])
    .execute();

  await table('holidays')
    .addColumn('day', 'text', (c) => c.primaryKey())
    .addColumn('name_id', 'text', (c) => c.notNull())
    .addColumn('name_en', 'text', (c) => c.notNull())
    .addColumn('is_collective_leave', 'integer', (c) => c.notNull())
    .addColumn('source', 'text', (c) => c.notNull())
    .addColumn('is_checked', 'integer', (c) => c.notNull())
    .execute();
  await table('door_rules')
    .addColumn('door_id', 'text', (c) => c.primaryKey().references('doors.id'))
    .addColumn('rules', 'text', (c) => c.notNull())
    .execute();
  await table('required_sops')
    .addColumn('sop_hash', 'text', (c) => c.primaryKey())
    .addColumn('version', 'text', (c) => c.notNull())
    .execute();
  await table('sop_acknowledgements')
    .addColumn('person_id', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('sop_hash', 'text', (c) => c.notNull())
    .addColumn('version', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('sop_acknowledgements_pk', ['person_id', 'sop_hash'])
    .execute();

  await db.schema
    .alterTable('credentials')
    .addColumn('kind', 'text', (c) => c.notNull().defaultTo('card'))
    .execute();
  await db.schema.alterTable('credentials').addColumn('expires_at', 'bigint').execute();
  // A visit code counts for one permit only, whatever else its holder has.
  await db.schema.alterTable('credentials').addColumn('permit_id', 'text').execute();
  await db.schema
    .createIndex('credentials_by_permit')
    .on('credentials')
    .columns(['permit_id', 'kind'])
    .execute();
  // What was approved: a code lowers the uses of a permit until there is a card.
  await db.schema.alterTable('permits').addColumn('uses', 'bigint').execute();
  await table('pins')
    .addColumn('credential_id', 'text', (c) => c.primaryKey().references('credentials.id'))
    .addColumn('pin', 'text', (c) => c.notNull())
    .addColumn('duress', 'text')
    .addColumn('set_at', 'bigint', (c) => c.notNull())
    .execute();

  await db.schema.alterTable('sessions').addColumn('step_up_at', 'bigint').execute();
  await db.schema.alterTable('sessions').addColumn('step_up_method', 'text').execute();

  await table('commands')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('position', 'bigint', (c) => c.notNull().unique())
    .addColumn('gateway_id', 'text', (c) => c.notNull().references('gateways.id'))
    .addColumn('door_id', 'text', (c) => c.notNull().references('doors.id'))
    .addColumn('act', 'text', (c) => c.notNull())
    .addColumn('terms', 'text', (c) => c.notNull())
    .addColumn('why', 'text', (c) => c.notNull())
    .addColumn('by_id', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('method', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('ordered_at', 'bigint', (c) => c.notNull())
    .addColumn('sent_at', 'bigint')
    .addColumn('done_at', 'bigint')
    .addColumn('refusal', 'text')
    .execute();
  await db.schema.createIndex('commands_by_door').on('commands').columns(['door_id', 'position']).execute();
  await db.schema.createIndex('commands_by_state').on('commands').columns(['state', 'gateway_id']).execute();
  await table('command_nonces')
    .addColumn('gateway_id', 'text', (c) => c.notNull())
    .addColumn('nonce', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('command_nonces_pk', ['gateway_id', 'nonce'])
    .execute();
}

export const doorPolicy: Migration = { up };
