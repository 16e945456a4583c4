import type { SettingList } from '#contract/api-settings';
import type { ApiClient, ApiResult } from './api-client.ts';

/** How the server was started, secrets hidden. */
export const serverSettings = (api: ApiClient): Promise<ApiResult<SettingList>> =>
  api.call('GET', '/settings');
