import { verifyEvidenceKeys, type EvidenceKeys } from './bundle-keys.ts';
import type { ProofPorts } from './bundle.ts';
import type { Misfit } from './bundle-failure.ts';
import {
  BUNDLE_PATHS,
  encodeOpening,
  journalCheckpointsPath,
  journalPath,
  parseOpening,
  parseRootChain,
  splitCheckpoints,
  splitLines,
  type FilePart,
} from './bundle-format.ts';
import { concatBytes, decodeBase64, decodeBase64Url, decodeUtf8, encodeBase64, utf8 } from './bytes.ts';
import { canonicalText, decodeCanonical, type CanonicalValue } from './canonical.ts';
import { parseSignedCheckpoint } from './checkpoint.ts';
import { doesOpen, type Opening } from './commitment.ts';
import { verifyNote, type CheckpointRule, type GenuineCheckpoint } from './log-checkpoints.ts';
import { inclusionProof, isIncluded, leafHash, type Sha256 } from './merkle.ts';
import {
  COMMITTED_FIELDS,
  decodeRecord,
  idSchema,
  journalNoteKey,
  journalOrigin,
  siteLogOrigin,
  type JournalRecord,
} from './record.ts';
import { rootDocumentSchema, type RootDocument } from './root-document.ts';
import { err, ok, type Result } from './result.ts';
import { decodeSiteLogRecord, type SiteLogRecord } from './site-log.ts';

/** First line of an event proof. */
export const EVENT_PROOF_FORMAT = 'palang-event-proof/1';

/** First line of the inclusion proofs in it. @see C2SP tlog-proof */
const TLOG_PROOF_FORMAT = 'c2sp.org/tlog-proof@v1';

const SEPARATOR = utf8('---\n');

/** One event: a record of a journal. */
export interface EventPlace {
  readonly gateway: string;
  readonly epoch: number;
  readonly seq: number;
}

/** Decodes the id of an event, `GATEWAY/EPOCH/NUMBER`; null for anything else. */
export function decodeEventId(text: string): EventPlace | null {
  const [, gateway, epoch, seq] = /^([^/]+)\/([1-9][0-9]{0,14})\/(0|[1-9][0-9]{0,14})$/.exec(text) ?? [];
  if (gateway === undefined || !idSchema.safeParse(gateway).success) return null;
  return { gateway, epoch: Number(epoch), seq: Number(seq) };
}

type Files = ReadonlyMap<string, Uint8Array>;

export type ProveError =
  /** The bundle does not hold this record. */
  | 'no-such-event'
  /** The bundle is one that does not verify. */
  | 'not-provable';

/**
 * Writes the proof of one event from a bundle that verifies: what a verifier needs for this record and nothing of
 * any other.
 * @param options `hasOpenings` gives along what its commitments stand for
 * @see rule C29
 */
export function encodeEventProof(
  sha256: Sha256,
  files: Files,
  place: EventPlace,
  options: { readonly hasOpenings: boolean },
): Result<Uint8Array, ProveError> {
  const path = journalPath(place.gateway, place.epoch);
  const records = linesOf(files, path);
  const record = records[place.seq];
  if (record === undefined) return err('no-such-event');
  const siteRecords = linesOf(files, BUNDLE_PATHS.siteLog);
  const enrolled = siteRecords.findIndex((bytes) => {
    const { ty, x } = decodeSite(bytes) ?? {};
    return ty === 'gateway.enrolled' && x?.gw === place.gateway && x.ep === place.epoch;
  });
  const enrolment = siteRecords[enrolled];
  const chain = parseRootChain(files.get(BUNDLE_PATHS.root) ?? new Uint8Array());
  const notes = files.get(journalCheckpointsPath(place.gateway, place.epoch));
  const inJournal = encodeTlogProof(sha256, records, place.seq, notes);
  const inSiteLog = encodeTlogProof(sha256, siteRecords, enrolled, files.get(BUNDLE_PATHS.siteCheckpoints));
  if (enrolment === undefined || !chain.ok || inJournal === null || inSiteLog === null) {
    return err('not-provable');
  }
  const openings = options.hasOpenings ? openingsOf(files, place) : [];
  const parts = [
    joinLines([utf8(EVENT_PROOF_FORMAT)]),
    joinLines([record, ...openings.map(encodeOpening)]),
    inJournal,
    joinLines([enrolment]),
    inSiteLog,
    joinLines(chain.value.map((document) => utf8(canonicalText(document as unknown as CanonicalValue)))),
  ];
  return ok(concatBytes(...parts.flatMap((part, index) => (index === 0 ? [part] : [SEPARATOR, part]))));
}

