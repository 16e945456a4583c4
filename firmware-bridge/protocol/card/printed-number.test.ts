import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bytesOfHex, cardOfBytes, encodeCard, parseCard, type Card } from './card.ts';
import { candidatesOf, matchesPattern, printedFormsOf } from './printed-number.ts';
import { cardOfFields } from './wiegand-format.ts';

const formsOf = (text: string): Record<string, string> => {
  const card = parseCard(text);
  if (!card.ok) throw new Error('malformed');
  return Object.fromEntries(printedFormsOf(card.value).map(({ form, text: print }) => [form, print]));
};
const patternsOf = (printed: string): string[] => candidatesOf(printed).map(({ pattern }) => pattern);

it('CA10: an EM card tells all its numbers', () => {
  expect(formsOf('em:6F007B3972')).toEqual({
    hex: '6F007B3972',
    '10H13D': '0476749445490',
    '8H10D': '0008075634',
    '5,5': '00123,14706',
    '6H8D': '08075634',
    'facility,number': '123,14706',
    'facility+number': '12314706',
  });
  expect(formsOf('em:010063E9AE')['8H10D']).toBe('0006547886');
  expect(formsOf('em:4500C5D1E9')['8H10D']).toBe('0012964329');
  expect(formsOf('em:2E00B6D7B5')['8H10D']).toBe('0011982773');
});

it('CA10: a UID of 4 bytes tells what readers of either byte order show', () => {
  expect(formsOf('mf4:6B3D12D6')).toEqual({
    hex: '6B3D12D6',
    decimal: '1799164630',
    'reversed-hex': 'D6123D6B',
    'reversed-decimal': '3591519595',
    'facility,number': '061,04822',
    'first-3-facility,number': '107,15634',
    'reversed-facility,number': '018,15723',
    'reversed-first-3-facility,number': '214,04669',
  });
});

it('CA10: Wiegand cards tell their fields, the ambiguous ones in each format', () => {
  expect(formsOf('wg26:7B3972')).toMatchObject({ 'facility,number': '123,14706', '6H8D': '08075634' });
  expect(formsOf('wg34:007B3972')).toMatchObject({ decimal: '0008075634', '5,5': '00123,14706' });
  expect(formsOf('wg35:D34A2A9480')).toEqual({ 'c1000-35': '1234,567890' });
  expect(formsOf('wg37:82690DDD50')).toEqual({ h10304: '1234,56789', h10302: '647028181' });
  expect(formsOf('wg48:4004D21154A5')).toEqual({ 'c1000-48': '1234,567890' });
  expect(formsOf('mf7:04A2B3C4D5E680')).toEqual({ hex: '04A2B3C4D5E680', 'reversed-hex': '80E6D5C4B3A204' });
});

it('CA11: a ten-digit number may be an EM card, a UID of either order, or 34 Wiegand bits', () => {
  const patterns = patternsOf('0008075634');
  expect(patterns).toContain('em:??007B3972');
  expect(patterns).toContain('wg34:007B3972');
  expect(patterns).toContain('mf4:007B3972');
  expect(patterns).toContain('mf4:72397B00');
  expect(patterns).toContain('id4:007B3972');
  expect(patternsOf('8075634')).toEqual(patterns.filter((pattern) => !pattern.endsWith(':0008075634')));
});

it('CA11: a facility and a number may stand with any sign between them', () => {
  for (const printed of ['123,14706', '123.14706', '123/14706', '123-14706', '123:14706', '123 14706']) {
    expect(patternsOf(printed)).toEqual(
      expect.arrayContaining(['em:????7B3972', 'wg26:7B3972', 'mf4:??7B3972', 'mf4:7B3972??']),
    );
  }
  expect(patternsOf('1234,567890')).toEqual(['wg35:D34A2A9480', 'wg48:4004D21154A5']);
});

