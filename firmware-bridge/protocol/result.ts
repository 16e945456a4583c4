/** The outcome of parsing; the protocol folder imports nothing from outside itself, so it has its own. */
export type Parsed<T, E> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export const parsed = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });

export const malformed = <E>(error: E): { readonly ok: false; readonly error: E } => ({ ok: false, error });
