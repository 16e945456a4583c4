import type { AccessRequest, RequestState } from '#contract/api';
import { asEpochMs } from '#contract/clock';
import type { RequestFacts } from '../domain/permit-draft.ts';
import type { RequestStep } from '../domain/request-life.ts';
import type { Database } from './database.ts';
import type { RequestsTable, RequestStepsTable } from './tables.ts';

/** Takes the next number of a register series; without gaps as long as the transaction commits. */
export async function nextOrdinal(db: Database, series: string): Promise<number> {
  const { last } = await db
    .insertInto('register_series')
    .values({ series, last: 1 })
    .onConflict((c) => c.column('series').doUpdateSet((e) => ({ last: e('register_series.last', '+', 1) })))
    .returning('last')
    .executeTakeFirstOrThrow();
  return Number(last);
}

/** A request as it is filed. */
export interface NewRequestRow extends RequestFacts {
  readonly number: string;
  readonly createdAt: number;
}

/** Stores a new request as a draft with its first step. */
export async function insertRequest(db: Database, request: NewRequestRow): Promise<void> {
  await db
    .insertInto('requests')
    .values({
      id: request.id,
      number: request.number,
      state: 'draft',
      requester_id: request.requesterId,
      purpose: request.purpose,
      description: request.description,
      door_id: request.doorId,
      valid_from: request.from,
      valid_until: request.until,
      created_at: request.createdAt,
      decided_at: null,
      decided_by: null,
      reason: null,
    })
    .execute();
  await db
    .insertInto('request_steps')
    .values({
      request_id: request.id,
      ordinal: 0,
      at: request.createdAt,
      step: 'filed',
      by_id: request.requesterId,
      reason: null,
      method: null,
    })
    .execute();
}

/** A step that was taken. */
export interface TakenStep {
  readonly step: RequestStep;
  readonly at: number;
  readonly byId: string | null;
  readonly reason: string | null;
  readonly method: 'passkey' | 'session' | null;
}

/**
 * Moves a request from the state in which its step was judged to the next, and writes the step down.
 * @returns false where somebody else was first: nothing was changed
 * @see rule SS2
 */
export async function moveRequest(
  db: Database,
  id: string,
  from: RequestState,
  to: RequestState,
  taken: TakenStep,
): Promise<boolean> {
  const isDecision = taken.step === 'approved' || taken.step === 'rejected';
  const { numUpdatedRows } = await db
    .updateTable('requests')
    .set({
      state: to,
      ...(isDecision ? { decided_at: taken.at, decided_by: taken.byId } : {}),
      ...(taken.reason === null ? {} : { reason: taken.reason }),
    })
    .where('id', '=', id)
    .where('state', '=', from)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows !== 1n) return false;
  await db
    .insertInto('request_steps')
    .values((e) => ({
      request_id: id,
      ordinal: e
        .selectFrom('request_steps')
        .select((s) => s.fn.countAll<number>().as('n'))
        .where('request_id', '=', id),
      at: taken.at,
      step: taken.step,
      by_id: taken.byId,
      reason: taken.reason,
      method: taken.method,
    }))
    .execute();
  return true;
}

/** The parts of a request that rules look at. */
export interface RequestRow extends RequestFacts {
  readonly state: RequestState;
}

/** Loads the parts of a request that rules look at. */
export async function loadRequest(db: Database, id: string): Promise<RequestRow | null> {
  const row = await db.selectFrom('requests').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined) return null;
  return {
    id: row.id,
    requesterId: row.requester_id,
    purpose: row.purpose,
    description: row.description,
    doorId: row.door_id,
    from: asEpochMs(row.valid_from),
    until: asEpochMs(row.valid_until),
    state: row.state,
  };
}

/** Lists the ids of drafts and waiting requests whose window is over. */
export async function lapsedRequests(db: Database, now: number): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('requests')
    .select('id')
    .where('state', 'in', ['draft', 'submitted'])
    .where('valid_until', '<=', now)
    .orderBy('id')
    .execute();
  return rows.map((row) => row.id);
}

/** Which requests a list shows. */
export interface RequestFilter {
  readonly id?: string;
  readonly requesterId?: string;
  /** Only what waits for a decision that this person may take. */
  readonly waitingFor?: string;
  readonly state?: RequestState;
}

