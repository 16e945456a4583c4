import { describe, expect, it } from 'vitest';
import { sha256 } from '../../test/contract/test-keys.ts';
import { decodeUtf8, utf8 } from './bytes.ts';
import { encodeSignatureHeaders, parseSignatureHeaders, signatureBase } from './request-signature.ts';

const parameters = { created: 1_763_946_781, nonce: 'n'.repeat(22), keyId: 'gw-ruang-server' };
const request = { method: 'POST', path: '/api/v1/gateway/journal/1', query: '', body: utf8('{}') };
const baseOf = (change: Partial<typeof request> = {}, other: Partial<typeof parameters> = {}): string => {
  const text = decodeUtf8(signatureBase(sha256, { ...request, ...change }, { ...parameters, ...other }));
  return text.ok ? text.value : '';
};

describe('request signatures', () => {
  it('C24: everything that gives the request its meaning is signed', () => {
    const bases = [
      baseOf(),
      baseOf({ method: 'GET' }),
      baseOf({ path: '/api/v1/gateway/journal/2' }),
      baseOf({ query: '?x=1' }),
      baseOf({ body: utf8('{ }') }),
      baseOf({}, { created: 1 }),
      baseOf({}, { nonce: 'm'.repeat(22) }),
      baseOf({}, { keyId: 'gw-lain' }),
    ];
    expect(new Set(bases).size).toBe(bases.length);
    for (const base of bases) expect(base.split('\n')).toHaveLength(5);
  });

  it('C24: what it writes it reads', () => {
    const headers = encodeSignatureHeaders(sha256, request, parameters, new Uint8Array(64).fill(9));
    expect(parseSignatureHeaders(headers['signature-input'], headers.signature)).toEqual({
      ok: true,
      value: { parameters, signatureBase64: Buffer.alloc(64, 9).toString('base64') },
    });
  });
});
