import { malformed, parsed, type Parsed } from '../result.ts';
import { joinBytes, littleEndian, octet, readLittleEndian } from './byte-order.ts';
import { checksum8, crc16 } from './frame-check.ts';

export const SOM = 0x53;
export const MARK = 0xff;
/** The standard's largest frame, SOM to check bytes. */
export const maxFrameBytes = 1440;
/** A device must take this much; more only after PDCAP function 10 says so. */
export const minReceiveBytes = 128;
/** The address that every device answers; only for a line with a single device. */
export const broadcastAddress = 0x7f;
export const headBytes = 5;
export const macBytes = 4;

const REPLY_BIT = 0x80;
const SQN_BITS = 0x03;
const CRC_BIT = 0x04;
const SECURITY_BIT = 0x08;
const RESERVED_BITS = 0xf0;

export type Sqn = 0 | 1 | 2 | 3;
export type CheckMode = 'crc' | 'checksum';

/** 0 is said once, then 1, 2, 3, 1, 2, 3, ... */
export const nextSqn = (sqn: Sqn): Sqn => ((sqn % 3) + 1) as Sqn;

export const otherCheck = (check: CheckMode): CheckMode => (check === 'crc' ? 'checksum' : 'crc');

/** The security control block; `type` 11..14 hex belongs to the handshake, 15..18 hex carries a MAC. */
export interface SecurityBlock {
  readonly type: number;
  readonly data: Uint8Array;
}

export interface FrameFields {
  /** 0 to 126, or 127 for the broadcast address. */
  readonly address: number;
  readonly isReply: boolean;
  readonly sqn: Sqn;
  readonly check: CheckMode;
  readonly security: SecurityBlock | undefined;
  readonly code: number;
  /** The payload after the code byte; encrypted where the block type says so. */
  readonly data: Uint8Array;
}

/** A frame as received: `bytes` is all of it without marks, `mac` the 4 bytes sent under block types 15..18 hex. */
export interface Frame extends FrameFields {
  readonly mac: Uint8Array | undefined;
  readonly bytes: Uint8Array;
}

export type FrameFault =
  'incomplete' | 'bad-start' | 'bad-length' | 'bad-control' | 'bad-block' | 'bad-check';

/** True for the block types whose frames end in a MAC. */
export const isSealedType = (type: number): boolean => type >= 0x15 && type <= 0x18;

export const checkBytes = (check: CheckMode): number => (check === 'crc' ? 2 : 1);

const isSealed = (fields: FrameFields): boolean =>
  fields.security !== undefined && isSealedType(fields.security.type);

/** The frame from SOM to the end of its data, with the length of the finished frame: what a MAC is made over. */
export function layOutFrame(fields: FrameFields): Uint8Array {
  const { address, isReply, sqn, check, security, code, data } = fields;
  if (address > broadcastAddress) throw new RangeError('address is above 127');
  const block =
    security === undefined
      ? new Uint8Array(0)
      : joinBytes(octet(security.data.length + 2), octet(security.type), security.data);
  const length =
    headBytes + block.length + 1 + data.length + (isSealed(fields) ? macBytes : 0) + checkBytes(check);
  if (length > maxFrameBytes) throw new RangeError('frame is longer than the standard allows');
  const control = sqn | (check === 'crc' ? CRC_BIT : 0) | (security === undefined ? 0 : SECURITY_BIT);
  return joinBytes(
    octet(SOM),
    octet(isReply ? address | REPLY_BIT : address),
    littleEndian(length, 2),
    octet(control),
    block,
    octet(code),
    data,
  );
}

/** Adds the check bytes to a laid out frame and its MAC, if it has one. */
export function closeFrame(
  laidOut: Uint8Array,
  check: CheckMode,
  mac: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const body = joinBytes(laidOut, mac);
  return joinBytes(body, check === 'crc' ? littleEndian(crc16(body), 2) : octet(checksum8(body)));
}

/** A frame without a MAC, SOM to check bytes. */
export function encodeFrame(fields: FrameFields): Uint8Array {
  if (isSealed(fields)) throw new RangeError('a sealed frame needs its MAC');
  return closeFrame(layOutFrame(fields), fields.check);
}

/** Puts the one mark before a frame that wakes receivers which drop their first byte. */
export const withMark = (frame: Uint8Array): Uint8Array => joinBytes(octet(MARK), frame);

/**
 * Tells how long the frame that starts at `at` says it is, as soon as its head cannot be that of a frame.
 * `bad-*` from any prefix is final; `incomplete` means that too few bytes are there to know.
 */
export function frameLengthAt(bytes: Uint8Array, at: number): Parsed<number, FrameFault> {
  const held = bytes.length - at;
  if (held > 0 && bytes[at] !== SOM) return malformed('bad-start');
  if (held < 4) return malformed('incomplete');
  const length = readLittleEndian(bytes, at + 2, 2);
  if (length < 7 || length > maxFrameBytes) return malformed('bad-length');
  if (held < headBytes) return malformed('incomplete');
  const control = bytes[at + 4] ?? 0;
  if ((control & RESERVED_BITS) !== 0) return malformed('bad-control');
  const tail = control & CRC_BIT ? 2 : 1;
  if (length < headBytes + 1 + tail) return malformed('bad-length');
  if ((control & SECURITY_BIT) === 0) return parsed(length);
  if (held < headBytes + 2) return malformed('incomplete');
  const blockBytes = bytes[at + headBytes] ?? 0;
  const mac = isSealedType(bytes[at + headBytes + 1] ?? 0) ? macBytes : 0;
  if (blockBytes < 2 || headBytes + blockBytes + 1 + mac + tail > length) return malformed('bad-block');
  return parsed(length);
}

/** Parses exactly one frame, SOM to check bytes, no marks. */
export function parseFrame(bytes: Uint8Array): Parsed<Frame, FrameFault> {
  const length = frameLengthAt(bytes, 0);
  if (!length.ok) return length;
  if (length.value > bytes.length) return malformed('incomplete');
  if (length.value < bytes.length) return malformed('bad-length');
  const control = bytes[4] ?? 0;
  const check: CheckMode = control & CRC_BIT ? 'crc' : 'checksum';
  const bodyEnd = bytes.length - checkBytes(check);
  const isRight =
    check === 'crc'
      ? crc16(bytes, 0, bodyEnd) === readLittleEndian(bytes, bodyEnd, 2)
      : checksum8(bytes, 0, bodyEnd) === bytes[bodyEnd];
  if (!isRight) return malformed('bad-check');
  const blockBytes = control & SECURITY_BIT ? (bytes[headBytes] ?? 0) : 0;
  const security =
    blockBytes === 0
      ? undefined
      : { type: bytes[headBytes + 1] ?? 0, data: bytes.slice(headBytes + 2, headBytes + blockBytes) };
  const codeAt = headBytes + blockBytes;
  const dataEnd = security !== undefined && isSealedType(security.type) ? bodyEnd - macBytes : bodyEnd;
  const address = bytes[1] ?? 0;
  return parsed({
    address: address & ~REPLY_BIT,
    isReply: (address & REPLY_BIT) !== 0,
    sqn: (control & SQN_BITS) as Sqn,
    check,
    security,
    code: bytes[codeAt] ?? 0,
    data: bytes.slice(codeAt + 1, dataEnd),
    mac: dataEnd < bodyEnd ? bytes.slice(dataEnd, bodyEnd) : undefined,
    bytes: bytes.slice(),
  });
}
