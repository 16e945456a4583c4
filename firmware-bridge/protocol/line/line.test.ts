import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc16 } from './crc16.ts';
import {
  encodeControllerLine,
  encodeHostLine,
  maxLineBytes,
  parseControllerLine,
  parseHostLine,
  type Line,
} from './line.ts';
import type { ControllerMessage, HostMessage } from './message.ts';

const seed = 96;
const session = 'a3f017c2';
const outside = '00000000';

const hostFixtures: readonly (readonly [line: Line<HostMessage>, text: string])[] = [
  [{ session: outside, seq: 0, message: { type: 'query' } }, '>00000000 0 Q*EA25'],
  [
    { session: outside, seq: 0, message: { type: 'hello', offer: 'a3f0', nonce: '17c2' } },
    '>00000000 0 H a3f0 17c2*078D',
  ],
  [{ session, seq: 1, message: { type: 'secure' } }, '>a3f017c2 1 L*BE45'],
  [{ session, seq: 2, message: { type: 'tick' } }, '>a3f017c2 2 T*742C'],
  [
    {
      session,
      seq: 3,
      message: { type: 'pulse', output: 0, durationMs: 5000, id: 'gr-8f3a', mark: { epoch: 1, sq: 42 } },
    },
    '>a3f017c2 3 P 0 5000 gr-8f3a 1.42*E4B3',
  ],
  [
    { session, seq: 4, message: { type: 'pulse', output: 0, durationMs: 100, id: '!', mark: null } },
    '>a3f017c2 4 P 0 100 ! -*BF0C',
  ],
  [
    { session, seq: 4_294_967_295, message: { type: 'signal', signal: 'granted' } },
    '>a3f017c2 4294967295 G granted*59B9',
  ],
];

const controllerFixtures: readonly (readonly [line: Line<ControllerMessage>, text: string])[] = [
  [
    { session: outside, seq: 0, message: { type: 'offer', version: 1, offer: 'a3f0' } },
    '<00000000 0 B 1 a3f0*2B21',
  ],
  [
    {
      session,
      seq: 1,
      message: { type: 'welcome', maxPulseMs: 10_000, inputCount: 2, mark: { epoch: 1, sq: 41 } },
    },
    '<a3f017c2 1 W 10000 2 1.41*4CA8',
  ],
  [{ session, seq: 2, message: { type: 'done', seq: 1, isReleased: false } }, '<a3f017c2 2 A 1 0*8884'],
  [
    { session, seq: 3, message: { type: 'refused', seq: 3, reason: 'ratchet' } },
    '<a3f017c2 3 N 3 ratchet*73BC',
  ],
  [
    { session, seq: 4, message: { type: 'status', seq: 2, inputs: 2, isTampered: false, isReleased: true } },
    '<a3f017c2 4 S 2 02 0 1*2471',
  ],
  [
    { session, seq: 5, message: { type: 'card', reader: 0, bitCount: 26, data: '3D9CB940' } },
    '<a3f017c2 5 C 0 26 3D9CB940*03C8',
  ],
  [{ session, seq: 6, message: { type: 'key', key: 'enter' } }, '<a3f017c2 6 K enter*1709'],
  [{ session, seq: 7, message: { type: 'input', input: 0, isActive: true } }, '<a3f017c2 7 I 0 1*D41F'],
  [{ session, seq: 8, message: { type: 'tamper', isActive: true } }, '<a3f017c2 8 X 1*7FF1'],
  [
    { session, seq: 9, message: { type: 'output', output: 0, isReleased: false, cause: 'ended' } },
    '<a3f017c2 9 O 0 0 ended*654F',
  ],
  [
    { session, seq: 10, message: { type: 'openings', count: 4_294_967_295 } },
    '<a3f017c2 10 D 4294967295*7C88',
  ],
];

const withCheck = (body: string): string =>
  `${body}*${crc16(body).toString(16).toUpperCase().padStart(4, '0')}`;

describe('the line codec', () => {
  it('FB20: the check is CRC-16/IBM-3740', () => {
    expect(crc16('123456789')).toBe(0x29b1);
  });

  it('FB20: each message of the host is its fixture line, and back', () => {
    for (const [line, text] of hostFixtures) {
      expect(encodeHostLine(line)).toBe(`${text}\n`);
      expect(parseHostLine(text)).toEqual({ ok: true, value: line });
    }
  });

  it('FB20: each message of the controller is its fixture line, and back', () => {
    for (const [line, text] of controllerFixtures) {
      expect(encodeControllerLine(line)).toBe(`${text}\n`);
      expect(parseControllerLine(text)).toEqual({ ok: true, value: line });
    }
  });

  it('FB20: the longest pulse fits the longest line', () => {
    const mark = { epoch: 4_294_967_295, sq: 4_294_967_295 };
    const message: HostMessage = { type: 'pulse', output: 7, durationMs: 10_000, id: 'x'.repeat(36), mark };
    expect(encodeHostLine({ session, seq: 4_294_967_295, message }).length).toBeLessThanOrEqual(maxLineBytes);
  });

  it('FB21: a line with any one byte changed is not taken', () => {
    for (const [, text] of hostFixtures) {
      for (let at = 0; at < text.length; at += 1) {
        for (const other of ['0', '1', 'A', ' ', '*', '\x00', '\xff']) {
          if (text[at] === other) continue;
          expect(parseHostLine(text.slice(0, at) + other + text.slice(at + 1))).toEqual({
            ok: false,
            error: 'bad-crc',
          });
        }
      }
    }
  });

  it('FB21: the own line that a half-duplex adapter gives back is an echo', () => {
    for (const [, text] of hostFixtures)
      expect(parseControllerLine(text)).toEqual({ ok: false, error: 'echo' });
    for (const [, text] of controllerFixtures)
      expect(parseHostLine(text)).toEqual({ ok: false, error: 'echo' });
  });

  it('FB21: an intact line that is no message of this version is unknown', () => {
    const bodies = [
      '>a3f017c2 1 Z',
      '>a3f017c2 1 P 0 5000 id',
      '>a3f017c2 1 P 0 5000 id 1.2 extra',
      '>a3f017c2 1 P 8 5000 id -',
      '>a3f017c2 1 P 0 05000 id -',
      '>a3f017c2 1 P 0 -1 id -',
      '>a3f017c2 1 P 0 5000 id 1.2.3',
      `>a3f017c2 1 P 0 5000 ${'x'.repeat(37)} -`,
      '>a3f017c2 1 G open',
      '>a3f017c2 01 T',
      '>a3f017c2 4294967296 T',
      '>A3F017C2 1 T',
      '>a3f017c 1 T',
      '>a3f017c2 1  T',
      '>a3f017c2 1 T ',
      '',
    ];
    for (const body of bodies)
      expect(parseHostLine(withCheck(body)), `body ${body}`).toEqual({ ok: false, error: 'unknown' });
  });

  it('FB21: no text makes the parser throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (body) => {
        expect(parseControllerLine(body).ok).toBe(false);
        expect(parseControllerLine(withCheck(`<${body}`)).ok).toBe(false);
      }),
      { seed },
    );
  });
});
