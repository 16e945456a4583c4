import type { RoleName } from '#contract/api';
import type { COMMAND_REASONS } from '#contract/api-door';
import type { COMMAND_LIFE_MS, CommandAct } from '#contract/command';

export type CommandReason = (typeof COMMAND_REASONS)[number]['code'];

interface ActRow {
  /** Who is offered it; the server decides again. */
  readonly roles: readonly RoleName[];
  readonly reasons: readonly CommandReason[];
}

// The contract's own lists and numbers stand beside schemas, which would be loaded along with them.
const ACTS: Readonly<Record<CommandAct, ActRow>> = {
  'alarm-acknowledge': {
    roles: ['supervisor', 'officer'],
    reasons: ['checked-on-site', 'false-alarm', 'equipment-move', 'security-incident', 'drill', 'other'],
  },
  release: {
    roles: ['supervisor'],
    reasons: ['card-trouble', 'equipment-move', 'emergency', 'drill', 'other'],
  },
  'hold-open-start': {
    roles: ['supervisor', 'officer'],
    reasons: ['equipment-move', 'emergency', 'drill', 'other'],
  },
  'hold-open-end': { roles: ['supervisor', 'officer'], reasons: ['situation-over', 'drill', 'other'] },
  'presence-reset': {
    roles: ['supervisor', 'officer'],
    reasons: ['counting-error', 'checked-on-site', 'drill', 'other'],
  },
  'lockdown-start': { roles: ['supervisor'], reasons: ['security-incident', 'emergency', 'drill', 'other'] },
  'lockdown-end': { roles: ['supervisor'], reasons: ['situation-over', 'false-alarm', 'drill', 'other'] },
};

/** Every act, in the order in which the page of a door offers them. */
export const ORDER_ACTS = Object.keys(ACTS) as readonly CommandAct[];

/** Tells whether somebody with these roles is offered an act. */
export const isOffered = (roles: readonly RoleName[], act: CommandAct): boolean =>
  roles.some((role) => ACTS[act].roles.includes(role));

/** The reasons that fit an act, the likeliest first. */
export const reasonsFor = (act: CommandAct): readonly CommandReason[] => ACTS[act].reasons;

/** Roles that may see how far orders are. */
export const ORDER_READERS: readonly RoleName[] = ['supervisor', 'officer', 'auditor', 'administrator'];

/** How long a door may be held open, in minutes. */
export const HOLD_MINUTES = [5, 10, 15, 30] as const;

/** Longest life of an order that opens a door. */
export const ORDER_LIFE_MS = 10_000 satisfies typeof COMMAND_LIFE_MS;

/** What the door looks like to whoever is about to order something. */
export interface OrderFacts {
  readonly alarm: 'none' | 'forced' | 'held-open';
  readonly isAcknowledged: boolean;
  readonly isLockedDown: boolean;
  readonly isHeldOpen: boolean;
}

/** Which acts make sense at a door as it stands: what is on can be ended, what is off can be started. */
export const actsFor = (roles: readonly RoleName[], door: OrderFacts): readonly CommandAct[] => {
  const isSensible: Readonly<Record<CommandAct, boolean>> = {
    'alarm-acknowledge': door.alarm !== 'none' && !door.isAcknowledged,
    release: true,
    'hold-open-start': !door.isLockedDown && !door.isHeldOpen,
    'hold-open-end': door.isHeldOpen,
    'presence-reset': true,
    'lockdown-start': !door.isLockedDown,
    'lockdown-end': door.isLockedDown,
  };
  return ORDER_ACTS.filter((act) => isSensible[act] && isOffered(roles, act));
};
