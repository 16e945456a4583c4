import { describe, expect, it } from 'vitest';
import { REQUEST_STATES, ROLE_NAMES } from '#contract/api';
import { asEpochMs } from '#contract/clock';
import { checkDecision, checkWindow, WINDOW_TOLERANCE_MS } from './request-rules.ts';

const NOW = asEpochMs(Date.parse('2026-03-12T07:00:00.000Z'));
const HOUR = 3_600_000;

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

describe('decision over a request', () => {
  const facts = (changes: Partial<Parameters<typeof checkDecision>[0]> = {}) => ({
    decider: { id: 's_supervisor', roles: ['supervisor' as const] },
    request: { requesterId: 's_technician', state: 'submitted' as const, until: asEpochMs(NOW + HOUR) },
    now: NOW,
    ...changes,
  });

  it('SD4: a supervisor may approve and reject what somebody else filed', () => {
    expect(checkDecision(facts(), 'approve').ok).toBe(true);
    expect(checkDecision(facts(), 'reject').ok).toBe(true);
  });

  it.each(['approve', 'reject'] as const)(
    'SD4: nobody may %s their own request, whatever its state',
    (decision) => {
      for (const state of REQUEST_STATES) {
        const own = facts({ request: { requesterId: 's_supervisor', state, until: asEpochMs(NOW + HOUR) } });
        expect(checkDecision(own, decision)).toEqual({ ok: false, error: 'own-request' });
      }
    },
  );

  it('SD4: every set of roles without supervisor is refused', () => {
    const others = ROLE_NAMES.filter((role) => role !== 'supervisor');
    for (let set = 0; set < 2 ** others.length; set++) {
      const roles = others.filter((_role, index) => (set & (1 << index)) !== 0);
      expect(checkDecision(facts({ decider: { id: 's_other', roles } }), 'approve')).toEqual({
        ok: false,
        error: 'forbidden',
      });
    }
  });

  it('SD1: only a waiting request can be decided', () => {
    for (const state of REQUEST_STATES) {
      const given = facts({ request: { requesterId: 's_technician', state, until: asEpochMs(NOW + HOUR) } });
      expect(checkDecision(given, 'approve').ok).toBe(state === 'submitted');
      expect(checkDecision(given, 'reject').ok).toBe(state === 'submitted');
    }
  });

  it('SD5: a visit that is over is not approved any more, but may be rejected', () => {
    const over = facts({ request: { requesterId: 's_technician', state: 'submitted', until: NOW } });
    expect(checkDecision(over, 'approve')).toEqual({ ok: false, error: 'window-in-past' });
    expect(checkDecision(over, 'reject').ok).toBe(true);
  });
});
