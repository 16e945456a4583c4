import type { EventFilter } from './api-client.ts';
import { addDays, instantOf } from './zone-time.ts';

/** Parts of the filter sentence, as the address of the page holds them; dates are days of the site. */
export const FILTER_FIELDS = ['door', 'from', 'until', 'type', 'reason', 'severity', 'q'] as const;

export type FilterField = (typeof FILTER_FIELDS)[number];
export type FilterDraft = Readonly<Partial<Record<FilterField, string>>>;

/** Takes the filter out of the query of an address; what is not a filter is left out. */
export function filterOf(query: Readonly<Record<string, string>>): FilterDraft {
  return Object.fromEntries(
    FILTER_FIELDS.flatMap((field) => {
      const value = query[field];
      return value === undefined || value === '' ? [] : [[field, value]];
    }),
  );
}

/** Writes the address of the event list with this filter, and with one event open beside it. */
export function eventsAddress(filter: FilterDraft, openId?: string): string {
  const query = new URLSearchParams();
  for (const field of FILTER_FIELDS) {
    const value = filter[field];
    if (value !== undefined && value !== '') query.set(field, value);
  }
  if (openId !== undefined) query.set('event', openId);
  return query.size === 0 ? '/events' : `/events?${query}`;
}

function instantText(date: string, timeZone: string): string | undefined {
  const atMs = instantOf({ date, clock: '00:00' }, timeZone);
  return atMs === null ? undefined : new Date(atMs).toISOString();
}

/** Turns a period of whole days of the site into instants: the last day is part of it. */
export function periodOf(
  draft: { readonly from?: string | undefined; readonly until?: string | undefined },
  timeZone: string,
): { readonly from?: string; readonly until?: string } {
  const from = draft.from === undefined ? undefined : instantText(draft.from, timeZone);
  const until = draft.until === undefined ? undefined : instantText(addDaysSafely(draft.until), timeZone);
  return { ...(from === undefined ? {} : { from }), ...(until === undefined ? {} : { until }) };
}

/** A half-typed date is no date yet; it stays as it is and narrows nothing. */
const addDaysSafely = (date: string): string =>
  Number.isNaN(Date.parse(`${date}T00:00:00.000Z`)) ? date : addDays(date, 1);

/** Turns the sentence into what the API understands. */
export function apiFilterOf(filter: FilterDraft, timeZone: string): EventFilter {
  const { door, type, reason, severity, q } = filter;
  return {
    ...periodOf(filter, timeZone),
    ...(door === undefined ? {} : { doorId: door }),
    ...(type === undefined ? {} : { type }),
    ...(reason === undefined ? {} : { reason }),
    ...(severity === undefined ? {} : { severity }),
    ...(q === undefined ? {} : { q }),
  };
}
