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
  const all = [...inside.values()].map((occupant) => certaintyOf(occupant, now, forgiveMs));
  const count = (certainty: Certainty): number => all.filter((each) => each === certainty).length;
  return { sure: count('sure'), unsure: count('unsure') };
}

/**
 * Tells what a room means to somebody who wants in. Who may be inside takes a place, and so does who was let in
 * a moment ago; only who is known to be inside has come in already.
 * @param awaited the persons of grants whose outcome is still open
 * @see rules PR6, PR7
 */
export function findPlace(
  inside: Presence,
  person: string | null,
  awaited: Iterable<string>,
  now: EpochMs,
  forgiveMs: number,
): { readonly isInside: boolean; readonly others: number } {
  const others = new Set(awaited);
  let isInside = false;
  for (const [each, occupant] of inside) {
    const certainty = certaintyOf(occupant, now, forgiveMs);
    if (certainty !== 'lapsed') others.add(each);
    if (each === person) isInside = certainty === 'sure';
  }
  if (person !== null) others.delete(person);
  return { isInside, others: others.size };
}
