import type Database from 'better-sqlite3';
import { MAX_UPLOAD_ENTRIES } from '#contract/api';
import { decodeUtf8, encodeBase64Url, equalBytes } from '#contract/bytes';
import type { CanonicalValue } from '#contract/canonical';
import { signCheckpoint } from '#contract/checkpoint';
import { asEpochMs, type Clock, type EpochMs, type Random } from '#contract/clock';
import { commitTo, type Opening } from '#contract/commitment';
import {
  closeMessage,
  decodeEpochOpened,
  keyHash,
  type EpochReason,
  type PreviousEpoch,
} from '#contract/epoch';
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
import type { Ballast } from './ballast.ts';
import { createEpochPlaces, type EpochPlaces } from './epoch-places.ts';
import { corrupt, faultOf, openJournalFile, type JournalFile } from './journal-file.ts';
import { ORDER_TYPES } from './journal-tables.ts';
import { createPassageReader, decodeStored, readEpochs } from './read-passages.ts';
import type { SalvagedJournal, StoredOpening, StoredSetting } from './salvage-journal.ts';

export { readDurability } from './journal-file.ts';

/** Whose journal it is, and the key of the epoch that the enrolment opened. */
export interface JournalIdentity {
  readonly site: string;
  readonly gateway: string;
  readonly epoch: number;
  readonly signer: Signer;
}

/** How far a journal is, before anything that says so leaves the process. */
export interface JournalMark {
  readonly epoch: number;
  readonly size: number;
  /** Leaf hash of the last record, base64url. */
  readonly head: string;
}

export interface JournalPorts {
  readonly clock: Clock;
  readonly random: Random;
  /** The moment before which it certainly is not; stored with every record. */
  readonly timeFloor: () => EpochMs;
  /** Opens the file; a test hands in one with little room. */
  readonly openDatabase?: (path: string) => Database.Database;
  /** Keys of the epochs that were opened after the enrolment; null for one that is not held. */
  readonly signerOf?: (epoch: number) => Signer | null;
  /** Room that is given up when the disk is full. */
  readonly ballast?: Ballast;
  /** Called before a checkpoint of that size is signed. */
  readonly beforeSigning?: (mark: JournalMark) => void;
  /**
   * Numbers in settings, where callers keep some there, as they are counted after a new epoch has begun.
   * @param shift how much lower every number of before is
   */
  readonly shiftSetting?: (key: string, value: string, shift: number) => string;
  /** What a file that is made anew goes on from, because the one before it was damaged. */
  readonly recovery?: { readonly order: EpochOrder; readonly salvaged: SalvagedJournal };
}

/** The next epoch of a journal. */
export interface EpochOrder {
  readonly epoch: number;
  readonly signer: Signer;
  readonly why: EpochReason;
  /** Records of the present epoch that stay where they are; null for nothing of any epoch. */
  readonly size: number | null;
  /** How many records are known to be lost. */
  readonly lost?: number;
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
  /** `of`, where it is a number, names another record as EpochPlaces counts them. */
  readonly x?: Readonly<Record<string, CanonicalValue>>;
}

/** A stretch of the present epoch as the server takes it. */
export interface JournalBatch {
  readonly gen: string;
  readonly from: number;
  readonly prev: string;
  readonly entries: readonly string[];
  readonly openings: readonly Opening[];
  readonly checkpoint: string;
}

/**
 * The append-only journal of a gateway: epochs one after another, of which only the newest grows. Every method is
 * synchronous: what has returned is on the disk.
 */
