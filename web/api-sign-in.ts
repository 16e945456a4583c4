import type { z } from 'zod';
import type { Me } from '#contract/api';
import type { Session, ssoLinkSchema } from '#contract/api-account';
import type { AuditEntry } from '#contract/api-door';
import type { PasskeySummary, Trust } from '#contract/api-passkey';
import type { ApiClient, ApiResult } from './api-client.ts';

interface Items<T> {
  readonly items: readonly T[];
}
interface Options {
  readonly options: Readonly<Record<string, unknown>>;
}

/** An account of the other issuer by which one can sign in. */
export type SsoLink = z.infer<typeof ssoLinkSchema>;

export const signInWays = (api: ApiClient): Promise<ApiResult<{ readonly isSsoOffered: boolean }>> =>
  api.call('GET', '/session/ways');

/** Begins to sign in at the other issuer; says where the browser goes. */
export const beginSso = (api: ApiClient): Promise<ApiResult<{ readonly url: string }>> =>
  api.call('POST', '/session/sso', {});

export const passkeySignInOptions = (api: ApiClient): Promise<ApiResult<Options>> =>
  api.call('POST', '/session/passkey/options', {});

export const signInByPasskey = (api: ApiClient, credential: unknown): Promise<ApiResult<Me>> =>
  api.call('POST', '/session/passkey', { credential });

export const passkeyStepUpOptions = (api: ApiClient): Promise<ApiResult<Options>> =>
  api.call('POST', '/session/step-up/passkey/options', {});

export const stepUpByPasskey = (api: ApiClient, credential: unknown): Promise<ApiResult<unknown>> =>
  api.call('POST', '/session/step-up/passkey', { credential });

export const ownPasskeys = (api: ApiClient): Promise<ApiResult<Items<PasskeySummary>>> =>
  api.call('GET', '/me/passkeys');

export const newPasskeyOptions = (api: ApiClient): Promise<ApiResult<Options>> =>
  api.call('POST', '/me/passkeys/options', {});

export const addPasskey = (
  api: ApiClient,
  name: string,
  credential: unknown,
): Promise<ApiResult<PasskeySummary>> => api.call('POST', '/me/passkeys', { name, credential });

export const removePasskey = (api: ApiClient, id: string): Promise<ApiResult<unknown>> =>
  api.call('DELETE', `/me/passkeys/${encodeURIComponent(id)}`);

export const ownSessions = (api: ApiClient): Promise<ApiResult<Items<Session>>> =>
  api.call('GET', '/me/sessions');

/** Signs out there; without an id everywhere else. */
export const endOwnSessions = (api: ApiClient, id?: string): Promise<ApiResult<{ readonly ended: number }>> =>
  api.call('DELETE', id === undefined ? '/me/sessions' : `/me/sessions/${encodeURIComponent(id)}`);

export const accountEvents = (api: ApiClient): Promise<ApiResult<Items<Omit<AuditEntry, 'facts'>>>> =>
  api.call('GET', '/me/account-events');

export const changePassword = (
  api: ApiClient,
  change: { readonly current: string; readonly password: string },
): Promise<ApiResult<unknown>> => api.call('POST', '/me/password', change);

/** Chooses a new password by the one-time code of an administrator. */
export const finishReset = (api: ApiClient, token: string, password: string): Promise<ApiResult<unknown>> =>
  api.call('POST', '/session/password-reset', { token, password });

export const ssoLinks = (api: ApiClient): Promise<ApiResult<Items<SsoLink>>> =>
  api.call('GET', '/me/sso-links');

/** Confirms that the account that just came back in this browser is one's own. */
export const confirmSsoLink = (api: ApiClient): Promise<ApiResult<Items<SsoLink>>> =>
  api.call('POST', '/me/sso-links', {});

export const endSsoLink = (
  api: ApiClient,
  link: Pick<SsoLink, 'issuer' | 'subject'>,
): Promise<ApiResult<unknown>> => api.call('DELETE', '/me/sso-links', link);

/** Who is trusted with what, as the officials who hold the root keys have signed it. */
export const siteTrust = (api: ApiClient): Promise<ApiResult<Trust>> => api.call('GET', '/trust');
