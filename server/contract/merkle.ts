import { concatBytes, equalBytes } from './bytes.ts';

/** SHA-256, handed in by the caller so that the same code runs in the gateway and in a browser. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);

/** Hashes a leaf: SHA-256(00 || data). @see RFC 6962 2.1 */
export const leafHash = (sha256: Sha256, data: Uint8Array): Uint8Array =>
  sha256(concatBytes(leafPrefix, data));

/** Hashes an inner node: SHA-256(01 || left || right). @see RFC 6962 2.1 */
export const nodeHash = (sha256: Sha256, left: Uint8Array, right: Uint8Array): Uint8Array =>
  sha256(concatBytes(nodePrefix, left, right));

/**
 * The roots of the complete subtrees of a growing log, largest first: at most 53 hashes whatever the size, which
 * is all that appending and signing need.
 */
export interface Frontier {
  readonly size: number;
  readonly peaks: readonly Uint8Array[];
}

/** The log without a leaf. */
export const EMPTY_FRONTIER: Frontier = { size: 0, peaks: [] };

/** Appends one leaf hash. @see rule C3 */
export function appendLeaf(sha256: Sha256, frontier: Frontier, leaf: Uint8Array): Frontier {
  const peaks = [...frontier.peaks];
  let merged = leaf;
  // Each trailing one-bit of the old size is a complete subtree as large as the one being carried.
  for (let size = frontier.size; size % 2 === 1; size = Math.floor(size / 2)) {
    const left = peaks.pop();
    if (left === undefined) throw new Error('frontier does not match its size');
    merged = nodeHash(sha256, left, merged);
  }
  peaks.push(merged);
  return { size: frontier.size + 1, peaks };
}

/** Computes the root of the whole log; for the empty log SHA-256 of nothing. @see RFC 6962 2.1 */
export function frontierRoot(sha256: Sha256, frontier: Frontier): Uint8Array {
  let root: Uint8Array | undefined;
  for (let i = frontier.peaks.length - 1; i >= 0; i--) {
    const peak = frontier.peaks[i];
    if (peak === undefined) continue;
    root = root === undefined ? peak : nodeHash(sha256, peak, root);
  }
  return root ?? sha256(new Uint8Array());
}

/** Computes the root over leaf hashes in order. */
export function rootOfLeaves(sha256: Sha256, leaves: Iterable<Uint8Array>): Uint8Array {
  let frontier = EMPTY_FRONTIER;
  for (const leaf of leaves) frontier = appendLeaf(sha256, frontier, leaf);
  return frontierRoot(sha256, frontier);
}

/** The largest power of two that is smaller than `size` (size >= 2). */
function splitPoint(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

function isPowerOfTwo(size: number): boolean {
  let odd = size;
  while (odd % 2 === 0) odd /= 2;
  return odd === 1;
}

function subtreeRoot(sha256: Sha256, leaves: readonly Uint8Array[], from: number, to: number): Uint8Array {
  return rootOfLeaves(sha256, leaves.slice(from, to));
}

/**
 * Proves that leaf `index` is in the log of the given leaves.
 * @param index 0 to leaves.length-1; outside of it the proof is empty and proves nothing
 * @see RFC 6962 2.1.1
 */
export function inclusionProof(
  sha256: Sha256,
  leaves: readonly Uint8Array[],
  index: number,
): readonly Uint8Array[] {
  const path = (from: number, to: number): Uint8Array[] => {
    if (to - from <= 1) return [];
    const middle = from + splitPoint(to - from);
    return index < middle
      ? [...path(from, middle), subtreeRoot(sha256, leaves, middle, to)]
      : [...path(middle, to), subtreeRoot(sha256, leaves, from, middle)];
  };
  return index < 0 || index >= leaves.length ? [] : path(0, leaves.length);
}

/**
 * Checks that `leaf` is number `index` of the log of `size` leaves with this root. Consumes the whole proof and
 * the whole size, because verifiers that stopped early have accepted proofs for the wrong size.
 * @see RFC 9162 2.1.3.2; rule C4
 */
export function isIncluded(
  sha256: Sha256,
  claim: {
    readonly index: number;
    readonly size: number;
    readonly leaf: Uint8Array;
    readonly root: Uint8Array;
  },
  proof: readonly Uint8Array[],
): boolean {
  if (!Number.isSafeInteger(claim.index) || !Number.isSafeInteger(claim.size)) return false;
  if (claim.index < 0 || claim.index >= claim.size) return false;
  let node = claim.index;
  let last = claim.size - 1;
  let hash = claim.leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sha256, sibling, hash);
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else {
      hash = nodeHash(sha256, hash, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && equalBytes(hash, claim.root);
}

/**
 * Proves that the log of `oldSize` leaves is a prefix of the log of the given leaves.
 * @param oldSize 1 to leaves.length
 * @see RFC 6962 2.1.2
 */
export function consistencyProof(
  sha256: Sha256,
  leaves: readonly Uint8Array[],
  oldSize: number,
): readonly Uint8Array[] {
  const path = (from: number, to: number, old: number, isWhole: boolean): Uint8Array[] => {
    const size = to - from;
    if (old === size) return isWhole ? [] : [subtreeRoot(sha256, leaves, from, to)];
    const split = splitPoint(size);
    return old <= split
      ? [...path(from, from + split, old, isWhole), subtreeRoot(sha256, leaves, from + split, to)]
      : [...path(from + split, to, old - split, false), subtreeRoot(sha256, leaves, from, from + split)];
  };
  return oldSize < 1 || oldSize > leaves.length ? [] : path(0, leaves.length, oldSize, true);
}

/**
 * Checks that a log with the old size and root grew into one with the new size and root without change.
 * @see RFC 9162 2.1.4.2; rule C5
 */
export function isConsistent(
  sha256: Sha256,
  claim: {
    readonly oldSize: number;
    readonly newSize: number;
    readonly oldRoot: Uint8Array;
    readonly newRoot: Uint8Array;
  },
  proof: readonly Uint8Array[],
): boolean {
  const { oldSize, newSize, oldRoot, newRoot } = claim;
  if (!Number.isSafeInteger(oldSize) || !Number.isSafeInteger(newSize)) return false;
  if (oldSize < 1 || oldSize > newSize) return false;
  if (oldSize === newSize) return proof.length === 0 && equalBytes(oldRoot, newRoot);
  // The old root of a complete tree stands for itself, and the proof leaves it out.
  const path = isPowerOfTwo(oldSize) ? [oldRoot, ...proof] : [...proof];
  const first = path.shift();
  if (first === undefined) return false;
  let node = oldSize - 1;
  let last = newSize - 1;
  while (node % 2 === 1) {
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  let oldHash = first;
  let newHash = first;
  for (const sibling of path) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      oldHash = nodeHash(sha256, sibling, oldHash);
      newHash = nodeHash(sha256, sibling, newHash);
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else {
      newHash = nodeHash(sha256, newHash, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && equalBytes(oldHash, oldRoot) && equalBytes(newHash, newRoot);
}
