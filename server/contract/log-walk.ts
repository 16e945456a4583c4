import { splitLines, type FilePart } from './bundle-format.ts';
import type { BundleFailure, BundleReason } from './bundle-failure.ts';
import { decodeBase64Url, encodeBase64Url, equalBytes } from './bytes.ts';
import type { GenuineCheckpoint } from './log-checkpoints.ts';
import { appendLeaf, EMPTY_FRONTIER, frontierRoot, leafHash, type Frontier, type Sha256 } from './merkle.ts';
import { NO_PREVIOUS_HASH } from './record.ts';
import { err, ok, type Result } from './result.ts';

/** What every record of a log says of its place. */
export interface Linked {
  readonly sq: number;
  readonly ph: string;
}

/** How to read the records of a log. */
export interface LogReader {
  readonly file: string;
  readonly sha256: Sha256;
  /** Null where the bytes are not a record of this very log. */
  readonly read: (bytes: Uint8Array) => Linked | null;
  /** Genuine checkpoints of this log by rising size. */
  readonly checkpoints: readonly GenuineCheckpoint[];
  /** Called every thousand records or so with the bytes walked since the last call. */
  readonly onBytes: (count: number) => void | Promise<void>;
}

const PROGRESS_EVERY_LINES = 1024;

/**
 * Walks a log from its first record: numbers dense, links whole, the root right at every signed size, and every
 * record covered by a signature.
 * @returns the whole log, or the first record that is not what was signed
 * @see rules C14, C15
 */
export async function walkLog(
  reader: LogReader,
  bytes: Uint8Array,
): Promise<Result<Frontier, BundleFailure>> {
  let older: Frontier = EMPTY_FRONTIER;
  let frontier: Frontier = EMPTY_FRONTIER;
  let head = NO_PREVIOUS_HASH;
  let walked = 0;
  let nextCheckpoint = 0;
  if (reader.checkpoints[0]?.size === 0) nextCheckpoint = 1;
  for (const part of splitLines(bytes)) {
    const index = part.line - 1;
    const record = reader.read(part.bytes);
    if (record === null || record.sq !== index || record.ph !== head) {
      return err(diagnose(reader, bytes, { index, head, older }));
    }
    const leaf = leafHash(reader.sha256, part.bytes);
    older = frontier;
    frontier = appendLeaf(reader.sha256, frontier, leaf);
    head = encodeBase64Url(leaf);
    const checkpoint = reader.checkpoints[nextCheckpoint];
    if (checkpoint?.size === frontier.size) {
      if (!equalBytes(checkpoint.root, frontierRoot(reader.sha256, frontier))) {
        return err(diagnoseRoot(reader, bytes, index, nextCheckpoint));
      }
      nextCheckpoint += 1;
    }
    if (part.line % PROGRESS_EVERY_LINES === 0) {
      const end = part.bytes.byteOffset + part.bytes.length + 1 - bytes.byteOffset;
      await reader.onBytes(end - walked);
      walked = end;
    }
  }
  await reader.onBytes(bytes.length - walked);
  return checkEnd(reader, bytes, frontier);
}

function checkEnd(reader: LogReader, bytes: Uint8Array, frontier: Frontier): Result<Frontier, BundleFailure> {
  const signedSize = reader.checkpoints.at(-1)?.size ?? 0;
  if (frontier.size < signedSize) {
    const words = `The newest checkpoint counts ${signedSize} records, and the file ends before.`;
    return err(failure(reader, frontier.size, 'removed', words));
  }
  if (frontier.size > signedSize) {
    return err(failure(reader, signedSize, 'unsigned', 'No checkpoint covers this record.'));
  }
  if (bytes.length > 0 && bytes.at(-1) !== 0x0a) {
    return err(failure(reader, frontier.size - 1, 'changed', 'The line end of this record is missing.'));
  }
  return ok(frontier);
}

const failure = (reader: LogReader, index: number, reason: BundleReason, words: string): BundleFailure => ({
  file: reader.file,
  line: index + 1,
  seq: index,
  reason,
  words,
});

interface Break {
  /** Place of the record that does not follow on the one before. */
  readonly index: number;
  /** The link it should carry. */
  readonly head: string;
  /** The log before the record before. */
  readonly older: Frontier;
}

const NO_MORE_A_RECORD = 'This is not a record of this log.';
const OTHER_BYTES = 'Its bytes are not those that the next record, or the checkpoint, holds on to.';

