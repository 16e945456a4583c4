import { describe, expect, it } from 'vitest';
import { noteSigner, ports, sha256, testKey } from '../../test/contract/test-keys.ts';
import { utf8 } from './bytes.ts';
import {
  cosignCheckpoint,
  parseSignedCheckpoint,
  signCheckpoint,
  verifyCheckpoint,
  verifyCosignature,
  type SignedCheckpoint,
} from './checkpoint.ts';

const ORIGIN = 'dinas-contoh/gw-ruang-server/1';
const gateway = noteSigner(testKey('gateway'), ORIGIN);
const server = noteSigner(testKey('server'), 'dinas-contoh/site-log');
const checkpoint = { origin: ORIGIN, size: 3, root: new Uint8Array(32).fill(7) };
const note = signCheckpoint(sha256, checkpoint, gateway);

function parsed(text: string): SignedCheckpoint {
  const result = parseSignedCheckpoint(utf8(text));
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

function cosigned(atSeconds: number): string {
  const result = cosignCheckpoint(sha256, note, server, atSeconds);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

describe('signed checkpoints', () => {
  it('C6: reads back what it signed', async () => {
    expect(parsed(note).checkpoint).toEqual(checkpoint);
    expect(await verifyCheckpoint(ports, parsed(note), gateway, ORIGIN)).toEqual({
      ok: true,
      value: checkpoint,
    });
  });

  it('C6: no note with one bit flipped is genuine', async () => {
    const bytes = utf8(note);
    for (let at = 0; at < bytes.length; at++) {
      const flipped = bytes.map((byte, i) => (i === at ? byte ^ (1 << (at % 8)) : byte));
      const result = parseSignedCheckpoint(flipped);
      if (!result.ok) continue;
      expect(await verifyCheckpoint(ports, result.value, gateway, ORIGIN), `byte ${at}`).toMatchObject({
        ok: false,
      });
    }
  });

  it('C6: sizes up to 2^53-1 are read exactly', () => {
    const largest = { ...checkpoint, size: Number.MAX_SAFE_INTEGER };
    expect(parsed(signCheckpoint(sha256, largest, gateway)).checkpoint).toEqual(largest);
    expect(parseSignedCheckpoint(utf8(note.replace('\n3\n', '\n9007199254740992\n')))).toMatchObject({
      ok: false,
    });
  });

  it('C20: a cosignature leaves the signature as it is', async () => {
    const both = parsed(cosigned(1_763_946_781));
    expect(await verifyCheckpoint(ports, both, gateway, ORIGIN)).toMatchObject({ ok: true });
    expect(await verifyCosignature(ports, both, server)).toEqual({ ok: true, value: 1_763_946_781 });
    expect(await verifyCosignature(ports, both, gateway)).toEqual({ ok: false, error: 'unsigned' });
  });

  it('C20: no cosignature with one bit flipped is genuine', async () => {
    const bytes = utf8(cosigned(1_763_946_781));
    for (let at = utf8(note).length; at < bytes.length; at++) {
      const flipped = bytes.map((byte, i) => (i === at ? byte ^ (1 << (at % 8)) : byte));
      const result = parseSignedCheckpoint(flipped);
      if (!result.ok) continue;
      expect(await verifyCosignature(ports, result.value, server), `byte ${at}`).toMatchObject({ ok: false });
    }
  });

  it('C20: what is not a note is not cosigned', () => {
    for (const text of ['', note.slice(1).replace(/^[^\n]*\n/, ''), note.slice(0, -1)]) {
      expect(cosignCheckpoint(sha256, text, server, 1)).toEqual({ ok: false, error: 'malformed' });
    }
  });
});
