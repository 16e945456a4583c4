import type { AnomalyKind } from '#contract/api-review';
import { asEpochMs } from '#contract/clock';
import type { VisitProjection } from './visit-projection.ts';
import type { SiteMoment } from './site-day.ts';

/** A visit with what it was for. */
export type ReviewedVisit = VisitProjection & { readonly purpose: string | null };

/** Somebody known who was refused at a door. */
export interface RefusedTry {
  readonly id: string;
  readonly personId: string;
  readonly doorId: string;
  readonly at: number;
}

/** What anomalies are looked for in; all times ms since 1970. */
export interface AnomalyFacts {
  readonly from: number;
  readonly until: number;
  readonly now: number;
  /** Visits of the period, and of the time before it that says what is usual. */
  readonly visits: readonly ReviewedVisit[];
  readonly tries: readonly RefusedTry[];
  readonly momentOf: (at: ReturnType<typeof asEpochMs>) => SiteMoment;
  /** Days at the site on which nobody works, `YYYY-MM-DD`. */
  readonly holidays: ReadonlySet<string>;
}

/** Something that deserves a second look. */
export interface FoundAnomaly {
  readonly kind: AnomalyKind;
  readonly visitId: string;
  readonly personId: string | null;
  readonly doorId: string;
  readonly at: number;
  readonly measure: Readonly<Record<string, number | string>>;
}

/** Monday to Friday, from 7 to 18 on the wall of the site. */
const WORKING_HOURS = { firstHour: 7, endHour: 18, lastWeekday: 5 } as const;
/** How often somebody has to turn up at a door that is not theirs. */
const REPEATED = 3;
/** Fewer earlier visits say nothing of what is usual. */
const LEAST_BASELINE = 5;
const MINUTE_MS = 60_000;
/** Where nothing is known of somebody's usual length. */
const LONG_FOR_ANYBODY_MS = 8 * 60 * MINUTE_MS;

const startOf = (visit: ReviewedVisit): number => visit.enteredAt ?? visit.beganAt;

const foundOf = (
  kind: AnomalyKind,
  visit: ReviewedVisit,
  measure: FoundAnomaly['measure'],
): FoundAnomaly => ({
  kind,
  visitId: visit.id,
  personId: visit.personId,
  doorId: visit.doorId,
  at: startOf(visit),
  measure,
});

const isOfPeriod = ({ from, until }: AnomalyFacts, at: number): boolean => at >= from && at < until;

/** After-hours access: entries outside of the working hours of the site, or on a day on which nobody works. */
export function findAfterHours(facts: AnomalyFacts): readonly FoundAnomaly[] {
  return facts.visits.flatMap((visit) => {
    const { enteredAt } = visit;
    if (enteredAt === null || !isOfPeriod(facts, enteredAt)) return [];
    const { day, weekday, hour } = facts.momentOf(asEpochMs(enteredAt));
    const isWorkday = weekday <= WORKING_HOURS.lastWeekday && !facts.holidays.has(day);
    const isWorkHour = hour >= WORKING_HOURS.firstHour && hour < WORKING_HOURS.endHour;
    return isWorkday && isWorkHour ? [] : [foundOf('after-hours-access', visit, { weekday, hour })];
  });
}

/** Repeated access to areas that are unusual for the person: entries and refused tries at doors never used before. */
export function findUnusualAreas(facts: AnomalyFacts): readonly FoundAnomaly[] {
  const usual = new Map<string, Set<string>>();
  for (const visit of facts.visits) {
    if (visit.personId === null || startOf(visit) >= facts.from) continue;
    usual.set(visit.personId, (usual.get(visit.personId) ?? new Set()).add(visit.doorId));
  }
  const times = new Map<string, { readonly at: number; readonly found: FoundAnomaly }[]>();
  const note = (personId: string, found: FoundAnomaly): void => {
    const doors = usual.get(personId);
    // Of a newcomer nothing is unusual yet.
    if (doors === undefined || doors.has(found.doorId) || !isOfPeriod(facts, found.at)) return;
    const key = JSON.stringify([personId, found.doorId]);
    times.set(key, [...(times.get(key) ?? []), { at: found.at, found }]);
  };
  for (const visit of facts.visits) {
    if (visit.personId === null || visit.enteredAt === null) continue;
    note(visit.personId, foundOf('repeated-access-to-unusual-areas', visit, {}));
  }
  for (const { id, personId, doorId, at } of facts.tries) {
    note(personId, {
      kind: 'repeated-access-to-unusual-areas',
      visitId: id,
      personId,
      doorId,
      at,
      measure: {},
    });
  }
  return [...times.values()].flatMap((each) => {
    const newest = each.toSorted((a, b) => b.at - a.at)[0];
    return each.length >= REPEATED && newest !== undefined
      ? [{ ...newest.found, measure: { times: each.length } }]
      : [];
  });
}