/** Finds out what happened to a log that breaks at a record, by looking at what follows. */
function diagnose(reader: LogReader, bytes: Uint8Array, { index, head, older }: Break): BundleFailure {
  // Once per bundle: a list of all lines costs less thought than a second cursor.
  const parts = Array.from(splitLines(bytes));
  const readAt = (at: number): Linked | null => {
    const part = parts[at];
    return part === undefined ? null : reader.read(part.bytes);
  };
  const here = readAt(index);
  const next = readAt(index + 1);
  const isLast = index === parts.length - 1;
  const signedSize = reader.checkpoints.at(-1)?.size ?? 0;

  if (here === null) {
    if (next?.sq === index || (isLast && signedSize === index)) {
      return failure(reader, index, 'inserted', NO_MORE_A_RECORD);
    }
    const isInPlace = next?.sq === index + 1 || isLast;
    return failure(reader, index, isInPlace ? 'changed' : 'malformed', NO_MORE_A_RECORD);
  }
  if (here.sq !== index) {
    const isLater = parts.some((part, at) => at > index && reader.read(part.bytes)?.sq === index);
    if (here.sq > index && here.ph !== head && isLater) {
      return failure(
        reader,
        index,
        'reordered',
        `Record ${here.sq} stands here; record ${index} follows later.`,
      );
    }
    // Who follows on the record before, or comes before the next, stands in the right place under a wrong number.
    if (here.ph === head || next?.sq === index + 1) {
      return failure(reader, index, 'changed', `It carries the number ${here.sq}.`);
    }
    if (here.sq > index) {
      return failure(reader, index, 'removed', `Record ${here.sq} stands here; record ${index} is nowhere.`);
    }
    const place = here.sq === index - 1 && isGenuine(reader, parts, index) ? index - 1 : index;
    return { ...failure(reader, place, 'inserted', `Record ${here.sq} stands here twice.`), seq: here.sq };
  }
  if (next?.sq === index) return failure(reader, index, 'inserted', `Record ${index} stands here twice.`);
  if (index === 0) return failure(reader, 0, 'changed', 'The first record must not follow on another one.');
  // A genuine record holds the true hash of the one before; so that one was changed.
  const isHereGenuine = isLast
    ? isRootWith(reader, older, here, parts[index])
    : next !== null && next.ph === hashOf(reader, parts[index]);
  return failure(reader, isHereGenuine ? index - 1 : index, 'changed', OTHER_BYTES);
}

/** Tells whether the record after holds on to this one, and this one differs from the record before. */
function isGenuine(reader: LogReader, parts: readonly FilePart[], index: number): boolean {
  const here = parts[index];
  const before = parts[index - 1];
  const next = parts[index + 1];
  if (here === undefined || before === undefined || next === undefined) return false;
  return reader.read(next.bytes)?.ph === hashOf(reader, here) && !equalBytes(here.bytes, before.bytes);
}

const hashOf = (reader: LogReader, part: FilePart | undefined): string | null =>
  part === undefined ? null : encodeBase64Url(leafHash(reader.sha256, part.bytes));

/** Tells whether the signed root comes out with the hash that the last record claims of the one before. */
function isRootWith(reader: LogReader, older: Frontier, last: Linked, part: FilePart | undefined): boolean {
  const claimed = decodeBase64Url(last.ph);
  const signed = reader.checkpoints.at(-1);
  if (!claimed.ok || part === undefined || signed?.size !== older.size + 2) return false;
  const before = appendLeaf(reader.sha256, older, claimed.value);
  const whole = appendLeaf(reader.sha256, before, leafHash(reader.sha256, part.bytes));
  return equalBytes(frontierRoot(reader.sha256, whole), signed.root);
}

/** Names the record where all links hold and yet the root is not the signed one. */
function diagnoseRoot(
  reader: LogReader,
  bytes: Uint8Array,
  index: number,
  checkpointIndex: number,
): BundleFailure {
  for (const part of splitLines(bytes)) {
    if (part.line === index + 2 && reader.read(part.bytes)?.sq === index) {
      return failure(reader, index, 'inserted', `Record ${index} stands here twice.`);
    }
  }
  const provenSize = reader.checkpoints[checkpointIndex - 1]?.size ?? 0;
  const range =
    provenSize === index
      ? 'It is not the record that was signed.'
      : `It, or one from record ${provenSize} on with new links after it, is not what was signed.`;
  return failure(reader, index, 'changed', range);
}
