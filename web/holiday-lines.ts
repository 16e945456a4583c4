import type { Holiday } from '#contract/api-door';

/** What lines of text say of holidays. */
export interface HolidayLines {
  readonly days: readonly Holiday[];
  /** Numbers of the lines that cannot be read, from 1. */
  readonly faults: readonly number[];
}

const LONGEST_NAME = 120;

/** Tells whether a text is a day of the calendar, `2026-08-17`. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const atMs = Date.parse(`${text}T00:00:00.000Z`);
  return !Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(text);
}

/**
 * Reads holidays, one a line: day; name; English name; `cuti` for collective leave. Fields are parted by
 * semicolons or tabs, as they come from a table. None of them is checked yet.
 * @param source where the lines are from
 */
export function readHolidayLines(text: string, source: string): HolidayLines {
  const days = new Map<string, Holiday>();
  const faults: number[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const [day = '', nameId = '', nameEn = '', kind = ''] = line.split(/[;\t]/).map((field) => field.trim());
    const isReadable =
      isDay(day) && nameId !== '' && nameId.length <= LONGEST_NAME && nameEn.length <= LONGEST_NAME;
    if (!isReadable) {
      faults.push(index + 1);
      continue;
    }
    days.set(day, {
      day,
      nameId,
      nameEn: nameEn === '' ? nameId : nameEn,
      isCollectiveLeave: /^(?:cuti|collective)/i.test(kind),
      source,
      isChecked: false,
    });
  }
  return { days: [...days.values()], faults };
}

/** Puts days into a list, in the place of those of the same date, in the order of the calendar. */
export const withHolidays = (list: readonly Holiday[], days: readonly Holiday[]): readonly Holiday[] => {
  const byDay = new Map([...list, ...days].map((each) => [each.day, each]));
  return [...byDay.values()].toSorted((a, b) => a.day.localeCompare(b.day));
};
