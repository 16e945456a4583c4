import { describe, expect, it } from 'vitest';
import { ROLE_NAMES } from '#contract/api';
import { COMMAND_REASONS } from '#contract/api-door';
import { COMMAND_ACTS } from '#contract/command';
import { commandAction } from '../../server/domain/command-life.ts';
import { mayDo, rolesFor } from '../../server/domain/permissions.ts';
import { actsFor, isOffered, ORDER_ACTS, ORDER_READERS, reasonsFor } from '../../web/order-acts.ts';
import { LANGUAGES } from '../../web/words/words.ts';

const QUIET = { alarm: 'none', isAcknowledged: false, isLockedDown: false, isHeldOpen: false } as const;

describe('orders as the app offers them', () => {
  it.each(COMMAND_ACTS)(
    'W32: %s is offered to those whom the server lets order it, and to nobody else',
    (act) => {
      for (const role of ROLE_NAMES) {
        expect([role, isOffered([role], act)]).toEqual([role, mayDo([role], commandAction(act))]);
      }
    },
  );

  it('W32: every act is in the table, and whoever sees orders is whom the server shows them', () => {
    expect([...ORDER_ACTS].toSorted()).toEqual([...COMMAND_ACTS].toSorted());
    expect(ORDER_READERS).toEqual(rolesFor('commands.read'));
  });

  it('W32: reasons are those of the contract, in its own words in every language', async () => {
    const names = (key: 'nameId' | 'nameEn') =>
      Object.fromEntries(COMMAND_REASONS.map((reason) => [reason.code, reason[key]]));
    expect((await LANGUAGES.id.load()).orders.reasons).toEqual(names('nameId'));
    expect((await LANGUAGES.en.load()).orders.reasons).toEqual(names('nameEn'));
    for (const act of COMMAND_ACTS) expect(reasonsFor(act).at(-1)).toBe('other');
  });

  it('W32: what is on can be ended, what is off can be started, and an alarm is acknowledged once', () => {
    const offered = (door: Partial<Parameters<typeof actsFor>[1]>) =>
      actsFor(['supervisor'], { ...QUIET, ...door });
    expect(offered({})).toEqual(['release', 'hold-open-start', 'presence-reset', 'lockdown-start']);
    expect(offered({ isLockedDown: true })).toEqual(['release', 'presence-reset', 'lockdown-end']);
    expect(offered({ isHeldOpen: true })).toContain('hold-open-end');
    expect(offered({ alarm: 'forced' })[0]).toBe('alarm-acknowledge');
    expect(offered({ alarm: 'forced', isAcknowledged: true })).not.toContain('alarm-acknowledge');
    expect(actsFor(['technician'], QUIET)).toEqual([]);
  });
});
