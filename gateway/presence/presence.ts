import type { EpochMs } from '#contract/clock';
import type { AccessOutcome } from '#contract/event';

/** A grant as far as it tells of somebody's stay. */
export interface Entry {
  /** Number of its record: what makes this stay another than the next one. */
  readonly of: number;
  readonly sinceMs: EpochMs;
  /** When its permit wants the person out; null where no record tells. */
  readonly untilMs: EpochMs | null;
  /** Handles of the permit and of the card; null where they are erased. */
  readonly pm: string | null;
  readonly cred: string | null;
  /** How many people came in with this one, the person included. */
  readonly heads: number;
}

/** Somebody who is inside. */
export interface Occupant extends Entry {
  /** False where nobody saw whether the granted entry took place. */
  readonly isSure: boolean;
  /** It was recorded that this stay is too long. */
  readonly isOverstayed: boolean;
}

/** Who is inside, by the handles of persons. */
export type Presence = ReadonlyMap<string, Occupant>;

/** Nobody. */
export const NOBODY: Presence = new Map();

/**
 * Takes the outcome of a grant: a seen entry brings its person in, an unknown one perhaps.
 * @see rules PR1, PR5
 */
export function enterRoom(
  inside: Presence,
  person: string | null,
  outcome: AccessOutcome,
  entry: Entry,
): Presence {
  if (outcome === 'no-entry' || person === null) return inside;
  const isSure = outcome === 'entered';
  // What was seen is not made doubtful by what was not.
  if (!isSure && inside.get(person)?.isSure === true) return inside;
  return new Map(inside).set(person, { ...entry, isSure, isOverstayed: false });
}

/**
 * Takes an exit; a stranger's exit, or that of somebody who was not inside, takes nobody out.
 * @returns `isWithoutEntry` where no entry of this person was recorded
 * @see rules PR2, PR3
 */
export function leaveRoom(
  inside: Presence,
  person: string | null,
): { readonly inside: Presence; readonly isWithoutEntry: boolean } {
  if (person === null || !inside.has(person)) return { inside, isWithoutEntry: true };
  const left = new Map(inside);
  left.delete(person);
  return { inside: left, isWithoutEntry: false };
}

/** How well it is known that somebody is inside; `lapsed`: so long ago that the exit was probably missed. */
export type Certainty = 'sure' | 'unsure' | 'lapsed';

/** Tells how well it is known that somebody is inside. @see rules PR5, PR6 */
export function certaintyOf(
  { isSure, sinceMs }: Pick<Occupant, 'isSure' | 'sinceMs'>,
  now: EpochMs,
  forgiveMs: number,
): Certainty {
  if (now - sinceMs >= forgiveMs) return 'lapsed';
  return isSure ? 'sure' : 'unsure';
}

/** Counts who is inside; the lapsed are not counted. @see rules PR5, PR6 */
export function countInside(
  inside: Presence,
  now: EpochMs,
  forgiveMs: number,
): { readonly sure: number; readonly unsure: number } {
  const count = (certainty: Certainty): number =>
    [...inside.values()]
      .filter((occupant) => certaintyOf(occupant, now, forgiveMs) === certainty)
      .reduce((sum, { heads }) => sum + heads, 0);
  return { sure: count('sure'), unsure: count('unsure') };
}

/**
 * Tells what a room means to somebody who wants in. Who may be inside takes a place, and so does who was let in
 * a moment ago; only who is known to be inside has come in already.
 * @param awaited the persons of grants whose outcome is still open, with how many people each brings
 * @returns `company`: who is known to be inside or was let in a moment ago; `isEmpty`: nobody else is known to be
 * inside, whoever was let in
 * @see rules PR6, PR7, PR11, PR12, PR17
 */
export function findPlace(
  inside: Presence,
  person: string | null,
  awaited: Iterable<readonly [person: string, heads: number]>,
  now: EpochMs,
  forgiveMs: number,
): {
  readonly isInside: boolean;
  readonly others: number;
  readonly isEmpty: boolean;
  readonly company: ReadonlySet<string>;
} {
  const others = new Map(awaited);
  const company = new Set(others.keys());
  let isInside = false;
  let isEmpty = true;
  for (const [each, occupant] of inside) {
    const certainty = certaintyOf(occupant, now, forgiveMs);
    if (certainty !== 'lapsed') others.set(each, Math.max(occupant.heads, others.get(each) ?? 0));
    if (certainty === 'sure') company.add(each);
    if (each === person) isInside = certainty === 'sure';
    else if (certainty === 'sure') isEmpty = false;
  }
  if (person !== null) others.delete(person);
  return { isInside, others: [...others.values()].reduce((sum, heads) => sum + heads, 0), isEmpty, company };
}

/**
 * Takes people out of the book because somebody in charge has looked: one, or everybody.
 * @see rule PR13
 */
export function resetPresence(inside: Presence, person: string | null): Presence {
  if (person === null) return NOBODY;
  return leaveRoom(inside, person).inside;
}
