import { decodeBase64Url, utf8 } from '#contract/bytes';
import { EMPTY_FRONTIER, appendLeaf, frontierRoot, type Frontier } from '#contract/merkle';
import { decodeRecord, recordHash } from '#contract/record';
import { ok } from '#contract/result';
import { sha256 } from '../../gateway/crypto-ports.ts';
import type { CheckedBatch } from '../../server/audit/check-batch.ts';
import { append, openEpoch, present, type Disk } from './protocol-journal.ts';
import { judgeAsProduct, type Judge } from './protocol-server.ts';
import { PRODUCT, type Parts } from './protocol-world.ts';

/** A fault that somebody might build in, and which a world has to find. None of it is in the product. */
export type PlantedFault =
  | 'accept-gaps'
  | 'overwrite'
  | 'ignore-bytes'
  | 'append-doubles'
  | 'numeric-ack'
  | 'no-reclaim'
  | 'no-prev-check'
  | 'unconfirmed-prev';

/** Takes texts as they come, behind what is stored. */
function takeBlindly(
  { frontier, generation }: { readonly frontier: Frontier; readonly generation: string | null },
  gen: string,
  texts: readonly string[],
): CheckedBatch {
  let grown = frontier;
  const records = texts.flatMap((text) => {
    const bytes = utf8(text);
    const record = decodeRecord(bytes);
    if (!record.ok) return [];
    const leafHash = recordHash(sha256, bytes);
    const leaf = decodeBase64Url(leafHash);
    if (leaf.ok) grown = appendLeaf(sha256, grown, leaf.value);
    return [{ record: record.value, text, leafHash }];
  });
  return {
    generation: generation ?? gen,
    records,
    opened: null,
    openings: [],
    size: grown.size,
    head: records.at(-1)?.leafHash ?? '',
    frontier: grown,
    root: frontierRoot(sha256, grown),
  };
}

const frontierOver = (hashes: readonly string[]): Frontier => {
  let frontier = EMPTY_FRONTIER;
  for (const hash of hashes) {
    const leaf = decodeBase64Url(hash);
    if (leaf.ok) frontier = appendLeaf(sha256, frontier, leaf.value);
  }
  return frontier;
};

const acceptGaps: Judge = (stored, overlap, batch, held) => {
  const judged = judgeAsProduct(stored, overlap, batch, held);
  const isGap = !judged.ok && judged.error.code === 'journal-gap';
  return isGap ? ok(takeBlindly(stored, batch.gen, batch.entries)) : judged;
};

const overwrite: Judge = (stored, overlap, batch, held) => {
  const judged = judgeAsProduct(stored, overlap, batch, held);
  if (judged.ok || judged.error.reason !== 'record-differs') return judged;
  const frontier = frontierOver(held.hashes.slice(0, batch.from));
  return ok(takeBlindly({ frontier, generation: stored.generation }, batch.gen, batch.entries));
};

const ignoreBytes: Judge = (stored, overlap, batch, held) => {
  const judged = judgeAsProduct(stored, overlap, batch, held);
  if (judged.ok || judged.error.reason !== 'record-differs') return judged;
  const news = batch.entries.slice(overlap.texts.length);
  return news.length === 0 ? judged : ok(takeBlindly(stored, batch.gen, news));
};

const appendDoubles: Judge = (stored, overlap, batch, held) => {
  const judged = judgeAsProduct(stored, overlap, batch, held);
  return judged.ok && overlap.texts.length > 0 ? ok(takeBlindly(stored, batch.gen, batch.entries)) : judged;
};

const noPrevCheck: Judge = (stored, overlap, batch, held) =>
  judgeAsProduct(stored, { ...overlap, previous: batch.prev }, batch, held);

const withoutRanges = (disk: Disk): Disk => ({ ...disk, ranges: [] });

/** Opens an epoch as if what the one before goes on from had been confirmed, though nothing of it was taken. */
function openOnUnconfirmed(disk: Disk, order: Parameters<typeof openEpoch>[1]): Disk {
  const opened = openEpoch(disk, order);
  const { base } = present(opened);
  const closed = opened.records[base - 1]?.record.x;
  const first = opened.records[base]?.record;
  if (order.size !== 0 || first === undefined || closed === undefined) return opened;
  const prev = { ep: present(disk).epoch, size: 0, root: closed['root'] ?? '' };
  return append({ ...opened, records: opened.records.slice(0, base) }, [
    { ty: first.ty, x: { ...first.x, prev } },
  ]);
}

/** The product with each fault in its place. */
export const PLANTED: Readonly<Record<PlantedFault, Parts>> = {
  'accept-gaps': { ...PRODUCT, judge: acceptGaps },
  overwrite: { ...PRODUCT, judge: overwrite },
  'ignore-bytes': { ...PRODUCT, judge: ignoreBytes },
  'append-doubles': { ...PRODUCT, judge: appendDoubles },
  'numeric-ack': {
    ...PRODUCT,
    step: (state, input, facts) => PRODUCT.step(state, input, { ...facts, isOurs: () => true }),
    isAckBound: false,
  },
  'no-reclaim': { ...PRODUCT, openEpoch: (disk, order) => withoutRanges(openEpoch(disk, order)) },
  'no-prev-check': { ...PRODUCT, judge: noPrevCheck },
  'unconfirmed-prev': { ...PRODUCT, openEpoch: openOnUnconfirmed },
};
