import { compareJournals, decodeJournalPath, journalPath, splitLines } from './bundle-format.ts';
import type { BundleFailure } from './bundle-failure.ts';
import type { HmacSha256 } from './commitment.ts';
import { decodeReclaimed } from './epoch.ts';
import { EMPTY_FRONTIER, appendLeaf, frontierRoot, leafHash, type Sha256 } from './merkle.ts';
import { decodeRecord, recordHash, type JournalRecord } from './record.ts';
import { err, ok, type Result } from './result.ts';
import { checkSeals, sealSchema, type FoundSeal, type SealEscrow } from './seal.ts';

type Files = ReadonlyMap<string, Uint8Array>;

/** Reads the seals of one gateway in the order in which they were made, each once, however often it is held. */
function findSeals(sha256: Sha256, files: Files, gateway: string): readonly FoundSeal[] {
  const epochs = Array.from(files.keys(), decodeJournalPath)
    .filter((id) => id !== null)
    .filter((id) => id.gateway === gateway && files.has(journalPath(id.gateway, id.epoch)))
    .sort(compareJournals);
  const known = new Set<string>();
  const found: FoundSeal[] = [];
  for (const epoch of new Set(epochs.map((each) => each.epoch))) {
    const file = journalPath(gateway, epoch);
    /** Roots by size, of the sizes that a seal may name: those before it. */
    const roots: Uint8Array[] = [frontierRoot(sha256, EMPTY_FRONTIER)];
    let frontier = EMPTY_FRONTIER;
    for (const { bytes, line } of splitLines(files.get(file) ?? new Uint8Array())) {
      const holder = decodeRecord(bytes);
      if (!holder.ok) continue;
      const again = decodeReclaimed(sha256, holder.value);
      const record: JournalRecord = again.ok ? again.value.record : holder.value;
      const seal = record.ty === 'journal.sealed' ? sealSchema.safeParse(record.x) : null;
      const hash = again.ok ? again.value.hash : recordHash(sha256, bytes);
      if (seal?.success === true && !known.has(hash)) {
        known.add(hash);
        const rootThere = again.ok ? null : (roots[seal.data.size] ?? null);
        found.push({
          file,
          line,
          seq: line - 1,
          seal: seal.data,
          boot: record.bt,
          monoMs: record.mo,
          rootThere,
        });
      }
      frontier = appendLeaf(sha256, frontier, leafHash(sha256, bytes));
      roots.push(frontierRoot(sha256, frontier));
    }
  }
  return found;
}

/**
 * Verifies the seals of a gateway in a bundle that verifies by itself.
 * @returns how many there are, or the first that does not hold
 * @see rules C52, C53
 */
export function checkBundleSeals(
  ports: { readonly sha256: Sha256; readonly hmac: HmacSha256 },
  files: Files,
  escrow: SealEscrow,
): Result<{ readonly gateway: string; readonly seals: number }, BundleFailure> {
  const checked = checkSeals(ports.hmac, escrow, findSeals(ports.sha256, files, escrow.gateway));
  if (checked.ok) return ok({ gateway: escrow.gateway, seals: checked.value });
  const { seal, reason, words } = checked.error;
  const file = seal?.file ?? journalPath(escrow.gateway, 1);
  return err({ file, line: seal?.line ?? null, seq: seal?.seq ?? null, reason, words });
}
