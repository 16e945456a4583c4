import type { BundleFailure, BundleReason } from './bundle-failure.ts';
import { BUNDLE_PATHS, parseRootChain, splitCheckpoints, splitLines } from './bundle-format.ts';
import { verifyEvidenceKeys, type EvidenceKeys } from './bundle-keys.ts';
import { decodeUtf8, equalBytes, utf8 } from './bytes.ts';
import { DIGEST_LINES, parseDigest, siteTime, weekOf, type Digest, type DigestCounts } from './digest.ts';
import { verifyNote, type SignaturePorts } from './log-checkpoints.ts';
import { appendLeaf, EMPTY_FRONTIER, frontierRoot, leafHash, type Frontier, type Sha256 } from './merkle.ts';
import { siteLogOrigin } from './record.ts';
import { err, ok, type Result } from './result.ts';
import { decodeSiteLogRecord } from './site-log.ts';

/** Why a bundle and a digest do not go together; file and line are those of the digest. */
export interface DigestFailure extends Omit<BundleFailure, 'reason'> {
  /** `replayed`: the bundle is older than the digest; `inconsistent-with-digest`: it tells another history. */
  readonly reason: BundleReason | 'replayed' | 'inconsistent-with-digest';
}

/** A text that should hold a digest. */
export interface DigestFile {
  /** What to call it. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A digest that the bundle goes on from. */
export interface DigestReport {
  readonly file: string;
  /** Monday of its week. */
  readonly week: string;
  readonly madeAt: string;
  /** Records of the site log that it covers. */
  readonly size: number;
}

type Files = ReadonlyMap<string, Uint8Array>;

/** A digest that was signed by the site of the bundle. */
interface GenuineDigest {
  readonly name: string;
  readonly digest: Digest;
  readonly line: number;
  readonly size: number;
  readonly root: Uint8Array;
}

/**
 * Makes the digest of a bundle that verifies: its newest checkpoint of the site log, and what that counts.
 * @param offsetMinutes distance of the site's zone from UTC, east positive
 * @returns null where nothing has been signed yet
 */
export function createDigest(
  sha256: Sha256,
  files: Files,
  about: {
    readonly site: string;
    readonly fingerprint: string;
    readonly atMs: number;
    readonly offsetMinutes: number;
  },
): Digest | null {
  const newest = Array.from(splitCheckpoints(contentOf(files, BUNDLE_PATHS.siteCheckpoints))).at(-1);
  const note = newest === undefined ? null : decodeUtf8(newest.bytes);
  if (note?.ok !== true) return null;
  const whole = Array.from(walkSiteLog(sha256, files)).at(-1);
  if (whole === undefined) return null;
  const { journals, records } = whole;
  const madeAt = siteTime(about.atMs, about.offsetMinutes);
  return { site: about.site, madeAt, journals, records, fingerprint: about.fingerprint, note: note.value };
}

/**
 * Holds a bundle that verifies against digests that were kept elsewhere: each must be signed by a log key of the
 * bundle's root documents, and the site log must have had its root at its size. Faults of the digests themselves come first, in the
 * order given; then the digests by rising size, so that the words can say between which two the history was changed.
 * @see rule C33
 */
export async function checkDigests(
  ports: SignaturePorts,
  files: Files,
  digests: readonly DigestFile[],
): Promise<Result<readonly DigestReport[], DigestFailure>> {
  const chain = parseRootChain(contentOf(files, BUNDLE_PATHS.root));
  const keys = chain.ok ? await verifyEvidenceKeys(ports, chain.value, {}) : null;
  if (keys?.ok !== true) throw new Error('digests are held against bundles that verify');
  const genuine: GenuineDigest[] = [];
  for (const file of digests) {
    const read = await readDigest(ports, keys.value, file);
    if (!read.ok) return read;
    genuine.push(read.value);
  }
  const failure = compare(ports.sha256, files, genuine);
  if (failure !== null) return err(failure);
  return ok(
    genuine.map(({ name, digest, size }) => ({
      file: name,
      week: weekOf(digest.madeAt),
      madeAt: digest.madeAt,
      size,
    })),
  );
}

async function readDigest(
  ports: SignaturePorts,
  keys: EvidenceKeys,
  { name, bytes }: DigestFile,
): Promise<Result<GenuineDigest, DigestFailure>> {
  const fail = (line: number | null, reason: DigestFailure['reason'], words: string) =>
    err({ file: name, line, seq: null, reason, words });
  const found = parseDigest(bytes);
  if (!found.ok) {
    if (found.error.code === 'no-digest') return fail(null, 'malformed', 'There is no digest in this text.');
    return fail(found.error.line, 'malformed', 'This line does not have the form of a digest.');
  }
  const { line, ...digest } = found.value;
  if (digest.site !== keys.site) {
    return fail(line + DIGEST_LINES.site, 'wrong-key', 'This is the digest of another site.');
  }
  if (digest.fingerprint !== keys.fingerprint) {
    const words = 'This digest is of other root keys than the bundle.';
    return fail(line + DIGEST_LINES.keys, 'wrong-key', words);
  }
  const origin = siteLogOrigin(keys.site);
  const rule = { origin, signers: keys.logKeys, cosigners: null };
  const note = await verifyNote(ports, rule, utf8(digest.note));
  if (!note.ok) return fail(line + DIGEST_LINES.note, note.error.reason, note.error.words);
  return ok({ name, digest, line, size: note.value.size, root: note.value.root });
}

/** Walks the site log once, past every size that a digest names. */
function compare(sha256: Sha256, files: Files, digests: readonly GenuineDigest[]): DigestFailure | null {
  const bySize = [...digests].sort((a, b) => a.size - b.size);
  let next = 0;
  let provenSize = 0;
  for (const state of walkSiteLog(sha256, files)) {
    for (let one = bySize[next]; one?.size === state.frontier.size; one = bySize[next]) {
      const failure = differenceOf(sha256, state, one, provenSize);
      if (failure !== null) return failure;
      provenSize = one.size;
      next += 1;
    }
  }
  const beyond = bySize[next];
  if (beyond === undefined) return null;
  const words = `This digest covers ${beyond.size} records of the site log, and the bundle ends before: it is older.`;
  return failureAt(beyond, DIGEST_LINES.note + 1, 'replayed', words);
}

const failureAt = (
  { name, line }: GenuineDigest,
  offset: number,
  reason: DigestFailure['reason'],
  words: string,
): DigestFailure => ({ file: name, line: line + offset, seq: null, reason, words });

function differenceOf(
  sha256: Sha256,
  state: SiteLogState,
  one: GenuineDigest,
  provenSize: number,
): DigestFailure | null {
  if (!equalBytes(frontierRoot(sha256, state.frontier), one.root)) {
    const words = `Between records ${provenSize} and ${one.size - 1} the site log of the bundle is not the one that this digest stands for.`;
    return failureAt(one, DIGEST_LINES.note + 2, 'inconsistent-with-digest', words);
  }
  for (const name of ['journals', 'records'] as const) {
    if (one.digest[name] === state[name]) continue;
    const words = `The site log counts other ${name} than this line.`;
    return failureAt(one, DIGEST_LINES[name], 'inconsistent-with-digest', words);
  }
  return null;
}

/** The site log of one size. */
interface SiteLogState extends DigestCounts {
  readonly frontier: Frontier;
}

function* walkSiteLog(sha256: Sha256, files: Files): Generator<SiteLogState> {
  let frontier = EMPTY_FRONTIER;
  let records = 0;
  const heads = new Map<string, number>();
  yield { frontier, journals: 0, records };
  for (const { bytes } of splitLines(contentOf(files, BUNDLE_PATHS.siteLog))) {
    const record = decodeSiteLogRecord(bytes);
    if (!record.ok) return;
    const { ty, x } = record.value;
    frontier = appendLeaf(sha256, frontier, leafHash(sha256, bytes));
    records += 1;
    if (ty === 'gateway.enrolled' || ty === 'journal.checkpointed') {
      const journal = `${x.gw}/${x.ep}`;
      const before = heads.get(journal) ?? 0;
      const size = ty === 'gateway.enrolled' ? before : Math.max(before, x.size);
      heads.set(journal, size);
      records += size - before;
    }
    yield { frontier, journals: heads.size, records };
  }
}

const contentOf = (files: Files, path: string): Uint8Array => files.get(path) ?? new Uint8Array();
