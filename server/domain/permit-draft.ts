import type { CanonicalValue } from '#contract/canonical';
import type { EpochMs } from '#contract/clock';
import type { PermitClaims, PermitClass, PermitKind } from '#contract/permit';
import { err, ok, type Result } from '#contract/result';

type WeeklyHours = NonNullable<PermitClaims['win']>;

/** Somebody who comes along with the leader of a group. */
export interface GroupMember {
  readonly name: string;
  readonly organisation: string;
}

/** What an approver approves, and what the permit and the site log name by its hash. */
export interface RequestFacts {
  readonly id: string;
  readonly requesterId: string;
  /** Who enters, or leads the group; the requester where somebody asks for themselves. */
  readonly subjectId: string;
  readonly kind: PermitKind;
  readonly cls: PermitClass;
  readonly purpose: string;
  readonly description: string;
  readonly doorId: string;
  readonly from: EpochMs;
  readonly until: EpochMs;
  /** Weekly hours within the window; empty for all of it. */
  readonly hours: WeeklyHours;
  readonly isForHolidays: boolean;
  /** Entries that it is good for; null where they are not counted. */
  readonly uses: number | null;
  readonly needsTwoPersons: boolean;
  readonly needsEscort: boolean;
  /** Who accepted to escort. */
  readonly escortIds: readonly string[];
  readonly members: readonly GroupMember[];
  readonly groupId: string | null;
  /** Person in charge inside the organisation. */
  readonly hostId: string | null;
  /** SHA-256 of the equipment that is announced; null for none. */
  readonly equipmentHash: string | null;
  readonly workOrder: string | null;
  readonly changeNumber: string | null;
  /** Says what could happen to production and what is done against it; null where nothing can. */
  readonly risk: string | null;
  /** The request whose visit this one prolongs. */
  readonly extendsId: string | null;
}

const seconds = (at: EpochMs): number => Math.floor(at / 1000);

/** The part of a permit that is approved, under the names of its claims; what is not set is left out. */
function approvedClaims(request: RequestFacts) {
  return {
    sub: request.subjectId,
    nbf: seconds(request.from),
    exp: seconds(request.until),
    cls: request.cls,
    doors: [request.doorId],
    // A sealed card for emergencies stands ready, and is told from others at the door.
    ...(request.cls === 'glass'
      ? { knd: 'emergency' as const }
      : request.kind === 'single'
        ? {}
        : { knd: request.kind }),
    ...(request.hours.length === 0 ? {} : { win: request.hours }),
    ...(request.isForHolidays ? { hol: true } : {}),
    ...(request.uses === null ? {} : { uses: request.uses }),
    ...(request.needsTwoPersons ? { two: true } : {}),
    ...(request.needsEscort ? { esc: [...request.escortIds] } : {}),
    ...(request.members.length === 0 ? {} : { heads: request.members.length + 1 }),
    ...(request.groupId === null ? {} : { grp: request.groupId }),
  };
}

/**
 * Writes the request as the document that is approved: every claim that its permit will have, under the claim's
 * own name, and what people read beside it. Its hash gives nothing away, because the request id is 128 random
 * bits.
 */
export const requestDraft = (siteId: string, request: RequestFacts): CanonicalValue => ({
  v: 2,
  k: 'request',
  site: siteId,
  id: request.id,
  by: request.requesterId,
  purpose: request.purpose,
  description: request.description,
  ...approvedClaims(request),
  ...(request.members.length === 0 ? {} : { members: request.members.map((member) => ({ ...member })) }),
  ...(request.hostId === null ? {} : { host: request.hostId }),
  ...(request.equipmentHash === null ? {} : { equipment: request.equipmentHash }),
  ...(request.workOrder === null ? {} : { order: request.workOrder }),
  ...(request.changeNumber === null ? {} : { change: request.changeNumber }),
  ...(request.risk === null ? {} : { risk: request.risk }),
  ...(request.extendsId === null ? {} : { extends: request.extendsId }),
});

/** Most cards that one permit names; the newest count. */
const MAX_CARDS = 16;

/**
 * Drafts the permit of an approved request: exactly what was approved, for the cards that the visitor has now.
 * @param handles handles of the visitor's active cards, newest first; null where they are known at check-in only
 * @see rules SD8, SD31
 */
export function draftPermit(input: {
  readonly siteId: string;
  readonly issuer: string;
  readonly permitId: string;
  readonly request: RequestFacts;
  readonly requestHash: string;
  readonly handles: readonly string[] | null;
  /** None while it is only drafted, so that it can be approved. */
  readonly approvals: PermitClaims['apr'];
  readonly now: EpochMs;
  /** When every right of the visitor ends, ms since 1970; null where nothing ends them. */
  readonly rightsEndAt?: number | null;
}): Result<PermitClaims, 'no-credential' | 'rights-ended'> {
  const { request, handles } = input;
  if (handles?.length === 0) return err('no-credential');
  const exp = Math.min(seconds(request.until), Math.floor((input.rightsEndAt ?? Infinity) / 1000));
  if (exp <= seconds(request.from)) return err('rights-ended');
  return ok({
    iss: input.issuer,
    aud: input.siteId,
    jti: input.permitId,
    rev: 1,
    iat: seconds(input.now),
    ...approvedClaims(request),
    exp,
    cred: (handles ?? []).slice(0, MAX_CARDS),
    apr: input.approvals,
    req: input.requestHash,
  });
}
