import { describe, expect, it } from 'vitest';
import { EVENT_TYPE_NAMES } from '#contract/event';
import { NO_PREVIOUS_HASH, type JournalRecord } from '#contract/record';
import { stepDoor, UNKNOWN_DOOR, type DoorProjection } from './door-projection.ts';
import { countInside, OPEN_PHASES, stepVisits, type VisitProjection } from './visit-projection.ts';

const record = (
  sq: number,
  ty: JournalRecord['ty'],
  changes: Partial<JournalRecord> = {},
): JournalRecord => ({
  v: 1,
  gw: 'gw',
  ep: 1,
  sq,
  bt: 1,
  t: 1000 + sq,
  tq: 3,
  mo: sq,
  ty,
  door: 'pintu',
  ph: NO_PREVIOUS_HASH,
  x: {},
  ...changes,
});

const doorAfter = (...types: readonly (JournalRecord['ty'] | Partial<JournalRecord>)[]): DoorProjection =>
  types.reduce<DoorProjection>(
    (state, each, sq) =>
      stepDoor(state, typeof each === 'string' ? record(sq, each) : record(sq, 'boot', each)),
    UNKNOWN_DOOR,
  );

describe('what is known of a door', () => {
  it('SD9: nothing before its gateway has spoken', () => {
    expect(UNKNOWN_DOOR).toMatchObject({ lock: 'unknown', contact: 'unknown', alarm: 'none', at: null });
  });

  it('SD9: lock and contact follow the records', () => {
    expect(doorAfter('lock.released', 'door.opened')).toMatchObject({ lock: 'released', contact: 'open' });
    expect(doorAfter('lock.released', 'lock.secured', 'door.closed')).toMatchObject({
      lock: 'secured',
      contact: 'closed',
    });
    expect(doorAfter('lock.fault').lock).toBe('fault');
    expect(doorAfter('door.opened', 'door.contact-unknown').contact).toBe('unknown');
  });

  it('SD9: an alarm lasts until the leaf is closed', () => {
    expect(doorAfter('door.forced').alarm).toBe('forced');
    expect(doorAfter('door.forced', 'lock.secured', 'door.held-open').alarm).toBe('forced');
    expect(doorAfter('door.forced', 'door.held-open-cleared').alarm).toBe('forced');
    expect(doorAfter('door.opened', 'door.held-open').alarm).toBe('held-open');
    expect(doorAfter('door.held-open', 'door.held-open-cleared').alarm).toBe('none');
    expect(doorAfter('door.forced', 'door.closed').alarm).toBe('none');
  });

  it('SD9: readers are known by name, and nothing but alarms survives a restart of the gateway', () => {
    const online = { ty: 'reader.online' as const, x: { reader: 'entry' } };
    const offline = { ty: 'reader.offline' as const, x: { reader: 'exit' } };
    expect(doorAfter(online, offline).readers).toEqual({ entry: 'online', exit: 'offline' });
    expect(doorAfter({ ty: 'reader.online', x: {} }).readers).toEqual({});
    expect(doorAfter(online, 'lock.secured', 'door.forced', 'boot')).toMatchObject({
      lock: 'unknown',
      contact: 'unknown',
      alarm: 'forced',
      readers: {},
    });
  });

  it('SD9: an alarm says since when it stands and whether somebody knows; another alarm is unknown again', () => {
    expect(UNKNOWN_DOOR).toMatchObject({ alarmSince: null, isAcknowledged: false });
    expect(doorAfter('door.forced', 'lock.secured', 'door.forced').alarmSince).toBe(1000);
    expect(doorAfter('door.held-open', 'alarm.acknowledged').isAcknowledged).toBe(true);
    expect(doorAfter('door.held-open', 'alarm.acknowledged', 'door.forced')).toMatchObject({
      alarm: 'forced',
      alarmSince: 1002,
      isAcknowledged: false,
    });
    expect(doorAfter('door.forced', 'alarm.acknowledged', 'door.held-open')).toMatchObject({
      alarm: 'forced',
      alarmSince: 1000,
      isAcknowledged: true,
    });
    const none = { alarm: 'none', alarmSince: null, isAcknowledged: false };
    expect(doorAfter('door.forced', 'alarm.acknowledged', 'door.closed')).toMatchObject(none);
    expect(doorAfter('door.held-open', 'alarm.acknowledged', 'door.held-open-cleared')).toMatchObject(none);
    expect(doorAfter('alarm.acknowledged').isAcknowledged).toBe(false);
  });

  it('SD9: lockdown and fire last until they are ended, over a restart of the gateway', () => {
    expect(UNKNOWN_DOOR).toMatchObject({ lockdownSince: null, fireSince: null });
    expect(doorAfter('lockdown.started', 'boot')).toMatchObject({ lockdownSince: 1000 });
    expect(doorAfter('lockdown.started', 'lockdown.ended').lockdownSince).toBeNull();
    expect(doorAfter('fire.active', 'boot')).toMatchObject({ fireSince: 1000 });
    expect(doorAfter('fire.active', 'fire.cleared').fireSince).toBeNull();
  });

  it('SD9: a door held open says until when, and a further order is not ended by the end of the one before', () => {
    const held = (forMs: number) => ({ ty: 'hold-open.started' as const, x: { of: 0, forMs } });
    const ended = (of: number) => ({ ty: 'hold-open.ended' as const, x: { of, why: 'order' } });
    expect(UNKNOWN_DOOR.holdOpen).toBeNull();
    expect(doorAfter(held(60_000)).holdOpen).toEqual({ of: 0, until: 61_000 });
    expect(doorAfter(held(60_000), ended(0)).holdOpen).toBeNull();
    expect(doorAfter(held(60_000), held(5_000), ended(0)).holdOpen).toEqual({ of: 1, until: 6_001 });
    expect(doorAfter({ ty: 'hold-open.started', x: {} }).holdOpen).toEqual({ of: 0, until: 1000 });
  });

  it('SD9: every kind of record leaves a state with the time and clock trust of that record', () => {
    for (const ty of EVENT_TYPE_NAMES) {
      expect(stepDoor(UNKNOWN_DOOR, record(7, ty, { tq: 1 }))).toMatchObject({ at: 1007, clockTrust: 1 });
    }
  });
});

