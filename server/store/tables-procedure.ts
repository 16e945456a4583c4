import type { BasisKind, IdentityKind, PersonKind, RevocationCause } from '#contract/api-people';
import type { ReviewDecision } from '#contract/api-review';
import type { SopState } from '#contract/api-sop';

export interface PersonProfilesTable {
  person_id: string;
  kind: PersonKind;
  unit: string | null;
  position: string | null;
  employee_number: string | null;
  email: string | null;
  basis_kind: BasisKind | null;
  basis_number: string | null;
  /** Ends every right of the person; null where nothing does. */
  rights_end_at: number | null;
  identity_kind: IdentityKind | null;
  identity_sealed: string | null;
  identity_last_four: string | null;
  left_at: number | null;
}

interface RevocationsTable {
  id: string;
  person_id: string;
  cause: RevocationCause;
  reason: string;
  /** From when it should have been so. */
  effective_at: number;
  done_at: number;
  /** Null where the clock did it. */
  by_id: string | null;
  /** How many of each were ended, JSON. */
  counts: string;
  policy_version: number;
}

interface SopsTable {
  id: string;
  number: string;
  /** 1 where whoever wants in must have acknowledged it. */
  is_for_entry: number;
  created_at: number;
}

export interface SopVersionsTable {
  sop_id: string;
  version: number;
  state: SopState;
  /** SopContent, JSON. */
  content: string;
  text_hash: string;
  created_at: number;
  created_by: string | null;
  revised_at: number;
  submitted_at: number | null;
  submitted_by: string | null;
  effective_at: number | null;
  approved_by: string | null;
  withdrawn_at: number | null;
  withdrawn_by: string | null;
  review_due_at: number | null;
  reminded_at: number | null;
}

export interface ReviewCampaignsTable {
  id: string;
  title: string;
  /** ReviewScope, JSON. */
  scope: string;
  state: 'open' | 'closed';
  opened_at: number;
  opened_by: string;
  deadline_at: number;
  closed_at: number | null;
}

export interface ReviewItemsTable {
  campaign_id: string;
  person_id: string;
  ordinal: number;
  /** RightsFacts, JSON. */
  facts: string;
  decision: ReviewDecision | 'suspended' | null;
  reason: string | null;
  decided_by: string | null;
  decided_at: number | null;
}

interface LogReviewsTable {
  /** `YYYY-MM` at the site. */
  period: string;
  at: number;
  by_id: string;
  method: 'passkey' | 'session';
  conclusion: 'in-order' | 'follow-up';
  findings: string;
  document: string;
  document_hash: string;
}

interface PasswordResetsTable {
  token_hash: string;
  person_id: string;
  expires_at: number;
}

interface SsoLinksTable {
  issuer: string;
  subject: string;
  person_id: string;
  linked_at: number;
  by_id: string;
}

export interface SsoLoginsTable {
  cookie_hash: string;
  state: string | null;
  nonce: string | null;
  verifier: string | null;
  issuer: string | null;
  subject: string | null;
  expires_at: number;
}

/** Tables of people, procedures, reviews and accounts. */
export interface ProcedureTables {
  person_profiles: PersonProfilesTable;
  revocations: RevocationsTable;
  sops: SopsTable;
  sop_versions: SopVersionsTable;
  review_campaigns: ReviewCampaignsTable;
  review_items: ReviewItemsTable;
  log_reviews: LogReviewsTable;
  password_resets: PasswordResetsTable;
  sso_links: SsoLinksTable;
  sso_logins: SsoLoginsTable;
}