export interface Journal {
  /** Number of the present epoch. */
  readonly epoch: number;
  /** Number of records of the present epoch; the next record gets it as its number. */
  size(): number;
  /** False after a failure that a retry cannot mend, and while the disk is full: nobody is let in unrecorded. */
  isWritable(): boolean;
  /** False after a failure that a retry cannot mend. */
  isSound(): boolean;
  /** The persisted floor of the clock, ms since 1970; 0 for a new journal. */
  readonly timeFloorMs: EpochMs;
  /** The stamp of the last record when the journal was opened, ms since 1970; 0 for a new journal. */
  readonly lastStampMs: EpochMs;
  /** Counts the boot and records it, with an unknown outcome for every grant that has none. @see rule SM16 */
  beginBoot(version: string): readonly JournalRecord[];
  /**
   * Appends records in one transaction, together with settings that must move with them.
   * @throws Fault `journal-full` (retryable), `journal-failed`, `journal-corrupt`
   */
  append(
    records: readonly NewRecord[],
    settings?: Readonly<Record<string, string>>,
  ): readonly JournalRecord[];
  /** Tells what was appended, after the caller's own turn has ended. Returns the function that stops it. */
  onAppended(listener: (records: readonly JournalRecord[]) => void): () => void;
  /** Tells, after the caller's own turn, that a failure ended all writing. Returns the function that stops it. */
  onFailed(listener: (fault: Fault) => void): () => void;
  readSetting(key: string): string | null;
  /** Leaf hash of record size-1 of the present epoch, or of nothing for 0; null beyond the end. */
  hashAt(size: number): string | null;
  /** Root over the records of the present epoch. */
  root(): { readonly size: number; readonly root: Uint8Array };
  /** The head as a note signed by the gateway. */
  checkpoint(): string;
  /** Signs the head and keeps that, where records came since it was last signed. */
  signHead(): void;
  /** The records from a number on, as many as one upload takes; null where there is none. */
  readBatch(from: number): JournalBatch | null;
  /** How far the server is known to hold the very same records of the present epoch. */
  acknowledgedSize(): number;
  /** The server's cosigned checkpoint at that size; null before the first. */
  cosignedCheckpoint(): string | null;
  /**
   * Notes an acknowledgement; false, and nothing noted, where `head` is not our own hash at that size.
   * @param cosigned the server's cosigned checkpoint of that size, where it came along
   */
  acknowledge(size: number, head: string, cosigned?: string): boolean;
  /**
   * Ends the present epoch and opens the next one, whose first record tells where and why, in one transaction. What
   * stood behind `size` is to be reclaimed. Callers count records anew from then on.
   * @throws Fault as append
   * @see rules GJ16 to GJ19
   */
  openEpoch(order: EpochOrder): void;
  /** How many records of earlier epochs still have to be appended again. */
  unreclaimedSize(): number;
  /** Appends the next of them, at most so many. @returns how many are left */
  reclaim(most: number): number;
  /** Forgets what commitments stand for, of acknowledged records made before a moment. */
  eraseOpenings(before: EpochMs): number;
  /** The newest records that tell of somebody's stay, oldest first. */
  readPassages(most: number): readonly RecordedPassage[];
  /** Every record of an order, a lockdown, a hold or a fire, oldest first: they are few. */
  readOrders(): readonly JournalRecord[];
  /**
   * Hashes records of all epochs anew, at most so many from a place on.
   * @returns where to go on, null at the end; or the place of a record that is not what it was
   */
  verifySlice(from: number, most: number): { readonly next: number | null } | { readonly damaged: number };
  close(): void;
}

const VERIFIED_AT_START = 1000;
const MAX_BATCH_BYTES = 1_000_000;
/** Twice as long as a record it may become where it is reclaimed as a text in another. */
const MAX_RECORD_BYTES = 32_000;
const KEY_ACKED = 'acked';
const KEY_COSIGNED = 'cosigned';
const KEY_SIGNED = 'signed';
const KEY_RECLAIM = 'reclaim';
/** What the journal keeps for itself; all else moves into a new file when this one is damaged. */
export const OWN_SETTINGS: readonly string[] = [
  'site',
  'gateway',
  'epoch',
  KEY_ACKED,
  KEY_COSIGNED,
  KEY_SIGNED,
  KEY_RECLAIM,
];

/** What would fill the room that is kept for those who leave and for alarms. */
const NOT_FOR_BALLAST: readonly EventType[] = ['access.granted', 'access.denied', 'journal.reclaimed'];

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
  /** Grants without an outcome, by number. */
  readonly intents: readonly number[];
}

