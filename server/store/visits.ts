import type { Visit } from '#contract/api';
import { OPEN_PHASES, type VisitProjection } from '../domain/visit-projection.ts';
import type { Database } from './database.ts';
import type { VisitsTable } from './tables.ts';

/** Reads a stored visit as the records made it. */
export const toProjection = (row: VisitsTable): VisitProjection => ({
  id: row.id,
  doorId: row.door_id,
  personId: row.person_id,
  permitId: row.permit_id,
  beganAt: row.began_at,
  enteredAt: row.entered_at,
  leftAt: row.left_at,
  certainty: row.certainty,
  phase: row.phase,
});

/** Loads the visits that a later record can still change; those of one door, or all. */
export async function openVisits(db: Database, doorId: string | null): Promise<readonly VisitProjection[]> {
  const rows = await db
    .selectFrom('visits')
    .selectAll()
    .where('phase', 'in', OPEN_PHASES)
    .$if(doorId !== null, (q) => q.where('door_id', '=', doorId ?? ''))
    .orderBy('began_at')
    .orderBy('id')
    .execute();
  return rows.map(toProjection);
}

/** Stores a visit, new or changed. */
export async function saveVisit(db: Database, visit: VisitProjection): Promise<void> {
  const row: VisitsTable = {
    id: visit.id,
    door_id: visit.doorId,
    person_id: visit.personId,
    permit_id: visit.permitId,
    began_at: visit.beganAt,
    entered_at: visit.enteredAt,
    left_at: visit.leftAt,
    certainty: visit.certainty,
    phase: visit.phase,
  };
  await db
    .insertInto('visits')
    .values(row)
    .onConflict((c) => c.column('id').doUpdateSet(row))
    .execute();
}

/** Where a list of visits goes on: after this time and id. */
export interface VisitsCursor {
  readonly at: number;
  readonly id: string;
}

const instant = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

/**
 * Lists visits, newest first.
 * @param filter `personId` for one person's own, `isInside` for those who are inside now
 */
export async function listVisits(
  db: Database,
  filter: { readonly personId: string | null; readonly isInside: boolean },
  page: { readonly after: VisitsCursor | null; readonly limit: number },
): Promise<readonly (Visit & { readonly beganAt: number; readonly roomId: string })[]> {
  const { after } = page;
  const rows = await db
    .selectFrom('visits')
    .innerJoin('doors', 'doors.id', 'visits.door_id')
    .leftJoin('people', 'people.id', 'visits.person_id')
    .leftJoin('permits', 'permits.id', 'visits.permit_id')
    .selectAll('visits')
    .select(['people.id as known_person', 'people.name', 'permits.request_id', 'doors.room_id'])
    .$if(filter.personId !== null, (q) => q.where('visits.person_id', '=', filter.personId))
    .$if(filter.isInside, (q) => q.where('visits.phase', '=', 'inside'))
    .$if(after !== null, (q) =>
      q.where((e) =>
        e.or([
          e('visits.began_at', '<', after?.at ?? 0),
          e.and([e('visits.began_at', '=', after?.at ?? 0), e('visits.id', '<', after?.id ?? '')]),
        ]),
      ),
    )
    .orderBy('visits.began_at', 'desc')
    .orderBy('visits.id', 'desc')
    .limit(page.limit)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    personId: row.known_person,
    personName: row.name,
    doorId: row.door_id,
    roomId: row.room_id,
    requestId: row.request_id,
    beganAt: row.began_at,
    enteredAt: instant(row.entered_at),
    leftAt: instant(row.left_at),
    certainty: row.certainty,
  }));
}
