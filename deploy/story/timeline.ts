/** One thing that happened, and where it was seen. */
export interface TimelineEntry {
  readonly atMs: number;
  readonly who: string;
  readonly what: string;
  /** Where it was looked for, and what was found there. */
  readonly seen: Readonly<Partial<Record<SightingPlace, string>>>;
}

/** Where a step must show itself. */
export type SightingPlace = 'relay' | 'journal' | 'API' | 'verify';

const WHO_WIDTH = 20;

/** Writes one entry as two lines that a person can read along. */
export function timelineText(entry: TimelineEntry, timeZone: string, isColoured: boolean): string {
  const time = new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'medium' }).format(entry.atMs);
  const seen = Object.entries(entry.seen)
    .map(([place, found]) => `${place}: ${found}`)
    .join(' · ');
  const paint = (code: string, text: string): string =>
    isColoured ? `\u001b[${code}m${text}\u001b[0m` : text;
  return [
    `${time}  ${paint('1', entry.who.padEnd(WHO_WIDTH))}  ${entry.what}`,
    `${' '.repeat(8)}  ${' '.repeat(WHO_WIDTH)}  ${paint('2', seen)}`,
  ].join('\n');
}

/** Writes one entry as a JSON line. */
export const timelineJson = (entry: TimelineEntry): string =>
  JSON.stringify({
    at: new Date(entry.atMs).toISOString(),
    who: entry.who,
    what: entry.what,
    seen: entry.seen,
  });
