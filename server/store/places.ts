import type { Door, Room } from '#contract/api';
import { countInside } from '../domain/visit-projection.ts';
import { UNKNOWN_DOOR, type DoorProjection } from '../domain/door-projection.ts';
import type { Database } from './database.ts';
import { openVisits } from './visits.ts';

/** Stores a room, or its new name. */
export async function saveRoom(db: Database, room: Room): Promise<void> {
  await db
    .insertInto('rooms')
    .values(room)
    .onConflict((c) => c.column('id').doUpdateSet({ name: room.name }))
    .execute();
}

/** Stores a door, or its new name and room. */
export async function saveDoor(
  db: Database,
  door: { readonly id: string; readonly name: string; readonly roomId: string },
): Promise<void> {
  await db
    .insertInto('doors')
    .values({ id: door.id, name: door.name, room_id: door.roomId, gateway_id: null })
    .onConflict((c) => c.column('id').doUpdateSet({ name: door.name, room_id: door.roomId }))
    .execute();
}

/** Lists all rooms by name. */
export const listRooms = async (db: Database): Promise<readonly Room[]> =>
  db.selectFrom('rooms').selectAll().orderBy('name').orderBy('id').execute();

/** Tells whether there is such a door. */
export async function hasDoor(db: Database, id: string): Promise<boolean> {
  return (await db.selectFrom('doors').select('id').where('id', '=', id).executeTakeFirst()) !== undefined;
}

/** What an earlier version did not know of a door is unknown, not absent. */
const readProjection = (text: string): DoorProjection => ({
  ...UNKNOWN_DOOR,
  ...(JSON.parse(text) as Partial<DoorProjection>),
});

/** Loads what the records of a gateway said of a door. */
export async function loadDoorProjection(db: Database, doorId: string): Promise<DoorProjection> {
  const row = await db
    .selectFrom('door_states')
    .select('state')
    .where('door_id', '=', doorId)
    .executeTakeFirst();
  return row === undefined ? UNKNOWN_DOOR : readProjection(row.state);
}

/** Stores what the records of a gateway said of a door. */
export async function saveDoorProjection(db: Database, doorId: string, state: DoorProjection): Promise<void> {
  const text = JSON.stringify(state);
  await db
    .insertInto('door_states')
    .values({ door_id: doorId, state: text })
    .onConflict((c) => c.column('door_id').doUpdateSet({ state: text }))
    .execute();
}

const instant = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

const since = (at: number | null): { since: string } | null =>
  at === null ? null : { since: new Date(at).toISOString() };

/** Lists doors with what is known of them, by name; only those of one gateway, or one door, if asked for. */
export async function listDoors(
  db: Database,
  filter: { readonly gatewayId?: string; readonly doorId?: string } = {},
): Promise<readonly Door[]> {
  const rows = await db
    .selectFrom('doors')
    .leftJoin('gateways', 'gateways.id', 'doors.gateway_id')
    .leftJoin('door_states', 'door_states.door_id', 'doors.id')
    .select([
      'doors.id',
      'doors.name',
      'doors.room_id',
      'doors.gateway_id',
      'gateways.seen_at',
      'door_states.state',
    ])
    .$if(filter.gatewayId !== undefined, (q) => q.where('doors.gateway_id', '=', filter.gatewayId ?? ''))
    .$if(filter.doorId !== undefined, (q) => q.where('doors.id', '=', filter.doorId ?? ''))
    .orderBy('doors.name')
    .orderBy('doors.id')
    .execute();
  const visits = await openVisits(db, null);
  return rows.map((row) => {
    const state = row.state === null ? UNKNOWN_DOOR : readProjection(row.state);
    return {
      id: row.id,
      name: row.name,
      roomId: row.room_id,
      gatewayId: row.gateway_id,
      state: {
        lock: state.lock,
        contact: state.contact,
        alarm: state.alarm,
        alarmSince: instant(state.alarmSince),
        isAcknowledged: state.isAcknowledged,
        lockdown: since(state.lockdownSince),
        holdOpenUntil: instant(state.holdOpen?.until ?? null),
        fire: since(state.fireSince),
        readers: { ...state.readers },
        clockTrust: state.clockTrust,
        occupancy: countInside(visits.filter((visit) => visit.doorId === row.id)),
        gatewaySeenAt: instant(row.seen_at),
        at: instant(state.at),
      },
    };
  });
}
