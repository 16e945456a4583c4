import { journalPath, splitLines, type JournalId } from './bundle-format.ts';
import type { Misfit } from './bundle-failure.ts';
import { decodeBase64Url, encodeBase64Url } from './bytes.ts';
import type { VerifyEd25519 } from './checkpoint.ts';
import { closeMessage, decodeEpochOpened, decodeReclaimed, keyHash, type PreviousEpoch } from './epoch.ts';
import { EMPTY_FRONTIER, appendLeaf, frontierRoot, leafHash, type Sha256 } from './merkle.ts';
import { COMMITTED_FIELDS, decodeRecord, type JournalRecord } from './record.ts';
import type { SiteLogRecord } from './site-log.ts';

const inconsistent = (words: string): Misfit => ({ reason: 'inconsistent', words });

/** Root over the first records of a journal; null where it has fewer. */
function rootOver(sha256: Sha256, lines: Uint8Array, size: number): string | null {
  let frontier = EMPTY_FRONTIER;
  for (const { bytes } of splitLines(lines)) {
    if (frontier.size === size) break;
    frontier = appendLeaf(sha256, frontier, leafHash(sha256, bytes));
  }
  return frontier.size === size ? encodeBase64Url(frontierRoot(sha256, frontier)) : null;
}

const isSame = (a: PreviousEpoch | undefined, b: PreviousEpoch | undefined): boolean =>
  a?.ep === b?.ep && a?.size === b?.size && a?.root === b?.root;

/**
 * Holds the epochs of a journal against one another: each goes on from an end that the one before really has, and that
 * the key of the one before has signed.
 * @see rule C55
 */
export class EpochWalk {
  private readonly ports: { readonly sha256: Sha256; readonly verify: VerifyEd25519 };
  private readonly files: ReadonlyMap<string, Uint8Array>;
  /** What the site log says of the first record of an epoch, by path. */
  private readonly told = new Map<string, PreviousEpoch | undefined>();

  constructor(
    ports: { readonly sha256: Sha256; readonly verify: VerifyEd25519 },
    files: ReadonlyMap<string, Uint8Array>,
  ) {
    this.ports = ports;
    this.files = files;
  }

  /** Takes the next record of the site log. */
  takeSiteRecord(record: SiteLogRecord): void {
    if (record.ty === 'epoch.opened') this.told.set(journalPath(record.x.gw, record.x.ep), record.x.prev);
  }

  /**
   * Checks the first record of a journal that has been verified, after those of lower epochs.
   * @param key public key of this epoch
   * @param keyOf public keys of the others as the site log names them
   * @returns why it does not fit, or null
   */
  async misfitOf(
    id: JournalId,
    key: Uint8Array,
    keyOf: (epoch: number) => Uint8Array | null,
  ): Promise<Misfit | null> {
    const { sha256, verify } = this.ports;
    const path = journalPath(id.gateway, id.epoch);
    const [first] = splitLines(this.files.get(path) ?? new Uint8Array());
    const record = first === undefined ? null : decodeRecord(first.bytes);
    if (record?.ok !== true || record.value.ty !== 'epoch.opened') return null;
    const opened = decodeEpochOpened(record.value);
    const prev = opened?.prev;
    if (this.told.has(path) && !isSame(prev, this.told.get(path))) {
      return inconsistent('The site log tells of another end of the epoch before.');
    }
    if (opened === null || prev === undefined) return null;
    const before = this.files.get(journalPath(id.gateway, prev.ep)) ?? new Uint8Array();
    if (prev.ep >= id.epoch || rootOver(sha256, before, prev.size) !== prev.root) {
      return inconsistent('It goes on from another end than the epoch before has.');
    }
    if (opened.sig === undefined) return null;
    const signature = decodeBase64Url(opened.sig);
    const signer = keyOf(prev.ep);
    const message = closeMessage(id.gateway, prev, keyHash(sha256, key));
    const isClosed = signer !== null && signature.ok && (await verify(signer, message, signature.value));
    return isClosed
      ? null
      : { reason: 'unsigned', words: 'The key of the epoch before did not end it here.' };
  }

  /** Checks what a record says it holds again. @returns why it does not, or null. @see rules C51, C55 */
  reclaimMisfit(record: JournalRecord): Misfit | null {
    if (record.ty !== 'journal.reclaimed') return null;
    const original = decodeReclaimed(this.ports.sha256, record);
    if (!original.ok) return inconsistent('It does not hold the record that it says it appends again.');
    const { c = {} } = original.value.record;
    const isLess = COMMITTED_FIELDS.every(
      (field) => record.c?.[field] === undefined || record.c[field] === c[field],
    );
    return isLess
      ? null
      : inconsistent('It commits to something else than the record that it appends again.');
  }
}
