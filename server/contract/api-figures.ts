import { z } from 'zod';
import { eventQuerySchema, instantInputSchema, instantSchema } from './api.ts';
import { EVENT_TYPE_NAMES, DENY_REASONS, type EventType } from './event.ts';
import { idSchema } from './record.ts';

const countSchema = z.number().int().min(0);

/** Which events are counted: the filter of the list, without its pages. */
export const densityQuerySchema = eventQuerySchema.omit({ cursor: true, limit: true, offset: true });

/** Most stretches that a density is told in. */
export const MAX_STRETCHES = 240;

/** How many events there are, and how they lie over the period: what the strip above the list draws. */
export const densitySchema = z.object({
  total: countSchema,
  /** Order of arrival of the newest event: with it the list shows exactly what was counted. */
  asOf: countSchema,
  /** Start of the first stretch and end of the last; null where nothing matches. */
  from: instantSchema.nullable(),
  until: instantSchema.nullable(),
  /** Length of a stretch in ms. */
  stretchMs: z.number().int().min(1),
  /** Stretches in which something happened, in order. */
  stretches: z.array(
    z.object({
      at: instantSchema,
      all: countSchema,
      /** Denials. */
      denied: countSchema,
      /** Events of severity `alarm`. */
      alarms: countSchema,
    }),
  ),
});
export type Density = z.infer<typeof densitySchema>;

/** A period for figures; the last 30 days of the site where it is left out. */
export const figuresQuerySchema = z.object({
  from: instantInputSchema.optional(),
  until: instantInputSchema.optional(),
  doorId: idSchema.optional(),
});

const daySchema = z.iso.date();

/** Figures over a period; days, hours and weekdays are those of the site. */
export const figuresSchema = z.object({
  from: instantSchema,
  until: instantSchema,
  timeZone: z.string(),
  /** Visits that took place, by day and purpose; null where no request stands behind the visit. */
  visits: z.array(z.object({ day: daySchema, purpose: z.string().nullable(), count: countSchema })),
  /** Entries by ISO weekday (row 0 is Monday) and hour. */
  hours: z.array(z.array(countSchema).length(24)).length(7),
  denials: z.array(z.object({ reason: z.enum(DENY_REASONS), count: countSchema })),
  /** Minutes from filing to decision, by requests decided in the period. */
  leadTimes: z.object({
    decided: countSchema,
    medianMinutes: z.number().nullable(),
    p90Minutes: z.number().nullable(),
    /** Upper bounds in minutes with the number of requests at most that long; null for longer ones. */
    bands: z.array(z.object({ upToMinutes: z.number().nullable(), count: countSchema })),
  }),
  /** The most people inside at once, by hour in which that changed. */
  occupancy: z.array(z.object({ at: instantSchema, most: countSchema })),
  alarms: z.array(
    z.object({
      day: daySchema,
      type: z.enum(EVENT_TYPE_NAMES as [EventType, ...EventType[]]),
      count: countSchema,
    }),
  ),
});
export type Figures = z.infer<typeof figuresSchema>;
