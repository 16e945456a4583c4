import type { Person } from '#contract/api';
import type { Command, NewCommand as CommandWish } from '#contract/api-door';
import type { EpochMs } from '#contract/clock';
import type { CommandClaims } from '#contract/command';
import { err, ok, type Result } from '#contract/result';
import { actMethodOf, type StepUp } from '../auth/step-up.ts';
import { newRowId } from '../auth/tokens.ts';
import { commandAction, commandStateAt, isDeliverable } from '../domain/command-life.ts';
import { mayDo } from '../domain/permissions.ts';
import { recordAudit } from '../store/audit-trail.ts';
import {
  forgetCommandNonces,
  insertCommand,
  listCommands,
  markLapsed,
  markSent,
  openCommands,
  takeCommandNonce,
  type CommandTerms,
  type StoredCommand,
} from '../store/commands.ts';
import { inTransaction, type Database } from '../store/database.ts';
import { findGateway, saveGatewaySeen, type Gateway } from '../store/gateways.ts';
import { findPerson } from '../store/people.ts';
import { listDoors } from '../store/places.ts';
import { refusal, type Refusal, type Site } from './site.ts';

/** Most orders in one answer, as its schema says. */
const MOST_AT_ONCE = 16;

/** How long answered nonces are remembered; a gateway forgets its own far sooner. */
const NONCE_MEMORY_MS = 7 * 86_400_000;

/** Tells those who watch how far an order is. */
export function announceCommand(
  site: Site,
  command: Pick<StoredCommand, 'id' | 'doorId' | 'act' | 'state'>,
): void {
  const { id: commandId, doorId, act, state } = command;
  site.live.publish({
    message: { kind: 'command', commandId, doorId, act, state },
    audience: { kind: 'command' },
  });
}

async function termsOf(trx: Database, wish: CommandWish): Promise<Result<CommandTerms, Refusal>> {
  const named = [
    ...(wish.allow ?? []).map((id, index) => ({ id, pointer: `/allow/${index}` })),
    ...(wish.personId === undefined ? [] : [{ id: wish.personId, pointer: '/personId' }]),
  ];
  for (const { id, pointer } of named) {
    if ((await findPerson(trx, id)) === null) {
      return err(refusal('invalid-input', [{ pointer, code: 'unknown' }]));
    }
  }
  return ok({
    ...(wish.forMs === undefined ? {} : { forMs: wish.forMs }),
    ...(wish.allow === undefined ? {} : { allow: wish.allow }),
    ...(wish.personId === undefined ? {} : { sub: wish.personId }),
  });
}

async function gatewayOf(trx: Database, doorId: string): Promise<Result<string, Refusal>> {
  const [door] = await listDoors(trx, { doorId });
  if (door === undefined) return err(refusal('not-found'));
  const gateway = door.gatewayId === null ? null : await findGateway(trx, door.gatewayId);
  return gateway?.state === 'enrolled' ? ok(gateway.id) : err(refusal('door-without-gateway'));
}

/**
 * Takes an order for a door. It waits for the gateway to ask with a nonce of its own; nothing is signed before.
 * @param stepUp how whoever orders was just recognised
 * @see rules SD20, SD21
 */
export async function orderCommand(
  site: Site,
  by: Person,
  stepUp: StepUp,
  order: { readonly doorId: string; readonly wish: CommandWish },
): Promise<Result<Command, Refusal>> {
  const { doorId, wish } = order;
  if (!mayDo(by.roles, commandAction(wish.act))) return err(refusal('forbidden'));
  const now = site.clock.epochMs();
  const id = newRowId(site.random, 'cm');
  const outcome = await inTransaction(site.db, async (trx): Promise<Result<Command, Refusal>> => {
    const gatewayId = await gatewayOf(trx, doorId);
    if (!gatewayId.ok) return gatewayId;
    const terms = await termsOf(trx, wish);
    if (!terms.ok) return terms;
    await insertCommand(trx, {
      id,
      gatewayId: gatewayId.value,
      doorId,
      act: wish.act,
      terms: terms.value,
      why: wish.why,
      byId: by.id,
      method: actMethodOf(stepUp),
      orderedAt: now,
    });
    await recordAudit(trx, {
      at: now,
      byId: by.id,
      act: 'command.ordered',
      subject: doorId,
      facts: {
        id,
        act: wish.act,
        why: wish.why,
        note: wish.note ?? null,
        method: stepUp.method,
        ...terms.value,
      },
    });
    const [stored] = await listCommands(trx, { id }, { after: null, limit: 1 });
    return stored === undefined ? err(refusal('not-found')) : ok(stored);
  });
  if (!outcome.ok) return outcome;
  announceCommand(site, outcome.value);
  site.commands.publish({ gatewayId: outcome.value.gatewayId });
  return outcome;
}

