import { createCipheriv, createDecipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createAes128 } from './aes-128.ts';
import { isSameBytes } from './byte-order.ts';
import { allZeroKey, defaultKey, type ChannelKey } from './channel-key.ts';
import { encodeCommand, parseCommand } from './commands.ts';
import {
  closeFrame,
  encodeFrame,
  isSealedType,
  layOutFrame,
  MARK,
  parseFrame,
  withMark,
  type Frame,
} from './frame.ts';
import { proveDevice, startSession, type ProvenDevice } from './handshake.ts';
import { fromHex, toHex } from './hex.ts';
import { heldNothing, receive } from './receive.ts';
import { encodeReply, parseReply, type Reply } from './replies.ts';
import { openFrame, sealFrame, type SecureSession } from './secure-frame.ts';
import { deriveSessionKeys, deviceCryptogram, initialReplyMac, panelCryptogram } from './session-keys.ts';

interface CapturedFrame {
  readonly dir: 'cp>pd' | 'pd>cp';
  readonly hex: string;
  readonly seq: number;
  readonly msg: string;
  readonly scs?: string;
  readonly data: string;
  readonly mac16?: string;
}

interface Captured {
  readonly scbk: string;
  readonly scbkd: string;
  readonly rndA: string;
  readonly rndB: string;
  readonly keys: Readonly<Record<'scbk' | 'scbkd', Readonly<Record<string, string>>>>;
  readonly sessions: Readonly<Record<string, readonly CapturedFrame[]>>;
}

interface Side {
  readonly hex: string;
  readonly is: string;
}

const readJson = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`vectors/${name}`, import.meta.url), 'utf8'));
const captured = readJson('captured-sessions.json') as Captured;
const { exchanges } = readJson('exchanges.json') as {
  readonly exchanges: readonly { readonly what: string; readonly command?: Side; readonly reply?: Side }[];
};

const aes = createAes128({ createCipheriv, createDecipheriv });
const sessions = Object.entries(captured.sessions);
const frameOf = (hex: string): Frame => {
  const bytes = fromHex(hex);
  const frame = parseFrame(bytes[0] === MARK ? bytes.slice(1) : bytes);
  if (!frame.ok) throw new Error(frame.error);
  return frame.value;
};

/** The payload written again from what was read of it. */
function rewritten(frame: Frame, data: Uint8Array): { type: string; code: number; data: Uint8Array } {
  const message = frame.isReply ? parseReply(frame.code, data) : parseCommand(frame.code, data);
  if (!message.ok) throw new Error(message.error);
  const written = frame.isReply
    ? encodeReply(message.value as Reply)
    : encodeCommand(message.value as Parameters<typeof encodeCommand>[0]);
  return { type: message.value.type, ...written };
}

/** Reads a session frame by frame with the keys it was made with, and writes every frame again from what was read. */
function replay(frames: readonly CapturedFrame[], acceptsBareStatus = true): readonly CapturedFrame[] {
  let session: SecureSession | undefined;
  let device: ProvenDevice | undefined;
  let rndA: Uint8Array = new Uint8Array(0);
  let channelKey: ChannelKey | undefined;

  const readSealed = (
    frame: Frame,
  ): { message: ReturnType<typeof rewritten>; plain: Uint8Array; again: Uint8Array; mac: Uint8Array } => {
    if (session === undefined) throw new Error('a sealed frame before the handshake');
    const opened = openFrame(aes, session, frame, acceptsBareStatus);
    if (!opened.ok) throw new Error(opened.error);
    const { data: plain, mac } = opened.value;
    const message = rewritten(frame, plain);
    const isBareStatus = frame.isReply && frame.security?.type === 0x15;
    const again = isBareStatus
      ? closeFrame(layOutFrame(frame), 'crc', mac.slice(0, 4))
      : sealFrame(aes, session, { ...frame, ...message }).bytes;
    session = frame.isReply ? { ...session, replyMac: mac } : { ...session, commandMac: mac };
    return { message, plain, again, mac };
  };

  const shakeHands = (frame: Frame): void => {
    const command = frame.isReply ? undefined : parseCommand(frame.code, frame.data);
    const reply = frame.isReply ? parseReply(frame.code, frame.data) : undefined;
    if (command?.ok && command.value.type === 'CHLNG') {
      const indicator = frame.security?.data[0] === 0 ? 0 : 1;
      channelKey = { key: fromHex(indicator === 0 ? captured.scbkd : captured.scbk), indicator };
      rndA = command.value.rndA;
    }
    if (reply?.ok && reply.value.type === 'CCRYPT' && channelKey !== undefined) {
      const proven = proveDevice(aes, channelKey, rndA, frame.security, reply.value);
      device = proven.ok ? proven.value : undefined;
    }
    if (command?.ok && command.value.type === 'SCRYPT') {
      if (!isSameBytes(command.value.cryptogram, device?.panelProof ?? new Uint8Array(0)))
        throw new Error('another proof');
    }
    if (reply?.ok && reply.value.type === 'RMAC_I' && device !== undefined) {
      const started = startSession(aes, device, frame.security, reply.value.rMac);
      if (!started.ok) throw new Error(started.error);
      session = started.value;
    }
  };

  return frames.map(({ hex }): CapturedFrame => {
    const frame = frameOf(hex);
    const type = frame.security?.type;
    const head = {
      dir: frame.isReply ? 'pd>cp' : 'cp>pd',
      seq: frame.sqn,
      ...(type === undefined ? {} : { scs: type.toString(16) }),
    } as const;
    if (type !== undefined && isSealedType(type)) {
      const { message, plain, again, mac } = readSealed(frame);
      const read = { msg: message.type, data: toHex(plain), mac16: toHex(mac) };
      return { ...head, ...read, hex: toHex(withMark(again)) };
    }
    shakeHands(frame);
    const message = rewritten(frame, frame.data);
    const again = withMark(encodeFrame({ ...frame, ...message }));
    return { ...head, msg: message.type, data: toHex(frame.data), hex: toHex(again) };
  });
}

