import type { Figures } from '#contract/api-figures';
import { asEpochMs, type EpochMs } from '#contract/clock';
import { DENY_REASONS, type DenyReason, type EventType } from '#contract/event';
import { createSiteCalendar } from './site-day.ts';

/** What the figures of a period are made of. */
export interface FigureFacts {
  readonly from: EpochMs;
  readonly until: EpochMs;
  readonly timeZone: string;
  /** Stays that reach into the period. */
  readonly stays: readonly {
    readonly enteredAt: EpochMs;
    /** Null while it lasts. */
    readonly leftAt: EpochMs | null;
    readonly purpose: string | null;
  }[];
  readonly denials: readonly { readonly reason: string; readonly count: number }[];
  readonly alarms: readonly { readonly at: EpochMs; readonly type: EventType }[];
  readonly decisions: readonly { readonly filedAt: EpochMs; readonly decidedAt: EpochMs }[];
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** Upper bounds in minutes: a quarter of an hour is the clock of an incident, a day that of an ordinary visit. */
const BANDS = [15, 60, 240, 1440, 4320] as const;

/** The value below which this share of sorted values lies, by nearest rank; null of none. */
function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}

function countBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}

/** By day first, since that is how the keys begin. */
const byKey = ([a]: readonly [string, number], [b]: readonly [string, number]): number =>
  a < b ? -1 : a > b ? 1 : 0;

/** The most people inside within each hour in which somebody came or went, the carry-over included. */
function occupancyOf({ stays, from, until }: FigureFacts): Figures['occupancy'] {
  const steps = stays
    .flatMap(({ enteredAt, leftAt }) => [
      { at: Math.max(enteredAt, from), by: 1 },
      ...(leftAt === null ? [] : [{ at: leftAt, by: -1 }]),
    ])
    .filter(({ at }) => at < until)
    // Whoever leaves as another enters was not inside with them.
    .sort((a, b) => a.at - b.at || a.by - b.by);
  const most = new Map<number, number>();
  let inside = 0;
  for (const { at, by } of steps) {
    const hour = Math.floor(at / HOUR_MS) * HOUR_MS;
    const before = most.get(hour) ?? inside;
    inside += by;
    most.set(hour, Math.max(before, inside));
  }
  return [...most].map(([at, count]) => ({ at: new Date(at).toISOString(), most: count }));
}

function leadTimesOf(decisions: FigureFacts['decisions']): Figures['leadTimes'] {
  const minutes = decisions
    .map(({ filedAt, decidedAt }) => Math.max(0, (decidedAt - filedAt) / MINUTE_MS))
    .sort((a, b) => a - b);
  const bounds = [...BANDS, null];
  return {
    decided: minutes.length,
    medianMinutes: quantile(minutes, 0.5),
    p90Minutes: quantile(minutes, 0.9),
    bands: bounds.map((upToMinutes, index) => {
      const over = bounds[index - 1] ?? -1;
      const count = minutes.filter(
        (each) => each > over && (upToMinutes === null || each <= upToMinutes),
      ).length;
      return { upToMinutes, count };
    }),
  };
}

/**
 * Computes the figures of a period.
 * @see rules SD100, SD101
 */
export function figuresOf(facts: FigureFacts): Figures {
  const moment = createSiteCalendar(facts.timeZone);
  const begun = facts.stays
    .filter(({ enteredAt }) => enteredAt >= facts.from && enteredAt < facts.until)
    .map(({ enteredAt, purpose }) => ({ ...moment(enteredAt), purpose }));
  const hours = Array.from({ length: 7 }, () => Array.from({ length: 24 }, () => 0));
  for (const { weekday, hour } of begun) {
    const row = hours[weekday - 1];
    if (row?.[hour] !== undefined) row[hour] += 1;
  }
  const visits = countBy(begun, ({ day, purpose }) => JSON.stringify([day, purpose]));
  const alarms = countBy(facts.alarms, ({ at, type }) => JSON.stringify([moment(at).day, type]));
  const denials = new Map(facts.denials.map(({ reason, count }) => [reason, count]));
  return {
    from: new Date(facts.from).toISOString(),
    until: new Date(facts.until).toISOString(),
    timeZone: facts.timeZone,
    visits: [...visits].sort(byKey).map(([key, count]) => {
      const [day, purpose] = JSON.parse(key) as [string, string | null];
      return { day, purpose, count };
    }),
    hours,
    denials: DENY_REASONS.flatMap((reason: DenyReason) => {
      const count = denials.get(reason);
      return count === undefined ? [] : [{ reason, count }];
    }).sort((a, b) => b.count - a.count),
    leadTimes: leadTimesOf(facts.decisions),
    occupancy: occupancyOf(facts),
    alarms: [...alarms].sort(byKey).map(([key, count]) => {
      const [day, type] = JSON.parse(key) as [string, EventType];
      return { day, type, count };
    }),
  };
}

/** Round lengths of a stretch, in ms: what a person counts in. */
const STRETCHES = [1, 5, 15, 30]
  .map((minutes) => minutes * MINUTE_MS)
  .concat([1, 2, 4, 8, 12, 24, 48, 168, 720, 2160, 8760, 87_600].map((hours) => hours * HOUR_MS));

/** Chooses into which stretches a period is cut so that there are at most `most` of them. @see rule SD102 */
export const stretchFor = (from: EpochMs, until: EpochMs, most: number): number =>
  STRETCHES.find((each) => Math.ceil(until / each) - Math.floor(from / each) <= most) ?? until - from;

/** Start of the stretch in which a moment lies. */
export const stretchStart = (at: EpochMs, stretchMs: number): EpochMs =>
  asEpochMs(Math.floor(at / stretchMs) * stretchMs);
