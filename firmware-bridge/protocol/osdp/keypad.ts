export type KeypadKey =
  | '0'
  | '1'
  | '2'
  | '3'
  | '4'
  | '5'
  | '6'
  | '7'
  | '8'
  | '9'
  | 'clear'
  | 'enter'
  | 'f1'
  | 'f2'
  | 'f3'
  | 'f4'
  | 'f1+f2'
  | 'f2+f3'
  | 'f3+f4'
  | 'f1+f4';

/** What a KEYPAD reply sends for each key: digits as ASCII, `*` as 7F, `#` as 0D, function keys from 41. */
const KEY_BYTES: readonly (readonly [number, KeypadKey])[] = [
  [0x30, '0'],
  [0x31, '1'],
  [0x32, '2'],
  [0x33, '3'],
  [0x34, '4'],
  [0x35, '5'],
  [0x36, '6'],
  [0x37, '7'],
  [0x38, '8'],
  [0x39, '9'],
  [0x7f, 'clear'],
  [0x0d, 'enter'],
  [0x41, 'f1'],
  [0x42, 'f2'],
  [0x43, 'f3'],
  [0x44, 'f4'],
  [0x45, 'f1+f2'],
  [0x46, 'f2+f3'],
  [0x47, 'f3+f4'],
  [0x48, 'f1+f4'],
];

const KEYS = new Map(KEY_BYTES);

/** The key of a KEYPAD byte; undefined for a byte that no key sends. */
export const keypadKeyOf = (byte: number): KeypadKey | undefined => KEYS.get(byte);
