/**
 * An outcome that a caller must look at: denied, malformed and conflicting are values, not exceptions.
 */
export type Result<T, E> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

/** Wraps a value as a successful outcome. */
export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });

/** Wraps an error as a failed outcome. */
export const err = <E>(error: E): { readonly ok: false; readonly error: E } => ({ ok: false, error });

/** Ends the process on a case that the types say cannot happen; the unit restarts it and the door stays locked. */
export function unreachable(value: never): never {
  throw new Error(`unreachable case of type ${typeof value}`);
}

/**
 * A failure of a resource (link lost, disk failing), thrown by adapters only and handled by the loop that
 * supervises that resource. The message is a constant: it never carries a payload, a token or a card number.
 */
export class Fault extends Error {
  readonly code: string;
  readonly retryable: boolean;

  constructor(code: string, options: { readonly retryable: boolean; readonly cause?: unknown }) {
    super(code, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Fault';
    this.code = code;
    this.retryable = options.retryable;
  }
}
