import type { Holiday, Rules } from '#contract/api-door';
import { doorRulesSchema, type DoorRules, type SiteRules } from '#contract/door-rules';
import type { Database } from './database.ts';

/** Lists the holidays by day. */
export async function listHolidays(db: Database): Promise<readonly Holiday[]> {
  const rows = await db.selectFrom('holidays').selectAll().orderBy('day').execute();
  return rows.map((row) => ({
    day: row.day,
    nameId: row.name_id,
    nameEn: row.name_en,
    isCollectiveLeave: row.is_collective_leave === 1,
    source: row.source,
    isChecked: row.is_checked === 1,
  }));
}

/** Puts these holidays in the place of all that were there. */
export async function replaceHolidays(trx: Database, holidays: readonly Holiday[]): Promise<void> {
  await trx.deleteFrom('holidays').execute();
  if (holidays.length === 0) return;
  await trx
    .insertInto('holidays')
    .values(
      holidays.map((each) => ({
        day: each.day,
        name_id: each.nameId,
        name_en: each.nameEn,
        is_collective_leave: each.isCollectiveLeave ? 1 : 0,
        source: each.source,
        is_checked: each.isChecked ? 1 : 0,
      })),
    )
    .execute();
}

/** Loads what each door asks of whoever wants in; doors without rules of their own are left out. */
export async function loadDoorRules(db: Database): Promise<SiteRules['doors']> {
  const rows = await db.selectFrom('door_rules').selectAll().orderBy('door_id').execute();
  return Object.fromEntries(rows.map((row) => [row.door_id, doorRulesSchema.parse(JSON.parse(row.rules))]));
}

/** Stores what a door asks of whoever wants in. */
export async function saveDoorRules(trx: Database, doorId: string, rules: DoorRules): Promise<void> {
  const text = JSON.stringify(rules);
  await trx
    .insertInto('door_rules')
    .values({ door_id: doorId, rules: text })
    .onConflict((c) => c.column('door_id').doUpdateSet({ rules: text }))
    .execute();
}

/** Lists the hashes of the SOP texts that must have been acknowledged, in order. */
export async function requiredSops(db: Database): Promise<readonly string[]> {
  const rows = await db.selectFrom('required_sops').select('sop_hash').orderBy('sop_hash').execute();
  return rows.map((row) => row.sop_hash);
}

/** Puts these SOP texts in the place of all that had to be acknowledged. */
export async function replaceRequiredSops(
  trx: Database,
  sops: readonly { readonly hash: string; readonly version: string }[],
): Promise<void> {
  await trx.deleteFrom('required_sops').execute();
  if (sops.length === 0) return;
  await trx
    .insertInto('required_sops')
    .values(sops.map(({ hash, version }) => ({ sop_hash: hash, version })))
    .execute();
}

/** Loads the rules as people see them. */
export const loadRules = async (db: Database): Promise<Rules> => ({
  holidays: [...(await listHolidays(db))],
  sop: [...(await requiredSops(db))],
  doors: await loadDoorRules(db),
});

/** The rules as doors obey them. */
export const siteRulesOf = ({ holidays, sop, doors }: Rules): SiteRules => ({
  holidays: holidays.map(({ day }) => day),
  sop,
  doors,
});