/** A record that was appended before, on its way into the present epoch. */
interface Carried extends NewRecord {
  readonly carried: {
    readonly c: Readonly<Partial<Record<CommittedField, string>>>;
    readonly openings: readonly Omit<StoredOpening, 'place'>[];
    /** The kind under which readers find it; its own where the original is in this file as well. */
    readonly ty: EventType;
  };
}

interface RecordRow {
  readonly sq: number;
  readonly body: Uint8Array;
  readonly hash: Uint8Array;
}

type Range = readonly [from: number, until: number];

const NOTHING = new Uint8Array(32);
const textOf = (bytes: Uint8Array): string => {
  const text = decodeUtf8(bytes);
  if (!text.ok) throw corrupt();
  return text.value;
};

function splitPeaks(bytes: Uint8Array): readonly Uint8Array[] {
  if (bytes.length % 32 !== 0) throw corrupt();
  return Array.from({ length: bytes.length / 32 }, (_, index) => bytes.slice(index * 32, index * 32 + 32));
}

/**
 * Opens the journal of a gateway, verifies its end and makes sure that a commit is durable. An identity of a later
 * epoch than the newest one there opens that epoch.
 * @param dir folder of journal.db; made where it is missing
 * @throws Fault `journal-in-use`, `journal-corrupt`, `journal-of-another`, `journal-key-missing`, `journal-not-durable`,
 *   `journal-failed`, `journal-full`
 * @see rules GJ1 to GJ12
 */
export function openJournal(dir: string, identity: JournalIdentity, ports: JournalPorts): Journal {
  const { recovery } = ports;
  const epochs =
    recovery === undefined
      ? [{ epoch: identity.epoch, base: 0 }]
      : [...recovery.salvaged.epochs, { epoch: recovery.order.epoch, base: 0 }];
  const file = openJournalFile(dir, identity, epochs, ports.openDatabase);
  try {
    return createJournal(file, identity, ports);
  } catch (error) {
    file.close();
    throw faultOf(error);
  }
}

