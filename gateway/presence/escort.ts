import type { EpochMs } from '#contract/clock';
import { certaintyOf, type Presence } from './presence.ts';

/** Somebody inside who must not be there without an escort, as the permit in force says it. */
export interface Escorted {
  readonly person: string;
  /** Number of the grant that let them in. */
  readonly of: number;
  readonly escorts: readonly string[];
}

/** What an escort's exit means to one who stays. */
export interface EscortChange {
  readonly person: string;
  readonly of: number;
  /** Who is inside and answers for them now; null where nobody does. */
  readonly by: string | null;
}

/**
 * Tells what becomes of those who stay when a person leaves: another of their escorts takes over, or they are
 * alone. Whose escort had left already is not told again.
 * @param inside who is inside once the person has left
 * @param escorted those of them who need an escort
 * @see rules PR14, PR15
 */
export function stepEscorts(
  inside: Presence,
  leaver: string | null,
  escorted: readonly Escorted[],
  now: EpochMs,
  forgiveMs: number,
): readonly EscortChange[] {
  if (leaver === null) return [];
  const isHere = (person: string): boolean => {
    const occupant = inside.get(person);
    return occupant !== undefined && certaintyOf(occupant, now, forgiveMs) !== 'lapsed';
  };
  return escorted
    .filter(({ person, escorts }) => person !== leaver && isHere(person) && escorts.includes(leaver))
    .map(({ person, of, escorts }) => ({ person, of, by: escorts.find(isHere) ?? null }));
}
