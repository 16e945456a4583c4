import type { IdentityKind } from '#contract/api-people';
import type { NoticeKind, VisitState } from '#contract/api-visit';
import type { PermitClass, PermitKind } from '#contract/permit';
import type { EquipmentState } from '../domain/visit-closing.ts';

export interface PurposesTable {
  code: string;
  position: number;
  /** PurposeRow without its code, JSON. */
  content: string;
}

interface ZonesTable {
  id: string;
  name: string;
  class: 'controlled' | 'limited' | 'exclusion';
}

export interface RoomProceduresTable {
  room_id: string;
  zone_id: string | null;
  is_strict: number;
  needs_verification: number;
  /** Ids of people, in the order in which they are asked, JSON. */
  officials: string;
}

export interface MaintenanceWindowsTable {
  id: string;
  room_id: string;
  name: string;
  from_at: number;
  until_at: number;
  is_cancelled: number;
}

export interface RequestTermsTable {
  request_id: string;
  kind: PermitKind;
  class: PermitClass;
  subject_id: string;
  /** Weekly windows, JSON. */
  hours: string;
  is_for_holidays: number;
  uses: number | null;
  needs_two: number;
  needs_escort: number;
  /** GroupMember[], JSON; emptied when they are forgotten. */
  members: string;
  /** Members and their leader, which is remembered when they are forgotten. */
  heads: number;
  group_id: string | null;
  host_id: string | null;
  equipment_hash: string | null;
  work_order: string | null;
  change_number: string | null;
  risk: string | null;
  extends_id: string | null;
  decide_by: number;
  /** When the next official is asked; null where nobody is waited for. */
  answer_due_at: number | null;
  escalations: number;
  is_fast_track: number;
  needs_verification: number;
  verified_by: string | null;
  approvals_needed: number;
  needs_check_in: number;
  is_expiry_told: number;
}

interface RequestEscortsTable {
  request_id: string;
  person_id: string;
  state: 'asked' | 'accepted' | 'declined';
  at: number;
}

interface RequestVotesTable {
  request_id: string;
  by_id: string;
  authority_id: string;
  approval_hash: string;
  at: number;
}

export interface EquipmentTable {
  id: string;
  request_id: string;
  ordinal: number;
  kind: string;
  brand: string;
  serial: string;
  movement: EquipmentState['movement'];
  is_storage: number;
  seen_in_at: number | null;
  outcome: EquipmentState['outcome'];
  outcome_at: number | null;
  outcome_by: string | null;
  note: string | null;
}

export interface AttachmentsTable {
  id: string;
  request_id: string;
  name: string;
  type: 'application/pdf' | 'image/png' | 'image/jpeg';
  size: number;
  hash: string;
  added_at: number;
  added_by: string;
}

export interface DelegationsTable {
  id: string;
  from_id: string;
  to_id: string;
  kind: 'plh' | 'plt';
  order_number: string;
  from_at: number;
  until_at: number;
  given_at: number;
  revoked_at: number | null;
}

export interface AttendancesTable {
  id: string;
  request_id: string;
  person_id: string;
  door_id: string;
  state: VisitState;
  began_at: number;
  heads: number;
  heads_out: number | null;
  visit_id: string | null;
  checked_in_at: number | null;
  checked_in_by: string | null;
  identity_kind: IdentityKind | null;
  identity_last_four: string | null;
  badge_number: string | null;
  is_badge_returned: number;
  rules_hash: string | null;
  escort_id: string | null;
  entered_at: number | null;
  left_at: number | null;
  closed_at: number | null;
  closed_by: string | null;
  forced_reason: string | null;
  /** Keys of the checklist, JSON. */
  checked: string;
  /** Closing report, JSON. */
  report: string;
  survey: string | null;
  is_expiry_told: number;
  is_overdue_told: number;
}

export interface NotificationsTable {
  id: string;
  person_id: string;
  kind: NoticeKind;
  subject: string;
  at: number;
  read_at: number | null;
}

export interface OutboxTable {
  id: string;
  channel: 'e-mail' | 'webhook';
  /** Null for a webhook. */
  person_id: string | null;
  /** Kind, subject and time, JSON; no name. */
  payload: string;
  state: 'waiting' | 'sent' | 'dead';
  tries: number;
  at: number;
  next_try_at: number;
}

/** Tables of requests, visits and what is told of them. */
export interface VisitTables {
  purposes: PurposesTable;
  zones: ZonesTable;
  room_procedures: RoomProceduresTable;
  maintenance_windows: MaintenanceWindowsTable;
  request_terms: RequestTermsTable;
  request_escorts: RequestEscortsTable;
  request_votes: RequestVotesTable;
  equipment: EquipmentTable;
  attachments: AttachmentsTable;
  delegations: DelegationsTable;
  attendances: AttendancesTable;
  notifications: NotificationsTable;
  outbox: OutboxTable;
}
