import { ANSWER_MS, FAST_TRACK_MS } from '../domain/request-rules.ts';
import { takeDueVisits } from '../store/attendances.ts';
import { inTransaction, type Database } from '../store/database.ts';
import { peopleWithRole } from '../store/notifications.ts';
import {
  loadRequest,
  noteEscalation,
  takeExpiring,
  unansweredRequests,
  type UnansweredRequest,
} from '../store/requests.ts';
import { notify } from './notify.ts';
import { officialsAsked } from './request-access.ts';
import type { Site } from './site.ts';

/** How long before the end those concerned are told, ms. */
const SOON_MS = 15 * 60_000;

/** How long before a request can no longer be decided its officials are told, ms. */
const EXPIRING_MS = 60 * 60_000;

/** Asks the next official, and where all have been asked, tells those above and the auditors, once. */
async function escalate(trx: Database, site: Site, request: UnansweredRequest, now: number): Promise<void> {
  const turn = request.escalations + 1;
  const isEmergency = request.state === 'emergency';
  const isWithOfficer =
    request.state === 'submitted' && (await loadRequest(trx, request.id))?.needsVerification === true;
  const next = isEmergency || isWithOfficer ? [] : await officialsAsked(trx, request.doorId, turn, now);
  const isLast = next.length === 0;
  await notify(trx, site, {
    kind: isEmergency ? 'emergency.unreviewed' : 'request.unanswered',
    subject: request.id,
    to: isLast ? [...(await peopleWithRole(trx, 'supervisor', 'auditor')), request.requesterId] : next,
    byId: null,
  });
  const every = request.isFastTrack ? FAST_TRACK_MS : ANSWER_MS;
  await noteEscalation(trx, request.id, turn, isLast ? null : now + every);
}

/**
 * Tells people what the clock brings: unanswered requests go to the next official, waiting ones that end soon,
 * visits that end soon or are over. Each is told once, however often this runs.
 * @see rules SD37, SD53, SD54
 */
export async function remindPeople(site: Site): Promise<void> {
  const now = site.clock.epochMs();
  await inTransaction(site.db, async (trx) => {
    for (const request of await unansweredRequests(trx, now)) await escalate(trx, site, request, now);
    for (const id of await takeExpiring(trx, now + EXPIRING_MS)) {
      const request = await loadRequest(trx, id);
      if (request === null) continue;
      const to = [request.requesterId, ...(await officialsAsked(trx, request.doorId, 0, now))];
      await notify(trx, site, { kind: 'request.expiring', subject: id, to, byId: null });
    }
    for (const visit of await takeDueVisits(trx, 'is_expiry_told', now + SOON_MS)) {
      const to = [visit.personId, visit.requesterId, visit.escortId];
      await notify(trx, site, { kind: 'visit.expiring', subject: visit.id, to, byId: null });
    }
    for (const visit of await takeDueVisits(trx, 'is_overdue_told', now)) {
      const to = [
        visit.personId,
        visit.requesterId,
        visit.hostId,
        visit.escortId,
        ...(await peopleWithRole(trx, 'officer', 'supervisor')),
      ];
      await notify(trx, site, { kind: 'visit.overdue', subject: visit.id, to, byId: null });
    }
  });
}
