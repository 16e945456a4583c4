import { malformed, parsed, type Parsed } from '../result.ts';
import { keyAt, type Key } from './key.ts';

/** How a Wiegand keypad sends one key: as many bits as the name says. */
export type KeypadMode = '4-bit' | '6-bit' | '8-bit';

export const keypadBits: Readonly<Record<KeypadMode, number>> = { '4-bit': 4, '6-bit': 6, '8-bit': 8 };

/**
 * Reads one key. 4 bits are the bare number; 6 have an even parity before it and an odd one behind, each over
 * half; 8 have its complement before it.
 * @returns `damaged` when the check fails or the number is no key's.
 * @see RULES.md KP2-KP3
 */
export function parseWiegandKey(mode: KeypadMode, bits: string): Parsed<Key, 'damaged'> {
  if (bits.length !== keypadBits[mode]) return malformed('damaged');
  const index = Number.parseInt(mode === '6-bit' ? bits.slice(1, 5) : bits.slice(-4), 2);
  const key = isCheckRight(mode, bits, index) ? keyAt(index) : undefined;
  return key === undefined ? malformed('damaged') : parsed(key);
}

function isCheckRight(mode: KeypadMode, bits: string, index: number): boolean {
  if (mode === '4-bit') return true;
  if (mode === '8-bit') return Number.parseInt(bits.slice(0, 4), 2) === 15 - index;
  return countOnes(bits.slice(0, 3)) % 2 === 0 && countOnes(bits.slice(3)) % 2 === 1;
}

const countOnes = (bits: string): number => bits.split('1').length - 1;
