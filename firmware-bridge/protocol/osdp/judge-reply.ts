import { isSameBytes } from './byte-order.ts';
import type { CommandType } from './commands.ts';
import type { Frame } from './frame.ts';
import { proveDevice, startSession, type ProvenDevice } from './handshake.ts';
import type { OfflineReason } from './link-event.ts';
import { handshakeKey } from './link-keys.ts';
import type { Exchange, Link, LinkPorts } from './link-state.ts';
import { consequenceOfNak } from './nak.ts';
import { parseReply, REPLY_CODES, type Reply, type ReplyType } from './replies.ts';
import { openFrame, type SecureSession } from './secure-frame.ts';

/** What a frame means for the exchange in flight. */
export type ReplyVerdict =
  /** Not for this exchange: keep waiting. */
  | { readonly kind: 'ignored' }
  /** The device asks for the same again, later or at once. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'damaged' }
  | { readonly kind: 'restarted' }
  | { readonly kind: 'distrusted'; readonly reason: OfflineReason }
  /** `reply` is what came instead, if it could be read; `session` moves on when the no came through it. */
  | {
      readonly kind: 'declined';
      readonly reason: number | 'wrong-reply';
      readonly reply: Reply | undefined;
      readonly isVerified: boolean;
      readonly session: SecureSession | undefined;
    }
  | {
      readonly kind: 'answered';
      readonly reply: Reply;
      readonly isVerified: boolean;
      readonly session: SecureSession | undefined;
      readonly device: ProvenDevice | undefined;
    };

/** The replies that say yes to a command; 'any' leaves it to the asker. */
const RIGHT_REPLIES: Readonly<Record<CommandType, readonly ReplyType[] | 'any'>> = {
  POLL: ['ACK', 'RAW', 'FMT', 'KEYPAD', 'LSTATR', 'ISTATR', 'OSTATR', 'RSTATR', 'OTHER'],
  ID: ['PDID'],
  CAP: ['PDCAP'],
  LSTAT: ['LSTATR'],
  ISTAT: ['ISTATR'],
  OSTAT: ['OSTATR'],
  RSTAT: ['RSTATR'],
  // Some devices answer with the new state of their outputs.
  OUT: ['ACK', 'OSTATR'],
  LED: ['ACK'],
  BUZ: ['ACK'],
  TEXT: ['ACK'],
  COMSET: ['COM'],
  KEYSET: ['ACK'],
  CHLNG: ['CCRYPT'],
  SCRYPT: ['RMAC_I'],
  ACURXSIZE: ['ACK'],
  KEEPACTIVE: ['ACK'],
  ABORT: ['ACK'],
  OTHER: 'any',
};

const isRightReply = (command: CommandType, reply: ReplyType): boolean => {
  const right = RIGHT_REPLIES[command];
  return right === 'any' || right.includes(reply);
};

const ignored: ReplyVerdict = { kind: 'ignored' };
const distrusted = (reason: OfflineReason): ReplyVerdict => ({ kind: 'distrusted', reason });

/**
 * Second question: is this the right reply to the exchange in flight? The frame is from the address that was asked. Its
 * sequence number comes first, then whatever the secure channel asks for, and only then the content.
 * @see RULES.md OS26-OS29, OS41-OS49
 */
export function judgeReply(ports: LinkPorts, link: Link, exchange: Exchange, frame: Frame): ReplyVerdict {
  const isClear = frame.security === undefined;
  // BUSY and NAK 4 are outside of the count: the device may not know which number is ours.
  if (isClear && frame.code === REPLY_CODES.busy) return { kind: 'busy' };
  const isCurrent = frame.sqn === exchange.sqn;
  if (!isCurrent && link.lastReply !== undefined && isSameBytes(frame.bytes, link.lastReply)) return ignored;
  const nak = isClear && frame.code === REPLY_CODES.nak ? frame.data[0] : undefined;
  if (nak !== undefined && consequenceOfNak(nak) === 'restart') return { kind: 'restarted' };
  if (!isCurrent) return frame.sqn === 0 ? { kind: 'restarted' } : ignored;
  if (nak !== undefined) return judgeNak(link, nak, link.session === undefined, undefined);
  if (exchange.command.type === 'CHLNG' || exchange.command.type === 'SCRYPT')
    return judgeHandshake(ports, link, exchange, frame);
  if (link.session !== undefined) return judgeSecured(ports, link, link.session, exchange, frame);
  if (!isClear) return distrusted('unstable');
  return judgeContent(exchange, frame.code, frame.data, true, undefined);
}

function judgeNak(
  link: Link,
  nak: number,
  isVerified: boolean,
  session: SecureSession | undefined,
): ReplyVerdict {
  switch (consequenceOfNak(nak)) {
    case 'repeat':
      return { kind: 'damaged' };
    case 'restart':
      return { kind: 'restarted' };
    case 'distrust':
      return distrusted(
        link.keys === undefined ? 'key-required' : link.session === undefined ? 'refused' : 'unstable',
      );
    case 'decline':
      return { kind: 'declined', reason: nak, reply: undefined, isVerified, session };
  }
}

function judgeHandshake({ aes }: LinkPorts, link: Link, exchange: Exchange, frame: Frame): ReplyVerdict {
  const reply = parseReply(frame.code, frame.data);
  if (!reply.ok || link.keys === undefined || !isRightReply(exchange.command.type, reply.value.type))
    return distrusted('refused');
  const answered = { kind: 'answered', reply: reply.value, isVerified: true } as const;
  if (reply.value.type === 'CCRYPT' && link.rndA !== undefined) {
    const device = proveDevice(aes, handshakeKey(link.keys), link.rndA, frame.security, reply.value);
    return device.ok ? { ...answered, session: undefined, device: device.value } : distrusted(device.error);
  }
  if (reply.value.type === 'RMAC_I' && link.device !== undefined) {
    const session = startSession(aes, link.device, frame.security, reply.value.rMac);
    return session.ok
      ? { ...answered, session: session.value, device: undefined }
      : distrusted(session.error);
  }
  return distrusted('refused');
}

function judgeSecured(
  { aes }: LinkPorts,
  link: Link,
  session: SecureSession,
  exchange: Exchange,
  frame: Frame,
): ReplyVerdict {
  if (frame.security === undefined) {
    // Both sides drop the session after KEYSET, and some devices do so before they answer.
    return exchange.command.type === 'KEYSET' && frame.code === REPLY_CODES.ack
      ? judgeContent(exchange, frame.code, frame.data, false, undefined)
      : distrusted('unstable');
  }
  if (exchange.commandMac === undefined) return distrusted('unstable');
  const sent = { ...session, commandMac: exchange.commandMac };
  const opened = openFrame(aes, sent, frame, link.config.acceptsBareStatus);
  if (!opened.ok) return distrusted('unstable');
  const moved = { ...sent, replyMac: opened.value.mac };
  const { data } = opened.value;
  if (frame.code === REPLY_CODES.nak && data[0] !== undefined) return judgeNak(link, data[0], true, moved);
  return judgeContent(exchange, frame.code, data, true, moved);
}

function judgeContent(
  exchange: Exchange,
  code: number,
  data: Uint8Array,
  isVerified: boolean,
  session: SecureSession | undefined,
): ReplyVerdict {
  const reply = parseReply(code, data);
  if (!reply.ok) return { kind: 'declined', reason: 'wrong-reply', reply: undefined, isVerified, session };
  return isRightReply(exchange.command.type, reply.value.type)
    ? { kind: 'answered', reply: reply.value, isVerified, session, device: undefined }
    : { kind: 'declined', reason: 'wrong-reply', reply: reply.value, isVerified, session };
}
