import type { z } from 'zod';
import type { eventQuerySchema } from '#contract/api';
import type { EventFilter } from '../store/events.ts';

type EventQuery = Omit<z.output<typeof eventQuerySchema>, 'cursor' | 'limit' | 'offset'>;

/** Turns the query of a list of events into the store's filter. */
export function eventFilterOf(query: EventQuery, onlyPersonId: string | null): EventFilter {
  const { from, until, doorId, type, reason, severity, q, asOf } = query;
  return {
    ...(from === undefined ? {} : { from: Date.parse(from) }),
    ...(until === undefined ? {} : { until: Date.parse(until) }),
    ...(doorId === undefined ? {} : { doorId }),
    ...(asOf === undefined ? {} : { upToPosition: asOf }),
    ...(type === undefined ? {} : { type }),
    ...(reason === undefined ? {} : { reason }),
    ...(severity === undefined ? {} : { severity }),
    ...(q === undefined || q.trim() === '' ? {} : { text: q.trim() }),
    ...(onlyPersonId === null ? {} : { onlyPersonId }),
  };
}
