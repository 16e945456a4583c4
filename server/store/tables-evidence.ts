import type { ConflictReason } from '#contract/site-log';

interface JournalConflictsTable {
  /** SHA-256 of the canonical text of the batch, as the site log names it. */
  hash: string;
  gateway_id: string;
  epoch: number;
  at: number;
  why: ConflictReason;
  /** Where it contradicts what is stored. */
  pointer: string;
  reason: string;
  /** The batch as it came, JSON. */
  upload: string;
}

interface SiteCosignaturesTable {
  /** Size of the site checkpoint that it is over. */
  size: number;
  /** Who signed. */
  name: string;
  /** The signature line, with its line end. */
  line: string;
  at: number;
}

/** Tables of the evidence beside the journals. */
export interface EvidenceTables {
  journal_conflicts: JournalConflictsTable;
  site_cosignatures: SiteCosignaturesTable;
}
