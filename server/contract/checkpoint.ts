import { concatBytes, decodeBase64, decodeUtf8, encodeBase64, equalBytes, utf8 } from './bytes.ts';
import type { Sha256 } from './merkle.ts';
import { err, ok, type Result } from './result.ts';

/** Signs with Ed25519; the key stays with the caller. */
export type SignEd25519 = (message: Uint8Array) => Uint8Array;

/** Verifies Ed25519; WebCrypto answers later, node:crypto at once. */
export type VerifyEd25519 = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => boolean | Promise<boolean>;

/** What a log says of itself at a moment. */
export interface Checkpoint {
  /** Names one log, e.g. `pemda.example/gw-ruang-server/1`. */
  readonly origin: string;
  /** Number of leaves. */
  readonly size: number;
  /** 32-byte root hash. */
  readonly root: Uint8Array;
}

/** One line under a note: who signed, with which key id, and the signature bytes that follow the key id. */
export interface NoteSignature {
  readonly name: string;
  readonly keyId: Uint8Array;
  readonly signature: Uint8Array;
}

/** A checkpoint with the signatures below it. */
export interface SignedCheckpoint {
  readonly checkpoint: Checkpoint;
  /** The very text that was signed, line end included. */
  readonly body: string;
  readonly signatures: readonly NoteSignature[];
}

/** Key types of signed notes: a log's own signature and a timestamped cosignature. */
export const NOTE_KEY_TYPES = { log: 0x01, cosignature: 0x04 } as const;

/** A public key under the name that signs with it. */
export interface NoteKey {
  readonly name: string;
  /** 32 bytes, Ed25519. */
  readonly publicKey: Uint8Array;
}

export type CheckpointError = 'malformed' | 'wrong-origin' | 'unsigned' | 'wrong-key';

/** Computes the 4-byte key id of a note key. @see C2SP signed-note */
export const noteKeyId = (
  sha256: Sha256,
  key: NoteKey,
  type: (typeof NOTE_KEY_TYPES)[keyof typeof NOTE_KEY_TYPES],
): Uint8Array => sha256(concatBytes(utf8(`${key.name}\n`), Uint8Array.of(type), key.publicKey)).slice(0, 4);

/** Writes the text that a checkpoint signature covers. @see C2SP tlog-checkpoint */
export const encodeCheckpointBody = (checkpoint: Checkpoint): string =>
  `${checkpoint.origin}\n${checkpoint.size}\n${encodeBase64(checkpoint.root)}\n`;

const signatureLine = (name: string, keyId: Uint8Array, signature: Uint8Array): string =>
  `\u2014 ${name} ${encodeBase64(concatBytes(keyId, signature))}\n`;

/** Signs a checkpoint as the log itself and returns the whole note. */
export function signCheckpoint(
  sha256: Sha256,
  checkpoint: Checkpoint,
  signer: NoteKey & { readonly sign: SignEd25519 },
): string {
  const body = encodeCheckpointBody(checkpoint);
  const keyId = noteKeyId(sha256, signer, NOTE_KEY_TYPES.log);
  return `${body}\n${signatureLine(signer.name, keyId, signer.sign(utf8(body)))}`;
}

const cosignedMessage = (body: string, atSeconds: number): Uint8Array =>
  utf8(`cosignature/v1\ntime ${atSeconds}\n${body}`);

/**
 * Adds a timestamped cosignature to a note. The caller must have verified and durably stored what it covers.
 * @param atSeconds time of signing in seconds since 1970
 * @see C2SP tlog-cosignature (cosignature/v1)
 */
export function cosignCheckpoint(
  sha256: Sha256,
  note: string,
  signer: NoteKey & { readonly sign: SignEd25519 },
  atSeconds: number,
): Result<string, CheckpointError> {
  const parsed = parseSignedCheckpoint(utf8(note));
  if (!parsed.ok) return parsed;
  const keyId = noteKeyId(sha256, signer, NOTE_KEY_TYPES.cosignature);
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, BigInt(atSeconds));
  const signature = signer.sign(cosignedMessage(parsed.value.body, atSeconds));
  return ok(`${note}${signatureLine(signer.name, keyId, concatBytes(time, signature))}`);
}