/** Lists the orders at a door as they are now, newest first. */
export async function commandsAt(
  site: Site,
  doorId: string,
  page: { readonly after: number | null; readonly limit: number },
): Promise<readonly (Command & { readonly position: number })[]> {
  const now = site.clock.epochMs();
  const rows = await listCommands(site.db, { doorId }, page);
  return rows.map((row) => ({
    ...row,
    state: commandStateAt({ ...row, orderedAt: Date.parse(row.orderedAt) }, now),
  }));
}

/** Tells whether a gateway should ask for orders. */
export const hasCommands = async (db: Database, gatewayId: string, now: EpochMs): Promise<boolean> =>
  (await openCommands(db, gatewayId)).some((command) => isDeliverable(command, now));

/** Notes which orders were not fetched in their time. @returns them */
async function lapse(
  trx: Database,
  commands: readonly StoredCommand[],
  now: EpochMs,
): Promise<readonly StoredCommand[]> {
  const lapsed = commands.filter(
    (command) => command.state === 'waiting' && commandStateAt(command, now) === 'lapsed',
  );
  for (const { id } of lapsed) await markLapsed(trx, id);
  return lapsed.map((command) => ({ ...command, state: 'lapsed' }));
}

/** Notes which orders were not fetched in their time, and forgets nonces that are long over. */
export async function lapseCommands(site: Site): Promise<void> {
  const now = site.clock.epochMs();
  const lapsed = await inTransaction(site.db, async (trx) => {
    await forgetCommandNonces(trx, now - NONCE_MEMORY_MS);
    return lapse(trx, await openCommands(trx, null), now);
  });
  for (const command of lapsed) announceCommand(site, command);
}

const claimsOf = (site: Site, command: StoredCommand, nonce: string): CommandClaims => ({
  iss: site.signer.issuer,
  aud: site.id,
  gw: command.gatewayId,
  door: command.doorId,
  nonce,
  id: command.id,
  act: command.act,
  by: command.byId,
  m: command.method,
  at: Math.floor(command.orderedAt / 1000),
  why: command.why,
  ...command.terms,
});

/**
 * Hands a gateway the orders that are good now, each signed and bound to its nonce. What it was handed before
 * comes again until its journal tells of it; orders that were never handed out come first where there are more
 * than one answer takes.
 * @returns nothing where the nonce was answered before
 * @see rules SD21, SD22, SU13
 */
export async function fetchCommands(site: Site, gateway: Gateway, nonce: string): Promise<readonly string[]> {
  const now = site.clock.epochMs();
  const { commands, changed } = await inTransaction(site.db, async (trx) => {
    if (!(await takeCommandNonce(trx, gateway.id, nonce, now))) return { commands: [], changed: [] };
    await saveGatewaySeen(trx, gateway.id, now, null);
    const open = await openCommands(trx, gateway.id);
    const lapsed = await lapse(trx, open, now);
    const good = open.filter((command) => isDeliverable(command, now));
    const chosen = [
      ...good.filter(({ state }) => state === 'waiting'),
      ...good.filter(({ state }) => state === 'sent'),
    ].slice(0, MOST_AT_ONCE);
    const sent = chosen.filter(({ state }) => state === 'waiting');
    for (const { id } of sent) await markSent(trx, id, now);
    return {
      commands: chosen.toSorted((a, b) => a.position - b.position),
      changed: [...lapsed, ...sent.map((command): StoredCommand => ({ ...command, state: 'sent' }))],
    };
  });
  for (const command of changed) announceCommand(site, command);
  return Promise.all(commands.map((command) => site.signer.signCommand(claimsOf(site, command, nonce))));
}
