import type { BundleFailure, BundleReason, Finding } from './bundle-failure.ts';
import {
  BUNDLE_PATHS,
  compareJournals,
  decodeJournalPath,
  journalCheckpointsPath,
  journalPath,
  parseBundleIndex,
  parseRootChain,
  splitLines,
  type BundleCounts,
  type BundleIndex,
  type BundlePeriod,
  type JournalId,
} from './bundle-format.ts';
import { decodeBase64Url, encodeBase64, encodeBase64Url, encodeHex, equalBytes } from './bytes.ts';
import { verifyEvidenceKeys, type EvidenceKeys } from './bundle-keys.ts';
import type { VerifyEd25519 } from './checkpoint.ts';
import type { HmacSha256 } from './commitment.ts';
import { EpochWalk } from './epoch-walk.ts';
import { ErasedJournal } from './erasure.ts';
import { verifyCheckpoints, type CheckpointRule, type GenuineCheckpoint } from './log-checkpoints.ts';
import { walkLog, type Linked } from './log-walk.ts';
import { frontierRoot, type Frontier, type Sha256 } from './merkle.ts';
import { OpeningWalk } from './opening-walk.ts';
import {
  COMMITTED_FIELDS,
  decodeRecord,
  journalNoteKey,
  journalOrigin,
  siteLogOrigin,
  type JournalRecord,
} from './record.ts';
import { rootHash, type RootDocument } from './root-document.ts';
import { err, ok, type Result } from './result.ts';
import { decodeSiteLogRecord, type SiteLogRecord } from './site-log.ts';
import { TrustWalk, type TrustReport } from './trust-walk.ts';
import type { VerifyEs256 } from './webauthn.ts';

/** One log of a bundle that verifies. */
export interface LogReport {
  readonly origin: string;
  /** Records. */
  readonly size: number;
  /** Root over all of them, base64. */
  readonly root: string;
  /** Public key that signed the newest checkpoint, base64url; null for a log without one. */
  readonly signedBy: string | null;
  readonly checkpoints: number;
  /** When the server cosigned the newest checkpoint, seconds since 1970; null for the site log itself. */
  readonly cosignedAtSeconds: number | null;
}

/** What a bundle that verifies holds. */
export interface BundleReport extends TrustReport {
  readonly site: string;
  readonly period: BundlePeriod | null;
  readonly tool: string;
  readonly createdAt: string;
  /** Fingerprint of the first root document: to be compared with the paper. */
  readonly fingerprint: string;
  /** True where one official holds the root key alone. */
  readonly isSingleOfficial: boolean;
  readonly counts: BundleCounts;
  /** Commitments that nobody can open any more, each of them recorded as erased. */
  readonly erased: number;
  /** The site log first, then the journals by gateway and epoch. */
  readonly logs: readonly LogReport[];
}

/** Whether a bundle verifies. */
export type BundleVerdict = Result<BundleReport, BundleFailure>;

/** Cryptography, handed in by the caller: the same code runs at the server, in the program and in a browser. */
export interface ProofPorts {
  readonly sha256: Sha256;
  readonly hmac: HmacSha256;
  readonly verify: VerifyEd25519;
}

/** The same, and what verifies the passkeys of approvers. */
export interface BundlePorts extends ProofPorts {
  readonly verifyEs256: VerifyEs256;
}

export interface BundleOptions {
  /** The fingerprint on paper; spaces, colons and case do not matter. */
  readonly rootFingerprint?: string;
  /** Called now and then; a promise is awaited, so that a page can paint. */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void | Promise<void>;
}

type Files = ReadonlyMap<string, Uint8Array>;

/** What the parts of one verification share. */
interface Verification {
  readonly files: Files;
  readonly ports: BundlePorts;
  readonly index: BundleIndex;
  readonly chain: readonly [RootDocument, ...RootDocument[]];
  readonly keys: EvidenceKeys;
  readonly trust: TrustWalk;
  readonly epochs: EpochWalk;
  readonly onBytes: (count: number) => void | Promise<void>;
}

/** What the site log says of one journal. */
interface JournalClaims {
  readonly id: JournalId;
  key: Uint8Array | null;
  readonly heads: { readonly line: number; readonly size: number; readonly root: string }[];
  /** What of it is recorded as erased. */
  readonly erased: ErasedJournal;
}

