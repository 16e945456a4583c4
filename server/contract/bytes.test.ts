import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  concatBytes,
  decodeBase64,
  decodeBase64Url,
  decodeUtf8,
  encodeBase64,
  encodeBase64Url,
  encodeHex,
  equalBytes,
  utf8,
} from './bytes.ts';

const SEED = { seed: 20_260_312 };
const bytesOf = fc.uint8Array({ maxLength: 200 });

describe('base64 and base64url', () => {
  it('C25: is what Node writes, and comes back', () => {
    fc.assert(
      fc.property(bytesOf, (bytes) => {
        expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
        expect(encodeBase64Url(bytes)).toBe(Buffer.from(bytes).toString('base64url'));
        expect(decodeBase64(encodeBase64(bytes))).toEqual({ ok: true, value: bytes });
        expect(decodeBase64Url(encodeBase64Url(bytes))).toEqual({ ok: true, value: bytes });
      }),
      SEED,
    );
  });

  it('C25: what decodes is the one spelling of its bytes', () => {
    const spelling = fc.string({ unit: fc.constantFrom(...Array.from('AQgw/+-_=Zz09 ')), maxLength: 9 });
    fc.assert(
      fc.property(spelling, (text) => {
        const plain = decodeBase64(text);
        const url = decodeBase64Url(text);
        expect(plain.ok ? encodeBase64(plain.value) : text).toBe(text);
        expect(url.ok ? encodeBase64Url(url.value) : text).toBe(text);
      }),
      { ...SEED, numRuns: 2000 },
    );
  });

  it.each([
    'A',
    'AB',
    'AAB',
    'AA=',
    'AA==',
    'AAA=',
    '====',
    'A A',
    'AA\n',
    'AA+A',
    'AA/A',
    'AAAAA',
    '\u00e9AAA',
  ])('C25: %j is not base64url', (text) => {
    expect(decodeBase64Url(text)).toEqual({ ok: false, error: 'not-base64' });
  });

  it.each([
    'A',
    'AA',
    'AAA',
    'AB==',
    'AAB=',
    'A===',
    '====',
    'AA=A',
    'AAA=AAAA',
    'AA-A',
    'AA_A',
    'AA==\n',
    'AA==AA==',
  ])('C25: %j is not base64', (text) => {
    expect(decodeBase64(text)).toEqual({ ok: false, error: 'not-base64' });
  });
});

describe('bytes', () => {
  it('C25: joins and writes hex as Node does', () => {
    fc.assert(
      fc.property(fc.array(bytesOf, { maxLength: 5 }), (parts) => {
        const joined = concatBytes(...parts);
        expect(joined).toEqual(new Uint8Array(Buffer.concat(parts)));
        expect(encodeHex(joined)).toBe(Buffer.from(joined).toString('hex'));
      }),
      SEED,
    );
  });

  it('C25: compares content and length', () => {
    fc.assert(
      fc.property(bytesOf, bytesOf, (a, b) => {
        expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0);
        expect(equalBytes(a, a.slice())).toBe(true);
        expect(equalBytes(a, concatBytes(a, Uint8Array.of(0)))).toBe(false);
      }),
      SEED,
    );
  });

  it('C25: reads UTF-8 strictly and keeps a byte-order mark', () => {
    expect(decodeUtf8(utf8('\ufeffpintu \u{1f6aa}'))).toEqual({ ok: true, value: '\ufeffpintu \u{1f6aa}' });
    for (const bad of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xe2, 0x82]]) {
      expect(decodeUtf8(Uint8Array.from(bad))).toEqual({ ok: false, error: 'not-utf8' });
    }
  });
});
