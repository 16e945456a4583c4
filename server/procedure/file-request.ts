import type { Person } from '#contract/api';
import type { EquipmentInput, RequestDetail } from '#contract/api-visit';
import type { PersonKind } from '#contract/api-people';
import { encodeBase64Url, utf8 } from '#contract/bytes';
import { canonicalText, encodeCanonical, type CanonicalValue } from '#contract/canonical';
import { asEpochMs, type EpochMs } from '#contract/clock';
import type { PermitClaims, PermitClass, PermitKind } from '#contract/permit';
import { ok, type Result } from '#contract/result';
import { newRowId } from '../auth/tokens.ts';
import type { GroupMember } from '../domain/permit-draft.ts';
import type { PurposeRow } from '../domain/purposes.ts';
import { registerNumber, registerSeries, seriesKey } from '../domain/register-number.ts';
import { stepRequest } from '../domain/request-life.ts';
import { answerDueAt, checkKind } from '../domain/request-rules.ts';
import { sha256 } from '../signing/node-crypto.ts';
import { zoneOffset } from '../domain/site-offset.ts';
import { openAttendanceOf } from '../store/attendances.ts';
import { activeHandles } from '../store/credentials.ts';
import { inTransaction, inUndoableTransaction, type Database } from '../store/database.ts';
import { peopleWithRole } from '../store/notifications.ts';
import { findPerson, insertPerson } from '../store/people.ts';
import { loadProfileRow, rightsEndOf, saveProfile } from '../store/profiles.ts';
import { findPurpose } from '../store/purposes.ts';
import {
  answerEscort,
  equipmentOf,
  escortsOf,
  insertEquipment,
  insertEscorts,
} from '../store/request-parts.ts';
import {
  insertRequest,
  loadRequest,
  moveRequest,
  nextOrdinal,
  saveProcedure,
  type NewRequestRow,
  type RequestRow,
} from '../store/requests.ts';
import { isWithinMaintenance, roomOfDoor } from '../store/room-procedures.ts';
import { beginEmergency } from './follow-door.ts';
import { notify } from './notify.ts';
import { emptyProfile } from './person-profile.ts';
import { privacyNotice } from './privacy-notice.ts';
import {
  announce,
  loadVisible,
  officialsAsked,
  refused,
  reload,
  taken,
  type Outcome,
} from './request-access.ts';
import type { Refusal, Site } from './site.ts';

type WeeklyHours = NonNullable<PermitClaims['win']>;

/** A visit as somebody asks for it. */
export interface VisitWish {
  readonly purpose: string;
  readonly description: string;
  readonly doorId: string;
  readonly from: EpochMs;
  readonly until: EpochMs;
  readonly isSubmitted: boolean;
  readonly kind: PermitKind;
  /** Somebody known who enters; null for the requester or a new visitor. */
  readonly visitorId: string | null;
  readonly visitor: (GroupMember & { readonly kind: 'vendor' | 'guest' }) | null;
  readonly hours: readonly Omit<WeeklyHours[number], 'utc'>[];
  readonly isForHolidays: boolean;
  readonly uses: number | null;
  readonly escortIds: readonly string[];
  readonly hostId: string | null;
  readonly members: readonly GroupMember[];
  readonly equipment: readonly EquipmentInput[];
  readonly workOrder: string | null;
  readonly changeNumber: string | null;
  readonly risk: string | null;
  readonly decideBy: number | null;
  readonly extendsId: string | null;
  /** Hash of the privacy notice that was shown; null where none was. */
  readonly noticeHash: string | null;
}

/** How long a right that is not for one visit waits for a decision, unless told otherwise. */
const LONG_RIGHT_DECISION_MS = 14 * 86_400_000;

/** Permits count in seconds: what is shown, approved and signed is the same whole second. */
const wholeSecond = (at: EpochMs): EpochMs => asEpochMs(Math.floor(at / 1000) * 1000);

const invalid = (pointer: string, code: string): ReturnType<typeof refused> =>
  refused('invalid-input', [{ pointer, code }]);

/** Brings what people typed to one form, and finds what has none. */
function cleanTexts(wish: VisitWish): Result<VisitWish, Refusal> {
  const members = wish.members.map(({ name, organisation }) => ({ name, organisation }));
  const equipment = wish.equipment.map((item) => ({ ...item }));
  const { description, workOrder, changeNumber, risk } = wish;
  const texts = { description, workOrder, changeNumber, risk, members, equipment, visitor: wish.visitor };
  for (const [key, value] of Object.entries(texts)) {
    const text = encodeCanonical(JSON.parse(JSON.stringify(value).normalize('NFC')) as CanonicalValue);
    if (!text.ok) return invalid(`/${key}`, 'not-text');
  }
  const normal = JSON.parse(JSON.stringify(texts).normalize('NFC')) as typeof texts;
  return ok({ ...wish, ...normal });
}

