import { z } from 'zod';

/** How the server runs, as it was started: each setting by its name, secrets hidden. */
export const settingsSchema = z.object({
  version: z.string(),
  items: z.array(z.object({ name: z.string(), value: z.string() })),
});
export type SettingList = z.infer<typeof settingsSchema>;
