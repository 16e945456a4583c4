import type { MaintenanceWindow, RoomDetail, Zone } from '#contract/api-visit';
import type { Database } from './database.ts';
import type { MaintenanceWindowsTable } from './tables-visit.ts';

/** How requests for a room are decided. */
export type RoomProcedure = Omit<RoomDetail, 'id' | 'name'>;

/** A room of which nothing was said: one official decides. */
const PLAIN: RoomProcedure = { zoneId: null, isStrict: false, needsVerification: false, officials: [] };

const roomRows = (db: Database) =>
  db
    .selectFrom('rooms')
    .leftJoin('room_procedures', 'room_procedures.room_id', 'rooms.id')
    .select(['rooms.id', 'rooms.name', 'zone_id', 'is_strict', 'needs_verification', 'officials']);

const toRoom = (
  row: Awaited<ReturnType<ReturnType<typeof roomRows>['executeTakeFirstOrThrow']>>,
): RoomDetail => ({
  id: row.id,
  name: row.name,
  ...(row.officials === null
    ? PLAIN
    : {
        zoneId: row.zone_id,
        isStrict: row.is_strict === 1,
        needsVerification: row.needs_verification === 1,
        officials: JSON.parse(row.officials) as string[],
      }),
});

/** Lists the rooms by name, with how requests for them are decided. */
export const listRoomDetails = async (db: Database): Promise<readonly RoomDetail[]> =>
  (await roomRows(db).orderBy('name').orderBy('rooms.id').execute()).map(toRoom);

/** Finds a room with how requests for it are decided. */
export async function findRoom(db: Database, id: string): Promise<RoomDetail | null> {
  const row = await roomRows(db).where('rooms.id', '=', id).executeTakeFirst();
  return row === undefined ? null : toRoom(row);
}

/** Finds the room behind a door. */
export async function roomOfDoor(db: Database, doorId: string): Promise<RoomDetail | null> {
  const row = await roomRows(db)
    .innerJoin('doors', 'doors.room_id', 'rooms.id')
    .where('doors.id', '=', doorId)
    .executeTakeFirst();
  return row === undefined ? null : toRoom(row);
}

/** Stores how requests for a room are decided. */
export async function saveRoomProcedure(
  trx: Database,
  roomId: string,
  procedure: RoomProcedure,
): Promise<void> {
  const fields = {
    zone_id: procedure.zoneId,
    is_strict: procedure.isStrict ? 1 : 0,
    needs_verification: procedure.needsVerification ? 1 : 0,
    officials: JSON.stringify(procedure.officials),
  };
  await trx
    .insertInto('room_procedures')
    .values({ room_id: roomId, ...fields })
    .onConflict((c) => c.column('room_id').doUpdateSet(fields))
    .execute();
}

/** Lists the zones by name. */
export const listZones = async (db: Database): Promise<readonly Zone[]> =>
  db.selectFrom('zones').selectAll().orderBy('name').orderBy('id').execute();

/** Finds a zone. */
export const findZone = async (db: Database, id: string): Promise<Zone | null> =>
  (await db.selectFrom('zones').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;

/** Stores a zone, new or changed. */
export async function saveZone(trx: Database, { id, ...fields }: Zone): Promise<void> {
  await trx
    .insertInto('zones')
    .values({ id, ...fields })
    .onConflict((c) => c.column('id').doUpdateSet(fields))
    .execute();
}

const toWindow = (row: MaintenanceWindowsTable): MaintenanceWindow => ({
  id: row.id,
  roomId: row.room_id,
  name: row.name,
  from: new Date(row.from_at).toISOString(),
  until: new Date(row.until_at).toISOString(),
  isCancelled: row.is_cancelled === 1,
});

/** Lists the maintenance windows that end after a time, earliest first. */
export async function listMaintenanceWindows(
  db: Database,
  after: number,
): Promise<readonly MaintenanceWindow[]> {
  const rows = await db
    .selectFrom('maintenance_windows')
    .selectAll()
    .where('until_at', '>', after)
    .orderBy('from_at')
    .orderBy('id')
    .execute();
  return rows.map(toWindow);
}

/** Stores a new maintenance window. */
export async function insertMaintenanceWindow(
  trx: Database,
  window: Omit<MaintenanceWindowsTable, 'is_cancelled'>,
): Promise<void> {
  await trx
    .insertInto('maintenance_windows')
    .values({ ...window, is_cancelled: 0 })
    .execute();
}

/** Cancels a maintenance window. @returns it, or null where there is none that stands */
export async function cancelMaintenanceWindow(trx: Database, id: string): Promise<MaintenanceWindow | null> {
  const row = await trx
    .updateTable('maintenance_windows')
    .set({ is_cancelled: 1 })
    .where('id', '=', id)
    .where('is_cancelled', '=', 0)
    .returningAll()
    .executeTakeFirst();
  return row === undefined ? null : toWindow(row);
}

/** Tells whether a time lies within one maintenance window of a room. */
export async function isWithinMaintenance(
  db: Database,
  roomId: string,
  time: { readonly from: number; readonly until: number },
): Promise<boolean> {
  const row = await db
    .selectFrom('maintenance_windows')
    .select('id')
    .where('room_id', '=', roomId)
    .where('is_cancelled', '=', 0)
    .where('from_at', '<=', time.from)
    .where('until_at', '>=', time.until)
    .executeTakeFirst();
  return row !== undefined;
}
