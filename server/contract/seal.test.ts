import { createHash, createHmac, hkdfSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encodeBase64Url, utf8 } from './bytes.ts';
import {
  checkSeals,
  encodeSealEscrow,
  nextSealKey,
  parseSealEscrow,
  sealMac,
  type FoundSeal,
  type SealEscrow,
} from './seal.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
const hmac = (key: Uint8Array, message: Uint8Array): Uint8Array =>
  createHmac('sha256', key).update(message).digest();

const escrow: SealEscrow = { site: 'situs', gateway: 'gw', key: sha256(utf8('seed of the seals')) };
const rootAt = (i: number): Uint8Array => sha256(utf8(`root ${i}`));

function sealsOf(count: number): FoundSeal[] {
  let { key } = escrow;
  return Array.from({ length: count }, (_, i) => {
    const size = 10 * (i + 1);
    const mac = sealMac(hmac, key, { i, size, root: rootAt(i) });
    key = nextSealKey(hmac, key);
    const seal = { i, size, root: encodeBase64Url(rootAt(i)), mac };
    return { file: 'f', line: size + 1, seq: size, seal, boot: 1, monoMs: i * 900_000, rootThere: rootAt(i) };
  });
}

const with_ = (seals: FoundSeal[], at: number, change: (seal: FoundSeal) => FoundSeal): FoundSeal[] =>
  seals.map((seal, index) => (index === at ? change(seal) : seal));

describe('seals', () => {
  it('C52: the key of the next interval is HKDF-SHA-256 of the one before', () => {
    const expected = hkdfSync('sha256', escrow.key, new Uint8Array(), 'palang-seal/v1', 32);
    expect(nextSealKey(hmac, escrow.key)).toEqual(Buffer.from(expected));
  });

  it('C52: seals by the keys of their own intervals hold', () => {
    expect(checkSeals(hmac, escrow, sealsOf(5))).toEqual({ ok: true, value: 5 });
    expect(checkSeals(hmac, escrow, [])).toEqual({ ok: true, value: 0 });
  });

  it('C52: a seal by the key of a later interval does not hold (CVE-2023-31439)', () => {
    let later = escrow.key;
    for (let i = 0; i < 3; i++) later = nextSealKey(hmac, later);
    for (let at = 0; at < 3; at++) {
      const size = 10 * (at + 1);
      const root = sha256(utf8('another history'));
      const forged = with_(sealsOf(5), at, (found) => ({
        ...found,
        rootThere: root,
        seal: {
          i: at,
          size,
          root: encodeBase64Url(root),
          mac: sealMac(hmac, later, { i: at, size, root }),
        },
      }));
      expect(checkSeals(hmac, escrow, forged)).toMatchObject({
        ok: false,
        error: { reason: 'changed', seal: { seal: { i: at } } },
      });
    }
  });

  it('C53: a missing, doubled, moved or late seal is found', () => {
    const seals = sealsOf(5);
    expect(checkSeals(hmac, escrow, seals.toSpliced(2, 1))).toMatchObject({ error: { reason: 'removed' } });
    expect(checkSeals(hmac, escrow, seals.slice(1))).toMatchObject({ error: { reason: 'removed' } });
    expect(checkSeals(hmac, escrow, seals.toSpliced(3, 0, seals[2]!))).toMatchObject({
      error: { reason: 'inserted' },
    });
    const moved = with_(seals, 1, (found) => ({ ...found, rootThere: rootAt(9) }));
    expect(checkSeals(hmac, escrow, moved)).toMatchObject({ error: { reason: 'changed' } });
    const late = seals.map((found, i) => (i < 3 ? found : { ...found, monoMs: found.monoMs + 600_000 }));
    expect(checkSeals(hmac, escrow, late)).toMatchObject({ error: { reason: 'removed' } });
    const rebooted = late.map((found, i) => (i < 3 ? found : { ...found, boot: 2 }));
    expect(checkSeals(hmac, escrow, rebooted)).toEqual({ ok: true, value: 5 });
  });

  it('C53: a changed size, number or key breaks a seal', () => {
    const seals = sealsOf(2);
    for (const change of [{ size: 11 }, { mac: 'A'.repeat(43) }, { root: encodeBase64Url(rootAt(7)) }]) {
      const changed = with_(seals, 0, (found) => ({
        ...found,
        rootThere: null,
        seal: { ...found.seal, ...change },
      }));
      expect(checkSeals(hmac, escrow, changed)).toMatchObject({ error: { reason: 'changed' } });
    }
    expect(checkSeals(hmac, { ...escrow, key: rootAt(1) }, seals)).toMatchObject({
      error: { reason: 'changed' },
    });
  });

  it('C54: an escrow survives paper, and a mistyped digit is found', () => {
    const text = encodeSealEscrow(sha256, escrow);
    expect(parseSealEscrow(sha256, text)).toEqual({
      ok: true,
      value: { ...escrow, key: Uint8Array.from(escrow.key) },
    });
    expect(parseSealEscrow(sha256, text.toUpperCase().replaceAll('\n', ' \r\n\n'))).toMatchObject({
      ok: true,
    });
    const at = text.indexOf('key ') + 4;
    const mistyped = text.slice(0, at) + (text[at] === '0' ? '1' : '0') + text.slice(at + 1);
    expect(parseSealEscrow(sha256, mistyped)).toEqual({ ok: false, error: 'mistyped' });
    for (const bad of ['', 'palang-seal-key/2', text.replace('gateway gw', 'gateway gw/..')]) {
      expect(parseSealEscrow(sha256, bad)).toEqual({ ok: false, error: 'malformed' });
    }
  });
});
