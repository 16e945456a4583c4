import { parsePairedKey } from './channel-key.ts';
import { encodeCommand, type Command } from './commands.ts';
import type { RequestOutcome, RequestRefusal } from './link-event.ts';
import { isUnpaired } from './link-keys.ts';
import type { Link, LinkRequest } from './link-state.ts';
import { finished, type LinkStep } from './link-step.ts';
import { refuseOutput } from './output-safety.ts';

const MAX_QUEUED = 32;
/** Head, block, code, MAC and CRC around the padded data of a secured command. */
const SEALED_OVERHEAD_BYTES = 14;

const isForLock = (command: Command): boolean => command.type === 'OUT';

/** True when somebody may be waiting at the door for this command. */
export const isUrgent = ({ queue, exchange }: Link): boolean =>
  exchange === undefined && queue.some(({ command }) => isForLock(command));

/**
 * Queues a request, or tells at once why not: only a link that is online takes any, so nothing waits for a device to
 * come back. Throws RangeError when the command holds a value that no frame can carry.
 * @see RULES.md OS55-OS62
 */
export function takeRequest(link: Link, request: LinkRequest, nowMs: number): LinkStep {
  const refuse = (outcome: RequestOutcome): LinkStep => ({ link, events: finished(request, outcome) });
  if (!link.isOnline) return refuse({ kind: 'offline' });
  if (nowMs > request.notAfterMs) return refuse({ kind: 'expired' });
  // Counted apart: a queue full of displays must not keep anybody out.
  const alike = link.queue.filter(({ command }) => isForLock(command) === isForLock(request.command));
  if (alike.length >= MAX_QUEUED) return refuse({ kind: 'queue-full' });
  const reason = refuseRequest(link, request.command);
  if (reason !== undefined) return refuse({ kind: 'refused', reason });
  return {
    link: {
      ...link,
      queue: [...link.queue, request],
      dueAtMs: link.exchange === undefined ? Math.min(link.dueAtMs, nowMs) : link.dueAtMs,
    },
    events: [],
  };
}

function refuseRequest(link: Link, command: Command): RequestRefusal | undefined {
  const { data } = encodeCommand(command);
  const padded = (Math.floor(data.length / 16) + 1) * 16;
  if (SEALED_OVERHEAD_BYTES + padded > link.capabilities.receiveBytes) return 'too-long';
  if (command.type === 'KEYSET') {
    if (link.keys === undefined) return 'no-secure-channel';
    return parsePairedKey(command.key).ok ? undefined : 'key-unfit';
  }
  if (command.type === 'OUT' && isUnpaired(link.keys)) return 'no-secure-channel';
  return refuseOutput(command, link.capabilities);
}
