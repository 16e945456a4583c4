import type { DoorState } from '#contract/api';
import type { JournalRecord } from '#contract/record';

/** What the records of a gateway say of a door; who is inside is told by the visits. */
export interface DoorProjection {
  readonly lock: DoorState['lock'];
  readonly contact: DoorState['contact'];
  readonly alarm: DoorState['alarm'];
  /** When the alarm began, ms since 1970. */
  readonly alarmSince: number | null;
  readonly isAcknowledged: boolean;
  /** When the lockdown in force was ordered, ms since 1970. */
  readonly lockdownSince: number | null;
  /** The order that holds the door open: number of the record that began it, and its end, ms since 1970. */
  readonly holdOpen: { readonly of: number; readonly until: number } | null;
  readonly fireSince: number | null;
  readonly readers: Readonly<Record<string, 'online' | 'offline'>>;
  readonly clockTrust: number | null;
  /** Time of the newest record about this door, ms since 1970. */
  readonly at: number | null;
}

/** What is known of a door before its gateway has said anything. */
export const UNKNOWN_DOOR: DoorProjection = {
  lock: 'unknown',
  contact: 'unknown',
  alarm: 'none',
  alarmSince: null,
  isAcknowledged: false,
  lockdownSince: null,
  holdOpen: null,
  fireSince: null,
  readers: {},
  clockTrust: null,
  at: null,
};

function withReader(
  state: DoorProjection,
  record: JournalRecord,
  link: 'online' | 'offline',
): DoorProjection {
  const reader = record.x['reader'];
  return typeof reader === 'string' ? { ...state, readers: { ...state.readers, [reader]: link } } : state;
}

const NO_ALARM = { alarm: 'none', alarmSince: null, isAcknowledged: false } as const;

/** An alarm of another kind is another alarm: nobody has seen that one yet. */
const withAlarm = (state: DoorProjection, alarm: 'forced' | 'held-open', at: number): DoorProjection =>
  state.alarm === alarm ? state : { ...state, alarm, alarmSince: at, isAcknowledged: false };

function project(state: DoorProjection, record: JournalRecord): DoorProjection {
  switch (record.ty) {
    case 'lock.released':
      return { ...state, lock: 'released' };
    case 'lock.secured':
      return { ...state, lock: 'secured' };
    case 'lock.fault':
      return { ...state, lock: 'fault' };
    case 'door.opened':
      return { ...state, contact: 'open' };
    case 'door.closed':
      // An alarm lasts while the leaf is open, whatever anybody acknowledges.
      return { ...state, contact: 'closed', ...NO_ALARM };
    case 'door.forced':
      return withAlarm({ ...state, contact: 'open' }, 'forced', record.t);
    case 'door.held-open': {
      const open = { ...state, contact: 'open' } as const;
      return state.alarm === 'forced' ? open : withAlarm(open, 'held-open', record.t);
    }
    case 'door.held-open-cleared':
      return state.alarm === 'held-open' ? { ...state, ...NO_ALARM } : state;
    case 'alarm.acknowledged':
      return { ...state, isAcknowledged: state.alarm !== 'none' };
    case 'lockdown.started':
      return { ...state, lockdownSince: record.t };
    case 'lockdown.ended':
      return { ...state, lockdownSince: null };
    case 'hold-open.started': {
      const { forMs } = record.x;
      const until = typeof forMs === 'number' ? record.t + forMs : record.t;
      return { ...state, holdOpen: { of: record.sq, until } };
    }
    case 'hold-open.ended':
      // A further order begins its own hold before the one that it replaces is said to be over.
      return state.holdOpen?.of === record.x['of'] ? { ...state, holdOpen: null } : state;
    case 'fire.active':
      return { ...state, fireSince: record.t };
    case 'fire.cleared':
      return { ...state, fireSince: null };
    case 'door.contact-unknown':
      return { ...state, contact: 'unknown' };
    case 'reader.online':
      return withReader(state, record, 'online');
    case 'reader.offline':
      return withReader(state, record, 'offline');
    case 'boot':
      // Whatever moved while the gateway was down went unseen.
      return { ...state, lock: 'unknown', contact: 'unknown', readers: {} };
    default:
      return state;
  }
}

/**
 * Takes one more record into what is known of a door.
 * @param record a record about this door, or one of its gateway that names no door
 * @see rule SD9
 */
export const stepDoor = (state: DoorProjection, record: JournalRecord): DoorProjection => ({
  ...project(state, record),
  clockTrust: record.tq,
  at: record.t,
});
