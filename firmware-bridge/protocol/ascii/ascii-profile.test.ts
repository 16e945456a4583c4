import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CardReadEvent } from '../card/card-reader.ts';
import { joinBytes } from '../resync/scan-frames.ts';
import { createAsciiReader, encodeAsciiLine, type AsciiProfile, type AsciiShape } from './ascii-profile.ts';
import { learnAsciiShapes } from './learn-ascii-shape.ts';

const decimal: AsciiProfile = {
  prefix: [],
  suffix: [0x0d],
  radix: 10,
  digits: 10,
  check: 'none',
  media: 'id',
  byteCount: 4,
  order: 'air',
};

function read(profile: AsciiProfile, ...lines: readonly string[]): readonly CardReadEvent[] {
  const reader = createAsciiReader(profile);
  if (!reader.ok) throw new Error(reader.error);
  let held = reader.value.start;
  const events: CardReadEvent[] = [];
  for (const line of lines) {
    const bytes = Uint8Array.from(line, (sign) => sign.charCodeAt(0));
    for (const input of [{ bytes }, { idle: true } as const]) {
      const next = reader.value.receive(held, input);
      held = next.held;
      events.push(...next.events);
    }
  }
  return events;
}

const card: CardReadEvent = { type: 'card', card: 'id4:007B3972' };
const damaged: CardReadEvent = { type: 'damaged' };

it('RD22: only a whole line counts, and nothing is searched for inside a longer one', () => {
  expect(read(decimal, '0008075634\r')).toEqual([card]);
  expect(read(decimal, '0008075634\r\n')).toEqual([card]);
  expect(read(decimal, '\r0008075634\r')).toEqual([card]);
  expect(read(decimal, '008075634\r')).toEqual([damaged]);
  expect(read(decimal, '00008075634\r')).toEqual([damaged]);
  expect(read(decimal, '00080756340006547886\r')).toEqual([damaged]);
  expect(read(decimal, '0008075634')).toEqual([damaged]);
  expect(read(decimal, '000807563F\r')).toEqual([damaged]);
  expect(read(decimal, '?!\r', '0008075634\r')).toEqual([{ type: 'noise', bytes: 3 }, card]);
});

it('RD22: a line of any wrong length is damage, the next one is read', () => {
  for (let digits = 1; digits <= 60; digits += 1) {
    const events = read(decimal, `${'1'.repeat(digits)}\r0008075634\r`);
    expect(events).toEqual(digits === 10 ? read(decimal, '1111111111\r', '0008075634\r') : [damaged, card]);
  }
});

it('RD22: a prefix begins a line anew, wherever it stands', () => {
  const framed: AsciiProfile = { ...decimal, prefix: [0x02], suffix: [0x03] };
  expect(read(framed, '\u00020008075634\u0003')).toEqual([card]);
  expect(read(framed, '\u000200080\u00020008075634\u0003')).toEqual([damaged, card]);
  expect(read(framed, '0008075634\u0003')).toEqual([damaged]);
});

it('RD22: with a check, one wrong digit is damage', () => {
  const checked: AsciiProfile = { ...decimal, radix: 16, check: 'xor', media: 'em', byteCount: 5 };
  expect(read(checked, '6F007B39725F\r')).toEqual([{ type: 'card', card: 'em:6F007B3972' }]);
  expect(read(checked, '6f007b39725f\r')).toEqual([{ type: 'card', card: 'em:6F007B3972' }]);
  expect(read(checked, '6F007B39735F\r')).toEqual([damaged]);
});

it.each([
  [{ suffix: [0x30] }, 'bad-edge'],
  [{ prefix: [0x41] }, 'bad-edge'],
  [{ prefix: [256] }, 'bad-edge'],
  [{ prefix: [1, 2, 3, 4, 5] }, 'bad-edge'],
  [{ check: 'xor' }, 'bad-check'],
  [{ radix: 16, digits: 9, check: 'xor' }, 'bad-check'],
  [{ digits: 8 }, 'bad-length'],
  [{ radix: 16, digits: 10 }, 'bad-length'],
  [{ media: 'em' }, 'bad-length'],
  [{ media: 'mf', byteCount: 5, digits: 13 }, 'bad-length'],
  [{ byteCount: 1, digits: 3 }, 'bad-length'],
  [{ digits: 40 }, 'bad-length'],
] as const)('RD23: a profile with %j is refused: %s', (change, fault) => {
  expect(createAsciiReader({ ...decimal, ...change })).toEqual({ ok: false, error: fault });
});

