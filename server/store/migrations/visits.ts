import type { Kysely, Migration } from 'kysely';

/** The visit under the SOP: what may be asked for, who takes part, what came along, how it began and was closed. */
async function up(db: Kysely<unknown>): Promise<void> {
  const table = (name: string) => db.schema.createTable(name);
  const index = (name: string, on: string, columns: readonly string[]) =>
    db.schema
      .createIndex(name)
      .on(on)
      .columns([...columns])
      .execute();

  await table('purposes')
    .addColumn('code', 'text', (c) => c.primaryKey())
    .addColumn('position', 'integer', (c) => c.notNull())
    .addColumn('content', 'text', (c) => c.notNull())
    .execute();
  await table('zones')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('class', 'text', (c) => c.notNull())
    .execute();
  await table('room_procedures')
    .addColumn('room_id', 'text', (c) => c.primaryKey().references('rooms.id'))
    .addColumn('zone_id', 'text', (c) => c.references('zones.id'))
    .addColumn('is_strict', 'integer', (c) => c.notNull())
    .addColumn('needs_verification', 'integer', (c) => c.notNull())
    .addColumn('officials', 'text', (c) => c.notNull())
    .execute();
  await table('maintenance_windows')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('room_id', 'text', (c) => c.notNull().references('rooms.id'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('from_at', 'bigint', (c) => c.notNull())
    .addColumn('until_at', 'bigint', (c) => c.notNull())
    .addColumn('is_cancelled', 'integer', (c) => c.notNull())
    .execute();
  await index('maintenance_windows_by_time', 'maintenance_windows', ['room_id', 'from_at']);

  // What a request asks for beside who, why, where and when; the row of a request that was filed before is missing.
  await table('request_terms')
    .addColumn('request_id', 'text', (c) => c.primaryKey().references('requests.id'))
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('class', 'text', (c) => c.notNull())
    .addColumn('subject_id', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('hours', 'text', (c) => c.notNull())
    .addColumn('is_for_holidays', 'integer', (c) => c.notNull())
    .addColumn('uses', 'bigint')
    .addColumn('needs_two', 'integer', (c) => c.notNull())
    .addColumn('needs_escort', 'integer', (c) => c.notNull())
    .addColumn('members', 'text', (c) => c.notNull())
    .addColumn('heads', 'integer', (c) => c.notNull())
    .addColumn('group_id', 'text')
    .addColumn('host_id', 'text', (c) => c.references('people.id'))
    .addColumn('equipment_hash', 'text')
    .addColumn('work_order', 'text')
    .addColumn('change_number', 'text')
    .addColumn('risk', 'text')
    .addColumn('extends_id', 'text', (c) => c.references('requests.id'))
    .addColumn('decide_by', 'bigint', (c) => c.notNull())
    .addColumn('answer_due_at', 'bigint')
    .addColumn('escalations', 'integer', (c) => c.notNull())
    .addColumn('is_fast_track', 'integer', (c) => c.notNull())
    .addColumn('needs_verification', 'integer', (c) => c.notNull())
    .addColumn('verified_by', 'text', (c) => c.references('people.id'))
    .addColumn('approvals_needed', 'integer', (c) => c.notNull())
    .addColumn('needs_check_in', 'integer', (c) => c.notNull())
    .addColumn('is_expiry_told', 'integer', (c) => c.notNull())
    .execute();
  await index('request_terms_by_subject', 'request_terms', ['subject_id']);
  await index('request_terms_by_due', 'request_terms', ['answer_due_at']);
  await table('request_escorts')
    .addColumn('request_id', 'text', (c) => c.notNull().references('requests.id'))
    .addColumn('person_id', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('request_escorts_pk', ['request_id', 'person_id'])
    .execute();
  await index('request_escorts_by_person', 'request_escorts', ['person_id', 'state']);
  // In whose place somebody approved: one person and one office are each one voice.
  await table('request_votes')
    .addColumn('request_id', 'text', (c) => c.notNull().references('requests.id'))
    .addColumn('by_id', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('authority_id', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('approval_hash', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('request_votes_pk', ['request_id', 'by_id'])
    .addUniqueConstraint('request_votes_authority', ['request_id', 'authority_id'])
    .execute();
  await table('equipment')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('request_id', 'text', (c) => c.notNull().references('requests.id'))
    .addColumn('ordinal', 'integer', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('brand', 'text', (c) => c.notNull())
    .addColumn('serial', 'text', (c) => c.notNull())
    .addColumn('movement', 'text', (c) => c.notNull())
    .addColumn('is_storage', 'integer', (c) => c.notNull())
    .addColumn('seen_in_at', 'bigint')
    .addColumn('outcome', 'text')
    .addColumn('outcome_at', 'bigint')
    .addColumn('outcome_by', 'text', (c) => c.references('people.id'))
    .addColumn('note', 'text')
    .execute();
  await index('equipment_by_request', 'equipment', ['request_id', 'ordinal']);
  await table('attachments')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('request_id', 'text', (c) => c.notNull().references('requests.id'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('type', 'text', (c) => c.notNull())
    .addColumn('size', 'bigint', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull())
    .addColumn('added_at', 'bigint', (c) => c.notNull())
    .addColumn('added_by', 'text', (c) => c.notNull().references('people.id'))
    .execute();
  await index('attachments_by_request', 'attachments', ['request_id', 'id']);
  await table('delegations')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('from_id', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('to_id', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('order_number', 'text', (c) => c.notNull())
    .addColumn('from_at', 'bigint', (c) => c.notNull())
    .addColumn('until_at', 'bigint', (c) => c.notNull())
    .addColumn('given_at', 'bigint', (c) => c.notNull())
    .addColumn('revoked_at', 'bigint')
    .execute();
  await index('delegations_by_deputy', 'delegations', ['to_id', 'until_at']);
  await index('delegations_by_official', 'delegations', ['from_id', 'until_at']);

  await table('attendances')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('request_id', 'text', (c) => c.notNull().references('requests.id'))
    .addColumn('person_id', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('door_id', 'text', (c) => c.notNull().references('doors.id'))
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('began_at', 'bigint', (c) => c.notNull())
    .addColumn('heads', 'integer', (c) => c.notNull())
    .addColumn('heads_out', 'integer')
    .addColumn('visit_id', 'text')
    .addColumn('checked_in_at', 'bigint')
    .addColumn('checked_in_by', 'text', (c) => c.references('people.id'))
    .addColumn('identity_kind', 'text')
    .addColumn('identity_last_four', 'text')
    .addColumn('badge_number', 'text')
    .addColumn('is_badge_returned', 'integer', (c) => c.notNull())
    .addColumn('rules_hash', 'text')
    .addColumn('escort_id', 'text', (c) => c.references('people.id'))
    .addColumn('entered_at', 'bigint')
    .addColumn('left_at', 'bigint')
    .addColumn('closed_at', 'bigint')
    .addColumn('closed_by', 'text', (c) => c.references('people.id'))
    .addColumn('forced_reason', 'text')
    .addColumn('checked', 'text', (c) => c.notNull())
    .addColumn('report', 'text', (c) => c.notNull())
    .addColumn('survey', 'text')
    .addColumn('is_expiry_told', 'integer', (c) => c.notNull())
    .addColumn('is_overdue_told', 'integer', (c) => c.notNull())
    .execute();
  await index('attendances_by_state', 'attendances', ['state', 'began_at']);
  await index('attendances_by_request', 'attendances', ['request_id', 'began_at']);
  await index('attendances_by_person', 'attendances', ['person_id', 'began_at']);
  await index('attendances_by_visit', 'attendances', ['visit_id']);

  await table('notifications')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('person_id', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('subject', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('read_at', 'bigint')
    .execute();
  await index('notifications_by_person', 'notifications', ['person_id', 'at', 'id']);
  // What still has to leave the server; the id is the receiver's key for telling repeats.
  await table('outbox')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('channel', 'text', (c) => c.notNull())
    .addColumn('person_id', 'text')
    .addColumn('payload', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('tries', 'integer', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('next_try_at', 'bigint', (c) => c.notNull())
    .execute();
  await index('outbox_by_turn', 'outbox', ['state', 'next_try_at', 'id']);
}

export const visits: Migration = { up };
