/** How loudly an event speaks to the people who watch. */
export type Severity = 'normal' | 'notice' | 'warning' | 'alarm';

interface EventRow {
  readonly severity: Severity;
}

/**
 * Every event that a gateway may record. The names are fixed: reports, exports and outside tools hold on to them.
 */
export const EVENT_TYPES = {
  'access.granted': { severity: 'normal' },
  'access.denied': { severity: 'warning' },
  'access.outcome': { severity: 'normal' },
  'access.duress': { severity: 'alarm' },
  'exit.recorded': { severity: 'normal' },
  'door.opened': { severity: 'normal' },
  'door.closed': { severity: 'normal' },
  'door.forced': { severity: 'alarm' },
  'door.held-open': { severity: 'alarm' },
  'door.held-open-cleared': { severity: 'notice' },
  'door.contact-unknown': { severity: 'warning' },
  'exit-button.pressed': { severity: 'normal' },
  'lock.released': { severity: 'normal' },
  'lock.secured': { severity: 'normal' },
  'lock.fault': { severity: 'alarm' },
  'reader.online': { severity: 'notice' },
  'reader.offline': { severity: 'warning' },
  'reader.tamper': { severity: 'alarm' },
  'visit.overstayed': { severity: 'warning' },
  'escort.left': { severity: 'alarm' },
  'emergency.used': { severity: 'alarm' },
  'lockdown.started': { severity: 'alarm' },
  'lockdown.ended': { severity: 'notice' },
  'fire.active': { severity: 'alarm' },
  'fire.cleared': { severity: 'notice' },
  'policy.applied': { severity: 'normal' },
  'policy.rejected': { severity: 'warning' },
  'clock.rollback': { severity: 'warning' },
  'clock.jump': { severity: 'warning' },
  'clock.trusted': { severity: 'notice' },
  boot: { severity: 'notice' },
  'epoch.opened': { severity: 'notice' },
  'epoch.closed': { severity: 'notice' },
  'disk.low': { severity: 'warning' },
  'disk.full': { severity: 'alarm' },
  'config.changed': { severity: 'notice' },
  'operator.command': { severity: 'notice' },
  'access.locked-out': { severity: 'alarm' },
  'escort.handed-over': { severity: 'notice' },
  'occupancy.below-minimum': { severity: 'alarm' },
  'presence.reset': { severity: 'notice' },
  'alarm.acknowledged': { severity: 'notice' },
  'hold-open.started': { severity: 'warning' },
  'hold-open.ended': { severity: 'notice' },
  'deny.applied': { severity: 'warning' },
  'journal.sealed': { severity: 'normal' },
  'journal.reclaimed': { severity: 'warning' },
  'site-log.forked': { severity: 'alarm' },
} as const satisfies Record<string, EventRow>;

/** The name of an event, in the past tense. */
export type EventType = keyof typeof EVENT_TYPES;

/** All event names, in the order in which catalogues list them. */
export const EVENT_TYPE_NAMES = Object.keys(EVENT_TYPES) as readonly EventType[];

/** Why a door stayed shut. The order is that of the catalogue; the order of the rules is the gateway's. */
export const DENY_REASONS = [
  'unknown-credential',
  'credential-suspended',
  'credential-expired',
  'no-permit',
  'wrong-door',
  'not-yet-valid',
  'expired',
  'outside-hours',
  'holiday',
  'revoked',
  'denied-by-notice',
  'policy-stale',
  'clock-untrusted',
  'wrong-pin',
  'pin-required',
  'locked-out',
  'already-inside',
  'not-inside',
  'escort-required',
  'second-person-required',
  'room-full',
  'sop-not-acknowledged',
  'equipment-open',
  'interlock',
  'lockdown',
  'journal-unavailable',
  'presentation-stale',
] as const;

/** A reason for a refusal at the door. */
export type DenyReason = (typeof DENY_REASONS)[number];

/** What became of a granted entry. */
export const ACCESS_OUTCOMES = ['entered', 'no-entry', 'unknown'] as const;

/** What became of a granted entry. */
export type AccessOutcome = (typeof ACCESS_OUTCOMES)[number];
