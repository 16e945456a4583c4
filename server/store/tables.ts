import type { Generated } from 'kysely';
import type { RequestState, RoleName } from '#contract/api';
import type { SignInMethod } from '#contract/api-account';
import type { CommandAct, CommandState } from '#contract/command';
import type { RequestStep } from '../domain/request-life.ts';
import type { VisitProjection } from '../domain/visit-projection.ts';
import type { PrivacyTables } from './tables-privacy.ts';
import type { ApprovalTables } from './tables-approval.ts';
import type { EvidenceTables } from './tables-evidence.ts';
import type { ProcedureTables } from './tables-procedure.ts';
import type { VisitTables } from './tables-visit.ts';

// Times are ms since 1970. Truth values are 0 and 1, because SQLite has no other and PostgreSQL takes them too.

interface MetaTable {
  key: string;
  value: string;
}

export interface PeopleTable {
  id: string;
  name: string;
  organisation: string;
  username: string | null;
  password_hash: string | null;
  is_active: number;
  created_at: number;
}

interface PersonRolesTable {
  person_id: string;
  role: RoleName;
}

interface SessionsTable {
  token_hash: string;
  person_id: string;
  created_at: number;
  expires_at: number;
  step_up_at: Generated<number | null>;
  step_up_method: Generated<'password' | 'passkey' | null>;
  /** What people call a session; its key is the hash of its token. */
  id: Generated<string | null>;
  seen_at: Generated<number | null>;
  device: Generated<string | null>;
  method: Generated<SignInMethod | null>;
}

export interface CredentialsTable {
  id: string;
  person_id: string;
  handle: string;
  media: string;
  last_four: string;
  state: 'active' | 'suspended' | 'lost' | 'returned';
  enrolled_at: number;
  /** `card`, or `code` for a visit code. */
  kind: Generated<'card' | 'code'>;
  /** Null for a card without an end. */
  expires_at: Generated<number | null>;
  /** The permit that a visit code belongs to. */
  permit_id: Generated<string | null>;
}

export interface PinsTable {
  credential_id: string;
  /** PinVerifier, JSON. */
  pin: string;
  duress: string | null;
  set_at: number;
}

interface AuditTrailTable {
  /** Order over everything. */
  position: number;
  at: number;
  /** Null where the clock did it. */
  by_id: string | null;
  act: string;
  subject: string;
  /** JSON; for a change `before` and `after`. */
  facts: string;
}

interface HolidaysTable {
  /** `YYYY-MM-DD` at the site. */
  day: string;
  name_id: string;
  name_en: string;
  is_collective_leave: number;
  source: string;
  is_checked: number;
}

interface DoorRulesTable {
  door_id: string;
  /** DoorRules, JSON. */
  rules: string;
}

interface RequiredSopsTable {
  sop_hash: string;
  version: string;
}

interface SopAcknowledgementsTable {
  person_id: string;
  sop_hash: string;
  version: string;
  at: number;
}

export interface CommandsTable {
  id: string;
  position: number;
  gateway_id: string;
  door_id: string;
  act: CommandAct;
  /** The part of the claims that only some acts have, JSON. */
  terms: string;
  why: string;
  by_id: string;
  method: 'passkey' | 'session';
  state: CommandState;
  ordered_at: number;
  sent_at: number | null;
  done_at: number | null;
  /** Why the gateway did not obey. */
  refusal: string | null;
}

interface CommandNoncesTable {
  gateway_id: string;
  nonce: string;
  at: number;
}

interface RoomsTable {
  id: string;
  name: string;
}

interface DoorsTable {
  id: string;
  name: string;
  room_id: string;
  gateway_id: string | null;
}

interface RegisterSeriesTable {
  series: string;
  last: number;
}

export interface RequestsTable {
  id: string;
  number: string;
  state: RequestState;
  requester_id: string;
  purpose: string;
  description: string;
  door_id: string;
  valid_from: number;
  valid_until: number;
  created_at: number;
  decided_at: number | null;
  decided_by: string | null;
  reason: string | null;
  /** Hash of the privacy notice that stood before the form; null where none was shown. */
  notice_hash: string | null;
}

export interface RequestStepsTable {
  request_id: string;
  ordinal: number;
  at: number;
  step: 'filed' | RequestStep;
  /** Null where the clock took the step. */
  by_id: string | null;
  reason: string | null;
  method: 'passkey' | 'session' | null;
}

