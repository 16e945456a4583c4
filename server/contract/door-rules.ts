import { z } from 'zod';
import { weeklyWindowSchema } from './permit.ts';
import { hashSchema, idSchema } from './record.ts';

/** A calendar day at the site, `YYYY-MM-DD`. */
export const daySchema = z.iso.date();

/** What a door asks of whoever wants in, beside a permit. */
export const doorRulesSchema = z.strictObject({
  /** Hours in which the card needs its PIN as well; left out for never. */
  pin: z.array(weeklyWindowSchema).max(32).optional(),
  /** True where a visit code may stand for a card. */
  codes: z.boolean().optional(),
  /** Hours in which it may; at any where left out. */
  codeHours: z.array(weeklyWindowSchema).min(1).max(32).optional(),
  /** Two-person rule: an empty room opens to two people only, the second within so many ms of the first. */
  two: z.strictObject({ withinMs: z.number().int().min(3000).max(120_000) }).optional(),
});

/** What a door asks of whoever wants in, beside a permit. */
export type DoorRules = z.infer<typeof doorRulesSchema>;

/** The rules of a site as its administrators set them; signed as a part of the directory. */
export const siteRulesSchema = z.strictObject({
  /** Public holidays and days of collective leave (cuti bersama): weekly hours do not count on them. */
  holidays: z.array(daySchema).max(400),
  /** SHA-256 of each SOP text that must have been acknowledged before entry; none is asked for where empty. */
  sop: z.array(hashSchema).max(8),
  doors: z.record(idSchema, doorRulesSchema),
});

/** The rules of a site. */
export type SiteRules = z.infer<typeof siteRulesSchema>;

/** A site that has set no rules. */
export const NO_SITE_RULES: SiteRules = { holidays: [], sop: [], doors: {} };
