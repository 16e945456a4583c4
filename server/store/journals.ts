import { EVENT_TYPES } from '#contract/event';
import { EMPTY_FRONTIER, type Frontier } from '#contract/merkle';
import { NO_PREVIOUS_HASH, type JournalRecord } from '#contract/record';
import { Fault } from '#contract/result';
import type { Database } from './database.ts';
import { decodePeaks, encodePeaks } from './frontier-text.ts';

/** Names one journal. */
export interface JournalKey {
  readonly gatewayId: string;
  readonly epoch: number;
}

/** How far a journal is stored. */
export interface JournalState {
  /** Leaf hash of record 0, or null before it. */
  readonly generation: string | null;
  readonly size: number;
  readonly head: string;
  readonly frontier: Frontier;
}

/** Loads how far a journal is stored; empty where nothing is. */
export async function loadJournal(db: Database, key: JournalKey): Promise<JournalState> {
  const row = await db
    .selectFrom('journals')
    .selectAll()
    .where('gateway_id', '=', key.gatewayId)
    .where('epoch', '=', key.epoch)
    .executeTakeFirst();
  if (row === undefined) {
    return { generation: null, size: 0, head: NO_PREVIOUS_HASH, frontier: EMPTY_FRONTIER };
  }
  return {
    generation: row.generation,
    size: row.size,
    head: row.head,
    frontier: decodePeaks(row.size, row.frontier),
  };
}

/** Stores how far a journal is stored, if it is still as long as it was when this was worked out. */
export async function saveJournal(
  db: Database,
  key: JournalKey,
  before: JournalState,
  after: JournalState & { readonly generation: string },
): Promise<void> {
  const fields = { size: after.size, head: after.head, frontier: encodePeaks(after.frontier) };
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('journals')
    .values({
      gateway_id: key.gatewayId,
      epoch: key.epoch,
      generation: after.generation,
      ...fields,
    })
    .onConflict((c) =>
      c.columns(['gateway_id', 'epoch']).doUpdateSet(fields).where('journals.size', '=', before.size),
    )
    .executeTakeFirstOrThrow();
  if (numInsertedOrUpdatedRows !== 1n) throw new Fault('journal-moved-meanwhile', { retryable: true });
}

/** A stored record by its number: the text that was hashed, and its leaf hash. */
export interface StoredRecord {
  readonly seq: number;
  readonly text: string;
  readonly leafHash: string;
}

/** Loads records `from` (included) to `until` (not included), in order. */
export async function loadRecords(
  db: Database,
  key: JournalKey,
  from: number,
  until: number,
): Promise<readonly StoredRecord[]> {
  const rows = await db
    .selectFrom('journal_records')
    .select(['seq', 'record', 'leaf_hash'])
    .where('gateway_id', '=', key.gatewayId)
    .where('epoch', '=', key.epoch)
    .where('seq', '>=', from)
    .where('seq', '<', until)
    .orderBy('seq')
    .execute();
  return rows.map((row) => ({ seq: row.seq, text: row.record, leafHash: row.leaf_hash }));
}

/** The number behind the highest that a stored record bears; 0 for none. */
export async function storedEnd(db: Database, key: JournalKey): Promise<number> {
  const { last } = await db
    .selectFrom('journal_records')
    .select((e) => e.fn.max('seq').as('last'))
    .where('gateway_id', '=', key.gatewayId)
    .where('epoch', '=', key.epoch)
    .executeTakeFirstOrThrow();
  return ((last as number | null) ?? -1) + 1;
}

/** Cuts rows into statements: each takes only so many parameters. */
function slicesOf<T>(rows: readonly T[]): readonly (readonly T[])[] {
  const slices: T[][] = [];
  for (let start = 0; start < rows.length; start += 100) slices.push(rows.slice(start, start + 100));
  return slices;
}

/** A record about to be stored. */
export interface NewRecord {
  readonly record: JournalRecord;
  readonly text: string;
  readonly leafHash: string;
  /** The record that this one holds again; null for every other record. */
  readonly origin: StoredOrigin | null;
}

/** A record that another one holds again. */
export interface StoredOrigin {
  readonly record: JournalRecord;
  readonly hash: string;
  /** True where it is stored already, as itself or held by another one. */
  readonly isKnown: boolean;
}

/** Tells whether a record is stored, as itself or held again by another one. */
export async function isRecordKnown(db: Database, record: JournalRecord, hash: string): Promise<boolean> {
  const itself = await db
    .selectFrom('journal_records')
    .select('leaf_hash')
    .where('gateway_id', '=', record.gw)
    .where('epoch', '=', record.ep)
    .where('seq', '=', record.sq)
    .executeTakeFirst();
  if (itself?.leaf_hash === hash) return true;
  const again = await db
    .selectFrom('journal_records')
    .select('position')
    .where('origin_hash', '=', hash)
    .limit(1)
    .executeTakeFirst();
  return again !== undefined;
}

