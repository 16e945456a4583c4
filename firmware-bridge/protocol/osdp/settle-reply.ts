import { capabilitiesOf } from './capabilities.ts';
import { nextSqn, otherCheck, type Frame } from './frame.ts';
import type { ReplyVerdict } from './judge-reply.ts';
import { moveLink } from './link-entry.ts';
import type { OfflineReason } from './link-event.ts';
import { settleKeys } from './link-keys.ts';
import type { Exchange, Link } from './link-state.ts';
import { diagnosed, finished, join, type LinkStep } from './link-step.ts';
import type { Reply } from './replies.ts';
import { takeContent } from './reply-events.ts';

/**
 * Carries out what a verdict on a reply means for the link.
 * @see RULES.md OS44-OS47
 */
export function settleReply(
  link: Link,
  exchange: Exchange,
  verdict: Exclude<ReplyVerdict, { readonly kind: 'ignored' }>,
  frame: Frame,
  nowMs: number,
): LinkStep {
  switch (verdict.kind) {
    case 'busy':
      return { link: pause(link, exchange, nowMs + link.times.pollMs), events: [] };
    case 'damaged':
      return settleDamaged(link, exchange, nowMs);
    case 'restarted':
      return join({ link, events: [diagnosed('device-restarted')] }, (now) =>
        moveLink(now, 'restarted', nowMs, 'unstable'),
      );
    case 'distrusted':
      return join({ link, events: [diagnosed('untrusted-reply')] }, (now) =>
        moveLink(now, 'distrusted', nowMs, verdict.reason),
      );
    case 'declined':
      return settleDeclined(link, exchange, verdict, frame, nowMs);
    case 'answered':
      return settleAnswered(link, exchange, verdict, frame, nowMs);
  }
}

const pause = (link: Link, exchange: Exchange, dueAtMs: number): Link => ({
  ...link,
  exchange: { ...exchange, isInFlight: false, isUnanswered: false },
  dueAtMs,
});

/** The device cannot read our frames: the same again, and if that does not help, the other check mode. */
function settleDamaged(link: Link, exchange: Exchange, nowMs: number): LinkStep {
  const events = [diagnosed('damaged-command')];
  if (exchange.attempts <= link.times.quickRepeats) return { link: pause(link, exchange, nowMs), events };
  const other = { ...link, check: otherCheck(exchange.check), hasCheckTrouble: true };
  return join({ link: other, events }, (now) => moveLink(now, 'restarted', nowMs, 'unstable'));
}

/** Third and fourth question have this in common: the exchange is over and the count goes on. */
function closeExchange(
  link: Link,
  exchange: Exchange,
  { isVerified, session }: { readonly isVerified: boolean; readonly session: SecureMove },
  frame: Frame,
  nowMs: number,
): Link {
  return {
    ...link,
    exchange: undefined,
    check: exchange.check,
    sqn: nextSqn(exchange.sqn),
    session: session ?? link.session,
    lastReply: frame.bytes,
    lastValidAtMs: isVerified ? nowMs : link.lastValidAtMs,
    survey: link.survey.filter((question) => question !== exchange.command),
  };
}

type SecureMove = Link['session'];

/** When an online link wants the line again: at once while there is more to say, else at the pace of polls. */
const dueAfter = (link: Link, exchange: Exchange, hasMore: boolean, nowMs: number): Link => ({
  ...link,
  dueAtMs:
    hasMore || link.queue.length > 0 || link.survey.length > 0 || link.state !== 'online'
      ? nowMs
      : Math.max(nowMs, exchange.firstSentAtMs + link.times.pollMs),
});

/** Fourth question: what next on failure. The command is lost, the link is well. */
function settleDeclined(
  link: Link,
  exchange: Exchange,
  verdict: Extract<ReplyVerdict, { readonly kind: 'declined' }>,
  frame: Frame,
  nowMs: number,
): LinkStep {
  const { reason, reply, isVerified } = verdict;
  const handshakeFailed = link.state === 'challenging' || link.state === 'scrypting';
  const closed = dueAfter(closeExchange(link, exchange, verdict, frame, nowMs), exchange, false, nowMs);
  const isKeyRefused = exchange.command.type === 'KEYSET' && isVerified && closed.keys !== undefined;
  const kept: Link =
    isKeyRefused && closed.keys
      ? { ...closed, keys: { ...closed.keys, next: undefined, isTryingNext: false } }
      : closed;
  const content = reply === undefined ? { link: kept, events: [] } : takeContent(kept, reply, nowMs);
  const events = [
    ...(reason === 'wrong-reply' ? [diagnosed('malformed-reply')] : []),
    ...content.events,
    ...finished(exchange.request, { kind: 'declined', reason, isVerified }),
  ];
  const reasonOffline: OfflineReason = handshakeFailed ? 'refused' : 'unstable';
  return join({ link: content.link, events }, (now) => moveLink(now, 'declined', nowMs, reasonOffline));
}

/** Third question: what next on success. */
function settleAnswered(
  link: Link,
  exchange: Exchange,
  verdict: Extract<ReplyVerdict, { readonly kind: 'answered' }>,
  frame: Frame,
  nowMs: number,
): LinkStep {
  const { reply, device } = verdict;
  const closed = closeExchange(link, exchange, verdict, frame, nowMs);
  const content = takeContent(closed, reply, nowMs);
  if (exchange.command.type === 'KEYSET' && content.link.keys !== undefined) {
    const keys = { ...content.link.keys, keysetId: exchange.request?.id };
    // Both sides forget the session; whether the key was taken is told by the handshake that follows.
    return moveToStart({ ...content.link, keys }, nowMs);
  }
  const isEmpty = exchange.command.type === 'POLL' && reply.type === 'ACK';
  const isPolled = exchange.command.type === 'POLL';
  const settled = reply.type === 'RMAC_I' && closed.keys ? settleKeys(closed.keys) : undefined;
  const known: Link = {
    ...withCapabilities(content.link, reply),
    keys: settled?.keys ?? content.link.keys,
    device: device ?? content.link.device,
    identity: reply.type === 'PDID' ? reply.identity : content.link.identity,
    emptyAtMs: isEmpty ? exchange.firstSentAtMs : content.link.emptyAtMs,
    wasOfflineSinceEmpty: isEmpty ? false : content.link.wasOfflineSinceEmpty,
    failedHandshakes: isPolled ? 0 : content.link.failedHandshakes,
  };
  const due = dueAfter(known, exchange, isPolled && !isEmpty, nowMs);
  const events = [
    ...content.events,
    ...(settled?.events ?? []),
    ...finished(exchange.request, { kind: 'acknowledged', reply }),
  ];
  return join({ link: due, events }, (now) => moveLink(now, 'answered', nowMs, 'silent'));
}

/** A device that was found by its checksum may still know the better check. */
function withCapabilities(link: Link, reply: Reply): Link {
  if (reply.type !== 'PDCAP') return link;
  const capabilities = capabilitiesOf(reply.records);
  const isCrcBetter = capabilities.hasCrc && !link.hasCheckTrouble;
  return { ...link, capabilities, check: isCrcBetter ? 'crc' : link.check };
}

const moveToStart = (link: Link, nowMs: number): LinkStep =>
  moveLink({ ...link, failedHandshakes: 0 }, 'restarted', nowMs, 'unstable');
