import { decodeUtf8, utf8 } from './bytes.ts';
import { err, ok, type Result } from './result.ts';

/** What a canonical document may hold: no fractions, because two writers would print them differently. */
export type CanonicalValue =
  string | number | boolean | null | readonly CanonicalValue[] | { readonly [key: string]: CanonicalValue };

/** Longest canonical document in bytes: entry bundles of transparency logs carry a uint16 length. */
export const MAX_CANONICAL_BYTES = 65_535;

/** Levels below the top; bounds the recursion of every reader. */
export const MAX_CANONICAL_DEPTH = 16;

export type CanonicalError =
  | 'too-large'
  | 'too-deep'
  | 'not-utf8'
  | 'not-json'
  | 'not-canonical'
  | 'number-not-integer'
  | 'text-not-normalised'
  | 'key-not-ascii'
  | 'type-not-allowed';

const asciiKey = /^[\x20-\x7e]*$/;
// Lone surrogates have no UTF-8 form, so two different strings would hash alike.
const loneSurrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

function write(value: unknown, depth: number): Result<string, CanonicalError> {
  if (depth > MAX_CANONICAL_DEPTH) return err('too-deep');
  if (value === null) return ok('null');
  switch (typeof value) {
    case 'boolean':
      return ok(String(value));
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0)
        ? ok(String(value))
        : err('number-not-integer');
    case 'string':
      return loneSurrogate.test(value) || value.normalize('NFC') !== value
        ? err('text-not-normalised')
        : ok(JSON.stringify(value));
    case 'object': {
      const parts: string[] = [];
      if (Array.isArray(value)) {
        for (const item of value) {
          const written = write(item, depth + 1);
          if (!written.ok) return written;
          parts.push(written.value);
        }
        return ok(`[${parts.join(',')}]`);
      }
      const fields = value as Readonly<Record<string, unknown>>;
      for (const key of Object.keys(fields).sort()) {
        if (!asciiKey.test(key)) return err('key-not-ascii');
        const written = write(fields[key], depth + 1);
        if (!written.ok) return written;
        parts.push(`${JSON.stringify(key)}:${written.value}`);
      }
      return ok(`{${parts.join(',')}}`);
    }
    default:
      return err('type-not-allowed');
  }
}

/**
 * Encodes a value in the one form that is hashed and signed: RFC 8785 restricted to strings (NFC), integers of
 * at most 2^53-1, booleans, null, arrays and objects with ASCII keys.
 * @returns the text without a line end, or why the value has no canonical form
 * @see RFC 8785; rule C1
 */
export function encodeCanonical(value: unknown): Result<string, CanonicalError> {
  const written = write(value, 0);
  if (!written.ok) return written;
  return written.value.length > MAX_CANONICAL_BYTES || utf8(written.value).length > MAX_CANONICAL_BYTES
    ? err('too-large')
    : written;
}

/**
 * Encodes a value that our own types already keep canonical; anything else is a bug and ends the process.
 * @see encodeCanonical
 */
export function canonicalText(value: CanonicalValue): string {
  const written = encodeCanonical(value);
  if (!written.ok) throw new Error(`value has no canonical form: ${written.error}`);
  return written.value;
}

/**
 * Decodes bytes that must already be canonical: parsed, written again and compared, so that one meaning has one
 * spelling and a hash over the bytes is a hash over the meaning.
 * @see rule C2
 */
export function decodeCanonical(bytes: Uint8Array): Result<CanonicalValue, CanonicalError> {
  if (bytes.length > MAX_CANONICAL_BYTES) return err('too-large');
  const text = decodeUtf8(bytes);
  if (!text.ok) return text;
  let value: CanonicalValue;
  try {
    value = JSON.parse(text.value) as CanonicalValue;
  } catch (error) {
    if (error instanceof SyntaxError) return err('not-json');
    throw error;
  }
  const written = encodeCanonical(value);
  if (!written.ok) return written;
  return written.value === text.value ? ok(value) : err('not-canonical');
}