interface Subject {
  readonly id: string;
  readonly kind: PersonKind;
}

async function findSubject(
  trx: Database,
  site: Site,
  requester: Person,
  wish: VisitWish,
  now: EpochMs,
): Promise<Result<Subject, Refusal>> {
  if (wish.visitor !== null) {
    if (wish.visitorId !== null) return invalid('/visitor', 'not-both');
    const id = newRowId(site.random, 's');
    const { kind, ...names } = wish.visitor;
    const noAccount = { username: null, passwordHash: null, roles: [] };
    await insertPerson(trx, { id, ...names, ...noAccount, createdAt: now });
    await saveProfile(trx, { ...emptyProfile(id), kind });
    return ok({ id, kind });
  }
  const id = wish.visitorId ?? requester.id;
  const person = await findPerson(trx, id);
  if (person?.isActive !== true) return invalid('/visitorId', 'unknown');
  const profile = await loadProfileRow(trx, id);
  return ok({ id, kind: profile?.kind ?? (person.username === null ? 'guest' : 'staff') });
}

/** Judges whether somebody may escort: of the staff, with a card, and not the one who is escorted. */
async function canEscort(trx: Database, personId: string, subjectId: string): Promise<boolean> {
  const person = await findPerson(trx, personId);
  if (person?.isActive !== true || personId === subjectId) return false;
  const kind = (await loadProfileRow(trx, personId))?.kind ?? (person.username === null ? 'guest' : 'staff');
  return kind === 'staff' && (await activeHandles(trx, personId)).length > 0;
}

const classOf = (wish: VisitWish, isStrict: boolean): PermitClass => {
  if (wish.kind === 'standing' && wish.purpose === 'DRT') return 'glass';
  if (isStrict) return 'strict';
  return wish.kind === 'standing' ? 'staff' : 'temp';
};

/** Hashes the equipment that is announced, so that it is part of what is approved. */
const equipmentHashOf = (items: readonly EquipmentInput[]): string | null =>
  items.length === 0
    ? null
    : encodeBase64Url(sha256(utf8(canonicalText(items.map((item) => ({ ...item })) as CanonicalValue))));

/** Finds the request that is prolonged, if this wish prolongs one rightly. */
async function findProlonged(
  trx: Database,
  site: Site,
  requester: Person,
  wish: VisitWish,
  subjectId: string,
): Promise<Result<RequestRow | null, Refusal>> {
  if (wish.extendsId === null) return ok(null);
  const earlier = await loadVisible(trx, site, wish.extendsId, requester);
  if (earlier === null) return invalid('/extendsId', 'unknown');
  const isRunning = ['approved', 'checked-in', 'inside'].includes(earlier.state);
  if (!isRunning || earlier.subjectId !== subjectId || earlier.doorId !== wish.doorId) {
    return invalid('/extendsId', 'not-this-visit');
  }
  if (wish.from > earlier.until || wish.until <= earlier.until) return invalid('/validFrom', 'leaves-a-gap');
  return ok(earlier);
}

/**
 * Judges whether a request is complete enough to be submitted.
 * @see rules SD38, SD70
 */
async function checkComplete(
  trx: Database,
  request: RequestRow,
  purpose: PurposeRow,
  subjectKind: PersonKind,
  now: EpochMs,
): Promise<Result<null, Refusal>> {
  const times = checkKind(request.kind, request, request.hours, purpose.maxHours, now);
  if (!times.ok) return refused(times.error);
  // What has already been is written down as it was; the rest is for entries to come.
  if (request.kind === 'emergency') return ok(null);
  if (purpose.needsChangeNumber && request.changeNumber === null) return refused('change-number-missing');
  if (subjectKind === 'vendor') {
    if (request.workOrder === null) return refused('work-order-missing');
    const room = await roomOfDoor(trx, request.doorId);
    if (purpose.needsChangeNumber && room !== null && !(await isWithinMaintenance(trx, room.id, request))) {
      return refused('outside-maintenance-window');
    }
  }
  if (request.needsEscort && (await escortsOf(trx, request.id)).every(({ state }) => state === 'declined')) {
    return refused('escort-missing');
  }
  const rightsEndAt = await rightsEndOf(trx, request.subjectId);
  if (rightsEndAt !== null && rightsEndAt <= request.from) return refused('rights-ended');
  if (!request.needsCheckIn && (await activeHandles(trx, request.subjectId)).length === 0) {
    return refused('no-credential');
  }
  return ok(null);
}

async function subjectKindOf(trx: Database, personId: string): Promise<PersonKind> {
  const person = await findPerson(trx, personId);
  return (await loadProfileRow(trx, personId))?.kind ?? (person?.username === null ? 'guest' : 'staff');
}

