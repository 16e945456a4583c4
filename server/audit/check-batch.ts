import type { JournalUpload } from '#contract/api';
import { decodeBase64Url, encodeBase64Url, equalBytes, utf8 } from '#contract/bytes';
import { parseSignedCheckpoint, verifyCheckpoint, type VerifyEd25519 } from '#contract/checkpoint';
import { doesOpen, type HmacSha256, type Opening } from '#contract/commitment';
import { closeMessage, decodeEpochOpened, decodeReclaimed, keyHash, type EpochOpened } from '#contract/epoch';
import { appendLeaf, frontierRoot, leafHash, type Frontier, type Sha256 } from '#contract/merkle';
import {
  COMMITTED_FIELDS,
  decodeRecord,
  journalNoteKey,
  journalOrigin,
  NO_PREVIOUS_HASH,
  recordHash,
  type CommittedField,
  type JournalRecord,
} from '#contract/record';
import { err, ok, type Result } from '#contract/result';

/** What is stored of the journal that a batch continues. */
export interface StoredJournal {
  readonly siteId: string;
  readonly gatewayId: string;
  readonly epoch: number;
  /** Public key of this epoch, 32 bytes. */
  readonly key: Uint8Array;
  /** Leaf hash of record 0; null where nothing is stored. */
  readonly generation: string | null;
  readonly size: number;
  readonly head: string;
  readonly frontier: Frontier;
  /** How it came to be: a reserved epoch goes on from another one and says from where. */
  readonly origin: 'enrolled' | 'reserved';
  /** No record from this number on is taken, because a later epoch has begun; null while it has not. */
  readonly limit: number | null;
  /** The epoch that the first record of the batch goes on from; null where it names none, or one that is not known. */
  readonly previous: PreviousJournal | null;
}

/** What is stored of the epoch that another one goes on from. */
export interface PreviousJournal {
  readonly epoch: number;
  /** Public key of that epoch, 32 bytes; null where it is not known. */
  readonly key: Uint8Array | null;
  /** Root over the records that it is said to end with; null where fewer are stored. */
  readonly root: Uint8Array | null;
}

/** The stored records that a batch repeats: number `from-1` and on. */
export interface StoredOverlap {
  /** Leaf hash of record from-1; null where that is not stored. */
  readonly previous: string | null;
  /** Texts of the stored records from `from` on, as many as the batch covers. */
  readonly texts: readonly string[];
}

/** Cryptography, handed in. */
export interface CheckPorts {
  readonly sha256: Sha256;
  readonly hmac: HmacSha256;
  readonly verify: VerifyEd25519;
}

/** What a batch adds to the journal. */
export interface CheckedBatch {
  readonly generation: string;
  readonly records: readonly {
    readonly record: JournalRecord;
    readonly text: string;
    readonly leafHash: string;
  }[];
  /** What its first record says, where that is the first of the epoch. */
  readonly opened: EpochOpened | null;
  readonly openings: readonly Opening[];
  readonly size: number;
  readonly head: string;
  readonly frontier: Frontier;
  /** Root over all records, 32 bytes. */
  readonly root: Uint8Array;
}

/** Why a batch is not taken, and which field of it shows that. */
export interface BatchFault {
  readonly code: 'journal-gap' | 'journal-conflict' | 'journal-fenced' | 'journal-invalid';
  readonly pointer: string;
  readonly reason: string;
}

const fault = (
  code: BatchFault['code'],
  pointer: string,
  reason: string,
): { readonly ok: false; readonly error: BatchFault } => err({ code, pointer, reason });
const invalid = (pointer: string, reason: string) => fault('journal-invalid', pointer, reason);

function checkPlace(
  stored: StoredJournal,
  overlap: StoredOverlap,
  upload: Omit<JournalUpload, 'checkpoint'>,
): Result<null, BatchFault> {
  if (stored.generation !== null && stored.generation !== upload.gen) {
    return fault('journal-conflict', '/gen', 'another-journal');
  }
  if (upload.from > stored.size) return fault('journal-gap', '/from', 'gap');
  const previous = upload.from === 0 ? NO_PREVIOUS_HASH : overlap.previous;
  if (previous !== upload.prev) return fault('journal-conflict', '/prev', 'chain-differs');
  const differing = overlap.texts.findIndex((text, index) => upload.entries[index] !== text);
  if (differing >= 0) return fault('journal-conflict', `/entries/${differing}`, 'record-differs');
  if (stored.limit !== null && upload.from + upload.entries.length > Math.max(stored.limit, stored.size)) {
    return fault('journal-fenced', '/entries', 'epoch-over');
  }
  return ok(null);
}

