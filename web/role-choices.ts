import type { RoleName } from '#contract/api';

const ORDER = {
  technician: true,
  supervisor: true,
  officer: true,
  auditor: true,
  administrator: true,
  'privacy-officer': true,
} satisfies Record<RoleName, true>;

/** All roles in the order in which forms offer them; the contract's own list would bring its schemas along. */
export const ROLE_CHOICES = Object.keys(ORDER) as readonly RoleName[];
