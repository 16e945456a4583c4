import type {
  acknowledgedSchema,
  notAcknowledgedSchema,
  Sop,
  SopContent,
  SopSummary,
} from '#contract/api-sop';
import type { z } from 'zod';
import type { ApiClient, ApiResult } from './api-client.ts';

/** Who has a card and has not acknowledged what is in force. */
export type NotAcknowledged = z.infer<typeof notAcknowledgedSchema>;

/** What can be done with a version. */
export type VersionStep = 'submit' | 'return' | 'put-in-force' | 'withdraw';

const sopPath = (id: string, rest = ''): string => `/sop/${encodeURIComponent(id)}${rest}`;

export const listSops = (api: ApiClient): Promise<ApiResult<{ readonly items: readonly SopSummary[] }>> =>
  api.call('GET', '/sop');

export const findSop = (api: ApiClient, id: string): Promise<ApiResult<Sop>> => api.call('GET', sopPath(id));

export const createSop = (
  api: ApiClient,
  sop: {
    readonly id: string;
    readonly number: string;
    readonly isForEntry: boolean;
    readonly content: SopContent;
  },
): Promise<ApiResult<Sop>> => api.call('POST', '/sop', sop);

/** Begins the next version, or edits the draft where a version is named. */
export const saveDraft = (
  api: ApiClient,
  id: string,
  version: number | null,
  content: SopContent,
): Promise<ApiResult<Sop>> =>
  version === null
    ? api.call('POST', sopPath(id, '/versions'), { content })
    : api.call('PUT', sopPath(id, `/versions/${version}`), { content });

export const stepVersion = (
  api: ApiClient,
  id: string,
  version: number,
  step: VersionStep,
): Promise<ApiResult<Sop>> => api.call('POST', sopPath(id, `/versions/${version}/${step}`), {});

/** Acknowledges the text of this hash for oneself. */
export const acknowledgeSop = (
  api: ApiClient,
  id: string,
  textHash: string,
): Promise<ApiResult<z.infer<typeof acknowledgedSchema>>> =>
  api.call('POST', sopPath(id, '/acknowledge'), { textHash });

export const notAcknowledged = (api: ApiClient, id: string): Promise<ApiResult<NotAcknowledged>> =>
  api.call('GET', sopPath(id, '/not-acknowledged'));
