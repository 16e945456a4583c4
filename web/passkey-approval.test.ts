import { describe, expect, it } from 'vitest';
import { ok } from '#contract/result';
import type { ApiClient } from './api-client.ts';
import { approveByPasskey } from './passkey-approval.ts';

const answer = { id: 'a', rawId: 'a', type: 'public-key' } as never;

/** A client that notes what it is asked, and answers with these options. */
function fakeApi(method: 'passkey' | 'session', request: string) {
  const calls: { readonly path: string; readonly body: unknown }[] = [];
  const call = (_method: string, path: string, body: unknown) => {
    calls.push({ path, body });
    const options = method === 'passkey' ? { challenge: 'c' } : null;
    return Promise.resolve(
      ok(path.endsWith('approval-options') ? { method, options, request } : { id: 'rq' }),
    );
  };
  return { api: { call } as unknown as ApiClient, calls };
}

describe('approval by passkey', () => {
  it('W65: the answer of the passkey goes with the approval', async () => {
    const { api, calls } = fakeApi('passkey', 'h1');
    const outcome = await approveByPasskey(api, 'rq_1', 'h1', () => Promise.resolve(answer));
    expect(outcome.kind).toBe('answered');
    expect(calls.map(({ path }) => path)).toEqual([
      '/requests/rq_1/approval-options',
      '/requests/rq_1/approve',
    ]);
    expect(calls[1]?.body).toEqual({ credential: answer });
  });

  it('W65: whoever declines the passkey has approved nothing', async () => {
    const { api, calls } = fakeApi('passkey', 'h1');
    const outcome = await approveByPasskey(api, 'rq_1', 'h1', () => Promise.resolve(null));
    expect(outcome).toEqual({ kind: 'no-passkey' });
    expect(calls).toHaveLength(1);
  });

  it('W66: a request that changed since it was shown is not approved', async () => {
    for (const method of ['passkey', 'session'] as const) {
      const { api, calls } = fakeApi(method, 'h2');
      const outcome = await approveByPasskey(api, 'rq_1', 'h1', () => Promise.resolve(answer));
      expect(outcome).toMatchObject({ kind: 'answered', answer: { ok: false } });
      expect(calls).toHaveLength(1);
    }
  });
});
