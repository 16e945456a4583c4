import { sql } from 'kysely';
import { ERASED_NAME } from '#contract/api-privacy';
import type { Database } from './database.ts';

/**
 * What becomes of every column that names a person, when that person is erased: the row goes (`deleted`), what it
 * says of the person goes (`emptied`), or it stays under a handle that then means nobody (`kept`). A test holds this
 * list against the tables that there are, so that a new one is not forgotten.
 * @see rule SA55
 */
export const ERASURE_PLAN: Readonly<Record<string, 'deleted' | 'emptied' | 'kept'>> = {
  'people.id': 'emptied',
  'person_profiles.person_id': 'deleted',
  'person_roles.person_id': 'deleted',
  'sessions.person_id': 'deleted',
  'password_resets.person_id': 'deleted',
  'sso_links.person_id': 'deleted',
  'sso_links.by_id': 'kept',
  'passkeys.person_id': 'deleted',
  'passkey_challenges.person_id': 'deleted',
  'credentials.person_id': 'deleted',
  'requests.requester_id': 'emptied',
  'requests.decided_by': 'kept',
  'request_steps.by_id': 'kept',
  'visits.person_id': 'emptied',
  'revocations.person_id': 'emptied',
  'revocations.by_id': 'kept',
  'review_items.person_id': 'emptied',
  'review_items.decided_by': 'kept',
  'review_campaigns.opened_by': 'kept',
  'log_reviews.by_id': 'kept',
  'sop_acknowledgements.person_id': 'kept',
  'sop_versions.created_by': 'kept',
  'sop_versions.submitted_by': 'kept',
  'sop_versions.approved_by': 'kept',
  'sop_versions.withdrawn_by': 'kept',
  'commands.by_id': 'kept',
  'approvals.by_id': 'kept',
  'audit_trail.by_id': 'kept',
  'audit_trail.subject': 'emptied',
  'opening_keys.subject_id': 'deleted',
  'privacy_marks.person_id': 'emptied',
  'privacy_requests.person_id': 'emptied',
  'privacy_requests.filed_by': 'kept',
  'privacy_requests.approved_by': 'kept',
  'privacy_requests.closed_by': 'kept',
  'annotations.person_id': 'deleted',
  'annotations.by_id': 'kept',
  'pii_views.viewer_id': 'kept',
  'pii_views.person_id': 'kept',
  'reading_log.by_id': 'kept',
  'request_terms.subject_id': 'emptied',
  'request_terms.host_id': 'kept',
  'request_terms.verified_by': 'kept',
  'request_terms.decide_by': 'kept',
  'request_escorts.person_id': 'kept',
  'request_votes.by_id': 'kept',
  'request_votes.authority_id': 'kept',
  'equipment.outcome_by': 'kept',
  'attachments.added_by': 'kept',
  'delegations.from_id': 'kept',
  'delegations.to_id': 'kept',
  'attendances.person_id': 'emptied',
  'attendances.checked_in_by': 'kept',
  'attendances.closed_by': 'kept',
  'attendances.escort_id': 'kept',
  'notifications.person_id': 'deleted',
  'outbox.person_id': 'deleted',
  'destructions.carried_by': 'kept',
  'destructions.approved_by': 'kept',
};

/** Finds the tables whose rows of a person go, in the order in which they may. */
const DELETED = Object.entries(ERASURE_PLAN)
  .filter(([column, fate]) => fate === 'deleted' && column !== 'opening_keys.subject_id')
  .map(([column]) => column.split('.') as [string, string]);

/** Lists the handles of every card and code that somebody ever had, also of those that were given back. */
export async function handlesOf(db: Database, personId: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('credentials')
    .select('handle')
    .where('person_id', '=', personId)
    .execute();
  // A card that was given back carries its own id before the handle.
  return rows.flatMap(({ handle }) => [handle, handle.split('/').at(-1) ?? handle]);
}

