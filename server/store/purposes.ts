import { PURPOSES, type PurposeRow } from '../domain/purposes.ts';
import type { Database } from './database.ts';

const toPurpose = (row: { readonly code: string; readonly content: string }): PurposeRow => ({
  ...(JSON.parse(row.content) as Omit<PurposeRow, 'code'>),
  code: row.code,
});

/** Fills the purposes of a new site with those of the procedures; does nothing where there are some. */
export async function seedPurposes(db: Database): Promise<void> {
  const some = await db.selectFrom('purposes').select('code').limit(1).executeTakeFirst();
  if (some !== undefined) return;
  const rows = PURPOSES.map(({ code, ...content }, position) => ({
    code,
    position,
    content: JSON.stringify(content),
  }));
  await db.insertInto('purposes').values(rows).execute();
}

/** Lists the purposes of the site in their order, those out of use as well. */
export async function listPurposes(db: Database): Promise<readonly PurposeRow[]> {
  const rows = await db.selectFrom('purposes').selectAll().orderBy('position').orderBy('code').execute();
  return rows.map(toPurpose);
}

/** Finds a purpose by its code. */
export async function findPurpose(db: Database, code: string): Promise<PurposeRow | null> {
  const row = await db.selectFrom('purposes').selectAll().where('code', '=', code).executeTakeFirst();
  return row === undefined ? null : toPurpose(row);
}

/** Stores a purpose, new at the end of the list or in the place of what it was. */
export async function savePurpose(trx: Database, { code, ...content }: PurposeRow): Promise<void> {
  const { last } = await trx
    .selectFrom('purposes')
    .select((e) => e.fn.max('position').as('last'))
    .executeTakeFirstOrThrow();
  const text = JSON.stringify(content);
  await trx
    .insertInto('purposes')
    .values({ code, position: (last ?? -1) + 1, content: text })
    .onConflict((c) => c.column('code').doUpdateSet({ content: text }))
    .execute();
}
