import type { Database } from './database.ts';

/**
 * Lists who has equipment of an earlier visit that is not accounted for. The equipment of visits has no table
 * yet; the directory asks here, so that the door obeys it as soon as there is one.
 */
export const equipmentOpenPersons = (_db: Database): Promise<ReadonlySet<string>> =>
  Promise.resolve(new Set<string>());
