import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bytesOfHex } from '../card/card.ts';
import { joinBytes } from '../resync/scan-frames.ts';
import {
  encodeBitsReply,
  encodeException,
  flashOn,
  modbusCrc,
  modbusStart,
  readCoils,
  readInputs,
  receiveModbus,
  switchOff,
  type ModbusReply,
  type ModbusRequest,
} from './modbus-frame.ts';

const hex = (text: string): Uint8Array => bytesOfHex(text.replaceAll(' ', ''));
const receive = (request: ModbusRequest, bytes: Uint8Array, mayEcho = false): readonly ModbusReply[] => {
  const first = receiveModbus(request, modbusStart(request, mayEcho), { bytes });
  return [...first.events, ...receiveModbus(request, first.held, { idle: true }).events];
};
const answers = (replies: readonly ModbusReply[]): readonly ModbusReply[] =>
  replies.filter(({ type }) => type !== 'damaged' && type !== 'noise');

it('RL1: the requests of the documents', () => {
  expect(switchOff(1, 0).bytes).toEqual(hex('01 05 00 00 00 00 CD CA'));
  expect(flashOn(1, 0, 7).bytes).toEqual(hex('01 05 02 00 00 07 8D B0'));
  expect(flashOn(1, 0, 50).bytes).toEqual(hex('01 05 02 00 00 32 4D A7'));
  expect(readCoils(1, 0, 8).bytes).toEqual(hex('01 01 00 00 00 08 3D CC'));
  expect(readInputs(1, 0, 8).bytes).toEqual(hex('01 02 00 00 00 08 79 CC'));
});

it('RL1: every frame of the documents has its CRC', () => {
  for (const text of [
    '01 05 00 00 FF 00 8C 3A',
    '01 05 00 00 55 00 F2 9A',
    '01 05 00 FF FF 00 BC 0A',
    '01 05 00 FF 00 00 FD FA',
  ])
    expect(modbusCrc(hex(text))).toBe(0);
  expect(modbusCrc(Uint8Array.from('123456789', (sign) => sign.charCodeAt(0)))).toBe(0x4b37);
});

it('RL1: bits are read from the lowest of the first byte on', () => {
  const request = readCoils(1, 0, 10);
  const bits = [true, false, false, true, false, false, false, false, false, true];
  expect(encodeBitsReply(1, 1, bits).subarray(0, 5)).toEqual(hex('01 01 02 09 02'));
  expect(receive(request, encodeBitsReply(1, 1, bits))).toEqual([{ type: 'bits', bits }]);
  expect(receive(readInputs(1, 0, 1), encodeBitsReply(1, 2, [true]))).toEqual([
    { type: 'bits', bits: [true] },
  ]);
});

it('RL2: what no board has is refused', () => {
  for (const ticks of [0, -1, 0x8000, 1.5]) expect(() => flashOn(1, 0, ticks)).toThrow(RangeError);
  expect(() => switchOff(0, 0)).toThrow(RangeError);
  expect(() => switchOff(248, 0)).toThrow(RangeError);
  expect(() => switchOff(1, 0x10000)).toThrow(RangeError);
  expect(() => readCoils(1, 0, 0)).toThrow(RangeError);
  expect(() => readCoils(1, 0, 65)).toThrow(RangeError);
});

it('RL2: no request carries the value that switches on for good', () => {
  for (let relay = 0; relay < 32; relay += 1) {
    for (const request of [flashOn(1, relay, 1), flashOn(1, relay, 0x7fff)])
      expect(request.bytes.subarray(1, 3)).toEqual(hex('05 02'));
    expect(switchOff(1, relay).bytes.subarray(1, 6)).toEqual(Uint8Array.of(5, 0, relay, 0, 0));
  }
});

it('RL3: answers of another unit, function or length are none', () => {
  const request = readCoils(1, 0, 8);
  const good = encodeBitsReply(
    1,
    1,
    Array.from({ length: 8 }, () => true),
  );
  for (const bad of [
    encodeBitsReply(
      2,
      1,
      Array.from({ length: 8 }, () => true),
    ),
    encodeBitsReply(
      1,
      2,
      Array.from({ length: 8 }, () => true),
    ),
    encodeBitsReply(
      1,
      1,
      Array.from({ length: 16 }, () => true),
    ),
    switchOff(1, 0).bytes,
    flashOn(1, 0, 5).bytes,
  ]) {
    expect(answers(receive(request, bad))).toEqual([]);
    expect(answers(receive(request, joinBytes(bad, good)))).toHaveLength(1);
  }
  expect(answers(receive(flashOn(1, 0, 5), flashOn(1, 0, 6).bytes))).toEqual([]);
  expect(receive(flashOn(1, 0, 5), flashOn(1, 0, 5).bytes)).toEqual([{ type: 'written' }]);
});

