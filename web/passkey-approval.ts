import type { AccessRequest } from '#contract/api';
import type { PasskeyAnswer } from '#contract/api-passkey';
import type { ApiClient, ApiResult } from './api-client.ts';
import { approvalOptions, approveWith } from './api-visit.ts';

/** Asks the device for a passkey's answer. @returns null where the person declined, or the device cannot */
export type AskPasskey = (options: Readonly<Record<string, unknown>>) => Promise<PasskeyAnswer | null>;

/** What became of an approval: an answer of the server, or no answer of the passkey. */
export type ApprovalOutcome =
  { readonly kind: 'answered'; readonly answer: ApiResult<AccessRequest> } | { readonly kind: 'no-passkey' };

/**
 * Approves a request over exactly what stands in it now: the options are read at that moment, so that a request
 * which changed since it was shown is refused and never approved in its new form by an old answer.
 * @param shownHash hash of the request as its summary was read on the screen
 */
export async function approveByPasskey(
  api: ApiClient,
  id: string,
  shownHash: string,
  ask: AskPasskey,
): Promise<ApprovalOutcome> {
  const asked = await approvalOptions(api, id);
  if (!asked.ok) return { kind: 'answered', answer: asked };
  const { method, options, request } = asked.value;
  if (request !== shownHash) {
    const changed = { code: 'step-not-allowed', pointers: [], requestId: null } as const;
    return { kind: 'answered', answer: { ok: false, error: changed } };
  }
  if (method === 'session') return { kind: 'answered', answer: await approveWith(api, id, null) };
  const credential = options === null ? null : await ask(options);
  if (credential === null) return { kind: 'no-passkey' };
  return { kind: 'answered', answer: await approveWith(api, id, credential) };
}

/** Asks through the browser; its own window says which passkey. */
export const askBrowser: AskPasskey = async (options) => {
  if (typeof PublicKeyCredential === 'undefined') return null;
  try {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
      options as unknown as PublicKeyCredentialRequestOptionsJSON,
    );
    const credential = await navigator.credentials.get({ publicKey });
    if (!(credential instanceof PublicKeyCredential)) return null;
    return credential.toJSON() as unknown as PasskeyAnswer;
  } catch (error) {
    // Declined, timed out, or no passkey here: for the person it is all the same, nothing was approved.
    if (error instanceof DOMException) return null;
    throw error;
  }
};
