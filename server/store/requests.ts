import type { AccessRequest, RequestState } from '#contract/api';
import { asEpochMs } from '#contract/clock';
import type { PermitKind } from '#contract/permit';
import type { GroupMember, RequestFacts } from '../domain/permit-draft.ts';
import type { RequestStep } from '../domain/request-life.ts';
import type { Database } from './database.ts';
import type { RequestsTable, RequestStepsTable } from './tables.ts';
import type { RequestTermsTable } from './tables-visit.ts';

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

/** How a request is decided, beside what it asks for. */
export interface RequestProcedure {
  readonly decideBy: number;
  /** When the next official is asked; null where nobody is waited for. */
  readonly answerDueAt: number | null;
  readonly isFastTrack: boolean;
  readonly needsVerification: boolean;
  readonly verifiedById: string | null;
  readonly approvalsNeeded: number;
  /** True where the permit is made when the officer has checked the visitor in. */
  readonly needsCheckIn: boolean;
}

/** A request as it is filed. */
export interface NewRequestRow extends RequestFacts, RequestProcedure {
  /** Hash of the privacy notice that was shown; null where none was. */
  readonly noticeHash: string | null;
  readonly number: string;
  readonly createdAt: number;
}

const termsRow = (
  request: RequestFacts & RequestProcedure,
): Omit<RequestTermsTable, 'escalations' | 'is_expiry_told'> => ({
  request_id: request.id,
  kind: request.kind,
  class: request.cls,
  subject_id: request.subjectId,
  hours: JSON.stringify(request.hours),
  is_for_holidays: request.isForHolidays ? 1 : 0,
  uses: request.uses,
  needs_two: request.needsTwoPersons ? 1 : 0,
  needs_escort: request.needsEscort ? 1 : 0,
  members: JSON.stringify(request.members),
  heads: request.members.length + 1,
  group_id: request.groupId,
  host_id: request.hostId,
  equipment_hash: request.equipmentHash,
  work_order: request.workOrder,
  change_number: request.changeNumber,
  risk: request.risk,
  extends_id: request.extendsId,
  decide_by: request.decideBy,
  answer_due_at: request.answerDueAt,
  is_fast_track: request.isFastTrack ? 1 : 0,
  needs_verification: request.needsVerification ? 1 : 0,
  verified_by: request.verifiedById,
  approvals_needed: request.approvalsNeeded,
  needs_check_in: request.needsCheckIn ? 1 : 0,
});

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
      notice_hash: request.noticeHash,
    })
    .execute();
  await db
    .insertInto('request_terms')
    .values({ ...termsRow(request), escalations: 0, is_expiry_told: 0 })
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
export interface RequestRow extends RequestFacts, RequestProcedure {
  readonly number: string;
  readonly state: RequestState;
}

/** Loads the parts of a request that rules look at. */
export async function loadRequest(db: Database, id: string): Promise<RequestRow | null> {
  const row = await db
    .selectFrom('requests')
    .innerJoin('request_terms', 'request_terms.request_id', 'requests.id')
    .selectAll()
    .where('requests.id', '=', id)
    .executeTakeFirst();
  if (row === undefined) return null;
  const escorts = await db
    .selectFrom('request_escorts')
    .select('person_id')
    .where('request_id', '=', id)
    .where('state', '=', 'accepted')
    .orderBy('person_id')
    .execute();
  return {
    id: row.id,
    number: row.number,
    requesterId: row.requester_id,
    subjectId: row.subject_id,
    kind: row.kind,
    cls: row.class,
    purpose: row.purpose,
    description: row.description,
    doorId: row.door_id,
    from: asEpochMs(row.valid_from),
    until: asEpochMs(row.valid_until),
    hours: JSON.parse(row.hours) as RequestFacts['hours'],
    isForHolidays: row.is_for_holidays === 1,
    uses: row.uses,
    needsTwoPersons: row.needs_two === 1,
    needsEscort: row.needs_escort === 1,
    escortIds: escorts.map((escort) => escort.person_id),
    members: JSON.parse(row.members) as GroupMember[],
    groupId: row.group_id,
    hostId: row.host_id,
    equipmentHash: row.equipment_hash,
    workOrder: row.work_order,
    changeNumber: row.change_number,
    risk: row.risk,
    extendsId: row.extends_id,
    decideBy: row.decide_by,
    answerDueAt: row.answer_due_at,
    isFastTrack: row.is_fast_track === 1,
    needsVerification: row.needs_verification === 1,
    verifiedById: row.verified_by,
    approvalsNeeded: row.approvals_needed,
    needsCheckIn: row.needs_check_in === 1,
    state: row.state,
  };
}

/** Notes how a request is decided from now on. */
export async function saveProcedure(
  trx: Database,
  id: string,
  change: Partial<Pick<RequestProcedure, 'answerDueAt' | 'verifiedById'>> & { readonly decideBy?: number },
): Promise<void> {
  await trx
    .updateTable('request_terms')
    .set({
      ...(change.answerDueAt === undefined ? {} : { answer_due_at: change.answerDueAt }),
      ...(change.verifiedById === undefined ? {} : { verified_by: change.verifiedById }),
      ...(change.decideBy === undefined ? {} : { decide_by: change.decideBy }),
    })
    .where('request_id', '=', id)
    .execute();
}

/** States in which a request waits for people. */
const WAITING = ['submitted', 'verified', 'emergency'] as const satisfies readonly RequestState[];

