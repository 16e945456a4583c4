import type { RoleName } from '#contract/api';

/**
 * Who may do what. What is not in a row is not allowed; a person without a role may do nothing of it. `.all` rows
 * widen a list from a person's own rows to everybody's.
 */
const PERMISSIONS = {
  'places.read': ['technician', 'supervisor', 'officer', 'auditor', 'administrator', 'privacy-officer'],
  'people.read': ['supervisor', 'officer', 'auditor', 'administrator', 'privacy-officer'],
  'people.write': ['administrator'],
  'credentials.read': ['officer', 'auditor', 'administrator'],
  'credentials.write': ['officer', 'administrator'],
  'requests.file': ['technician', 'supervisor', 'officer'],
  'requests.read': ['technician', 'supervisor', 'officer', 'auditor', 'administrator'],
  'requests.read.all': ['supervisor', 'officer', 'auditor', 'administrator'],
  'requests.decide': ['supervisor'],
  'requests.decide.delegated': ['technician', 'supervisor', 'officer'],
  'requests.verify': ['officer'],
  'requests.revoke': ['supervisor'],
  'visits.desk': ['officer'],
  'visits.desk.read': ['supervisor', 'officer', 'auditor'],
  'visits.close': ['technician', 'supervisor', 'officer'],
  'places.write': ['administrator'],
  'maintenance.write': ['officer', 'administrator'],
  'delegations.read': ['supervisor', 'officer', 'auditor', 'administrator'],
  'delegations.write': ['supervisor'],
  'visits.read': ['technician', 'supervisor', 'officer', 'auditor', 'administrator'],
  'visits.read.all': ['supervisor', 'officer', 'auditor', 'administrator'],
  'events.read': ['technician', 'supervisor', 'officer', 'auditor', 'administrator'],
  'events.read.all': ['supervisor', 'officer', 'auditor', 'administrator'],
  'evidence.verify': ['supervisor', 'officer', 'auditor', 'administrator'],
  'evidence.export': ['auditor'],
  'gateways.read': ['supervisor', 'officer', 'auditor', 'administrator'],
  'gateways.write': ['administrator'],
  'rules.read': ['technician', 'supervisor', 'officer', 'auditor', 'administrator'],
  'rules.write': ['administrator'],
  'audit-trail.read': ['auditor'],
  'pins.write': ['officer'],
  'visit-codes.issue': ['technician', 'supervisor', 'officer'],
  'visit-codes.issue.all': ['officer'],
  'commands.read': ['supervisor', 'officer', 'auditor', 'administrator'],
  'commands.order': ['supervisor', 'officer'],
  'commands.release': ['supervisor'],
  'commands.lockdown': ['supervisor'],
  'commands.hold-open': ['supervisor', 'officer'],
  'commands.attend': ['supervisor', 'officer'],
  'sop.read': ['technician', 'supervisor', 'officer', 'auditor', 'administrator', 'privacy-officer'],
  'sop.read.drafts': ['supervisor', 'officer', 'auditor', 'administrator'],
  'sop.read.acknowledgements': ['supervisor', 'officer', 'auditor', 'administrator'],
  'sop.write': ['officer', 'administrator'],
  'sop.approve': ['supervisor'],
  'sop.acknowledge.for-others': ['officer'],
  'reviews.read': ['supervisor', 'officer', 'auditor', 'administrator'],
  'reviews.open': ['supervisor', 'administrator'],
  'reviews.decide': ['supervisor'],
  'reviews.sign': ['supervisor'],
  'reports.read': ['supervisor', 'officer', 'auditor', 'administrator'],
  'privacy.read': ['auditor', 'privacy-officer'],
  'privacy.manage': ['privacy-officer'],
  'privacy.approve': ['supervisor'],
  'identity.read': ['officer', 'privacy-officer'],
  'settings.read': ['auditor', 'administrator'],
} as const satisfies Record<string, readonly RoleName[]>;

/** Something that a role may do. */
export type Action = keyof typeof PERMISSIONS;

/** All actions, in the order of the table. */
export const ACTIONS = Object.keys(PERMISSIONS) as readonly Action[];

/** Tells whether somebody with these roles may do this. @see rule SD7 */
export const mayDo = (roles: readonly RoleName[], action: Action): boolean => {
  const allowed: readonly RoleName[] = PERMISSIONS[action];
  return roles.some((role) => allowed.includes(role));
};

/** Names the roles that may do this, for the documentation of the API. */
export const rolesFor = (action: Action): readonly RoleName[] => PERMISSIONS[action];
