import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { MAX_UPLOAD_ENTRIES } from '#contract/api';
import { encodeBase64Url, equalBytes } from '#contract/bytes';
import type { CanonicalValue } from '#contract/canonical';
import { signCheckpoint } from '#contract/checkpoint';
import { asEpochMs, type Clock, type EpochMs, type Random } from '#contract/clock';
import { commitTo, type Opening } from '#contract/commitment';
import type { EventType } from '#contract/event';
import { EMPTY_FRONTIER, appendLeaf, frontierRoot, leafHash, type Frontier } from '#contract/merkle';
import {
  COMMITTED_FIELDS,
  NO_PREVIOUS_HASH,
  decodeRecord,
  encodeRecord,
  journalNoteKey,
  journalOrigin,
  journalRecordSchema,
  type CommittedField,
  type JournalRecord,
} from '#contract/record';
import { Fault } from '#contract/result';
import { hmacSha256, sha256, type Signer } from '../crypto-ports.ts';
import type { RecordedPassage } from '../presence/replay-presence.ts';
import {
  JOURNAL_FORMAT,
  JOURNAL_INDEXES,
  JOURNAL_PRAGMAS,
  JOURNAL_TABLES,
  ORDER_TYPES,
} from './journal-tables.ts';
import { createPassageReader } from './read-passages.ts';

/** Whose journal it is. */
export interface JournalIdentity {
  readonly site: string;
  readonly gateway: string;
  readonly epoch: number;
  readonly signer: Signer;
}

export interface JournalPorts {
  readonly clock: Clock;
  readonly random: Random;
  /** The moment before which it certainly is not; stored with every record. */
  readonly timeFloor: () => EpochMs;
  /** Opens the file; a test hands in one with little room. */
  readonly openDatabase?: (path: string) => Database.Database;
}

/** What a caller says of an event; number, time, link and salts are added by the journal. */
export interface NewRecord {
  readonly ty: EventType;
  readonly door?: string;
  readonly dir?: 'in' | 'out';
  readonly rs?: string;
  readonly pol?: number;
  /** Personal values: the record holds only commitments to them. */
  readonly c?: Readonly<Partial<Record<CommittedField, string>>>;
  readonly x?: Readonly<Record<string, CanonicalValue>>;
}

/** A stretch of the journal as the server takes it. */
export interface JournalBatch {
  readonly gen: string;
  readonly from: number;
  readonly prev: string;
  readonly entries: readonly string[];
  readonly openings: readonly Opening[];
  readonly checkpoint: string;
}

/** The append-only journal of one epoch. Every method is synchronous: what has returned is on the disk. */
export interface Journal {
  readonly epoch: number;
  /** Number of records; the next record gets it as its number. */
  size(): number;
  /** False after a failure that a retry cannot mend, and while the disk is full. */
  isWritable(): boolean;
  /** The persisted floor of the clock, ms since 1970; 0 for a new journal. */
  readonly timeFloorMs: EpochMs;
  /** The stamp of the last record when the journal was opened, ms since 1970; 0 for a new journal. */
  readonly lastStampMs: EpochMs;
  /** Counts the boot and records it, with an unknown outcome for every grant that has none. */
  beginBoot(version: string): readonly JournalRecord[];
  /**
   * Appends records in one transaction, together with settings that must move with them.
   * @throws Fault `journal-full` (retryable), `journal-failed`
   */
  append(
    records: readonly NewRecord[],
    settings?: Readonly<Record<string, string>>,
  ): readonly JournalRecord[];
  /** Tells what was appended, after the caller's own turn has ended. Returns the function that stops it. */
  onAppended(listener: (records: readonly JournalRecord[]) => void): () => void;
  readSetting(key: string): string | null;
  /** Leaf hash of record size-1, or of nothing for 0; null beyond the end. */
  hashAt(size: number): string | null;
  /** The head as a note signed by the gateway. */
  checkpoint(): string;
  /** The records from a number on, as many as one upload takes; null where there is none. */
  readBatch(from: number): JournalBatch | null;
  /** How far the server is known to hold the very same records. */
  acknowledgedSize(): number;
  /** Notes an acknowledgement; false, and nothing noted, where `head` is not our own hash at that size. */
  acknowledge(size: number, head: string): boolean;
  /** Forgets what commitments stand for, of acknowledged records made before a moment. */
  eraseOpenings(before: EpochMs): number;
  /** The newest records that tell of somebody's stay, oldest first. */
  readPassages(most: number): readonly RecordedPassage[];
  /** Every record of an order, a lockdown, a hold or a fire, oldest first: they are few. */
  readOrders(): readonly JournalRecord[];
  close(): void;
}