interface VerifiedLog {
  readonly report: LogReport;
  readonly checkpoints: readonly GenuineCheckpoint[];
}

const fail = (
  file: string,
  reason: BundleReason,
  words: string,
  line: number | null = null,
  seq: number | null = null,
): { readonly ok: false; readonly error: BundleFailure } => err({ file, line, seq, reason, words });

/** Content of a file that is known to be there. */
const contentOf = (files: Files, path: string): Uint8Array => files.get(path) ?? new Uint8Array();

/**
 * Verifies a whole evidence bundle without a server and without trust in who made it, in time linear in its size.
 * The hashes of `bundle.json` come last, so that a damaged record is named before its file is.
 * @param files content by path
 * @returns what it holds, or the first failure
 * @see rules C12 to C18
 */
export async function verifyBundle(
  files: Files,
  ports: BundlePorts,
  options: BundleOptions = {},
): Promise<BundleVerdict> {
  const begun = await begin(files, ports, options);
  if (!begun.ok) return begun;
  const verification = begun.value;
  const { index, keys } = verification;

  const siteLog = await verifySiteLog(verification);
  if (!siteLog.ok) return siteLog;
  const logs: LogReport[] = [siteLog.value.log.report];
  const openings = new OpeningWalk(ports.hmac, contentOf(files, BUNDLE_PATHS.openings));
  for (const id of journalsOf(files)) {
    const claims = siteLog.value.claims.get(journalPath(id.gateway, id.epoch));
    const log = await verifyJournal(verification, id, claims);
    if (!log.ok) return log;
    logs.push(log.value.report);
    const keyOf = (epoch: number): Uint8Array | null =>
      siteLog.value.claims.get(journalPath(id.gateway, epoch))?.key ?? null;
    const misfit = await verification.epochs.misfitOf(id, keyOf(id.epoch) ?? new Uint8Array(), keyOf);
    if (misfit !== null) return err({ file: journalPath(id.gateway, id.epoch), line: 1, seq: 0, ...misfit });
    const finding = await checkOpenings(verification, id, claims?.erased ?? new ErasedJournal(), openings);
    if (finding !== null) return err(finding);
  }
  const rest =
    openings.finish() ??
    findMissingJournal(files, siteLog.value.claims) ??
    findWrongErasure(siteLog.value.claims);
  if (rest !== null) return err(rest);

  const counts: BundleCounts = {
    logs: logs.length,
    records: logs.reduce((sum, log) => sum + log.size, 0),
    checkpoints: logs.reduce((sum, log) => sum + log.checkpoints, 0),
    openings: openings.count,
  };
  const finding = checkIndex(verification, counts);
  if (finding !== null) return err(finding);
  return ok({
    site: index.site,
    period: index.period,
    tool: index.tool,
    createdAt: index.createdAt,
    fingerprint: keys.fingerprint,
    isSingleOfficial: keys.isSingleOfficial,
    counts,
    erased: Array.from(siteLog.value.claims.values()).reduce((sum, { erased }) => sum + erased.count, 0),
    ...verification.trust.report(),
    logs,
  });
}

/** Reads `bundle.json` and the root keys, and checks that the files are those that should be there. */
async function begin(
  files: Files,
  ports: BundlePorts,
  options: BundleOptions,
): Promise<Result<Verification, BundleFailure>> {
  const indexBytes = files.get(BUNDLE_PATHS.index);
  if (indexBytes === undefined) return fail(BUNDLE_PATHS.index, 'file-missing', 'This file is not there.');
  const index = parseBundleIndex(ports.sha256, indexBytes);
  if (!index.ok) {
    const words =
      index.error === 'changed'
        ? 'It does not fit its own digest.'
        : 'It does not have the form of a bundle.';
    return fail(BUNDLE_PATHS.index, index.error, words);
  }
  const misplaced = checkFileSet(files, index.value);
  if (misplaced !== null) return err(misplaced);

  const chain = parseRootChain(contentOf(files, BUNDLE_PATHS.root));
  if (!chain.ok) return fail(BUNDLE_PATHS.root, chain.error, 'It is not a chain of root documents.');
  const { rootFingerprint: fingerprint } = options;
  const keys = await verifyEvidenceKeys(ports, chain.value, {
    site: index.value.site,
    ...(fingerprint === undefined ? {} : { rootFingerprint: fingerprint }),
  });
  if (!keys.ok) return fail(BUNDLE_PATHS.root, keys.error.reason, keys.error.words);

  const totalBytes = Array.from(files.values()).reduce((sum, bytes) => sum + bytes.length, 0);
  let doneBytes = 0;
  const onBytes = (count: number): void | Promise<void> => {
    doneBytes += count;
    return options.onProgress?.(doneBytes, totalBytes);
  };
  return ok({
    files,
    ports,
    index: index.value,
    chain: chain.value,
    keys: keys.value,
    trust: new TrustWalk(ports, chain.value),
    epochs: new EpochWalk(ports, files),
    onBytes,
  });
}

