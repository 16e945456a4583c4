import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REQUEST_STATES, ROLE_NAMES, type RoleName } from '#contract/api';
import { asEpochMs } from '#contract/clock';
import {
  answerDueAt,
  checkDecision,
  checkKind,
  checkVerification,
  checkWindow,
  WINDOW_TOLERANCE_MS,
  type DecisionFacts,
  type Delegation,
} from './request-rules.ts';

const NOW = asEpochMs(Date.parse('2026-03-12T07:00:00.000Z'));
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const judge = (from: number, until: number, maxHours = 8) => {
  const checked = checkWindow({ from: asEpochMs(NOW + from), until: asEpochMs(NOW + until) }, maxHours, NOW);
  return checked.ok ? 'ok' : checked.error;
};

describe('window of a visit', () => {
  it.each([
    ['now', 0, HOUR, 'ok'],
    ['tomorrow', 24 * HOUR, 25 * HOUR, 'ok'],
    ['as long as allowed', 0, 8 * HOUR, 'ok'],
    ['one millisecond too long', 0, 8 * HOUR + 1, 'window-too-long'],
    ['one second', 0, 1000, 'ok'],
    ['less than a second', 0, 999, 'window-reversed'],
    ['no time at all', HOUR, HOUR, 'window-reversed'],
    ['reversed', 2 * HOUR, HOUR, 'window-reversed'],
    ['reversed in the past', -HOUR, -2 * HOUR, 'window-reversed'],
    ['begun within the tolerance', -WINDOW_TOLERANCE_MS, HOUR, 'ok'],
    ['begun before the tolerance', -WINDOW_TOLERANCE_MS - 1, HOUR, 'window-in-past'],
    ['over within the tolerance', -5000, -1000, 'window-in-past'],
    ['ending now', -5000, 0, 'window-in-past'],
  ])('SD3: %s', (_name, from, until, expected) => {
    expect(judge(from, until)).toBe(expected);
  });
});

describe('kind of a request', () => {
  const hours = (from: string, to: string) => [{ days: '12345', from, to, utc: '+07:00' }];
  const kind = (
    ...[name, days, weekly, maxHours = 4]: [
      Parameters<typeof checkKind>[0],
      number,
      ReturnType<typeof hours>,
      number?,
    ]
  ) => {
    const window = { from: NOW, until: asEpochMs(NOW + days * DAY) };
    const checked = checkKind(name, window, weekly, maxHours, NOW);
    return checked.ok ? 'ok' : checked.error;
  };

  it.each([
    ['a single visit of a day where four hours are allowed', 'single', 1, [], 'window-too-long'],
    ['a recurring right without hours', 'recurring', 30, [], 'hours-missing'],
    ['a recurring right within its purpose', 'recurring', 30, hours('08:00', '12:00'), 'ok'],
    ['a recurring right of longer hours', 'recurring', 30, hours('08:00', '12:01'), 'window-too-long'],
    ['hours over midnight', 'recurring', 30, hours('22:00', '02:00'), 'ok'],
    ['hours of a whole day', 'recurring', 30, hours('08:00', '08:00'), 'window-too-long'],
    ['a standing right without hours', 'standing', 90, [], 'ok'],
    ['a right longer than a permit can live', 'standing', 91, [], 'window-too-long'],
  ] as const)('SD32: %s', (_name, name, days, weekly, expected) => {
    expect(kind(name, days, [...weekly])).toBe(expected);
  });
});

const facts = (
  request: Partial<DecisionFacts['request']> = {},
  decider: Partial<DecisionFacts['decider']> = {},
): DecisionFacts => ({
  decider: { id: 's_supervisor', roles: ['supervisor'], delegations: [], ...decider },
  request: {
    state: 'submitted',
    until: asEpochMs(NOW + HOUR),
    involvedIds: ['s_technician'],
    verifiedById: null,
    needsVerification: false,
    approvalsNeeded: 1,
    approvals: [],
    ...request,
  },
  now: NOW,
});
const outcome = (given: DecisionFacts, decision: 'approve' | 'reject' = 'approve') => {
  const checked = checkDecision(given, decision);
  return checked.ok ? checked.value.action : checked.error;
};
const by = (id: string, authorityId = id) => ({ byId: id, authorityId });

