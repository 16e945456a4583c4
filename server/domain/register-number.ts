import type { EpochMs } from '#contract/clock';

/** The series of a month: its numbers run from 1 without gaps. */
export interface RegisterSeries {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
}

/**
 * Finds the series that a request filed at this moment belongs to, by the calendar of the site.
 * @param timeZone IANA name, e.g. `Asia/Jakarta`
 * @throws RangeError where the zone is unknown
 * @see rule SD6
 */
export function registerSeries(at: EpochMs, timeZone: string): RegisterSeries {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    year: 'numeric',
    month: 'numeric',
  }).formatToParts(at);
  const part = (type: 'year' | 'month'): number => Number(parts.find((each) => each.type === type)?.value);
  return { year: part('year'), month: part('month') };
}

/** Writes the key under which a series is counted, e.g. `IZIN-RS/03/2026`. */
export const seriesKey = ({ year, month }: RegisterSeries): string =>
  `IZIN-RS/${String(month).padStart(2, '0')}/${String(year).padStart(4, '0')}`;

/** Writes a register number, e.g. `001/IZIN-RS/03/2026`. */
export const registerNumber = (series: RegisterSeries, ordinal: number): string =>
  `${String(ordinal).padStart(3, '0')}/${seriesKey(series)}`;
