import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bytesOfHex, cardOfBytes, encodeCard, hexOfBytes, parseCard, type Card } from './card.ts';

const wholeBytes = [
  ['em', [5]],
  ['mf', [4, 7, 10]],
  ['id', [2, 3, 4, 5, 6, 7, 8, 9, 10]],
] as const;

it('CA1: every value of every byte has two digits and reads back', () => {
  const wrong: string[] = [];
  let count = 0;
  for (const [media, lengths] of wholeBytes) {
    for (const length of lengths) {
      for (let at = 0; at < length; at += 1) {
        for (let value = 0; value <= 0xff; value += 1) {
          const bytes = new Uint8Array(length).fill(0x5a).with(at, value);
          const card = cardOfBytes(media, bytes);
          const text = card.ok ? encodeCard(card.value) : '';
          const [, hex = ''] = text.split(':');
          const back = parseCard(text);
          const isBack =
            back.ok && encodeCard(back.value) === text && String(bytesOfHex(hex)) === String(bytes);
          if (!isBack || hex.length !== 2 * length) wrong.push(text);
          count += 1;
        }
      }
    }
  }
  expect(wrong).toEqual([]);
  expect(count).toBe(80 * 256);
});

it.each([
  ['em', '6F007B3972', 'em:6F007B3972'],
  ['mf', '6B3D12D6', 'mf4:6B3D12D6'],
  ['mf', '04A2B3C4D5E680', 'mf7:04A2B3C4D5E680'],
  ['mf', '0A0BA996', 'mf4:0A0BA996'],
  ['id', '007B3972', 'id4:007B3972'],
] as const)('CA1: %s %s is %s', (media, hex, text) => {
  const card = cardOfBytes(media, bytesOfHex(hex));
  expect(card.ok && encodeCard(card.value)).toBe(text);
});

it('CA1: cards with different bytes have different texts', () => {
  const bytes = fc.uint8Array({ minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(bytes, bytes, (one, other) => {
      expect(textOf(one) === textOf(other)).toBe(hexOfBytes(one) === hexOfBytes(other));
    }),
    { seed: 301, numRuns: 500 },
  );
});

it('CA1: a Wiegand card of any length reads back', () => {
  for (let bitCount = 26; bitCount <= 64; bitCount += 1) {
    const stored = bitCount === 26 || bitCount === 34 ? bitCount - 2 : bitCount;
    const bytes = Math.ceil(stored / 8);
    const fill = 8 * bytes - stored;
    const hex = 'A5'.repeat(bytes - 1) + hexOfBytes([(0xff << fill) & 0xff]);
    const card: Card = { media: 'wg', bitCount, hex };
    expect(parseCard(encodeCard(card))).toEqual({ ok: true, value: card });
  }
});

it.each([
  'em:6f007B3972',
  'em:F007B3972',
  'em:06F007B3972',
  'em5:6F007B3972',
  'em:6F007B397G',
  'em: 6F007B3972',
  '6F007B3972',
  'mf:6B3D12D6',
  'mf4:6B3D12',
  'mf5:6B3D12D600',
  'mf04:6B3D12D6',
  'wg26:3D9CB940',
  'wg25:7B3972',
  'wg65:000000000000000001',
  'wg37:82690DDD51',
  'wg37:82690DDD',
  'id1:7B',
  'id11:0000000000000000000001',
  'xx4:6B3D12D6',
  '',
])('CA2: %j is no canonical text', (text) => {
  expect(parseCard(text)).toEqual({ ok: false, error: 'malformed' });
});

it('CA2: whatever reads as a card is the text it is written as', () => {
  const text = fc.oneof(
    fc.string({ maxLength: 24 }),
    fc
      .tuple(fc.constantFrom('em', 'mf', 'wg', 'id'), fc.nat(99), fc.stringMatching(/^[0-9A-Fa-f]{0,20}$/))
      .map(([media, size, hex]) => `${media}${size === 0 ? '' : size}:${hex}`),
  );
  fc.assert(
    fc.property(text, (given) => {
      const card = parseCard(given);
      expect(card.ok ? encodeCard(card.value) : given).toBe(given);
    }),
    { seed: 302, numRuns: 2_000 },
  );
});

it('CA2: a card of no known length is not made', () => {
  expect(cardOfBytes('mf', new Uint8Array(5))).toEqual({ ok: false, error: 'wrong-length' });
  expect(cardOfBytes('em', new Uint8Array(4))).toEqual({ ok: false, error: 'wrong-length' });
  expect(() => encodeCard({ media: 'em', bitCount: 40, hex: '6F007B397' })).toThrow(RangeError);
});

function textOf(bytes: Uint8Array): string {
  const card = cardOfBytes('mf', bytes);
  if (!card.ok) throw new Error('refused');
  return encodeCard(card.value);
}
