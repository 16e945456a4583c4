import { decodeUtf8, utf8 } from '#contract/bytes';
import type { Checkpoint } from '#contract/checkpoint';
import {
  appendLeaf,
  EMPTY_FRONTIER,
  frontierRoot,
  leafHash,
  type Frontier,
  type Sha256,
} from '#contract/merkle';
import { NO_PREVIOUS_HASH, recordHash, siteLogOrigin } from '#contract/record';
import { Fault } from '#contract/result';
import {
  encodeSiteLogRecord,
  type SiteLogEntry,
  type SiteLogRecord,
  type SiteLogType,
} from '#contract/site-log';
import type { Database } from './database.ts';
import { decodePeaks, encodePeaks } from './frontier-text.ts';

/** What appending to the site log needs. */
export interface SiteLogPort {
  readonly siteId: string;
  readonly sha256: Sha256;
  /** Signs a checkpoint of the site log and returns the note. */
  readonly signCheckpoint: (checkpoint: Checkpoint) => string;
}

/** How long the site log is, and over what its next record goes on. */
export interface SiteLogHead {
  readonly size: number;
  readonly head: string;
  readonly frontier: Frontier;
}

/** Loads the head of the site log. */
export async function siteLogHead(db: Database): Promise<SiteLogHead> {
  const row = await db.selectFrom('site_log').selectAll().where('id', '=', 'site').executeTakeFirst();
  return row === undefined
    ? { size: 0, head: NO_PREVIOUS_HASH, frontier: EMPTY_FRONTIER }
    : { size: row.size, head: row.head, frontier: decodePeaks(row.size, row.frontier) };
}

async function saveHead(db: Database, before: SiteLogHead, after: SiteLogHead): Promise<void> {
  const fields = { size: after.size, head: after.head, frontier: encodePeaks(after.frontier) };
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('site_log')
    .values({ id: 'site', ...fields })
    .onConflict((c) => c.column('id').doUpdateSet(fields).where('site_log.size', '=', before.size))
    .executeTakeFirstOrThrow();
  if (numInsertedOrUpdatedRows !== 1n) throw new Fault('site-log-moved-meanwhile', { retryable: true });
}

const textOf = (bytes: Uint8Array): string => {
  const text = decodeUtf8(bytes);
  if (!text.ok) throw new Error('a canonical record is UTF-8');
  return text.value;
};

/**
 * Appends to the site log and signs its new head, inside the transaction of what the entries tell of: neither is
 * ever stored without the other.
 * @returns the number of the first new record
 * @see rule SS4
 */
export async function appendSiteLog(
  db: Database,
  port: SiteLogPort,
  entries: readonly SiteLogEntry[],
  now: number,
): Promise<number> {
  const before = await siteLogHead(db);
  if (entries.length === 0) return before.size;
  let { size, head, frontier } = before;
  for (const entry of entries) {
    const record = {
      v: 1,
      k: 'site',
      site: port.siteId,
      sq: size,
      t: now,
      ph: head,
      ...entry,
    } as SiteLogRecord;
    const bytes = encodeSiteLogRecord(record);
    await db
      .insertInto('site_records')
      .values({ seq: size, at: now, type: entry.ty, record: textOf(bytes) })
      .execute();
    head = recordHash(port.sha256, bytes);
    frontier = appendLeaf(port.sha256, frontier, leafHash(port.sha256, bytes));
    size += 1;
  }
  await saveHead(db, before, { size, head, frontier });
  const root = frontierRoot(port.sha256, frontier);
  const note = port.signCheckpoint({ origin: siteLogOrigin(port.siteId), size, root });
  await db.insertInto('site_checkpoints').values({ size, note }).execute();
  return before.size;
}

/** Loads the records of the site log in order, from a number on: the very bytes that were hashed. */
export async function loadSiteRecords(db: Database, from = 0): Promise<readonly Uint8Array[]> {
  const rows = await db
    .selectFrom('site_records')
    .select('record')
    .where('seq', '>=', from)
    .orderBy('seq')
    .execute();
  return rows.map((row) => utf8(row.record));
}

/** Loads the records of one kind, in order. */
export async function loadSiteRecordsOf(db: Database, type: SiteLogType): Promise<readonly Uint8Array[]> {
  const rows = await db
    .selectFrom('site_records')
    .select('record')
    .where('type', '=', type)
    .orderBy('seq')
    .execute();
  return rows.map((row) => utf8(row.record));
}

/** Loads the records with these numbers, in order. */
export async function loadSiteRecordsAt(
  db: Database,
  numbers: readonly number[],
): Promise<readonly Uint8Array[]> {
  if (numbers.length === 0) return [];
  const rows = await db
    .selectFrom('site_records')
    .select('record')
    .where('seq', 'in', numbers)
    .orderBy('seq')
    .execute();
  return rows.map((row) => utf8(row.record));
}

/** Loads the signed checkpoints of the site log by rising size. */
export async function loadSiteCheckpoints(db: Database): Promise<readonly string[]> {
  const rows = await db.selectFrom('site_checkpoints').select('note').orderBy('size').execute();
  return rows.map((row) => row.note);
}

/** The newest signed checkpoint of the site log; null before the first. */
export async function newestSiteNote(db: Database): Promise<string | null> {
  const row = await db
    .selectFrom('site_checkpoints')
    .select('note')
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.note ?? null;
}

/** Adds the signature line of a witness to a checkpoint; a second one of that witness changes nothing. */
export async function addSiteSignature(db: Database, size: number, line: string): Promise<void> {
  const row = await db
    .selectFrom('site_checkpoints')
    .select('note')
    .where('size', '=', size)
    .executeTakeFirst();
  const begin = line.slice(0, line.lastIndexOf(' ') + 1);
  if (row === undefined || row.note.includes(`\n${begin}`)) return;
  await db
    .updateTable('site_checkpoints')
    .set({ note: `${row.note}${line}` })
    .where('size', '=', size)
    .execute();
}
