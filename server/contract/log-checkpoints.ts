import { splitCheckpoints } from './bundle-format.ts';
import type { BundleFailure, BundleReason, Misfit } from './bundle-failure.ts';
import { equalBytes } from './bytes.ts';
import {
  NOTE_KEY_TYPES,
  noteKeyId,
  parseSignedCheckpoint,
  verifyCheckpoint,
  verifyCosignature,
  type NoteKey,
  type SignedCheckpoint,
  type VerifyEd25519,
} from './checkpoint.ts';
import type { Sha256 } from './merkle.ts';
import { err, ok, type Result } from './result.ts';

/** What checking signatures takes. */
export interface SignaturePorts {
  readonly sha256: Sha256;
  readonly verify: VerifyEd25519;
}

/** A checkpoint whose signatures hold. */
export interface GenuineCheckpoint {
  /** First line of the note in its file, from 1. */
  readonly line: number;
  readonly size: number;
  readonly root: Uint8Array;
  readonly signer: NoteKey;
  /** Seconds since 1970; null where no cosignature is asked for. */
  readonly cosignedAtSeconds: number | null;
}

/** Which checkpoints count for a log. */
export interface CheckpointRule {
  readonly file: string;
  readonly origin: string;
  /** Keys that may sign as the log; one of them is enough. */
  readonly signers: readonly NoteKey[];
  /** Keys one of which must have cosigned; null where no cosignature is asked for. */
  readonly cosigners: readonly NoteKey[] | null;
}

/**
 * Reads a file of signed checkpoints: every one genuine, sizes rising.
 * @see rule C13
 */
export async function verifyCheckpoints(
  ports: SignaturePorts,
  rule: CheckpointRule,
  bytes: Uint8Array,
): Promise<Result<readonly GenuineCheckpoint[], BundleFailure>> {
  const genuine: GenuineCheckpoint[] = [];
  const sizes = new Set<number>();
  for (const part of splitCheckpoints(bytes)) {
    const fail = (reason: BundleReason, words: string) =>
      err({ file: rule.file, line: part.line, seq: null, reason, words });
    const note = await verifyNote(ports, rule, part.bytes);
    if (!note.ok) return fail(note.error.reason, note.error.words);
    const { size } = note.value;
    if (size === 0 && !equalBytes(note.value.root, ports.sha256(new Uint8Array()))) {
      return fail('inconsistent', 'The root of a log without records can only be one.');
    }
    if (sizes.has(size)) return fail('inserted', 'A checkpoint of this size stands here already.');
    if (size < (genuine.at(-1)?.size ?? 0))
      return fail('reordered', 'A larger checkpoint stands before this one.');
    sizes.add(size);
    genuine.push({ ...note.value, line: part.line });
  }
  return ok(genuine);
}

/**
 * Verifies one note as a checkpoint of this log, by the keys of the rule.
 * @see rules C6, C13, C20
 */
export async function verifyNote(
  ports: SignaturePorts,
  rule: Omit<CheckpointRule, 'file'>,
  bytes: Uint8Array,
): Promise<Result<Omit<GenuineCheckpoint, 'line'>, Misfit>> {
  const note = parseSignedCheckpoint(bytes);
  if (!note.ok) return err({ reason: 'malformed', words: 'This is not a signed checkpoint.' });
  const { origin, size, root } = note.value.checkpoint;
  if (origin !== rule.origin) return err({ reason: 'changed', words: 'This checkpoint names another log.' });
  const signer = await findSigner(ports, note.value, rule);
  if (!signer.ok) return err({ reason: signer.error, words: SIGNATURE_WORDS[signer.error] });
  const cosigned = await findCosignature(ports, note.value, rule);
  if (!cosigned.ok) return err({ reason: cosigned.error, words: COSIGNATURE_WORDS[cosigned.error] });
  return ok({ size, root, signer: signer.value, cosignedAtSeconds: cosigned.value });
}

type SignatureFailure = 'changed' | 'wrong-key' | 'unsigned';

const SIGNATURE_WORDS: Readonly<Record<SignatureFailure, string>> = {
  changed: 'The signature of the log does not fit this checkpoint.',
  'wrong-key': 'The log has signed with a key that it was never given.',
  unsigned: 'The log has not signed this checkpoint.',
};

const COSIGNATURE_WORDS: Readonly<Record<SignatureFailure, string>> = {
  changed: 'The cosignature of the server does not fit this checkpoint.',
  'wrong-key': 'The cosignature is by a key that is not one of the server.',
  unsigned: 'The server has not cosigned this checkpoint.',
};

async function findSigner(
  ports: SignaturePorts,
  note: SignedCheckpoint,
  rule: Omit<CheckpointRule, 'file'>,
): Promise<Result<NoteKey, SignatureFailure>> {
  for (const key of rule.signers) {
    const verified = await verifyCheckpoint(ports, note, key, rule.origin);
    if (verified.ok) return ok(key);
  }
  return err(signatureFailure(ports.sha256, note, rule.signers, NOTE_KEY_TYPES.log));
}

async function findCosignature(
  ports: SignaturePorts,
  note: SignedCheckpoint,
  rule: Omit<CheckpointRule, 'file'>,
): Promise<Result<number | null, SignatureFailure>> {
  if (rule.cosigners === null) return ok(null);
  for (const key of rule.cosigners) {
    const verified = await verifyCosignature(ports, note, key);
    if (verified.ok) return verified;
  }
  return err(signatureFailure(ports.sha256, note, rule.cosigners, NOTE_KEY_TYPES.cosignature));
}

/** A line with a known key id that fails was damaged; one with a known name only is by another key. */
function signatureFailure(
  sha256: Sha256,
  note: SignedCheckpoint,
  keys: readonly NoteKey[],
  type: (typeof NOTE_KEY_TYPES)[keyof typeof NOTE_KEY_TYPES],
): SignatureFailure {
  const named = note.signatures.filter((line) => keys.some((key) => key.name === line.name));
  if (named.length === 0) return 'unsigned';
  const ids = keys.map((key) => noteKeyId(sha256, key, type));
  return named.some((line) => ids.some((id) => equalBytes(id, line.keyId))) ? 'changed' : 'wrong-key';
}
