import type { SopContent } from '#contract/api-sop';
import { MANAGING_APPLICATIONS } from './managing-applications.ts';
import { MANAGING_NETWORK } from './managing-network.ts';
import { SERVER_ROOM_ENTRY } from './server-room-entry.ts';

/** A procedure that comes with the product. */
export interface SeedSop {
  readonly id: string;
  readonly number: string;
  readonly isForEntry: boolean;
  readonly content: SopContent;
}

/** Templates to be edited and put in force by the agency; the numbers are theirs to give. */
export const SEED_SOPS: readonly SeedSop[] = [
  { id: 'pengelolaan-aplikasi', number: 'SOP-01/TEMPLAT', isForEntry: false, content: MANAGING_APPLICATIONS },
  { id: 'pengelolaan-jaringan', number: 'SOP-02/TEMPLAT', isForEntry: false, content: MANAGING_NETWORK },
  { id: 'akses-ruang-server', number: 'SOP-03/TEMPLAT', isForEntry: true, content: SERVER_ROOM_ENTRY },
];
