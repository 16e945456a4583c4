import { decodeBase64Url, utf8 } from '#contract/bytes';
import { decodeEpochOpened } from '#contract/epoch';
import { EMPTY_FRONTIER, rootOfLeaves, type Frontier } from '#contract/merkle';
import { decodeRecord, NO_PREVIOUS_HASH } from '#contract/record';
import type { Result } from '#contract/result';
import type { UploadAnswer } from '../../gateway/uplink/step-upload.ts';
import {
  judgeBatch,
  type BatchFault,
  type CheckedBatch,
  type PreviousJournal,
  type StoredJournal,
  type StoredOverlap,
} from '../../server/audit/check-batch.ts';
import { hmacSha256, sha256 } from '../../server/signing/node-crypto.ts';
import { GATEWAY, keyOf } from './protocol-journal.ts';

/** What the server stores of one epoch. */
export interface ServerEpoch {
  readonly epoch: number;
  readonly keyId: number;
  readonly origin: 'enrolled' | 'reserved';
  /** What its first record goes on from; null where that names nothing, or nothing is stored. */
  readonly prev: { readonly ep: number; readonly size: number } | null;
  readonly generation: string | null;
  readonly texts: readonly string[];
  readonly hashes: readonly string[];
  readonly frontier: Frontier;
}

/** The server's database as its last commit left it. */
export interface ServerDisk {
  readonly epochs: readonly ServerEpoch[];
}

const newEpoch = (epoch: number, keyId: number, origin: ServerEpoch['origin']): ServerEpoch => ({
  epoch,
  keyId,
  origin,
  prev: null,
  generation: null,
  texts: [],
  hashes: [],
  frontier: EMPTY_FRONTIER,
});

export const NEW_SERVER: ServerDisk = { epochs: [newEpoch(1, 0, 'enrolled')] };

/** A batch on its way. */
export interface Batch {
  /** Which request it is: its answer belongs to it. */
  readonly id: number;
  readonly epoch: number;
  readonly gen: string;
  readonly from: number;
  readonly prev: string;
  readonly entries: readonly string[];
  /** Which key signed its checkpoint; null where the gateway holds none. */
  readonly signedBy: number | null;
}

/** Judges a batch by what is stored; the product's own, or one with a fault planted. */
export type Judge = (
  stored: StoredJournal,
  overlap: StoredOverlap,
  batch: Batch,
  held: ServerEpoch,
) => Result<CheckedBatch, BatchFault>;

export const judgeAsProduct: Judge = (stored, overlap, { gen, from, prev, entries }) =>
  judgeBatch({ sha256, hmac: hmacSha256 }, stored, overlap, {
    gen,
    from,
    prev,
    entries: [...entries],
    openings: [],
  });

/** Up to which size an epoch may grow, as server/store/epochs tells it. */
function limitOf({ epochs }: ServerDisk, epoch: number): number | null {
  const later = epochs.filter((each) => each.epoch > epoch && each.texts.length > 0);
  if (later.length === 0) return null;
  const named = later.flatMap(({ prev }) => (prev?.ep === epoch ? [prev.size] : []));
  return named.length === 0 ? 0 : Math.min(...named);
}

const bytesOf = (text: string): Uint8Array => {
  const bytes = decodeBase64Url(text);
  if (!bytes.ok) throw new Error('what is stored is base64url');
  return bytes.value;
};

function previousOf({ epochs }: ServerDisk, batch: Batch): PreviousJournal | null {
  const record = decodeRecord(utf8(batch.entries[0] ?? ''));
  const prev = record.ok ? decodeEpochOpened(record.value)?.prev : undefined;
  const found = epochs.find(({ epoch }) => epoch === prev?.ep);
  if (prev === undefined || found === undefined) return null;
  const root =
    found.hashes.length < prev.size
      ? null
      : rootOfLeaves(sha256, found.hashes.slice(0, prev.size).map(bytesOf));
  return { epoch: prev.ep, key: bytesOf(keyOf(found.keyId)), root };
}

/** An epoch that a server put back from a backup has forgotten; null where its number is spent. */
function forgotten({ epochs }: ServerDisk, { epoch, signedBy }: Batch): ServerEpoch | null {
  const isLater = epochs.every((each) => each.epoch < epoch);
  return isLater && signedBy !== null ? newEpoch(epoch, signedBy, 'reserved') : null;
}

