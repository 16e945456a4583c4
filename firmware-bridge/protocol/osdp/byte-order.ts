/** Joins byte strings into one. */
export function joinBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** True when both hold the same bytes. Not for secrets: it stops at the first difference. */
export const isSameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index]);

/** Reads `bytes` bytes, least significant first; bytes past the end read as 0. */
export function readLittleEndian(source: Uint8Array, at: number, bytes: number): number {
  let value = 0;
  for (let index = bytes - 1; index >= 0; index -= 1) value = value * 256 + (source[at + index] ?? 0);
  return value;
}

/** Writes a whole number as `bytes` bytes, least significant first. */
export function littleEndian(value: number, bytes: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value >= 256 ** bytes)
    throw new RangeError('number does not fit its field');
  return Uint8Array.from({ length: bytes }, (_, index) => Math.floor(value / 256 ** index) % 256);
}

/** One byte of a field; a number that is none is a fault of the caller. */
export const octet = (value: number): Uint8Array => littleEndian(value, 1);
