import { crc32, inflateRawSync } from 'node:zlib';
import { err, ok, type Result } from '#contract/result';

/** How much a zip may hold: a bundle of twenty years of one door stays well below. */
export interface ZipLimits {
  readonly maxEntries: number;
  readonly maxTotalBytes: number;
}

/** A zip as it was read. */
export interface ZipContent {
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Entries that cannot be unpacked, or whose checksum does not fit. */
  readonly damaged: readonly string[];
}

export type ZipError =
  'not-a-zip' | 'zip64' | 'encrypted' | 'method-unknown' | 'path-unsafe' | 'too-many-entries' | 'too-large';

/** Signatures, lengths and places of fields in bytes. @see PKWARE APPNOTE 4.3 */
const END = { signature: 0x06054b50, length: 22, maxComment: 0xffff, count: 10, start: 16 } as const;
const ENTRY = {
  signature: 0x02014b50,
  length: 46,
  flags: 8,
  method: 10,
  crc: 16,
  packedSize: 20,
  size: 24,
  nameLength: 28,
  extraLength: 30,
  commentLength: 32,
  local: 42,
} as const;
const LOCAL = { signature: 0x04034b50, length: 30, nameLength: 26, extraLength: 28 } as const;
const METHOD = { stored: 0, deflated: 8 } as const;
const FLAG_ENCRYPTED = 0x0001;

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packedSize: number;
  readonly size: number;
  readonly local: number;
}

/**
 * Reads a zip into memory. Nothing is written anywhere, sizes are bounded before anything is unpacked, and each
 * entry may fill only what it announced.
 */
export function readZip(bytes: Uint8Array, limits: ZipLimits): Result<ZipContent, ZipError> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = readDirectory(bytes, view, limits);
  if (!entries.ok) return entries;
  const files = new Map<string, Uint8Array>();
  const damaged: string[] = [];
  for (const entry of entries.value) {
    const content = unpack(bytes, view, entry);
    if (content === null || crc32(content) !== entry.crc) damaged.push(entry.name);
    if (content !== null) files.set(entry.name, content);
  }
  return ok({ files, damaged });
}

function findEnd(view: DataView): number | null {
  const lowest = Math.max(0, view.byteLength - END.length - END.maxComment);
  for (let at = view.byteLength - END.length; at >= lowest; at--) {
    if (view.getUint32(at, true) === END.signature) return at;
  }
  return null;
}

function readDirectory(
  bytes: Uint8Array,
  view: DataView,
  limits: ZipLimits,
): Result<readonly Entry[], ZipError> {
  const end = findEnd(view);
  if (end === null) return err('not-a-zip');
  const count = view.getUint16(end + END.count, true);
  let at = view.getUint32(end + END.start, true);
  if (count === 0xffff || at === 0xffffffff) return err('zip64');
  if (count > limits.maxEntries) return err('too-many-entries');
  const entries: Entry[] = [];
  const names = new Set<string>();
  let total = 0;
  for (let i = 0; i < count; i++) {
    if (at + ENTRY.length > end || view.getUint32(at, true) !== ENTRY.signature) return err('not-a-zip');
    const nameLength = view.getUint16(at + ENTRY.nameLength, true);
    const nameBytes = bytes.subarray(at + ENTRY.length, at + ENTRY.length + nameLength);
    const name = new TextDecoder().decode(nameBytes);
    const entry: Entry = {
      name,
      method: view.getUint16(at + ENTRY.method, true),
      crc: view.getUint32(at + ENTRY.crc, true),
      packedSize: view.getUint32(at + ENTRY.packedSize, true),
      size: view.getUint32(at + ENTRY.size, true),
      local: view.getUint32(at + ENTRY.local, true),
    };
    if ((view.getUint16(at + ENTRY.flags, true) & FLAG_ENCRYPTED) !== 0) return err('encrypted');
    at +=
      ENTRY.length +
      nameLength +
      view.getUint16(at + ENTRY.extraLength, true) +
      view.getUint16(at + ENTRY.commentLength, true);
    if (name.endsWith('/') && entry.size === 0) continue;
    if (!isSafePath(name) || names.has(name)) return err('path-unsafe');
    if (entry.method !== METHOD.stored && entry.method !== METHOD.deflated) return err('method-unknown');
    total += entry.size;
    if (total > limits.maxTotalBytes) return err('too-large');
    names.add(name);
    entries.push(entry);
  }
  return ok(entries);
}

/** A path that stays inside the bundle on every system. */
export const isSafePath = (path: string): boolean =>
  !/[\\:\ufffd]/.test(path) &&
  Array.from(path).every((letter) => letter >= ' ') &&
  path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

/** Unpacks one entry; null where it cannot be. */
function unpack(bytes: Uint8Array, view: DataView, entry: Entry): Uint8Array | null {
  const { local } = entry;
  if (local + LOCAL.length > bytes.length || view.getUint32(local, true) !== LOCAL.signature) return null;
  const start =
    local +
    LOCAL.length +
    view.getUint16(local + LOCAL.nameLength, true) +
    view.getUint16(local + LOCAL.extraLength, true);
  const packed = bytes.subarray(start, start + entry.packedSize);
  if (packed.length !== entry.packedSize) return null;
  if (entry.method === METHOD.stored) return entry.size === packed.length ? packed : null;
  try {
    // The bound is what the directory announced: a bomb that lies about its size is cut off there.
    const content = inflateRawSync(packed, { maxOutputLength: Math.max(1, entry.size) });
    return content.length === entry.size ? new Uint8Array(content) : null;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}
