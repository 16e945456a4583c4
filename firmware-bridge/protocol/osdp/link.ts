import { parsePairedKey } from './channel-key.ts';
import { encodeCommand, type Command } from './commands.ts';
import { encodeFrame, otherCheck, withMark, type CheckMode, type Frame } from './frame.ts';
import { HANDSHAKE_BLOCK, keyBlock } from './handshake.ts';
import { judgeReply } from './judge-reply.ts';
import { moveLink } from './link-entry.ts';
import { handshakeKey, offerKey } from './link-keys.ts';
import type { Exchange, Link, LinkPorts } from './link-state.ts';
import { diagnosed, finished, join, type LinkStep } from './link-step.ts';
import { nextCommand, surveyOf } from './next-command.ts';
import { sealFrame } from './secure-frame.ts';
import { settleReply } from './settle-reply.ts';

/** Every third probe of a device never heard of speaks in the other check mode: some know only checksums. */
const OTHER_CHECK_EVERY = 3;
/** True while the device has not answered what was last sent, or is down: talking to it may be a wait for nothing. */
export const isSuspect = ({ state, exchange }: Link): boolean =>
  state === 'offline' || exchange?.isUnanswered === true;

/** Takes the port away: everything under way ends here. */
export const unplugLink = (link: Link, nowMs: number): LinkStep =>
  moveLink(link, 'unplugged', nowMs, 'unplugged');

/**
 * The line is free and given to this link: answers with the bytes to send, or with none when there was nothing left
 * to say. `rndA` is 8 fresh random bytes.
 * @see RULES.md OS41-OS43, OS56-OS58
 */
export function takeTurn(
  ports: LinkPorts,
  link: Link,
  { nowMs, rndA }: { readonly nowMs: number; readonly rndA: Uint8Array },
): LinkStep & { readonly send: Uint8Array | undefined } {
  let step = dropExpired(link, nowMs);
  if (step.link.isOnline && isOverdue(step.link, nowMs))
    step = join(step, (now) => moveLink(now, 'silenced', nowMs, 'silent'));
  const stale = step.link.exchange;
  // A repeat past its time would carry out late what was asked for earlier; a new beginning makes the device forget it.
  if (stale?.request !== undefined && nowMs > stale.request.notAfterMs)
    step = join(step, (now) => moveLink(now, 'restarted', nowMs, 'silent'));
  if (step.link.exchange !== undefined) return repeat(step, step.link.exchange);
  if (step.link.dueAtMs > nowMs) return { ...step, send: undefined };
  step = join(step, (now) => moveLink(now, 'due', nowMs, 'silent'));
  const begun = beginExchange(ports, withSurvey(step.link, nowMs), { nowMs, rndA });
  return { ...begun, events: [...step.events, ...begun.events] };
}

const isOverdue = ({ times, lastValidAtMs }: Link, nowMs: number): boolean =>
  nowMs - lastValidAtMs >= times.offlineMs;

function dropExpired(link: Link, nowMs: number): LinkStep {
  const expired = link.queue.filter(({ notAfterMs }) => nowMs > notAfterMs);
  if (expired.length === 0) return { link, events: [] };
  return {
    link: { ...link, queue: link.queue.filter((request) => !expired.includes(request)) },
    events: expired.flatMap((request) => finished(request, { kind: 'expired' })),
  };
}

function withSurvey(link: Link, nowMs: number): Link {
  const isDue = link.state === 'online' && link.survey.length === 0;
  return isDue && nowMs - link.surveyedAtMs >= link.times.surveyMs
    ? { ...link, survey: surveyOf(link.capabilities), surveyedAtMs: nowMs }
    : link;
}

function repeat(
  { link, events }: LinkStep,
  exchange: Exchange,
): LinkStep & { readonly send: Uint8Array | undefined } {
  const again = { ...exchange, attempts: exchange.attempts + 1, isInFlight: true };
  return { link: { ...link, exchange: again }, events, send: exchange.bytes };
}

