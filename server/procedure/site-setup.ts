import type { MaintenanceWindow, RoomDetail, Zone } from '#contract/api-visit';
import { ok, type Result } from '#contract/result';
import { newRowId } from '../auth/tokens.ts';
import type { PurposeRow } from '../domain/purposes.ts';
import { recordAudit } from '../store/audit-trail.ts';
import { inTransaction, type Database } from '../store/database.ts';
import { listDoors, saveDoor, saveRoom } from '../store/places.ts';
import { findPurpose, savePurpose } from '../store/purposes.ts';
import {
  cancelMaintenanceWindow,
  findRoom,
  findZone,
  insertMaintenanceWindow,
  saveRoomProcedure,
  saveZone,
  type RoomProcedure,
} from '../store/room-procedures.ts';
import { refused } from './request-access.ts';
import type { Refusal, Site } from './site.ts';

/** Changes what the site is set up with, with what it was before in the audit trail. @see rule SD55 */
async function change<T>(
  trx: Database,
  site: Site,
  byId: string,
  act: string,
  subject: string,
  states: { readonly before: T | null; readonly after: T },
): Promise<void> {
  await recordAudit(trx, { at: site.clock.epochMs(), byId, act, subject, facts: states });
}

/** Stores a purpose, new or changed; requests that were filed keep what they were filed with. */
export const changePurpose = (
  site: Site,
  byId: string,
  purpose: PurposeRow,
): Promise<Result<PurposeRow, Refusal>> =>
  inTransaction(site.db, async (trx) => {
    const before = await findPurpose(trx, purpose.code);
    await savePurpose(trx, purpose);
    await change(trx, site, byId, 'purpose.changed', purpose.code, { before, after: purpose });
    return ok(purpose);
  });

/** Stores a zone, new or changed. */
export const changeZone = (site: Site, byId: string, zone: Zone): Promise<Result<Zone, Refusal>> =>
  inTransaction(site.db, async (trx) => {
    const before = await findZone(trx, zone.id);
    await saveZone(trx, zone);
    await change(trx, site, byId, 'zone.changed', zone.id, { before, after: zone });
    return ok(zone);
  });

/** Stores a room, new or changed. */
export const changeRoom = (
  site: Site,
  byId: string,
  { id, name, ...procedure }: { readonly id: string; readonly name: string } & RoomProcedure,
): Promise<Result<RoomDetail, Refusal>> =>
  inTransaction(site.db, async (trx): Promise<Result<RoomDetail, Refusal>> => {
    if (procedure.zoneId !== null && (await findZone(trx, procedure.zoneId)) === null) {
      return refused('invalid-input', [{ pointer: '/zoneId', code: 'unknown' }]);
    }
    const before = await findRoom(trx, id);
    await saveRoom(trx, { id, name });
    await saveRoomProcedure(trx, id, procedure);
    const after = { id, name, ...procedure };
    await change(trx, site, byId, 'room.changed', id, { before, after });
    return ok(after);
  });

/** Stores a door's name and room; its gateway is given by enrolment. */
export const changeDoor = (
  site: Site,
  byId: string,
  door: { readonly id: string; readonly name: string; readonly roomId: string },
): Promise<Result<{ readonly id: string; readonly name: string; readonly roomId: string }, Refusal>> =>
  inTransaction(site.db, async (trx) => {
    if ((await findRoom(trx, door.roomId)) === null) {
      return refused('invalid-input', [{ pointer: '/roomId', code: 'unknown' }]);
    }
    const [known] = await listDoors(trx, { doorId: door.id });
    const before = known === undefined ? null : { id: known.id, name: known.name, roomId: known.roomId };
    await saveDoor(trx, door);
    await change(trx, site, byId, 'door.changed', door.id, { before, after: door });
    return ok(door);
  });

/** Announces a maintenance window of a room. */
export const addMaintenanceWindow = (
  site: Site,
  byId: string,
  window: { readonly roomId: string; readonly name: string; readonly from: number; readonly until: number },
): Promise<Result<MaintenanceWindow, Refusal>> =>
  inTransaction(site.db, async (trx): Promise<Result<MaintenanceWindow, Refusal>> => {
    if (window.until <= window.from) return refused('window-reversed');
    if ((await findRoom(trx, window.roomId)) === null) {
      return refused('invalid-input', [{ pointer: '/roomId', code: 'unknown' }]);
    }
    const id = newRowId(site.random, 'mw');
    const { roomId, name, from, until } = window;
    await insertMaintenanceWindow(trx, { id, room_id: roomId, name, from_at: from, until_at: until });
    const after: MaintenanceWindow = {
      id,
      roomId,
      name,
      from: new Date(from).toISOString(),
      until: new Date(until).toISOString(),
      isCancelled: false,
    };
    await change(trx, site, byId, 'maintenance-window.added', id, { before: null, after });
    return ok(after);
  });

/** Cancels a maintenance window. */
export const cancelMaintenance = (
  site: Site,
  byId: string,
  id: string,
): Promise<Result<MaintenanceWindow, Refusal>> =>
  inTransaction(site.db, async (trx): Promise<Result<MaintenanceWindow, Refusal>> => {
    const after = await cancelMaintenanceWindow(trx, id);
    if (after === null) return refused('not-found');
    await change(trx, site, byId, 'maintenance-window.cancelled', id, {
      before: { ...after, isCancelled: false },
      after,
    });
    return ok(after);
  });
