import { createCipheriv, createDecipheriv } from 'node:crypto';
import { expect, it } from 'vitest';
import { createAes128 } from './aes-128.ts';
import { allZeroKey, defaultKey, installKey, parsePairedKey, type ChannelKey } from './channel-key.ts';
import { closeFrame, layOutFrame, parseFrame, type Frame, type FrameFields } from './frame.ts';
import { HANDSHAKE_BLOCK, keyBlock, proveDevice, startSession } from './handshake.ts';
import { fromHex } from './hex.ts';
import { openFrame, padAlways, sealFrame, type SecureSession } from './secure-frame.ts';
import { deriveSessionKeys, deviceCryptogram, initialReplyMac, isSameSecret } from './session-keys.ts';

const aes = createAes128({ createCipheriv, createDecipheriv });
const key: ChannelKey = { key: fromHex('101112131415161718191a1b1c1d1e1f'), indicator: 1 };
const rndA = fromHex('a0a1a2a3a4a5a6a7');
const rndB = fromHex('b0b1b2b3b4b5b6b7');
const session: SecureSession = {
  keys: deriveSessionKeys(aes, key.key, rndA),
  commandMac: fromHex('c0'.repeat(16)),
  replyMac: fromHex('d0'.repeat(16)),
};
const reply: Omit<FrameFields, 'security'> = {
  address: 1,
  isReply: true,
  sqn: 2,
  check: 'crc',
  code: 0x50,
  data: fromHex('00011a00bdd93740'),
};
const frameOf = (bytes: Uint8Array): Frame => {
  const frame = parseFrame(bytes);
  if (!frame.ok) throw new Error(frame.error);
  return frame.value;
};
/** A frame with the block type and data given, under a right MAC. */
function signed(type: number, data: Uint8Array, scbData: Uint8Array = new Uint8Array(0)): Frame {
  const laidOut = layOutFrame({ ...reply, data, security: { type, data: scbData } });
  const padded = laidOut.length % 16 === 0 ? laidOut : padAlways(laidOut);
  const head = padded.slice(0, -16);
  const chained =
    head.length === 0
      ? session.commandMac
      : aes.encryptCbc(session.keys.mac1, session.commandMac, head).slice(-16);
  const mac = aes.encryptCbc(session.keys.mac2, chained, padded.slice(-16));
  return frameOf(closeFrame(laidOut, 'crc', mac.slice(0, 4)));
}
const encrypted = (plain: Uint8Array): Uint8Array =>
  aes.encryptCbc(
    session.keys.enc,
    session.commandMac.map((byte) => ~byte & 0xff),
    plain,
  );

it.each([
  ['nothing', 0],
  ['a few bytes', 8],
  ['one block', 16],
  ['a full block more', 32],
  ['much', 200],
])('OS24: %s goes through sealed, both ways and in both check modes', (_, length) => {
  const data = Uint8Array.from({ length }, (__, index) => index & 0xff);
  for (const isReply of [true, false]) {
    for (const check of ['crc', 'checksum'] as const) {
      const sealed = sealFrame(aes, session, { ...reply, isReply, check, data });
      const frame = frameOf(sealed.bytes);
      expect(frame.security?.type).toBe((isReply ? 0x16 : 0x15) + (length > 0 ? 2 : 0));
      expect(frame.data).toHaveLength(length === 0 ? 0 : (Math.floor(length / 16) + 1) * 16);
      expect(openFrame(aes, session, frame)).toEqual({ ok: true, value: { data, mac: sealed.mac } });
    }
  }
});

it('OS25: one bit changed anywhere is refused by the MAC, before anything is decrypted', () => {
  const { bytes } = sealFrame(aes, session, reply);
  const watched = {
    ...aes,
    decryptCbc: () => {
      throw new Error('decrypted');
    },
  };
  const sealed = frameOf(bytes);
  for (let at = 1; at < bytes.length - 2; at += 1) {
    const changed = bytes.slice();
    changed[at] = (changed[at] ?? 0) ^ 0x01;
    const body = changed.slice(0, -2);
    const frame = parseFrame(closeFrame(body, 'crc'));
    if (!frame.ok || frame.value.security?.type !== sealed.security?.type) continue;
    // A longer security block is no block of a sealed frame at all.
    const error = at === 5 ? 'block' : 'mac';
    expect(openFrame(watched, session, frame.value)).toEqual({ ok: false, error });
  }
  expect(openFrame(watched, { ...session, commandMac: session.replyMac }, sealed)).toEqual({
    ok: false,
    error: 'mac',
  });
});

it('OS25: secrets are compared to the end', () => {
  expect(isSameSecret(fromHex('01020304'), fromHex('01020304'))).toBe(true);
  expect(isSameSecret(fromHex('01020304'), fromHex('01020305'))).toBe(false);
  expect(isSameSecret(fromHex('01020304'), fromHex('010203'))).toBe(false);
});

