import type { Words } from './words/id.ts';
import { addDays, wallTimeOf } from './zone-time.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The official abbreviations of the Indonesian zones, which no browser knows. */
const ZONE_NAMES: Readonly<Record<string, string>> = {
  'Asia/Jakarta': 'WIB',
  'Asia/Pontianak': 'WIB',
  'Asia/Makassar': 'WITA',
  'Asia/Jayapura': 'WIT',
};

/** Says times in the words of one language and the zone of one site; instants are ms since 1970. */
export interface TimeFormat {
  readonly timeZone: string;
  /** `12 Maret 2026`. */
  date(atMs: number): string;
  /** `14.05`. */
  clock(atMs: number): string;
  /** `14.05 WIB`. */
  clockInZone(atMs: number): string;
  /** `12 Maret 2026 pukul 14.05 WIB`. */
  full(atMs: number): string;
  /** `12/03/2026 14.05.09`: for dense tables. */
  dense(atMs: number): string;
  /** `Hari ini`, `Besok`, `Kemarin` or the date. */
  day(atMs: number, nowMs: number): string;
  /** `Hari ini pukul 14.05 WIB`. */
  dayAndClock(atMs: number, nowMs: number): string;
  /** `Hari ini pukul 13.00 s.d. 15.00 WIB`. */
  window(fromMs: number, untilMs: number, nowMs: number): string;
  /** `1 jam 20 menit`; whole days and hours where minutes no longer matter. */
  duration(spanMs: number): string;
  /** The same text in the middle of a sentence: `hari ini pukul 13.00`. */
  inSentence(text: string): string;
  /** `5 menit lalu`. */
  ago(atMs: number, nowMs: number): string;
  /** `mulai dalam ...`, `berakhir dalam ...` or `berakhir ... lalu`. */
  windowFromNow(fromMs: number, untilMs: number, nowMs: number): string;
}

/** Creates the formats of one language at one site. */
export function createTimeFormat(words: Words, timeZone: string): TimeFormat {
  const t = words.time;
  const dateFormat = new Intl.DateTimeFormat(words.language.intl, { dateStyle: 'long', timeZone });
  const shortDate = new Intl.DateTimeFormat(words.language.intl, {
    day: '2-digit',
    month: '2-digit',
    year: 'numeric',
    timeZone,
  });
  const seconds = new Intl.DateTimeFormat('en-GB', { second: '2-digit', timeZone });
  const zoneFormat = new Intl.DateTimeFormat('en-GB', { timeZone, timeZoneName: 'shortOffset' });

  const zone = (atMs: number): string =>
    ZONE_NAMES[timeZone] ??
    zoneFormat.formatToParts(atMs).find((part) => part.type === 'timeZoneName')?.value ??
    timeZone;
  const date = (atMs: number): string => dateFormat.format(atMs);
  const clock = (atMs: number): string => wallTimeOf(atMs, timeZone).clock.replace(':', t.hourMark);
  const clockInZone = (atMs: number): string => `${clock(atMs)} ${zone(atMs)}`;
  const full = (atMs: number): string => `${date(atMs)} ${t.at} ${clockInZone(atMs)}`;

  function day(atMs: number, nowMs: number): string {
    const at = wallTimeOf(atMs, timeZone).date;
    const today = wallTimeOf(nowMs, timeZone).date;
    if (at === today) return t.today;
    if (at === addDays(today, 1)) return t.tomorrow;
    return at === addDays(today, -1) ? t.yesterday : date(atMs);
  }

  const dayAndClock = (atMs: number, nowMs: number): string =>
    `${day(atMs, nowMs)} ${t.at} ${clockInZone(atMs)}`;

  function window(fromMs: number, untilMs: number, nowMs: number): string {
    const isOneDay = wallTimeOf(fromMs, timeZone).date === wallTimeOf(untilMs, timeZone).date;
    const end = isOneDay ? clockInZone(untilMs) : dayAndClock(untilMs, nowMs);
    return `${day(fromMs, nowMs)} ${t.at} ${clock(fromMs)} ${t.until} ${end}`;
  }

  function duration(spanMs: number): string {
    const span = Math.max(0, spanMs);
    if (span < MINUTE_MS) return t.lessThanMinute;
    if (span < HOUR_MS) return t.minutes(Math.floor(span / MINUTE_MS));
    if (span < DAY_MS) {
      const minutes = Math.floor((span % HOUR_MS) / MINUTE_MS);
      const hours = t.hours(Math.floor(span / HOUR_MS));
      return minutes === 0 ? hours : `${hours} ${t.minutes(minutes)}`;
    }
    const hours = Math.floor((span % DAY_MS) / HOUR_MS);
    const days = t.days(Math.floor(span / DAY_MS));
    return span >= 3 * DAY_MS || hours === 0 ? days : `${days} ${t.hours(hours)}`;
  }

  const ago = (atMs: number, nowMs: number): string =>
    nowMs - atMs < MINUTE_MS ? t.justNow : t.ago(duration(nowMs - atMs));

  function windowFromNow(fromMs: number, untilMs: number, nowMs: number): string {
    if (nowMs < fromMs) return t.startsIn(duration(fromMs - nowMs));
    return nowMs < untilMs ? t.endsIn(duration(untilMs - nowMs)) : t.endedAgo(duration(nowMs - untilMs));
  }

  return {
    timeZone,
    date,
    clock,
    clockInZone,
    full,
    dense: (atMs) =>
      `${shortDate.format(atMs)} ${clock(atMs)}${t.hourMark}${seconds.format(atMs).padStart(2, '0')}`,
    day,
    dayAndClock,
    window,
    duration,
    inSentence: (text) => text.charAt(0).toLowerCase() + text.slice(1),
    ago,
    windowFromNow,
  };
}
