import { describe, expect, it } from 'vitest';
import type { AccessRequest, RequestState } from '#contract/api';
import { nextRight } from './next-right.ts';

const NOW = Date.UTC(2026, 2, 12, 7, 0);

function request(id: string, state: RequestState, fromHours: number, untilHours: number): AccessRequest {
  const at = (hours: number): string => new Date(NOW + hours * 3_600_000).toISOString();
  return {
    id,
    number: id,
    state,
    requester: { id: 'ps_1', name: 'Sari', organisation: 'Diskominfo' },
    purpose: 'NET-FW',
    description: '',
    doorId: 'ruang-server',
    doorName: 'Ruang Server 1',
    validFrom: at(fromHours),
    validUntil: at(untilHours),
    createdAt: at(-5),
    decidedAt: null,
    decidedByName: null,
    reason: null,
    permitId: null,
    steps: [],
  };
}

describe('next right', () => {
  it('W15: the approved one that begins first and has not ended', () => {
    const requests = [
      request('later', 'approved', 3, 5),
      request('ended', 'approved', -3, -1),
      request('now', 'approved', -1, 1),
    ];
    expect(nextRight(requests, NOW)?.id).toBe('now');
  });

  it('W15: the end is no longer part of a right', () => {
    expect(nextRight([request('a', 'approved', -1, 0)], NOW)).toBeNull();
  });

  it('W15: no other state is a right', () => {
    const states: RequestState[] = ['draft', 'submitted', 'rejected', 'withdrawn', 'revoked', 'expired'];
    expect(
      nextRight(
        states.map((state) => request(state, state, -1, 1)),
        NOW,
      ),
    ).toBeNull();
  });
});
