import { z } from 'zod';
import { decodeUtf8, encodeHex, equalBytes, utf8 } from './bytes.ts';
import { canonicalText, decodeCanonical, type CanonicalValue } from './canonical.ts';
import { COMMITTED_FIELDS, idSchema } from './record.ts';
import { openingSchema, type Opening } from './commitment.ts';
import type { Sha256 } from './merkle.ts';
import { rootDocumentSchema, type RootDocument } from './root-document.ts';
import { err, ok, type Result } from './result.ts';

/** Names the form of an evidence bundle; a reader refuses every other one. */
export const BUNDLE_FORMAT = 'palang-evidence/1';

/** Files of every bundle; journals come on top. */
export const BUNDLE_PATHS = {
  index: 'bundle.json',
  root: 'keys/root.json',
  siteLog: 'site-log.jsonl',
  siteCheckpoints: 'site-log.checkpoints',
  openings: 'openings.jsonl',
} as const;

/** Where the records of one journal stand. */
export const journalPath = (gatewayId: string, epoch: number): string =>
  `journal/${gatewayId}/${epoch}.jsonl`;

/** Where the checkpoints of one journal stand. */
export const journalCheckpointsPath = (gatewayId: string, epoch: number): string =>
  `journal/${gatewayId}/${epoch}.checkpoints`;

/** One journal: a gateway and the epoch of its log. */
export interface JournalId {
  readonly gateway: string;
  readonly epoch: number;
}

const journalForm = /^journal\/([a-z0-9-]{1,64})\/([1-9][0-9]{0,14})\.(?:jsonl|checkpoints)$/;

/** Decodes the journal that a path belongs to; null for any other path. */
export function decodeJournalPath(path: string): JournalId | null {
  const [, gateway, epoch] = journalForm.exec(path) ?? [];
  if (gateway === undefined || epoch === undefined || !idSchema.safeParse(gateway).success) return null;
  return { gateway, epoch: Number(epoch) };
}

/** Orders journals as openings are ordered: by gateway, then epoch. */
export const compareJournals = (a: JournalId, b: JournalId): number =>
  a.gateway < b.gateway ? -1 : a.gateway > b.gateway ? 1 : a.epoch - b.epoch;

/** Which commitment an opening is for. */
export type OpeningPlace = Pick<Opening, 'gw' | 'ep' | 'sq' | 'field'>;

/** Orders openings as they stand in the bundle: by journal, record and field (sub, pm, cred). */
export const compareOpenings = (a: OpeningPlace, b: OpeningPlace): number =>
  compareJournals({ gateway: a.gw, epoch: a.ep }, { gateway: b.gw, epoch: b.ep }) ||
  a.sq - b.sq ||
  COMMITTED_FIELDS.indexOf(a.field) - COMMITTED_FIELDS.indexOf(b.field);

const countSchema = z.number().int().min(0);
const instantSchema = z.iso.datetime({ precision: 3 });
const digestSchema = z.string().regex(/^[0-9a-f]{64}$/);

/** The span whose openings are in the bundle: `from` is in it, `until` is not. Records are always complete. */
export const bundlePeriodSchema = z.strictObject({ from: instantSchema, until: instantSchema });

/** The span whose openings are in the bundle. */
export type BundlePeriod = z.infer<typeof bundlePeriodSchema>;

/** How much is in a bundle. */
export const bundleCountsSchema = z.strictObject({
  /** Journals and the site log. */
  logs: countSchema,
  /** Records of all logs. */
  records: countSchema,
  checkpoints: countSchema,
  openings: countSchema,
});

/** How much is in a bundle. */
export type BundleCounts = z.infer<typeof bundleCountsSchema>;

/** The content of `bundle.json`. */
export const bundleIndexSchema = z.strictObject({
  format: z.literal(BUNDLE_FORMAT),
  site: idSchema,
  /** Null where every opening that exists is in the bundle. */
  period: bundlePeriodSchema.nullable(),
  /** Program and version that made the bundle. */
  tool: z.string().min(1).max(100),
  createdAt: instantSchema,
  counts: bundleCountsSchema,
  /** SHA-256 of every other file, hex, by path. */
  files: z.record(z.string(), digestSchema),
  /** SHA-256 of all the above, hex: shows damage; what shows forgery are the signatures. */
  digest: digestSchema,
});

/** The content of `bundle.json`. */
export type BundleIndex = z.infer<typeof bundleIndexSchema>;

