import type { GatewaySummary } from '#contract/api';
import type { Database } from './database.ts';
import { nextEpoch } from './epochs.ts';
import type { GatewaysTable } from './tables.ts';

/** A gateway as the server knows it. */
export interface Gateway {
  readonly id: string;
  readonly state: GatewaysTable['state'];
  /** Epoch of its present key; 0 before it is enrolled. */
  readonly epoch: number;
  /** Ed25519 public key, base64url. */
  readonly publicKey: string | null;
}

/** Finds a gateway. */
export async function findGateway(db: Database, id: string): Promise<Gateway | null> {
  const row = await db.selectFrom('gateways').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined) return null;
  return { id: row.id, state: row.state, epoch: row.epoch, publicKey: row.public_key };
}

/** Makes a gateway known; does nothing where it is. */
export async function ensureGateway(db: Database, id: string): Promise<void> {
  await db
    .insertInto('gateways')
    .values({ id, state: 'waiting', epoch: 0, public_key: null, seen_at: null, policy_version: null })
    .onConflict((c) => c.column('id').doNothing())
    .execute();
}

/** Gives a door to a gateway. @returns whether the door exists and no other gateway has it */
export async function assignDoor(db: Database, doorId: string, gatewayId: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('doors')
    .set({ gateway_id: gatewayId })
    .where('id', '=', doorId)
    .where((e) => e.or([e('gateway_id', 'is', null), e('gateway_id', '=', gatewayId)]))
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** Stores an enrolment token by its hash; earlier unused ones of this gateway are void. */
export async function insertEnrolmentToken(
  db: Database,
  token: { readonly hash: string; readonly gatewayId: string; readonly expiresAt: number },
): Promise<void> {
  await db
    .deleteFrom('enrolment_tokens')
    .where('gateway_id', '=', token.gatewayId)
    .where('used_at', 'is', null)
    .execute();
  await db
    .insertInto('enrolment_tokens')
    .values({
      token_hash: token.hash,
      gateway_id: token.gatewayId,
      expires_at: token.expiresAt,
      used_at: null,
    })
    .execute();
}

/**
 * Uses up an enrolment token.
 * @returns the gateway it is for, or null where it is unknown, over or used
 * @see rule SS3
 */
export async function useEnrolmentToken(db: Database, hash: string, now: number): Promise<string | null> {
  const row = await db
    .updateTable('enrolment_tokens')
    .set({ used_at: now })
    .where('token_hash', '=', hash)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .returning('gateway_id')
    .executeTakeFirst();
  return row?.gateway_id ?? null;
}

/** Gives a gateway its key and opens the next epoch. @returns the epoch */
export async function enrolGatewayKey(
  db: Database,
  id: string,
  publicKey: string,
  now: number,
): Promise<number> {
  const epoch = await nextEpoch(db, id);
  await db
    .updateTable('gateways')
    .set({ state: 'enrolled', epoch, public_key: publicKey, seen_at: null })
    .where('id', '=', id)
    .execute();
  await db
    .insertInto('gateway_epochs')
    .values({
      gateway_id: id,
      epoch,
      public_key: publicKey,
      enrolled_at: now,
      origin: 'enrolled',
      opened_at: now,
      prev_epoch: null,
      prev_size: null,
    })
    .execute();
  return epoch;
}

/** Ends the key of a gateway: its requests and uploads are refused from now on. */
export async function revokeGatewayKey(trx: Database, id: string): Promise<void> {
  await trx.updateTable('gateways').set({ state: 'revoked' }).where('id', '=', id).execute();
}

/** Lists the doors of a gateway. */
export async function doorsOf(db: Database, gatewayId: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('doors')
    .select('id')
    .where('gateway_id', '=', gatewayId)
    .orderBy('id')
    .execute();
  return rows.map((row) => row.id);
}

/** Notes that a gateway spoke, and which policy it holds where it said so. */
export async function saveGatewaySeen(
  db: Database,
  id: string,
  now: number,
  policyVersion: number | null,
): Promise<void> {
  await db
    .updateTable('gateways')
    .set({ seen_at: now, ...(policyVersion === null ? {} : { policy_version: policyVersion }) })
    .where('id', '=', id)
    .execute();
}

/** Records of all epochs of a gateway. */
async function recordsOf(db: Database, id: string): Promise<number> {
  const { n } = await db
    .selectFrom('journals')
    .select((e) => e.fn.sum<number | bigint | string | null>('size').as('n'))
    .where('gateway_id', '=', id)
    .executeTakeFirstOrThrow();
  return Number(n ?? 0);
}

/** Lists gateways by id. */
export async function listGateways(
  db: Database,
  page: { readonly after: string | null; readonly limit: number },
): Promise<readonly GatewaySummary[]> {
  const rows = await db
    .selectFrom('gateways')
    .selectAll('gateways')
    .$if(page.after !== null, (q) => q.where('gateways.id', '>', page.after ?? ''))
    .orderBy('gateways.id')
    .limit(page.limit)
    .execute();
  return Promise.all(
    rows.map(async (row) => ({
      id: row.id,
      doors: [...(await doorsOf(db, row.id))],
      state: row.state,
      seenAt: row.seen_at === null ? null : new Date(row.seen_at).toISOString(),
      policyVersion: row.policy_version,
      journalSize: await recordsOf(db, row.id),
    })),
  );
}

/** Counts enrolled gateways that were not heard of since this time. */
export async function countSilentGateways(db: Database, since: number): Promise<number> {
  const row = await db
    .selectFrom('gateways')
    .select((e) => e.fn.countAll().as('count'))
    .where('state', '=', 'enrolled')
    .where((e) => e.or([e('seen_at', 'is', null), e('seen_at', '<', since)]))
    .executeTakeFirst();
  return Number(row?.count ?? 0);
}
