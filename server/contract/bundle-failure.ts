/** Why a bundle does not verify. */
export const BUNDLE_REASONS = [
  'changed',
  'removed',
  'inserted',
  'reordered',
  'unsigned',
  'wrong-key',
  'inconsistent',
  'opening-mismatch',
  'erased-without-record',
  'malformed',
  'file-missing',
  'file-unexpected',
] as const;

/** Why a bundle does not verify. */
export type BundleReason = (typeof BUNDLE_REASONS)[number];

/** The first thing that fails. */
export interface BundleFailure {
  readonly file: string;
  /** Line in that file from 1, where the file is one of records, checkpoints or openings. */
  readonly line: number | null;
  /** Number of the record in its log, where it is known. */
  readonly seq: number | null;
  readonly reason: BundleReason;
  /** One English sentence without personal data. */
  readonly words: string;
}

/** Why a part does not count; where it stands is known to the caller. */
export type Misfit = Pick<BundleFailure, 'reason' | 'words'>;

/** What a check of a part of a bundle says: null where nothing is wrong. */
export type Finding = BundleFailure | null;
