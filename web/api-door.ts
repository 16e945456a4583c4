import type {
  AuditEntry,
  Command,
  NewCommand,
  OwnPinState,
  Rules,
  VisitCodeTicket,
} from '#contract/api-door';
import type { DoorRules } from '#contract/door-rules';
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

/** Tells whether the caller has a card, and a PIN for it. */
export const ownPin = (api: ApiClient): Promise<ApiResult<OwnPinState>> => api.call('GET', '/me/pin');

/** Sets the caller's PIN, and the one for duress where there is to be one. */
export const setOwnPin = (
  api: ApiClient,
  pins: { readonly pin: string; readonly duress?: string },
): Promise<ApiResult<unknown>> => api.call('POST', '/me/pin', pins);

/** Makes a visit code; its digits are told this once. */
export const makeVisitCode = (api: ApiClient, permitId: string): Promise<ApiResult<VisitCodeTicket>> =>
  api.call('POST', `/permits/${encodeURIComponent(permitId)}/visit-code`, {});

/** Reads holidays and what each door asks for. */
export const siteRules = (api: ApiClient): Promise<ApiResult<Rules>> => api.call('GET', '/rules');

/** Sets the holidays, all of them at once. */
export const setHolidays = (api: ApiClient, holidays: Rules['holidays']): Promise<ApiResult<Rules>> =>
  api.call('PUT', '/rules', { holidays });

/** Sets what a door asks for beside a permit. */
export const setDoorRules = (
  api: ApiClient,
  doorId: string,
  rules: DoorRules,
): Promise<ApiResult<DoorRules>> => api.call('PUT', doorPath(doorId, 'rules'), rules);

/** What narrows the audit trail; instants, `until` not included. */
export type TrailFilter = Partial<Record<'act' | 'from' | 'until' | 'cursor', string>>;

/** Lists what people changed, newest first. */
export const auditTrail = (api: ApiClient, filter: TrailFilter): Promise<ApiResult<Page<AuditEntry>>> =>
  api.call('GET', `/audit-trail${queryOf({ ...filter, limit: 50 })}`);
