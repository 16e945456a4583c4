import type { Command, NewCommand } from '#contract/api-door';
import { queryOf, type ApiClient, type ApiResult, type Page } from './api-client.ts';

/** Confirms with the password; sensitive acts are open for five minutes after it. */
export const stepUpByPassword = (api: ApiClient, password: string): Promise<ApiResult<unknown>> =>
  api.call('POST', '/session/step-up', { password });

const doorPath = (doorId: string, rest: string): string => `/doors/${encodeURIComponent(doorId)}/${rest}`;

/** Orders something at a door. */
export const orderCommand = (api: ApiClient, doorId: string, wish: NewCommand): Promise<ApiResult<Command>> =>
  api.call('POST', doorPath(doorId, 'commands'), wish);

/** Lists the newest orders at a door. */
export const doorCommands = (
  api: ApiClient,
  doorId: string,
  limit: number,
): Promise<ApiResult<Page<Command>>> => api.call('GET', doorPath(doorId, `commands${queryOf({ limit })}`));
