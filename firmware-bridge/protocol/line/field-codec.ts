/** How one field of a message is written on the line and read back; `undefined` when the text is no such field. */
export interface FieldCodec<T> {
  readonly encode: (value: T) => string;
  readonly parse: (text: string) => T | undefined;
}

/** Decimal digits without sign or leading zero, `min` to `max`. */
export const decimal = (min: number, max: number): FieldCodec<number> => ({
  encode: (value) => String(value),
  parse: (text) => {
    if (!/^(?:0|[1-9][0-9]{0,15})$/.test(text)) return undefined;
    const value = Number(text);
    return value >= min && value <= max ? value : undefined;
  },
});

/** Exactly `digits` lower-case hex digits, kept as text. */
export const hexText = (digits: number): FieldCodec<string> => textField(new RegExp(`^[0-9a-f]{${digits}}$`));

/** Two lower-case hex digits, one bit an input. */
export const bitmap: FieldCodec<number> = {
  encode: (value) => value.toString(16).padStart(2, '0'),
  parse: (text) => (/^[0-9a-f]{2}$/.test(text) ? Number.parseInt(text, 16) : undefined),
};

/** `1` or `0`. */
export const flag: FieldCodec<boolean> = {
  encode: (value) => (value ? '1' : '0'),
  parse: (text) => (text === '1' ? true : text === '0' ? false : undefined),
};

/** One of a fixed list of words. */
export const word = <T extends string>(words: readonly T[]): FieldCodec<T> => ({
  encode: (value) => value,
  parse: (text) => words.find((known) => known === text),
});

/** Text that the pattern describes, as it stands. */
export const textField = (pattern: RegExp): FieldCodec<string> => ({
  encode: (value) => value,
  parse: (text) => (pattern.test(text) ? text : undefined),
});

/** A field that may be absent, written `-`. */
export const optional = <T>(codec: FieldCodec<T>): FieldCodec<T | null> => ({
  encode: (value) => (value === null ? '-' : codec.encode(value)),
  parse: (text) => (text === '-' ? null : codec.parse(text)),
});
