import type { z } from 'zod';
import type {
  doorInputSchema,
  MaintenanceWindow,
  maintenanceWindowInputSchema,
  PurposeDetail,
  purposeInputSchema,
  RoomDetail,
  roomInputSchema,
  Zone,
  zoneInputSchema,
} from '#contract/api-visit';
import type { ApiClient, ApiResult, Page } from './api-client.ts';

export type PurposeInput = z.input<typeof purposeInputSchema>;
export type RoomInput = z.input<typeof roomInputSchema>;
export type ZoneInput = z.input<typeof zoneInputSchema>;

const part = encodeURIComponent;

export const purposeDetails = (api: ApiClient): Promise<ApiResult<Page<PurposeDetail>>> =>
  api.call('GET', '/purposes');

export const savePurpose = (
  api: ApiClient,
  code: string,
  purpose: PurposeInput,
): Promise<ApiResult<PurposeDetail>> => api.call('PUT', `/purposes/${part(code)}`, purpose);

export const roomDetails = (api: ApiClient): Promise<ApiResult<Page<RoomDetail>>> =>
  api.call('GET', '/rooms');

export const saveRoom = (api: ApiClient, id: string, room: RoomInput): Promise<ApiResult<RoomDetail>> =>
  api.call('PUT', `/rooms/${part(id)}`, room);

export const zones = (api: ApiClient): Promise<ApiResult<Page<Zone>>> => api.call('GET', '/zones');

export const saveZone = (api: ApiClient, id: string, zone: ZoneInput): Promise<ApiResult<Zone>> =>
  api.call('PUT', `/zones/${part(id)}`, zone);

export const saveDoor = (
  api: ApiClient,
  id: string,
  door: z.input<typeof doorInputSchema>,
): Promise<ApiResult<unknown>> => api.call('PUT', `/doors/${part(id)}`, door);

export const maintenanceWindows = (api: ApiClient): Promise<ApiResult<Page<MaintenanceWindow>>> =>
  api.call('GET', '/maintenance-windows');

export const addMaintenanceWindow = (
  api: ApiClient,
  window: z.input<typeof maintenanceWindowInputSchema>,
): Promise<ApiResult<MaintenanceWindow>> => api.call('POST', '/maintenance-windows', window);

export const cancelMaintenanceWindow = (api: ApiClient, id: string): Promise<ApiResult<MaintenanceWindow>> =>
  api.call('POST', `/maintenance-windows/${part(id)}/cancel`, {});
