import { asEpochMs, type EpochMs } from '#contract/clock';
import { createSiteCalendar } from './site-day.ts';

const DAY_MS = 86_400_000;

/** Finds when a day begins at the site. */
function startOfDay(timeZone: string, day: string): EpochMs {
  const dayOf = createSiteCalendar(timeZone);
  const noon = Date.parse(`${day}T12:00:00.000Z`);
  let [before, within] = [Math.floor((noon - 2 * DAY_MS) / 1000), Math.floor((noon + DAY_MS) / 1000)];
  while (within - before > 1) {
    const middle = Math.floor((before + within) / 2);
    if (dayOf(asEpochMs(middle * 1000)).day < day) before = middle;
    else within = middle;
  }
  return asEpochMs(within * 1000);
}

/** Finds the span of a month at the site; `until` is not part of it. @param period `YYYY-MM` */
export function siteMonth(
  timeZone: string,
  period: string,
): { readonly from: EpochMs; readonly until: EpochMs } {
  const [year = 1970, month = 1] = period.split('-').map(Number);
  const next = month === 12 ? `${year + 1}-01` : `${year}-${String(month + 1).padStart(2, '0')}`;
  return { from: startOfDay(timeZone, `${period}-01`), until: startOfDay(timeZone, `${next}-01`) };
}
