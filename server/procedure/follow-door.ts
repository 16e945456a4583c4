import { EVENT_TYPES } from '#contract/event';
import type { JournalRecord } from '#contract/record';
import { newRowId } from '../auth/tokens.ts';
import { registerNumber, registerSeries, seriesKey } from '../domain/register-number.ts';
import { stepRequest, type RequestAction } from '../domain/request-life.ts';
import { EMERGENCY_REVIEW_MS } from '../domain/request-rules.ts';
import { eventId, type VisitProjection } from '../domain/visit-projection.ts';
import { asEpochMs } from '#contract/clock';
import {
  attendancesOfVisit,
  changeAttendance,
  declaredAt,
  insertAttendance,
  openAttendanceOf,
} from '../store/attendances.ts';
import type { Database } from '../store/database.ts';
import { isSilent } from '../store/events.ts';
import { peopleWithRole } from '../store/notifications.ts';
import { findPerson } from '../store/people.ts';
import { findPermit } from '../store/permits.ts';
import { findPurpose } from '../store/purposes.ts';
import {
  insertRequest,
  loadRequest,
  moveRequest,
  nextOrdinal,
  recentEmergencyOf,
  type RequestRow,
} from '../store/requests.ts';
import type { AttendancesTable } from '../store/tables-visit.ts';
import { openVisits } from '../store/visits.ts';
import { notify } from './notify.ts';
import { taken } from './request-access.ts';
import type { Site } from './site.ts';

/** A record of a door with whom it is about. */
export interface FollowedRecord {
  readonly record: JournalRecord;
  readonly sub: string | null;
}

/** Takes a step that the door saw, where the request is for one visit and the step leads somewhere. */
async function stepByDoor(
  trx: Database,
  requestId: string,
  action: Extract<RequestAction, 'enter' | 'leave'>,
  at: number,
  byId: string,
): Promise<void> {
  const request = await loadRequest(trx, requestId);
  // A right that is for many visits stays approved; each visit has a life of its own.
  if (request === null || request.kind === 'recurring' || request.kind === 'standing') return;
  const cell = stepRequest(request.state, action);
  if (cell.kind === 'move')
    await moveRequest(trx, requestId, request.state, cell.to, taken(cell.step, at, byId));
}

async function enter(trx: Database, site: Site, visit: VisitProjection, permitId: string): Promise<void> {
  const { personId, enteredAt } = visit;
  if (personId === null || enteredAt === null) return;
  const requestId = await requestOfPermit(trx, permitId);
  if (requestId === null) return;
  const told = await attendancesOfVisit(trx, visit.id);
  const isKnown = told.some((each) => each.request_id === requestId);
  const open = isKnown ? null : await openAttendanceOf(trx, requestId, personId);
  if (!isKnown && open === null) {
    const request = await loadRequest(trx, requestId);
    await insertAttendance(trx, {
      id: newRowId(site.random, 'vs'),
      request_id: requestId,
      person_id: personId,
      door_id: visit.doorId,
      state: 'inside',
      began_at: visit.beganAt,
      heads: (request?.members.length ?? 0) + 1,
      visit_id: visit.id,
      entered_at: enteredAt,
    });
    await stepByDoor(trx, requestId, 'enter', enteredAt, personId);
  }
  const begun = [...(open === null ? [] : [open]), ...(await declaredAt(trx, personId, visit.doorId))];
  for (const each of begun) {
    if (each.state !== 'checked-in' && each.state !== 'left') continue;
    await changeAttendance(trx, each.id, each.state, {
      state: 'inside',
      visit_id: visit.id,
      entered_at: each.entered_at ?? enteredAt,
      left_at: null,
    });
    await stepByDoor(trx, each.request_id, 'enter', enteredAt, personId);
  }
}

async function leave(trx: Database, visit: VisitProjection): Promise<void> {
  const { leftAt } = visit;
  if (leftAt === null) return;
  for (const each of await attendancesOfVisit(trx, visit.id)) {
    if (each.state !== 'inside') continue;
    await changeAttendance(trx, each.id, 'inside', { state: 'left', left_at: leftAt });
    await stepByDoor(trx, each.request_id, 'leave', leftAt, each.person_id);
  }
}

const requestOfPermit = async (trx: Database, permitId: string): Promise<string | null> =>
  (await findPermit(trx, permitId))?.requestId ?? null;

/**
 * Takes over into the visits under the SOP what the door's journal says: who went in, who came out.
 * @see rule SD45
 */
export async function followVisits(
  trx: Database,
  site: Site,
  changed: readonly VisitProjection[],
): Promise<void> {
  for (const visit of changed) {
    if (visit.phase === 'inside' && visit.permitId !== null) await enter(trx, site, visit, visit.permitId);
    if (visit.phase === 'ended') await leave(trx, visit);
  }
}