const linesOf = (files: Files, path: string): readonly Uint8Array[] =>
  Array.from(splitLines(files.get(path) ?? new Uint8Array()), (part) => part.bytes);

const joinLines = (lines: readonly Uint8Array[]): Uint8Array =>
  concatBytes(...lines.flatMap((line) => [line, Uint8Array.of(0x0a)]));

function decodeSite(bytes: Uint8Array): SiteLogRecord | null {
  const record = decodeSiteLogRecord(bytes);
  return record.ok ? record.value : null;
}

const isOf = (place: EventPlace, opening: Opening): boolean =>
  opening.gw === place.gateway && opening.ep === place.epoch && opening.sq === place.seq;

const openingsOf = (files: Files, place: EventPlace): readonly Opening[] =>
  linesOf(files, BUNDLE_PATHS.openings)
    .map(parseOpening)
    .filter((opening) => opening !== null && isOf(place, opening)) as Opening[];

/** The first checkpoint that covers the record: of all of them it says best when the server had it. */
function encodeTlogProof(
  sha256: Sha256,
  records: readonly Uint8Array[],
  index: number,
  notes: Uint8Array | undefined,
): Uint8Array | null {
  for (const { bytes } of splitCheckpoints(notes ?? new Uint8Array())) {
    const note = parseSignedCheckpoint(bytes);
    if (!note.ok || note.value.checkpoint.size <= index || index < 0) continue;
    const leaves = records.slice(0, note.value.checkpoint.size).map((record) => leafHash(sha256, record));
    const hashes = inclusionProof(sha256, leaves, index);
    const lines = [TLOG_PROOF_FORMAT, `index ${index}`, ...hashes.map(encodeBase64), ''];
    return concatBytes(utf8(`${lines.join('\n')}\n`), bytes);
  }
  return null;
}

/** What an event proof that verifies says. */
export interface EventProofReport {
  readonly site: string;
  readonly fingerprint: string;
  readonly isSingleOfficial: boolean;
  readonly record: JournalRecord;
  /** Openings that were given along, all genuine. */
  readonly openings: readonly Opening[];
  /** Records that the signed checkpoint covers. */
  readonly size: number;
  /** When the server held the record at the latest, seconds since 1970. */
  readonly cosignedAtSeconds: number | null;
}

/** The first thing that fails in an event proof. */
export interface EventProofFailure extends Misfit {
  /** Line of the proof, from 1. */
  readonly line: number;
}

/** Tells an event proof from a bundle by its first line. */
export function isEventProof(bytes: Uint8Array): boolean {
  const text = decodeUtf8(bytes.subarray(0, EVENT_PROOF_FORMAT.length + 1));
  return text.ok && text.value === `${EVENT_PROOF_FORMAT}\n`;
}

/**
 * Verifies the proof of one event with what it holds; the fingerprint on paper decides whose it is.
 * @see rule C29
 */
export async function verifyEventProof(
  bytes: Uint8Array,
  ports: ProofPorts,
  options: { readonly rootFingerprint?: string } = {},
): Promise<Result<EventProofReport, EventProofFailure>> {
  const [head, records, inJournal, enrolments, inSiteLog, roots, ...more] = splitCheckpoints(bytes);
  if (
    roots === undefined ||
    more.length > 0 ||
    bytes.at(-1) !== 0x0a ||
    !isEventProof(head?.bytes ?? bytes) ||
    head?.bytes.length !== EVENT_PROOF_FORMAT.length + 1
  ) {
    return fail(1, { reason: 'malformed', words: 'It does not have the form of an event proof.' });
  }
  const keys = await verifyRoots(ports, roots, options);
  if (!keys.ok) return keys;
  const enrolment = await verifyEnrolment(ports, keys.value, enrolments, inSiteLog);
  if (!enrolment.ok) return enrolment;
  const event = await verifyEvent(ports, keys.value, enrolment.value, records, inJournal);
  if (!event.ok) return event;
  const { record, checkpoint } = event.value;
  const openings = verifyOpenings(ports, record, records);
  if (!openings.ok) return openings;
  const { site, fingerprint, isSingleOfficial } = keys.value;
  const { size, cosignedAtSeconds } = checkpoint;
  return ok({
    site,
    fingerprint,
    isSingleOfficial,
    record,
    openings: openings.value,
    size,
    cosignedAtSeconds,
  });
}

