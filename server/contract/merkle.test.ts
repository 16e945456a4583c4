import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../test/contract/test-keys.ts';
import { encodeHex, utf8 } from './bytes.ts';
import {
  appendLeaf,
  consistencyProof,
  EMPTY_FRONTIER,
  frontierRoot,
  inclusionProof,
  isConsistent,
  isIncluded,
  leafHash,
  nodeHash,
  rootOfLeaves,
} from './merkle.ts';

const SEED = { seed: 20_260_312 };
const MOST = 20;
const leaves = Array.from({ length: 70 }, (_, i) => leafHash(sha256, utf8(`daun ${i}`)));
const roots = Array.from({ length: 71 }, (_, size) => rootOfLeaves(sha256, leaves.slice(0, size)));
const rootAt = (size: number): Uint8Array => roots[size]!;

/** The definition of RFC 6962 2.1, written as it stands there. */
function definedRoot(part: readonly Uint8Array[]): Uint8Array {
  if (part.length === 0) return sha256(new Uint8Array());
  if (part.length === 1) return part[0]!;
  let split = 1;
  while (split * 2 < part.length) split *= 2;
  return nodeHash(sha256, definedRoot(part.slice(0, split)), definedRoot(part.slice(split)));
}

const flip = (hash: Uint8Array, at: number): Uint8Array =>
  hash.map((byte, i) => (i === at >> 3 ? byte ^ (1 << (at & 7)) : byte));

/** Every proof that differs a little: a bit in each hash, a hash less, more, twice, two in each other's place. */
function* nearProofs(proof: readonly Uint8Array[], bit: number): Generator<readonly Uint8Array[]> {
  for (const [i, hash] of proof.entries()) {
    yield proof.with(i, flip(hash, bit));
    yield proof.toSpliced(i, 1);
    yield proof.toSpliced(i, 0, hash);
    yield proof.toSpliced(i, 0, new Uint8Array(32));
    const next = proof[i + 1];
    if (next !== undefined) yield proof.with(i, next).with(i + 1, hash);
  }
  yield [...proof, new Uint8Array(32)];
  yield [new Uint8Array(32), ...proof];
  yield [...proof, ...proof, leaves[0]!];
}

describe('growing a tree', () => {
  it('C3: the root is the one of the definition, and the frontier stays small', () => {
    let frontier = EMPTY_FRONTIER;
    for (const [size, leaf] of leaves.entries()) {
      expect(frontier.size).toBe(size);
      expect(encodeHex(frontierRoot(sha256, frontier))).toBe(encodeHex(definedRoot(leaves.slice(0, size))));
      expect(frontier.peaks.length).toBe(size.toString(2).replaceAll('0', '').length);
      frontier = appendLeaf(sha256, frontier, leaf);
    }
  });

  it('C3: a frontier that does not fit its size is a bug, not a root', () => {
    expect(() => appendLeaf(sha256, { size: 1, peaks: [] }, leaves[0]!)).toThrow('frontier');
  });

  it('C3: a leaf never hashes as an inner node', () => {
    const [left, right] = [leaves[0]!, leaves[1]!];
    const asLeaf = leafHash(sha256, new Uint8Array([...left, ...right]));
    expect(encodeHex(asLeaf)).not.toBe(encodeHex(nodeHash(sha256, left, right)));
  });
});

describe('inclusion', () => {
  it('C4: every leaf of every size is included, at its place only', () => {
    for (let size = 1; size <= MOST; size++) {
      for (let index = 0; index < size; index++) {
        const proof = inclusionProof(sha256, leaves.slice(0, size), index);
        const claim = { index, size, leaf: leaves[index]!, root: rootAt(size) };
        expect(isIncluded(sha256, claim, proof)).toBe(true);
        for (const other of [index - 1, index + 1, size, -1, index + size, index + 0.5, Number.NaN]) {
          expect(
            isIncluded(sha256, { ...claim, index: other }, proof),
            `index ${index}/${size} as ${other}`,
          ).toBe(false);
        }
        for (const other of [0, -1, size + 0.5, Number.POSITIVE_INFINITY, 2 ** 53]) {
          expect(
            isIncluded(sha256, { ...claim, size: other }, proof),
            `${index}/${size} as size ${other}`,
          ).toBe(false);
        }
        expect(isIncluded(sha256, { ...claim, leaf: flip(claim.leaf, index) }, proof)).toBe(false);
        expect(isIncluded(sha256, { ...claim, root: flip(claim.root, size) }, proof)).toBe(false);
        expect(isIncluded(sha256, { ...claim, root: rootAt(size - 1) }, proof)).toBe(false);
      }
    }
  });

  it('C4: no proof that differs a little is accepted', () => {
    for (let size = 1; size <= MOST; size++) {
      for (let index = 0; index < size; index++) {
        const claim = { index, size, leaf: leaves[index]!, root: rootAt(size) };
        for (const near of nearProofs(inclusionProof(sha256, leaves.slice(0, size), index), index * 11)) {
          expect(isIncluded(sha256, claim, near)).toBe(false);
        }
      }
    }
  });

  it('C4: a proof stands for one size: with the root of another one it fails', () => {
    for (let size = 2; size <= MOST; size++) {
      for (let index = 0; index < size; index++) {
        const proof = inclusionProof(sha256, leaves.slice(0, size), index);
        for (const other of [size - 1, size + 1]) {
          const claim = { index, size: other, leaf: leaves[index]!, root: rootAt(other) };
          expect(isIncluded(sha256, claim, proof)).toBe(false);
        }
      }
    }
  });

  it('C4: in a log of one leaf the leaf is the root, and nothing else is in it', () => {
    const claim = { index: 0, size: 1, leaf: leaves[0]!, root: rootAt(1) };
    expect(isIncluded(sha256, claim, [])).toBe(true);
    expect(isIncluded(sha256, { ...claim, leaf: leaves[1]! }, [])).toBe(false);
    expect(isIncluded(sha256, { ...claim, size: 0 }, [])).toBe(false);
  });

  it('C4: there is no proof of what is not there', () => {
    expect(inclusionProof(sha256, leaves.slice(0, 4), 4)).toEqual([]);
    expect(inclusionProof(sha256, leaves.slice(0, 4), -1)).toEqual([]);
    expect(inclusionProof(sha256, [], 0)).toEqual([]);
  });

  it('C4: holds for large sizes drawn at random', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), fc.nat(), (size, number) => {
        const index = number % size;
        const claim = { index, size, leaf: leaves[index]!, root: rootAt(size) };
        expect(isIncluded(sha256, claim, inclusionProof(sha256, leaves.slice(0, size), index))).toBe(true);
      }),
      SEED,
    );
  });
});

