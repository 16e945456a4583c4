import { readLittleEndian } from './byte-order.ts';

/** A payload cannot be read: its length is wrong, or a field holds a value that has no meaning. */
export type PayloadFault = 'length' | 'value';

/** One payload layout, both ways. `parse` answers with the fault when the bytes cannot be this payload. */
export interface PayloadCodec<T> {
  readonly code: number;
  encode(value: T): Uint8Array;
  parse(data: Uint8Array): T | PayloadFault;
}

/** The member of a union that has the type T, also where one member stands for several types. */
export type OfType<U extends { readonly type: string }, T> = U extends { readonly type: infer Types }
  ? T extends Types
    ? U & { readonly type: T }
    : never
  : never;

/** The value that a code stands for, or undefined. */
export const nameOf = <T extends string>(names: readonly T[], code: number | undefined): T | undefined =>
  code === undefined ? undefined : names[code];

/** The code of a name in its table. */
export const codeOf = <T extends string>(names: readonly T[], name: T): number => names.indexOf(name);

/** Times travel in steps of 100 ms. */
export const tenths = (ms: number): number => {
  if (!Number.isInteger(ms / 100)) throw new RangeError('time is not a multiple of 100 ms');
  return ms / 100;
};

export const msAt = (data: Uint8Array, at: number, bytes: 1 | 2): number =>
  readLittleEndian(data, at, bytes) * 100;

/** Splits into records of equal size; undefined when the length does not fit or nothing is there. */
export function recordsOf(data: Uint8Array, recordBytes: number): readonly Uint8Array[] | undefined {
  if (data.length === 0 || data.length % recordBytes !== 0) return undefined;
  return Array.from({ length: data.length / recordBytes }, (_, index) =>
    data.slice(index * recordBytes, (index + 1) * recordBytes),
  );
}

/** One character a byte. */
export const textOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/** Text as bytes; anything outside printable ASCII is a fault of the caller, readers show nothing else. */
export function asciiOf(text: string): Uint8Array {
  if (!/^[\x20-\x7e]*$/.test(text)) throw new RangeError('text is not printable ASCII');
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
