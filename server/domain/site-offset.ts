import type { EpochMs } from '#contract/clock';

/**
 * Finds how far the clock of the site is from UTC at a moment, e.g. `+07:00`.
 * @param timeZone IANA name
 * @throws RangeError where the zone is unknown
 */
export function zoneOffset(timeZone: string, at: EpochMs): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' }).formatToParts(at);
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
  return /[+-][0-9]{2}:[0-9]{2}/.exec(name)?.[0] ?? '+00:00';
}
