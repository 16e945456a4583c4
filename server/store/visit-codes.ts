import type { Database } from './database.ts';

/** A visit code. Its digits are not stored: the handle is derived from them, slowly and under a key. */
export interface NewVisitCode {
  readonly id: string;
  readonly personId: string;
  readonly permitId: string;
  readonly handle: string;
  readonly at: number;
  readonly expiresAt: number;
}

/** Stores a visit code. @returns false where the same digits were given out before */
export async function insertVisitCode(trx: Database, code: NewVisitCode): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('credentials')
    .values({
      id: code.id,
      person_id: code.personId,
      handle: code.handle,
      media: 'code',
      last_four: '',
      state: 'active',
      enrolled_at: code.at,
      kind: 'code',
      expires_at: code.expiresAt,
      permit_id: code.permitId,
    })
    .onConflict((c) => c.column('handle').doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}

/** Ends the codes of a permit that were handed out before. */
export async function suspendCodesOf(trx: Database, permitId: string): Promise<void> {
  await trx
    .updateTable('credentials')
    .set({ state: 'suspended' })
    .where('permit_id', '=', permitId)
    .where('kind', '=', 'code')
    .execute();
}

/** Ends a code by its handle: it has opened the door once. @returns whether it was one that counted */
export async function suspendUsedCode(trx: Database, handle: string): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('credentials')
    .set({ state: 'suspended' })
    .where('handle', '=', handle)
    .where('kind', '=', 'code')
    .where('state', '=', 'active')
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** Lists the handles of a permit's codes that still count. */
export async function activeCodesOf(db: Database, permitId: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('credentials')
    .select('handle')
    .where('permit_id', '=', permitId)
    .where('kind', '=', 'code')
    .where('state', '=', 'active')
    .orderBy('handle')
    .execute();
  return rows.map((row) => row.handle);
}

/** Counts the granted entries of a permit that journals tell of. */
export async function countEntries(db: Database, permitId: string): Promise<number> {
  const { count } = await db
    .selectFrom('openings')
    .innerJoin('opening_keys', 'opening_keys.id', 'openings.key_id')
    .innerJoin('journal_records', (j) =>
      j
        .onRef('journal_records.gateway_id', '=', 'openings.gateway_id')
        .onRef('journal_records.epoch', '=', 'openings.epoch')
        .onRef('journal_records.seq', '=', 'openings.seq'),
    )
    .select((e) => e.fn.countAll().as('count'))
    .where('openings.field', '=', 'pm')
    .where('opening_keys.value', '=', permitId)
    .where('journal_records.type', '=', 'access.granted')
    .executeTakeFirstOrThrow();
  return Number(count);
}