describe('decision over a request', () => {
  it('SD4: a supervisor may approve and reject what somebody else filed', () => {
    expect(outcome(facts())).toBe('approve');
    expect(outcome(facts(), 'reject')).toBe('reject');
  });

  it.each(['approve', 'reject'] as const)(
    'SD4: nobody may %s what is their own, whatever its state and their part in it',
    (decision) => {
      for (const state of REQUEST_STATES) {
        const own = facts({ state, involvedIds: ['s_technician', 's_supervisor'] });
        expect(outcome(own, decision)).toBe('own-request');
      }
    },
  );

  it('SD4: every set of roles without supervisor is refused', () => {
    const others = ROLE_NAMES.filter((role) => role !== 'supervisor');
    for (let set = 0; set < 2 ** others.length; set++) {
      const roles = others.filter((_role, index) => (set & (1 << index)) !== 0);
      expect(outcome(facts({}, { id: 's_other', roles }))).toBe('forbidden');
    }
  });

  it('SD1: only a waiting request can be decided', () => {
    for (const state of REQUEST_STATES) {
      const isWaiting = ['submitted', 'verified', 'emergency'].includes(state);
      expect([state, checkDecision(facts({ state }), 'approve').ok]).toEqual([state, isWaiting]);
      expect([state, checkDecision(facts({ state }), 'reject').ok]).toEqual([state, isWaiting]);
    }
  });

  it('SD5: a visit that is over is not approved any more, but may be rejected', () => {
    expect(outcome(facts({ until: NOW }))).toBe('window-in-past');
    expect(outcome(facts({ until: NOW }), 'reject')).toBe('reject');
  });

  it('SD5: an emergency entry that is over is still reviewed', () => {
    expect(outcome(facts({ state: 'emergency', until: asEpochMs(NOW - HOUR) }))).toBe('approve');
  });

  it('SD33: where two are needed the first endorses, and the second decides', () => {
    expect(outcome(facts({ approvalsNeeded: 2 }))).toBe('endorse');
    expect(outcome(facts({ approvalsNeeded: 2, approvals: [by('s_first')] }))).toBe('approve');
  });

  it('SD33: one person is one voice, however often and in whose name (fault 62)', () => {
    const again = { approvalsNeeded: 2, approvals: [by('s_supervisor')] };
    expect(outcome(facts(again))).toBe('already-took-part');
    expect(outcome(facts({ approvalsNeeded: 3, approvals: [by('s_a'), by('s_supervisor')] }))).toBe(
      'already-took-part',
    );
  });

  it('SD33: who verified does not approve, but may still refuse', () => {
    const verified = { state: 'verified' as const, verifiedById: 's_supervisor', needsVerification: true };
    expect(outcome(facts(verified))).toBe('already-took-part');
    expect(outcome(facts(verified), 'reject')).toBe('reject');
  });

  it('SD36: where the room asks for it, no official decides before the officer has verified', () => {
    expect(outcome(facts({ needsVerification: true }))).toBe('not-verified');
    expect(outcome(facts({ needsVerification: true, state: 'verified', verifiedById: 's_o' }))).toBe(
      'approve',
    );
    expect(outcome(facts({ needsVerification: true }), 'reject')).toBe('reject');
  });

  it('SD34: one refusal counts whatever was approved before it', () => {
    const half = { approvalsNeeded: 2, approvals: [by('s_first')] };
    expect(outcome(facts(half), 'reject')).toBe('reject');
    expect(outcome(facts({ approvalsNeeded: 2, approvals: [by('s_supervisor')] }), 'reject')).toBe('reject');
  });

  it('SD33: whoever votes in whatever order, a decision takes as many people and offices as are needed', () => {
    const people = ['s_a', 's_b', 's_c', 's_d'];
    fc.assert(
      fc.property(
        fc.array(fc.record({ voter: fc.constantFrom(...people), for: fc.constantFrom(...people, null) }), {
          maxLength: 12,
        }),
        fc.integer({ min: 1, max: 3 }),
        (tries, approvalsNeeded) => {
          const approvals: { byId: string; authorityId: string }[] = [];
          let isDecided = false;
          for (const { voter, for: official } of tries) {
            if (isDecided) break;
            const delegation: Delegation | null =
              official === null || official === voter
                ? null
                : {
                    fromId: official,
                    toId: voter,
                    from: 0,
                    until: NOW + 1,
                    isRevoked: false,
                    isFromOfficial: true,
                  };
            const roles: RoleName[] = delegation === null ? ['supervisor'] : ['officer'];
            const delegations = delegation === null ? [] : [delegation];
            const checked = checkDecision(
              facts({ approvalsNeeded, approvals }, { id: voter, roles, delegations }),
              'approve',
            );
            if (!checked.ok) continue;
            isDecided = checked.value.action === 'approve';
            approvals.push({ byId: voter, authorityId: checked.value.authorityId });
          }
          expect(isDecided).toBe(approvals.length >= approvalsNeeded);
          expect(new Set(approvals.map(({ byId }) => byId)).size).toBe(approvals.length);
          expect(new Set(approvals.map(({ authorityId }) => authorityId)).size).toBe(approvals.length);
        },
      ),
      { seed: 20260312, numRuns: 500 },
    );
  });
});

