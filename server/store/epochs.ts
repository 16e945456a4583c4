import { decodeBase64Url } from '#contract/bytes';
import type { PreviousEpoch } from '#contract/epoch';
import { rootOfLeaves, type Sha256 } from '#contract/merkle';
import type { ConflictReason } from '#contract/site-log';
import type { Database } from './database.ts';
import { loadLeafHashes, type JournalKey } from './journals.ts';

/** An epoch of a gateway's journal as the server gave it out. */
export interface Epoch {
  /** Ed25519 public key that signs its checkpoints, base64url. */
  readonly publicKey: string;
  readonly origin: 'enrolled' | 'reserved';
  /** True once a record of it is stored. */
  readonly isOpened: boolean;
}

/** Finds an epoch; null for one that was never given out. */
export async function findEpoch(db: Database, key: JournalKey): Promise<Epoch | null> {
  const row = await db
    .selectFrom('gateway_epochs')
    .select(['public_key', 'origin', 'opened_at'])
    .where('gateway_id', '=', key.gatewayId)
    .where('epoch', '=', key.epoch)
    .executeTakeFirst();
  if (row === undefined) return null;
  return { publicKey: row.public_key, origin: row.origin, isOpened: row.opened_at !== null };
}

/** How many epochs may wait to be opened: the next one, and some for a long time without a server. */
const MOST_WAITING = 4;

/** The newest epoch of a gateway of which a record is stored; the one of its enrolment before that. */
export async function newestEpoch(db: Database, gatewayId: string): Promise<number> {
  const { last } = await db
    .selectFrom('gateway_epochs')
    .select((e) => e.fn.max('epoch').as('last'))
    .where('gateway_id', '=', gatewayId)
    .where('opened_at', 'is not', null)
    .executeTakeFirstOrThrow();
  return last ?? 0;
}

/** The next number that was never given out. */
export async function nextEpoch(trx: Database, gatewayId: string): Promise<number> {
  const { last } = await trx
    .selectFrom('gateway_epochs')
    .select((e) => e.fn.max('epoch').as('last'))
    .where('gateway_id', '=', gatewayId)
    .executeTakeFirstOrThrow();
  return (last ?? 0) + 1;
}

/**
 * Gives the next epoch number to a key; the same key gets the same number again.
 * @param after an epoch that the gateway is in, which a database put back from a backup may not know
 * @returns the number and whether it is new; null where too many wait to be opened
 * @see rule SA37
 */
export async function reserveEpoch(
  trx: Database,
  gatewayId: string,
  publicKey: string,
  now: number,
  after = 0,
): Promise<{ readonly epoch: number; readonly isNew: boolean } | null> {
  const rows = await trx
    .selectFrom('gateway_epochs')
    .select(['epoch', 'public_key', 'opened_at'])
    .where('gateway_id', '=', gatewayId)
    .execute();
  const known = rows.find((row) => row.public_key === publicKey);
  if (known !== undefined) return { epoch: known.epoch, isNew: false };
  const newest = Math.max(after, ...rows.filter((row) => row.opened_at !== null).map((row) => row.epoch));
  // A number below one that was opened since is spent.
  const waiting = rows.filter((row) => row.opened_at === null && row.epoch > newest);
  if (waiting.length >= MOST_WAITING) return null;
  const epoch = Math.max(after + 1, await nextEpoch(trx, gatewayId));
  await insertEpoch(trx, { gatewayId, epoch }, publicKey, now);
  return { epoch, isNew: true };
}

/** Enters an epoch that a key has, before it is opened. */
export async function insertEpoch(
  trx: Database,
  { gatewayId, epoch }: JournalKey,
  publicKey: string,
  now: number,
): Promise<void> {
  await trx
    .insertInto('gateway_epochs')
    .values({
      gateway_id: gatewayId,
      epoch,
      public_key: publicKey,
      enrolled_at: now,
      origin: 'reserved',
      opened_at: null,
      prev_epoch: null,
      prev_size: null,
    })
    .execute();
}

/** Notes that the first record of an epoch is stored, and what it goes on from. */
export async function saveOpened(
  trx: Database,
  key: JournalKey,
  prev: PreviousEpoch | undefined,
  now: number,
): Promise<void> {
  await trx
    .updateTable('gateway_epochs')
    .set({ opened_at: now, prev_epoch: prev?.ep ?? null, prev_size: prev?.size ?? null })
    .where('gateway_id', '=', key.gatewayId)
    .where('epoch', '=', key.epoch)
    .execute();
}

/**
 * Tells up to which size an epoch may grow: no further than the later ones that go on from it say, and not at all
 * beside a later one that does not name it.
 * @returns null while no later epoch has a record
 * @see rule SA34
 */
export async function epochLimit(db: Database, key: JournalKey): Promise<number | null> {
  const later = await db
    .selectFrom('gateway_epochs')
    .innerJoin('journals', (join) =>
      join
        .onRef('journals.gateway_id', '=', 'gateway_epochs.gateway_id')
        .onRef('journals.epoch', '=', 'gateway_epochs.epoch'),
    )
    .select(['gateway_epochs.prev_epoch', 'gateway_epochs.prev_size'])
    .where('gateway_epochs.gateway_id', '=', key.gatewayId)
    .where('gateway_epochs.epoch', '>', key.epoch)
    .execute();
  if (later.length === 0) return null;
  const named = later.flatMap((row) => (row.prev_epoch === key.epoch ? [row.prev_size ?? 0] : []));
  return named.length === 0 ? 0 : Math.min(...named);
}

/** Computes the root over the first records of a journal; null where fewer are stored. */
export async function rootAt(
  db: Database,
  sha256: Sha256,
  key: JournalKey,
  size: number,
): Promise<Uint8Array | null> {
  const hashes = await loadLeafHashes(db, key, size);
  if (hashes.length !== size) return null;
  const leaves = hashes.flatMap((hash) => {
    const bytes = decodeBase64Url(hash);
    return bytes.ok ? [bytes.value] : [];
  });
  return leaves.length === size ? rootOfLeaves(sha256, leaves) : null;
}

/** A batch that is kept beside. */
export interface Conflict {
  readonly hash: string;
  readonly gatewayId: string;
  readonly epoch: number;
  readonly at: number;
  readonly why: ConflictReason;
  readonly pointer: string;
  readonly reason: string;
  readonly upload: string;
}

/** More of one gateway say nothing new and would fill the disk. */
const MOST_CONFLICTS = 1000;

/** Keeps a batch beside. @returns false where it is kept already, or too many are */
export async function insertConflict(trx: Database, conflict: Conflict): Promise<boolean> {
  const { gatewayId, ...row } = conflict;
  const { n } = await trx
    .selectFrom('journal_conflicts')
    .select((e) => e.fn.countAll<number | bigint | string>().as('n'))
    .where('gateway_id', '=', gatewayId)
    .executeTakeFirstOrThrow();
  if (Number(n) >= MOST_CONFLICTS) return false;
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('journal_conflicts')
    .values({ ...row, gateway_id: gatewayId })
    .onConflict((c) => c.column('hash').doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}

/** Lists the batches of a gateway that are kept beside, the oldest first. */
export async function listConflicts(db: Database, gatewayId: string): Promise<readonly Conflict[]> {
  const rows = await db
    .selectFrom('journal_conflicts')
    .selectAll()
    .where('gateway_id', '=', gatewayId)
    .orderBy('at')
    .orderBy('hash')
    .execute();
  return rows.map(({ gateway_id, ...row }) => ({ ...row, gatewayId: gateway_id }));
}
