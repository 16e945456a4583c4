import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeCard } from './card.ts';
import {
  bitCountOf,
  bitsOfFrame,
  cardOfFields,
  encodeWiegand,
  parseWiegand,
  readingsOf,
  wiegandFormats,
  type WiegandCardProfile,
  type WiegandFields,
  type WiegandFormat,
  type WiegandFrame,
} from './wiegand-format.ts';

const profileOf = (format: WiegandFormat): WiegandCardProfile => ({ format });

/** Frames as printed in public format lists and manuals, left-justified. */
const worked: readonly (readonly [WiegandFormat, WiegandFields, string, string])[] = [
  ['h10301', { facility: 123, number: 14706 }, '3D9CB940', 'wg26:7B3972'],
  ['h10301', { facility: 123, number: 45678 }, 'BDD93740', 'wg26:7BB26E'],
  ['h10301', { facility: 1, number: 1 }, '80800080', 'wg26:010001'],
  ['h10301', { facility: 61, number: 4822 }, '1E896B40', 'wg26:3D12D6'],
  ['wg34', { facility: 0x007b, number: 0x3972 }, '003D9CB940', 'wg34:007B3972'],
  ['wg34', { facility: 0x6b3d, number: 0x12d6 }, '359E896B00', 'wg34:6B3D12D6'],
  ['c1000-35', { facility: 1234, number: 567890 }, 'D34A2A9480', 'wg35:D34A2A9480'],
  ['h10304', { facility: 1234, number: 56789 }, '82690DDD50', 'wg37:82690DDD50'],
  ['h10302', { number: 123456789 }, '8075BCD158', 'wg37:8075BCD158'],
  ['c1000-48', { facility: 1234, number: 567890 }, '4004D21154A5', 'wg48:4004D21154A5'],
];

it.each(worked)('CA4: %s of %j is %s and back', (format, fields, hex, text) => {
  const frame = encodeWiegand(format, fields);
  expect(frame).toEqual({ bitCount: bitCountOf(profileOf(format)), hex });
  const read = parseWiegand(profileOf(format), frame);
  if (!read.ok) throw new Error(read.error);
  expect(read.value.fields).toEqual(fields);
  expect(encodeCard(read.value.card)).toBe(text);
  expect(read.value.bits).toBe(bitsOfFrame(frame));
});

it.each(wiegandFormats)('CA4: any card of %s goes through its frame', (format) => {
  fc.assert(
    fc.property(fieldsOf(format), (fields) => {
      const read = parseWiegand(profileOf(format), encodeWiegand(format, fields));
      if (!read.ok) throw new Error(read.error);
      expect(read.value.fields).toEqual(fields);
      expect(read.value.card).toEqual(cardOfFields(format, fields));
      expect(readingsOf(read.value.card)).toContainEqual({ format, fields });
    }),
    { seed: 303, numRuns: 300 },
  );
});

it.each(worked)('CA4: %s of %j with any one bit turned is no card', (format, fields) => {
  const frame = encodeWiegand(format, fields);
  for (let bit = 0; bit < frame.bitCount; bit += 1) {
    const read = parseWiegand(profileOf(format), turn(frame, [bit]));
    expect(read.ok).toBe(false);
  }
});

it('CA5: each kind of bad frame has its own name', () => {
  const profile = profileOf('h10301');
  const fault = (frame: WiegandFrame): string => {
    const read = parseWiegand(profile, frame);
    return read.ok ? 'card' : read.error;
  };
  const good = encodeWiegand('h10301', { facility: 123, number: 14706 });
  expect(fault(good)).toBe('card');
  expect(fault(turn(good, [0]))).toBe('bad-parity');
  expect(fault({ bitCount: 26, hex: '00000000' })).toBe('all-zeros');
  expect(fault({ bitCount: 26, hex: 'FFFFFFC0' })).toBe('all-ones');
  expect(fault({ bitCount: 26, hex: '3D9CB941' })).toBe('malformed');
  expect(fault({ bitCount: 26, hex: '3D9CB9' })).toBe('malformed');
  expect(fault({ bitCount: 26, hex: '3D9CB9ZZ' })).toBe('malformed');
  expect(fault({ bitCount: 0, hex: '' })).toBe('malformed');
  for (const bitCount of [2, 3, 5, 9, 25, 27, 34, 37])
    expect(fault({ bitCount, hex: '8'.padEnd(2 * Math.ceil(bitCount / 8), '0') })).toBe('wrong-length');
});

it.each(wiegandFormats)('CA5: %s over swapped lines is told as inverted', (format) => {
  fc.assert(
    fc.property(fieldsOf(format), (fields) => {
      const frame = encodeWiegand(format, fields);
      const every = Array.from({ length: frame.bitCount }, (_, bit) => bit);
      const read = parseWiegand(profileOf(format), turn(frame, every));
      expect(read).toEqual({ ok: false, error: 'inverted' });
    }),
    { seed: 304, numRuns: 200 },
  );
});

