import type { DelegationRow } from '#contract/api-visit';
import type { Delegation } from '../domain/request-rules.ts';
import type { Database } from './database.ts';
import type { DelegationsTable } from './tables-visit.ts';

/** Stores that an official gave somebody the right to decide in their place. */
export async function insertDelegation(
  trx: Database,
  delegation: Omit<DelegationsTable, 'revoked_at'>,
): Promise<void> {
  await trx
    .insertInto('delegations')
    .values({ ...delegation, revoked_at: null })
    .execute();
}

const instant = (at: number): string => new Date(at).toISOString();

const joined = (db: Database) =>
  db
    .selectFrom('delegations')
    .innerJoin('people as official', 'official.id', 'delegations.from_id')
    .innerJoin('people as deputy', 'deputy.id', 'delegations.to_id')
    .selectAll('delegations')
    .select(['official.name as from_name', 'deputy.name as to_name']);

const toRow = (
  row: Awaited<ReturnType<ReturnType<typeof joined>['executeTakeFirstOrThrow']>>,
): DelegationRow => ({
  id: row.id,
  fromId: row.from_id,
  fromName: row.from_name,
  toId: row.to_id,
  toName: row.to_name,
  kind: row.kind,
  orderNumber: row.order_number,
  from: instant(row.from_at),
  until: instant(row.until_at),
  revokedAt: row.revoked_at === null ? null : instant(row.revoked_at),
});

/** Lists delegations, newest first. */
export const listDelegations = async (db: Database): Promise<readonly DelegationRow[]> =>
  (await joined(db).orderBy('given_at', 'desc').orderBy('delegations.id').limit(500).execute()).map(toRow);

/** Finds a delegation. */
export async function findDelegation(db: Database, id: string): Promise<DelegationRow | null> {
  const row = await joined(db).where('delegations.id', '=', id).executeTakeFirst();
  return row === undefined ? null : toRow(row);
}

/** Ends a delegation. @returns whether it stood until now */
export async function revokeDelegation(trx: Database, id: string, at: number): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('delegations')
    .set({ revoked_at: at })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** Loads the delegations to somebody that are not over, with whether their giver is still an official. */
export async function delegationsTo(
  db: Database,
  personId: string,
  now: number,
): Promise<readonly Delegation[]> {
  const rows = await db
    .selectFrom('delegations')
    .innerJoin('people', 'people.id', 'delegations.from_id')
    .leftJoin('person_roles', (join) =>
      join.onRef('person_roles.person_id', '=', 'people.id').on('person_roles.role', '=', 'supervisor'),
    )
    .selectAll('delegations')
    .select(['people.is_active', 'person_roles.role'])
    .where('to_id', '=', personId)
    .where('until_at', '>', now)
    .orderBy('delegations.id')
    .execute();
  return rows.map((row) => ({
    fromId: row.from_id,
    toId: row.to_id,
    from: row.from_at,
    until: row.until_at,
    isRevoked: row.revoked_at !== null,
    isFromOfficial: row.is_active === 1 && row.role !== null,
  }));
}

/** Lists who decides in somebody's place now. */
export async function deputiesOf(db: Database, officialId: string, now: number): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('delegations')
    .innerJoin('people', 'people.id', 'delegations.to_id')
    .select('to_id')
    .where('from_id', '=', officialId)
    .where('from_at', '<=', now)
    .where('until_at', '>', now)
    .where('revoked_at', 'is', null)
    .where('people.is_active', '=', 1)
    .orderBy('to_id')
    .execute();
  return rows.map((row) => row.to_id);
}

/** Ends the delegations that somebody gave or holds. @returns how many */
export async function revokeDelegationsOf(trx: Database, personId: string, at: number): Promise<number> {
  const ended = await trx
    .updateTable('delegations')
    .set({ revoked_at: at })
    .where((e) => e.or([e('from_id', '=', personId), e('to_id', '=', personId)]))
    .where('revoked_at', 'is', null)
    .where('until_at', '>', at)
    .returning('id')
    .execute();
  return ended.length;
}