export interface PermitsTable {
  id: string;
  request_id: string;
  sub: string;
  rev: number;
  jws: string;
  hash: string;
  doors: string;
  valid_from: number;
  valid_until: number;
  issued_at: number;
  revoked_at: number | null;
  /** Granted entries that were approved; null where they are not counted. */
  uses: Generated<number | null>;
}

export interface PolicyVersionsTable {
  version: number;
  manifest: string;
  manifest_hash: string;
  directory: string;
  /** Ids of the permits that are its members, JSON. */
  members: string;
  signed_at: number;
  /** Hash of each member by id, JSON. */
  member_hashes: Generated<string | null>;
}

export interface GatewaysTable {
  id: string;
  state: 'waiting' | 'enrolled' | 'revoked';
  epoch: number;
  public_key: string | null;
  seen_at: number | null;
  policy_version: number | null;
}

interface GatewayEpochsTable {
  gateway_id: string;
  epoch: number;
  public_key: string;
  enrolled_at: number;
  origin: Generated<'enrolled' | 'reserved'>;
  /** When its first record was stored, or its gateway enrolled; null while it only waits. */
  opened_at: number | null;
  /** What it goes on from. */
  prev_epoch: number | null;
  prev_size: number | null;
}

interface EnrolmentTokensTable {
  token_hash: string;
  gateway_id: string;
  expires_at: number;
  used_at: number | null;
}

export interface JournalsTable {
  gateway_id: string;
  epoch: number;
  generation: string;
  size: number;
  head: string;
  frontier: string;
}

export interface JournalRecordsTable {
  /** Order of arrival over all gateways. */
  position: number;
  gateway_id: string;
  epoch: number;
  seq: number;
  /** The canonical text that was hashed, verbatim. */
  record: string;
  leaf_hash: string;
  received_at: number;
  at: number;
  type: string;
  severity: string;
  door_id: string | null;
  direction: 'in' | 'out' | null;
  reason: string | null;
  clock_trust: number;
  /** Leaf hash of the record that this one holds again; type, time and place are those of that one. */
  origin_hash: Generated<string | null>;
  /** 1 where that record, or another one that holds it again, is there already. */
  is_repeat: Generated<number>;
}

interface JournalCheckpointsTable {
  gateway_id: string;
  epoch: number;
  size: number;
  note: string;
  is_cosigned: number;
}

interface SiteLogTable {
  /** Always `site`: there is one log. */
  id: string;
  size: number;
  head: string;
  frontier: string;
}

interface SiteRecordsTable {
  seq: number;
  at: number;
  type: string;
  record: string;
}

interface SiteCheckpointsTable {
  size: number;
  note: string;
}

interface DoorStatesTable {
  door_id: string;
  state: string;
}

export interface VisitsTable {
  id: string;
  door_id: string;
  person_id: string | null;
  permit_id: string | null;
  began_at: number;
  entered_at: number | null;
  left_at: number | null;
  certainty: VisitProjection['certainty'];
  phase: VisitProjection['phase'];
}

/** All tables of the server. */
export interface Tables extends EvidenceTables, ProcedureTables, PrivacyTables, ApprovalTables, VisitTables {
  meta: MetaTable;
  people: PeopleTable;
  person_roles: PersonRolesTable;
  sessions: SessionsTable;
  credentials: CredentialsTable;
  rooms: RoomsTable;
  doors: DoorsTable;
  register_series: RegisterSeriesTable;
  requests: RequestsTable;
  request_steps: RequestStepsTable;
  permits: PermitsTable;
  policy_versions: PolicyVersionsTable;
  gateways: GatewaysTable;
  gateway_epochs: GatewayEpochsTable;
  enrolment_tokens: EnrolmentTokensTable;
  journals: JournalsTable;
  journal_records: JournalRecordsTable;
  journal_checkpoints: JournalCheckpointsTable;
  site_log: SiteLogTable;
  site_records: SiteRecordsTable;
  site_checkpoints: SiteCheckpointsTable;
  door_states: DoorStatesTable;
  visits: VisitsTable;
  pins: PinsTable;
  audit_trail: AuditTrailTable;
  holidays: HolidaysTable;
  door_rules: DoorRulesTable;
  required_sops: RequiredSopsTable;
  sop_acknowledgements: SopAcknowledgementsTable;
  commands: CommandsTable;
  command_nonces: CommandNoncesTable;
}
