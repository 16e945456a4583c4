import type { Person } from '#contract/api';
import type { Attendance } from '#contract/api-visit';
import type { IdentityKind } from '#contract/api-people';
import { err, Fault, ok, type Result } from '#contract/result';
import { newRowId } from '../auth/tokens.ts';
import { writeMinutes } from '../domain/minutes.ts';
import { mayDo } from '../domain/permissions.ts';
import { stepRequest } from '../domain/request-life.ts';
import { endOfSiteDay } from '../domain/site-day-end.ts';
import {
  checkClosing,
  satisfactionIndex,
  type ClosingValue,
  type SatisfactionIndex,
  type Survey,
} from '../domain/visit-closing.ts';
import { usesWithCode } from '../domain/visit-code.ts';
import { approvalsOf } from '../store/approvals.ts';
import {
  changeAttendance,
  findAttendance,
  insertAttendance,
  isBadgeOut,
  loadAttendance,
  openAttendanceOf,
  saveSurvey,
  surveysOf,
  visitsToday,
} from '../store/attendances.ts';
import { recordAudit } from '../store/audit-trail.ts';
import { activeHandles } from '../store/credentials.ts';
import { inUndoableTransaction, type Database } from '../store/database.ts';
import { findPerson } from '../store/people.ts';
import { findPermitOfRequest, revokePermit } from '../store/permits.ts';
import { findPurpose } from '../store/purposes.ts';
import { equipmentOf, markEquipmentSeen, settleEquipment, votesOf } from '../store/request-parts.ts';
import { loadRequest, moveRequest, type RequestRow } from '../store/requests.ts';
import { roomOfDoor } from '../store/room-procedures.ts';
import { appendSiteLog } from '../store/site-log.ts';
import { loadDoorRules, requiredSops } from '../store/site-rules.ts';
import { acknowledgeSop } from '../store/sop-acknowledgements.ts';
import type { AttendancesTable } from '../store/tables-visit.ts';
import { insertVisitCode } from '../store/visit-codes.ts';
import { isOfSubject } from './approvals.ts';
import { draftPermits, issuePermits } from './issue-permits.ts';
import { notify } from './notify.ts';
import { renewPolicy } from './renew-policy.ts';
import { announce, involvedIn, loadVisible, refused, reload, taken } from './request-access.ts';
import { siteLogPort, type Refusal, type Site } from './site.ts';
import { drawCode } from './visit-codes.ts';

/** How long before the visit its visitor may be checked in. */
const EARLY_MS = 30 * 60_000;

/** Shows the desk who is expected today, who waits, and who is inside or not closed. @see rule SD48 */
export async function showToday(site: Site) {
  const now = site.clock.epochMs();
  return {
    at: new Date(now).toISOString(),
    ...(await visitsToday(site.db, now, endOfSiteDay(site.timeZone, now))),
  };
}

/** A visitor at the desk, as the officer sees them. */
export interface Arrival {
  readonly requestId: string;
  readonly identity: { readonly kind: IdentityKind; readonly lastFour: string };
  readonly badgeNumber: string | null;
  readonly wantsCode: boolean;
  readonly rulesHash: string;
  readonly escortId: string | null;
  readonly heads: number;
}

async function checkArrival(
  trx: Database,
  request: RequestRow,
  arrival: Arrival,
  now: number,
): Promise<Result<null, Refusal>> {
  const isForOneVisit = request.kind === 'single';
  const cell = stepRequest(request.state, 'check-in');
  if (cell.kind === 'refuse') return refused(cell.code);
  if (now < request.from - EARLY_MS || now >= request.until) return refused('not-due');
  if (arrival.heads !== request.members.length + 1) return refused('heads-differ');
  if (!isForOneVisit && (await openAttendanceOf(trx, request.id, request.subjectId)) !== null) {
    return refused('step-not-allowed');
  }
  const required = await requiredSops(trx);
  if (required.length > 0 && !required.includes(arrival.rulesHash)) return refused('rules-not-acknowledged');
  if (request.needsEscort) {
    if (arrival.escortId === null || !request.escortIds.includes(arrival.escortId))
      return refused('escort-missing');
    if ((await findPerson(trx, arrival.escortId))?.isActive !== true) return refused('escort-missing');
  }
  const { badgeNumber } = arrival;
  return badgeNumber !== null && (await isBadgeOut(trx, badgeNumber)) ? refused('badge-in-use') : ok(null);
}