it('CA11: what a card is printed with leads back to it, for any card', () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  const whole = (media: 'em' | 'mf' | 'id', length: number): fc.Arbitrary<Card> =>
    bytes(length).map((given) => {
      const card = cardOfBytes(media, given);
      if (!card.ok) throw new Error('refused');
      return card.value;
    });
  const fields = (format: 'h10301' | 'wg34' | 'h10304' | 'c1000-35' | 'c1000-48') =>
    fc.tuple(fc.nat(255), fc.nat(65_535)).map(([facility, number]): Card => {
      const card = cardOfFields(format, { facility, number });
      if (card === undefined) throw new Error('refused');
      return card;
    });
  const card = fc.oneof(
    whole('em', 5),
    whole('mf', 4),
    whole('mf', 7),
    whole('mf', 10),
    whole('id', 4),
    fields('h10301'),
    fields('wg34'),
    fields('h10304'),
    fields('c1000-35'),
    fields('c1000-48'),
  );
  fc.assert(
    fc.property(card, (given) => {
      const text = encodeCard(given);
      for (const { form, text: printed, isComplete } of printedFormsOf(given)) {
        const found = candidatesOf(printed).filter((candidate) => candidate.form === form);
        const own = found.filter(({ pattern }) => matchesPattern(text, pattern));
        expect(own.length).toBeGreaterThan(0);
        expect(own.every((candidate) => candidate.isComplete === isComplete)).toBe(true);
        expect(!isComplete || own.some(({ pattern }) => pattern === text)).toBe(true);
      }
    }),
    { seed: 307, numRuns: 300 },
  );
});

it('CA12: both numbers of a card together narrow what it is', () => {
  expect(patternsOf('0008075634 123,14706')).toEqual(
    expect.arrayContaining(['em:??007B3972', 'mf4:007B3972']),
  );
  // Neither number alone rules these out.
  expect(patternsOf('0008075634')).toEqual(expect.arrayContaining(['em:0008075634', 'id4:007B3972']));
  expect(patternsOf('0008075634 123,14706').some((pattern) => /^(id4|em:0)/.test(pattern))).toBe(false);
  expect(patternsOf('6F007B3972 0008075634 123,14706')).toEqual(['em:6F007B3972']);
});

it.each([
  '',
  ' ',
  'kartu',
  '0008075634 123,14707',
  '4294967296,1',
  '123,70000',
  '6F007B39721',
  '1'.repeat(80),
  '01234567890123',
  '1 2 3 4 5',
])('CA12: %j stands for no EM card and no 26-bit card', (printed) => {
  expect(patternsOf(printed).filter((pattern) => /^(em|wg26):/.test(pattern))).toEqual([]);
});

it('CA12: a number too big for a form does not stand for it', () => {
  expect(patternsOf('4294967296')).toEqual(['em:4294967296', 'id5:4294967296', 'wg37:9000000008']);
  expect(patternsOf('300,14706').some((pattern) => pattern.startsWith('wg26'))).toBe(false);
  expect(patternsOf('99999999').some((pattern) => /^(wg26|em:\?{4})/.test(pattern))).toBe(false);
});

it('CA12: any text at all is answered with patterns of real width', () => {
  const word = fc.stringMatching(/^[0-9A-Fa-f.,/:-]{0,22}$/);
  fc.assert(
    fc.property(fc.array(word, { maxLength: 5 }), (words) => {
      for (const { pattern } of candidatesOf(words.join(' ')))
        expect(parseCard(pattern.replaceAll('?', '0')).ok).toBe(true);
    }),
    { seed: 308, numRuns: 1_000 },
  );
});

it('CA11: a pattern stands for cards of its own width only', () => {
  expect(matchesPattern('em:6F007B3972', 'em:??007B3972')).toBe(true);
  expect(matchesPattern('em:6F007B3973', 'em:??007B3972')).toBe(false);
  expect(matchesPattern('em:6F007B39', 'em:??007B3972')).toBe(false);
  expect(bytesOfHex('007B3972')).toHaveLength(4);
});