it('RD24: a number too big for its bytes, or blank, is damage', () => {
  expect(read(decimal, '4294967294\r')).toEqual([{ type: 'card', card: 'id4:FFFFFFFE' }]);
  expect(read(decimal, '4294967296\r', '9999999999\r', '4294967295\r', '0000000000\r')).toEqual([
    damaged,
    damaged,
    damaged,
    damaged,
  ]);
});

it('RD24: a UID shown last byte first is stored in wire order', () => {
  const reversed: AsciiProfile = { ...decimal, media: 'mf', order: 'reversed' };
  expect(read(reversed, '3591519595\r')).toEqual([{ type: 'card', card: 'mf4:6B3D12D6' }]);
  expect(read({ ...reversed, order: 'air' }, '1799164630\r')).toEqual([
    { type: 'card', card: 'mf4:6B3D12D6' },
  ]);
});

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (sign) => sign.charCodeAt(0));

it('RD25: edges, digits, radix and check are learned', () => {
  expect(learnAsciiShapes(['\u00026F007B39725F\u0003', '\u0002010063E9AE25\u0003'].map(bytesOf))).toEqual([
    { prefix: [0x02], suffix: [0x03], radix: 16, digits: 10, check: 'xor' },
    { prefix: [0x02], suffix: [0x03], radix: 16, digits: 12, check: 'none' },
  ]);
  expect(learnAsciiShapes(['0008075634\r\n', '0006547886\r\n'].map(bytesOf))).toEqual([
    { prefix: [], suffix: [0x0d, 0x0a], radix: 10, digits: 10, check: 'none' },
    { prefix: [], suffix: [0x0d, 0x0a], radix: 16, digits: 10, check: 'none' },
  ]);
  expect(learnAsciiShapes(['\u00021234', '\u0002ABCD'].map(bytesOf))).toEqual([
    { prefix: [0x02], suffix: [], radix: 16, digits: 4, check: 'none' },
  ]);
});

it('RD25: a line that the reader repeats while the card stays is learned once', () => {
  expect(learnAsciiShapes(['0008075634\r0008075634\r0008075634\r', '0006547886\r'].map(bytesOf))[0]).toEqual({
    prefix: [],
    suffix: [0x0d],
    radix: 10,
    digits: 10,
    check: 'none',
  });
});

it('RD25: any shape that a reader may have is found again in what it sends', () => {
  const edge = fc.array(fc.constantFrom(0x02, 0x03, 0x0a, 0x0d, 0x20, 0x3a), { maxLength: 2 });
  const shape = fc.record({ prefix: edge, suffix: edge, digits: fc.constantFrom(6, 8, 10, 14) });
  const hex = fc.stringMatching(/^[0-9A-F]{16}$/);
  fc.assert(
    fc.property(shape, fc.boolean(), hex, hex, ({ prefix, suffix, digits }, isChecked, one, other) => {
      const sent: AsciiShape = { prefix, suffix, radix: 16, digits, check: isChecked ? 'xor' : 'none' };
      const bursts = [one, other].map((text) => encodeAsciiLine(sent, text.slice(0, digits)));
      expect(learnAsciiShapes(bursts)).toContainEqual(sent);
    }),
    { seed: 311, numRuns: 300 },
  );
});

it('RD26: captures that do not look alike teach nothing', () => {
  const one = bytesOf('0008075634\r');
  expect(learnAsciiShapes([])).toEqual([]);
  expect(learnAsciiShapes([one])).toEqual([]);
  expect(learnAsciiShapes([one, bytesOf('000807563\r')])).toEqual([]);
  expect(learnAsciiShapes([one, bytesOf('0008075634\n')])).toEqual([]);
  expect(learnAsciiShapes([one, new Uint8Array()])).toEqual([]);
  expect(learnAsciiShapes(['\r\n', '\r\n'].map(bytesOf))).toEqual([]);
  expect(learnAsciiShapes(['123\r', '456\r'].map(bytesOf))).toEqual([]);
  expect(learnAsciiShapes([joinBytes(one, bytesOf('x')), joinBytes(one, bytesOf('y'))])).toEqual([]);
});

it('RD4: whatever a capture holds, learning ends with an answer', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 5 }), (bursts) => {
      for (const shape of learnAsciiShapes(bursts)) expect(shape.digits).toBeGreaterThanOrEqual(2);
    }),
    { seed: 312, numRuns: 500 },
  );
});
