import { describe, expect, it } from 'vitest';
import { createApiClient } from './api-client.ts';

function clientOf(answer: () => Response | Promise<Response>, isStepUpDone = false) {
  const seen: { signedOut: number; stepUps: number; serverMs: number[]; asked: string[] } = {
    signedOut: 0,
    stepUps: 0,
    serverMs: [],
    asked: [],
  };
  const api = createApiClient({
    fetch: (input, init) => {
      seen.asked.push(`${init?.method ?? 'GET'} ${input as string}`);
      return Promise.resolve(answer());
    },
    onSignedOut: () => {
      seen.signedOut += 1;
    },
    onStepUp: () => {
      seen.stepUps += 1;
      return Promise.resolve(isStepUpDone);
    },
    onServerTime: (ms) => seen.serverMs.push(ms),
  });
  return { api, seen };
}

const problem = (status: number, code: string): Response =>
  new Response(
    JSON.stringify({
      type: `urn:palang:problem:${code}`,
      title: '',
      status,
      code,
      errors: [{ pointer: '/name', code: 'too_small' }],
      requestId: 'r-1',
    }),
    { status, headers: { 'content-type': 'application/problem+json' } },
  );

describe('api client', () => {
  it('W17: an answer is its value, and its date moves the clock', async () => {
    const { api, seen } = clientOf(
      () =>
        new Response(JSON.stringify({ items: [], nextCursor: null }), {
          headers: { date: 'Thu, 12 Mar 2026 07:05:00 GMT' },
        }),
    );
    expect(await api.requests('mine')).toEqual({ ok: true, value: { items: [], nextCursor: null } });
    expect(seen.serverMs).toEqual([Date.UTC(2026, 2, 12, 7, 5)]);
    expect(seen.asked).toEqual(['GET /api/v1/requests?scope=mine&limit=100']);
  });

  it('W17: a problem keeps its code, its fields and its number', async () => {
    const { api, seen } = clientOf(() => problem(409, 'already-decided'));
    expect(await api.approve('rq_1')).toEqual({
      ok: false,
      error: { code: 'already-decided', pointers: ['/name'], requestId: 'r-1' },
    });
    expect(seen.signedOut).toBe(0);
  });

  it('W17: an ended session is told once to the app', async () => {
    const { api, seen } = clientOf(() => problem(401, 'not-signed-in'));
    await api.me();
    expect(seen.signedOut).toBe(1);
  });

  it('W17: a network that fails is offline, not an exception', async () => {
    const { api } = clientOf(() => Promise.reject(new TypeError('failed to fetch')));
    expect(await api.me()).toMatchObject({ ok: false, error: { code: 'offline' } });
    expect(await api.downloadEvidence(() => undefined)).toMatchObject({
      ok: false,
      error: { code: 'offline' },
    });
  });

  it('W17: what a proxy answers in its own form is named too', async () => {
    const gone = clientOf(() => new Response('<h1>Bad gateway</h1>', { status: 502 }));
    expect(await gone.api.me()).toMatchObject({ ok: false, error: { code: 'offline' } });
    const odd = clientOf(() => new Response('<h1>Teapot</h1>', { status: 418 }));
    expect(await odd.api.me()).toMatchObject({ ok: false, error: { code: 'unreadable' } });
    const page = clientOf(() => new Response('<!doctype html>', { status: 200 }));
    expect(await page.api.me()).toMatchObject({ ok: false, error: { code: 'unreadable' } });
  });

  it('W17: ids are written as one part of a path, events as three', async () => {
    const { api, seen } = clientOf(() => new Response('{}'));
    await api.request('a/b');
    await api.event('gw-1/1/42');
    expect(seen.asked).toEqual(['GET /api/v1/requests/a%2Fb', 'GET /api/v1/events/gw-1/1/42']);
  });

  it('W17: an evidence bundle arrives whole, counted as it comes', async () => {
    const { api } = clientOf(() => new Response(Uint8Array.of(1, 2, 3)));
    const counted: number[] = [];
    const answer = await api.downloadEvidence((received) => counted.push(received));
    expect(answer.ok && [...answer.value]).toEqual([1, 2, 3]);
    expect(counted.at(-1)).toBe(3);
  });

  it('W30: a call that needs a step-up asks for it and is repeated once, with the same body', async () => {
    const answers = [problem(403, 'step-up-required'), new Response('{"id":"cm_1"}', { status: 201 })];
    const { api, seen } = clientOf(() => answers.shift() ?? problem(500, 'internal'), true);
    expect(await api.call('POST', '/doors/a/commands', { act: 'release' })).toEqual({
      ok: true,
      value: { id: 'cm_1' },
    });
    expect([seen.stepUps, seen.asked]).toEqual([
      1,
      ['POST /api/v1/doors/a/commands', 'POST /api/v1/doors/a/commands'],
    ]);
  });

  it('W30: whoever does not confirm has the problem, and a second refusal is not asked about again', async () => {
    const declined = clientOf(() => problem(403, 'step-up-required'));
    const answer = await declined.api.call('POST', '/doors/a/commands', {});
    expect(answer).toMatchObject({ ok: false, error: { code: 'step-up-required' } });
    expect(declined.seen.asked).toHaveLength(1);
    const again = clientOf(() => problem(403, 'step-up-required'), true);
    expect(await again.api.call('POST', '/doors/a/commands', {})).toMatchObject({ ok: false });
    expect([again.seen.stepUps, again.seen.asked.length]).toEqual([1, 2]);
  });
});
