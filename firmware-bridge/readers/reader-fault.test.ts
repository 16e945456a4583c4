import { expect, it } from 'vitest';
import type { ReaderConfig } from '../hardware.ts';
import { asciiProfileOf } from './ascii-profile-of.ts';
import { findReaderFault } from './reader-fault.ts';

const ascii = { protocol: 'ascii', port: '/dev/ttyS1', radix: 10, length: 10 } as const;
const wiegand = { protocol: 'wiegand', reader: 'panel', number: 0 } as const;

it('FB113: settings that fit are taken', () => {
  const fitting: readonly ReaderConfig[] = [
    { protocol: 'pn532', port: '/dev/ttyS1' },
    ascii,
    { ...ascii, prefix: '\u0002', suffix: '\u0003', radix: 16, check: 'xor', media: 'em' },
    { ...wiegand, format: 'h10301' },
    { ...wiegand, format: 'wg34', parity: 'ignored', keypad: { burst: 'bcd' } },
    { ...wiegand, format: 'raw', bits: 37, keypad: '8-bit' },
  ];
  for (const config of fitting) expect(findReaderFault(config), `${JSON.stringify(config)}`).toBeNull();
});

it('FB113: each contradiction is told by its key', () => {
  const bad: readonly (readonly [ReaderConfig, string])[] = [
    [{ ...ascii, prefix: 'A' }, 'prefix'],
    [{ ...ascii, suffix: '\u0100' }, 'prefix'],
    [{ ...ascii, bytes: 5 }, 'length'],
    [{ ...ascii, radix: 16, length: 9 }, 'length'],
    [{ ...ascii, media: 'em' }, 'length'],
    [{ ...ascii, check: 'xor' }, 'check'],
    [{ ...wiegand, format: 'raw' }, 'bits'],
    [{ ...wiegand, format: 'raw', bits: 34 }, 'bits'],
    [{ ...wiegand, format: 'raw', bits: 65 }, 'bits'],
    [{ ...wiegand, format: 'h10301', bits: 26 }, 'bits'],
    [{ ...wiegand, format: 'h10301', parity: 'ignored' }, 'parity'],
    [{ ...wiegand, format: 'h10301', keypad: { burst: 'bcd' } }, 'keypad'],
    [{ ...wiegand, format: 'wg34', keypad: { burst: 'number', facility: 1, digits: 5 } }, 'keypad'],
  ];
  for (const [config, key] of bad)
    expect(findReaderFault(config)?.key, `${JSON.stringify(config)}`).toBe(key);
});

it('FB113: the bytes of decimal digits are the most of which every number fits', () => {
  const expected = [
    [5, 2],
    [8, 3],
    [10, 4],
    [13, 5],
    [17, 7],
    [20, 8],
  ] as const;
  for (const [length, bytes] of expected) {
    expect(asciiProfileOf({ ...ascii, length }).byteCount).toBe(bytes);
  }
  expect(asciiProfileOf({ ...ascii, radix: 16, length: 14 }).byteCount).toBe(7);
});
