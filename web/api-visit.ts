import type { AccessRequest } from '#contract/api';
import type { ApprovalOptions, PasskeyAnswer } from '#contract/api-passkey';
import type {
  Attendance,
  checkedInSchema,
  checkInSchema,
  checkOutSchema,
  DecisionView,
  Notice,
  requestCopySchema,
  RequestDetail,
  todaySchema,
} from '#contract/api-visit';
import type { z } from 'zod';
import { ok } from '#contract/result';
import type { ApiClient, ApiResult } from './api-client.ts';
import type { VisitorDraft } from './visit-wish.ts';

export type Today = z.infer<typeof todaySchema>;
export type CheckIn = z.input<typeof checkInSchema>;
export type CheckOut = z.input<typeof checkOutSchema>;
export type CheckedIn = z.infer<typeof checkedInSchema>;

const requestPath = (id: string, rest: string): string => `/requests/${encodeURIComponent(id)}/${rest}`;

/** Who is expected, waits, is inside, is overdue, and what is not closed. */
export const visitsToday = (api: ApiClient): Promise<ApiResult<Today>> => api.call('GET', '/visits/today');

/** Marks a request as looked at by the room's officer. */
export const verifyRequest = (api: ApiClient, id: string): Promise<ApiResult<AccessRequest>> =>
  api.call('POST', requestPath(id, 'verify'), {});

/** Checks a visitor in; a code in the answer is told this once. */
export const checkIn = (api: ApiClient, arrival: CheckIn): Promise<ApiResult<CheckedIn>> =>
  api.call('POST', '/visits/check-in', arrival);

/** Closes a visit. */
export const checkOut = (
  api: ApiClient,
  visitId: string,
  departure: CheckOut,
): Promise<ApiResult<Attendance>> =>
  api.call('POST', `/visits/${encodeURIComponent(visitId)}/check-out`, departure);

/** What one was told, newest first. */
export const listNotices = (api: ApiClient): Promise<ApiResult<{ readonly items: readonly Notice[] }>> =>
  api.call('GET', '/notifications?limit=100');

/** Marks what one was told as read. */
export const markNoticesRead = (
  api: ApiClient,
  ids: readonly string[],
): Promise<ApiResult<{ readonly read: number }>> => api.call('POST', '/notifications/read', { ids });

/** Accepts or declines to escort a visit. */
export const answerAsEscort = (
  api: ApiClient,
  id: string,
  accepts: boolean,
): Promise<ApiResult<AccessRequest>> => api.call('POST', requestPath(id, 'escort'), { accepts });

/** What is filed again: an earlier request without its times, and who entered then. */
export async function copyOfRequest(
  api: ApiClient,
  id: string,
): Promise<ApiResult<{ readonly copy: z.infer<typeof requestCopySchema>; readonly visitor: VisitorDraft }>> {
  const copy = await api.call<z.infer<typeof requestCopySchema>>('GET', requestPath(id, 'copy'));
  if (!copy.ok) return copy;
  const { visitorId } = copy.value;
  if (visitorId === undefined) return ok({ copy: copy.value, visitor: { kind: 'self' } });
  const earlier = await api.call<RequestDetail>('GET', `/requests/${encodeURIComponent(id)}`);
  if (!earlier.ok) return earlier;
  const { name } = earlier.value.subject;
  return ok({ copy: copy.value, visitor: { kind: 'known', id: visitorId, name } });
}

/** What a decision is about. */
export const decisionView = (api: ApiClient, id: string): Promise<ApiResult<DecisionView>> =>
  api.call('GET', requestPath(id, 'decision-view'));

/** What an approval would be over, and how it has to be given; approves nothing. */
export const approvalOptions = (api: ApiClient, id: string): Promise<ApiResult<ApprovalOptions>> =>
  api.call('POST', requestPath(id, 'approval-options'), {});

/** Approves, with the answer of a passkey where one was asked for. */
export const approveWith = (
  api: ApiClient,
  id: string,
  credential: PasskeyAnswer | null,
): Promise<ApiResult<AccessRequest>> =>
  api.call('POST', requestPath(id, 'approve'), credential === null ? {} : { credential });
