import { Zip, ZipDeflate } from 'fflate';
import {
  BUNDLE_FORMAT,
  BUNDLE_PATHS,
  compareJournals,
  compareOpenings,
  encodeBundleIndex,
  encodeCheckpoints,
  encodeOpening,
  encodeRootChain,
  journalCheckpointsPath,
  journalPath,
  type BundleCounts,
  type BundlePeriod,
  type JournalId,
} from '#contract/bundle-format';
import { concatBytes, encodeHex } from '#contract/bytes';
import type { EpochMs } from '#contract/clock';
import type { Opening } from '#contract/commitment';
import type { Sha256 } from '#contract/merkle';
import { decodeRecord } from '#contract/record';
import type { RootDocument } from '#contract/root-document';

/** Rows as a store gives them: all at once or one after another. */
export type Rows<T> = Iterable<T> | AsyncIterable<T>;

/** One log as the server stores it. */
export interface EvidenceLog {
  /** Canonical records from number 0 on, without line ends: the very bytes that were hashed. */
  readonly records: Rows<Uint8Array>;
  /**
   * Signed notes by rising size, one a size; the newest covers the last record. Those of journals are cosigned:
   * what was committed but not cosigned yet (a crash in between) is cosigned before it is exported.
   */
  readonly checkpoints: Rows<string>;
}

/**
 * Where an export takes its content from: one snapshot (a read transaction), so that site log and journals fit
 * together.
 */
export interface EvidenceSource {
  readonly siteId: string;
  rootChain(): Promise<readonly RootDocument[]>;
  /** Journals that hold at least one record. */
  journals(): Promise<readonly JournalId[]>;
  siteLog(): EvidenceLog;
  journal(id: JournalId): EvidenceLog;
  /** Openings of one journal, in any order; those outside the wanted period are left out here. */
  openings(id: JournalId): Rows<Opening>;
}

export interface BundleRequest {
  readonly sha256: Sha256;
  /** Null for everything. */
  readonly period: BundlePeriod | null;
  /** Program and version, e.g. `palang 0.1.0`. */
  readonly tool: string;
  readonly createdAt: EpochMs;
}

const lineEnd = Uint8Array.of(0x0a);

/** Joins lines in pieces that double, because a list of a million small arrays costs more than its content. */
class LineBuffer {
  private bytes = new Uint8Array(64 * 1024);
  private length = 0;

  add(line: Uint8Array): void {
    const needed = this.length + line.length + 1;
    if (needed > this.bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    this.bytes.set(line, this.length);
    this.bytes.set(lineEnd, this.length + line.length);
    this.length = needed;
  }

  content(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}

const isWithin = (period: BundlePeriod, t: number): boolean =>
  t >= Date.parse(period.from) && t < Date.parse(period.until);

/**
 * Builds an evidence bundle: every record and checkpoint there is, because a root can only be recomputed over
 * all of them and they hold no personal data, and the openings of the wanted period.
 * @returns content by path, `bundle.json` first
 */
export async function buildBundle(
  source: EvidenceSource,
  request: BundleRequest,
): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const counts = { logs: 0, records: 0, checkpoints: 0, openings: 0 };
  files.set(BUNDLE_PATHS.root, encodeRootChain(await source.rootChain()));
  const site = await writeLog(source.siteLog(), counts);
  files.set(BUNDLE_PATHS.siteLog, site.records);
  files.set(BUNDLE_PATHS.siteCheckpoints, site.checkpoints);

  const openings = new LineBuffer();
  for (const id of (await source.journals()).toSorted(compareJournals)) {
    const isWanted: boolean[] = [];
    const { period } = request;
    const log = await writeLog(source.journal(id), counts, (bytes) => {
      const record = period === null ? null : decodeRecord(bytes);
      isWanted.push(period === null || (record?.ok === true && isWithin(period, record.value.t)));
    });
    files.set(journalPath(id.gateway, id.epoch), log.records);
    files.set(journalCheckpointsPath(id.gateway, id.epoch), log.checkpoints);
    const wanted: Opening[] = [];
    for await (const opening of source.openings(id)) if (isWanted[opening.sq] === true) wanted.push(opening);
    for (const opening of wanted.sort(compareOpenings)) openings.add(encodeOpening(opening));
    counts.openings += wanted.length;
  }
  files.set(BUNDLE_PATHS.openings, openings.content());
  return withIndex(source.siteId, request, counts, files);
}

async function writeLog(
  log: EvidenceLog,
  counts: { logs: number; records: number; checkpoints: number },
  onRecord: (bytes: Uint8Array) => void = () => undefined,
): Promise<{ records: Uint8Array; checkpoints: Uint8Array }> {
  const records = new LineBuffer();
  for await (const bytes of log.records) {
    records.add(bytes);
    onRecord(bytes);
    counts.records += 1;
  }
  const notes: string[] = [];
  for await (const note of log.checkpoints) notes.push(note);
  counts.logs += 1;
  counts.checkpoints += notes.length;
  return { records: records.content(), checkpoints: encodeCheckpoints(notes) };
}

function withIndex(
  site: string,
  request: BundleRequest,
  counts: BundleCounts,
  files: ReadonlyMap<string, Uint8Array>,
): Map<string, Uint8Array> {
  const index = encodeBundleIndex(request.sha256, {
    format: BUNDLE_FORMAT,
    site,
    period: request.period,
    tool: request.tool,
    createdAt: new Date(request.createdAt).toISOString(),
    counts: { ...counts },
    files: Object.fromEntries(Array.from(files, ([path, bytes]) => [path, encodeHex(request.sha256(bytes))])),
  });
  return new Map([[BUNDLE_PATHS.index, index], ...files]);
}

const ZIP_STEP_BYTES = 256 * 1024;

/**
 * Packs a bundle as a zip, a piece at a time as the reader asks for it, so that a slow download holds up nothing.
 * @param createdAt becomes the time of each entry
 */
export function zipBundle(
  files: ReadonlyMap<string, Uint8Array>,
  createdAt: EpochMs,
): ReadableStream<Uint8Array> {
  const pieces = zipPieces(files, createdAt);
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const next = pieces.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
  });
}

function* zipPieces(files: ReadonlyMap<string, Uint8Array>, createdAt: EpochMs): Generator<Uint8Array> {
  let made: Uint8Array[] = [];
  const zip = new Zip((error, piece) => {
    if (error !== null) throw error;
    made.push(piece);
  });
  const drain = (): Uint8Array => {
    const joined = concatBytes(...made);
    made = [];
    return joined;
  };
  for (const [path, bytes] of files) {
    const entry = new ZipDeflate(path, { level: 6 });
    entry.mtime = createdAt;
    zip.add(entry);
    let start = 0;
    do {
      const end = Math.min(start + ZIP_STEP_BYTES, bytes.length);
      entry.push(bytes.subarray(start, end), end === bytes.length);
      start = end;
      if (made.length > 0) yield drain();
    } while (start < bytes.length);
  }
  zip.end();
  yield drain();
}