/** Makes the permit of a visitor who stands at the desk: for the card or the code that they get here. */
async function issueAtDesk(
  trx: Database,
  site: Site,
  request: RequestRow,
  code: { readonly handle: string } | null,
  now: ReturnType<Site['clock']['epochMs']>,
): Promise<Result<null, Refusal>> {
  if (!request.needsCheckIn || (await findPermitOfRequest(trx, request.id)) !== null) return ok(null);
  const cards = await activeHandles(trx, request.subjectId);
  const handles = code === null ? cards : [code.handle, ...cards];
  const drafted = await draftPermits(trx, site, request, now, handles);
  if (!drafted.ok) return drafted;
  const drafts = drafted.value.drafts.map((draft) => {
    if (code === null) return draft;
    const uses = usesWithCode(cards.length > 0, draft.uses, 0);
    return uses === undefined ? draft : { ...draft, uses };
  });
  if (code !== null) {
    const [permit] = drafts;
    const isNew =
      permit !== undefined &&
      (await insertVisitCode(trx, {
        id: newRowId(site.random, 'cr'),
        personId: request.subjectId,
        permitId: permit.jti,
        handle: code.handle,
        at: now,
        expiresAt: permit.exp * 1000,
      }));
    // One in a hundred million: nothing is stored, and the officer tries again.
    if (!isNew) throw new Fault('visit-code-taken', { retryable: true });
  }
  const approvals = (await approvalsOf(trx, request.id)).filter(({ facts }) =>
    isOfSubject(facts, drafted.value),
  );
  return (await issuePermits(trx, site, { request, drafts, approvals, now }))
    ? ok(null)
    : refused('not-verified');
}

/**
 * Checks a visitor in: identity seen, badge or code given, house rules acknowledged, escort there. Only now is
 * there a permit that opens the door.
 * @returns the visit, with the code where one was made; it is shown once
 * @see rules SD49, SD50
 */
export async function checkIn(
  site: Site,
  officer: Person,
  arrival: Arrival,
): Promise<Result<Attendance & { readonly code: string | null }, Refusal>> {
  const now = site.clock.epochMs();
  // Slow on purpose, so it is not done while others wait to write.
  const drawn = arrival.wantsCode ? await drawCode(site) : null;
  const outcome = await inUndoableTransaction(
    site.db,
    async (trx): Promise<Result<{ readonly id: string; readonly version: number }, Refusal>> => {
      const request = await loadVisible(trx, site, arrival.requestId, officer);
      if (request === null) return refused('not-found');
      if (involvedIn(request).includes(officer.id) && request.subjectId === officer.id)
        return refused('own-request');
      const checked = await checkArrival(trx, request, arrival, now);
      if (!checked.ok) return checked;
      if (drawn !== null && (await loadDoorRules(trx))[request.doorId]?.codes !== true)
        return refused('codes-not-allowed');
      const issued = await issueAtDesk(trx, site, request, drawn, now);
      if (!issued.ok) return issued;
      const required = await requiredSops(trx);
      if (required.includes(arrival.rulesHash)) {
        await acknowledgeSop(trx, {
          personId: request.subjectId,
          sopHash: arrival.rulesHash,
          version: 'desk',
          at: now,
        });
      }
      await markEquipmentSeen(trx, request.id, now);
      const id = newRowId(site.random, 'vs');
      await insertAttendance(trx, {
        id,
        request_id: request.id,
        person_id: request.subjectId,
        door_id: request.doorId,
        state: 'checked-in',
        began_at: now,
        heads: arrival.heads,
        checked_in_at: now,
        checked_in_by: officer.id,
        identity_kind: arrival.identity.kind,
        identity_last_four: arrival.identity.lastFour,
        badge_number: arrival.badgeNumber,
        rules_hash: arrival.rulesHash,
        escort_id: arrival.escortId,
      });
      if (request.kind === 'single') {
        const cell = stepRequest(request.state, 'check-in');
        const isFirst =
          cell.kind === 'move' &&
          (await moveRequest(trx, request.id, request.state, cell.to, taken(cell.step, now, officer.id)));
        if (!isFirst) return refused('step-not-allowed');
      }
      await notify(trx, site, {
        kind: 'visit.checked-in',
        subject: id,
        to: [request.requesterId, request.hostId, arrival.escortId],
        byId: officer.id,
      });
      return ok({ id, version: (await renewPolicy(trx, site, now)).version });
    },
  );
  if (!outcome.ok) return outcome;
  announce(site, await reload(site.db, arrival.requestId), outcome.value.version);
  const attendance = await findAttendance(site.db, outcome.value.id, now);
  return attendance === null ? refused('not-found') : ok({ ...attendance, code: drawn?.code ?? null });
}

/** What a visit is closed with. */
export interface Departure {
  readonly isBadgeReturned: boolean;
  readonly equipment: readonly {
    readonly id: string;
    readonly outcome: 'taken-out' | 'stays' | 'destroyed';
    readonly note: string | null;
  }[];
  readonly checked: readonly string[];
  readonly report: Readonly<Record<string, ClosingValue>>;
  readonly heads: number | null;
  /** Closes what cannot be completed; null where it can. */
  readonly forcedReason: string | null;
}