// Indented, because people open these two files; the reader compares bytes after writing again, so that there is
// still one spelling only.
const writeJson = (value: unknown): Uint8Array => utf8(`${JSON.stringify(value, null, 2)}\n`);

/** Encodes `bundle.json`, adding its own digest. */
export function encodeBundleIndex(sha256: Sha256, index: Omit<BundleIndex, 'digest'>): Uint8Array {
  return writeJson({ ...index, digest: encodeHex(sha256(writeJson(index))) });
}

function parseJson(bytes: Uint8Array): Result<unknown, 'malformed'> {
  const text = decodeUtf8(bytes);
  if (!text.ok) return err('malformed');
  try {
    return ok(JSON.parse(text.value));
  } catch (error) {
    if (error instanceof SyntaxError) return err('malformed');
    throw error;
  }
}

/** Parses `bundle.json`: `changed` where it has the form but not its own digest. */
export function parseBundleIndex(
  sha256: Sha256,
  bytes: Uint8Array,
): Result<BundleIndex, 'malformed' | 'changed'> {
  const value = parseJson(bytes);
  const index = bundleIndexSchema.safeParse(value.ok ? value.value : null);
  if (!index.success) return err('malformed');
  return equalBytes(bytes, encodeBundleIndex(sha256, withoutDigest(index.data)))
    ? ok(index.data)
    : err('changed');
}

function withoutDigest(index: BundleIndex): Omit<BundleIndex, 'digest'> {
  const { digest: _digest, ...rest } = index;
  return rest;
}

/** Encodes `keys/root.json`. */
export const encodeRootChain = (chain: readonly RootDocument[]): Uint8Array => writeJson(chain);

/** Parses `keys/root.json`; the signatures are not verified yet. */
export function parseRootChain(
  bytes: Uint8Array,
): Result<readonly [RootDocument, ...RootDocument[]], 'malformed'> {
  const value = parseJson(bytes);
  const chain = z.tuple([rootDocumentSchema], rootDocumentSchema).safeParse(value.ok ? value.value : null);
  return chain.success && equalBytes(bytes, encodeRootChain(chain.data)) ? ok(chain.data) : err('malformed');
}

/** Encodes one opening as a line of `openings.jsonl`, without the line end. */
export const encodeOpening = (opening: Opening): Uint8Array =>
  utf8(canonicalText(opening as unknown as CanonicalValue));

/** Parses one line of `openings.jsonl`, without the line end; null where it is not an opening. */
export function parseOpening(bytes: Uint8Array): Opening | null {
  const value = decodeCanonical(bytes);
  const opening = openingSchema.safeParse(value.ok ? value.value : null);
  return opening.success ? opening.data : null;
}

const NOTE_SEPARATOR = '---\n';

/** Encodes a `.checkpoints` file: signed notes by rising size, a line of three hyphens between two of them. */
export const encodeCheckpoints = (notes: readonly string[]): Uint8Array => utf8(notes.join(NOTE_SEPARATOR));

/** One piece of a file with the number of its first line, from 1. */
export interface FilePart {
  readonly line: number;
  readonly bytes: Uint8Array;
}

/** Splits a `.checkpoints` file into its notes; a file without a note is empty. */
export function* splitCheckpoints(bytes: Uint8Array): Generator<FilePart> {
  let start = 0;
  let line = 1;
  let startLine = 1;
  for (const part of splitLines(bytes)) {
    const isSeparator = part.bytes.length === 3 && part.bytes.every((byte) => byte === 0x2d);
    if (isSeparator) {
      yield { line: startLine, bytes: bytes.subarray(start, part.bytes.byteOffset - bytes.byteOffset) };
      start = part.bytes.byteOffset - bytes.byteOffset + NOTE_SEPARATOR.length;
      startLine = line + 1;
    }
    line += 1;
  }
  if (bytes.length > 0) yield { line: startLine, bytes: bytes.subarray(Math.min(start, bytes.length)) };
}

/** Splits a file of lines, without the line ends; what stands behind the last line end is a part too. */
export function* splitLines(bytes: Uint8Array): Generator<FilePart> {
  let line = 1;
  for (let start = 0; start < bytes.length; line += 1) {
    const found = bytes.indexOf(0x0a, start);
    const end = found < 0 ? bytes.length : found;
    yield { line, bytes: bytes.subarray(start, end) };
    start = end + 1;
  }
}