/** Takes the step from a draft to where it waits for people, and asks the first of them. */
async function hand(
  trx: Database,
  site: Site,
  request: RequestRow,
  byId: string,
  now: EpochMs,
): Promise<Outcome> {
  const action = request.kind === 'emergency' ? 'declare' : 'submit';
  const cell = stepRequest(request.state, action);
  if (cell.kind !== 'move') return refused('step-not-allowed');
  if (!(await moveRequest(trx, request.id, request.state, cell.to, taken(cell.step, now, byId)))) {
    return refused('step-not-allowed');
  }
  if (action === 'declare') await beginEmergency(trx, site, request);
  const escorts = (await escortsOf(trx, request.id)).filter(({ state }) => state === 'asked');
  await notify(trx, site, {
    kind: 'escort.asked',
    subject: request.id,
    to: escorts.map(({ id }) => id),
    byId,
    isRestricted: true,
  });
  const officials = await officialsAsked(trx, request.doorId, 0, now);
  await notify(trx, site, {
    kind: action === 'declare' ? 'emergency.declared' : 'request.submitted',
    subject: request.id,
    to:
      action === 'declare'
        ? [...officials, ...(await peopleWithRole(trx, 'supervisor', 'officer', 'auditor'))]
        : request.needsVerification
          ? await peopleWithRole(trx, 'officer')
          : officials,
    byId,
  });
  return reload(trx, request.id);
}

async function buildRequest(
  trx: Database,
  site: Site,
  requester: Person,
  wish: VisitWish,
  now: EpochMs,
): Promise<Result<NewRequestRow, Refusal>> {
  const purpose = await findPurpose(trx, wish.purpose);
  if (purpose?.isActive !== true) return invalid('/purpose', 'unknown');
  const room = await roomOfDoor(trx, wish.doorId);
  if (room === null) return invalid('/doorId', 'unknown');
  const window = { from: wholeSecond(wish.from), until: wholeSecond(wish.until) };
  const utc = zoneOffset(site.timeZone, window.from);
  const hours = wish.hours.map((each) => ({ ...each, utc }));
  const times = checkKind(wish.kind, window, hours, purpose.maxHours, now);
  if (!times.ok) return refused(times.error);
  // What was read before the form is the notice in force, or the form is from before it changed.
  if (wish.noticeHash !== null && wish.noticeHash !== privacyNotice.hash)
    return invalid('/noticeHash', 'unknown');
  const decideBy = wish.decideBy ?? window.until;
  if (decideBy <= now || decideBy > window.until) return invalid('/decideBy', 'outside-the-window');
  const subject = await findSubject(trx, site, requester, wish, now);
  if (!subject.ok) return subject;
  for (const id of wish.escortIds) {
    if (!(await canEscort(trx, id, subject.value.id))) return refused('escort-not-usable');
  }
  if (wish.hostId !== null && (await findPerson(trx, wish.hostId))?.isActive !== true) {
    return invalid('/hostId', 'unknown');
  }
  const prolonged = await findProlonged(trx, site, requester, wish, subject.value.id);
  if (!prolonged.ok) return prolonged;
  const isVisitor = subject.value.id !== requester.id;
  const isHereAlready =
    prolonged.value !== null && (await openAttendanceOf(trx, prolonged.value.id, subject.value.id)) !== null;
  const isLongRight = wish.kind === 'recurring' || wish.kind === 'standing';
  const isEmergency = wish.kind === 'emergency';
  const series = registerSeries(now, site.timeZone);
  return ok({
    id: newRowId(site.random, 'rq'),
    number: registerNumber(series, await nextOrdinal(trx, seriesKey(series))),
    requesterId: requester.id,
    subjectId: subject.value.id,
    kind: wish.kind,
    cls: classOf(wish, room.isStrict),
    purpose: purpose.code,
    description: wish.description,
    doorId: wish.doorId,
    ...window,
    hours,
    isForHolidays: wish.isForHolidays,
    uses: wish.uses,
    needsTwoPersons: purpose.needsTwoPersons,
    // Whoever is not of the staff is escorted, so that no new sort of visitor is ever let in alone by default.
    needsEscort: !isEmergency && (purpose.needsEscort || subject.value.kind !== 'staff'),
    escortIds: [],
    members: wish.members,
    groupId: wish.members.length === 0 ? null : newRowId(site.random, 'g'),
    hostId: wish.hostId ?? (isVisitor ? requester.id : null),
    equipmentHash: equipmentHashOf(wish.equipment),
    workOrder: wish.workOrder,
    changeNumber: wish.changeNumber,
    risk: wish.risk,
    extendsId: wish.extendsId,
    noticeHash: wish.noticeHash,
    decideBy:
      wish.decideBy ?? (isLongRight ? Math.min(window.until, now + LONG_RIGHT_DECISION_MS) : window.until),
    answerDueAt: wish.isSubmitted
      ? answerDueAt({ isEmergency, isFastTrack: purpose.isFastTrack }, now)
      : null,
    isFastTrack: purpose.isFastTrack,
    needsVerification: !isEmergency && room.needsVerification,
    verifiedById: null,
    approvalsNeeded: isEmergency ? 1 : Math.max(purpose.approvals, room.isStrict ? 2 : 1),
    needsCheckIn: !isEmergency && !isHereAlready && (isVisitor || wish.members.length > 0),
    createdAt: now,
  });
}

