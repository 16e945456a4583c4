import { sha256 } from '@noble/hashes/sha2.js';
import type { EventDetail } from '#contract/api';
import { decodeBase64, encodeBase64, encodeBase64Url, utf8 } from '#contract/bytes';
import { parseSignedCheckpoint } from '#contract/checkpoint';
import { isIncluded, leafHash } from '#contract/merkle';

/** What this browser found when it computed the proof of a record itself. */
export type RecordProof =
  | { readonly kind: 'pending' }
  | { readonly kind: 'mismatch' }
  | { readonly kind: 'included'; readonly size: number; readonly root: string };

/**
 * Computes whether a record is in the journal whose signed checkpoint came with it: from the bytes of the record
 * alone, never from the hash that the server states.
 */
export function checkRecordProof(detail: EventDetail): RecordProof {
  if (detail.proof === null) return { kind: 'pending' };
  const leaf = leafHash(sha256, utf8(detail.record));
  const note = parseSignedCheckpoint(utf8(detail.proof.checkpoint));
  const hashes = detail.proof.hashes.map((hash) => decodeBase64(hash));
  if (!note.ok || encodeBase64Url(leaf) !== detail.leafHash) return { kind: 'mismatch' };
  const { size, root, origin } = note.value.checkpoint;
  // The origin ends with gateway and epoch: a proof out of another journal is none for this record.
  if (size !== detail.proof.size || !origin.endsWith(`/${detail.gateway}/${detail.epoch}`)) {
    return { kind: 'mismatch' };
  }
  const path: Uint8Array[] = [];
  for (const hash of hashes) {
    if (!hash.ok) return { kind: 'mismatch' };
    path.push(hash.value);
  }
  return isIncluded(sha256, { index: detail.seq, size, leaf, root }, path)
    ? { kind: 'included', size, root: encodeBase64(root) }
    : { kind: 'mismatch' };
}
