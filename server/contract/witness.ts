import { decodeBase64, decodeBase64Url, encodeBase64, encodeBase64Url, equalBytes, utf8 } from './bytes.ts';
import {
  parseSignedCheckpoint,
  verifyCheckpoint,
  type Checkpoint,
  type NoteKey,
  type VerifyEd25519,
} from './checkpoint.ts';
import { isConsistent, type Sha256 } from './merkle.ts';
import { err, ok, type Result } from './result.ts';

/** Path at which a witness takes checkpoints. @see C2SP tlog-witness */
export const WITNESS_PATH = '/add-checkpoint';

const nameForm = /^[a-z0-9](?:[a-z0-9./-]{0,126}[a-z0-9])?$/;

/** Tells whether a body may be called so in notes. */
export const isWitnessName = (name: string): boolean => nameForm.test(name);

/** Writes the public key of a witness as the one line that its body hands out. */
export const encodeWitnessKey = ({ name, publicKey }: NoteKey): string =>
  `palang-witness/1 ${name} ${encodeBase64Url(publicKey)}\n`;

/** Parses what encodeWitnessKey wrote; null where it is none. */
export function parseWitnessKey(text: string): NoteKey | null {
  const parts = /^palang-witness\/1 (\S+) ([A-Za-z0-9_-]{43})$/.exec(text.trim());
  const key = decodeBase64Url(parts?.[2] ?? '');
  const name = parts?.[1] ?? '';
  return key.ok && key.value.length === 32 && isWitnessName(name) ? { name, publicKey: key.value } : null;
}

/** What a log asks of a witness: that it goes on from what was witnessed last. */
export interface WitnessRequest {
  /** Size that was witnessed last; 0 for nothing. */
  readonly oldSize: number;
  /** Consistency proof from that size to the one of the note. */
  readonly proof: readonly Uint8Array[];
  /** The signed checkpoint. */
  readonly note: string;
}

/** Encodes the body of a request. @see C2SP tlog-witness */
export const encodeWitnessRequest = ({ oldSize, proof, note }: WitnessRequest): string =>
  [`old ${oldSize}`, ...proof.map(encodeBase64), '', note].join('\n');

const MOST_HASHES = 63;

/** Parses the body of a request; null where it is none. */
export function parseWitnessRequest(text: string): WitnessRequest | null {
  const end = text.indexOf('\n\n');
  const [first = '', ...lines] = text.slice(0, Math.max(0, end)).split('\n');
  const old = /^old (0|[1-9][0-9]{0,15})$/.exec(first)?.[1];
  if (end < 0 || old === undefined || lines.length > MOST_HASHES) return null;
  const proof: Uint8Array[] = [];
  for (const line of lines) {
    const hash = decodeBase64(line);
    if (!hash.ok || hash.value.length !== 32) return null;
    proof.push(hash.value);
  }
  return { oldSize: Number(old), proof, note: text.slice(end + 2) };
}

/** Why a witness does not sign. */
export type WitnessRefusal =
  /** By no key of this log, or of another log. */
  | 'unknown-log'
  | 'malformed'
  /** The caller does not know how far the witness is. */
  | 'another-size'
  /** Another history than the one that was witnessed. */
  | 'not-consistent';

/**
 * Judges a checkpoint by what was witnessed last. Who signs must store the result before the signature leaves.
 * @param held what was witnessed last; null for nothing
 * @param keys keys of the log, under its own name
 * @see rule C56
 */
export async function judgeWitnessed(
  ports: { readonly sha256: Sha256; readonly verify: VerifyEd25519 },
  log: { readonly origin: string; readonly keys: readonly NoteKey[] },
  held: Checkpoint | null,
  request: WitnessRequest,
): Promise<Result<Checkpoint, WitnessRefusal>> {
  const note = parseSignedCheckpoint(utf8(request.note));
  if (!note.ok) return err('malformed');
  const { checkpoint } = note.value;
  const verdicts = await Promise.all(
    log.keys.map((key) => verifyCheckpoint(ports, note.value, key, log.origin)),
  );
  if (!verdicts.some((verdict) => verdict.ok)) return err('unknown-log');
  if (request.oldSize !== (held?.size ?? 0)) return err('another-size');
  if (held === null) return request.proof.length === 0 ? ok(checkpoint) : err('malformed');
  if (checkpoint.size === held.size) {
    return equalBytes(checkpoint.root, held.root) ? ok(checkpoint) : err('not-consistent');
  }
  const claim = {
    oldSize: held.size,
    newSize: checkpoint.size,
    oldRoot: held.root,
    newRoot: checkpoint.root,
  };
  return isConsistent(ports.sha256, claim, request.proof) ? ok(checkpoint) : err('not-consistent');
}

const lineForm = /^\u2014 (\S+) [A-Za-z0-9+/=]+\n$/;

/** The name on a line that a witness answered with; null where it is no signature line. */
export const nameOnLine = (line: string): string | null => lineForm.exec(line)?.[1] ?? null;