const VERIFIED_AT_START = 1000;
const MAX_BATCH_BYTES = 1_000_000;
const KEY_SITE = 'site';
const KEY_GATEWAY = 'gateway';
const KEY_EPOCH = 'epoch';
const KEY_ACKED = 'acked';

interface HeadRow {
  readonly size: number;
  readonly peaks: Uint8Array;
  readonly boot: number;
  readonly floor_ms: number;
  readonly intents: string;
}

interface Head {
  readonly frontier: Frontier;
  readonly hash: Uint8Array;
  readonly boot: number;
  readonly intents: readonly number[];
}

const NOTHING = new Uint8Array(32);
const corrupt = (cause?: unknown): Fault => new Fault('journal-corrupt', { retryable: false, cause });

function faultOf(error: unknown): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  return error.code === 'SQLITE_FULL'
    ? new Fault('journal-full', { retryable: true, cause: error })
    : new Fault('journal-failed', { retryable: false, cause: error });
}

function splitPeaks(bytes: Uint8Array): readonly Uint8Array[] {
  if (bytes.length % 32 !== 0) throw corrupt();
  return Array.from({ length: bytes.length / 32 }, (_, index) => bytes.slice(index * 32, index * 32 + 32));
}

/**
 * Opens the journal of a gateway, verifies its end and makes sure that a commit is durable.
 * @param dir folder of journal.db; made where it is missing
 * @throws Fault `journal-in-use`, `journal-corrupt`, `journal-of-another`, `journal-not-durable`, `journal-failed`
 * @see rules GJ1 to GJ12
 */
export function openJournal(dir: string, identity: JournalIdentity, ports: JournalPorts): Journal {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const lock = holdLock(join(dir, 'journal.lock'));
  let db: Database.Database | undefined;
  try {
    const openDatabase = ports.openDatabase ?? ((path) => new Database(path));
    db = openDatabase(join(dir, 'journal.db'));
    return createJournal(db, lock, identity, ports);
  } catch (error) {
    db?.close();
    lock.close();
    throw faultOf(error);
  }
}

/** A second gateway on one journal would be a cloned journal; the kernel frees the lock of one that was killed. */
function holdLock(path: string): Database.Database {
  const lock = new Database(path, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    throw new Fault('journal-in-use', { retryable: true, cause: error });
  }
}

/** Reads how the connection really commits. */
export const readDurability = (db: Database.Database): { mode: unknown; synchronous: unknown } => ({
  mode: db.pragma('journal_mode', { simple: true }),
  synchronous: db.pragma('synchronous', { simple: true }),
});

function assertDurable(db: Database.Database): void {
  const { mode, synchronous } = readDurability(db);
  if (mode !== 'wal' || synchronous !== 2) throw new Fault('journal-not-durable', { retryable: false });
}

function prepareTables(db: Database.Database, identity: JournalIdentity): void {
  for (const pragma of JOURNAL_PRAGMAS) db.pragma(pragma);
  const format = db.pragma('user_version', { simple: true });
  if (format === 0) {
    db.transaction(() => {
      db.exec(JOURNAL_TABLES);
      db.prepare(`INSERT INTO head VALUES (1, 0, x'', 0, 0, '[]')`).run();
      const set = db.prepare('INSERT INTO settings VALUES (?, ?)');
      set.run(KEY_SITE, identity.site);
      set.run(KEY_GATEWAY, identity.gateway);
      set.run(KEY_EPOCH, String(identity.epoch));
      db.pragma(`user_version = ${JOURNAL_FORMAT}`);
    })();
  } else if (format !== JOURNAL_FORMAT) throw new Fault('journal-of-another', { retryable: false });
  db.exec(JOURNAL_INDEXES);
  // A write of its own: only after one does the connection show whether it kept synchronous=FULL.
  db.prepare('UPDATE head SET size = size').run();
  assertDurable(db);
}