function createJournal(file: JournalFile, identity: JournalIdentity, ports: JournalPorts): Journal {
  const { db } = file;
  const { clock, random, timeFloor, ballast } = ports;

  const readHead = db.prepare<[], HeadRow>('SELECT size, peaks, boot, floor_ms, intents FROM head');
  const writeHead = db.prepare('UPDATE head SET size = ?, peaks = ?, boot = ?, floor_ms = ?, intents = ?');
  const insertRecord = db.prepare('INSERT INTO records (sq, ty, body, hash) VALUES (?, ?, ?, ?)');
  const insertOpening = db.prepare(
    'INSERT INTO openings (sq, field, salt, value, at_ms) VALUES (?, ?, ?, ?, ?)',
  );
  const insertEpoch = db.prepare('INSERT INTO epochs (ep, base) VALUES (?, ?)');
  const readRecords = db.prepare<[number, number], RecordRow>(
    'SELECT sq, body, hash FROM records WHERE sq >= ? ORDER BY sq LIMIT ?',
  );
  const readHash = db.prepare<[number], { hash: Uint8Array }>('SELECT hash FROM records WHERE sq = ?');
  const readHashes = db.prepare<[number, number], { hash: Uint8Array }>(
    'SELECT hash FROM records WHERE sq >= ? AND sq < ? ORDER BY sq',
  );
  const readOpenings = db.prepare<
    [number, number],
    { sq: number; field: CommittedField; salt: Uint8Array; value: string; at_ms: number }
  >('SELECT sq, field, salt, value, at_ms FROM openings WHERE sq >= ? AND sq < ? ORDER BY sq, field');
  const readOriginals = db.prepare<[], { sq: number }>(
    `SELECT sq FROM records WHERE ty <> 'journal.reclaimed' ORDER BY sq`,
  );
  const readOrderBodies = db.prepare<[], { body: Uint8Array }>(
    `SELECT body FROM records WHERE ty IN (${ORDER_TYPES}) ORDER BY sq`,
  );
  const getSetting = db.prepare<[string], { value: string }>('SELECT value FROM settings WHERE key = ?');
  const putSetting = db.prepare(
    'INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  );
  const readAllSettings = db.prepare<[], StoredSetting>('SELECT key, value FROM settings');
  const deleteOpenings = db.prepare('DELETE FROM openings WHERE sq < ? AND at_ms < ?');

  let places: EpochPlaces = createEpochPlaces(readEpochs(db));
  const passages = createPassageReader(db, () => places);
  const readSetting = (key: string): string | null => getSetting.get(key)?.value ?? null;

  const signerOf = (epoch: number): Signer | null =>
    epoch === identity.epoch ? identity.signer : (ports.signerOf?.(epoch) ?? null);
  let signer: Signer | null = signerOf(places.epoch) ?? ports.recovery?.order.signer ?? null;
  if (signer === null && identity.epoch <= places.epoch) {
    throw new Fault('journal-key-missing', { retryable: false });
  }

  function loadHead(): { head: Head; floorMs: EpochMs; lastStampMs: EpochMs } {
    const row = readHead.get();
    if (row === undefined) throw corrupt();
    const frontier: Frontier = { size: row.size, peaks: splitPeaks(row.peaks) };
    const lastStampMs = verifyEnd(frontier);
    const hash = row.size === 0 ? NOTHING : readHash.get(places.base + row.size - 1)?.hash;
    if (hash === undefined) throw corrupt();
    return {
      head: { frontier, hash, boot: row.boot, intents: JSON.parse(row.intents) as number[] },
      floorMs: asEpochMs(row.floor_ms),
      lastStampMs,
    };
  }

  /** Hashes, links and numbers of the newest records, and the frontier over the hashes of all of this epoch. */
  function verifyEnd({ size, peaks }: Frontier): EpochMs {
    let lastStampMs = 0;
    const { base, epoch } = places;
    const from = Math.max(0, size - VERIFIED_AT_START);
    let previous = from === 0 ? NOTHING : (readHash.get(base + from - 1)?.hash ?? null);
    let next = from;
    for (const row of readRecords.iterate(base + from, -1)) {
      const record = decodeRecord(row.body);
      if (
        previous === null ||
        !record.ok ||
        row.sq !== base + next ||
        record.value.sq !== next ||
        record.value.gw !== identity.gateway ||
        record.value.ep !== epoch ||
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
    for (const { hash } of readHashes.iterate(places.base, places.base + size)) {
      frontier = appendLeaf(sha256, frontier, hash);
    }
    return frontier;
  }

  const loaded = loadHead();
  let head = loaded.head;
  let health: 'good' | 'full' | 'failed' = 'good';
  const failureListeners = new Set<(fault: Fault) => void>();
  const listeners = new Set<(records: readonly JournalRecord[]) => void>();
  // The root at the end of a batch needs the frontier at its start: where the last one began (it may be sent
  // again) or ended.
  let marks: readonly Frontier[] = [];

  function write(
    entries: readonly (NewRecord | Carried)[],
    settings: Readonly<Record<string, string>>,
    boot: number,
  ): readonly JournalRecord[] {
    let { frontier, hash } = pending;
    const intents = new Set(pending.intents);
    const written: JournalRecord[] = [];
    // Read once: records of one transaction are one moment.
    const floor = timeFloor();
    const at = Math.max(Math.floor(clock.epochMs()), floor);
    const mono = Math.floor(clock.monoMs());
    const trust = clock.trust();
    for (const entry of entries) {
      const sq = frontier.size;
      const place = places.base + sq;
      const carried = 'carried' in entry ? entry.carried : null;
      const commitments: Partial<Record<CommittedField, string>> = { ...carried?.c };
      for (const { field, salt, value, atMs } of carried?.openings ?? []) {
        insertOpening.run(place, field, salt, value, atMs);
      }
      for (const field of COMMITTED_FIELDS) {
        const value = entry.c?.[field];
        if (value === undefined) continue;
        const salt = random.bytes(32);
        commitments[field] = commitTo(hmacSha256, salt, field, value);
        insertOpening.run(place, field, salt, value, at);
      }
      const of = entry.x?.['of'];
      const record: JournalRecord = {
        v: 1,
        gw: identity.gateway,
        ep: places.epoch,
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
        x: places.toFacts({ ...entry.x }),
      };
      // A record that no server takes could never be taken back: a bug must end here, before it is written.
      journalRecordSchema.parse(record);
      const body = encodeRecord(record);
      if (carried === null && body.length > MAX_RECORD_BYTES) throw new Error('a record is too long');
      hash = leafHash(sha256, body);
      insertRecord.run(place, carried?.ty ?? record.ty, body, hash);
      frontier = appendLeaf(sha256, frontier, hash);
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
  /** Number of this run, once something of it was written; and whether its boot record was. */
  let run: { readonly boot: number; readonly isRecorded: boolean } | null = null;
  /** What is written before the boot record belongs to this run already: its monotonic time began anew. */
  const runNumber = (): number => {
    run ??= { boot: head.boot + 1, isRecorded: false };
    return run.boot;
  };

  /** Runs one change in a transaction of its own; what it was to become is forgotten where it fails. */
  const transact = db.transaction(<T>(change: () => T): T => change());
  function commit<T>(change: () => T): T {
    // fsync that failed once lies the next time: the pages are already marked clean.
    if (health === 'failed') throw new Fault('journal-failed', { retryable: false });
    pending = head;
    try {
      const result = transact.immediate(change) as T;
      head = pending;
      health = ballast?.isGone() === true ? 'full' : 'good';
      return result;
    } catch (error) {
      pending = head;
      const fault = faultOf(error);
      if (fault instanceof Fault) {
        health = fault.retryable ? 'full' : 'failed';
        if (health === 'failed') {
          queueMicrotask(() => {
            for (const listener of failureListeners) listener(fault);
          });
        }
      }
      throw fault;
    }
  }

  function tell(written: readonly JournalRecord[]): void {
    if (listeners.size === 0 || written.length === 0) return;
    // After the caller's turn: the lock pulse does not wait for those who only want to know.
    queueMicrotask(() => {
      for (const listener of listeners) listener(written);
    });
  }

  const isForBallast = (entries: readonly NewRecord[]): boolean =>
    entries.every(({ ty }) => !NOT_FOR_BALLAST.includes(ty));

  function append(
    entries: readonly (NewRecord | Carried)[],
    settings: Readonly<Record<string, string>> = {},
    boot = head.boot,
  ): readonly JournalRecord[] {
    // What room there is belongs to those who leave, and to alarms.
    if (ballast?.isGone() === true && !isForBallast(entries)) {
      throw new Fault('journal-full', { retryable: true });
    }
    let written: readonly JournalRecord[];
    try {
      written = commit(() => write(entries, settings, boot));
    } catch (error) {
      const isFull = error instanceof Fault && error.code === 'journal-full';
      if (!isFull || ballast?.giveUp() !== true) throw error;
      // Behind the others, whose numbers the caller knows already.
      const full: NewRecord = { ty: 'disk.full', x: { part: 'journal' } };
      const kept = isForBallast(entries) ? entries : [];
      written = commit(() => write([...kept, full], kept.length === 0 ? {} : settings, boot));
      tell(written);
      if (kept.length < entries.length) throw error;
      return written;
    }
    tell(written);
    return written;
  }

  function hashAt(size: number): string | null {
    if (size === 0) return NO_PREVIOUS_HASH;
    const row =
      Number.isSafeInteger(size) && size > 0 && size <= head.frontier.size
        ? readHash.get(places.base + size - 1)
        : undefined;
    return row === undefined ? null : encodeBase64Url(row.hash);
  }

  function noteOf(frontier: Frontier): string {
    if (signer === null) throw new Fault('journal-key-missing', { retryable: false });
    const { epoch } = places;
    const { site, gateway } = identity;
    const { size } = frontier;
    ports.beforeSigning?.({ epoch, size, head: hashAt(size) ?? NO_PREVIOUS_HASH });
    const key = { ...journalNoteKey(site, gateway, epoch, signer.publicKey), sign: signer.sign };
    const root = frontierRoot(sha256, frontier);
    return signCheckpoint(sha256, { origin: journalOrigin(site, gateway, epoch), size, root }, key);
  }

  const acknowledgedSize = (): number => Number(readSetting(KEY_ACKED) ?? '0');
  const nonce = (): string => encodeBase64Url(random.bytes(16));
  const readRanges = (): readonly Range[] => JSON.parse(readSetting(KEY_RECLAIM) ?? '[]') as Range[];
  const sizeOf = (ranges: readonly Range[]): number =>
    ranges.reduce((sum, [from, until]) => sum + until - from, 0);

  function shifted(settings: readonly StoredSetting[], shift: number): Readonly<Record<string, string>> {
    const { shiftSetting } = ports;
    if (shiftSetting === undefined) return {};
    return Object.fromEntries(
      settings.flatMap(({ key, value }) => {
        const changed = shiftSetting(key, value, shift);
        return changed === value ? [] : [[key, changed]];
      }),
    );
  }

  const openedRecord = (
    order: EpochOrder,
    prev: PreviousEpoch | null,
    sig: Uint8Array | null,
  ): NewRecord => ({
    ty: 'epoch.opened',
    x: {
      nonce: nonce(),
      key: encodeBase64Url(order.signer.publicKey),
      why: order.why,
      ...(prev !== null && { prev }),
      ...(sig !== null && { sig: encodeBase64Url(sig) }),
      ...(order.lost !== undefined && { lost: order.lost }),
    },
  });

  /** What the key of an epoch signs when it ends; null where that key is not held. */
  function closing(prev: PreviousEpoch, by: Signer | null, next: Signer): Uint8Array | null {
    if (by === null) return null;
    return by.sign(closeMessage(identity.gateway, prev, keyHash(sha256, next.publicKey)));
  }

  /** All records but those that hold another one of this file again: with them the file would double each time. */
  function rangesOfOriginals(): readonly Range[] {
    const ranges: Range[] = [];
    for (const { sq } of readOriginals.iterate()) {
      const last = ranges.at(-1);
      if (last?.[1] === sq) ranges[ranges.length - 1] = [last[0], sq + 1];
      else ranges.push([sq, sq + 1]);
    }
    return ranges;
  }

  /**
   * What the present epoch goes on from. Where the server has taken nothing of it, nobody has confirmed that: the next
   * one says it again, or a server that lost that part would never be asked for it.
   */
  function unconfirmed(): PreviousEpoch | null {
    const [first] = readRecords.all(places.base, 1);
    const record = first === undefined ? null : decodeStored(first.body, places);
    return (record === null ? null : decodeEpochOpened(record)?.prev) ?? null;
  }

  function openEpoch(order: EpochOrder): void {
    if (order.epoch <= places.epoch) throw new Error('epochs rise');
    const size = order.size ?? 0;
    if (hashAt(size) === null) throw new Error('an epoch ends within its records');
    const root = encodeBase64Url(frontierRoot(sha256, frontierOf(size)));
    const prev = (order.size === 0 ? unconfirmed() : null) ?? { ep: places.epoch, size, root };
    const sig = closing(prev, prev.ep === places.epoch ? signer : signerOf(prev.ep), order.signer);
    const before = { places, signer };
    const boot = runNumber();
    const closed: NewRecord = {
      ty: 'epoch.closed',
      x: {
        size,
        root,
        next: keyHash(sha256, order.signer.publicKey),
        ...(sig !== null && { sig: encodeBase64Url(sig) }),
      },
    };
    try {
      const written = commit(() => {
        // Its own last word; nothing of it goes to the server in this epoch.
        const last = signer === null ? [] : write([closed], {}, boot);
        const base = places.base + pending.frontier.size;
        const ranges: readonly Range[] =
          order.size === null ? rangesOfOriginals() : [...readRanges(), [places.base + size, base] as const];
        insertEpoch.run(order.epoch, base);
        const shift = base - places.base;
        places = createEpochPlaces([...places.all, { epoch: order.epoch, base }]);
        const intents = pending.intents.map((number) => number - shift);
        pending = { ...pending, frontier: EMPTY_FRONTIER, hash: NOTHING, intents };
        const settings = {
          ...shifted(readAllSettings.all(), shift),
          [KEY_ACKED]: '0',
          [KEY_COSIGNED]: '',
          [KEY_SIGNED]: '',
          [KEY_RECLAIM]: JSON.stringify(ranges.filter(([from, until]) => from < until)),
        };
        return [...last, ...write([openedRecord(order, prev, sig)], settings, boot)];
      });
      signer = order.signer;
      marks = [];
      tell(written);
    } catch (error) {
      ({ places, signer } = before);
      throw error;
    }
  }

  /** A stored record as one that is appended again: verbatim, with those commitments that can still be opened. */
  function carry(row: RecordRow, openings: readonly StoredOpening[], isElsewhere: boolean): Carried {
    const record = decodeRecord(row.body);
    if (!record.ok) throw corrupt();
    const { ty, c = {}, x } = record.value;
    const isWrapped = ty === 'journal.reclaimed';
    const inner = isWrapped ? decodeStored(row.body, places) : record.value;
    const orig = isWrapped ? x['orig'] : textOf(row.body);
    const hash = isWrapped ? x['hash'] : encodeBase64Url(row.hash);
    if (inner === null || orig === undefined || hash === undefined) throw corrupt();
    const kept: Partial<Record<CommittedField, string>> = {};
    const intact: StoredOpening[] = [];
    for (const opening of openings) {
      const { field, salt, value } = opening;
      // A bit that turned in an opening would have the server refuse the record for ever.
      if (c[field] === undefined || commitTo(hmacSha256, salt, field, value) !== c[field]) continue;
      kept[field] = c[field];
      intact.push(opening);
    }
    return {
      ty: 'journal.reclaimed',
      x: { orig, hash },
      carried: { c: kept, openings: intact, ty: isElsewhere ? inner.ty : 'journal.reclaimed' },
    };
  }

  const openingsAt = (from: number, until: number): readonly StoredOpening[] =>
    readOpenings
      .all(from, until)
      .map(({ sq, field, salt, value, at_ms: atMs }) => ({ place: sq, field, salt, value, atMs }));

  function reclaim(most: number): number {
    const [range, ...others] = readRanges();
    if (range === undefined) return 0;
    const [from, until] = range;
    const next = Math.min(until, from + most);
    const openings = openingsAt(from, next);
    const entries = readRecords.all(from, next - from).map((row) =>
      carry(
        row,
        openings.filter(({ place }) => place === row.sq),
        false,
      ),
    );
    const left = next < until ? [[next, until] as const, ...others] : others;
    append(entries, { [KEY_RECLAIM]: JSON.stringify(left) }, runNumber());
    return sizeOf(left);
  }

  /** Begins a file anew with what could be read of the damaged one. */
  function recover({ order, salvaged }: NonNullable<JournalPorts['recovery']>): void {
    const { previous } = salvaged;
    const sig = closing(previous, signerOf(previous.ep), order.signer);
    const shift = salvaged.size;
    const kept = salvaged.settings.filter(({ key }) => !OWN_SETTINGS.includes(key));
    const settings = {
      ...Object.fromEntries(kept.map(({ key, value }) => [key, value])),
      ...shifted(kept, shift),
    };
    const entries = salvaged.records.map((row) =>
      carry(
        row,
        salvaged.openings.filter(({ place }) => place === row.sq),
        true,
      ),
    );
    tell(
      commit(() => {
        pending = { ...pending, intents: salvaged.intents.map((number) => number - shift) };
        return write([openedRecord(order, previous, sig), ...entries], settings, salvaged.boot);
      }),
    );
  }

  const journal: Journal = {
    get epoch() {
      return places.epoch;
    },
    timeFloorMs: loaded.floorMs,
    lastStampMs: loaded.lastStampMs,
    size: () => head.frontier.size,
    isWritable: () => health === 'good' && ballast?.isGone() !== true,
    isSound: () => health !== 'failed',
    beginBoot: (version) => {
      const openIntents = [...head.intents].sort((a, b) => a - b);
      const opened: readonly NewRecord[] =
        head.frontier.size > 0
          ? []
          : [openedRecord({ ...identity, why: 'enrolled', size: null }, null, null)];
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
      const present = openIntents.filter((of) => of >= 0);
      const boot: NewRecord = { ty: 'boot', x: { nonce: nonce(), version, openIntents: present } };
      const number = run?.isRecorded === false ? run.boot : head.boot + 1;
      const written = append([...opened, boot, ...settled], {}, number);
      run = { boot: number, isRecorded: true };
      return written;
    },
    append,
    onAppended: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    onFailed: (listener) => {
      failureListeners.add(listener);
      return () => void failureListeners.delete(listener);
    },
    readSetting,
    hashAt,
    root: () => ({ size: head.frontier.size, root: frontierRoot(sha256, head.frontier) }),
    checkpoint: () => noteOf(head.frontier),
    signHead: () => {
      const { size } = head.frontier;
      if (size === 0 || readSetting(KEY_SIGNED)?.split('\n')[1] === String(size)) return;
      const note = noteOf(head.frontier);
      commit(() => putSetting.run(KEY_SIGNED, note));
    },
    readBatch: (from) => {
      const prev = hashAt(from);
      const gen = hashAt(1);
      if (prev === null || gen === null) return null;
      const start = marks.find(({ size }) => size === from) ?? frontierOf(from);
      let frontier = start;
      const entries: string[] = [];
      let bytes = 0;
      for (const { body, hash } of readRecords.iterate(places.base + from, MAX_UPLOAD_ENTRIES)) {
        bytes += body.length;
        if (entries.length > 0 && bytes > MAX_BATCH_BYTES) break;
        entries.push(Buffer.from(body).toString('utf8'));
        frontier = appendLeaf(sha256, frontier, hash);
      }
      marks = [start, frontier];
      if (entries.length === 0) return null;
      const begin = places.base + from;
      const openings = openingsAt(begin, begin + entries.length).map(
        ({ place, field, salt, value }): Opening => ({
          gw: identity.gateway,
          ep: places.epoch,
          sq: place - places.base,
          field,
          salt: encodeBase64Url(salt),
          value,
        }),
      );
      return { gen, from, prev, entries, openings, checkpoint: noteOf(frontier) };
    },
    acknowledgedSize,
    cosignedCheckpoint: () => {
      const note = readSetting(KEY_COSIGNED);
      return note === '' ? null : note;
    },
    acknowledge: (size, hash, cosigned) => {
      if (hashAt(size) !== hash) return false;
      if (size <= acknowledgedSize()) return true;
      commit(() => {
        putSetting.run(KEY_ACKED, String(size));
        if (cosigned !== undefined) putSetting.run(KEY_COSIGNED, cosigned);
      });
      return true;
    },
    openEpoch,
    unreclaimedSize: () => sizeOf(readRanges()),
    reclaim,
    eraseOpenings: (before) => {
      // What is still to be reclaimed goes to the server with its openings.
      const kept = readRanges()[0]?.[0] ?? Infinity;
      const until = Math.min(places.base + acknowledgedSize(), kept);
      return commit(() => deleteOpenings.run(until, before).changes);
    },
    readPassages: (most) => passages.readPassages(most),
    readOrders: () =>
      readOrderBodies.all().map(({ body }) => {
        const record = decodeStored(body, places);
        // Left out, a lockdown would be forgotten.
        if (record === null) throw corrupt();
        return record;
      }),
    verifySlice: (from, most) => {
      let next = from;
      for (const { sq, body, hash } of readRecords.iterate(from, most)) {
        if (sq !== next || !equalBytes(hash, leafHash(sha256, body))) return { damaged: next };
        next += 1;
      }
      const end = places.base + head.frontier.size;
      if (next < from + most && next < end) return { damaged: next };
      return { next: next < end ? next : null };
    },
    close: () => file.close(),
  };

  if (head.frontier.size === 0 && ports.recovery !== undefined) recover(ports.recovery);
  else if (identity.epoch > places.epoch) {
    openEpoch({ ...identity, why: 'enrolled', size: acknowledgedSize() });
  }
  return journal;
}
