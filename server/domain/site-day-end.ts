import { asEpochMs, type EpochMs } from '#contract/clock';
import { createSiteCalendar } from './site-day.ts';

const HOUR_MS = 3_600_000;
/** A day that is set back by an hour at night is the longest there is; two hours more for odd zones. */
const LONGEST_DAY_MS = 27 * HOUR_MS;

/** Finds the first moment of the next day at the site, to the second. @see rule SD72 */
export function endOfSiteDay(timeZone: string, at: EpochMs): EpochMs {
  const dayOf = createSiteCalendar(timeZone);
  const { day } = dayOf(at);
  let [inside, outside] = [Math.floor(at / 1000), Math.ceil((at + LONGEST_DAY_MS) / 1000)];
  while (outside - inside > 1) {
    const middle = Math.floor((inside + outside) / 2);
    if (dayOf(asEpochMs(middle * 1000)).day === day) inside = middle;
    else outside = middle;
  }
  return asEpochMs(outside * 1000);
}
