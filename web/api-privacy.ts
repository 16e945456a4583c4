import type { ErasureBasis } from '#contract/erasure';
import type {
  Destruction,
  PiiView,
  PrivacyMarks,
  PrivacyNotice,
  PrivacyRequest,
  PrivacyRequestKind,
  Reading,
  RetentionClass,
} from '#contract/api-privacy';
import { API_PATH, queryOf, type ApiClient, type ApiResult, type Page } from './api-client.ts';

interface Items<T> {
  readonly items: readonly T[];
}
interface Retention {
  readonly classes: readonly RetentionClass[];
}

const requestPath = (id: string, rest: string): string =>
  `/privacy-requests/${encodeURIComponent(id)}${rest}`;
const personPath = (id: string, rest: string): string => `/people/${encodeURIComponent(id)}${rest}`;

export const privacyNotice = (api: ApiClient): Promise<ApiResult<PrivacyNotice>> =>
  api.call('GET', '/privacy-notice');

/** Everybody's own requests; for the data-protection officer and auditors all of them. */
export const privacyRequests = (api: ApiClient, cursor?: string): Promise<ApiResult<Page<PrivacyRequest>>> =>
  api.call('GET', `/privacy-requests${queryOf({ cursor, limit: 100 })}`);

export const filePrivacyRequest = (
  api: ApiClient,
  request: {
    readonly kind: PrivacyRequestKind;
    readonly details: string;
    readonly personId?: string;
    readonly subjectRef?: string;
  },
): Promise<ApiResult<PrivacyRequest>> => api.call('POST', '/privacy-requests', request);

export const approveErasure = (
  api: ApiClient,
  id: string,
  basis: ErasureBasis,
): Promise<ApiResult<PrivacyRequest>> => api.call('POST', requestPath(id, '/approve'), { basis });

export const refusePrivacyRequest = (
  api: ApiClient,
  id: string,
  reason: string,
): Promise<ApiResult<PrivacyRequest>> => api.call('POST', requestPath(id, '/refuse'), { reason });

export const carryOutPrivacyRequest = (
  api: ApiClient,
  id: string,
  note: string,
): Promise<ApiResult<PrivacyRequest>> => api.call('POST', requestPath(id, '/carry-out'), { note });

/** Addresses of copies of personal data: plain links download them with the session of the browser. */
export const ownCopyPath = `${API_PATH}/me/data`;
export const subjectCopyPath = (id: string): string => `${API_PATH}${requestPath(id, '/copy')}`;

export const privacyMarks = (api: ApiClient, personId: string): Promise<ApiResult<PrivacyMarks>> =>
  api.call('GET', personPath(personId, '/privacy'));

/** Holds somebody's data for a legal reason; null ends it. */
export const setHold = (
  api: ApiClient,
  personId: string,
  reason: string | null,
): Promise<ApiResult<PrivacyMarks>> => api.call('PUT', personPath(personId, '/hold'), { reason });

export const setRestriction = (
  api: ApiClient,
  personId: string,
  isRestricted: boolean,
): Promise<ApiResult<PrivacyMarks>> =>
  api.call('PUT', personPath(personId, '/restriction'), { isRestricted });

/** The whole number of an identity document; the look at it is recorded. */
export const identityOf = (
  api: ApiClient,
  personId: string,
): Promise<ApiResult<{ readonly kind: string; readonly number: string }>> =>
  api.call('GET', personPath(personId, '/identity'));

export const retention = (api: ApiClient): Promise<ApiResult<Retention>> =>
  api.call('GET', '/privacy/retention');

export const saveRetention = (api: ApiClient, each: RetentionClass): Promise<ApiResult<Retention>> =>
  api.call('PUT', '/privacy/retention', each);

export const destructions = (api: ApiClient): Promise<ApiResult<Items<Destruction>>> =>
  api.call('GET', '/privacy/destructions');

export const piiViews = (api: ApiClient): Promise<ApiResult<Items<PiiView>>> =>
  api.call('GET', `/privacy/views${queryOf({ limit: 200 })}`);

export const readings = (api: ApiClient, cursor?: string): Promise<ApiResult<Page<Reading>>> =>
  api.call('GET', `/privacy/readings${queryOf({ cursor, limit: 100 })}`);
