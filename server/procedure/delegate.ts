import type { Person } from '#contract/api';
import type { DelegationRow } from '#contract/api-visit';
import { ok, type Result } from '#contract/result';
import { newRowId } from '../auth/tokens.ts';
import { mayDo } from '../domain/permissions.ts';
import { recordAudit } from '../store/audit-trail.ts';
import { inTransaction } from '../store/database.ts';
import { findDelegation, insertDelegation, revokeDelegation } from '../store/delegations.ts';
import { findPerson } from '../store/people.ts';
import { notify } from './notify.ts';
import { refused } from './request-access.ts';
import type { Refusal, Site } from './site.ts';

/** Longest time for which an official may be stood in for, ms: then it takes a new order. */
const LONGEST_MS = 90 * 86_400_000;

/**
 * Gives somebody the right to decide in one's place, for a time and by a written order. Only an official's own
 * right can be given, so it is never passed on.
 * @see rule SD35
 */
export async function delegate(
  site: Site,
  official: Person,
  order: {
    readonly toId: string;
    readonly kind: 'plh' | 'plt';
    readonly orderNumber: string;
    readonly from: number;
    readonly until: number;
  },
): Promise<Result<DelegationRow, Refusal>> {
  const now = site.clock.epochMs();
  if (order.until <= order.from) return refused('window-reversed');
  if (order.until <= now) return refused('window-in-past');
  if (order.until - order.from > LONGEST_MS) return refused('window-too-long');
  if (!mayDo(official.roles, 'requests.decide')) return refused('forbidden');
  const id = newRowId(site.random, 'dg');
  return inTransaction(site.db, async (trx): Promise<Result<DelegationRow, Refusal>> => {
    const deputy = await findPerson(trx, order.toId);
    const isAble = deputy?.isActive === true && mayDo(deputy.roles, 'requests.decide.delegated');
    if (!isAble || deputy.id === official.id) {
      return refused('invalid-input', [{ pointer: '/toId', code: 'not-able' }]);
    }
    await insertDelegation(trx, {
      id,
      from_id: official.id,
      to_id: deputy.id,
      kind: order.kind,
      order_number: order.orderNumber,
      from_at: order.from,
      until_at: order.until,
      given_at: now,
    });
    await recordAudit(trx, {
      at: now,
      byId: official.id,
      act: 'delegation.given',
      subject: deputy.id,
      facts: { delegation: id, kind: order.kind, from: order.from, until: order.until },
    });
    await notify(trx, site, { kind: 'delegation.given', subject: id, to: [deputy.id], byId: official.id });
    const row = await findDelegation(trx, id);
    return row === null ? refused('not-found') : ok(row);
  });
}

/** Takes back a right to decide that one gave. */
export async function endDelegation(
  site: Site,
  official: Person,
  id: string,
): Promise<Result<DelegationRow, Refusal>> {
  const now = site.clock.epochMs();
  return inTransaction(site.db, async (trx): Promise<Result<DelegationRow, Refusal>> => {
    const before = await findDelegation(trx, id);
    if (before?.fromId !== official.id) return refused('not-found');
    if (!(await revokeDelegation(trx, id, now))) return refused('step-not-allowed');
    await recordAudit(trx, {
      at: now,
      byId: official.id,
      act: 'delegation.ended',
      subject: before.toId,
      facts: { delegation: id },
    });
    const row = await findDelegation(trx, id);
    return row === null ? refused('not-found') : ok(row);
  });
}
