import { encodeBase64Url, utf8 } from '#contract/bytes';
import type { EpochReason } from '#contract/epoch';
import { leafHash, rootOfLeaves } from '#contract/merkle';
import { encodeRecord, NO_PREVIOUS_HASH, type JournalRecord } from '#contract/record';
import { sha256 } from '../../gateway/crypto-ports.ts';

export const GATEWAY = 'gw-uji';

/** A record as a disk holds it. */
export interface Kept {
  readonly record: JournalRecord;
  readonly text: string;
  /** Leaf hash, base64url, and its bytes. */
  readonly hash: string;
  readonly leaf: Uint8Array;
}

type Range = readonly [from: number, until: number];

/**
 * The journal of a gateway as its last commit left it: what gateway/journal keeps in SQL, as values, so that a state of
 * the model can be kept, compared and gone back to.
 */
export interface Disk {
  /** Places of the first records, the oldest epoch first. */
  readonly epochs: readonly { readonly epoch: number; readonly base: number }[];
  /** By place. */
  readonly records: readonly Kept[];
  readonly acknowledged: number;
  readonly ranges: readonly Range[];
  readonly boot: number;
}

export const EMPTY_DISK: Disk = {
  epochs: [{ epoch: 1, base: 0 }],
  records: [],
  acknowledged: 0,
  ranges: [],
  boot: 0,
};

/** The epoch that grows. */
export const present = ({ epochs }: Disk): { readonly epoch: number; readonly base: number } => {
  const last = epochs.at(-1);
  if (last === undefined) throw new Error('a journal has an epoch');
  return last;
};

export const sizeOf = (disk: Disk): number => disk.records.length - present(disk).base;

/** Leaf hash of record size-1 of the present epoch; null beyond its end. */
export function hashAt(disk: Disk, size: number): string | null {
  if (size === 0) return NO_PREVIOUS_HASH;
  return size > 0 && size <= sizeOf(disk)
    ? (disk.records[present(disk).base + size - 1]?.hash ?? null)
    : null;
}

/** Root over the first records of the present epoch, base64url. */
export function rootAt(disk: Disk, size: number): string {
  const { base } = present(disk);
  const leaves = disk.records.slice(base, base + size).map(({ leaf }) => leaf);
  return encodeBase64Url(rootOfLeaves(sha256, leaves));
}

export const unreclaimed = ({ ranges }: Disk): number =>
  ranges.reduce((sum, [from, until]) => sum + until - from, 0);

/** Many ways lead to the same record; it is encoded and hashed once. */
const encoded = new Map<string, Kept>();
const MOST_ENCODED = 100_000;

function keep(record: JournalRecord): Kept {
  const { ep, sq, bt, mo, ty, ph, x } = record;
  const name = `${ep} ${sq} ${bt} ${mo} ${ty} ${ph} ${JSON.stringify(x)}`;
  const known = encoded.get(name);
  if (known !== undefined) return known;
  const bytes = encodeRecord(record);
  const leaf = leafHash(sha256, bytes);
  const kept = { record, text: Buffer.from(bytes).toString('utf8'), hash: encodeBase64Url(leaf), leaf };
  if (encoded.size >= MOST_ENCODED) encoded.clear();
  encoded.set(name, kept);
  return kept;
}

/** What a record says beside its place. */
export type Said = Pick<JournalRecord, 'ty' | 'x'>;

/** Appends records to the present epoch, as one commit. */
export function append(disk: Disk, said: readonly Said[]): Disk {
  const { epoch, base } = present(disk);
  const records = [...disk.records];
  for (const { ty, x } of said) {
    const sq = records.length - base;
    const record: JournalRecord = {
      v: 1,
      gw: GATEWAY,
      ep: epoch,
      sq,
      bt: disk.boot,
      t: 1_800_000_000_000 + records.length,
      tq: 2,
      mo: records.length,
      ty,
      ph: sq === 0 ? NO_PREVIOUS_HASH : (records.at(-1)?.hash ?? NO_PREVIOUS_HASH),
      x,
    };
    records.push(keep(record));
  }
  return { ...disk, records };
}

const keys = new Map<number, string>();

/** A public key of an epoch, base64url; the model signs nothing. */
export function keyOf(id: number): string {
  const known = keys.get(id) ?? encodeBase64Url(sha256(utf8(`key ${id}`)));
  keys.set(id, known);
  return known;
}

/** Starts the program over a disk. @param nonce another one at each start */
export function boot(disk: Disk, nonce: number): Disk {
  const started = { ...disk, boot: disk.boot + 1 };
  const opened: readonly Said[] =
    sizeOf(disk) > 0
      ? []
      : [{ ty: 'epoch.opened', x: { nonce: `n${nonce}`, key: keyOf(0), why: 'enrolled' } }];
  return append(started, [
    ...opened,
    { ty: 'boot', x: { nonce: `n${nonce}`, version: '1', openIntents: [] } },
  ]);
}

/** All records but those that hold another one: that one is among them. */
function rangesOfOriginals({ records }: Disk): readonly Range[] {
  const ranges: Range[] = [];
  for (const [place, { record }] of records.entries()) {
    if (record.ty === 'journal.reclaimed') continue;
    const last = ranges.at(-1);
    if (last?.[1] === place) ranges[ranges.length - 1] = [last[0], place + 1];
    else ranges.push([place, place + 1]);
  }
  return ranges;
}

/** @param size what stays where it is; null for nothing of any epoch */
export function openEpoch(
  disk: Disk,
  order: {
    readonly epoch: number;
    readonly keyId: number;
    readonly size: number | null;
    readonly why: EpochReason;
    readonly nonce: number;
  },
): Disk {
  const { epoch: before, base } = present(disk);
  const size = order.size ?? 0;
  const root = rootAt(disk, size);
  // Of an epoch that was never taken nobody has confirmed what it goes on from: that is asked again.
  const unconfirmed = order.size === 0 ? (disk.records[base]?.record.x['prev'] ?? null) : null;
  const prev = unconfirmed ?? { ep: before, size, root };
  const closed = append(disk, [{ ty: 'epoch.closed', x: { size, root } }]);
  const end = closed.records.length;
  const ranges: readonly Range[] =
    order.size === null ? rangesOfOriginals(closed) : [...disk.ranges, [base + size, end] as const];
  const next: Disk = {
    ...closed,
    epochs: [...disk.epochs, { epoch: order.epoch, base: end }],
    acknowledged: 0,
    ranges: ranges.filter(([from, until]) => from < until),
  };
  return append(next, [
    {
      ty: 'epoch.opened',
      x: { nonce: `n${order.nonce}`, key: keyOf(order.keyId), why: order.why, prev },
    },
  ]);
}

/** Appends the next records of earlier epochs again. */
export function reclaim(disk: Disk, most: number): Disk {
  const [range, ...others] = disk.ranges;
  if (range === undefined) return disk;
  const [from, until] = range;
  const next = Math.min(until, from + most);
  const said = disk.records.slice(from, next).map(({ record, text, hash }): Said => {
    const { orig = text, hash: origHash = hash } = record.ty === 'journal.reclaimed' ? record.x : {};
    return { ty: 'journal.reclaimed', x: { orig, hash: origHash } };
  });
  const appended = append(disk, said);
  return { ...appended, ranges: next < until ? [[next, until], ...others] : others };
}
