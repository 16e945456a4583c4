import { expect, it } from 'vitest';
import { encodeCard, parseCard } from '../../firmware-bridge/protocol/card/card.ts';
import { parseCardText } from '#contract/card';

const CARDS = [
  'em:6F007B3972',
  'mf4:6B3D12D6',
  'mf7:04A2B3C4D5E680',
  'mf10:04A2B3C4D5E680112233',
  'wg26:7B3972',
  'wg34:007B3972',
  'wg37:82690DDD50',
  'wg64:0102030405060708',
  'id2:7B39',
  'id10:04A2B3C4D5E680112233',
];

it.each(CARDS)('C36: %s is the text that the readers give', (text) => {
  const read = parseCard(text);
  expect(read.ok && encodeCard(read.value)).toBe(text);
  expect(parseCardText(text)).not.toBeNull();
});

it.each([
  '',
  'em:',
  'em:6f007b3972',
  'em5:6F007B3972',
  'em:6F007B39',
  'mf5:6B3D12D6AA',
  'mf04:6B3D12D6',
  'wg25:7B3972',
  'wg65:010203040506070801',
  // The last three bits fill the byte up and belong to nothing.
  'wg37:82690DDD51',
  'id1:7B',
  'xx4:6B3D12D6',
  ' em:6F007B3972',
])('C36: %j is no card, here and at the readers', (text) => {
  expect(parseCardText(text)).toBeNull();
  expect(parseCard(text).ok).toBe(false);
});
