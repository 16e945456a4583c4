import { describe, expect, it } from 'vitest';
import { PRIVACY_REQUEST_KINDS, PRIVACY_REQUEST_STATES } from '#contract/api-privacy';
import { stepPrivacyRequest, type PrivacyStep } from './privacy-request-life.ts';

const STEPS: readonly PrivacyStep[] = ['approve', 'refuse', 'carry-out'];
const hands = (
  kind: (typeof PRIVACY_REQUEST_KINDS)[number],
  state: (typeof PRIVACY_REQUEST_STATES)[number],
) => ({
  kind,
  state,
  personId: 's_subject',
  filedBy: 's_subject',
  approvedBy: state === 'approved' ? 's_approver' : null,
});

describe('the life of a data subject’s request', () => {
  it('SD25: an erasure is approved before it is carried out, the others take one step, and what is over stays', () => {
    const moves = PRIVACY_REQUEST_KINDS.flatMap((kind) =>
      PRIVACY_REQUEST_STATES.flatMap((state) =>
        STEPS.flatMap((step) => {
          const next = stepPrivacyRequest(hands(kind, state), step, 's_officer');
          return next.ok ? [`${kind}: ${state} -${step}-> ${next.value}`] : [];
        }),
      ),
    );
    const oneStep = ['access', 'correction', 'restriction'].flatMap((kind) => [
      `${kind}: filed -refuse-> refused`,
      `${kind}: filed -carry-out-> carried-out`,
    ]);
    expect(moves).toEqual([
      ...oneStep,
      'erasure: filed -approve-> approved',
      'erasure: filed -refuse-> refused',
      'erasure: approved -refuse-> refused',
      'erasure: approved -carry-out-> carried-out',
    ]);
  });

  it('SD26: nobody decides on their own data, and an erasure takes two people', () => {
    const code = (state: 'filed' | 'approved', step: PrivacyStep, actor: string, filedBy = 's_subject') => {
      const next = stepPrivacyRequest({ ...hands('erasure', state), filedBy }, step, actor);
      return next.ok ? null : next.error;
    };
    expect(
      STEPS.filter((step) => step !== 'carry-out').map((step) => code('filed', step, 's_subject')),
    ).toEqual(['own-request', 'own-request']);
    expect(code('approved', 'carry-out', 's_subject')).toBe('own-request');
    expect(code('filed', 'approve', 's_officer', 's_officer')).toBe('other-person-needed');
    expect(code('approved', 'carry-out', 's_approver')).toBe('other-person-needed');
    expect(code('approved', 'carry-out', 's_officer', 's_officer')).toBeNull();
  });
});