describe('deciding in somebody’s place', () => {
  const delegation = (changes: Partial<Delegation> = {}): Delegation => ({
    fromId: 's_chief',
    toId: 's_deputy',
    from: NOW - HOUR,
    until: NOW + HOUR,
    isRevoked: false,
    isFromOfficial: true,
    ...changes,
  });
  const deputy = (changes: Partial<Delegation> = {}, request: Partial<DecisionFacts['request']> = {}) =>
    outcome(facts(request, { id: 's_deputy', roles: ['officer'], delegations: [delegation(changes)] }));

  it('SD35: a deputy decides while the order lasts', () => {
    expect(deputy()).toBe('approve');
  });

  it.each([
    ['before it begins', { from: NOW + 1 }],
    ['from its end on', { until: NOW }],
    ['once it is taken back', { isRevoked: true }],
    ['once its giver is no official any more', { isFromOfficial: false }],
    ['for whom it was not given', { toId: 's_somebody' }],
  ])('SD35: not %s', (_name, changes) => {
    expect(deputy(changes)).toBe('forbidden');
  });

  it('SD35: nobody lets their own request be approved in their own name (self-approval by delegation)', () => {
    expect(deputy({}, { involvedIds: ['s_chief'] })).toBe('own-request');
    expect(deputy({}, { involvedIds: ['s_deputy'] })).toBe('own-request');
  });

  it('SD35: the official and the deputy are one office', () => {
    expect(deputy({}, { approvalsNeeded: 2, approvals: [by('s_chief')] })).toBe('already-took-part');
    const chief = facts({ approvalsNeeded: 2, approvals: [by('s_deputy', 's_chief')] }, { id: 's_chief' });
    expect(outcome(chief)).toBe('already-took-part');
  });

  it('SD35: a role that may never decide does not by delegation either', () => {
    for (const role of ['auditor', 'administrator', 'privacy-officer'] as const) {
      const given = facts({}, { id: 's_deputy', roles: [role], delegations: [delegation()] });
      expect(outcome(given)).toBe('forbidden');
    }
  });
});

describe('verification', () => {
  const verify = (
    request: Partial<Parameters<typeof checkVerification>[0]['request']> = {},
    roles: readonly RoleName[] = ['officer'],
  ) => {
    const checked = checkVerification({
      officer: { id: 's_officer', roles },
      request: {
        state: 'submitted',
        until: asEpochMs(NOW + HOUR),
        involvedIds: ['s_technician'],
        needsEscort: false,
        escortIds: [],
        ...request,
      },
      now: NOW,
    });
    return checked.ok ? 'ok' : checked.error;
  };

  it('SD36: the officer verifies what is complete, not their own, and only once', () => {
    expect(verify()).toBe('ok');
    expect(verify({}, ['supervisor'])).toBe('forbidden');
    expect(verify({ involvedIds: ['s_officer'] })).toBe('own-request');
    expect(verify({ state: 'verified' })).toBe('step-not-allowed');
    expect(verify({ until: NOW })).toBe('window-in-past');
  });

  it('SD36: a visit that needs an escort is verified once one has accepted', () => {
    expect(verify({ needsEscort: true })).toBe('escort-missing');
    expect(verify({ needsEscort: true, escortIds: ['s_escort'] })).toBe('ok');
  });
});

describe('clock of an answer', () => {
  it.each([
    ['an incident in fifteen minutes', { isEmergency: false, isFastTrack: true }, 15 * 60_000],
    ['an emergency entry in a day', { isEmergency: true, isFastTrack: true }, DAY],
    ['anything else in four hours', { isEmergency: false, isFastTrack: false }, 4 * HOUR],
  ])('SD37: %s', (_name, filed, expected) => {
    expect(answerDueAt(filed, NOW) - NOW).toBe(expected);
  });
});