const fail = (line: number, misfit: Misfit): { readonly ok: false; readonly error: EventProofFailure } =>
  err({ line, ...misfit });

async function verifyRoots(
  ports: ProofPorts,
  part: FilePart,
  options: { readonly rootFingerprint?: string },
): Promise<Result<EvidenceKeys, EventProofFailure>> {
  const chain: RootDocument[] = [];
  for (const { line, bytes } of splitLines(part.bytes)) {
    const value = decodeCanonical(bytes);
    const document = rootDocumentSchema.safeParse(value.ok ? value.value : null);
    if (!document.success) {
      return fail(part.line + line - 1, { reason: 'malformed', words: 'This is not a root document.' });
    }
    chain.push(document.data);
  }
  const [first, ...rest] = chain;
  if (first === undefined) {
    return fail(part.line, { reason: 'malformed', words: 'The root documents are missing.' });
  }
  const keys = await verifyEvidenceKeys(ports, [first, ...rest], options);
  return keys.ok ? keys : fail(part.line, keys.error);
}

interface Enrolment {
  readonly gateway: string;
  readonly epoch: number;
  readonly key: Uint8Array;
}

/** The key of a gateway counts only because the site log, which the server signs, says that it was enrolled. */
async function verifyEnrolment(
  ports: ProofPorts,
  { site, logKeys }: EvidenceKeys,
  part: FilePart | undefined,
  proof: FilePart | undefined,
): Promise<Result<Enrolment, EventProofFailure>> {
  const [only, ...others] = splitLines(part?.bytes ?? new Uint8Array());
  const record = only === undefined || others.length > 0 ? null : decodeSite(only.bytes);
  const line = part?.line ?? 1;
  if (only === undefined || record?.site !== site) {
    return fail(line, { reason: 'changed', words: 'This is not a record of the site log.' });
  }
  const key = record.ty === 'gateway.enrolled' ? decodeBase64Url(record.x.key) : null;
  if (record.ty !== 'gateway.enrolled' || key?.ok !== true) {
    return fail(line, { reason: 'inconsistent', words: 'It names no key of a gateway.' });
  }
  const rule = { origin: siteLogOrigin(site), signers: logKeys, cosigners: null };
  const found = await verifyInclusion(ports, rule, proof, { line, bytes: only.bytes, index: record.sq });
  return found.ok ? ok({ gateway: record.x.gw, epoch: record.x.ep, key: key.value }) : found;
}

async function verifyEvent(
  ports: ProofPorts,
  { site, logKeys }: EvidenceKeys,
  { gateway, epoch, key }: Enrolment,
  part: FilePart | undefined,
  proof: FilePart | undefined,
): Promise<
  Result<
    { readonly record: JournalRecord; readonly checkpoint: Omit<GenuineCheckpoint, 'line'> },
    EventProofFailure
  >
> {
  const [first] = splitLines(part?.bytes ?? new Uint8Array());
  const record = first === undefined ? null : decodeRecord(first.bytes);
  const line = part?.line ?? 1;
  if (first === undefined || record?.ok !== true) {
    return fail(line, { reason: 'changed', words: 'This is not a record.' });
  }
  if (record.value.gw !== gateway || record.value.ep !== epoch) {
    return fail(line, {
      reason: 'wrong-key',
      words: 'The key that was enrolled is that of another journal.',
    });
  }
  const rule = {
    origin: journalOrigin(site, gateway, epoch),
    signers: [journalNoteKey(site, gateway, epoch, key)],
    cosigners: logKeys,
  };
  const leaf = { line, bytes: first.bytes, index: record.value.sq };
  const checkpoint = await verifyInclusion(ports, rule, proof, leaf);
  return checkpoint.ok ? ok({ record: record.value, checkpoint: checkpoint.value }) : checkpoint;
}