interface Step {
  readonly record: JournalRecord;
  readonly sub?: string | null;
  readonly pm?: string | null;
}

function visitsAfter(...steps: readonly Step[]): readonly VisitProjection[] {
  const all = new Map<string, VisitProjection>();
  for (const { record: each, sub = null, pm = null } of steps) {
    const open = [...all.values()].filter((visit) => OPEN_PHASES.some((phase) => phase === visit.phase));
    for (const visit of stepVisits(open, { record: each, sub, pm })) all.set(visit.id, visit);
  }
  return [...all.values()];
}

const granted = (sq: number, sub: string | null = 's_1'): Step => ({
  record: record(sq, 'access.granted', { dir: 'in' }),
  sub,
  pm: 'pm_1',
});
const outcome = (sq: number, of: number, rs: string): Step => ({
  record: record(sq, 'access.outcome', { rs, x: { of } }),
});
const exit = (sq: number, sub: string | null = 's_1'): Step => ({
  record: record(sq, 'exit.recorded', { dir: 'out' }),
  sub,
});

describe('visits', () => {
  it('SD10: granted, entered, left', () => {
    expect(visitsAfter(granted(1), outcome(2, 1, 'entered'), exit(9))).toEqual([
      {
        id: 'gw/1/1',
        doorId: 'pintu',
        personId: 's_1',
        permitId: 'pm_1',
        beganAt: 1001,
        enteredAt: 1002,
        leftAt: 1009,
        certainty: 'sure',
        phase: 'ended',
      },
    ]);
  });

  it('SD10: a grant alone is no entry', () => {
    const visits = visitsAfter(granted(1));
    expect(visits).toMatchObject([{ enteredAt: null, certainty: 'unknown', phase: 'granted' }]);
    expect(countInside(visits)).toBe(0);
  });

  it('SD10: a door that was not opened ends the visit without an entry', () => {
    expect(visitsAfter(granted(1), outcome(2, 1, 'no-entry'))).toMatchObject([
      { enteredAt: null, leftAt: null, certainty: 'no-entry', phase: 'ended' },
    ]);
  });

  it('SD10: an unknown outcome stays unknown until the exit card shows that somebody was inside', () => {
    expect(visitsAfter(granted(1), outcome(2, 1, 'unknown'))).toMatchObject([
      { enteredAt: null, certainty: 'unknown', phase: 'unclear' },
    ]);
    expect(visitsAfter(granted(1), outcome(2, 1, 'unknown'), exit(5))).toMatchObject([
      { enteredAt: null, leftAt: 1005, certainty: 'unknown', phase: 'ended' },
    ]);
  });

  it('SD10: a missed exit is not made up when the person enters again', () => {
    const visits = visitsAfter(granted(1), outcome(2, 1, 'entered'), granted(11), outcome(12, 11, 'entered'));
    expect(visits).toMatchObject([
      { id: 'gw/1/1', leftAt: null, certainty: 'unknown', phase: 'replaced' },
      { id: 'gw/1/11', enteredAt: 1012, phase: 'inside' },
    ]);
    expect(countInside(visits)).toBe(1);
  });

  it('SD10: an exit without an entry is a visit of its own, without a time of entry', () => {
    expect(visitsAfter(exit(4))).toMatchObject([
      { id: 'gw/1/4', enteredAt: null, leftAt: 1004, certainty: 'unknown' },
    ]);
  });

  it('SD10: an exit card that nobody owns ends no visit', () => {
    expect(visitsAfter(granted(1), outcome(2, 1, 'entered'), exit(3, null))).toMatchObject([
      { leftAt: null, phase: 'inside' },
    ]);
  });

  it('SD10: people are counted, not visits; an erased person is still somebody', () => {
    const visits = visitsAfter(
      granted(1, 's_1'),
      outcome(2, 1, 'entered'),
      granted(3, 's_2'),
      outcome(4, 3, 'entered'),
      granted(5, null),
      outcome(6, 5, 'entered'),
    );
    expect(countInside(visits)).toBe(3);
  });

  it('SD10: an outcome of no known grant, or without a door, changes nothing', () => {
    expect(visitsAfter(granted(1), outcome(2, 7, 'entered'))).toMatchObject([{ phase: 'granted' }]);
    const doorless = record(2, 'access.granted');
    delete (doorless as { door?: string }).door;
    expect(visitsAfter({ record: doorless, sub: 's_1' })).toEqual([]);
    expect(visitsAfter(granted(1), { record: record(2, 'access.outcome', { rs: 'entered' }) })).toMatchObject(
      [{ phase: 'granted' }],
    );
  });
});
