import { asEpochMs } from '#contract/clock';
import { EVENT_TYPES, type EventType } from '#contract/event';
import { sql } from 'kysely';
import type { FigureFacts } from '../domain/figures.ts';
import type { Database } from './database.ts';
import { eventConditions, eventsBy, type EventFilter, type EventsCursor } from './events.ts';

/** Whether a filter looks at more than the record itself. */
const needsJoin = ({ text, onlyPersonId }: EventFilter): boolean =>
  text !== undefined || onlyPersonId !== undefined;

function plain(db: Database, filter: EventFilter) {
  let query = db.selectFrom('journal_records as r');
  for (const [column, operator, value] of eventConditions(filter))
    query = query.where(column, operator, value);
  return query;
}

/** Counts the events of a list, and tells when the first and the last of them happened. */
export async function eventSpan(
  db: Database,
  filter: EventFilter,
): Promise<{
  readonly total: number;
  /** Order of arrival of the newest; 0 where there are none. */
  readonly asOf: number;
  readonly first: number | null;
  readonly last: number | null;
}> {
  const query = needsJoin(filter) ? eventsBy(db, filter).clearSelect() : plain(db, filter);
  const row = await query
    .select(({ fn }) => [
      fn.countAll<number>().as('total'),
      fn.min<number | null>('r.at').as('first'),
      fn.max<number | null>('r.at').as('last'),
      fn.max<number | null>('r.position').as('newest'),
    ])
    .executeTakeFirstOrThrow();
  return { total: Number(row.total), asOf: row.newest ?? 0, first: row.first, last: row.last };
}

/** Counts the events of a list by stretches of time; `ordinal` times the length is the start of one. */
export async function eventStretches(db: Database, filter: EventFilter, stretchMs: number) {
  // Written out: a bound number would be a float to one database, and another group to the other.
  const ordinal = sql<number>`${sql.ref('r.at')} / ${sql.lit(stretchMs)}`;
  const query = needsJoin(filter) ? eventsBy(db, filter).clearSelect() : plain(db, filter);
  const rows = await query
    .select(({ fn }) => [
      ordinal.as('ordinal'),
      fn.countAll<number>().as('count'),
      sql<number>`sum(case when r.type = 'access.denied' then 1 else 0 end)`.as('denied'),
      sql<number>`sum(case when r.severity = 'alarm' then 1 else 0 end)`.as('alarms'),
    ])
    .groupBy(ordinal)
    .orderBy(ordinal)
    .execute();
  return rows.map((row) => ({
    startMs: Number(row.ordinal) * stretchMs,
    all: Number(row.count),
    denied: Number(row.denied),
    alarms: Number(row.alarms),
  }));
}

/** Finds where a list goes on after its first `offset` events; null where there are not so many. */
export async function eventsCursorAt(
  db: Database,
  filter: EventFilter,
  offset: number,
): Promise<EventsCursor | null> {
  const query = needsJoin(filter) ? eventsBy(db, filter).clearSelect() : plain(db, filter);
  const row = await query
    .select(['r.at', 'r.position'])
    .orderBy('r.at', 'desc')
    .orderBy('r.position', 'desc')
    .offset(offset - 1)
    .limit(1)
    .executeTakeFirst();
  return row ?? null;
}

/** Reads what the figures of a period are made of. */
export async function figureFacts(
  db: Database,
  period: { readonly from: number; readonly until: number; readonly doorId?: string },
): Promise<Pick<FigureFacts, 'stays' | 'denials' | 'alarms' | 'decisions'>> {
  const { from, until, doorId } = period;
  const stays = await db
    .selectFrom('visits as v')
    .leftJoin('permits', 'permits.id', 'v.permit_id')
    .leftJoin('requests', 'requests.id', 'permits.request_id')
    .select(['v.entered_at', 'v.left_at', 'requests.purpose'])
    .where('v.entered_at', 'is not', null)
    .where('v.entered_at', '<', until)
    .where((e) => e.or([e('v.left_at', 'is', null), e('v.left_at', '>=', from)]))
    .$if(doorId !== undefined, (q) => q.where('v.door_id', '=', doorId ?? ''))
    .execute();
  const events = () =>
    db
      .selectFrom('journal_records as r')
      .where('r.at', '>=', from)
      .where('r.at', '<', until)
      .$if(doorId !== undefined, (q) => q.where('r.door_id', '=', doorId ?? ''));
  const denials = await events()
    .where('r.type', '=', 'access.denied')
    .where('r.reason', 'is not', null)
    .select(({ fn }) => ['r.reason', fn.countAll<number>().as('count')])
    .groupBy('r.reason')
    .execute();
  const doorAlarms = Object.keys(EVENT_TYPES).filter(
    (type) => type.startsWith('door.') && EVENT_TYPES[type as EventType].severity === 'alarm',
  );
  const alarms = await events().where('r.type', 'in', doorAlarms).select(['r.at', 'r.type']).execute();
  const decisions = await db
    .selectFrom('requests')
    .select(['created_at', 'decided_at'])
    .where('decided_at', '>=', from)
    .where('decided_at', '<', until)
    .$if(doorId !== undefined, (q) => q.where('door_id', '=', doorId ?? ''))
    .execute();
  return {
    stays: stays.map((row) => ({
      enteredAt: asEpochMs(row.entered_at ?? 0),
      leftAt: row.left_at === null ? null : asEpochMs(row.left_at),
      purpose: row.purpose,
    })),
    denials: denials.map(({ reason, count }) => ({ reason: reason ?? '', count: Number(count) })),
    alarms: alarms.map((row) => ({ at: asEpochMs(row.at), type: row.type as EventType })),
    decisions: decisions.map((row) => ({
      filedAt: asEpochMs(row.created_at),
      decidedAt: asEpochMs(row.decided_at ?? row.created_at),
    })),
  };
}