/** Lists the ids of drafts and waiting requests that nobody can decide any more. */
export async function lapsedRequests(db: Database, now: number): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('requests')
    .innerJoin('request_terms', 'request_terms.request_id', 'requests.id')
    .select('requests.id')
    .where('state', 'in', ['draft', 'submitted', 'verified'])
    .where((e) => e.or([e('valid_until', '<=', now), e('decide_by', '<=', now)]))
    .orderBy('requests.id')
    .execute();
  return rows.map((row) => row.id);
}

/** A request whose answer is overdue. */
export interface UnansweredRequest {
  readonly id: string;
  readonly state: RequestState;
  readonly doorId: string;
  readonly requesterId: string;
  readonly subjectId: string;
  readonly isFastTrack: boolean;
  readonly escalations: number;
}

/** Lists the requests for which the next official has to be asked. */
export async function unansweredRequests(db: Database, now: number): Promise<readonly UnansweredRequest[]> {
  const rows = await db
    .selectFrom('requests')
    .innerJoin('request_terms', 'request_terms.request_id', 'requests.id')
    .select(['requests.id', 'state', 'door_id', 'requester_id', 'subject_id', 'is_fast_track', 'escalations'])
    .where('state', 'in', WAITING)
    .where('answer_due_at', '<=', now)
    .orderBy('requests.id')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    state: row.state,
    doorId: row.door_id,
    requesterId: row.requester_id,
    subjectId: row.subject_id,
    isFastTrack: row.is_fast_track === 1,
    escalations: row.escalations,
  }));
}

/** Notes that the next official was asked. */
export async function noteEscalation(
  trx: Database,
  id: string,
  escalations: number,
  answerDueAt: number | null,
): Promise<void> {
  await trx
    .updateTable('request_terms')
    .set({ escalations, answer_due_at: answerDueAt })
    .where('request_id', '=', id)
    .execute();
}

/** Takes the waiting requests that end undecided within a time, each once. @returns their ids */
export async function takeExpiring(trx: Database, before: number): Promise<readonly string[]> {
  const rows = await trx
    .updateTable('request_terms')
    .set({ is_expiry_told: 1 })
    .where('is_expiry_told', '=', 0)
    .where('decide_by', '<=', before)
    .where('request_id', 'in', (e) =>
      e.selectFrom('requests').select('requests.id').where('state', 'in', ['submitted', 'verified']),
    )
    .returning('request_id')
    .execute();
  return rows.map((row) => row.request_id).sort();
}

/** Which requests a list shows. */
export interface RequestFilter {
  readonly id?: string;
  readonly requesterId?: string;
  /** Only what waits for a step that this person may take. */
  readonly waitingFor?: {
    readonly personId: string;
    readonly mayDecide: boolean;
    readonly mayVerify: boolean;
  };
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
  readonly kind: PermitKind | null;
  readonly subject_id: string | null;
  readonly subject_name: string | null;
  readonly subject_organisation: string | null;
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
  kind: row.kind ?? 'single',
  subject: {
    id: row.subject_id ?? row.requester_id,
    name: row.subject_name ?? row.requester_name,
    organisation: row.subject_organisation ?? row.requester_organisation,
  },
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
    .leftJoin('request_terms', 'request_terms.request_id', 'requests.id')
    .leftJoin('people as subject', 'subject.id', 'request_terms.subject_id')
    .selectAll('requests')
    .select([
      'request_terms.kind',
      'request_terms.subject_id',
      'subject.name as subject_name',
      'subject.organisation as subject_organisation',
      'requester.name as requester_name',
      'requester.organisation as requester_organisation',
      'doors.name as door_name',
      'decider.name as decider_name',
      'permits.id as permit_id',
    ])
    .$if(filter.id !== undefined, (q) => q.where('requests.id', '=', filter.id ?? ''))
    .$if(filter.requesterId !== undefined, (q) =>
      q.where((e) =>
        e.or([
          e('requests.requester_id', '=', filter.requesterId ?? ''),
          e('request_terms.subject_id', '=', filter.requesterId ?? ''),
          e('request_terms.host_id', '=', filter.requesterId ?? ''),
        ]),
      ),
    )
    .$if(filter.waitingFor !== undefined, (q) =>
      q
        .where('requests.requester_id', '<>', filter.waitingFor?.personId ?? '')
        .where('request_terms.subject_id', '<>', filter.waitingFor?.personId ?? '')
        .where((e) =>
          e.or([
            ...(filter.waitingFor?.mayVerify === true
              ? [e.and([e('state', '=', 'submitted'), e('request_terms.needs_verification', '=', 1)])]
              : []),
            ...(filter.waitingFor?.mayDecide === true
              ? [
                  e('state', 'in', ['verified', 'emergency']),
                  e.and([e('state', '=', 'submitted'), e('request_terms.needs_verification', '=', 0)]),
                ]
              : []),
          ]),
        )
        .where((e) =>
          e.not(
            e.exists(
              e
                .selectFrom('request_votes')
                .select('request_votes.by_id')
                .whereRef('request_votes.request_id', '=', 'requests.id')
                .where('request_votes.by_id', '=', filter.waitingFor?.personId ?? ''),
            ),
          ),
        ),
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

/** Tells whether an emergency of somebody at a door was declared since a time. */
export async function recentEmergencyOf(
  db: Database,
  personId: string,
  doorId: string,
  since: number,
): Promise<boolean> {
  const row = await db
    .selectFrom('requests')
    .innerJoin('request_terms', 'request_terms.request_id', 'requests.id')
    .select('requests.id')
    .where('kind', '=', 'emergency')
    .where('subject_id', '=', personId)
    .where('door_id', '=', doorId)
    .where('created_at', '>=', since)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
