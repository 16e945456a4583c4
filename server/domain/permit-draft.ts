import type { CanonicalValue } from '#contract/canonical';
import type { EpochMs } from '#contract/clock';
import type { PermitClaims } from '#contract/permit';
import { err, ok, type Result } from '#contract/result';

/** What an approver approves, and what the permit and the site log name by its hash. */
export interface RequestFacts {
  readonly id: string;
  readonly requesterId: string;
  readonly purpose: string;
  readonly description: string;
  readonly doorId: string;
  readonly from: EpochMs;
  readonly until: EpochMs;
}

const seconds = (at: EpochMs): number => Math.floor(at / 1000);

/**
 * Writes the request as the document that is approved. Its hash gives nothing away, because the request id is
 * 128 random bits.
 */
export const requestDraft = (siteId: string, request: RequestFacts): CanonicalValue => ({
  v: 1,
  k: 'request',
  site: siteId,
  id: request.id,
  sub: request.requesterId,
  purpose: request.purpose,
  description: request.description,
  door: request.doorId,
  nbf: seconds(request.from),
  exp: seconds(request.until),
});

/** Most cards that one permit names; the newest count. */
const MAX_CARDS = 16;

/**
 * Drafts the permit of an approved request: exactly the door and the window that were approved, for the cards
 * that the visitor has now.
 * @param handles handles of the visitor's active cards, newest first
 * @see rule SD8
 */
export function draftPermit(input: {
  readonly siteId: string;
  readonly issuer: string;
  readonly permitId: string;
  readonly request: RequestFacts;
  readonly requestHash: string;
  readonly handles: readonly string[];
  readonly approval: PermitClaims['apr'][number];
  readonly now: EpochMs;
}): Result<PermitClaims, 'no-credential'> {
  if (input.handles.length === 0) return err('no-credential');
  return ok({
    iss: input.issuer,
    aud: input.siteId,
    jti: input.permitId,
    rev: 1,
    sub: input.request.requesterId,
    iat: seconds(input.now),
    nbf: seconds(input.request.from),
    exp: seconds(input.request.until),
    cls: 'temp',
    doors: [input.request.doorId],
    cred: input.handles.slice(0, MAX_CARDS),
    apr: [input.approval],
    req: input.requestHash,
  });
}
