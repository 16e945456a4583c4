import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from './bytes.ts';
import { canonicalText, decodeCanonical, encodeCanonical, MAX_CANONICAL_BYTES } from './canonical.ts';

const SEED = { seed: 20_260_312 };
const text = fc.string({ unit: 'binary', maxLength: 20 }).map((each) => each.normalize('NFC'));
const key = fc.string({ unit: 'grapheme-ascii', maxLength: 6 }).filter((each) => each !== '__proto__');
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    text,
    fc.maxSafeInteger().filter((each) => !Object.is(each, -0)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

describe('canonical form', () => {
  it('C1: one value has one text, whatever order its keys were set in', () => {
    fc.assert(
      fc.property(fc.dictionary(key, value, { noNullPrototype: true }), (fields) => {
        const reversed = Object.fromEntries(Object.entries(fields).reverse());
        expect(encodeCanonical(reversed)).toEqual(encodeCanonical(fields));
      }),
      SEED,
    );
  });

  it('C1, C2: what is encoded decodes to the same value', () => {
    fc.assert(
      fc.property(value, (each) => {
        const written = encodeCanonical(each);
        if (!written.ok) throw new Error(written.error);
        expect(decodeCanonical(utf8(written.value))).toEqual({ ok: true, value: each });
      }),
      SEED,
    );
  });

  it('C2: what decodes encodes to the same bytes, whatever the bytes', () => {
    const nearJson = fc.string({
      unit: fc.constantFrom(...Array.from('{}[]":,.-+01eEnultrfas\\ \n\u00e9')),
      maxLength: 8,
    });
    fc.assert(
      fc.property(nearJson, (each) => {
        const decoded = decodeCanonical(utf8(each));
        expect(decoded.ok ? canonicalText(decoded.value) : each).toBe(each);
      }),
      { ...SEED, numRuns: 5000 },
    );
  });

  it('C1: a key named after the prototype is a key as any other', () => {
    const bytes = utf8('{"__proto__":{"a":1},"a":2}');
    const decoded = decodeCanonical(bytes);
    if (!decoded.ok) throw new Error(decoded.error);
    expect(canonicalText(decoded.value)).toBe('{"__proto__":{"a":1},"a":2}');
    expect(Object.getPrototypeOf({})).not.toHaveProperty('a');
  });

  it.each([
    [undefined, 'type-not-allowed'],
    [1n, 'type-not-allowed'],
    [() => 1, 'type-not-allowed'],
    [{ a: undefined }, 'type-not-allowed'],
    [0.1, 'number-not-integer'],
    [-0, 'number-not-integer'],
    [Number.NaN, 'number-not-integer'],
    [Number.POSITIVE_INFINITY, 'number-not-integer'],
    [2 ** 53, 'number-not-integer'],
    ['\ud800', 'text-not-normalised'],
    ['e\u0301', 'text-not-normalised'],
    [{ '\u00e9': 1 }, 'key-not-ascii'],
  ])('C1: %o has no canonical form', (each, error) => {
    expect(encodeCanonical(each)).toEqual({ ok: false, error });
    expect(() => canonicalText(each as never)).toThrow(error);
  });

  it('C1, C2: a document of more than 65,535 bytes is refused, however few letters it has', () => {
    const most = 'a'.repeat(MAX_CANONICAL_BYTES - 2);
    expect(encodeCanonical(most)).toMatchObject({ ok: true });
    expect(decodeCanonical(utf8(`"${most}"`))).toMatchObject({ ok: true });
    for (const tooMuch of [`${most}a`, '\u00e9'.repeat(MAX_CANONICAL_BYTES / 2)]) {
      expect(encodeCanonical(tooMuch)).toEqual({ ok: false, error: 'too-large' });
      expect(decodeCanonical(utf8(`"${tooMuch}"`))).toEqual({ ok: false, error: 'too-large' });
    }
  });

  it('C2: deep nesting is refused, not followed', () => {
    expect(decodeCanonical(utf8('['.repeat(30_000) + ']'.repeat(30_000)))).toEqual({
      ok: false,
      error: 'too-deep',
    });
  });
});
