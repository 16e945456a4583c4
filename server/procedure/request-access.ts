import type { AccessRequest, Person } from '#contract/api';
import { approvalsNeeded } from '#contract/approval';
import type { EpochMs } from '#contract/clock';
import { err, ok, type Result } from '#contract/result';
import { mayDo } from '../domain/permissions.ts';
import type { DecisionFacts } from '../domain/request-rules.ts';
import type { Database } from '../store/database.ts';
import { delegationsTo, deputiesOf } from '../store/delegations.ts';
import { peopleWithRole } from '../store/notifications.ts';
import { escortsOf, type Vote } from '../store/request-parts.ts';
import { findRequest, loadRequest, type RequestRow } from '../store/requests.ts';
import { roomOfDoor } from '../store/room-procedures.ts';
import { rootInForce } from './approvals.ts';
import { refusal, type Refusal, type Site } from './site.ts';

/** What becomes of a step on a request. */
export type Outcome = Result<AccessRequest, Refusal>;

export const refused = (
  ...parts: Parameters<typeof refusal>
): { readonly ok: false; readonly error: Refusal } => err(refusal(...parts));

/** Loads a request as lists show it. */
export async function reload(db: Database, id: string): Promise<Outcome> {
  const request = await findRequest(db, id);
  return request === null ? refused('not-found') : ok(request);
}

/** Tells those who watch how a request stands, and the gateways that rights changed. */
export function announce(site: Site, outcome: Outcome, policyVersion: number | null): void {
  if (!outcome.ok) return;
  const { id, state, requester } = outcome.value;
  site.live.publish({
    message: { kind: 'request', requestId: id, state },
    audience: { kind: 'request', requesterId: requester.id },
  });
  if (policyVersion !== null) site.policyChanges.publish(policyVersion);
}

/** A step that was taken, as the history keeps it. */
export const taken = <S extends string>(
  step: S,
  at: number,
  byId: string | null,
  reason: string | null = null,
) => ({ step, at, byId, reason, method: null });

/** The requester, the one who enters, the host and the escorts: nobody of them decides. */
export const involvedIn = (request: RequestRow): readonly string[] => [
  ...new Set([
    request.requesterId,
    request.subjectId,
    ...(request.hostId === null ? [] : [request.hostId]),
    ...request.escortIds,
  ]),
];

async function maySeeRequest(
  db: Database,
  request: RequestRow,
  person: Person,
  now: EpochMs,
): Promise<boolean> {
  if (mayDo(person.roles, 'requests.read.all') || involvedIn(request).includes(person.id)) return true;
  if ((await escortsOf(db, request.id)).some(({ id }) => id === person.id)) return true;
  if (!mayDo(person.roles, 'requests.decide.delegated')) return false;
  const delegations = await delegationsTo(db, person.id, now);
  return delegations.some(({ from, isRevoked }) => from <= now && !isRevoked);
}

/** Loads a request for somebody who may see it; null where it is absent or none of theirs. */
export async function loadVisible(
  db: Database,
  site: Pick<Site, 'clock'>,
  id: string,
  person: Person,
): Promise<RequestRow | null> {
  const request = await loadRequest(db, id);
  if (request === null) return null;
  return (await maySeeRequest(db, request, person, site.clock.epochMs())) ? request : null;
}

/** Collects what a decision is judged by. */
export async function decisionFacts(
  db: Database,
  site: Pick<Site, 'rootChain'>,
  request: RequestRow,
  decider: Person,
  approvals: readonly Vote[],
  now: EpochMs,
): Promise<DecisionFacts> {
  return {
    decider: {
      id: decider.id,
      roles: decider.roles,
      delegations: await delegationsTo(db, decider.id, now),
    },
    request: {
      state: request.state,
      until: request.until,
      involvedIds: involvedIn(request),
      verifiedById: request.verifiedById,
      needsVerification: request.needsVerification,
      approvalsNeeded: Math.max(
        request.approvalsNeeded,
        // No permit comes of an entry that has already been.
        request.kind === 'emergency' ? 1 : approvalsNeeded(rootInForce(site), request.cls),
      ),
      approvals,
    },
    now,
  };
}

/** Lists the officials for a door in the order in which they are asked. */
async function officialsFor(db: Database, doorId: string): Promise<readonly string[]> {
  const supervisors = await peopleWithRole(db, 'supervisor');
  const named = ((await roomOfDoor(db, doorId))?.officials ?? []).filter((id) => supervisors.includes(id));
  return named.length > 0 ? named : supervisors;
}

/**
 * Finds who is asked to decide at the n-th time: at first the first official where the room names them, all of
 * them where it names none; later the next; always with who stands in for them.
 * @returns nobody once all have been asked
 */
export async function officialsAsked(
  db: Database,
  doorId: string,
  turn: number,
  now: number,
): Promise<readonly string[]> {
  const room = await roomOfDoor(db, doorId);
  const officials = await officialsFor(db, doorId);
  const asked =
    (room?.officials.length ?? 0) === 0 ? (turn === 0 ? officials : []) : officials.slice(turn, turn + 1);
  const deputies = await Promise.all(asked.map((id) => deputiesOf(db, id, now)));
  return [...asked, ...deputies.flat()];
}
