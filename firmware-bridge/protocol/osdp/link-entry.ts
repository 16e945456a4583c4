import { surveyOf } from './next-command.ts';
import type { OfflineReason } from './link-event.ts';
import { finished, type LinkStep } from './link-step.ts';
import type { Link, LinkState } from './link-state.ts';
import { LINK_MOVES, type LinkInput } from './link-moves.ts';
import { staleAll } from './supervision.ts';

/** A session that is lost this often before one poll succeeds is not worth renewing at once. */
const MAX_QUICK_RENEWALS = 3;

const hasFailed = (reason: OfflineReason): boolean => reason !== 'silent' && reason !== 'unplugged';

/** Nobody knows whether a command that was under way has been carried out; it is not sent again. */
function giveUpExchange(link: Link): LinkStep {
  return {
    link: { ...link, exchange: undefined },
    events: finished(link.exchange?.request, { kind: 'unconfirmed' }),
  };
}

/** A new beginning at sequence 0: no session, nothing under way, all that was known is old. */
function enterStart(state: 'challenging' | 'identifying', before: Link, nowMs: number): LinkStep {
  const { link, events } = giveUpExchange(before);
  return {
    link: {
      ...link,
      state,
      sqn: 0,
      session: undefined,
      device: undefined,
      rndA: undefined,
      lastReply: undefined,
      survey: [],
      points: staleAll(link.points),
      dueAtMs: nowMs,
    },
    events,
  };
}

function enterOffline(before: Link, nowMs: number, reason: OfflineReason): LinkStep {
  const { link, events } = enterStart('challenging', before, nowMs);
  const { reprobeMs, handshakeRetryMs } = link.times;
  const [shortest, longest] = handshakeRetryMs;
  const failedHandshakes = hasFailed(reason) ? link.failedHandshakes + 1 : link.failedHandshakes;
  const pauseMs = hasFailed(reason)
    ? Math.min(longest, shortest * 2 ** Math.min(failedHandshakes - 1, 16))
    : reprobeMs;
  const isNews = link.isOnline || link.offlineReason !== reason;
  const keysetId = link.keys?.keysetId;
  return {
    link: {
      ...link,
      state: 'offline',
      isOnline: false,
      queue: [],
      wasOfflineSinceEmpty: true,
      failedHandshakes,
      probes: link.probes + 1,
      keys: link.keys && { ...link.keys, keysetId: undefined, isTryingNext: link.keys.next !== undefined },
      offlineReason: reason,
      dueAtMs: nowMs + pauseMs,
    },
    events: [
      ...events,
      ...link.queue.flatMap((request) => finished(request, { kind: 'offline' })),
      ...finished(keysetId === undefined ? undefined : { id: keysetId }, { kind: 'unconfirmed' }),
      ...(isNews && reason === 'known-key' ? [{ type: 'install-mode-met' } as const] : []),
      ...(isNews ? [{ type: 'offline', reason } as const] : []),
    ],
  };
}

function enterOnline(link: Link, nowMs: number): LinkStep {
  const { isOnline, identity, capabilities } = link;
  return {
    link: {
      ...link,
      state: 'online',
      isOnline: true,
      probes: 0,
      offlineReason: undefined,
      survey: surveyOf(capabilities),
      surveyedAtMs: nowMs,
      dueAtMs: nowMs,
    },
    events: isOnline
      ? []
      : [{ type: 'online', isSecure: link.session !== undefined, identity, capabilities }],
  };
}

const enterNext = (state: LinkState, link: Link, nowMs: number): LinkStep => ({
  link: { ...link, state, dueAtMs: nowMs },
  events: [],
});

/** Fifth question: what does entering a state cost? */
const ENTRIES: Readonly<Record<LinkState, (link: Link, nowMs: number, reason: OfflineReason) => LinkStep>> = {
  offline: enterOffline,
  challenging: (link, nowMs) => enterStart('challenging', link, nowMs),
  scrypting: (link, nowMs) => enterNext('scrypting', link, nowMs),
  identifying: (link, nowMs) =>
    link.keys === undefined ? enterStart('identifying', link, nowMs) : enterNext('identifying', link, nowMs),
  'reading-capabilities': (link, nowMs) => enterNext('reading-capabilities', link, nowMs),
  online: enterOnline,
};

/** Follows the table of moves; `reason` is told if the move takes the link offline. */
export function moveLink(link: Link, input: LinkInput, nowMs: number, reason: OfflineReason): LinkStep {
  const move = LINK_MOVES[link.state][input];
  if (move === 'stay') return { link, events: [] };
  const start = link.keys === undefined ? 'identifying' : 'challenging';
  if (move === 'start' && link.state === 'online') {
    if (link.failedHandshakes >= MAX_QUICK_RENEWALS) return ENTRIES.offline(link, nowMs, 'unstable');
    return ENTRIES[start]({ ...link, failedHandshakes: link.failedHandshakes + 1 }, nowMs, reason);
  }
  // The device may still have the key from before: that one is tried at once, before anything is called wrong.
  if (move === 'offline' && hasFailed(reason) && link.keys?.isTryingNext && link.state !== 'offline')
    return ENTRIES.challenging({ ...link, keys: { ...link.keys, isTryingNext: false } }, nowMs, reason);
  return ENTRIES[move === 'start' ? start : move](link, nowMs, reason);
}
