import type { AccessEvent } from '#contract/api';
import type { EventType, Severity } from '#contract/event';
import { sql } from 'kysely';
import type { Database } from './database.ts';

/** Which events a list shows. */
export interface EventFilter {
  readonly from?: number;
  readonly until?: number;
  readonly doorId?: string;
  readonly type?: EventType;
  readonly reason?: string;
  readonly severity?: Severity;
  /** Part of a person's name or of a request number. */
  readonly text?: string;
  /** Leaves out what is about other people, and every silent alert. */
  readonly onlyPersonId?: string;
  /** Leaves out silent alerts that this person gave: whoever forces them may look over their shoulder. */
  readonly readerId?: string;
  readonly place?: { readonly gatewayId: string; readonly epoch: number; readonly seq: number };
  readonly afterPosition?: number;
  readonly upToPosition?: number;
}

/** Where a list of events goes on: after this time and order of arrival. */
export interface EventsCursor {
  readonly at: number;
  readonly position: number;
}

/** An event with where it stands in the list, and whom it is about. */
export interface ListedEvent {
  readonly event: AccessEvent;
  readonly cursor: EventsCursor;
  /** What the record's opening says, whoever may see it. */
  readonly sub: string | null;
}

/** What the person whom it is about is never shown. */
const SILENT_TYPES: readonly EventType[] = ['access.duress'];

/** Tells whether the person whom an event is about must not be shown it. @see rule SH24 */
export const isSilent = (type: EventType): boolean => SILENT_TYPES.includes(type);

// Wildcards in what somebody typed are plain characters.
const likeText = (text: string): string => `%${text.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;

const joined = (db: Database) =>
  db
    .selectFrom('journal_records as r')
    .leftJoin('openings as subSealed', (join) =>
      join
        .onRef('subSealed.gateway_id', '=', 'r.gateway_id')
        .onRef('subSealed.epoch', '=', 'r.epoch')
        .onRef('subSealed.seq', '=', 'r.seq')
        .on('subSealed.field', '=', 'sub'),
    )
    .leftJoin('openings as pmSealed', (join) =>
      join
        .onRef('pmSealed.gateway_id', '=', 'r.gateway_id')
        .onRef('pmSealed.epoch', '=', 'r.epoch')
        .onRef('pmSealed.seq', '=', 'r.seq')
        .on('pmSealed.field', '=', 'pm'),
    )
    // What is sealed is named by its key, so that it is gone when the key is.
    .leftJoin('opening_keys as sub', 'sub.id', 'subSealed.key_id')
    .leftJoin('opening_keys as pm', 'pm.id', 'pmSealed.key_id')
    .leftJoin('people', 'people.id', 'sub.value')
    .leftJoin('permits', 'permits.id', 'pm.value')
    .leftJoin('requests', 'requests.id', 'permits.request_id')
    .select([
      'r.position',
      'r.gateway_id',
      'r.epoch',
      'r.seq',
      'r.at',
      'r.clock_trust',
      'r.received_at',
      'r.type',
      'r.severity',
      'r.door_id',
      'r.direction',
      'r.reason',
      'sub.value as sub',
      'people.name',
      'requests.id as request_id',
      'requests.number',
    ]);

type EventRow = Awaited<ReturnType<ReturnType<typeof joined>['executeTakeFirstOrThrow']>>;

const toEvent = (row: EventRow): AccessEvent => ({
  id: `${row.gateway_id}/${row.epoch}/${row.seq}`,
  gateway: row.gateway_id,
  epoch: row.epoch,
  seq: row.seq,
  at: new Date(row.at).toISOString(),
  clockTrust: row.clock_trust,
  receivedAt: new Date(row.received_at).toISOString(),
  type: row.type as EventType,
  severity: row.severity as Severity,
  doorId: row.door_id,
  direction: row.direction,
  reason: row.reason,
  personName: row.name,
  requestId: row.request_id,
  requestNumber: row.number,
});

/** What a filter asks of the record itself. */
export function eventConditions({
  from,
  until,
  doorId,
  type,
  reason,
  severity,
  upToPosition,
  place,
}: EventFilter) {
  return [
    // What a later epoch holds again is listed once; whoever names it is shown it.
    ...(place === undefined ? ([['r.is_repeat', '=', 0]] as const) : []),
    ...(upToPosition === undefined ? [] : ([['r.position', '<=', upToPosition]] as const)),
    ...(from === undefined ? [] : ([['r.at', '>=', from]] as const)),
    ...(until === undefined ? [] : ([['r.at', '<', until]] as const)),
    ...(doorId === undefined ? [] : ([['r.door_id', '=', doorId]] as const)),
    ...(type === undefined ? [] : ([['r.type', '=', type]] as const)),
    ...(reason === undefined ? [] : ([['r.reason', '=', reason]] as const)),
    ...(severity === undefined ? [] : ([['r.severity', '=', severity]] as const)),
  ];
}

/** The events that a filter lets through, in no order. */
export function eventsBy(db: Database, filter: EventFilter) {
  let query = joined(db);
  for (const [column, operator, value] of eventConditions(filter))
    query = query.where(column, operator, value);
  return query
    .$if(filter.text !== undefined, (q) => {
      const like = likeText(filter.text ?? '');
      return q.where((e) =>
        e.or([
          sql<boolean>`lower(people.name) like ${like} escape '\\'`,
          sql<boolean>`lower(requests.number) like ${like} escape '\\'`,
        ]),
      );
    })
    .$if(filter.onlyPersonId !== undefined, (q) =>
      q
        .where((e) => e.or([e('sub.value', 'is', null), e('sub.value', '=', filter.onlyPersonId ?? '')]))
        .where('r.type', 'not in', SILENT_TYPES),
    )
    .$if(filter.readerId !== undefined, (q) =>
      q.where((e) =>
        e.or([
          e('r.type', 'not in', SILENT_TYPES),
          e('sub.value', 'is', null),
          e('sub.value', '!=', filter.readerId ?? ''),
        ]),
      ),
    );
}

/** Lists events, newest first by the time at which they happened. */
export async function listEvents(
  db: Database,
  filter: EventFilter,
  page: { readonly after: EventsCursor | null; readonly limit: number },
): Promise<readonly ListedEvent[]> {
  const { after } = page;
  const { place } = filter;
  const rows = await eventsBy(db, filter)
    .$if(place !== undefined, (q) =>
      q
        .where('r.gateway_id', '=', place?.gatewayId ?? '')
        .where('r.epoch', '=', place?.epoch ?? 0)
        .where('r.seq', '=', place?.seq ?? 0),
    )
    .$if(filter.afterPosition !== undefined, (q) => q.where('r.position', '>', filter.afterPosition ?? 0))
    .$if(after !== null, (q) =>
      q.where((e) =>
        e.or([
          e('r.at', '<', after?.at ?? 0),
          e.and([e('r.at', '=', after?.at ?? 0), e('r.position', '<', after?.position ?? 0)]),
        ]),
      ),
    )
    .orderBy('r.at', 'desc')
    .orderBy('r.position', 'desc')
    .limit(page.limit)
    .execute();
  return rows.map((row) => ({
    event: toEvent(row),
    cursor: { at: row.at, position: row.position },
    sub: row.sub,
  }));
}
