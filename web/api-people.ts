import type { Credential, Person, RoleName } from '#contract/api';
import type { Session } from '#contract/api-account';
import type {
  CardReadings,
  ImportResult,
  PersonDetail,
  ProfileInput,
  Revocation,
} from '#contract/api-people';
import { queryOf, type ApiClient, type ApiResult, type Page } from './api-client.ts';

interface Items<T> {
  readonly items: readonly T[];
}

const personPath = (id: string, rest = ''): string => `/people/${encodeURIComponent(id)}${rest}`;

/** Lists people by name, a page at a time; with `q` those whose name, organisation or user name has it. */
export const searchPeople = (
  api: ApiClient,
  query: { readonly q?: string; readonly cursor?: string },
): Promise<ApiResult<Page<Person>>> => api.call('GET', `/people${queryOf({ ...query, limit: 50 })}`);

export const personDetail = (api: ApiClient, id: string): Promise<ApiResult<PersonDetail>> =>
  api.call('GET', personPath(id));

export const cardsOf = (api: ApiClient, person: string): Promise<ApiResult<Page<Credential>>> =>
  api.call('GET', `/credentials${queryOf({ person, limit: 100 })}`);

export const saveProfile = (
  api: ApiClient,
  id: string,
  profile: ProfileInput,
): Promise<ApiResult<PersonDetail>> => api.call('PUT', personPath(id, '/profile'), profile);

export const saveRoles = (
  api: ApiClient,
  id: string,
  roles: readonly RoleName[],
): Promise<ApiResult<PersonDetail>> => api.call('PUT', personPath(id, '/roles'), { roles });

export const leavePerson = (
  api: ApiClient,
  id: string,
  order: { readonly effectiveAt: string; readonly reason: string },
): Promise<ApiResult<Items<Revocation>>> => api.call('POST', personPath(id, '/leave'), order);

export const movePerson = (
  api: ApiClient,
  id: string,
  order: {
    readonly effectiveAt: string;
    readonly reason: string;
    readonly unit: string;
    readonly position: string | null;
  },
): Promise<ApiResult<Items<Revocation>>> => api.call('POST', personPath(id, '/move'), order);

export const restorePerson = (api: ApiClient, id: string, reason: string): Promise<ApiResult<PersonDetail>> =>
  api.call('POST', personPath(id, '/restore'), { reason });

export const revocationsOf = (api: ApiClient, id: string): Promise<ApiResult<Items<Revocation>>> =>
  api.call('GET', personPath(id, '/revocations'));

export const sessionsOf = (api: ApiClient, id: string): Promise<ApiResult<Items<Session>>> =>
  api.call('GET', personPath(id, '/sessions'));

export const endSessionsOf = (api: ApiClient, id: string): Promise<ApiResult<{ readonly ended: number }>> =>
  api.call('DELETE', personPath(id, '/sessions'));

/** Ends the password of somebody; the one-time word for a new one is told this once. */
export const resetPassword = (
  api: ApiClient,
  id: string,
): Promise<ApiResult<{ readonly token: string; readonly expiresAt: string }>> =>
  api.call('POST', personPath(id, '/password-reset'), {});

export const linkSsoOf = (api: ApiClient, id: string, subject: string): Promise<ApiResult<unknown>> =>
  api.call('PUT', personPath(id, '/sso-link'), { subject });

/** Gives the card of this number to a person; `isForToday` for one that counts until the end of the day. */
export const enrolCard = (
  api: ApiClient,
  card: { readonly personId: string; readonly card: string; readonly isForToday: boolean },
): Promise<ApiResult<Credential>> => api.call('POST', '/credentials', card);

/** Gives the unknown card that was just presented at a door to a person. */
export const enrolPresented = (
  api: ApiClient,
  order: { readonly personId: string; readonly doorId: string; readonly isForToday: boolean },
): Promise<ApiResult<Credential>> => api.call('POST', '/credentials/from-presentation', order);

/** Asks which cards a printed number may stand for, or how a card is printed. */
export const cardReadings = (api: ApiClient, text: string): Promise<ApiResult<CardReadings>> =>
  api.call('POST', '/credentials/readings', { text });

export const changeCard = (
  api: ApiClient,
  id: string,
  change: { readonly state: Credential['state']; readonly reason?: string },
): Promise<ApiResult<Credential>> => api.call('PATCH', `/credentials/${encodeURIComponent(id)}`, change);

export const returnCard = (api: ApiClient, id: string): Promise<ApiResult<unknown>> =>
  api.call('POST', `/credentials/${encodeURIComponent(id)}/return`, {});

/** Enters people from a table; a dry run only says what would happen. */
export const importPeople = (
  api: ApiClient,
  file: { readonly format: 'csv' | 'xlsx'; readonly content: string },
  isDryRun: boolean,
): Promise<ApiResult<ImportResult>> =>
  api.call('POST', `/people/import${queryOf({ dryRun: isDryRun ? 1 : 0 })}`, file);
