import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cardOfBytes, encodeCard } from './card.ts';
import { checkEnrolment } from './enrolment.ts';

const outcome = (text: string, uidOrder?: 'air' | 'reversed'): string => {
  const checked = checkEnrolment(text, uidOrder);
  return checked.ok ? 'ok' : checked.error;
};

it.each([
  'em:6F007B3972',
  'mf4:6B3D12D6',
  'mf7:04A2B3C4D5E680',
  'mf7:08A2B3C4D5E680',
  'wg26:7B3972',
  'wg34:007B3972',
  'wg34:087B3972',
  'wg35:D34A2A9480',
  'wg37:8075BCD158',
  'wg48:4004D21154A5',
  'wg56:04A2B3C4D5E680',
  'id4:08123456',
])('CA8, CA9: %s may be enrolled', (text) => {
  expect(outcome(text)).toBe('ok');
});

it.each([
  ['', 'malformed'],
  ['em:', 'malformed'],
  ['mf4:6b3d12d6', 'malformed'],
  ['em:0000000000', 'blank-number'],
  ['em:FFFFFFFFFF', 'blank-number'],
  ['em:6F00000000', 'reserved-number'],
  ['em:6F00FFFFFF', 'reserved-number'],
  ['em:6FFFFFFFFF', 'reserved-number'],
  ['mf4:00000000', 'blank-number'],
  ['mf4:FFFFFFFF', 'blank-number'],
  ['mf4:00FFFFFF', 'reserved-number'],
  ['mf7:00000000000000', 'blank-number'],
  ['wg26:000000', 'blank-number'],
  ['wg26:FFFFFF', 'blank-number'],
  ['wg34:00FFFFFF', 'reserved-number'],
  // Facility 0, number 0 of each long format, with its parity right.
  ['wg35:0000000020', 'blank-number'],
  ['wg48:000000000001', 'blank-number'],
  ['wg37:0000000008', 'blank-number'],
] as const)('CA8: %j is refused: %s', (text, reason) => {
  expect(outcome(text)).toBe(reason);
});

it('CA9: a random UID is refused however its other bytes fall', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 3, maxLength: 3 }), ([one = 0, two = 0, three = 0]) => {
      const card = cardOfBytes('mf', Uint8Array.of(0x08, one, two, three));
      expect(card.ok && outcome(encodeCard(card.value))).toBe('random-uid');
    }),
    { seed: 306, numRuns: 300 },
  );
});

it('CA9: a reader of UIDs as plain numbers is asked which byte comes first', () => {
  expect(outcome('wg34:08A2B3C4', 'air')).toBe('random-uid');
  expect(outcome('wg34:C4B3A208', 'reversed')).toBe('random-uid');
  expect(outcome('id4:08A2B3C4', 'air')).toBe('random-uid');
  expect(outcome('wg34:C4B3A208', 'air')).toBe('ok');
  expect(outcome('em:0812345678', 'air')).toBe('ok');
});

it('CA9: the first part of a longer UID is refused', () => {
  expect(outcome('mf4:8804A2B3')).toBe('cut-uid');
  expect(outcome('wg34:B3A20488', 'reversed')).toBe('cut-uid');
});
