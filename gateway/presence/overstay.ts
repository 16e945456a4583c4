import { asEpochMs, type EpochMs } from '#contract/clock';
import { minutesOf, offsetMs, permitAllows, type PermitClaims } from '#contract/permit';
import type { Occupant, Presence } from './presence.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/**
 * Tells when a permit that reaches the door now stops doing so; hours that touch are one stay, and end where a day
 * begins on which they do not count.
 * @param holidays days of the site, `YYYY-MM-DD`
 * @see rules PR8, PR16
 */
export function stayEnd(
  permit: PermitClaims,
  door: string,
  now: EpochMs,
  holidays: readonly string[] = [],
): EpochMs {
  const ends = [asEpochMs(permit.exp * 1000)];
  for (const { to, utc } of permit.win ?? []) {
    const zoneMs = offsetMs(utc);
    const midnight = Math.floor((now + zoneMs) / DAY_MS) * DAY_MS - zoneMs;
    for (let at = midnight + minutesOf(to) * MINUTE_MS; at < permit.exp * 1000; at += DAY_MS) {
      if (at > now) ends.push(asEpochMs(at));
    }
  }
  // Hours end only at such a moment, and at each the shared meaning says whether the next have begun.
  const isOver = (at: EpochMs): boolean => permitAllows(permit, door, at, holidays) !== null;
  return ends.sort((a, b) => a - b).find(isOver) ?? now;
}

/** Somebody whose stay has become too long, and who they are. */
export interface Overstay extends Occupant {
  readonly person: string;
}

const isDue = ({ isOverstayed, untilMs }: Occupant, now: number, graceMs: number): boolean =>
  !isOverstayed && untilMs !== null && now >= untilMs + graceMs;

/**
 * Finds whose stay has become too long; each stay is found once.
 * @param findEnd when a permit that reaches now wants the occupant out; null where none does
 * @see rules PR9, PR10
 */
export function stepOverstay(
  inside: Presence,
  now: EpochMs,
  graceMs: number,
  findEnd: (occupant: Occupant) => EpochMs | null,
): { readonly inside: Presence; readonly overstays: readonly Overstay[] } {
  const next = new Map(inside);
  const overstays: Overstay[] = [];
  for (const [person, occupant] of inside) {
    if (!isDue(occupant, now, graceMs)) continue;
    const extended = { ...occupant, untilMs: findEnd(occupant) };
    if (extended.untilMs !== null && !isDue(extended, now, graceMs)) {
      next.set(person, extended);
      continue;
    }
    next.set(person, { ...occupant, isOverstayed: true });
    overstays.push({ ...occupant, person });
  }
  return { inside: next, overstays };
}

/** When the next stay becomes too long; null where none can. */
export function nextOverstayMs(inside: Presence, graceMs: number): EpochMs | null {
  const due = [...inside.values()].flatMap(({ isOverstayed, untilMs }) =>
    isOverstayed || untilMs === null ? [] : [untilMs + graceMs],
  );
  return due.length === 0 ? null : asEpochMs(Math.min(...due));
}