/** Checks that exactly the files of `bundle.json` are there, and that each has a place in a bundle. */
function checkFileSet(files: Files, index: BundleIndex): Finding {
  const listed = new Set(Object.keys(index.files));
  const wanted = new Set<string>([
    BUNDLE_PATHS.root,
    BUNDLE_PATHS.siteLog,
    BUNDLE_PATHS.siteCheckpoints,
    BUNDLE_PATHS.openings,
  ]);
  for (const path of listed) {
    const id = decodeJournalPath(path);
    if (id === null) continue;
    wanted.add(journalPath(id.gateway, id.epoch)).add(journalCheckpointsPath(id.gateway, id.epoch));
  }
  for (const path of [...wanted, ...listed]) {
    if (!files.has(path))
      return { ...noFile(path), reason: 'file-missing', words: 'This file is not there.' };
  }
  for (const path of files.keys()) {
    if (path === BUNDLE_PATHS.index || (listed.has(path) && wanted.has(path))) continue;
    return { ...noFile(path), reason: 'file-unexpected', words: 'This file does not belong to the bundle.' };
  }
  return null;
}

const noFile = (file: string) => ({ file, line: null, seq: null }) as const;

function journalsOf(files: Files): readonly JournalId[] {
  const ids: JournalId[] = [];
  for (const path of files.keys()) {
    const id = decodeJournalPath(path);
    if (id !== null && path === journalPath(id.gateway, id.epoch)) ids.push(id);
  }
  return ids.sort(compareJournals);
}

async function verifyLog(
  verification: Verification,
  rule: CheckpointRule,
  file: string,
  read: (bytes: Uint8Array) => Linked | null,
): Promise<Result<VerifiedLog, BundleFailure>> {
  const { files, ports, onBytes } = verification;
  const notes = contentOf(files, rule.file);
  const checkpoints = await verifyCheckpoints(ports, rule, notes);
  if (!checkpoints.ok) return checkpoints;
  await onBytes(notes.length);
  const reader = { file, sha256: ports.sha256, read, checkpoints: checkpoints.value, onBytes };
  const whole = await walkLog(reader, contentOf(files, file));
  if (!whole.ok) return whole;
  return ok({
    report: reportOf(ports.sha256, rule.origin, whole.value, checkpoints.value),
    checkpoints: checkpoints.value,
  });
}

function reportOf(
  sha256: Sha256,
  origin: string,
  whole: Frontier,
  checkpoints: readonly GenuineCheckpoint[],
): LogReport {
  const newest = checkpoints.at(-1);
  return {
    origin,
    size: whole.size,
    root: encodeBase64(frontierRoot(sha256, whole)),
    signedBy: newest === undefined ? null : encodeBase64Url(newest.signer.publicKey),
    checkpoints: checkpoints.length,
    cosignedAtSeconds: newest?.cosignedAtSeconds ?? null,
  };
}

type ClaimsByPath = ReadonlyMap<string, JournalClaims>;

