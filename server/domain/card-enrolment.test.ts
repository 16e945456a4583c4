import fc from 'fast-check';
import { expect, it } from 'vitest';
import { checkEnrolment } from './card-enrolment.ts';

const refusalOf = (text: string): string | null => {
  const card = checkEnrolment(text);
  return card.ok ? null : card.error;
};

it.each([
  'em:6F007B3972',
  'mf4:6B3D12D6',
  'mf7:04A2B3C4D5E680',
  'mf7:08A2B3C4D5E680',
  'wg26:7B3972',
  'wg34:007B3972',
  'wg35:D34A2A9480',
  'wg37:8075BCD158',
  'wg48:4004D21154A5',
  'id4:08123456',
])('SD13, SD14: %s may be enrolled', (text) => {
  expect(refusalOf(text)).toBeNull();
});

it.each([
  ['', 'malformed'],
  ['mf4:6b3d12d6', 'malformed'],
  ['em:0000000000', 'blank-number'],
  ['em:FFFFFFFFFF', 'blank-number'],
  ['em:6F00000000', 'reserved-number'],
  ['em:6F00FFFFFF', 'reserved-number'],
  ['em:6FFFFFFFFF', 'reserved-number'],
  ['mf4:00000000', 'blank-number'],
  ['mf4:00FFFFFF', 'reserved-number'],
  ['wg26:000000', 'blank-number'],
  ['wg26:FFFFFF', 'blank-number'],
  ['wg34:00FFFFFF', 'reserved-number'],
  // Facility 0, number 0 of each long format, with its parity right.
  ['wg35:0000000020', 'blank-number'],
  ['wg37:0000000008', 'blank-number'],
  ['wg48:000000000001', 'blank-number'],
] as const)('SD13: %j is refused: %s', (text, reason) => {
  expect(refusalOf(text)).toBe(reason);
});

it('SD14: a random UID is refused however its other bytes fall, and the first part of a longer one too', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0x000001, max: 0xfffffe }), (rest) => {
      const hex = rest.toString(16).padStart(6, '0').toUpperCase();
      expect(refusalOf(`mf4:08${hex}`)).toBe('random-uid');
      expect(refusalOf(`mf4:88${hex}`)).toBe('cut-uid');
    }),
    { seed: 306, numRuns: 300 },
  );
});