/** Opens the visit of a declared emergency, with what the door has seen of it so far. */
export async function beginEmergency(trx: Database, site: Site, request: RequestRow): Promise<void> {
  const seen = (await openVisits(trx, request.doorId)).find(
    ({ personId, phase }) => personId === request.subjectId && phase === 'inside',
  );
  await insertAttendance(trx, {
    id: newRowId(site.random, 'vs'),
    request_id: request.id,
    person_id: request.subjectId,
    door_id: request.doorId,
    state: seen === undefined ? 'checked-in' : 'inside',
    began_at: request.from,
    heads: request.members.length + 1,
    visit_id: seen?.id ?? null,
    entered_at: seen?.enteredAt ?? null,
  });
}

/** Takes the steps of a request that the door had seen before it was decided. */
export async function catchUpWithDoor(trx: Database, site: Site, requestId: string): Promise<void> {
  const request = await loadRequest(trx, requestId);
  if (request === null) return;
  const known: AttendancesTable | null = await openAttendanceOf(trx, requestId, request.subjectId);
  if (known === null) return;
  const now = site.clock.epochMs();
  if (known.state === 'inside' || known.state === 'left') {
    await stepByDoor(trx, requestId, 'enter', known.entered_at ?? now, known.person_id);
  }
  if (known.state === 'left')
    await stepByDoor(trx, requestId, 'leave', known.left_at ?? now, known.person_id);
}

const EMERGENCY = 'DRT';

/**
 * Opens the review of an emergency entry that nobody has declared: the entry came first, the form follows within
 * a day, and nobody has to remember it.
 * @see rule SD46
 */
async function declareUsedEmergency(
  trx: Database,
  site: Site,
  { record, sub }: FollowedRecord,
): Promise<void> {
  if (sub === null || record.door === undefined) return;
  const [person, purpose] = [await findPerson(trx, sub), await findPurpose(trx, EMERGENCY)];
  if (person === null || purpose === null) return;
  if (await recentEmergencyOf(trx, sub, record.door, record.t - EMERGENCY_REVIEW_MS)) return;
  const now = site.clock.epochMs();
  const id = newRowId(site.random, 'rq');
  const series = registerSeries(now, site.timeZone);
  const until = asEpochMs(record.t + EMERGENCY_REVIEW_MS);
  await insertRequest(trx, {
    id,
    number: registerNumber(series, await nextOrdinal(trx, seriesKey(series))),
    requesterId: sub,
    subjectId: sub,
    kind: 'emergency',
    cls: 'temp',
    purpose: purpose.code,
    description: 'Akses darurat tercatat di pintu; penjelasan menyusul.',
    doorId: record.door,
    from: asEpochMs(record.t),
    until,
    hours: [],
    isForHolidays: false,
    uses: null,
    needsTwoPersons: false,
    needsEscort: false,
    escortIds: [],
    members: [],
    groupId: null,
    hostId: null,
    equipmentHash: null,
    workOrder: null,
    changeNumber: null,
    risk: null,
    extendsId: null,
    noticeHash: null,
    decideBy: until,
    answerDueAt: until,
    isFastTrack: true,
    needsVerification: false,
    verifiedById: null,
    approvalsNeeded: 1,
    needsCheckIn: false,
    createdAt: now,
  });
  await moveRequest(trx, id, 'draft', 'emergency', taken('declared', now, null));
  const request = await loadRequest(trx, id);
  if (request !== null) await beginEmergency(trx, site, request);
  await notify(trx, site, {
    kind: 'emergency.declared',
    subject: id,
    to: [sub, ...(await peopleWithRole(trx, 'supervisor', 'officer', 'auditor'))],
    byId: null,
  });
}

/**
 * Tells of alarms, and opens the review of emergency entries. A silent alarm is told only to those who may see
 * it, and never to whom it is about.
 * @see rule SD61
 */
export async function followAlarms(
  trx: Database,
  site: Site,
  records: readonly FollowedRecord[],
): Promise<void> {
  for (const followed of records) {
    const { record, sub } = followed;
    if (EVENT_TYPES[record.ty].severity === 'alarm') {
      const isRestricted = isSilent(record.ty);
      const watchers = await peopleWithRole(trx, 'supervisor', 'officer');
      await notify(trx, site, {
        kind: 'alarm',
        subject: eventId(record),
        to: isRestricted ? watchers.filter((id) => id !== sub) : watchers,
        byId: null,
        isRestricted,
      });
    }
    if (record.ty === 'emergency.used') await declareUsedEmergency(trx, site, followed);
  }
}
