import type { EventType } from '#contract/event';
import type { RefusedTry, ReviewedVisit } from '../domain/anomalies.ts';
import type { Database } from './database.ts';
import { listEvents, type EventFilter, type ListedEvent } from './events.ts';
import { toProjection } from './visits.ts';

const PAGE = 1000;

/** Lists every event that a filter lets through, oldest first. */
export async function allEvents(db: Database, filter: EventFilter): Promise<readonly ListedEvent[]> {
  const events: ListedEvent[] = [];
  let after: ListedEvent['cursor'] | null = null;
  for (;;) {
    const page: readonly ListedEvent[] = await listEvents(db, filter, { after, limit: PAGE });
    events.push(...page);
    const last = page.at(-1);
    if (page.length < PAGE || last === undefined) return events.reverse();
    after = last.cursor;
  }
}

/** A period; `until` is not part of it, ms since 1970. */
export interface ReportPeriod {
  readonly from: number;
  readonly until: number;
  readonly doorId?: string | undefined;
}

/** Lists the visits that began in a period, or reach into it, with who let them in and why; oldest first. */
export async function reportVisits(db: Database, { from, until, doorId }: ReportPeriod) {
  return db
    .selectFrom('visits as v')
    .innerJoin('doors', 'doors.id', 'v.door_id')
    .leftJoin('people', 'people.id', 'v.person_id')
    .leftJoin('person_profiles', 'person_profiles.person_id', 'v.person_id')
    .leftJoin('permits', 'permits.id', 'v.permit_id')
    .leftJoin('requests', 'requests.id', 'permits.request_id')
    .leftJoin('people as decider', 'decider.id', 'requests.decided_by')
    .leftJoin('attendances', 'attendances.visit_id', 'v.id')
    .leftJoin('people as escort', 'escort.id', 'attendances.escort_id')
    .selectAll('v')
    .select([
      'doors.name as door_name',
      'people.name',
      'people.organisation',
      'person_profiles.kind',
      'person_profiles.identity_kind',
      'person_profiles.identity_last_four',
      'permits.valid_until',
      'requests.number',
      'requests.purpose',
      'decider.name as decider_name',
      'escort.name as escort_name',
      'attendances.badge_number',
      'requests.id as request_id',
    ])
    .where('v.began_at', '<', until)
    .where((e) =>
      e.or([e('v.began_at', '>=', from), e('v.left_at', '>=', from), e('v.phase', '=', 'inside')]),
    )
    .where('v.certainty', '<>', 'no-entry')
    .$if(doorId !== undefined, (q) => q.where('v.door_id', '=', doorId ?? ''))
    .orderBy('v.began_at')
    .orderBy('v.id')
    .execute();
}

/** Lists the equipment of every request that has any, in order. */
export const equipmentByRequest = async (db: Database): Promise<ReadonlyMap<string, readonly string[]>> => {
  const rows = await db
    .selectFrom('equipment')
    .select(['request_id', 'kind', 'serial', 'movement', 'outcome'])
    .orderBy('request_id')
    .orderBy('ordinal')
    .execute();
  const lines = new Map<string, string[]>();
  for (const row of rows) {
    const line = `${row.kind} ${row.serial} ${row.movement}${row.outcome === null ? '' : ` > ${row.outcome}`}`;
    lines.set(row.request_id, [...(lines.get(row.request_id) ?? []), line]);
  }
  return lines;
};

/** Lists who was escorted by whom in a period, oldest first. */
export const escortRegister = (db: Database, { from, until, doorId }: ReportPeriod) =>
  db
    .selectFrom('attendances')
    .innerJoin('people as visitor', 'visitor.id', 'attendances.person_id')
    .innerJoin('people as escort', 'escort.id', 'attendances.escort_id')
    .innerJoin('requests', 'requests.id', 'attendances.request_id')
    .select(['visitor.name as visitor_name', 'visitor.organisation', 'escort.name as escort_name'])
    .select(['attendances.door_id', 'attendances.began_at', 'attendances.left_at', 'requests.number'])
    .where('attendances.began_at', '>=', from)
    .where('attendances.began_at', '<', until)
    .$if(doorId !== undefined, (q) => q.where('attendances.door_id', '=', doorId ?? ''))
    .orderBy('attendances.began_at')
    .orderBy('attendances.id')
    .execute();

/** Reads what anomalies are looked for in: visits from `usualFrom` on, and refusals of known people. */
export async function anomalyRows(
  db: Database,
  period: ReportPeriod & { readonly usualFrom: number },
): Promise<{ readonly visits: readonly ReviewedVisit[]; readonly tries: readonly RefusedTry[] }> {
  const rows = await db
    .selectFrom('visits as v')
    .leftJoin('permits', 'permits.id', 'v.permit_id')
    .leftJoin('requests', 'requests.id', 'permits.request_id')
    .selectAll('v')
    .select('requests.purpose')
    .where('v.began_at', '>=', period.usualFrom)
    .where('v.began_at', '<', period.until)
    .where('v.certainty', '<>', 'no-entry')
    .orderBy('v.began_at')
    .orderBy('v.id')
    .execute();
  const refusals = await allEvents(db, {
    from: period.from,
    until: period.until,
    type: 'access.denied' satisfies EventType,
  });
  return {
    visits: rows.map((row) => ({ ...toProjection(row), purpose: row.purpose })),
    tries: refusals.flatMap(({ event, sub }) =>
      sub === null || event.doorId === null
        ? []
        : [{ id: event.id, personId: sub, doorId: event.doorId, at: Date.parse(event.at) }],
    ),
  };
}

/** Finds what people are called. */
export async function personNames(db: Database): Promise<ReadonlyMap<string, string>> {
  const rows = await db.selectFrom('people').select(['id', 'name']).execute();
  return new Map(rows.map((row) => [row.id, row.name]));
}

/** Lists every card with its holder, in order of enrolment. */
export const cardRegister = (db: Database) =>
  db
    .selectFrom('credentials')
    .innerJoin('people', 'people.id', 'credentials.person_id')
    .select(['credentials.id', 'people.name', 'people.organisation', 'media', 'last_four', 'state'])
    .select(['enrolled_at', 'expires_at'])
    .where('kind', '=', 'card')
    .orderBy('enrolled_at')
    .orderBy('credentials.id')
    .execute();

/** Lists what happened to cards, by card, from the audit trail; oldest first. */
export const cardHistory = (db: Database) =>
  db
    .selectFrom('audit_trail')
    .select(['at', 'act', 'subject', 'facts'])
    .where('act', 'in', ['card.returned', 'card.state-changed'])
    .orderBy('position')
    .execute();

/** Lists technicians of vendors with what their rights rest on. */
export const vendorRegister = (db: Database) =>
  db
    .selectFrom('person_profiles')
    .innerJoin('people', 'people.id', 'person_profiles.person_id')
    .selectAll('person_profiles')
    .select(['people.name', 'people.organisation', 'people.is_active'])
    .where('kind', '=', 'vendor')
    .orderBy('people.organisation')
    .orderBy('people.name')
    .orderBy('people.id')
    .execute();

/** Lists who acknowledged which text, oldest first. */
export const acknowledgementRegister = (db: Database, { from, until }: ReportPeriod) =>
  db
    .selectFrom('sop_acknowledgements')
    .innerJoin('people', 'people.id', 'sop_acknowledgements.person_id')
    .select(['people.name', 'people.organisation', 'version', 'sop_hash', 'at'])
    .where('at', '>=', from)
    .where('at', '<', until)
    .orderBy('at')
    .orderBy('people.id')
    .orderBy('sop_hash')
    .execute();