describe('consistency', () => {
  const claimOf = (oldSize: number, newSize: number) => ({
    oldSize,
    newSize,
    oldRoot: rootAt(oldSize),
    newRoot: rootAt(newSize),
  });

  it('C5: every size is a prefix of every larger one and of itself', () => {
    for (let newSize = 1; newSize <= MOST; newSize++) {
      for (let oldSize = 1; oldSize <= newSize; oldSize++) {
        const proof = consistencyProof(sha256, leaves.slice(0, newSize), oldSize);
        expect(isConsistent(sha256, claimOf(oldSize, newSize), proof)).toBe(true);
      }
    }
  });

  it('C5: no proof that differs a little is accepted', () => {
    for (let newSize = 1; newSize <= MOST; newSize++) {
      for (let oldSize = 1; oldSize <= newSize; oldSize++) {
        const proof = consistencyProof(sha256, leaves.slice(0, newSize), oldSize);
        for (const near of nearProofs(proof, oldSize * 7)) {
          expect(isConsistent(sha256, claimOf(oldSize, newSize), near)).toBe(false);
        }
      }
    }
  });

  it('C5: sizes and roots that do not belong to the proof are refused', () => {
    for (let newSize = 2; newSize <= MOST; newSize++) {
      for (let oldSize = 1; oldSize < newSize; oldSize++) {
        const claim = claimOf(oldSize, newSize);
        const proof = consistencyProof(sha256, leaves.slice(0, newSize), oldSize);
        const wrong = [
          claimOf(oldSize, newSize + 1),
          claimOf(oldSize, newSize - 1),
          claimOf(oldSize + 1, newSize),
          claimOf(oldSize - 1, newSize),
          claimOf(newSize, oldSize),
          { ...claim, oldRoot: flip(claim.oldRoot, newSize) },
          { ...claim, newRoot: flip(claim.newRoot, oldSize) },
          { ...claim, oldRoot: claim.newRoot, newRoot: claim.oldRoot },
          { ...claim, oldSize: 0 },
          { ...claim, oldSize: -1 },
          { ...claim, newSize: 2 ** 53 },
          { ...claim, oldSize: oldSize + 0.5 },
        ];
        for (const each of wrong) expect(isConsistent(sha256, each, proof)).toBe(false);
      }
    }
  });

  it('C5: equal sizes are consistent only with equal roots and no proof at all', () => {
    const claim = claimOf(5, 5);
    expect(isConsistent(sha256, claim, [])).toBe(true);
    expect(isConsistent(sha256, claim, [leaves[0]!])).toBe(false);
    expect(isConsistent(sha256, { ...claim, newRoot: rootAt(6) }, [])).toBe(false);
  });

  it('C5: a log that was rewritten cannot be shown to have grown', () => {
    for (let changed = 0; changed < 6; changed++) {
      const rewritten = leaves.slice(0, 11).with(changed, leafHash(sha256, utf8('palsu')));
      const claim = { oldSize: 6, newSize: 11, oldRoot: rootAt(6), newRoot: rootOfLeaves(sha256, rewritten) };
      for (const source of [rewritten, leaves.slice(0, 11)]) {
        expect(isConsistent(sha256, claim, consistencyProof(sha256, source, 6))).toBe(false);
      }
    }
  });

  it('C5: there is no proof from nothing or from beyond', () => {
    expect(consistencyProof(sha256, leaves.slice(0, 4), 0)).toEqual([]);
    expect(consistencyProof(sha256, leaves.slice(0, 4), 5)).toEqual([]);
    expect(isConsistent(sha256, claimOf(3, 7), [])).toBe(false);
  });
});
