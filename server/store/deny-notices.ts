import type { Database } from './database.ts';

/** Stores signed notices that each end one right. */
export async function insertDenyNotices(
  trx: Database,
  notices: readonly {
    readonly id: string;
    readonly vmin: number;
    readonly jws: string;
    readonly at: number;
  }[],
): Promise<void> {
  if (notices.length > 0)
    await trx
      .insertInto('deny_notices')
      .values([...notices])
      .execute();
}

/** Lists the newest notices that a gateway with this version of the manifest does not know of by it. */
export async function denyNoticesAfter(
  db: Database,
  version: number,
  limit: number,
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('deny_notices')
    .select('jws')
    .where('vmin', '>', version)
    .orderBy('vmin', 'desc')
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map((row) => row.jws);
}

/** Forgets notices older than any manifest that still counts anywhere. */
export async function deleteOldDenyNotices(db: Database, before: number): Promise<void> {
  await db.deleteFrom('deny_notices').where('at', '<', before).execute();
}
