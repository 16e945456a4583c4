import type { Person } from '#contract/api';
import type { DecisionView, RequestDetail } from '#contract/api-visit';
import type { EpochMs } from '#contract/clock';
import { ok, type Result } from '#contract/result';
import { createSiteCalendar } from '../domain/site-day.ts';
import { countOverdueExits } from '../store/attendances.ts';
import type { Database } from '../store/database.ts';
import { equipmentOpenPersons } from '../store/open-equipment.ts';
import { findPerson } from '../store/people.ts';
import { findProfile } from '../store/profiles.ts';
import { findPurpose } from '../store/purposes.ts';
import { attachmentsOf, equipmentOf, escortsOf, votesOf } from '../store/request-parts.ts';
import { findRequest, type RequestRow } from '../store/requests.ts';
import { isWithinMaintenance, roomOfDoor } from '../store/room-procedures.ts';
import { listHolidays } from '../store/site-rules.ts';
import { listVisits } from '../store/visits.ts';
import { loadVisible, refused } from './request-access.ts';
import type { Refusal, Site } from './site.ts';

const instant = (at: number): string => new Date(at).toISOString();

async function detailOf(db: Database, row: RequestRow): Promise<RequestDetail | null> {
  const request = await findRequest(db, row.id);
  const subject = await findPerson(db, row.subjectId);
  if (request === null || subject === null) return null;
  const nameOf = async (id: string): Promise<string> => (await findPerson(db, id))?.name ?? '';
  const votes = await votesOf(db, row.id);
  return {
    ...request,
    kind: row.kind,
    subject: { id: subject.id, name: subject.name, organisation: subject.organisation },
    hours: row.hours,
    isForHolidays: row.isForHolidays,
    uses: row.uses,
    needsTwoPersons: row.needsTwoPersons,
    needsEscort: row.needsEscort,
    escorts: await escortsOf(db, row.id),
    host: row.hostId === null ? null : { id: row.hostId, name: await nameOf(row.hostId) },
    members: [...row.members],
    equipment: (await equipmentOf(db, [row.id])).get(row.id) ?? [],
    attachments: [...(await attachmentsOf(db, row.id))],
    workOrder: row.workOrder,
    changeNumber: row.changeNumber,
    risk: row.risk,
    decideBy: instant(row.decideBy),
    answerDueAt: row.answerDueAt === null ? null : instant(row.answerDueAt),
    needsVerification: row.needsVerification,
    verifiedByName: row.verifiedById === null ? null : await nameOf(row.verifiedById),
    approvalsNeeded: row.approvalsNeeded,
    approvals: await Promise.all(
      votes.map(async ({ byId, authorityId, at }) => ({
        byName: await nameOf(byId),
        forName: byId === authorityId ? null : await nameOf(authorityId),
        at: instant(at),
      })),
    ),
    needsCheckIn: row.needsCheckIn,
    extendsId: row.extendsId,
  };
}

/** Shows a request with all its parts to somebody who may see it. */
export async function showRequest(
  site: Site,
  person: Person,
  id: string,
): Promise<Result<RequestDetail, Refusal>> {
  const row = await loadVisible(site.db, site, id, person);
  const detail = row === null ? null : await detailOf(site.db, row);
  return detail === null ? refused('not-found') : ok(detail);
}

const WORK_FROM_HOUR = 7;
const WORK_TO_HOUR = 18;
const LONG_STAY_MS = 6 * 3_600_000;
const SHOWN_VISITS = 5;

async function warningsOf(
  site: Site,
  row: RequestRow,
  facts: { readonly visits: number; readonly overdueExits: number; readonly rightsEndAt: string | null },
): Promise<DecisionView['warnings']> {
  const { db } = site;
  const dayOf = createSiteCalendar(site.timeZone);
  const [first, last] = [dayOf(row.from), dayOf((row.until - 1) as EpochMs)];
  const isWorkTime = [first, last].every(
    ({ weekday, hour }) => weekday <= 5 && hour >= WORK_FROM_HOUR && hour < WORK_TO_HOUR,
  );
  const isOneVisit = row.kind === 'single' || row.kind === 'emergency';
  const holidays = await listHolidays(db);
  const equipment = (await equipmentOf(db, [row.id])).get(row.id) ?? [];
  const room = await roomOfDoor(db, row.doorId);
  const purpose = await findPurpose(db, row.purpose);
  const isOutside =
    purpose?.needsChangeNumber === true && room !== null && !(await isWithinMaintenance(db, room.id, row));
  const found: readonly (readonly [DecisionView['warnings'][number], boolean])[] = [
    ['after-hours', isOneVisit && !isWorkTime],
    ['holiday', isOneVisit && holidays.some(({ day }) => day === first.day || day === last.day)],
    ['long-stay', isOneVisit && row.until - row.from > LONG_STAY_MS],
    ['production-risk', row.risk !== null],
    ['storage-media', equipment.some(({ isStorage }) => isStorage)],
    ['equipment-open', (await equipmentOpenPersons(db)).has(row.subjectId)],
    ['overdue-before', facts.overdueExits > 0],
    ['rights-end-during', facts.rightsEndAt !== null && Date.parse(facts.rightsEndAt) < row.until],
    ['first-visit', facts.visits === 0],
    ['outside-maintenance-window', isOutside],
  ];
  return found.filter(([, isSo]) => isSo).map(([name]) => name);
}

/**
 * Shows an official what a decision is about: who, what, when, which door, what to look at twice, how this
 * person's last visits went, and how long their assignment lasts.
 * @see rule SD52
 */
export async function decisionView(
  site: Site,
  decider: Person,
  id: string,
): Promise<Result<DecisionView, Refusal>> {
  const row = await loadVisible(site.db, site, id, decider);
  const request = row === null ? null : await detailOf(site.db, row);
  const purpose = row === null ? null : await findPurpose(site.db, row.purpose);
  if (row === null || request === null || purpose === null) return refused('not-found');
  const visits = await listVisits(
    site.db,
    { personId: row.subjectId, isInside: false },
    { after: null, limit: SHOWN_VISITS },
  );
  const profile = await findProfile(site.db, row.subjectId);
  const overdueExits = await countOverdueExits(site.db, row.subjectId);
  const rightsEndAt = profile?.rightsEndAt ?? null;
  return ok({
    request,
    purpose: {
      ...purpose,
      equipment: [...purpose.equipment],
      checklist: [...purpose.checklist],
      closing: [...purpose.closing],
    },
    roomName: (await roomOfDoor(site.db, row.doorId))?.name ?? '',
    warnings: await warningsOf(site, row, { visits: visits.length, overdueExits, rightsEndAt }),
    rightsEndAt,
    basis: profile?.basis ?? null,
    lastVisits: visits.map(({ beganAt: _beganAt, roomId: _roomId, ...visit }) => visit),
    overdueExits,
  });
}