const POINTERS = {
  'equipment-open': 'equipment',
  'badge-open': 'isBadgeReturned',
  'checklist-open': 'checked',
  'report-incomplete': 'report',
} as const;

interface Closing {
  readonly attendance: AttendancesTable;
  readonly request: RequestRow;
}

async function findClosing(trx: Database, by: Person, id: string): Promise<Result<Closing, Refusal>> {
  const attendance = await loadAttendance(trx, id);
  const request = attendance === null ? null : await loadRequest(trx, attendance.request_id);
  const isTheirs = attendance?.person_id === by.id || request?.requesterId === by.id;
  if (attendance === null || request === null || (!isTheirs && !mayDo(by.roles, 'visits.desk'))) {
    return refused('not-found');
  }
  return ok({ attendance, request });
}

async function checkDeparture(
  trx: Database,
  by: Person,
  { attendance, request }: Closing,
  departure: Departure,
): Promise<Result<null, Refusal>> {
  const isOfficer = mayDo(by.roles, 'visits.desk');
  const isForced = departure.forcedReason !== null;
  if (attendance.state === 'closed') return refused('step-not-allowed');
  // Equipment, badges and force are the officer's: a visitor does not vouch for what they carry.
  const isOfficersPart = isForced || departure.isBadgeReturned || departure.equipment.length > 0;
  if (isOfficersPart && (!isOfficer || attendance.person_id === by.id)) return refused('forbidden');
  if (isForced) return ok(null);
  if (attendance.state === 'inside') return refused('still-inside');
  if (attendance.heads > 1 && departure.heads !== attendance.heads) return refused('heads-differ');
  const purpose = await findPurpose(trx, request.purpose);
  if (purpose === null) return refused('not-found');
  const wasInside = attendance.entered_at !== null;
  const items = (await equipmentOf(trx, [request.id])).get(request.id) ?? [];
  if (departure.equipment.some(({ id }) => !items.some((item) => item.id === id && item.outcome === null))) {
    return refused('invalid-input', [{ pointer: '/equipment', code: 'unknown' }]);
  }
  const settled = new Map(departure.equipment.map((item) => [item.id, item.outcome]));
  const closing = checkClosing({
    purpose: wasInside || request.kind === 'emergency' ? purpose : { checklist: [], closing: [] },
    equipment: items.map((item) => ({ ...item, outcome: item.outcome ?? settled.get(item.id) ?? null })),
    hasBadge: attendance.badge_number !== null,
    isBadgeReturned: attendance.is_badge_returned === 1 || departure.isBadgeReturned,
    checked: departure.checked,
    report: departure.report,
  });
  if (closing.ok) return ok(null);
  return err({
    code: 'visit-not-reconciled',
    errors: closing.error.map(({ fault, key }) => ({ pointer: `/${POINTERS[fault]}/${key}`, code: fault })),
  });
}

/**
 * Closes a visit: everything accounted for, or by force with a reason. The permit of a single visit ends with it.
 * @see rules SD40, SD41, SD51
 */
export async function checkOut(
  site: Site,
  by: Person,
  id: string,
  departure: Departure,
): Promise<Result<Attendance, Refusal>> {
  const now = site.clock.epochMs();
  const outcome = await inUndoableTransaction(
    site.db,
    async (trx): Promise<Result<{ readonly requestId: string; readonly version: number }, Refusal>> => {
      const found = await findClosing(trx, by, id);
      if (!found.ok) return found;
      const { attendance, request } = found.value;
      const checked = await checkDeparture(trx, by, found.value, departure);
      if (!checked.ok) return checked;
      const isForced = departure.forcedReason !== null;
      for (const item of departure.equipment) {
        await settleEquipment(trx, request.id, item, { id: by.id, at: now });
      }
      const isFirst = await changeAttendance(trx, id, attendance.state, {
        state: 'closed',
        closed_at: now,
        closed_by: by.id,
        heads_out: departure.heads,
        is_badge_returned: departure.isBadgeReturned || attendance.is_badge_returned === 1 ? 1 : 0,
        checked: JSON.stringify(departure.checked),
        report: JSON.stringify(departure.report),
        forced_reason: departure.forcedReason,
      });
      if (!isFirst) return refused('step-not-allowed');
      const closed = await closeRequest(trx, site, request, by, departure.forcedReason);
      if (!closed.ok) return closed;
      if (isForced) {
        await recordAudit(trx, {
          at: now,
          byId: by.id,
          act: 'visit.closed-by-force',
          subject: id,
          facts: {},
        });
      }
      await notify(trx, site, {
        kind: 'visit.closed',
        subject: id,
        to: [request.requesterId, request.subjectId, request.hostId],
        byId: by.id,
      });
      return ok({ requestId: request.id, version: (await renewPolicy(trx, site, now)).version });
    },
  );
  if (!outcome.ok) return outcome;
  announce(site, await reload(site.db, outcome.value.requestId), outcome.value.version);
  const attendance = await findAttendance(site.db, id, now);
  return attendance === null ? refused('not-found') : ok(attendance);
}

