import { expect, it } from 'vitest';
import { encodeWiegand } from '../card/wiegand-format.ts';
import { keypadKeyOf } from '../osdp/keypad.ts';
import { isPinKey, keyAt, type Key } from './key.ts';
import { checkWiegandProfile, readWiegand, type WiegandReaderProfile } from './read-wiegand.ts';
import { parseWiegandKey, type KeypadMode } from './wiegand-key.ts';

const allKeys: readonly Key[] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'clear', 'enter'];

/** As keypad manuals list them: 0 to 9, star, hash. */
const frames: Readonly<Record<KeypadMode, readonly string[]>> = {
  '4-bit': ['0000', '0001', '0010', '0011', '0100', '0101', '0110', '0111', '1000', '1001', '1010', '1011'],
  '6-bit': [
    '000001',
    '000010',
    '000100',
    '000111',
    '101001',
    '101010',
    '101100',
    '101111',
    '110001',
    '110010',
    '110100',
    '110111',
  ],
  '8-bit': ['F0', 'E1', 'D2', 'C3', 'B4', 'A5', '96', '87', '78', '69', '5A', '4B'].map((hex) =>
    Number.parseInt(hex, 16).toString(2).padStart(8, '0'),
  ),
};
const modes = Object.keys(frames) as KeypadMode[];

it('KP1: all twelve OSDP keys are keys of a PIN, function keys are not', () => {
  const sent = Array.from('0123456789', (digit) => digit.charCodeAt(0));
  expect([...sent, 0x7f, 0x0d].map((byte) => keypadKeyOf(byte))).toEqual(allKeys);
  expect(allKeys.every(isPinKey)).toBe(true);
  expect(['f1', 'f1+f4', '', '10', 'Enter'].some(isPinKey)).toBe(false);
  expect(Array.from({ length: 13 }, (_, index) => keyAt(index))).toEqual([...allKeys, undefined]);
});

it.each(modes)('KP2: %s knows all twelve keys', (mode) => {
  const keys = frames[mode].map((bits) => parseWiegandKey(mode, bits));
  expect(keys).toEqual(allKeys.map((value) => ({ ok: true, value })));
});

it.each(modes)('KP3: %s takes no other frame for a key', (mode) => {
  const width = Number(mode[0]);
  const known = new Set(frames[mode]);
  const every = Array.from({ length: 2 ** width }, (_, value) => value.toString(2).padStart(width, '0'));
  for (const bits of every.filter((frame) => !known.has(frame)))
    expect(parseWiegandKey(mode, bits)).toEqual({ ok: false, error: 'damaged' });
  expect(parseWiegandKey(mode, '')).toEqual({ ok: false, error: 'damaged' });
  expect(parseWiegandKey(mode, '0'.repeat(width + 1)).ok).toBe(false);
});

const plain: WiegandReaderProfile = { card: { format: 'h10301' }, keypad: 'none' };
const card = encodeWiegand('h10301', { facility: 123, number: 14706 });
const cardEvent = { type: 'card', card: 'wg26:7B3972', fields: { facility: 123, number: 14706 } };

it("KP4: on one reader, 26 bits are a card and the keypad's length is a key", () => {
  const reader: WiegandReaderProfile = { ...plain, keypad: '8-bit' };
  expect(readWiegand(reader, card)).toEqual(cardEvent);
  expect(readWiegand(reader, { bitCount: 8, hex: 'F0' })).toEqual({ type: 'keys', keys: ['0'] });
  expect(readWiegand(reader, { bitCount: 8, hex: 'F1' })).toEqual({ type: 'damaged', fault: 'bad-key' });
  expect(readWiegand({ ...plain, keypad: '4-bit' }, { bitCount: 4, hex: 'B0' })).toEqual({
    type: 'keys',
    keys: ['enter'],
  });
  expect(readWiegand({ ...plain, keypad: '6-bit' }, { bitCount: 6, hex: '04' })).toEqual({
    type: 'keys',
    keys: ['0'],
  });
});

it('KP4: noise of 2 to 9 bits is neither card nor key', () => {
  for (const keypad of ['none', '6-bit'] as const) {
    for (const bitCount of [2, 3, 4, 5, 7, 8, 9]) {
      const hex = '80'.padEnd(2 * Math.ceil(bitCount / 8), '0');
      expect(readWiegand({ ...plain, keypad }, { bitCount, hex }).type).toBe('damaged');
    }
  }
  expect(readWiegand({ ...plain, keypad: '4-bit' }, { bitCount: 4, hex: 'FF' }).type).toBe('damaged');
});

it('KP6: a burst of digits is a card where no burst is set, and keys where it is', () => {
  const burst = encodeWiegand('h10301', { facility: 255, number: 42 });
  expect(readWiegand(plain, burst).type).toBe('card');
  const reader: WiegandReaderProfile = { ...plain, keypad: { burst: 'number', facility: 255, digits: 4 } };
  expect(readWiegand(reader, burst)).toEqual({ type: 'keys', keys: ['0', '0', '4', '2', 'enter'] });
  expect(readWiegand(reader, card)).toEqual(cardEvent);
  const long = encodeWiegand('h10301', { facility: 255, number: 12345 });
  expect(readWiegand(reader, long)).toEqual({ type: 'damaged', fault: 'bad-key' });
  expect(readWiegand(reader, { bitCount: 26, hex: '00000000' }).type).toBe('damaged');
});

it('KP6: six digits of 4 bits, fewer filled up with F on either side', () => {
  const reader: WiegandReaderProfile = { card: { format: 'wg34' }, keypad: { burst: 'bcd' } };
  const entry = (data: number): unknown =>
    readWiegand(reader, encodeWiegand('h10301', { facility: data >> 16, number: data & 0xffff }));
  expect(entry(0x123456)).toEqual({ type: 'keys', keys: ['1', '2', '3', '4', '5', '6', 'enter'] });
  expect(entry(0x0123ff)).toEqual({ type: 'keys', keys: ['0', '1', '2', '3', 'enter'] });
  expect(entry(0xff0123)).toEqual({ type: 'keys', keys: ['0', '1', '2', '3', 'enter'] });
  expect(entry(0xff01f3)).toEqual({ type: 'damaged', fault: 'bad-key' });
  expect(entry(0x12a456)).toEqual({ type: 'damaged', fault: 'bad-key' });
  expect(readWiegand(reader, encodeWiegand('wg34', { facility: 0x7b, number: 0x3972 })).type).toBe('card');
});

it('KP5: a burst that could be a card is refused', () => {
  const fault = (profile: WiegandReaderProfile): unknown => {
    const checked = checkWiegandProfile(profile);
    return checked.ok ? 'ok' : checked.error;
  };
  expect(fault({ ...plain, keypad: { burst: 'bcd' } })).toBe('ambiguous-burst');
  expect(fault({ card: { format: 'wg34' }, keypad: { burst: 'bcd' } })).toBe('ok');
  expect(fault({ ...plain, keypad: { burst: 'number', facility: 255, digits: 4 } })).toBe('ok');
  expect(fault({ ...plain, keypad: { burst: 'number', facility: 256, digits: 4 } })).toBe('impossible-burst');
  expect(fault({ ...plain, keypad: { burst: 'number', facility: 255, digits: 5 } })).toBe('impossible-burst');
  expect(fault({ ...plain, keypad: '4-bit' })).toBe('ok');
});