it('RL4: an exception is told by its function', () => {
  expect(receive(flashOn(1, 0, 5), encodeException(1, 5, 2))).toEqual([{ type: 'exception', code: 2 }]);
  expect(receive(readCoils(1, 0, 8), encodeException(1, 1, 3))).toEqual([{ type: 'exception', code: 3 }]);
  expect(encodeException(1, 5, 1).subarray(0, 3)).toEqual(hex('01 85 01'));
});

it('RL5: an exact echo is taken off, in any pieces; without one the answer is read as it is', () => {
  const request = flashOn(1, 0, 5);
  expect(receive(request, request.bytes, true)).toEqual([]);
  expect(receive(request, joinBytes(request.bytes, request.bytes), true)).toEqual([{ type: 'written' }]);
  const read = readCoils(1, 0, 1);
  const reply = encodeBitsReply(1, 1, [true]);
  expect(receive(read, joinBytes(read.bytes, reply), true)).toEqual([{ type: 'bits', bits: [true] }]);
  expect(receive(read, reply, true)).toEqual([{ type: 'bits', bits: [true] }]);
  const stream = joinBytes(read.bytes, reply);
  for (let cut = 1; cut < stream.length; cut += 1) {
    const first = receiveModbus(read, modbusStart(read, true), { bytes: stream.subarray(0, cut) });
    const second = receiveModbus(read, first.held, { bytes: stream.subarray(cut) });
    expect([...first.events, ...second.events]).toEqual([{ type: 'bits', bits: [true] }]);
    expect(second.held.echoLeft).toBe(0);
  }
});

it("RL5: a cut or noisy echo hides no answer, and a read's echo is never its answer", () => {
  const read = readCoils(1, 0, 1);
  const reply = encodeBitsReply(1, 1, [false]);
  for (let kept = 0; kept < read.bytes.length; kept += 1) {
    const cut = joinBytes(read.bytes.subarray(0, kept), reply);
    expect(answers(receive(read, cut, true))).toEqual([{ type: 'bits', bits: [false] }]);
    const noisy = joinBytes(Uint8Array.of(0x00, 0xff), joinBytes(read.bytes.subarray(kept), reply));
    expect(answers(receive(read, noisy, true))).toEqual([{ type: 'bits', bits: [false] }]);
  }
  for (let count = 1; count <= 64; count += 1) {
    const request = readCoils(1, 0, count);
    expect(answers(receive(request, request.bytes))).toEqual([]);
  }
});

it('RL6: no single corrupted byte makes an answer another one, and the next is read', () => {
  for (const [request, reply] of [
    [readCoils(1, 0, 1), encodeBitsReply(1, 1, [true])],
    [flashOn(1, 0, 5), flashOn(1, 0, 5).bytes],
    [flashOn(1, 0, 5), encodeException(1, 5, 2)],
  ] as const) {
    const [good] = receive(request, reply);
    for (let at = 0; at < reply.length; at += 1) {
      for (let value = 0; value <= 0xff; value += 1) {
        if (value === reply[at]) continue;
        const bad = reply.slice();
        bad[at] = value;
        expect(answers(receive(request, bad))).toEqual([]);
        expect(answers(receive(request, joinBytes(bad, reply)))).toEqual([good]);
      }
    }
  }
});

it('RL6: any bytes are taken and little is held', () => {
  const request = fc.constantFrom(readCoils(1, 0, 64), flashOn(1, 0, 5), readInputs(1, 0, 1));
  fc.assert(
    fc.property(request, fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 10 }), (asked, pieces) => {
      let held = modbusStart(asked, true);
      for (const bytes of pieces) {
        held = receiveModbus(asked, held, { bytes }).held;
        expect(held.scan.bytes.length).toBeLessThan(14);
      }
    }),
    { seed: 316, numRuns: 500 },
  );
});
