import { malformed, parsed, type Parsed } from '../result.ts';
import type { Aes128 } from './aes-128.ts';
import { checkBytes, closeFrame, layOutFrame, macBytes, type Frame, type FrameFields } from './frame.ts';
import { REPLY_CODES } from './replies.ts';
import { isSameSecret, type SessionKeys } from './session-keys.ts';

/** A running session: its keys, and the MACs that the next command and reply chain on. */
export interface SecureSession {
  readonly keys: SessionKeys;
  /** C-MAC: 16 bytes of the last command. */
  readonly commandMac: Uint8Array;
  /** R-MAC: 16 bytes of the last reply. */
  readonly replyMac: Uint8Array;
}

export const BLOCK = {
  commandBare: 0x15,
  replyBare: 0x16,
  commandEncrypted: 0x17,
  replyEncrypted: 0x18,
} as const;

const blockBytes = 16;
const noBlockData = new Uint8Array(0);

/** `block`: no or a wrong block type. `clear-data`: data that the block type says is not there. */
export type OpenFault = 'block' | 'mac' | 'clear-data' | 'padding';

/** Filled up with zeros behind the 80 that ends the content; a whole number of blocks gets a new one. */
export function padAlways(data: Uint8Array): Uint8Array {
  const padded = new Uint8Array((Math.floor(data.length / blockBytes) + 1) * blockBytes);
  padded.set(data);
  padded[data.length] = 0x80;
  return padded;
}

const padIfNeeded = (data: Uint8Array): Uint8Array =>
  data.length > 0 && data.length % blockBytes === 0 ? data : padAlways(data);

function unpad(padded: Uint8Array): Uint8Array | undefined {
  let end = padded.length - 1;
  while (end > 0 && padded[end] === 0) end -= 1;
  return padded[end] === 0x80 && padded.length - end <= blockBytes ? padded.slice(0, end) : undefined;
}

/** 16 bytes over the padded message: CBC with S-MAC1, the last block with S-MAC2. */
function macOf(aes: Aes128, keys: SessionKeys, iv: Uint8Array, message: Uint8Array): Uint8Array {
  const padded = padIfNeeded(message);
  const lastAt = padded.length - blockBytes;
  const chained =
    lastAt === 0 ? iv : aes.encryptCbc(keys.mac1, iv, padded.slice(0, lastAt)).slice(-blockBytes);
  return aes.encryptCbc(keys.mac2, chained, padded.slice(lastAt));
}

const inverted = (mac: Uint8Array): Uint8Array => mac.map((byte) => ~byte & 0xff);

/** A command chains on the last reply, a reply on the command that it answers. */
const chainOf = (session: SecureSession, isReply: boolean): Uint8Array =>
  isReply ? session.commandMac : session.replyMac;

/** Encrypts the data, if there is any, and adds MAC and check: a frame of the session, SOM to check bytes. */
export function sealFrame(
  aes: Aes128,
  session: SecureSession,
  fields: Omit<FrameFields, 'security'>,
): { readonly bytes: Uint8Array; readonly mac: Uint8Array } {
  const chain = chainOf(session, fields.isReply);
  const hasData = fields.data.length > 0;
  const bare = fields.isReply ? BLOCK.replyBare : BLOCK.commandBare;
  const encrypted = fields.isReply ? BLOCK.replyEncrypted : BLOCK.commandEncrypted;
  const laidOut = layOutFrame({
    ...fields,
    security: { type: hasData ? encrypted : bare, data: noBlockData },
    data: hasData ? aes.encryptCbc(session.keys.enc, inverted(chain), padAlways(fields.data)) : fields.data,
  });
  const mac = macOf(aes, session.keys, chain, laidOut);
  return { bytes: closeFrame(laidOut, fields.check, mac.slice(0, macBytes)), mac };
}

/**
 * Checks a frame of the session and decrypts it: block type first, then the MAC in constant time, and only then
 * anything that depends on its content. The check bytes, address and sequence number are the caller's.
 * @param acceptsBareStatus takes a *STATR reply whose clear data is under the MAC but in a block that says there is
 * none, as some devices send; an exception that has to be asked for, reader by reader
 * @see RULES.md OS24-OS27
 */
export function openFrame(
  aes: Aes128,
  session: SecureSession,
  frame: Frame,
  acceptsBareStatus = false,
): Parsed<{ readonly data: Uint8Array; readonly mac: Uint8Array }, OpenFault> {
  const { security, isReply } = frame;
  if (security === undefined || frame.mac === undefined) return malformed('block');
  const isBareStatus =
    acceptsBareStatus &&
    isReply &&
    security.type === BLOCK.commandBare &&
    REPLY_CODES.statuses.includes(frame.code);
  const isEncrypted = security.type === (isReply ? BLOCK.replyEncrypted : BLOCK.commandEncrypted);
  const isBare = security.type === (isReply ? BLOCK.replyBare : BLOCK.commandBare);
  if (security.data.length > 0 || !(isEncrypted || isBare || isBareStatus)) return malformed('block');

  const chain = chainOf(session, isReply);
  const signed = frame.bytes.slice(0, frame.bytes.length - checkBytes(frame.check) - macBytes);
  const mac = macOf(aes, session.keys, chain, signed);
  if (!isSameSecret(mac.slice(0, macBytes), frame.mac)) return malformed('mac');
  if (!isEncrypted)
    return isBare && frame.data.length > 0 ? malformed('clear-data') : parsed({ data: frame.data, mac });
  if (frame.data.length === 0 || frame.data.length % blockBytes !== 0) return malformed('padding');
  const data = unpad(aes.decryptCbc(session.keys.enc, inverted(chain), frame.data));
  return data === undefined ? malformed('padding') : parsed({ data, mac });
}
