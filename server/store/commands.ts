import type { Command } from '#contract/api-door';
import type { CommandClaims } from '#contract/command';
import type { Database } from './database.ts';
import type { CommandsTable } from './tables.ts';

/** The part of an order that only some acts have. */
export type CommandTerms = Pick<CommandClaims, 'forMs' | 'allow' | 'sub'>;

/** An order as it was given. */
export interface NewCommand {
  readonly id: string;
  readonly gatewayId: string;
  readonly doorId: string;
  readonly act: CommandClaims['act'];
  readonly terms: CommandTerms;
  readonly why: string;
  readonly byId: string;
  readonly method: CommandClaims['m'];
  readonly orderedAt: number;
}

/** An order with how far it has come. */
export interface StoredCommand extends NewCommand {
  readonly position: number;
  readonly state: CommandsTable['state'];
}

const toStored = (row: CommandsTable): StoredCommand => ({
  id: row.id,
  position: row.position,
  gatewayId: row.gateway_id,
  doorId: row.door_id,
  act: row.act,
  terms: JSON.parse(row.terms) as CommandTerms,
  why: row.why,
  byId: row.by_id,
  method: row.method,
  orderedAt: row.ordered_at,
  state: row.state,
});

/** Stores an order behind all that were given before. */
export async function insertCommand(trx: Database, command: NewCommand): Promise<void> {
  const { last } = await trx
    .selectFrom('commands')
    .select((e) => e.fn.max('position').as('last'))
    .executeTakeFirstOrThrow();
  await trx
    .insertInto('commands')
    .values({
      id: command.id,
      position: (last ?? 0) + 1,
      gateway_id: command.gatewayId,
      door_id: command.doorId,
      act: command.act,
      terms: JSON.stringify(command.terms),
      why: command.why,
      by_id: command.byId,
      method: command.method,
      state: 'waiting',
      ordered_at: command.orderedAt,
      sent_at: null,
      done_at: null,
      refusal: null,
    })
    .execute();
}

/** Lists the orders that are neither done nor lapsed, oldest first; of one gateway if asked for. */
export async function openCommands(
  db: Database,
  gatewayId: string | null,
): Promise<readonly StoredCommand[]> {
  const rows = await db
    .selectFrom('commands')
    .selectAll()
    .where('state', 'in', ['waiting', 'sent'])
    .$if(gatewayId !== null, (q) => q.where('gateway_id', '=', gatewayId ?? ''))
    .orderBy('position')
    .execute();
  return rows.map(toStored);
}

/** Notes that an order was handed to its gateway; the first time counts. */
export async function markSent(trx: Database, id: string, at: number): Promise<void> {
  await trx
    .updateTable('commands')
    .set({ state: 'sent', sent_at: at })
    .where('id', '=', id)
    .where('state', '=', 'waiting')
    .execute();
}

/** Notes that an order was not fetched in its time. */
export async function markLapsed(trx: Database, id: string): Promise<void> {
  await trx
    .updateTable('commands')
    .set({ state: 'lapsed' })
    .where('id', '=', id)
    .where('state', '=', 'waiting')
    .execute();
}

/**
 * Notes that the journal of an order's own gateway tells of it.
 * @param told when, and why it was not obeyed; null where it was
 * @returns the order; null where this gateway had none of that id open
 */
export async function markDone(
  trx: Database,
  gatewayId: string,
  id: string,
  told: { readonly at: number; readonly refusal: string | null },
): Promise<StoredCommand | null> {
  const { at, refusal } = told;
  const row = await trx
    .updateTable('commands')
    .set({ state: refusal === null ? 'done' : 'refused', done_at: at, refusal })
    .where('id', '=', id)
    .where('gateway_id', '=', gatewayId)
    .where('done_at', 'is', null)
    .returningAll()
    .executeTakeFirst();
  return row === undefined ? null : toStored(row);
}

/** Takes a nonce of a gateway. @returns false where it was answered before */
export async function takeCommandNonce(
  trx: Database,
  gatewayId: string,
  nonce: string,
  at: number,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('command_nonces')
    .values({ gateway_id: gatewayId, nonce, at })
    .onConflict((c) => c.columns(['gateway_id', 'nonce']).doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}

/** Forgets nonces that were answered before `until`. */
export async function forgetCommandNonces(db: Database, until: number): Promise<void> {
  await db.deleteFrom('command_nonces').where('at', '<', until).execute();
}

const instant = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

/** Lists the orders at a door, newest first. */
export async function listCommands(
  db: Database,
  filter: { readonly doorId?: string; readonly id?: string },
  page: { readonly after: number | null; readonly limit: number },
): Promise<readonly (Command & { readonly position: number })[]> {
  const rows = await db
    .selectFrom('commands')
    .innerJoin('people', 'people.id', 'commands.by_id')
    .selectAll('commands')
    .select('people.name')
    .$if(filter.doorId !== undefined, (q) => q.where('door_id', '=', filter.doorId ?? ''))
    .$if(filter.id !== undefined, (q) => q.where('commands.id', '=', filter.id ?? ''))
    .$if(page.after !== null, (q) => q.where('position', '<', page.after ?? 0))
    .orderBy('position', 'desc')
    .limit(page.limit)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    position: row.position,
    doorId: row.door_id,
    gatewayId: row.gateway_id,
    act: row.act,
    state: row.state,
    why: row.why,
    byName: row.name,
    forMs: (JSON.parse(row.terms) as CommandTerms).forMs ?? null,
    orderedAt: new Date(row.ordered_at).toISOString(),
    sentAt: instant(row.sent_at),
    doneAt: instant(row.done_at),
    refusal: row.refusal,
  }));
}
