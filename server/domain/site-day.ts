import type { EpochMs } from '#contract/clock';

/** A moment on the calendar and the wall of the site. */
export interface SiteMoment {
  /** `YYYY-MM-DD`. */
  readonly day: string;
  /** ISO weekday, 1 Monday to 7 Sunday. */
  readonly weekday: number;
  /** 0 to 23. */
  readonly hour: number;
}

/** Makes a reader of the parts of a moment at a site, numbers with their leading zeros; `day` is `YYYY-MM-DD`. */
function createPartsReader(timeZone: string, more: Intl.DateTimeFormatOptions) {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    ...more,
  });
  return (at: EpochMs) => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    const day = `${(parts['year'] ?? '').padStart(4, '0')}-${parts['month']}-${parts['day']}`;
    return { parts, day };
  };
}

/**
 * Makes a reader of moments for one site; the formatter behind it is slow to make and quick to use.
 * @param timeZone IANA name
 * @throws RangeError where the zone is unknown
 */
export function createSiteCalendar(timeZone: string): (at: EpochMs) => SiteMoment {
  const read = createPartsReader(timeZone, {});
  return (at) => {
    const { parts, day } = read(at);
    const weekday = ((new Date(`${day}T00:00:00.000Z`).getUTCDay() + 6) % 7) + 1;
    return { day, weekday, hour: Number(parts['hour']) };
  };
}

/**
 * Makes a writer of times as reports show them: the site's own clock with its offset, to the second, e.g.
 * `2026-03-12T14:05:00+07:00`.
 * @param timeZone IANA name
 * @throws RangeError where the zone is unknown
 */
export function createSiteTime(timeZone: string): (at: EpochMs) => string {
  const read = createPartsReader(timeZone, {
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'longOffset',
  });
  return (at) => {
    const { parts, day } = read(at);
    const offset = (parts['timeZoneName'] ?? '').replace('GMT', '') || '+00:00';
    return `${day}T${parts['hour']}:${parts['minute']}:${parts['second']}${offset}`;
  };
}
