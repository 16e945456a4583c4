import type { Notice } from '#contract/api-visit';
import type { Database } from './database.ts';
import type { NotificationsTable, OutboxTable } from './tables-visit.ts';

/** Stores what somebody is told, with what has to leave the server for it. */
export async function insertNotices(
  trx: Database,
  notices: readonly NotificationsTable[],
  outgoing: readonly OutboxTable[],
): Promise<void> {
  if (notices.length > 0)
    await trx
      .insertInto('notifications')
      .values([...notices])
      .execute();
  if (outgoing.length > 0)
    await trx
      .insertInto('outbox')
      .values([...outgoing])
      .execute();
}

/** Where a list of notices goes on: after this time and id. */
export interface NoticesCursor {
  readonly at: number;
  readonly id: string;
}

/** Lists what somebody was told, newest first. */
export async function listNotices(
  db: Database,
  filter: { readonly personId: string; readonly isUnread: boolean },
  page: { readonly after: NoticesCursor | null; readonly limit: number },
): Promise<readonly Notice[]> {
  const { after } = page;
  const rows = await db
    .selectFrom('notifications')
    .selectAll()
    .where('person_id', '=', filter.personId)
    .$if(filter.isUnread, (q) => q.where('read_at', 'is', null))
    .$if(after !== null, (q) =>
      q.where((e) =>
        e.or([
          e('at', '<', after?.at ?? 0),
          e.and([e('at', '=', after?.at ?? 0), e('id', '<', after?.id ?? '')]),
        ]),
      ),
    )
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    subject: row.subject,
    at: new Date(row.at).toISOString(),
    readAt: row.read_at === null ? null : new Date(row.read_at).toISOString(),
  }));
}

/** Marks notices of somebody as read. @returns how many were not before */
export async function markNoticesRead(
  db: Database,
  personId: string,
  ids: readonly string[],
  now: number,
): Promise<number> {
  const { numUpdatedRows } = await db
    .updateTable('notifications')
    .set({ read_at: now })
    .where('person_id', '=', personId)
    .where('id', 'in', ids)
    .where('read_at', 'is', null)
    .executeTakeFirstOrThrow();
  return Number(numUpdatedRows);
}

/** Lists active people with one of these roles, by id. */
export async function peopleWithRole(
  db: Database,
  ...roles: readonly ('technician' | 'supervisor' | 'officer' | 'auditor' | 'administrator')[]
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('person_roles')
    .innerJoin('people', 'people.id', 'person_roles.person_id')
    .select('people.id')
    .distinct()
    .where('role', 'in', roles)
    .where('people.is_active', '=', 1)
    .orderBy('people.id')
    .execute();
  return rows.map((row) => row.id);
}
