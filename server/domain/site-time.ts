import type { EpochMs } from '#contract/clock';

/**
 * Makes a writer of times as reports show them: the site's own clock with its offset, to the second, e.g.
 * `2026-03-12T14:05:00+07:00`.
 * @param timeZone IANA name
 */
export function createSiteTime(timeZone: string): (at: EpochMs) => string {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'longOffset',
  });
  return (at) => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    const offset = (parts['timeZoneName'] ?? '').replace('GMT', '') || '+00:00';
    const day = `${(parts['year'] ?? '').padStart(4, '0')}-${parts['month']}-${parts['day']}`;
    return `${day}T${parts['hour']}:${parts['minute']}:${parts['second']}${offset}`;
  };
}