async function closeRequest(
  trx: Database,
  site: Site,
  request: RequestRow,
  by: Person,
  forcedReason: string | null,
): Promise<Result<null, Refusal>> {
  if (request.kind === 'recurring' || request.kind === 'standing') return ok(null);
  const now = site.clock.epochMs();
  const cell = stepRequest(request.state, forcedReason === null ? 'close' : 'force-close');
  // What was revoked or rejected meanwhile stays so; its visit is closed all the same.
  const isOver = request.state === 'revoked' || request.state === 'rejected';
  if (cell.kind === 'refuse' && !isOver) return refused(cell.code);
  if (cell.kind === 'move') {
    const step = taken(cell.step, now, by.id, forcedReason);
    if (!(await moveRequest(trx, request.id, request.state, cell.to, step)))
      return refused('step-not-allowed');
  }
  const hash = await revokePermit(trx, request.id, now);
  if (hash !== null) {
    await appendSiteLog(trx, siteLogPort(site), [{ ty: 'permit.revoked', x: { h: hash } }], now);
  }
  return ok(null);
}

/** Stores what a visitor thought of the visit; the visitor or the officer for them, once. @see rule SD42 */
export async function answerSurvey(
  site: Site,
  by: Person,
  id: string,
  survey: Survey,
): Promise<Result<Attendance, Refusal>> {
  const outcome = await inUndoableTransaction(site.db, async (trx): Promise<Result<null, Refusal>> => {
    const found = await findClosing(trx, by, id);
    if (!found.ok) return found;
    return (await saveSurvey(trx, id, survey)) ? ok(null) : refused('already-decided');
  });
  if (!outcome.ok) return outcome;
  const attendance = await findAttendance(site.db, id, site.clock.epochMs());
  return attendance === null ? refused('not-found') : ok(attendance);
}

/** Works out the satisfaction index of a period. */
export const satisfactionOf = async (
  site: Site,
  period: { readonly from: number; readonly until: number },
): Promise<SatisfactionIndex | null> =>
  satisfactionIndex(await surveysOf(site.db, period.from, period.until));

/** Writes the official report of a visit. @see rule SD47 */
export async function writeVisitMinutes(
  site: Site,
  by: Person,
  id: string,
  siteName: string,
): Promise<Result<{ readonly number: string; readonly text: string }, Refusal>> {
  const found = await findClosing(site.db, by, id);
  if (!found.ok) return found;
  const { attendance, request } = found.value;
  const [person, escort, officer] = await Promise.all(
    [attendance.person_id, attendance.escort_id, attendance.closed_by ?? attendance.checked_in_by].map(
      async (each) => (each === null ? null : findPerson(site.db, each)),
    ),
  );
  const purpose = await findPurpose(site.db, request.purpose);
  const approvers = await Promise.all(
    (await votesOf(site.db, request.id)).map(({ byId }) => findPerson(site.db, byId)),
  );
  const report = JSON.parse(attendance.report) as Record<string, ClosingValue>;
  const valueOf = (value: ClosingValue | undefined): string =>
    value === undefined ? '-' : typeof value === 'boolean' ? (value ? 'ya' : 'tidak') : String(value);
  const text = writeMinutes(
    {
      number: request.number,
      siteName,
      room: (await roomOfDoor(site.db, request.doorId))?.name ?? request.doorId,
      purpose: purpose?.nameId ?? request.purpose,
      description: request.description,
      visitor: person?.name ?? '-',
      organisation: person?.organisation ?? '-',
      heads: attendance.heads,
      enteredAt: attendance.entered_at,
      leftAt: attendance.left_at,
      approvers: approvers.flatMap((approver) => (approver === null ? [] : [approver.name])),
      escort: escort?.name ?? null,
      officer: officer?.name ?? null,
      equipment: (await equipmentOf(site.db, [request.id])).get(request.id) ?? [],
      report: (purpose?.closing ?? []).map(({ key, nameId }) => ({
        label: nameId,
        value: valueOf(report[key]),
      })),
    },
    site.clock.epochMs(),
    site.timeZone,
  );
  return ok({ number: request.number, text });
}
