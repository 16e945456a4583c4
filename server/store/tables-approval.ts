export interface PasskeysTable {
  id: string;
  person_id: string;
  /** base64url. */
  credential_id: string;
  /** SHA-256 of the credential id, as the root document names it. */
  cid: string;
  /** COSE, base64url. */
  public_key: string;
  /** The same as a JWK, JSON. */
  jwk: string;
  sign_count: number;
  /** JSON. */
  transports: string;
  name: string;
  created_at: number;
  used_at: number | null;
}

interface PasskeyChallengesTable {
  challenge: string;
  purpose: 'register' | 'sign-in' | 'step-up';
  /** Null where nobody is signed in yet. */
  person_id: string | null;
  expires_at: number;
}

export interface ApprovalsTable {
  /** approvalHash. */
  hash: string;
  request_id: string;
  by_id: string;
  /** Approval, canonical JSON: the facts of its site log record. */
  facts: string;
  /** Number of that record. */
  site_seq: number;
  at: number;
}

interface DenyNoticesTable {
  id: string;
  /** Version of the manifest that knows of it. */
  vmin: number;
  jws: string;
  at: number;
}

/** Tables of passkeys, approvals and deny notices. */
export interface ApprovalTables {
  passkeys: PasskeysTable;
  passkey_challenges: PasskeyChallengesTable;
  approvals: ApprovalsTable;
  deny_notices: DenyNoticesTable;
}