/** Where a list of requests goes on: after this time and id. */
export interface RequestsCursor {
  readonly at: number;
  readonly id: string;
}

const instant = (at: number): string => new Date(at).toISOString();

type StepRow = RequestStepsTable & { readonly by_name: string | null };

async function stepsOf(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, StepRow[]>> {
  const steps = new Map<string, StepRow[]>();
  if (ids.length === 0) return steps;
  const rows = await db
    .selectFrom('request_steps')
    .leftJoin('people', 'people.id', 'request_steps.by_id')
    .selectAll('request_steps')
    .select('people.name as by_name')
    .where('request_id', 'in', ids)
    .orderBy('request_id')
    .orderBy('ordinal')
    .execute();
  for (const row of rows) steps.set(row.request_id, [...(steps.get(row.request_id) ?? []), row]);
  return steps;
}

type JoinedRequest = RequestsTable & {
  readonly requester_name: string;
  readonly requester_organisation: string;
  readonly door_name: string;
  readonly decider_name: string | null;
  readonly permit_id: string | null;
};

const toRequest = (row: JoinedRequest, steps: readonly StepRow[]): AccessRequest => ({
  id: row.id,
  number: row.number,
  state: row.state,
  requester: { id: row.requester_id, name: row.requester_name, organisation: row.requester_organisation },
  purpose: row.purpose,
  description: row.description,
  doorId: row.door_id,
  doorName: row.door_name,
  validFrom: instant(row.valid_from),
  validUntil: instant(row.valid_until),
  createdAt: instant(row.created_at),
  decidedAt: row.decided_at === null ? null : instant(row.decided_at),
  decidedByName: row.decider_name,
  reason: row.reason,
  permitId: row.permit_id,
  steps: steps.map((step) => ({
    at: instant(step.at),
    step: step.step,
    byName: step.by_name ?? '',
    reason: step.reason,
    method: step.method,
  })),
});

/** Lists requests with their history, newest first. */
export async function listRequests(
  db: Database,
  filter: RequestFilter,
  page: { readonly after: RequestsCursor | null; readonly limit: number },
): Promise<readonly AccessRequest[]> {
  const { after } = page;
  const rows = await db
    .selectFrom('requests')
    .innerJoin('people as requester', 'requester.id', 'requests.requester_id')
    .innerJoin('doors', 'doors.id', 'requests.door_id')
    .leftJoin('people as decider', 'decider.id', 'requests.decided_by')
    .leftJoin('permits', 'permits.request_id', 'requests.id')
    .selectAll('requests')
    .select([
      'requester.name as requester_name',
      'requester.organisation as requester_organisation',
      'doors.name as door_name',
      'decider.name as decider_name',
      'permits.id as permit_id',
    ])
    .$if(filter.id !== undefined, (q) => q.where('requests.id', '=', filter.id ?? ''))
    .$if(filter.requesterId !== undefined, (q) =>
      q.where('requests.requester_id', '=', filter.requesterId ?? ''),
    )
    .$if(filter.waitingFor !== undefined, (q) =>
      q
        .where('requests.state', '=', 'submitted')
        .where('requests.requester_id', '<>', filter.waitingFor ?? ''),
    )
    .$if(filter.state !== undefined, (q) => q.where('requests.state', '=', filter.state ?? 'draft'))
    .$if(after !== null, (q) =>
      q.where((e) =>
        e.or([
          e('requests.created_at', '<', after?.at ?? 0),
          e.and([e('requests.created_at', '=', after?.at ?? 0), e('requests.id', '<', after?.id ?? '')]),
        ]),
      ),
    )
    .orderBy('requests.created_at', 'desc')
    .orderBy('requests.id', 'desc')
    .limit(page.limit)
    .execute();
  const steps = await stepsOf(
    db,
    rows.map((row) => row.id),
  );
  return rows.map((row) => toRequest(row, steps.get(row.id) ?? []));
}

/** Finds a request with its history. */
export async function findRequest(db: Database, id: string): Promise<AccessRequest | null> {
  return (await listRequests(db, { id }, { after: null, limit: 1 }))[0] ?? null;
}
