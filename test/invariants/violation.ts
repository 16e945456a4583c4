/** Ids of the invariants; see RULES.md. */
export type InvariantId =
  `I${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15}` | `L${1 | 2 | 3 | 4}`;

/** One place where an invariant does not hold. */
export interface Violation {
  readonly id: InvariantId;
  /** What it is about: a log, a record, a gateway. */
  readonly where: string;
  readonly what: string;
}

/** Makes the violations of one invariant. */
export const violationsOf =
  (id: InvariantId) =>
  (where: string, what: string): Violation => ({ id, where, what });