/** Tells whether somebody is inside, as far as the journals tell. */
export async function isInside(db: Database, personId: string): Promise<boolean> {
  const row = await db
    .selectFrom('visits')
    .select('id')
    .where('person_id', '=', personId)
    .where('phase', '=', 'inside')
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Takes away what is known of a person: name, profile, cards, accounts, words that were written about them. The row
 * stays under its random handle, and with it the requests, approvals and records that point at it.
 * @see rule SA55
 */
export async function pseudonymise(trx: Database, personId: string): Promise<void> {
  await trx
    .deleteFrom('pins')
    .where('credential_id', 'in', (e) =>
      e.selectFrom('credentials').select('credentials.id').where('credentials.person_id', '=', personId),
    )
    .execute();
  for (const [table, column] of DELETED) {
    await sql`delete from ${sql.table(table)} where ${sql.ref(column)} = ${personId}`.execute(trx);
  }
  await trx
    .updateTable('people')
    .set({ name: ERASED_NAME, organisation: '', username: null, password_hash: null, is_active: 0 })
    .where('id', '=', personId)
    .execute();
  await emptyRequestsOf(trx, personId);
  await trx
    .updateTable('attendances')
    .set({ identity_kind: null, identity_last_four: null, badge_number: null, survey: null, visit_id: null })
    .where('person_id', '=', personId)
    .execute();
  await trx.updateTable('revocations').set({ reason: '' }).where('person_id', '=', personId).execute();
  await trx
    .updateTable('review_items')
    .set({ facts: '{}', reason: null })
    .where('person_id', '=', personId)
    .execute();
  await trx
    .updateTable('privacy_requests')
    .set({ details: '', outcome: null })
    .where('person_id', '=', personId)
    .execute();
  await trx.updateTable('audit_trail').set({ facts: '{}' }).where('subject', '=', personId).execute();
}

/** Empties the words of what somebody asked for, or what was asked for them: a description may name anybody. */
async function emptyRequestsOf(trx: Database, personId: string): Promise<void> {
  const rows = await trx
    .selectFrom('requests')
    .leftJoin('request_terms', 'request_terms.request_id', 'requests.id')
    .select('requests.id')
    .where((e) =>
      e.or([e('requests.requester_id', '=', personId), e('request_terms.subject_id', '=', personId)]),
    )
    .execute();
  await emptyRequests(
    trx,
    rows.map(({ id }) => id),
  );
}

/** Empties the words of requests; that they were filed, by which handle and when, stays. */
export async function emptyRequests(trx: Database, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    await trx.updateTable('requests').set({ description: '', reason: null }).where('id', '=', id).execute();
    await trx.updateTable('request_steps').set({ reason: null }).where('request_id', '=', id).execute();
    await trx
      .updateTable('request_terms')
      .set({ members: '[]', work_order: null, risk: null })
      .where('request_id', '=', id)
      .execute();
    await trx.deleteFrom('attachments').where('request_id', '=', id).execute();
    await trx.updateTable('equipment').set({ note: null }).where('request_id', '=', id).execute();
    await trx
      .updateTable('attendances')
      .set({ report: '{}', forced_reason: null })
      .where('request_id', '=', id)
      .execute();
  }
}

/** Takes a person out of the visits that were projected from the journals: what remains is when and where. */
export async function forgetVisitors(
  trx: Database,
  of: { readonly personId: string } | { readonly before: number },
): Promise<void> {
  await trx
    .updateTable('visits')
    .set({ person_id: null, permit_id: null })
    .$if('personId' in of, (q) => q.where('person_id', '=', 'personId' in of ? of.personId : ''))
    .$if('before' in of, (q) =>
      q
        .where('began_at', '<', 'before' in of ? of.before : 0)
        .where('person_id', 'is not', null)
        .where('person_id', 'not in', (e) =>
          e.selectFrom('privacy_marks').select('privacy_marks.person_id').where('held_at', 'is not', null),
        ),
    )
    .execute();
}

/** Empties what older versions of the policy said of people: only the newest is ever given out. */
export async function forgetOldDirectories(trx: Database, newest: number): Promise<void> {
  await trx
    .updateTable('policy_versions')
    .set({ directory: '' })
    .where('version', '<', newest)
    .where('directory', '<>', '')
    .execute();
}