it('CA3: a frame of another length than the reader is set to is no card, whatever its parity says', () => {
  for (const set of wiegandFormats) {
    for (const [format, fields] of worked) {
      const read = parseWiegand(profileOf(set), encodeWiegand(format, fields));
      const isSameLength = bitCountOf(profileOf(set)) === bitCountOf(profileOf(format));
      expect(read.ok).toBe(isSameLength);
    }
  }
});

it('CA3: both 37-bit settings store one card alike and read it each in its own way', () => {
  const frame = encodeWiegand('h10304', { facility: 1234, number: 56789 });
  const one = parseWiegand({ format: 'h10304' }, frame);
  const other = parseWiegand({ format: 'h10302' }, frame);
  if (!one.ok || !other.ok) throw new Error('refused');
  expect(other.value.card).toEqual(one.value.card);
  expect(other.value.fields).toEqual({ number: 1234 * 2 ** 19 + 56789 });
});

it('CA6: a 34-bit reader that leaves the parity zero gives the same card once it is set so', () => {
  const bare: WiegandFrame = { bitCount: 34, hex: '003D9CB900' };
  expect(parseWiegand({ format: 'wg34' }, bare)).toEqual({ ok: false, error: 'bad-parity' });
  const read = parseWiegand({ format: 'wg34', parity: 'ignored' }, bare);
  expect(read.ok && encodeCard(read.value.card)).toBe('wg34:007B3972');
});

it('CA7: a raw reader keeps every bit of the one length it is set to', () => {
  const frame: WiegandFrame = { bitCount: 56, hex: '04A2B3C4D5E680' };
  const read = parseWiegand({ format: 'raw', bitCount: 56 }, frame);
  expect(read.ok && encodeCard(read.value.card)).toBe('wg56:04A2B3C4D5E680');
  expect(read.ok && read.value.fields).toBeUndefined();
  expect(parseWiegand({ format: 'raw', bitCount: 58 }, frame).ok).toBe(false);
  for (const bitCount of [8, 26, 34, 65]) {
    const hex = '40'.padEnd(2 * Math.ceil(bitCount / 8), '0');
    expect(parseWiegand({ format: 'raw', bitCount }, { bitCount, hex }).ok).toBe(false);
  }
});

it('CA4: fields that do not fit are refused', () => {
  expect(() => encodeWiegand('h10301', { facility: 256, number: 1 })).toThrow(RangeError);
  expect(() => encodeWiegand('h10301', { facility: 1, number: 65536 })).toThrow(RangeError);
  expect(() => encodeWiegand('h10301', { number: 1 })).toThrow(RangeError);
  expect(() => encodeWiegand('h10302', { facility: 1, number: 1 })).toThrow(RangeError);
  expect(() => encodeWiegand('h10302', { number: 1.5 })).toThrow(RangeError);
  expect(cardOfFields('h10301', { facility: -1, number: 1 })).toBeUndefined();
});

it('CA5: any frame at all gives an answer', () => {
  const frame = fc.record({ bitCount: fc.integer({ min: -1, max: 300 }), hex: fc.string({ maxLength: 40 }) });
  const hexFrame = fc
    .tuple(fc.integer({ min: 1, max: 70 }), fc.stringMatching(/^[0-9A-F]{18}$/))
    .map(([bitCount, hex]) => ({ bitCount, hex: hex.slice(0, 2 * Math.ceil(bitCount / 8)) }));
  fc.assert(
    fc.property(fc.constantFrom(...wiegandFormats), fc.oneof(frame, hexFrame), (format, given) => {
      const read = parseWiegand(profileOf(format), given);
      const hex = read.ok ? encodeWiegand(format, read.value.fields ?? { number: -1 }).hex : given.hex;
      expect(hex).toBe(given.hex);
    }),
    { seed: 305, numRuns: 2_000 },
  );
});

function fieldsOf(format: WiegandFormat): fc.Arbitrary<WiegandFields> {
  const widths = {
    h10301: [8, 16],
    wg34: [16, 16],
    'c1000-35': [12, 20],
    h10302: [0, 35],
    h10304: [16, 19],
    'c1000-48': [22, 23],
  } as const;
  const [facilityBits, numberBits] = widths[format];
  const number = fc.integer({ min: 0, max: 2 ** numberBits - 1 });
  const facility = fc.integer({ min: 0, max: 2 ** facilityBits - 1 });
  return facilityBits === 0 ? fc.record({ number }) : fc.record({ facility, number });
}

function turn(frame: WiegandFrame, turned: readonly number[]): WiegandFrame {
  const bytes = (frame.hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
  for (const bit of turned) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
  return {
    ...frame,
    hex: bytes
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('')
      .toUpperCase(),
  };
}
