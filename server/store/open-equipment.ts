import type { Database } from './database.ts';

/**
 * Lists who has left the room while equipment of the visit is not accounted for: neither taken out, nor left
 * there with a handover, nor destroyed before a witness.
 * @see rule SD44
 */
export async function equipmentOpenPersons(db: Database): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom('attendances')
    .innerJoin('equipment', 'equipment.request_id', 'attendances.request_id')
    .select('attendances.person_id')
    .distinct()
    .where('attendances.state', '=', 'left')
    .where('equipment.outcome', 'is', null)
    .execute();
  return new Set(rows.map((row) => row.person_id));
}
