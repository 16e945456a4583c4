import { describe, expect, it } from 'vitest';
import { ROLE_NAMES } from '#contract/api';
import { COMMAND_ACTS, COMMAND_STATES, type CommandAct } from '#contract/command';
import { commandAction, commandStateAt, isDeliverable } from './command-life.ts';
import { mayDo } from './permissions.ts';

const LASTING: readonly CommandAct[] = ['lockdown-start', 'lockdown-end', 'hold-open-end', 'presence-reset'];

describe('orders at a door', () => {
  it.each<[CommandAct, string]>([
    ['release', 'supervisor'],
    ['lockdown-start', 'supervisor'],
    ['lockdown-end', 'supervisor'],
    ['hold-open-start', 'supervisor officer'],
    ['hold-open-end', 'supervisor officer'],
    ['presence-reset', 'supervisor officer'],
    ['alarm-acknowledge', 'supervisor officer'],
  ])('SD20: %s is for %s', (act, roles) => {
    expect(ROLE_NAMES.filter((role) => mayDo([role], commandAction(act))).join(' ')).toBe(roles);
  });

  it('SD21: in every state and at every age an order is delivered, lapsed or over', () => {
    for (const act of COMMAND_ACTS) {
      const isLasting = LASTING.includes(act);
      for (const state of COMMAND_STATES) {
        for (const age of [0, 9_999, 10_000, 86_400_000]) {
          const command = { act, state, orderedAt: 5 };
          const isOpen = state === 'waiting' || state === 'sent';
          const isInTime = isLasting || age < 10_000;
          expect([act, state, age, isDeliverable(command, 5 + age)]).toEqual([
            act,
            state,
            age,
            isOpen && isInTime,
          ]);
          expect(commandStateAt(command, 5 + age)).toBe(state === 'waiting' && !isInTime ? 'lapsed' : state);
        }
      }
    }
  });

  it('SD22: what opens a door never waits for a gateway that is late', () => {
    for (const act of ['release', 'hold-open-start'] as const) {
      for (const state of COMMAND_STATES) {
        expect(isDeliverable({ act, state, orderedAt: 0 }, 10_000)).toBe(false);
      }
    }
  });
});