function beginExchange(
  ports: LinkPorts,
  before: Link,
  { nowMs, rndA }: { readonly nowMs: number; readonly rndA: Uint8Array },
): LinkStep & { readonly send: Uint8Array | undefined } {
  const link = before.state === 'challenging' ? { ...before, rndA } : before;
  const next = nextCommand(link);
  if (next === undefined) return { link, events: [], send: undefined };
  const { command, request } = next;
  const check = checkOf(link);
  const { bytes, commandMac } = frameOf(ports, link, command, check);
  const key = command.type === 'KEYSET' ? parsePairedKey(command.key) : undefined;
  return {
    link: {
      ...link,
      queue: link.queue.filter((queued) => queued !== request),
      keys: key?.ok && link.keys ? offerKey(link.keys, key.value) : link.keys,
      exchange: {
        command,
        request,
        bytes,
        sqn: link.sqn,
        check,
        commandMac,
        attempts: 1,
        firstSentAtMs: nowMs,
        isInFlight: true,
        isUnanswered: false,
      },
    },
    events: [],
    send: bytes,
  };
}

const checkOf = ({ check, identity, sqn, probes }: Link): CheckMode =>
  identity === undefined && sqn === 0 && probes % OTHER_CHECK_EVERY === OTHER_CHECK_EVERY - 1
    ? otherCheck(check)
    : check;

function frameOf(
  { aes }: LinkPorts,
  link: Link,
  command: Command,
  check: CheckMode,
): { readonly bytes: Uint8Array; readonly commandMac: Uint8Array | undefined } {
  const fields = {
    address: link.config.address,
    isReply: false,
    sqn: link.sqn,
    check,
    ...encodeCommand(command),
  };
  if (link.session !== undefined) {
    const sealed = sealFrame(aes, link.session, fields);
    return { bytes: withMark(sealed.bytes), commandMac: sealed.mac };
  }
  const block = command.type === 'CHLNG' ? HANDSHAKE_BLOCK.chlng : HANDSHAKE_BLOCK.scrypt;
  const isHandshake = link.keys !== undefined && (command.type === 'CHLNG' || command.type === 'SCRYPT');
  const security = isHandshake && link.keys ? keyBlock(block, handshakeKey(link.keys)) : undefined;
  return { bytes: withMark(encodeFrame({ ...fields, security })), commandMac: undefined };
}

/** The time for a reply is over. */
export function takeSilence(link: Link, nowMs: number): LinkStep {
  const { exchange, isOnline, times } = link;
  if (!exchange?.isInFlight) return { link, events: [] };
  const isStart = exchange.sqn === 0 && (exchange.command.type === 'CHLNG' || exchange.command.type === 'ID');
  const isOver = isOnline ? isOverdue(link, nowMs) : exchange.attempts > (isStart ? 0 : times.quickRepeats);
  const unanswered: Link = {
    ...link,
    exchange: { ...exchange, isInFlight: false, isUnanswered: true },
    dueAtMs: exchange.attempts <= times.quickRepeats ? nowMs : nowMs + times.pollMs,
  };
  const events = isOnline ? [diagnosed('no-reply')] : [];
  return join({ link: unanswered, events }, (now) =>
    isOver ? moveLink(now, 'silenced', nowMs, 'silent') : { link: now, events: [] },
  );
}

/**
 * A whole frame came from the line. `isDone` tells that the wait for this exchange is over, one way or the other;
 * a frame that is not the reply waited for changes nothing.
 * @see RULES.md OS26-OS29, OS41-OS49
 */
export function takeFrame(
  ports: LinkPorts,
  link: Link,
  frame: Frame,
  nowMs: number,
): LinkStep & { readonly isDone: boolean } {
  const { exchange } = link;
  if (!exchange?.isInFlight) return { link, events: [diagnosed('late-reply')], isDone: false };
  const verdict = judgeReply(ports, link, exchange, frame);
  if (verdict.kind === 'ignored') return { link, events: [diagnosed('late-reply')], isDone: false };
  return { ...settleReply(link, exchange, verdict, frame, nowMs), isDone: true };
}
