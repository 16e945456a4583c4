import { describe, expect, it } from 'vitest';
import { hmac, sha256 } from '../../test/contract/test-keys.ts';
import { encodeBase64Url, utf8 } from './bytes.ts';
import { commitTo, credentialHandle, doesOpen, openingSchema, type Opening } from './commitment.ts';

const salt = sha256(utf8('garam'));
const opening: Opening = {
  gw: 'gw-ruang-server',
  ep: 1,
  sq: 4,
  field: 'sub',
  salt: encodeBase64Url(salt),
  value: 's_contoh',
};
const commitment = commitTo(hmac, salt, 'sub', 's_contoh');

describe('commitments', () => {
  it('C7: two records of one person commit to values that cannot be linked', () => {
    expect(commitTo(hmac, sha256(utf8('garam lain')), 'sub', 's_contoh')).not.toBe(commitment);
  });

  it('C7: field and value cannot flow into each other', () => {
    expect(commitTo(hmac, salt, 'sub', '')).not.toBe(commitTo(hmac, salt, 'pm', ''));
    expect(commitTo(hmac, salt, 'sub', '\u0000x')).not.toBe(commitTo(hmac, salt, 'sub', 'x'));
  });

  it('C7: only salt, field and value together open it', () => {
    expect(doesOpen(hmac, opening, commitment)).toBe(true);
    expect(doesOpen(hmac, { ...opening, value: 's_conto' }, commitment)).toBe(false);
    expect(doesOpen(hmac, { ...opening, field: 'cred' }, commitment)).toBe(false);
    expect(doesOpen(hmac, { ...opening, salt: 'A'.repeat(43) }, commitment)).toBe(false);
    expect(doesOpen(hmac, opening, '')).toBe(false);
  });

  it('C7: a salt in another spelling opens nothing', () => {
    // The last letter carries two bits that must be zero.
    const spelled = opening.salt.replace(/.$/, (last) =>
      last === 'A' ? 'B' : String.fromCharCode(last.charCodeAt(0) + 1),
    );
    expect(doesOpen(hmac, { ...opening, salt: spelled }, commitment)).toBe(false);
    expect(doesOpen(hmac, { ...opening, salt: 'not base64' }, commitment)).toBe(false);
  });

  it('C7: the form of an opening is fixed', () => {
    expect(openingSchema.safeParse(opening).success).toBe(true);
    for (const change of [
      { ep: 0 },
      { sq: -1 },
      { field: 'name' },
      { salt: 'A' },
      { value: 'x'.repeat(201) },
      { note: '' },
    ]) {
      expect(openingSchema.safeParse({ ...opening, ...change }).success).toBe(false);
    }
  });

  it('C23: a handle depends on the card and on the site', () => {
    const other = sha256(utf8('site lain'));
    const handle = credentialHandle(hmac, salt, 'em:6F007B3972');
    expect(handle).toMatch(/^c_[A-Za-z0-9_-]{43}$/);
    expect(credentialHandle(hmac, other, 'em:6F007B3972')).not.toBe(handle);
    expect(credentialHandle(hmac, salt, 'em:6F007B3973')).not.toBe(handle);
  });
});
