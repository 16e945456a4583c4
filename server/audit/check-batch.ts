import type { JournalUpload } from '#contract/api';
import { decodeBase64Url, equalBytes, utf8 } from '#contract/bytes';
import { parseSignedCheckpoint, verifyCheckpoint, type VerifyEd25519 } from '#contract/checkpoint';
import { doesOpen, type HmacSha256, type Opening } from '#contract/commitment';
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
  readonly openings: readonly Opening[];
  readonly size: number;
  readonly head: string;
  readonly frontier: Frontier;
  /** Root over all records, 32 bytes. */
  readonly root: Uint8Array;
}

/** Why a batch is not taken, and which field of it shows that. */
export interface BatchFault {
  readonly code: 'journal-gap' | 'journal-conflict' | 'journal-invalid';
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
  upload: JournalUpload,
): Result<null, BatchFault> {
  if (stored.generation !== null && stored.generation !== upload.gen) {
    return fault('journal-conflict', '/gen', 'another-journal');
  }
  if (upload.from > stored.size) return fault('journal-gap', '/from', 'gap');
  const previous = upload.from === 0 ? NO_PREVIOUS_HASH : overlap.previous;
  if (previous !== upload.prev) return fault('journal-conflict', '/prev', 'chain-differs');
  const differing = overlap.texts.findIndex((text, index) => upload.entries[index] !== text);
  return differing < 0 ? ok(null) : fault('journal-conflict', `/entries/${differing}`, 'record-differs');
}

function checkRecord(
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
  return ok(record);
}

const placeOf = (seq: number, field: CommittedField): string => `${seq}/${field}`;

function checkOpenings(
  hmac: HmacSha256,
  stored: StoredJournal,
  upload: JournalUpload,
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
 * Checks a batch of a journal against what is stored of it: continues it, repeats it byte by byte, holds only
 * genuine records with their openings, and is signed by the gateway's key over the very tree that results.
 * @returns what it adds; nothing where it only repeats
 * @see rules SA21 to SA26
 */
export async function checkBatch(
  ports: CheckPorts,
  stored: StoredJournal,
  overlap: StoredOverlap,
  upload: JournalUpload,
): Promise<Result<CheckedBatch, BatchFault>> {
  const { sha256 } = ports;
  const placed = checkPlace(stored, overlap, upload);
  if (!placed.ok) return placed;

  const records: { record: JournalRecord; text: string; leafHash: string }[] = [];
  let { head, frontier } = stored;
  let generation = stored.generation;
  for (let index = overlap.texts.length; index < upload.entries.length; index++) {
    const text = upload.entries[index] ?? '';
    const checked = checkRecord(stored, text, { seq: upload.from + index, previous: head });
    if (!checked.ok) return invalid(`/entries/${index}`, checked.error);
    const bytes = utf8(text);
    head = recordHash(sha256, bytes);
    frontier = appendLeaf(sha256, frontier, leafHash(sha256, bytes));
    generation ??= head;
    records.push({ record: checked.value, text, leafHash: head });
  }
  if (generation !== upload.gen) return invalid('/gen', 'not-the-first-record');
  const openings = checkOpenings(ports.hmac, stored, upload, records);
  if (!openings.ok) return openings;

  const note = parseSignedCheckpoint(utf8(upload.checkpoint));
  if (!note.ok) return invalid('/checkpoint', note.error);
  const origin = journalOrigin(stored.siteId, stored.gatewayId, stored.epoch);
  const key = journalNoteKey(stored.siteId, stored.gatewayId, stored.epoch, stored.key);
  const signed = await verifyCheckpoint(ports, note.value, key, origin);
  if (!signed.ok) return invalid('/checkpoint', signed.error);
  if (signed.value.size !== upload.from + upload.entries.length)
    return invalid('/checkpoint', 'another-size');
  const root = frontierRoot(sha256, frontier);
  // A repeat of something older ends before the stored head: its root was checked when it was new.
  if (signed.value.size === frontier.size && !equalBytes(signed.value.root, root)) {
    return invalid('/checkpoint', 'another-root');
  }
  return ok({ generation, records, openings: openings.value, size: frontier.size, head, frontier, root });
}

/** Decodes the key of an epoch as the database holds it. */
export function decodeEpochKey(text: string | null): Uint8Array | null {
  const key = text === null ? null : decodeBase64Url(text);
  return key?.ok === true && key.value.length === 32 ? key.value : null;
}
