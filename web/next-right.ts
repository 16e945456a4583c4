import type { AccessRequest } from '#contract/api';

/**
 * Finds the right that its holder asks for first: of the approved requests that have not ended the one that
 * begins first. A request in any other state opens nothing, so it is no right.
 */
export function nextRight(requests: readonly AccessRequest[], nowMs: number): AccessRequest | null {
  const open = requests.filter(
    (request) => request.state === 'approved' && Date.parse(request.validUntil) > nowMs,
  );
  return open.toSorted((a, b) => Date.parse(a.validFrom) - Date.parse(b.validFrom))[0] ?? null;
}
