import type { BundleFailure, BundleReason } from './bundle-failure.ts';
import {
  BUNDLE_PATHS,
  compareJournals,
  decodeJournalPath,
  journalPath,
  parseRootChain,
  splitLines,
} from './bundle-format.ts';
import { equalBytes } from './bytes.ts';
import type { Sha256 } from './merkle.ts';
import { err, ok, type Result } from './result.ts';
import { rootHash } from './root-document.ts';

/** Why a bundle does not go on where an older one ended. */
export interface ExtensionFailure extends Omit<BundleFailure, 'reason'> {
  /** `replayed` is an older state, shown again; `inconsistent` is another history. */
  readonly reason: BundleReason | 'replayed';
}

/** What came since the older bundle. */
export interface BundleExtension {
  readonly addedRecords: number;
}

type Files = ReadonlyMap<string, Uint8Array>;

const noFile = (file: string) => ({ file, line: null, seq: null }) as const;

/**
 * Compares two bundles that both verify: the newer one must hold every record of the older one, in its place.
 * Every record stands under a signed root, so equal records are an equal root of a prefix.
 * @returns what was added, or the first place (in the newer bundle) where it does not go on
 * @see rule C30
 */
export function checkExtension(
  sha256: Sha256,
  newer: Files,
  older: Files,
): Result<BundleExtension, ExtensionFailure> {
  const keys = checkRoots(rootHashes(sha256, newer), rootHashes(sha256, older));
  if (keys !== null) return err(keys);
  let addedRecords = 0;
  for (const path of logPaths(newer)) addedRecords += countLines(newer.get(path));
  for (const path of logPaths(older)) {
    const before = older.get(path) ?? new Uint8Array();
    const after = newer.get(path);
    if (after === undefined) {
      const words = 'The older bundle holds this journal, and it is not there.';
      return err({ ...noFile(path), reason: 'removed', words });
    }
    const failure = compareLines(path, before, after);
    if (failure !== null) return err(failure);
    addedRecords -= countLines(before);
  }
  return ok({ addedRecords });
}

function rootHashes(sha256: Sha256, files: Files): readonly string[] {
  const chain = parseRootChain(files.get(BUNDLE_PATHS.root) ?? new Uint8Array());
  return chain.ok ? chain.value.map((document) => rootHash(sha256, document.root)) : [];
}

function checkRoots(after: readonly string[], before: readonly string[]): ExtensionFailure | null {
  const place = noFile(BUNDLE_PATHS.root);
  if (after[0] !== before[0]) {
    const words = 'The older bundle is of other root keys, and so of another site.';
    return { ...place, reason: 'wrong-key', words };
  }
  const shared = Math.min(after.length, before.length);
  if (after.slice(0, shared).some((hash, index) => hash !== before[index])) {
    const words = 'The older bundle knows another root document of the same version.';
    return { ...place, reason: 'inconsistent', words };
  }
  if (after.length >= before.length) return null;
  return { ...place, reason: 'replayed', words: 'The older bundle knows a newer root document.' };
}

/** The records of all logs: the site log first, then the journals in their order. */
function logPaths(files: Files): readonly string[] {
  const journals = Array.from(files.keys(), decodeJournalPath).filter((id) => id !== null);
  const paths = journals.sort(compareJournals).map((id) => journalPath(id.gateway, id.epoch));
  return [BUNDLE_PATHS.siteLog, ...new Set(paths)];
}

function compareLines(path: string, before: Uint8Array, after: Uint8Array): ExtensionFailure | null {
  const shared = Math.min(before.length, after.length);
  // The whole first: a memory compare is a hundred times faster than lines, and nearly always the answer.
  if (before.length <= after.length && equalBytes(after.subarray(0, shared), before)) return null;
  const olderLines = splitLines(before);
  for (const { line, bytes } of splitLines(after)) {
    const wanted = olderLines.next();
    if (wanted.done === true) break;
    if (!equalBytes(wanted.value.bytes, bytes)) {
      const words = 'The older bundle holds another record here: there are two histories.';
      return { file: path, line, seq: line - 1, reason: 'inconsistent', words };
    }
  }
  const count = countLines(after);
  const words = `The older bundle goes on up to record ${countLines(before) - 1}: this is an older state, shown again.`;
  return { file: path, line: count + 1, seq: count, reason: 'replayed', words };
}

function countLines(bytes: Uint8Array | undefined): number {
  let count = 0;
  for (const byte of bytes ?? []) if (byte === 0x0a) count += 1;
  return count;
}
