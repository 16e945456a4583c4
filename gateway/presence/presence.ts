import type { AccessOutcome } from '#contract/event';

/** Who is inside, by the handles of persons: those whose last passage was an entry. */
export type Presence = ReadonlySet<string>;

/** Nobody. */
export const NOBODY: Presence = new Set();

/** Takes the outcome of a grant: only a seen entry brings somebody in. @see rule PR1 */
export function enterRoom(inside: Presence, person: string | null, outcome: AccessOutcome): Presence {
  if (outcome !== 'entered' || person === null) return inside;
  return new Set([...inside, person]);
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
  return { inside: new Set([...inside].filter((each) => each !== person)), isWithoutEntry: false };
}
