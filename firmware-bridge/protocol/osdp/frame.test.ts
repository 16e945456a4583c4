import { expect, it } from 'vitest';
import { crc16, checksum8 } from './frame-check.ts';
import {
  closeFrame,
  encodeFrame,
  frameLengthAt,
  layOutFrame,
  parseFrame,
  type FrameFields,
} from './frame.ts';
import { fromHex, toHex } from './hex.ts';

const poll: FrameFields = {
  address: 0,
  isReply: false,
  sqn: 0,
  check: 'crc',
  security: undefined,
  code: 0x60,
  data: new Uint8Array(0),
};
const faultOf = (hex: string): string => {
  const frame = parseFrame(fromHex(hex));
  return frame.ok ? 'none' : frame.error;
};

it('OS2: the CRC is CRC-16/SPI-FUJITSU and goes low byte first', () => {
  expect(crc16(new TextEncoder().encode('123456789'))).toBe(0xe5cc);
  expect(crc16(fromHex('530008000460'))).toBe(0xaaeb);
  expect(toHex(encodeFrame(poll))).toBe('530008000460ebaa');
});

it('OS2: with its checksum a frame sums to 0', () => {
  const frame = encodeFrame({ ...poll, check: 'checksum' });
  expect(toHex(frame)).toBe('53000700006046');
  expect(frame.reduce((sum, byte) => sum + byte, 0) % 256).toBe(0);
  expect(checksum8(new Uint8Array(0))).toBe(0);
});

it.each([
  ['530008000460ebab', 'bad-check'],
  ['53000700006047', 'bad-check'],
  ['510008000460ebaa', 'bad-start'],
  ['530006000460', 'bad-length'],
  ['53000700046046', 'bad-length'],
  ['5300a10504', 'bad-length'],
  ['530008001460ebaa', 'bad-control'],
  ['530008008460ebaa', 'bad-control'],
  ['53000a000c01156000', 'bad-block'],
  ['53000a000c0511600000', 'bad-block'],
  ['53000a000c0215600000', 'bad-block'],
  ['530008000460eb', 'incomplete'],
  ['5300', 'incomplete'],
  ['530008000460ebaa00', 'bad-length'],
])('OS2: %s is refused: %s', (hex, fault) => {
  expect(faultOf(hex)).toBe(fault);
});

it('OS2: a head that cannot be that of a frame is known before its length has come', () => {
  expect(frameLengthAt(fromHex('5300a105'), 0)).toEqual({ ok: false, error: 'bad-length' });
  expect(frameLengthAt(fromHex('5300a00504'), 0)).toEqual({ ok: true, value: 1440 });
  expect(frameLengthAt(fromHex('5300a005f4'), 0)).toEqual({ ok: false, error: 'bad-control' });
  expect(frameLengthAt(fromHex('5300a0050c'), 0)).toEqual({ ok: false, error: 'incomplete' });
});

it('OS2: what no frame can carry is a fault of the caller', () => {
  expect(() => encodeFrame({ ...poll, address: 128 })).toThrow(RangeError);
  expect(() => encodeFrame({ ...poll, data: new Uint8Array(1433) })).toThrow(RangeError);
  expect(encodeFrame({ ...poll, data: new Uint8Array(1432) })).toHaveLength(1440);
  const sealed = { ...poll, security: { type: 0x15, data: new Uint8Array(0) } };
  expect(() => encodeFrame(sealed)).toThrow(RangeError);
  expect(parseFrame(closeFrame(layOutFrame(sealed), 'crc', fromHex('01020304')))).toMatchObject({
    ok: true,
    value: { mac: fromHex('01020304'), data: new Uint8Array(0) },
  });
});
