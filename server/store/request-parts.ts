import type { Attachment, Equipment, EquipmentInput, RequestDetail } from '#contract/api-visit';
import type { Database } from './database.ts';
import type { AttachmentsTable, EquipmentTable } from './tables-visit.ts';

const instant = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

// Escorts

/** Asks people to escort a visit. */
export async function insertEscorts(
  trx: Database,
  requestId: string,
  personIds: readonly string[],
  at: number,
): Promise<void> {
  if (personIds.length === 0) return;
  const rows = personIds.map((id) => ({ request_id: requestId, person_id: id, state: 'asked' as const, at }));
  await trx.insertInto('request_escorts').values(rows).execute();
}

/** Stores what somebody who was asked answered. @returns false where they were not asked */
export async function answerEscort(
  trx: Database,
  requestId: string,
  personId: string,
  state: 'accepted' | 'declined',
  at: number,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('request_escorts')
    .set({ state, at })
    .where('request_id', '=', requestId)
    .where('person_id', '=', personId)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** Lists who was asked to escort a visit, and what they said, by id. */
export async function escortsOf(db: Database, requestId: string): Promise<RequestDetail['escorts']> {
  return db
    .selectFrom('request_escorts')
    .innerJoin('people', 'people.id', 'request_escorts.person_id')
    .select(['people.id', 'people.name', 'state'])
    .where('request_id', '=', requestId)
    .orderBy('people.id')
    .execute();
}

// Votes

/** Somebody's approval, and in whose place it was. */
export interface Vote {
  readonly byId: string;
  readonly authorityId: string;
  readonly approvalHash: string;
  readonly at: number;
}

/** Stores an approval; one person and one office are each one voice. */
export async function insertVote(trx: Database, requestId: string, vote: Vote): Promise<void> {
  await trx
    .insertInto('request_votes')
    .values({
      request_id: requestId,
      by_id: vote.byId,
      authority_id: vote.authorityId,
      approval_hash: vote.approvalHash,
      at: vote.at,
    })
    .execute();
}

/** Lists the approvals of a request, oldest first. */
export async function votesOf(db: Database, requestId: string): Promise<readonly Vote[]> {
  const rows = await db
    .selectFrom('request_votes')
    .selectAll()
    .where('request_id', '=', requestId)
    .orderBy('at')
    .orderBy('by_id')
    .execute();
  return rows.map((row) => ({
    byId: row.by_id,
    authorityId: row.authority_id,
    approvalHash: row.approval_hash,
    at: row.at,
  }));
}

/** Forgets approvals that were of something else by now: the rights of the visitor came to end earlier. */
export async function deleteVotes(trx: Database, requestId: string, byIds: readonly string[]): Promise<void> {
  if (byIds.length === 0) return;
  await trx
    .deleteFrom('request_votes')
    .where('request_id', '=', requestId)
    .where('by_id', 'in', byIds)
    .execute();
}

// Equipment

/** Stores the equipment that is announced, in its order. */
export async function insertEquipment(
  trx: Database,
  requestId: string,
  items: readonly (EquipmentInput & { readonly id: string })[],
): Promise<void> {
  if (items.length === 0) return;
  await trx
    .insertInto('equipment')
    .values(
      items.map((item, ordinal) => ({
        id: item.id,
        request_id: requestId,
        ordinal,
        kind: item.kind,
        brand: item.brand,
        serial: item.serial,
        movement: item.movement,
        is_storage: item.isStorage ? 1 : 0,
        seen_in_at: null,
        outcome: null,
        outcome_at: null,
        outcome_by: null,
        note: null,
      })),
    )
    .execute();
}

const toEquipment = (row: EquipmentTable): Equipment => ({
  id: row.id,
  kind: row.kind,
  brand: row.brand,
  serial: row.serial,
  movement: row.movement,
  isStorage: row.is_storage === 1,
  seenInAt: instant(row.seen_in_at),
  outcome: row.outcome,
  outcomeAt: instant(row.outcome_at),
  note: row.note,
});

/** Loads the equipment of requests, each in its order. */
export async function equipmentOf(
  db: Database,
  requestIds: readonly string[],
): Promise<ReadonlyMap<string, Equipment[]>> {
  const found = new Map<string, Equipment[]>();
  if (requestIds.length === 0) return found;
  const rows = await db
    .selectFrom('equipment')
    .selectAll()
    .where('request_id', 'in', requestIds)
    .orderBy('request_id')
    .orderBy('ordinal')
    .execute();
  for (const row of rows) found.set(row.request_id, [...(found.get(row.request_id) ?? []), toEquipment(row)]);
  return found;
}

/** Notes that the equipment of a request was seen when its visitor came. */
export async function markEquipmentSeen(trx: Database, requestId: string, at: number): Promise<void> {
  await trx
    .updateTable('equipment')
    .set({ seen_in_at: at })
    .where('request_id', '=', requestId)
    .where('movement', '<>', 'out')
    .where('seen_in_at', 'is', null)
    .execute();
}

/** Stores what became of a piece of equipment, once. @returns false where it is not of this request, or settled */
export async function settleEquipment(
  trx: Database,
  requestId: string,
  item: {
    readonly id: string;
    readonly outcome: NonNullable<Equipment['outcome']>;
    readonly note: string | null;
  },
  by: { readonly id: string; readonly at: number },
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('equipment')
    .set({ outcome: item.outcome, note: item.note, outcome_at: by.at, outcome_by: by.id })
    .where('id', '=', item.id)
    .where('request_id', '=', requestId)
    .where('outcome', 'is', null)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

// Attachments

const toAttachment = (row: AttachmentsTable): Attachment => ({
  id: row.id,
  name: row.name,
  type: row.type,
  size: row.size,
  hash: row.hash,
  addedAt: new Date(row.added_at).toISOString(),
});

/** Stores that a file is attached to a request. */
export async function insertAttachment(trx: Database, attachment: AttachmentsTable): Promise<void> {
  await trx.insertInto('attachments').values(attachment).execute();
}

/** Lists the files of a request, oldest first. */
export async function attachmentsOf(db: Database, requestId: string): Promise<readonly Attachment[]> {
  const rows = await db
    .selectFrom('attachments')
    .selectAll()
    .where('request_id', '=', requestId)
    .orderBy('added_at')
    .orderBy('id')
    .execute();
  return rows.map(toAttachment);
}