async function verifySiteLog(
  verification: Verification,
): Promise<Result<{ readonly log: VerifiedLog; readonly claims: ClaimsByPath }, BundleFailure>> {
  const { files, index, keys } = verification;
  const rule: CheckpointRule = {
    file: BUNDLE_PATHS.siteCheckpoints,
    origin: siteLogOrigin(index.site),
    signers: keys.logKeys,
    cosigners: null,
  };
  const read = (bytes: Uint8Array): SiteLogRecord | null => {
    const record = decodeSiteLogRecord(bytes);
    return record.ok && record.value.site === index.site ? record.value : null;
  };
  const log = await verifyLog(verification, rule, BUNDLE_PATHS.siteLog, read);
  if (!log.ok) return log;
  const claims = new Map<string, JournalClaims>();
  for (const { bytes, line } of splitLines(contentOf(files, BUNDLE_PATHS.siteLog))) {
    const record = read(bytes);
    const words = record === null ? null : noteClaim(verification, claims, record, line);
    if (words !== null) return fail(BUNDLE_PATHS.siteLog, 'inconsistent', words, line, line - 1);
    if (record !== null) verification.epochs.takeSiteRecord(record);
    const misfit = record === null ? null : await verification.trust.takeSiteRecord(record);
    if (misfit !== null) return fail(BUNDLE_PATHS.siteLog, misfit.reason, misfit.words, line, line - 1);
  }
  return ok({ log: log.value, claims });
}

/** The claims of a journal, empty ones where nothing was said of it yet. */
function claimsOf(claims: Map<string, JournalClaims>, id: JournalId): JournalClaims {
  const path = journalPath(id.gateway, id.epoch);
  const known = claims.get(path) ?? { id, key: null, heads: [], erased: new ErasedJournal() };
  claims.set(path, known);
  return known;
}

/** Remembers what a site log record says of a journal; answers with words where it contradicts what is known. */
function noteClaim(
  { ports, chain }: Verification,
  claims: Map<string, JournalClaims>,
  record: SiteLogRecord,
  line: number,
): string | null {
  if (record.ty === 'site.opened') {
    const isKnown = chain.some((document) => rootHash(ports.sha256, document.root) === record.x.root);
    return isKnown ? null : 'The site was opened under a root document that is not in the chain.';
  }
  if (record.ty === 'privacy.erased' || record.ty === 'retention.destroyed') {
    const { at, n } = record.x;
    const isWhole = at.reduce((sum, each) => sum + each.n, 0) === n;
    const isNew = at.every((each) => {
      const { heads, erased } = claimsOf(claims, { gateway: each.gw, epoch: each.ep });
      // What the server does not hold yet cannot be erased: else a record could be hidden before it is made.
      const held = heads.reduce((most, { size }) => Math.max(most, size), 0);
      return each.r.every(([, last]) => last < held) && erased.note(line, each);
    });
    return isWhole && isNew
      ? null
      : 'What it says was erased does not add up, was erased before, or is not there yet.';
  }
  if (record.ty !== 'gateway.enrolled' && record.ty !== 'journal.checkpointed') return null;
  const known = claimsOf(claims, { gateway: record.x.gw, epoch: record.x.ep });
  if (record.ty === 'journal.checkpointed') {
    known.heads.push({ line, size: record.x.size, root: record.x.root });
    return null;
  }
  const key = decodeBase64Url(record.x.key);
  if (!key.ok) return 'This key is not a key.';
  if (known.key !== null && !equalBytes(known.key, key.value)) return 'One epoch is given two keys.';
  known.key = key.value;
  return null;
}

async function verifyJournal(
  verification: Verification,
  id: JournalId,
  claims: JournalClaims | undefined,
): Promise<Result<VerifiedLog, BundleFailure>> {
  const { index, keys } = verification;
  const file = journalPath(id.gateway, id.epoch);
  if (claims === undefined || claims.key === null) {
    return fail(file, 'wrong-key', 'The site log names no key for this journal.', 1, 0);
  }
  const rule: CheckpointRule = {
    file: journalCheckpointsPath(id.gateway, id.epoch),
    origin: journalOrigin(index.site, id.gateway, id.epoch),
    signers: [journalNoteKey(index.site, id.gateway, id.epoch, claims.key)],
    cosigners: keys.logKeys,
  };
  const log = await verifyLog(verification, rule, file, (bytes) => {
    const record = decodeRecord(bytes);
    if (!record.ok || record.value.gw !== id.gateway || record.value.ep !== id.epoch) return null;
    return record.value;
  });
  if (!log.ok) return log;
  const finding = checkHeads(file, rule.file, claims, log.value);
  return finding === null ? log : err(finding);
}

