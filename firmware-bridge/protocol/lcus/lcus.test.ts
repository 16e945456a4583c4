import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeLcusRelay, lcusQuery, lcusStart, receiveLcus, type LcusEvent } from './lcus.ts';

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (sign) => sign.charCodeAt(0));

function receive(channels: number, ...bursts: readonly Uint8Array[]): readonly LcusEvent[] {
  let held = lcusStart;
  return bursts.flatMap((bytes) => {
    const half = Math.floor(bytes.length / 2);
    return [
      { bytes: bytes.subarray(0, half) },
      { bytes: bytes.subarray(half) },
      { idle: true } as const,
    ].flatMap((input) => {
      const next = receiveLcus(channels, held, input);
      held = next.held;
      return next.events;
    });
  });
}

it('RL17: the frames of the document', () => {
  expect(encodeLcusRelay(1, true)).toEqual(Uint8Array.of(0xa0, 0x01, 0x01, 0xa2));
  expect(encodeLcusRelay(1, false)).toEqual(Uint8Array.of(0xa0, 0x01, 0x00, 0xa1));
  expect(encodeLcusRelay(2, true)).toEqual(Uint8Array.of(0xa0, 0x02, 0x01, 0xa3));
  expect(encodeLcusRelay(2, false)).toEqual(Uint8Array.of(0xa0, 0x02, 0x00, 0xa2));
  expect(lcusQuery).toEqual(Uint8Array.of(0xff));
  for (const channel of [0, 9, -1, 1.5]) expect(() => encodeLcusRelay(channel, true)).toThrow(RangeError);
});

it('RL18: answers as text and as bytes', () => {
  expect(receive(2, bytesOf('CH1: OFF\r\nCH2: ON\r\n'))).toEqual([{ type: 'relays', isOn: [false, true] }]);
  expect(receive(2, bytesOf('ch1:on\nch2:off\n'))).toEqual([{ type: 'relays', isOn: [true, false] }]);
  expect(receive(4, Uint8Array.of(0, 1, 1, 0))).toEqual([
    { type: 'relays', isOn: [false, true, true, false] },
  ]);
  expect(receive(1, Uint8Array.of(1))).toEqual([{ type: 'relays', isOn: [true] }]);
});

it.each([
  'CH1: OFF\r\n',
  'CH1: OFF\r\nCH2: O',
  'CH2: OFF\r\nCH1: OFF\r\n',
  'CH1: OFF\r\nCH3: OFF\r\n',
  'CH1: OFF\r\nCH2: OFF\r\nCH3: OFF\r\n',
  '\u0000',
  '\u0000\u0002',
  '\r\n\r\n',
  'hello',
  'CH1: OFF\r\n'.repeat(20),
])('RL19: %j tells nothing, and the next answer is read', (text) => {
  const good = bytesOf('CH1: ON\r\nCH2: ON\r\n');
  expect(receive(2, bytesOf(text), good)).toEqual([
    { type: 'damaged' },
    { type: 'relays', isOn: [true, true] },
  ]);
});

it('RL19: silence without an answer tells nothing', () => {
  expect(receive(2, new Uint8Array())).toEqual([]);
});

it('RL19: any bytes are taken and few are held', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }), (pieces) => {
      let held = lcusStart;
      for (const bytes of pieces) {
        held = receiveLcus(8, held, { bytes }).held;
        expect(held.answer.length).toBeLessThanOrEqual(128);
      }
      expect(receiveLcus(8, held, { idle: true }).held).toEqual(lcusStart);
    }),
    { seed: 318, numRuns: 300 },
  );
});
