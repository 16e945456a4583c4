import { err, ok, type Result } from '#contract/result';

/** Largest file that may be attached, in bytes. */
export const MAX_ATTACHMENT_BYTES = 4 * 1024 * 1024;

/** Most files of one request. */
export const MAX_ATTACHMENTS = 8;

/** What a file is, by its first bytes; its name says nothing. */
export type AttachmentType = 'application/pdf' | 'image/png' | 'image/jpeg';

/** Why a file is not taken. */
export type AttachmentFault = 'attachment-too-large' | 'attachment-not-usable';

const startsWith = (bytes: Uint8Array, start: readonly number[]): boolean =>
  start.every((byte, index) => bytes[index] === byte);

const PDF = [0x25, 0x50, 0x44, 0x46, 0x2d];
const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const JPEG = [0xff, 0xd8, 0xff];

const join = (parts: readonly Uint8Array[]): Uint8Array => {
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
};

// Chunks without which the picture cannot be drawn as it was; all others say where, when and by what it was taken.
const PNG_KEPT = ['IHDR', 'PLTE', 'IDAT', 'IEND', 'tRNS', 'gAMA', 'cHRM', 'sRGB', 'sBIT', 'bKGD', 'pHYs'];

function stripPng(bytes: Uint8Array): Uint8Array | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept = [bytes.subarray(0, PNG.length)];
  let at = PNG.length;
  while (at + 12 <= bytes.length) {
    const end = at + 12 + view.getUint32(at);
    if (end > bytes.length) return null;
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (PNG_KEPT.includes(type)) kept.push(bytes.subarray(at, end));
    // What follows the end belongs to no picture.
    if (type === 'IEND') return join(kept);
    at = end;
  }
  return null;
}

const START_OF_SCAN = 0xda;
const APP0 = 0xe0;
const APP14 = 0xee;
const COMMENT = 0xfe;

// APP0 and APP14 tell how colours are coded; every other application segment (Exif, XMP, IPTC) and comment goes.
const isJpegSegmentKept = (marker: number): boolean =>
  marker === APP0 || marker === APP14 || !((marker >= APP0 && marker <= 0xef) || marker === COMMENT);

function endOfJpeg(bytes: Uint8Array, scanAt: number): number | null {
  for (let at = scanAt; at + 1 < bytes.length; at++) {
    if (bytes[at] === 0xff && bytes[at + 1] === 0xd9) return at + 2;
  }
  return null;
}

function stripJpeg(bytes: Uint8Array): Uint8Array | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept = [bytes.subarray(0, 2)];
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) return null;
    const marker = bytes[at + 1] ?? 0;
    if (marker === START_OF_SCAN) {
      // A phone appends a second picture with data of its own: what follows the first end goes.
      const end = endOfJpeg(bytes, at);
      return end === null ? null : join([...kept, bytes.subarray(at, end)]);
    }
    const end = at + 2 + view.getUint16(at + 2);
    if (end > bytes.length || end < at + 4) return null;
    if (isJpegSegmentKept(marker)) kept.push(bytes.subarray(at, end));
    at = end;
  }
  return null;
}

/**
 * Judges a file by its content and takes from pictures what tells where and by whom they were made.
 * @returns its type and the bytes to keep
 * @see rule SD43
 */
export function checkAttachment(
  bytes: Uint8Array,
): Result<{ readonly type: AttachmentType; readonly bytes: Uint8Array }, AttachmentFault> {
  if (bytes.length > MAX_ATTACHMENT_BYTES) return err('attachment-too-large');
  if (startsWith(bytes, PDF)) return ok({ type: 'application/pdf', bytes });
  const isPng = startsWith(bytes, PNG);
  if (!isPng && !startsWith(bytes, JPEG)) return err('attachment-not-usable');
  const stripped = isPng ? stripPng(bytes) : stripJpeg(bytes);
  if (stripped === null) return err('attachment-not-usable');
  return ok({ type: isPng ? 'image/png' : 'image/jpeg', bytes: stripped });
}
