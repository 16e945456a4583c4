import { err, ok, type Result } from './result.ts';

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const base64Alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const base64UrlAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Encodes text as UTF-8. */
export const utf8 = (text: string): Uint8Array => encoder.encode(text);

/** Decodes UTF-8 strictly: any malformed byte is an error, and a byte-order mark is kept as content. */
export function decodeUtf8(bytes: Uint8Array): Result<string, 'not-utf8'> {
  try {
    return ok(strictDecoder.decode(bytes));
  } catch (error) {
    if (error instanceof TypeError) return err('not-utf8');
    throw error;
  }
}

/** Joins byte strings. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Compares two byte strings; time depends on the length only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

/** Encodes bytes as lower-case hex. */
export const encodeHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

function encodeWith(alphabet: string, bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const chunk = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const digits = Math.min(4, bytes.length - i + 1);
    for (let digit = 0; digit < digits; digit++) text += alphabet[(chunk >> (18 - 6 * digit)) & 63];
  }
  return text;
}

function decodeWith(alphabet: string, text: string): Result<Uint8Array, 'not-base64'> {
  if (text.length % 4 === 1) return err('not-base64');
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let held = 0;
  let heldBits = 0;
  let at = 0;
  for (const digit of text) {
    const value = alphabet.indexOf(digit);
    if (value < 0) return err('not-base64');
    held = ((held << 6) | value) & 0xffff;
    heldBits += 6;
    if (heldBits >= 8) {
      heldBits -= 8;
      bytes[at++] = (held >> heldBits) & 0xff;
    }
  }
  // Leftover bits that are not zero would give one value two spellings.
  return (held & ((1 << heldBits) - 1)) === 0 ? ok(bytes) : err('not-base64');
}

/** Encodes bytes as base64url without padding. */
export const encodeBase64Url = (bytes: Uint8Array): string => encodeWith(base64UrlAlphabet, bytes);

/** Decodes base64url without padding; only the one canonical spelling is accepted. */
export const decodeBase64Url = (text: string): Result<Uint8Array, 'not-base64'> =>
  decodeWith(base64UrlAlphabet, text);

/** Encodes bytes as padded base64, as signed notes want it. */
export function encodeBase64(bytes: Uint8Array): string {
  const text = encodeWith(base64Alphabet, bytes);
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
}

/** Decodes padded base64; only the one canonical spelling is accepted. */
export function decodeBase64(text: string): Result<Uint8Array, 'not-base64'> {
  if (text.length % 4 !== 0) return err('not-base64');
  return decodeWith(base64Alphabet, text.replace(/={1,2}$/, ''));
}
