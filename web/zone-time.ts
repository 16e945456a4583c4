/** A day and a time of day as a clock on the wall of the site shows them. */
export interface WallTime {
  /** `2026-03-12`. */
  readonly date: string;
  /** `14:05`. */
  readonly clock: string;
}

const DAY_MS = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  formats.set(timeZone, made);
  return made;
}

function partsOf(atMs: number, timeZone: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    formatOf(timeZone)
      .formatToParts(atMs)
      .map((part) => [part.type, part.value]),
  );
}

/** Reads the wall clock of a zone at an instant (ms since 1970). */
export function wallTimeOf(atMs: number, timeZone: string): WallTime {
  const { year, month, day, hour, minute } = partsOf(atMs, timeZone);
  return { date: `${year}-${month}-${day}`, clock: `${hour}:${minute}` };
}

function offsetMs(atMs: number, timeZone: string): number {
  const { year, month, day, hour, minute, second } = partsOf(atMs, timeZone);
  const asUtc = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  return asUtc - Math.floor(atMs / 1000) * 1000;
}

/** How far a zone is from UTC at an instant, as `+07:00`. */
export function utcOffsetOf(atMs: number, timeZone: string): string {
  const minutes = Math.round(offsetMs(atMs, timeZone) / 60_000);
  const two = (n: number): string => String(n).padStart(2, '0');
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/**
 * Finds the instant (ms since 1970) at which the wall clock of a zone shows this; null where the text is no time.
 * In an hour that a clock change repeats, the later one; in one that it skips, the instant after the gap.
 */
export function instantOf(wall: WallTime, timeZone: string): number | null {
  const asUtc = Date.parse(`${wall.date}T${wall.clock}:00.000Z`);
  if (Number.isNaN(asUtc)) return null;
  // The offset of the guess is right except close to a change of the clock; the second pass is right there too.
  const guess = asUtc - offsetMs(asUtc, timeZone);
  return asUtc - offsetMs(guess, timeZone);
}

/** Moves a date (`2026-03-12`) by whole days. */
export const addDays = (date: string, days: number): string =>
  new Date(Date.parse(`${date}T00:00:00.000Z`) + days * DAY_MS).toISOString().slice(0, 10);