/** Holds a journal against what the site log says of it: a tail that is cut off together with its checkpoints shows. */
function checkHeads(file: string, notesFile: string, claims: JournalClaims, log: VerifiedLog): Finding {
  const bySize = new Map(log.checkpoints.map((checkpoint) => [checkpoint.size, checkpoint]));
  for (const { line, size, root } of claims.heads) {
    if (size > log.report.size) {
      const words = `The server has acknowledged ${size} records, and the file ends before.`;
      return { file, line: log.report.size + 1, seq: log.report.size, reason: 'removed', words };
    }
    const checkpoint = bySize.get(size);
    if (checkpoint === undefined) {
      const after = log.checkpoints.find((each) => each.size > size) ?? log.checkpoints.at(-1);
      const words = `The checkpoint of size ${size} that the server has acknowledged is not there.`;
      return { file: notesFile, line: after?.line ?? 1, seq: null, reason: 'removed', words };
    }
    if (encodeBase64Url(checkpoint.root) !== root) {
      const words = 'The server has acknowledged another root of this journal.';
      return { file: BUNDLE_PATHS.siteLog, line, seq: line - 1, reason: 'inconsistent', words };
    }
  }
  return null;
}

function findMissingJournal(files: Files, claims: ClaimsByPath): Finding {
  for (const [path, { heads }] of claims) {
    if (heads.length > 0 && !files.has(path)) {
      const words = 'The server has acknowledged records of this journal, and it is not there.';
      return { ...noFile(path), reason: 'file-missing', words };
    }
  }
  return null;
}

/** What cannot be opened must be what is recorded as erased, neither less nor more. */
function findWrongErasure(claims: ClaimsByPath): Finding {
  const misfits = Array.from(claims.values(), ({ erased }) => erased.misfit()).filter(
    (each) => each !== null,
  );
  const first = misfits.sort((a, b) => a.line - b.line)[0];
  if (first === undefined) return null;
  const { line, told, met } = first;
  const words = `It records ${told} commitments as erased, and the records that it names make ${met}.`;
  return { file: BUNDLE_PATHS.siteLog, line, seq: line - 1, reason: 'inconsistent', words };
}

const decoder = new TextDecoder();

/** Holds the commitments of a journal that has been verified against the openings, and against what was erased. */
async function checkOpenings(
  { files, index, trust, epochs, onBytes }: Verification,
  id: JournalId,
  erased: ErasedJournal,
  openings: OpeningWalk,
): Promise<Finding> {
  const from = index.period === null ? -Infinity : Date.parse(index.period.from);
  const until = index.period === null ? Infinity : Date.parse(index.period.until);
  for (const { bytes, line } of splitLines(contentOf(files, journalPath(id.gateway, id.epoch)))) {
    // The walk has shown that these bytes are a record; reading them plainly halves the time of the whole.
    const record = JSON.parse(decoder.decode(bytes)) as JournalRecord;
    const misfit = trust.takeRecord(record) ?? epochs.reclaimMisfit(record);
    if (misfit !== null) {
      return { file: journalPath(id.gateway, id.epoch), line, seq: record.sq, ...misfit };
    }
    if (record.c === undefined || erased.meet(record.sq, Object.keys(record.c).length)) continue;
    if (record.t < from || record.t >= until) continue;
    for (const field of COMMITTED_FIELDS) {
      const commitment = record.c[field];
      if (commitment === undefined) continue;
      const place = { gw: id.gateway, ep: id.epoch, sq: record.sq, field };
      const finding = openings.expect(place, commitment);
      if (finding !== null) return finding;
    }
    if (line % 1024 === 0) await onBytes(0);
  }
  return null;
}

function checkIndex({ files, ports, index }: Verification, counts: BundleCounts): Finding {
  for (const [path, digest] of Object.entries(index.files)) {
    if (encodeHex(ports.sha256(contentOf(files, path))) !== digest) {
      const words = 'Its bytes are not those that bundle.json was made with.';
      return { ...noFile(path), reason: 'changed', words };
    }
  }
  const names = ['logs', 'records', 'checkpoints', 'openings'] as const;
  const wrong = names.find((name) => index.counts[name] !== counts[name]);
  if (wrong === undefined) return null;
  const words = `It counts other ${wrong} than there are.`;
  return { ...noFile(BUNDLE_PATHS.index), reason: 'inconsistent', words };
}
