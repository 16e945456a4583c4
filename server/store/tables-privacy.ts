import type { PrivacyRequestKind, PrivacyRequestState, RetentionClassName } from '#contract/api-privacy';
import type { CommittedField } from '#contract/record';

export interface OpeningKeysTable {
  id: string;
  field: CommittedField;
  /** Empty for a key that seals values of nobody known. */
  value: string;
  /** Whose it is; empty for nobody known. */
  subject_id: string;
  /** `YYYY-MM` in UTC in which the server received what it seals. */
  month: string;
  wrapped: string;
}

export interface OpeningsTable {
  gateway_id: string;
  epoch: number;
  seq: number;
  field: CommittedField;
  key_id: string;
  sealed: string;
}

export interface OpeningsPlainTable {
  gateway_id: string;
  epoch: number;
  seq: number;
  field: CommittedField;
  salt: string;
  value: string;
}

export interface PrivacyMarksTable {
  person_id: string;
  restricted_at: number | null;
  /** Name and organisation while they are masked everywhere, sealed. */
  sealed_person: string | null;
  held_at: number | null;
  hold_reason: string | null;
  erased_at: number | null;
  erased_basis: string | null;
}

export interface PrivacyRequestsTable {
  id: string;
  kind: PrivacyRequestKind;
  state: PrivacyRequestState;
  person_id: string;
  filed_by: string;
  filed_at: number;
  due_at: number;
  details: string;
  /** What a correction is about, e.g. an event id. */
  subject_ref: string | null;
  approved_by: string | null;
  approved_at: number | null;
  closed_by: string | null;
  closed_at: number | null;
  basis: string | null;
  outcome: string | null;
}

interface AnnotationsTable {
  id: string;
  subject_ref: string;
  person_id: string;
  text: string;
  at: number;
  by_id: string;
  request_id: string;
}

interface PiiViewsTable {
  viewer_id: string;
  person_id: string;
  what: string;
  /** `YYYY-MM-DD` in UTC. */
  day: string;
  first_at: number;
  last_at: number;
  times: number;
}

interface ReadingLogTable {
  position: number;
  at: number;
  by_id: string;
  what: string;
  /** JSON; ids and times only. */
  terms: string;
}

interface RetentionClassesTable {
  name: RetentionClassName;
  keep_days: number;
  schedule_code: string | null;
}

export interface DestructionsTable {
  id: string;
  at: number;
  kind: 'erasure' | 'retention';
  class_name: RetentionClassName | null;
  month: string | null;
  basis: string;
  /** JSON. */
  counts: string;
  /** Number of the first site log record of it; null where there was nothing to record. */
  site_seq: number | null;
  request_id: string | null;
  carried_by: string | null;
  approved_by: string | null;
}

/** Tables of privacy: sealed openings, data subjects' requests, retention. */
export interface PrivacyTables {
  opening_keys: OpeningKeysTable;
  openings: OpeningsTable;
  openings_plain: OpeningsPlainTable;
  privacy_marks: PrivacyMarksTable;
  privacy_requests: PrivacyRequestsTable;
  annotations: AnnotationsTable;
  pii_views: PiiViewsTable;
  reading_log: ReadingLogTable;
  retention_classes: RetentionClassesTable;
  destructions: DestructionsTable;
}