/** Takes a batch in one transaction, as server/audit/ingest does. */
export function takeBatch(
  server: ServerDisk,
  batch: Batch,
  judge: Judge,
): { readonly server: ServerDisk; readonly answer: UploadAnswer; readonly isRepeat: boolean } {
  const known = server.epochs.find(({ epoch }) => epoch === batch.epoch);
  const found = known ?? forgotten(server, batch);
  if (found === null) return { server, answer: { kind: 'conflict' }, isRepeat: false };
  const { texts, hashes, frontier, generation } = found;
  const size = texts.length;
  const head = hashes.at(-1) ?? NO_PREVIOUS_HASH;
  const stored: StoredJournal = {
    siteId: 'uji',
    gatewayId: GATEWAY,
    epoch: found.epoch,
    key: bytesOf(keyOf(found.keyId)),
    generation,
    size,
    head,
    frontier,
    origin: found.origin,
    limit: limitOf(server, found.epoch),
    previous: size === 0 ? previousOf(server, batch) : null,
  };
  const overlap: StoredOverlap = {
    previous: hashes[batch.from - 1] ?? null,
    texts: texts.slice(batch.from, batch.from + batch.entries.length),
  };
  const judged = judge(stored, overlap, batch, found);
  if (!judged.ok) {
    const { code } = judged.error;
    const kind =
      code === 'journal-gap'
        ? 'gap'
        : code === 'journal-invalid'
          ? 'invalid'
          : code === 'journal-fenced'
            ? 'fenced'
            : 'conflict';
    return { server, answer: kind === 'gap' ? { kind, size, head } : { kind }, isRepeat: false };
  }
  const { value } = judged;
  // In the place of the signature, which checkBatch verifies last.
  if (batch.signedBy !== found.keyId) return { server, answer: { kind: 'invalid' }, isRepeat: false };
  if (value.records.length === 0) {
    return { server, answer: { kind: 'acknowledged', size, head }, isRepeat: true };
  }
  const { opened } = value;
  const kept = value.frontier.size - value.records.length;
  const grown: ServerEpoch = {
    ...found,
    generation: value.generation,
    texts: [...texts.slice(0, kept), ...value.records.map(({ text }) => text)],
    hashes: [...hashes.slice(0, kept), ...value.records.map(({ leafHash }) => leafHash)],
    frontier: value.frontier,
    prev:
      opened === null
        ? found.prev
        : opened.prev === undefined
          ? null
          : { ep: opened.prev.ep, size: opened.prev.size },
  };
  return {
    server: {
      epochs:
        known === undefined
          ? [...server.epochs, grown]
          : server.epochs.map((each) => (each === found ? grown : each)),
    },
    answer: { kind: 'acknowledged', size: value.size, head: value.head },
    isRepeat: false,
  };
}

const MOST_WAITING = 4;

/** Gives the next epoch to a key, as server/store/epochs does; null where too many wait. */
export function reserveEpoch(
  server: ServerDisk,
  keyId: number,
  after: number,
): { readonly server: ServerDisk; readonly epoch: number } | null {
  const { epochs } = server;
  const known = epochs.find((each) => each.keyId === keyId);
  if (known !== undefined) return { server, epoch: known.epoch };
  const newest = Math.max(after, ...epochs.filter(({ texts }) => texts.length > 0).map(({ epoch }) => epoch));
  const waiting = epochs.filter(({ epoch, texts }) => texts.length === 0 && epoch > newest);
  if (waiting.length >= MOST_WAITING) return null;
  const epoch = Math.max(after, ...epochs.map((each) => each.epoch)) + 1;
  return { server: { epochs: [...epochs, newEpoch(epoch, keyId, 'reserved')] }, epoch };
}

/** Leaf hashes that the server holds, of records themselves and of those that reclaimed ones hold. */
export function storedHashes({ epochs }: ServerDisk): ReadonlySet<string> {
  const hashes = new Set<string>();
  for (const { texts, hashes: own } of epochs) {
    for (const [index, text] of texts.entries()) {
      hashes.add(own[index] ?? '');
      if (!text.includes('"ty":"journal.reclaimed"')) continue;
      const { x } = JSON.parse(text) as { readonly x: { readonly hash: string } };
      hashes.add(x.hash);
    }
  }
  return hashes;
}
