import type { AccessRequest } from '#contract/api';

const OPENING: readonly AccessRequest['state'][] = ['approved', 'checked-in', 'inside', 'left'];

/**
 * Finds the right that its holder asks for first: of the approved requests that have not ended the one that
 * begins first. A request in any other state opens nothing, so it is no right; one whose visit has begun does.
 */
export function nextRight(requests: readonly AccessRequest[], nowMs: number): AccessRequest | null {
  const open = requests.filter(
    (request) => OPENING.includes(request.state) && Date.parse(request.validUntil) > nowMs,
  );
  return open.toSorted((a, b) => Date.parse(a.validFrom) - Date.parse(b.validFrom))[0] ?? null;
}