function createJournal(
  db: Database.Database,
  lock: Database.Database,
  identity: JournalIdentity,
  { clock, random, timeFloor }: JournalPorts,
): Journal {
  prepareTables(db, identity);

  const readHead = db.prepare<[], HeadRow>('SELECT size, peaks, boot, floor_ms, intents FROM head');
  const writeHead = db.prepare('UPDATE head SET size = ?, peaks = ?, boot = ?, floor_ms = ?, intents = ?');
  const insertRecord = db.prepare('INSERT INTO records (sq, ty, body, hash) VALUES (?, ?, ?, ?)');
  const insertOpening = db.prepare(
    'INSERT INTO openings (sq, field, salt, value, at_ms) VALUES (?, ?, ?, ?, ?)',
  );
  const readRecords = db.prepare<[number, number], { sq: number; body: Uint8Array; hash: Uint8Array }>(
    'SELECT sq, body, hash FROM records WHERE sq >= ? ORDER BY sq LIMIT ?',
  );
  const readHash = db.prepare<[number], { hash: Uint8Array }>('SELECT hash FROM records WHERE sq = ?');
  const readHashes = db.prepare<[number], { hash: Uint8Array }>(
    'SELECT hash FROM records WHERE sq < ? ORDER BY sq',
  );
  const readOpenings = db.prepare<
    [number, number],
    { sq: number; field: CommittedField; salt: Uint8Array; value: string }
  >('SELECT sq, field, salt, value FROM openings WHERE sq >= ? AND sq < ? ORDER BY sq, field');
  const readOrderBodies = db.prepare<[], { body: Uint8Array }>(
    `SELECT body FROM records WHERE ty IN (${ORDER_TYPES}) ORDER BY sq`,
  );
  const getSetting = db.prepare<[string], { value: string }>('SELECT value FROM settings WHERE key = ?');
  const putSetting = db.prepare(
    'INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  );
  const deleteOpenings = db.prepare('DELETE FROM openings WHERE sq < ? AND at_ms < ?');

  const passages = createPassageReader(db);
  const readSetting = (key: string): string | null => getSetting.get(key)?.value ?? null;

  if (
    readSetting(KEY_SITE) !== identity.site ||
    readSetting(KEY_GATEWAY) !== identity.gateway ||
    readSetting(KEY_EPOCH) !== String(identity.epoch)
  ) {
    throw new Fault('journal-of-another', { retryable: false });
  }

  function loadHead(): { head: Head; floorMs: EpochMs; lastStampMs: EpochMs } {
    const row = readHead.get();
    if (row === undefined) throw corrupt();
    const frontier: Frontier = { size: row.size, peaks: splitPeaks(row.peaks) };
    const lastStampMs = verifyEnd(frontier);
    const hash = row.size === 0 ? NOTHING : readHash.get(row.size - 1)?.hash;
    if (hash === undefined) throw corrupt();
    return {
      head: { frontier, hash, boot: row.boot, intents: JSON.parse(row.intents) as number[] },
      floorMs: asEpochMs(row.floor_ms),
      lastStampMs,
    };
  }

  /** Hashes, links and numbers of the newest records, and the frontier over the hashes of all. */
  function verifyEnd({ size, peaks }: Frontier): EpochMs {
    let lastStampMs = 0;
    const from = Math.max(0, size - VERIFIED_AT_START);
    let previous = from === 0 ? NOTHING : (readHash.get(from - 1)?.hash ?? null);
    let next = from;
    for (const row of readRecords.iterate(from, -1)) {
      const record = decodeRecord(row.body);
      if (
        previous === null ||
        !record.ok ||
        row.sq !== next ||
        record.value.sq !== next ||
        record.value.gw !== identity.gateway ||
        record.value.ep !== identity.epoch ||
        record.value.ph !== encodeBase64Url(previous) ||
        !equalBytes(row.hash, leafHash(sha256, row.body))
      ) {
        throw corrupt();
      }
      previous = row.hash;
      lastStampMs = record.value.t;
      next += 1;
    }
    if (next !== size) throw corrupt();
    const rebuilt = frontierOf(size);
    const isEqual =
      rebuilt.size === size &&
      rebuilt.peaks.length === peaks.length &&
      rebuilt.peaks.every((peak, index) => equalBytes(peak, peaks[index] ?? NOTHING));
    if (!isEqual) throw corrupt();
    return asEpochMs(lastStampMs);
  }

  function frontierOf(size: number): Frontier {
    let frontier = EMPTY_FRONTIER;
    for (const { hash } of readHashes.iterate(size)) frontier = appendLeaf(sha256, frontier, hash);
    return frontier;
  }

  const loaded = loadHead();
  let head = loaded.head;
  let health: 'good' | 'full' | 'failed' = 'good';
  const listeners = new Set<(records: readonly JournalRecord[]) => void>();
  const noteKey = {
    ...journalNoteKey(identity.site, identity.gateway, identity.epoch, identity.signer.publicKey),
    sign: identity.signer.sign,
  };
  const origin = journalOrigin(identity.site, identity.gateway, identity.epoch);
  // The root at the end of a batch needs the frontier at its start: where the last one began (it may be sent
  // again) or ended.
  let marks: readonly Frontier[] = [];

  function write(
    entries: readonly NewRecord[],
    settings: Readonly<Record<string, string>>,
    boot: number,
  ): readonly JournalRecord[] {
    let { frontier, hash } = head;
    const intents = new Set(head.intents);
    const written: JournalRecord[] = [];
    // Read once: records of one transaction are one moment.
    const floor = timeFloor();
    const at = Math.max(Math.floor(clock.epochMs()), floor);
    const mono = Math.floor(clock.monoMs());
    const trust = clock.trust();
    for (const entry of entries) {
      const sq = frontier.size;
      const commitments: Partial<Record<CommittedField, string>> = {};
      for (const field of COMMITTED_FIELDS) {
        const value = entry.c?.[field];
        if (value === undefined) continue;
        const salt = random.bytes(32);
        commitments[field] = commitTo(hmacSha256, salt, field, value);
        insertOpening.run(sq, field, salt, value, at);
      }
      const record: JournalRecord = {
        v: 1,
        gw: identity.gateway,
        ep: identity.epoch,
        sq,
        bt: boot,
        t: at,
        tq: trust,
        mo: mono,
        ty: entry.ty,
        ...(entry.door !== undefined && { door: entry.door }),
        ...(entry.dir !== undefined && { dir: entry.dir }),
        ...(entry.rs !== undefined && { rs: entry.rs }),
        ...(entry.pol !== undefined && { pol: entry.pol }),
        ...(Object.keys(commitments).length > 0 && { c: commitments }),
        ph: encodeBase64Url(hash),
        x: { ...entry.x },
      };
      // A record that no server takes could never be taken back: a bug must end here, before it is written.
      journalRecordSchema.parse(record);
      const body = encodeRecord(record);
      hash = leafHash(sha256, body);
      insertRecord.run(sq, record.ty, body, hash);
      frontier = appendLeaf(sha256, frontier, hash);
      const of = record.x['of'];
      if (record.ty === 'access.granted') intents.add(sq);
      if (record.ty === 'access.outcome' && typeof of === 'number') intents.delete(of);
      written.push(record);
    }
    for (const [key, value] of Object.entries(settings)) putSetting.run(key, value);
    const open = [...intents];
    writeHead.run(frontier.size, Buffer.concat(frontier.peaks), boot, floor, JSON.stringify(open));
    pending = { frontier, hash, boot, intents: open };
    return written;
  }

  let pending = head;
  const transaction = db.transaction(write);

  function guard<T>(change: () => T): T {
    // fsync that failed once lies the next time: the pages are already marked clean.
    if (health === 'failed') throw new Fault('journal-failed', { retryable: false });
    try {
      const result = change();
      health = 'good';
      return result;
    } catch (error) {
      const fault = faultOf(error);
      if (fault instanceof Fault) health = fault.retryable ? 'full' : 'failed';
      throw fault;
    }
  }

  function append(
    entries: readonly NewRecord[],
    settings: Readonly<Record<string, string>> = {},
    boot = head.boot,
  ): readonly JournalRecord[] {
    const written = guard(() => transaction.immediate(entries, settings, boot));
    head = pending;
    if (listeners.size > 0 && written.length > 0) {
      // After the caller's turn: the lock pulse does not wait for those who only want to know.
      queueMicrotask(() => {
        for (const listener of listeners) listener(written);
      });
    }
    return written;
  }

  function hashAt(size: number): string | null {
    if (size === 0) return NO_PREVIOUS_HASH;
    const row = Number.isSafeInteger(size) && size > 0 ? readHash.get(size - 1) : undefined;
    return row === undefined ? null : encodeBase64Url(row.hash);
  }

  const noteOf = (frontier: Frontier): string =>
    signCheckpoint(sha256, { origin, size: frontier.size, root: frontierRoot(sha256, frontier) }, noteKey);

  const acknowledgedSize = (): number => Number(readSetting(KEY_ACKED) ?? '0');

  return {
    epoch: identity.epoch,
    timeFloorMs: loaded.floorMs,
    lastStampMs: loaded.lastStampMs,
    size: () => head.frontier.size,
    isWritable: () => health === 'good',
    beginBoot: (version) => {
      const nonce = (): string => encodeBase64Url(random.bytes(16));
      const openIntents = [...head.intents].sort((a, b) => a - b);
      const opened: readonly NewRecord[] =
        head.frontier.size > 0
          ? []
          : [
              {
                ty: 'epoch.opened',
                x: { nonce: nonce(), key: encodeBase64Url(identity.signer.publicKey), why: 'enrolled' },
              },
            ];
      const settled = openIntents.map((of): NewRecord => {
        const door = passages.grantOf(of)?.record.door;
        const sub = passages.openingOf(of, 'sub');
        return {
          ty: 'access.outcome',
          rs: 'unknown',
          ...(door !== undefined && { door }),
          ...(sub !== null && { c: { sub } }),
          x: { of },
        };
      });
      const boot: NewRecord = { ty: 'boot', x: { nonce: nonce(), version, openIntents } };
      return append([...opened, boot, ...settled], {}, head.boot + 1);
    },
    append,
    onAppended: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    readSetting,
    hashAt,
    checkpoint: () => noteOf(head.frontier),
    readBatch: (from) => {
      const prev = hashAt(from);
      const gen = hashAt(1);
      if (prev === null || gen === null) return null;
      const start = marks.find(({ size }) => size === from) ?? frontierOf(from);
      let frontier = start;
      const entries: string[] = [];
      let bytes = 0;
      for (const { body, hash } of readRecords.iterate(from, MAX_UPLOAD_ENTRIES)) {
        bytes += body.length;
        if (entries.length > 0 && bytes > MAX_BATCH_BYTES) break;
        entries.push(Buffer.from(body).toString('utf8'));
        frontier = appendLeaf(sha256, frontier, hash);
      }
      marks = [start, frontier];
      if (entries.length === 0) return null;
      const openings = readOpenings
        .all(from, from + entries.length)
        .map(({ sq, field, salt, value }): Opening => ({
          gw: identity.gateway,
          ep: identity.epoch,
          sq,
          field,
          salt: encodeBase64Url(salt),
          value,
        }));
      return { gen, from, prev, entries, openings, checkpoint: noteOf(frontier) };
    },
    acknowledgedSize,
    acknowledge: (size, hash) => {
      if (hashAt(size) !== hash) return false;
      if (size <= acknowledgedSize()) return true;
      guard(() => putSetting.run(KEY_ACKED, String(size)));
      return true;
    },
    eraseOpenings: (before) => guard(() => deleteOpenings.run(acknowledgedSize(), before).changes),
    readPassages: (most) => passages.readPassages(most),
    readOrders: () =>
      readOrderBodies.all().map(({ body }) => {
        const record = decodeRecord(body);
        // Left out, a lockdown would be forgotten.
        if (!record.ok) throw corrupt();
        return record.value;
      }),
    close: () => {
      db.close();
      lock.close();
    },
  };
}
