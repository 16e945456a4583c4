import type { BundleFailure } from './bundle-failure.ts';
import { BUNDLE_PATHS, splitCheckpoints } from './bundle-format.ts';
import { parseSignedCheckpoint, verifyCosignature, type NoteKey } from './checkpoint.ts';
import type { SignaturePorts } from './log-checkpoints.ts';
import { err, ok, type Result } from './result.ts';

/** What a witness has signed of a site log. */
export interface Witnessed {
  readonly name: string;
  /** Records of the site log that it stands for. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly atSeconds: number;
}

/**
 * Finds the newest head of the site log that a witness has signed, in a bundle that verifies by itself.
 * @returns that, or a failure: a line under its name that does not hold, or none at all
 * @see rule C57
 */
export async function checkWitness(
  ports: SignaturePorts,
  files: ReadonlyMap<string, Uint8Array>,
  witness: NoteKey,
): Promise<Result<Witnessed, BundleFailure>> {
  const file = BUNDLE_PATHS.siteCheckpoints;
  const fail = (reason: BundleFailure['reason'], words: string, line: number | null) =>
    err({ file, line, seq: null, reason, words });
  let newest: Witnessed | null = null;
  for (const part of splitCheckpoints(files.get(file) ?? new Uint8Array())) {
    const note = parseSignedCheckpoint(part.bytes);
    if (!note.ok || note.value.signatures.every(({ name }) => name !== witness.name)) continue;
    const signed = await verifyCosignature(ports, note.value, witness);
    if (!signed.ok)
      return fail('wrong-key', 'A line under the name of the witness is not by its key.', part.line);
    newest = { name: witness.name, size: note.value.checkpoint.size, atSeconds: signed.value };
  }
  return newest === null
    ? fail('unsigned', 'This witness has signed no head of the site log.', null)
    : ok(newest);
}