interface TlogProof {
  readonly index: number;
  readonly hashes: readonly Uint8Array[];
  readonly note: Uint8Array;
  /** Line of the note in the part, from 1. */
  readonly noteLine: number;
}

/** Parses a C2SP tlog-proof without `extra`; nothing is verified yet. */
function parseTlogProof(bytes: Uint8Array): TlogProof | null {
  const text = decodeUtf8(bytes);
  if (!text.ok) return null;
  const [, index, lines = '', note = ''] =
    /^c2sp\.org\/tlog-proof@v1\nindex (0|[1-9][0-9]{0,15})\n((?:[^\n]+\n)*)\n([^]*)$/.exec(text.value) ?? [];
  if (index === undefined || !Number.isSafeInteger(Number(index))) return null;
  const hashes: Uint8Array[] = [];
  for (const line of lines.split('\n').slice(0, -1)) {
    const hash = decodeBase64(line);
    if (!hash.ok || hash.value.length !== 32) return null;
    hashes.push(hash.value);
  }
  return { index: Number(index), hashes, note: utf8(note), noteLine: hashes.length + 4 };
}

async function verifyInclusion(
  ports: ProofPorts,
  rule: Omit<CheckpointRule, 'file'>,
  part: FilePart | undefined,
  leaf: { readonly line: number; readonly bytes: Uint8Array; readonly index: number },
): Promise<Result<Omit<GenuineCheckpoint, 'line'>, EventProofFailure>> {
  const line = part?.line ?? 1;
  const proof = part === undefined ? null : parseTlogProof(part.bytes);
  // The note is a part of the form of the proof, so the proof is named where it is none.
  if (proof === null || !parseSignedCheckpoint(proof.note).ok) {
    return fail(line, { reason: 'malformed', words: 'This is not an inclusion proof.' });
  }
  const checkpoint = await verifyNote(ports, rule, proof.note);
  if (!checkpoint.ok) return fail(line + proof.noteLine - 1, checkpoint.error);
  if (proof.index !== leaf.index) {
    return fail(line + 1, { reason: 'changed', words: `The record carries the number ${leaf.index}.` });
  }
  const { size, root } = checkpoint.value;
  const claim = { index: proof.index, size, leaf: leafHash(ports.sha256, leaf.bytes), root };
  if (isIncluded(ports.sha256, claim, proof.hashes)) return checkpoint;
  return fail(leaf.line, { reason: 'changed', words: 'It is not the record that was signed.' });
}

function verifyOpenings(
  ports: ProofPorts,
  record: JournalRecord,
  part: FilePart | undefined,
): Result<readonly Opening[], EventProofFailure> {
  const place = { gateway: record.gw, epoch: record.ep, seq: record.sq };
  const openings: Opening[] = [];
  let lastOrder = -1;
  for (const { line: lineInPart, bytes } of splitLines(part?.bytes ?? new Uint8Array())) {
    if (lineInPart === 1) continue;
    const line = (part?.line ?? 1) + lineInPart - 1;
    const opening = parseOpening(bytes);
    if (opening === null) return fail(line, { reason: 'changed', words: 'This is not an opening.' });
    const commitment = record.c?.[opening.field];
    const order = COMMITTED_FIELDS.indexOf(opening.field);
    if (!isOf(place, opening) || commitment === undefined || order <= lastOrder) {
      return fail(line, {
        reason: 'inserted',
        words: 'No commitment of this record waits for this opening.',
      });
    }
    if (!doesOpen(ports.hmac, opening, commitment)) {
      const words = `It does not open the commitment to ${opening.field}.`;
      return fail(line, { reason: 'opening-mismatch', words });
    }
    lastOrder = order;
    openings.push(opening);
  }
  return ok(openings);
}
