import type { Database } from '../store/database.ts';
import { notify } from './notify.ts';
import type { Site } from './site.ts';

/**
 * Tells somebody that something happened to their account, in the transaction in which it happens: also what they
 * did themselves, because it may have been somebody else at their screen.
 * @see rule SU32
 */
export const tellPerson = (
  trx: Database,
  site: Pick<Site, 'clock' | 'random'>,
  personId: string,
): Promise<void> =>
  notify(trx, site, { kind: 'account.changed', subject: personId, to: [personId], byId: null });