/** Access for an unusual length: longer than twice what nineteen of twenty earlier visits of the person took. */
export function findUnusualLengths(facts: AnomalyFacts): readonly FoundAnomaly[] {
  const lengths = new Map<string, number[]>();
  for (const { personId, enteredAt, leftAt } of facts.visits) {
    if (personId === null || enteredAt === null || leftAt === null || enteredAt >= facts.from) continue;
    lengths.set(personId, [...(lengths.get(personId) ?? []), leftAt - enteredAt]);
  }
  return facts.visits.flatMap((visit) => {
    const { personId, enteredAt } = visit;
    if (enteredAt === null || !isOfPeriod(facts, enteredAt)) return [];
    // A visit without an exit that was replaced has no length that anybody knows.
    const end = visit.leftAt ?? (visit.phase === 'inside' ? facts.now : null);
    if (end === null) return [];
    const known = (lengths.get(personId ?? '') ?? []).toSorted((a, b) => a - b);
    const usual = known.length < LEAST_BASELINE ? null : (known[Math.ceil(0.95 * known.length) - 1] ?? null);
    const limit = usual === null ? LONG_FOR_ANYBODY_MS : Math.max(2 * usual, usual + 30 * MINUTE_MS);
    const length = end - enteredAt;
    if (length <= limit) return [];
    const minutes = (ms: number): number => Math.round(ms / MINUTE_MS);
    const measure =
      usual === null
        ? { minutes: minutes(length) }
        : { minutes: minutes(length), usualMinutes: minutes(usual) };
    return [foundOf('access-for-unusual-length', visit, measure)];
  });
}

/** Out-of-sequence access: out without in, in again without out, or in two rooms at once. */
export function findOutOfSequence(facts: AnomalyFacts): readonly FoundAnomaly[] {
  const found: FoundAnomaly[] = [];
  const kind = 'out-of-sequence-access';
  for (const visit of facts.visits) {
    if (!isOfPeriod(facts, startOf(visit))) continue;
    if (visit.phase === 'replaced') found.push(foundOf(kind, visit, { what: 'entered-again-without-exit' }));
    else if (visit.enteredAt === null && visit.leftAt !== null) {
      found.push(foundOf(kind, visit, { what: 'left-without-entry' }));
    } else if (visit.enteredAt !== null && visit.personId !== null) {
      const { enteredAt } = visit;
      const isElsewhere = facts.visits.some(
        (other) =>
          other.personId === visit.personId &&
          other.doorId !== visit.doorId &&
          other.enteredAt !== null &&
          other.enteredAt < enteredAt &&
          (other.leftAt === null ? other.phase === 'inside' : other.leftAt > enteredAt),
      );
      if (isElsewhere) found.push(foundOf(kind, visit, { what: 'in-two-places' }));
    }
  }
  return found;
}

/**
 * Finds the four anomalies of NIST SP 800-53 PE-6 by its names, oldest first.
 * @see rule SD85
 */
export const findAnomalies = (facts: AnomalyFacts): readonly FoundAnomaly[] =>
  [
    ...findAfterHours(facts),
    ...findUnusualAreas(facts),
    ...findUnusualLengths(facts),
    ...findOutOfSequence(facts),
  ].sort((a, b) => a.at - b.at || (a.visitId < b.visitId ? -1 : 1));