const noteForm =
  /^([^\n]+\n(?:0|[1-9][0-9]{0,15})\n[A-Za-z0-9+/]{43}=\n)\n((?:\u2014 \S+ [A-Za-z0-9+/=]+\n)+)$/;

/** Parses a signed checkpoint; nothing is verified yet. */
export function parseSignedCheckpoint(bytes: Uint8Array): Result<SignedCheckpoint, CheckpointError> {
  const text = decodeUtf8(bytes);
  const parts = text.ok ? noteForm.exec(text.value) : null;
  const body = parts?.[1];
  const lines = parts?.[2];
  if (body === undefined || lines === undefined) return err('malformed');
  const [origin = '', size = '', root = ''] = body.split('\n');
  const rootBytes = decodeBase64(root);
  if (!rootBytes.ok) return err('malformed');
  const signatures: NoteSignature[] = [];
  for (const line of lines.trimEnd().split('\n')) {
    const [, name = '', encoded = ''] = line.split(' ');
    const signature = decodeBase64(encoded);
    if (!signature.ok || signature.value.length < 5) return err('malformed');
    signatures.push({ name, keyId: signature.value.slice(0, 4), signature: signature.value.slice(4) });
  }
  const checkpoint: Checkpoint = { origin, size: Number(size), root: rootBytes.value };
  return Number.isSafeInteger(checkpoint.size) ? ok({ checkpoint, body, signatures }) : err('malformed');
}

/**
 * Verifies the log's own signature on a checkpoint. Lines by unknown keys are ignored; a bad line by the known
 * key rejects the note.
 * @see C2SP signed-note; rule C6
 */
export async function verifyCheckpoint(
  ports: { readonly sha256: Sha256; readonly verify: VerifyEd25519 },
  note: SignedCheckpoint,
  key: NoteKey,
  origin: string,
): Promise<Result<Checkpoint, CheckpointError>> {
  if (note.checkpoint.origin !== origin) return err('wrong-origin');
  const keyId = noteKeyId(ports.sha256, key, NOTE_KEY_TYPES.log);
  const own = note.signatures.filter((line) => line.name === key.name);
  if (own.length === 0) return err('unsigned');
  const lines = own.filter((line) => equalBytes(line.keyId, keyId));
  if (lines.length === 0) return err('wrong-key');
  for (const line of lines) {
    if (!(await ports.verify(key.publicKey, utf8(note.body), line.signature))) return err('wrong-key');
  }
  return ok(note.checkpoint);
}

/**
 * Verifies a cosignature on a checkpoint and returns when it was made, in seconds since 1970.
 * @see C2SP tlog-cosignature
 */
export async function verifyCosignature(
  ports: { readonly sha256: Sha256; readonly verify: VerifyEd25519 },
  note: SignedCheckpoint,
  key: NoteKey,
): Promise<Result<number, CheckpointError>> {
  const keyId = noteKeyId(ports.sha256, key, NOTE_KEY_TYPES.cosignature);
  const line = note.signatures.find((each) => each.name === key.name && equalBytes(each.keyId, keyId));
  if (line === undefined) return err('unsigned');
  if (line.signature.length !== 72) return err('malformed');
  const time = new DataView(line.signature.buffer, line.signature.byteOffset, 8).getBigUint64(0);
  if (time > BigInt(Number.MAX_SAFE_INTEGER)) return err('malformed');
  const atSeconds = Number(time);
  const isGenuine = await ports.verify(
    key.publicKey,
    cosignedMessage(note.body, atSeconds),
    line.signature.slice(8),
  );
  return isGenuine ? ok(atSeconds) : err('wrong-key');
}