/** Checks the first record of an epoch: whose it is, and that it goes on from what is stored. */
function checkOpened(stored: StoredJournal, record: JournalRecord): Result<EpochOpened, BatchFault> {
  const opened = decodeEpochOpened(record);
  const invalidOpening = (reason: string) => invalid('/entries/0', reason);
  if (opened === null) return invalidOpening('epoch-not-opened');
  // The number was given to another key as well, by a server that had forgotten the first time.
  if (opened.key !== encodeBase64Url(stored.key)) {
    return fault('journal-conflict', '/entries/0', 'another-key');
  }
  const { prev } = opened;
  if (prev === undefined) return stored.origin === 'enrolled' ? ok(opened) : invalidOpening('prev-missing');
  if (prev.ep >= stored.epoch) return invalidOpening('prev-not-earlier');
  const { previous } = stored;
  // A server that was put back from a backup has forgotten epochs: the gateway goes on from one that is known.
  if (previous === null || previous.epoch !== prev.ep) {
    return fault('journal-conflict', '/entries/0', 'prev-unknown');
  }
  // Fewer records than it was told of, or others: what the gateway leaves behind would be nowhere.
  if (previous.root === null || encodeBase64Url(previous.root) !== prev.root) {
    return fault('journal-conflict', '/entries/0', 'prev-differs');
  }
  return ok(opened);
}

/** A reclaimed record commits to what its original commits to, or to less of it. */
function checkReclaimed(sha256: Sha256, record: JournalRecord): string | null {
  const original = decodeReclaimed(sha256, record);
  if (!original.ok) return original.error;
  const { c = {} } = original.value.record;
  const isSame = COMMITTED_FIELDS.every(
    (field) => record.c?.[field] === undefined || record.c[field] === c[field],
  );
  return isSame ? null : 'commitment-differs';
}

function checkRecord(
  sha256: Sha256,
  stored: StoredJournal,
  text: string,
  at: { readonly seq: number; readonly previous: string },
): Result<JournalRecord, string> {
  const decoded = decodeRecord(utf8(text));
  if (!decoded.ok) return err(decoded.error);
  const record = decoded.value;
  if (record.gw !== stored.gatewayId) return err('another-gateway');
  if (record.ep !== stored.epoch) return err('another-epoch');
  if (record.sq !== at.seq) return err('not-dense');
  if (record.ph !== at.previous) return err('link-broken');
  if (at.seq === 0 && record.ty !== 'epoch.opened') return err('epoch-not-opened');
  const unreclaimed = record.ty === 'journal.reclaimed' ? checkReclaimed(sha256, record) : null;
  return unreclaimed === null ? ok(record) : err(unreclaimed);
}

const placeOf = (seq: number, field: CommittedField): string => `${seq}/${field}`;

function checkOpenings(
  hmac: HmacSha256,
  stored: StoredJournal,
  upload: Pick<JournalUpload, 'openings'>,
  records: CheckedBatch['records'],
): Result<readonly Opening[], BatchFault> {
  const wanted = new Map<string, string>();
  for (const { record } of records) {
    for (const field of COMMITTED_FIELDS) {
      const commitment = record.c?.[field];
      if (commitment !== undefined) wanted.set(placeOf(record.sq, field), commitment);
    }
  }
  const taken: Opening[] = [];
  for (const [index, opening] of upload.openings.entries()) {
    const pointer = `/openings/${index}`;
    if (opening.gw !== stored.gatewayId || opening.ep !== stored.epoch)
      return invalid(pointer, 'another-journal');
    // Openings of records that are stored already came with them.
    if (opening.sq < stored.size) continue;
    const place = placeOf(opening.sq, opening.field);
    const commitment = wanted.get(place);
    if (commitment === undefined) return invalid(pointer, 'opens-nothing');
    if (!doesOpen(hmac, opening, commitment)) return invalid(pointer, 'opening-mismatch');
    wanted.delete(place);
    taken.push(opening);
  }
  return wanted.size === 0 ? ok(taken) : invalid('/openings', 'opening-missing');
}