/**
 * Stores records in the order given, with their order of arrival.
 * @returns the position of the last record that was there before
 */
export async function insertRecords(
  db: Database,
  records: readonly NewRecord[],
  receivedAt: number,
): Promise<number> {
  const { last } = await db
    .selectFrom('journal_records')
    .select((e) => e.fn.max('position').as('last'))
    .executeTakeFirstOrThrow();
  const before = last ?? 0;
  const rows = records.map(({ record, text, leafHash, origin }, index) => {
    // What is listed, sorted and searched is what the record tells of.
    const told = origin?.record ?? record;
    return {
      position: before + index + 1,
      gateway_id: record.gw,
      epoch: record.ep,
      seq: record.sq,
      record: text,
      leaf_hash: leafHash,
      received_at: receivedAt,
      at: told.t,
      type: told.ty,
      severity: EVENT_TYPES[told.ty].severity,
      door_id: told.door ?? null,
      direction: told.dir ?? null,
      reason: told.rs ?? null,
      clock_trust: told.tq,
      origin_hash: origin?.hash ?? null,
      is_repeat: origin?.isKnown === true ? 1 : 0,
    };
  });
  for (const slice of slicesOf(rows)) await db.insertInto('journal_records').values(slice).execute();
  return before;
}

/** A stored checkpoint. */
export interface StoredCheckpoint {
  readonly size: number;
  readonly note: string;
  readonly isCosigned: boolean;
}

/** Stores a checkpoint, or its cosigned form. */
export async function saveJournalCheckpoint(
  db: Database,
  key: JournalKey,
  checkpoint: StoredCheckpoint,
): Promise<void> {
  const fields = { note: checkpoint.note, is_cosigned: checkpoint.isCosigned ? 1 : 0 };
  await db
    .insertInto('journal_checkpoints')
    .values({ gateway_id: key.gatewayId, epoch: key.epoch, size: checkpoint.size, ...fields })
    .onConflict((c) => c.columns(['gateway_id', 'epoch', 'size']).doUpdateSet(fields))
    .execute();
}

const toCheckpoint = (row: {
  readonly size: number;
  readonly note: string;
  readonly is_cosigned: number;
}): StoredCheckpoint => ({ size: row.size, note: row.note, isCosigned: row.is_cosigned === 1 });

/** Loads the newest checkpoint of a journal. */
export async function newestCheckpoint(db: Database, key: JournalKey): Promise<StoredCheckpoint | null> {
  const row = await db
    .selectFrom('journal_checkpoints')
    .select(['size', 'note', 'is_cosigned'])
    .where('gateway_id', '=', key.gatewayId)
    .where('epoch', '=', key.epoch)
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : toCheckpoint(row);
}

/** Loads all checkpoints of a journal by rising size. */
export async function loadCheckpoints(db: Database, key: JournalKey): Promise<readonly StoredCheckpoint[]> {
  const rows = await db
    .selectFrom('journal_checkpoints')
    .select(['size', 'note', 'is_cosigned'])
    .where('gateway_id', '=', key.gatewayId)
    .where('epoch', '=', key.epoch)
    .orderBy('size')
    .execute();
  return rows.map(toCheckpoint);
}

/** Lists checkpoints that were committed but not cosigned yet. */
export async function uncosignedCheckpoints(
  db: Database,
): Promise<readonly (JournalKey & StoredCheckpoint)[]> {
  const rows = await db
    .selectFrom('journal_checkpoints')
    .selectAll()
    .where('is_cosigned', '=', 0)
    .orderBy('gateway_id')
    .orderBy('epoch')
    .orderBy('size')
    .execute();
  return rows.map((row) => ({ gatewayId: row.gateway_id, epoch: row.epoch, ...toCheckpoint(row) }));
}

/** Lists the journals that hold a record. */
export async function listJournals(
  db: Database,
): Promise<readonly (JournalKey & { readonly size: number })[]> {
  const rows = await db
    .selectFrom('journals')
    .select(['gateway_id', 'epoch', 'size'])
    .where('size', '>', 0)
    .orderBy('gateway_id')
    .orderBy('epoch')
    .execute();
  return rows.map((row) => ({ gatewayId: row.gateway_id, epoch: row.epoch, size: row.size }));
}

/** Loads the leaf hashes of the first `size` records. */
export async function loadLeafHashes(
  db: Database,
  key: JournalKey,
  size: number,
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('journal_records')
    .select('leaf_hash')
    .where('gateway_id', '=', key.gatewayId)
    .where('epoch', '=', key.epoch)
    .where('seq', '<', size)
    .orderBy('seq')
    .execute();
  return rows.map((row) => row.leaf_hash);
}
