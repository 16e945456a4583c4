import type { Attendance, Equipment, Today } from '#contract/api-visit';
import type { Survey } from '../domain/visit-closing.ts';
import type { Database } from './database.ts';
import { equipmentOf } from './request-parts.ts';
import type { AttendancesTable } from './tables-visit.ts';

type NewAttendance = Pick<
  AttendancesTable,
  'id' | 'request_id' | 'person_id' | 'door_id' | 'state' | 'began_at' | 'heads'
> &
  Partial<AttendancesTable>;

/** Stores the beginning of a visit, at the desk or at the door. */
export async function insertAttendance(trx: Database, attendance: NewAttendance): Promise<void> {
  await trx
    .insertInto('attendances')
    .values({
      heads_out: null,
      visit_id: null,
      checked_in_at: null,
      checked_in_by: null,
      identity_kind: null,
      identity_last_four: null,
      badge_number: null,
      is_badge_returned: 0,
      rules_hash: null,
      escort_id: null,
      entered_at: null,
      left_at: null,
      closed_at: null,
      closed_by: null,
      forced_reason: null,
      checked: '[]',
      report: '{}',
      survey: null,
      is_expiry_told: 0,
      is_overdue_told: 0,
      ...attendance,
    })
    .execute();
}

/** Changes a visit that is in this state still. @returns false where it is not */
export async function changeAttendance(
  trx: Database,
  id: string,
  from: AttendancesTable['state'],
  change: Partial<AttendancesTable>,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('attendances')
    .set(change)
    .where('id', '=', id)
    .where('state', '=', from)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** Loads the row of a visit. */
export async function loadAttendance(db: Database, id: string): Promise<AttendancesTable | null> {
  return (await db.selectFrom('attendances').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;
}

/** Finds the visit of a request that is not closed; the newest. */
export async function openAttendanceOf(
  db: Database,
  requestId: string,
  personId: string,
): Promise<AttendancesTable | null> {
  const row = await db
    .selectFrom('attendances')
    .selectAll()
    .where('request_id', '=', requestId)
    .where('person_id', '=', personId)
    .where('state', '<>', 'closed')
    .orderBy('began_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row ?? null;
}

/** Finds the visits that the door's journal tells of under this id: an emergency has its own beside the right used. */
export const attendancesOfVisit = (db: Database, visitId: string): Promise<readonly AttendancesTable[]> =>
  db.selectFrom('attendances').selectAll().where('visit_id', '=', visitId).orderBy('id').execute();

/** Finds the declared emergencies of somebody at a door that the journal has not told of yet. */
export const declaredAt = (
  db: Database,
  personId: string,
  doorId: string,
): Promise<readonly AttendancesTable[]> =>
  db
    .selectFrom('attendances')
    .innerJoin('request_terms', 'request_terms.request_id', 'attendances.request_id')
    .selectAll('attendances')
    .where('person_id', '=', personId)
    .where('door_id', '=', doorId)
    .where('state', '=', 'checked-in')
    .where('request_terms.kind', '=', 'emergency')
    .orderBy('attendances.id')
    .execute();

/** Tells whether a visitor who has not been closed has this badge. */
export async function isBadgeOut(db: Database, badgeNumber: string): Promise<boolean> {
  const row = await db
    .selectFrom('attendances')
    .select('id')
    .where('badge_number', '=', badgeNumber)
    .where('state', '<>', 'closed')
    .where('is_badge_returned', '=', 0)
    .executeTakeFirst();
  return row !== undefined;
}

const instant = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

const joined = (db: Database) =>
  db
    .selectFrom('attendances as a')
    .innerJoin('requests', 'requests.id', 'a.request_id')
    .innerJoin('people', 'people.id', 'a.person_id')
    .leftJoin('people as escort', 'escort.id', 'a.escort_id')
    .selectAll('a')
    .select((e) => [
      'requests.number',
      'requests.purpose',
      'people.name',
      'people.organisation',
      'escort.name as escort_name',
      // A visit that was prolonged ends with the last approved request of its chain.
      e.fn
        .coalesce(
          e
            .selectFrom('requests as later')
            .innerJoin('request_terms as later_terms', 'later_terms.request_id', 'later.id')
            .select((x) => x.fn.max('later.valid_until').as('until'))
            .whereRef('later_terms.extends_id', '=', 'a.request_id')
            .where('later.state', 'in', ['approved', 'checked-in', 'inside', 'left']),
          e.ref('requests.valid_until'),
        )
        .as('ends_at'),
    ]);

type JoinedRow = Awaited<ReturnType<ReturnType<typeof joined>['executeTakeFirstOrThrow']>>;

const toAttendance = (row: JoinedRow, equipment: readonly Equipment[], now: number): Attendance => ({
  id: row.id,
  requestId: row.request_id,
  requestNumber: row.number,
  purpose: row.purpose,
  doorId: row.door_id,
  person: { id: row.person_id, name: row.name, organisation: row.organisation },
  heads: row.heads,
  state: row.state,
  validUntil: new Date(row.ends_at).toISOString(),
  checkedInAt: instant(row.checked_in_at),
  enteredAt: instant(row.entered_at),
  leftAt: instant(row.left_at),
  closedAt: instant(row.closed_at),
  badgeNumber: row.badge_number,
  isBadgeReturned: row.is_badge_returned === 1,
  identity:
    row.identity_kind === null || row.identity_last_four === null
      ? null
      : { kind: row.identity_kind, lastFour: row.identity_last_four },
  escortName: row.escort_name,
  isOverdue: row.state === 'inside' && row.ends_at <= now,
  equipment: [...equipment],
  checked: JSON.parse(row.checked) as string[],
  report: JSON.parse(row.report) as Attendance['report'],
  forcedReason: row.forced_reason,
  hasSurvey: row.survey !== null,
});

/** Which visits a list shows. */
export interface AttendanceFilter {
  readonly id?: string;
  readonly personId?: string;
  readonly state?: AttendancesTable['state'];
  readonly isOpen?: true;
}

/** Where a list of visits goes on: after this time and id. */
export interface AttendancesCursor {
  readonly at: number;
  readonly id: string;
}

/** Lists visits, newest first, with their equipment. */
export async function listAttendances(
  db: Database,
  filter: AttendanceFilter,
  page: { readonly after: AttendancesCursor | null; readonly limit: number },
  now: number,
): Promise<readonly (Attendance & { readonly beganAt: number })[]> {
  const { after } = page;
  const rows = await joined(db)
    .$if(filter.id !== undefined, (q) => q.where('a.id', '=', filter.id ?? ''))
    .$if(filter.personId !== undefined, (q) => q.where('a.person_id', '=', filter.personId ?? ''))
    .$if(filter.state !== undefined, (q) => q.where('a.state', '=', filter.state ?? 'closed'))
    .$if(filter.isOpen === true, (q) => q.where('a.state', '<>', 'closed'))
    .$if(after !== null, (q) =>
      q.where((e) =>
        e.or([
          e('a.began_at', '<', after?.at ?? 0),
          e.and([e('a.began_at', '=', after?.at ?? 0), e('a.id', '<', after?.id ?? '')]),
        ]),
      ),
    )
    .orderBy('a.began_at', 'desc')
    .orderBy('a.id', 'desc')
    .limit(page.limit)
    .execute();
  const equipment = await equipmentOf(db, [...new Set(rows.map((row) => row.request_id))]);
  return rows.map((row) => ({
    ...toAttendance(row, equipment.get(row.request_id) ?? [], now),
    beganAt: row.began_at,
  }));
}

/** Finds one visit as it is shown. */
export async function findAttendance(db: Database, id: string, now: number): Promise<Attendance | null> {
  const [found] = await listAttendances(db, { id }, { after: null, limit: 1 }, now);
  if (found === undefined) return null;
  const { beganAt: _beganAt, ...attendance } = found;
  return attendance;
}

/** Most visits that the desk shows at once. */
const MOST_AT_DESK = 500;

/** Collects who is expected until a time, who waits, and who is inside or not closed. */
export async function visitsToday(db: Database, now: number, until: number): Promise<Omit<Today, 'at'>> {
  const open = (await listAttendances(db, { isOpen: true }, { after: null, limit: MOST_AT_DESK }, now)).map(
    ({ beganAt: _beganAt, ...attendance }) => attendance,
  );
  const expected = await db
    .selectFrom('requests')
    .innerJoin('request_terms', 'request_terms.request_id', 'requests.id')
    .innerJoin('people', 'people.id', 'request_terms.subject_id')
    .selectAll('requests')
    .select(['people.id as person_id', 'people.name', 'people.organisation', 'heads', 'needs_check_in'])
    .where('state', '=', 'approved')
    .where('valid_from', '<', until)
    .where('valid_until', '>', now)
    .where((e) =>
      e.not(
        e.exists(
          e
            .selectFrom('attendances')
            .select('attendances.id')
            .whereRef('attendances.request_id', '=', 'requests.id')
            .where('attendances.state', '<>', 'closed'),
        ),
      ),
    )
    .orderBy('valid_from')
    .orderBy('requests.id')
    .limit(MOST_AT_DESK)
    .execute();
  return {
    expected: expected.map((row) => ({
      requestId: row.id,
      number: row.number,
      purpose: row.purpose,
      doorId: row.door_id,
      person: { id: row.person_id, name: row.name, organisation: row.organisation },
      heads: row.heads,
      validFrom: new Date(row.valid_from).toISOString(),
      validUntil: new Date(row.valid_until).toISOString(),
      needsCheckIn: row.needs_check_in === 1,
    })),
    waiting: open.filter(({ state }) => state === 'checked-in'),
    inside: open.filter(({ state }) => state === 'inside'),
    overdue: open.filter(({ isOverdue }) => isOverdue),
    open: open.filter(({ state }) => state === 'left'),
  };
}

/** A visit of which somebody has to be told. */
export interface DueVisit {
  readonly id: string;
  readonly personId: string;
  readonly requesterId: string;
  readonly hostId: string | null;
  readonly escortId: string | null;
}

/**
 * Takes the visits inside whose time ends before an instant and of which nobody was told, each once.
 * @param told which notice: that the time ends soon, or that it is over
 */
export async function takeDueVisits(
  trx: Database,
  told: 'is_expiry_told' | 'is_overdue_told',
  endsBefore: number,
): Promise<readonly DueVisit[]> {
  const rows = await joined(trx)
    .innerJoin('request_terms', 'request_terms.request_id', 'a.request_id')
    .select(['requests.requester_id', 'request_terms.host_id'])
    .where('a.state', '=', 'inside')
    .where(`a.${told}`, '=', 0)
    .orderBy('a.id')
    .execute();
  const due = rows.filter((row) => row.ends_at <= endsBefore);
  if (due.length > 0) {
    await trx
      .updateTable('attendances')
      .set({ [told]: 1 })
      .where(
        'id',
        'in',
        due.map((row) => row.id),
      )
      .execute();
  }
  return due.map((row) => ({
    id: row.id,
    personId: row.person_id,
    requesterId: row.requester_id,
    hostId: row.host_id,
    escortId: row.escort_id,
  }));
}

/** Counts the visits of somebody that ended after their time; overdue ones of now as well. */
export async function countOverdueExits(db: Database, personId: string): Promise<number> {
  const { count } = await db
    .selectFrom('attendances')
    .select((e) => e.fn.countAll().as('count'))
    .where('person_id', '=', personId)
    .where('is_overdue_told', '=', 1)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Stores what a visitor thought of the visit, once. @returns false where they said it before */
export async function saveSurvey(trx: Database, id: string, survey: Survey): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('attendances')
    .set({ survey: JSON.stringify(survey) })
    .where('id', '=', id)
    .where('survey', 'is', null)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** Loads the surveys of visits that began in a period. */
export async function surveysOf(db: Database, from: number, until: number): Promise<readonly Survey[]> {
  const rows = await db
    .selectFrom('attendances')
    .select('survey')
    .where('survey', 'is not', null)
    .where('began_at', '>=', from)
    .where('began_at', '<', until)
    .orderBy('id')
    .execute();
  return rows.map((row) => JSON.parse(row.survey ?? '{}') as Survey);
}