it('OS24: a reply in a block of a command, or with clear data, is refused', () => {
  const clear = fromHex('0100');
  expect(openFrame(aes, session, signed(0x15, clear))).toEqual({ ok: false, error: 'block' });
  expect(openFrame(aes, session, signed(0x17, encrypted(padAlways(clear))))).toEqual({
    ok: false,
    error: 'block',
  });
  expect(openFrame(aes, session, signed(0x16, clear))).toEqual({ ok: false, error: 'clear-data' });
  expect(openFrame(aes, session, signed(0x16, new Uint8Array(0), fromHex('00')))).toEqual({
    ok: false,
    error: 'block',
  });
  // The exception for readers that send their status that way is for status replies only.
  expect(openFrame(aes, session, signed(0x15, clear), true)).toEqual({ ok: false, error: 'block' });
});

it('OS27: padding is the mark and zeros up to the block, nothing else', () => {
  const open = (plain: Uint8Array) => openFrame(aes, session, signed(0x18, encrypted(plain)));
  expect(open(fromHex(`0102 80 ${'00'.repeat(13)}`))).toMatchObject({
    ok: true,
    value: { data: fromHex('0102') },
  });
  expect(open(fromHex(`80${'00'.repeat(15)}`))).toMatchObject({
    ok: true,
    value: { data: new Uint8Array(0) },
  });
  for (const hex of ['00'.repeat(16), `0102 81 ${'00'.repeat(13)}`, 'ff'.repeat(16), `80${'00'.repeat(31)}`])
    expect(open(fromHex(hex))).toEqual({ ok: false, error: 'padding' });
  for (const data of [new Uint8Array(0), fromHex('010203')])
    expect(openFrame(aes, session, signed(0x18, data))).toEqual({ ok: false, error: 'padding' });
});

it('OS28: a device is proven by indicator and cryptogram, the session by status and R-MAC', () => {
  const cryptogramOf = (baseKey: Uint8Array): Uint8Array =>
    deviceCryptogram(aes, deriveSessionKeys(aes, baseKey, rndA), rndA, rndB);
  const block = (indicator: 0 | 1) => keyBlock(HANDSHAKE_BLOCK.ccrypt, { ...key, indicator });
  const answer = { rndB, cryptogram: cryptogramOf(key.key) };
  const prove = (security = block(1), given = answer) => proveDevice(aes, key, rndA, security, given);

  expect(prove()).toMatchObject({ ok: true });
  expect(prove(block(0))).toEqual({ ok: false, error: 'key-indicator' });
  expect(prove(keyBlock(HANDSHAKE_BLOCK.rmac, key))).toEqual({ ok: false, error: 'block' });
  expect(proveDevice(aes, key, rndA, undefined, answer)).toEqual({ ok: false, error: 'block' });
  expect(prove(block(1), { rndB, cryptogram: fromHex('00'.repeat(16)) })).toEqual({
    ok: false,
    error: 'wrong-key',
  });
  for (const known of [defaultKey, allZeroKey])
    for (const indicator of [0, 1] as const)
      expect(prove(block(indicator), { rndB, cryptogram: cryptogramOf(known) })).toEqual({
        ok: false,
        error: 'known-key',
      });
  expect(
    proveDevice(aes, installKey, rndA, block(0), { rndB, cryptogram: cryptogramOf(defaultKey) }),
  ).toMatchObject({ ok: true });

  const proven = prove();
  if (!proven.ok) throw new Error(proven.error);
  const rMac = initialReplyMac(aes, proven.value.keys, proven.value.panelProof);
  const status = (value: number) => ({ type: HANDSHAKE_BLOCK.rmac, data: Uint8Array.of(value) });
  expect(startSession(aes, proven.value, status(1), rMac)).toMatchObject({ ok: true });
  for (const value of [0, 2, 0xff])
    expect(startSession(aes, proven.value, status(value), rMac)).toEqual({ ok: false, error: 'refused' });
  expect(startSession(aes, proven.value, undefined, rMac)).toEqual({ ok: false, error: 'block' });
  expect(startSession(aes, proven.value, status(1), fromHex('00'.repeat(16)))).toEqual({
    ok: false,
    error: 'wrong-key',
  });
});

it('OS30: the all-zero and the default key are no paired keys', () => {
  expect(parsePairedKey(allZeroKey)).toEqual({ ok: false, error: 'all-zero' });
  expect(parsePairedKey(defaultKey)).toEqual({ ok: false, error: 'default' });
  for (const length of [0, 15, 17])
    expect(parsePairedKey(new Uint8Array(length))).toEqual({ ok: false, error: 'length' });
  expect(parsePairedKey(key.key)).toEqual({ ok: true, value: key.key });
});