/** Files a request, and submits it where that is wanted. @see rules SD3, SD32, SD38, SD39 */
export async function fileRequest(site: Site, requester: Person, wish: VisitWish): Promise<Outcome> {
  const clean = cleanTexts(wish);
  if (!clean.ok) return clean;
  const now = site.clock.epochMs();
  const outcome = await inUndoableTransaction(site.db, async (trx): Promise<Outcome> => {
    const built = await buildRequest(trx, site, requester, clean.value, now);
    if (!built.ok) return built;
    const { id } = built.value;
    await insertRequest(trx, built.value);
    await insertEscorts(trx, id, clean.value.escortIds, now);
    // Who offers to escort their own visitor has accepted by filing.
    await answerEscort(trx, id, requester.id, 'accepted', now);
    await insertEquipment(
      trx,
      id,
      clean.value.equipment.map((item) => ({ ...item, id: newRowId(site.random, 'eq') })),
    );
    if (!clean.value.isSubmitted) return reload(trx, id);
    const complete = await checkStored(trx, id, now);
    return complete.ok ? hand(trx, site, complete.value, requester.id, now) : complete;
  });
  announce(site, outcome, null);
  return outcome;
}

/** Judges a stored draft: whether it is complete, by the purpose as it is now. */
async function checkStored(trx: Database, id: string, now: EpochMs): Promise<Result<RequestRow, Refusal>> {
  const request = await loadRequest(trx, id);
  const purpose = request === null ? null : await findPurpose(trx, request.purpose);
  if (request === null || purpose?.isActive !== true) return invalid('/purpose', 'unknown');
  const kind = await subjectKindOf(trx, request.subjectId);
  const complete = await checkComplete(trx, request, purpose, kind, now);
  return complete.ok ? ok(request) : complete;
}

/** Submits one's own draft. */
export async function submitRequest(site: Site, requester: Person, id: string): Promise<Outcome> {
  const now = site.clock.epochMs();
  const outcome = await inTransaction(site.db, async (trx): Promise<Outcome> => {
    const request = await loadVisible(trx, site, id, requester);
    if (request === null) return refused('not-found');
    if (request.requesterId !== requester.id) return refused('forbidden');
    if (request.state !== 'draft') return refused('step-not-allowed');
    const complete = await checkStored(trx, id, now);
    if (!complete.ok) return complete;
    const { isFastTrack } = request;
    const isEmergency = request.kind === 'emergency';
    await saveProcedure(trx, id, { answerDueAt: answerDueAt({ isEmergency, isFastTrack }, now) });
    return hand(trx, site, request, requester.id, now);
  });
  announce(site, outcome, null);
  return outcome;
}

/** Fills the form from an earlier request; its times are left for the one who asks. */
export async function copyRequest(
  site: Site,
  person: Person,
  id: string,
): Promise<
  Result<
    Omit<VisitWish, 'from' | 'until' | 'isSubmitted' | 'decideBy' | 'extendsId' | 'visitor' | 'noticeHash'>,
    Refusal
  >
> {
  const request = await loadVisible(site.db, site, id, person);
  if (request === null) return refused('not-found');
  const equipment = (await equipmentOf(site.db, [id])).get(id) ?? [];
  const escorts: RequestDetail['escorts'] = await escortsOf(site.db, id);
  return ok({
    purpose: request.purpose,
    description: request.description,
    doorId: request.doorId,
    kind: request.kind,
    visitorId: request.subjectId === person.id ? null : request.subjectId,
    hours: request.hours.map(({ utc: _utc, ...hours }) => hours),
    isForHolidays: request.isForHolidays,
    uses: request.uses,
    escortIds: escorts.map((escort) => escort.id),
    hostId: request.hostId,
    members: request.members,
    equipment: equipment.map(({ kind, brand, serial, movement, isStorage }) => ({
      kind,
      brand,
      serial,
      movement,
      isStorage,
    })),
    workOrder: request.workOrder,
    changeNumber: request.changeNumber,
    risk: request.risk,
  });
}
