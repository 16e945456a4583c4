import { EVENT_TYPES, type EventType, type Severity } from '#contract/event';
import type { Tone } from './chip.tsx';
import type { IconName } from './icon.tsx';

const ICONS: Readonly<Record<EventType, IconName>> = {
  'access.granted': 'checkCircle',
  'access.denied': 'crossCircle',
  'access.outcome': 'enter',
  'access.duress': 'alarm',
  'exit.recorded': 'exit',
  'door.opened': 'doorOpen',
  'door.closed': 'door',
  'door.forced': 'alarm',
  'door.held-open': 'alarm',
  'door.held-open-cleared': 'door',
  'door.contact-unknown': 'info',
  'exit-button.pressed': 'hand',
  'lock.released': 'lockOpen',
  'lock.secured': 'lock',
  'lock.fault': 'alarm',
  'reader.online': 'reader',
  'reader.offline': 'offline',
  'reader.tamper': 'alarm',
  'visit.overstayed': 'clock',
  'escort.left': 'people',
  'emergency.used': 'alarm',
  'lockdown.started': 'ban',
  'lockdown.ended': 'checkCircle',
  'fire.active': 'alarm',
  'fire.cleared': 'checkCircle',
  'policy.applied': 'inbox',
  'policy.rejected': 'alarm',
  'clock.rollback': 'clock',
  'clock.jump': 'clock',
  'clock.trusted': 'clock',
  boot: 'gateway',
  'epoch.opened': 'list',
  'epoch.closed': 'list',
  'disk.low': 'alarm',
  'disk.full': 'alarm',
  'config.changed': 'draft',
  'operator.command': 'person',
  'access.locked-out': 'ban',
  'escort.handed-over': 'people',
  'occupancy.below-minimum': 'people',
  'presence.reset': 'people',
  'alarm.acknowledged': 'checkCircle',
  'hold-open.started': 'doorOpen',
  'hold-open.ended': 'door',
  'deny.applied': 'ban',
  'journal.sealed': 'shield',
  'journal.reclaimed': 'list',
  'site-log.forked': 'alarm',
};

const TONES: Readonly<Record<Severity, Tone>> = {
  normal: 'neutral',
  notice: 'info',
  warning: 'waiting',
  alarm: 'refused',
};

/** How an event looks wherever it is listed; a type that this app does not know yet looks as loud as it is. */
export function eventLook(
  type: string,
  severity: Severity,
): { readonly icon: IconName; readonly tone: Tone } {
  const icon = Object.hasOwn(EVENT_TYPES, type) ? ICONS[type as EventType] : 'info';
  if (type === 'access.granted') return { icon, tone: 'granted' };
  return { icon, tone: type === 'access.denied' ? 'refused' : TONES[severity] };
}
