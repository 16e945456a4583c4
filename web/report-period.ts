import type { ReportQuery } from './api-review.ts';
import { periodOf } from './event-filter.ts';
import { addDays, wallTimeOf } from './zone-time.ts';

/** Periods that people ask reports for; `own` with days of their own. */
export const REPORT_PERIODS = ['month', 'quarter', 'year', 'own'] as const;
export type ReportPeriod = (typeof REPORT_PERIODS)[number];

/** Whole days of the site, the last one included. */
export interface Days {
  readonly from: string;
  readonly until: string;
}

const firstOf = (year: number, month: number): string =>
  new Date(Date.UTC(year, month - 1, 1)).toISOString().slice(0, 10);

/** The last whole month, quarter or year before now at the site. @see rule W50 */
export function daysOf(period: Exclude<ReportPeriod, 'own'>, nowMs: number, timeZone: string): Days {
  const [year = 0, month = 1] = wallTimeOf(nowMs, timeZone).date.split('-').map(Number);
  const end =
    period === 'month'
      ? firstOf(year, month)
      : period === 'quarter'
        ? firstOf(year, month - ((month - 1) % 3))
        : firstOf(year, 1);
  const [endYear = 0, endMonth = 1] = end.split('-').map(Number);
  const months = { month: 1, quarter: 3, year: 12 }[period];
  return { from: firstOf(endYear, endMonth - months), until: addDays(end, -1) };
}

/** What the address of a page says of the period, as instants. */
export function reportQueryOf(
  days: { readonly from: string; readonly until: string },
  timeZone: string,
): Pick<ReportQuery, 'from' | 'until'> {
  return periodOf(
    {
      from: days.from === '' ? undefined : days.from,
      until: days.until === '' ? undefined : days.until,
    },
    timeZone,
  );
}
