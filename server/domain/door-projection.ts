import type { DoorState } from '#contract/api';
import type { JournalRecord } from '#contract/record';

/** What the records of a gateway say of a door; who is inside is told by the visits. */
export interface DoorProjection {
  readonly lock: DoorState['lock'];
  readonly contact: DoorState['contact'];
  readonly alarm: DoorState['alarm'];
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
      return { ...state, contact: 'closed', alarm: 'none' };
    case 'door.forced':
      return { ...state, contact: 'open', alarm: 'forced' };
    case 'door.held-open':
      return { ...state, contact: 'open', alarm: state.alarm === 'forced' ? 'forced' : 'held-open' };
    case 'door.held-open-cleared':
      return { ...state, alarm: state.alarm === 'held-open' ? 'none' : state.alarm };
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