describe('captured sessions', () => {
  it('OS1: there are 387 captured frames in four sessions', () => {
    expect(sessions.map(([, frames]) => frames.length).reduce((sum, count) => sum + count)).toBe(387);
    expect(sessions).toHaveLength(4);
  });

  it.each(sessions)('OS1: the receiver finds every frame of session %s, each with its code', (_, frames) => {
    for (const direction of ['replies', 'commands'] as const) {
      const stream = fromHex(frames.map(({ hex }) => hex).join(''));
      const { held, events } = receive(heldNothing, { bytes: stream }, direction);
      expect(held).toBe(heldNothing);
      expect(events.map(({ type }) => type)).toEqual(
        frames.map(({ dir }) => ((dir === 'pd>cp') === (direction === 'replies') ? 'frame' : 'skipped')),
      );
    }
  });

  it.each(sessions)(
    'OS1, OS20: session %s replays: every frame decodes to its plaintext, encodes to its bytes and chains its MAC',
    (_, frames) => {
      const rows = replay(frames);
      expect(rows).toEqual(
        frames.map(({ dir, hex, seq, msg, scs, data, mac16 }) => ({
          dir,
          hex,
          seq,
          msg,
          scs,
          data,
          mac16,
        })),
      );
    },
  );

  it('OS24: the one status reply that came in the block of a command is taken only where that is asked for', () => {
    const odd = sessions.flatMap(([, frames]) =>
      frames.filter(({ dir, scs }) => dir === 'pd>cp' && scs === '15'),
    );
    expect(odd.map(({ msg }) => msg)).toEqual(['OSTATR']);
    const frames = captured.sessions['secure'] ?? [];
    const before = frames.slice(
      0,
      frames.findIndex((frame) => frame === odd[0]),
    );
    expect(() => replay([...before, ...odd], false)).toThrow('block');
    expect(replay([...before, ...odd])).toHaveLength(before.length + 1);
  });

  it('OS29: the reader that was still in install mode is known by its all-zero key', () => {
    const [challenge, answer] = captured.sessions['scbkd_keyset']?.slice(4, 6) ?? [];
    const frame = frameOf(answer?.hex ?? '');
    const reply = parseReply(frame.code, frame.data);
    if (!reply.ok || reply.value.type !== 'CCRYPT') throw new Error('no CCRYPT');
    const channelKey = { key: fromHex(captured.scbk), indicator: 1 } as const;
    const rndA = frameOf(challenge?.hex ?? '').data;
    expect(proveDevice(aes, channelKey, rndA, frame.security, reply.value)).toEqual({
      ok: false,
      error: 'known-key',
    });
    const zeroKeys = deriveSessionKeys(aes, allZeroKey, rndA);
    expect(deviceCryptogram(aes, zeroKeys, rndA, reply.value.rndB)).toEqual(reply.value.cryptogram);
  });

  it.each(['scbk', 'scbkd'] as const)('OS21: keys, cryptograms and first R-MAC of %s', (name) => {
    const [rndA, rndB] = [fromHex(captured.rndA), fromHex(captured.rndB)];
    const keys = deriveSessionKeys(aes, fromHex(captured[name]), rndA);
    const proof = panelCryptogram(aes, keys, rndA, rndB);
    expect({
      sEnc: toHex(keys.enc),
      sMac1: toHex(keys.mac1),
      sMac2: toHex(keys.mac2),
      pdCryptogram: toHex(deviceCryptogram(aes, keys, rndA, rndB)),
      cpCryptogram: toHex(proof),
      rmacI: toHex(initialReplyMac(aes, keys, proof)),
    }).toEqual(captured.keys[name]);
    expect(toHex(defaultKey)).toBe(captured.scbkd);
  });
});

describe('exchanges of other implementations', () => {
  const sides = exchanges.flatMap(({ what, command, reply }) => [
    ...(command ? [{ what: `${what}, command`, ...command }] : []),
    ...(reply ? [{ what: `${what}, reply`, ...reply }] : []),
  ]);

  it.each(sides)('OS1: $what', ({ hex, is }) => {
    const frame = frameOf(hex);
    const message = frame.isReply ? parseReply(frame.code, frame.data) : parseCommand(frame.code, frame.data);
    expect(message.ok ? message.value.type : message.error).toBe(is);
    const fields = message.ok ? { ...frame, ...rewritten(frame, frame.data) } : frame;
    const marked = withMark(encodeFrame(fields));
    expect(toHex(hex.startsWith('ff') ? marked : marked.slice(1))).toBe(hex);
  });
});