/**
 * Judges a batch of a journal by what is stored of it: continues it, repeats it byte by byte, and holds only genuine
 * records with their openings. Signatures are no part of it.
 * @returns what it adds; nothing where it only repeats
 * @see rules SA21 to SA25, SA33 to SA36
 */
export function judgeBatch(
  ports: Omit<CheckPorts, 'verify'>,
  stored: StoredJournal,
  overlap: StoredOverlap,
  upload: Omit<JournalUpload, 'checkpoint'>,
): Result<CheckedBatch, BatchFault> {
  const { sha256 } = ports;
  const placed = checkPlace(stored, overlap, upload);
  if (!placed.ok) return placed;

  const records: { record: JournalRecord; text: string; leafHash: string }[] = [];
  let { head, frontier } = stored;
  let generation = stored.generation;
  let opened: EpochOpened | null = null;
  for (let index = overlap.texts.length; index < upload.entries.length; index++) {
    const text = upload.entries[index] ?? '';
    const checked = checkRecord(sha256, stored, text, { seq: upload.from + index, previous: head });
    if (!checked.ok) return invalid(`/entries/${index}`, checked.error);
    if (checked.value.sq === 0) {
      const first = checkOpened(stored, checked.value);
      if (!first.ok) return first;
      opened = first.value;
    }
    const bytes = utf8(text);
    head = recordHash(sha256, bytes);
    frontier = appendLeaf(sha256, frontier, leafHash(sha256, bytes));
    generation ??= head;
    records.push({ record: checked.value, text, leafHash: head });
  }
  if (generation !== upload.gen) return invalid('/gen', 'not-the-first-record');
  const openings = checkOpenings(ports.hmac, stored, upload, records);
  if (!openings.ok) return openings;
  const root = frontierRoot(sha256, frontier);
  return ok({
    generation,
    records,
    opened,
    openings: openings.value,
    size: frontier.size,
    head,
    frontier,
    root,
  });
}

/**
 * Judges a batch and verifies its signatures: that of the gateway's key over the very tree that results, and that of
 * the epoch before over its own end.
 * @see rules SA21 to SA26, SA33 to SA36
 */
export async function checkBatch(
  ports: CheckPorts,
  stored: StoredJournal,
  overlap: StoredOverlap,
  upload: JournalUpload,
): Promise<Result<CheckedBatch, BatchFault>> {
  const judged = judgeBatch(ports, stored, overlap, upload);
  if (!judged.ok) return judged;
  const { frontier, root, opened } = judged.value;
  const note = parseSignedCheckpoint(utf8(upload.checkpoint));
  if (!note.ok) return invalid('/checkpoint', note.error);
  const origin = journalOrigin(stored.siteId, stored.gatewayId, stored.epoch);
  const key = journalNoteKey(stored.siteId, stored.gatewayId, stored.epoch, stored.key);
  const signed = await verifyCheckpoint(ports, note.value, key, origin);
  if (!signed.ok) return invalid('/checkpoint', signed.error);
  if (signed.value.size !== upload.from + upload.entries.length)
    return invalid('/checkpoint', 'another-size');
  // A repeat of something older ends before the stored head: its root was checked when it was new.
  if (signed.value.size === frontier.size && !equalBytes(signed.value.root, root)) {
    return invalid('/checkpoint', 'another-root');
  }
  const isClosed = opened === null || (await isClosedBy(ports, stored, opened));
  return isClosed ? judged : invalid('/entries/0', 'close-not-signed');
}

/** Tells whether the epoch before was ended by its own key; one whose key is lost ends without a signature. */
async function isClosedBy(
  { sha256, verify }: CheckPorts,
  stored: StoredJournal,
  { prev, sig }: EpochOpened,
): Promise<boolean> {
  if (prev === undefined || sig === undefined) return true;
  const signature = decodeBase64Url(sig);
  const key = stored.previous?.key;
  if (key === undefined || key === null || !signature.ok) return false;
  const message = closeMessage(stored.gatewayId, prev, keyHash(sha256, stored.key));
  return verify(key, message, signature.value);
}

/** Decodes the key of an epoch as the database holds it. */
export function decodeEpochKey(text: string | null): Uint8Array | null {
  const key = text === null ? null : decodeBase64Url(text);
  return key?.ok === true && key.value.length === 32 ? key.value : null;
}
