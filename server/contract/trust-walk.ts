import { verifyApproval } from './approval.ts';
import type { Misfit } from './bundle-failure.ts';
import type { JournalRecord } from './record.ts';
import { rootHash, type RootDocument } from './root-document.ts';
import type { Approval, SiteLogRecord } from './site-log.ts';
import type { AssertionPorts } from './webauthn.ts';

/** What the site log tells that is in order as evidence and that an auditor asks about. */
export interface Notice {
  readonly ty:
    | 'gateway.revoked'
    | 'epoch.opened'
    | 'journal.conflicted'
    | 'server.rollback'
    | 'server.restored'
    | 'tail.unrecovered';
  /** Line of the site log. */
  readonly line: number;
  readonly gateway: string | null;
  readonly epoch: number | null;
  /** Why, where the record says so. */
  readonly why: string | null;
}

/** What evidence says of approvals and orders. */
export interface TrustReport {
  /** Approvals in the site log, by how they were given; those by session are of the weaker setting. */
  readonly approvals: { readonly passkey: number; readonly session: number };
  /** Entries that were granted on approvals of the weaker setting only. */
  readonly weakGrants: number;
  /** Broken ends, contradictions and restored servers, in the order of the site log. */
  readonly notices: readonly Notice[];
}

const inconsistent = (words: string): Misfit => ({ reason: 'inconsistent', words });

/**
 * Holds evidence against the root documents, record by record: who approved, and whether every gateway was shown the
 * same orders.
 * @see rules C47 to C49
 */
export class TrustWalk {
  private readonly counts = { passkey: 0, session: 0 };
  private weakGrants = 0;
  private readonly notices: Notice[] = [];
  private readonly ports: AssertionPorts;
  private readonly chain: readonly RootDocument[];
  /** jwsHash of the manifests that the site log knows, by version. */
  private readonly signed = new Map<number, Set<string>>();
  /** The manifest that a gateway was first shown, by versions of root document and manifest. */
  private readonly applied = new Map<string, string>();

  constructor(ports: AssertionPorts, chain: readonly RootDocument[]) {
    this.ports = ports;
    this.chain = chain;
  }

  /** Takes the next record of the site log. @returns why it does not fit, or null */
  async takeSiteRecord(record: SiteLogRecord): Promise<Misfit | null> {
    switch (record.ty) {
      case 'root.published': {
        const document = this.chain.find(({ root }) => root.v === record.x.v);
        const isKnown =
          document !== undefined && rootHash(this.ports.sha256, document.root) === record.x.root;
        return isKnown ? null : inconsistent('A root document was published that is not in the chain.');
      }
      case 'manifest.signed': {
        this.signed.set(record.x.v, (this.signed.get(record.x.v) ?? new Set()).add(record.x.mh));
        return null;
      }
      case 'approval.recorded':
        return this.takeApproval(record.x);
      case 'gateway.revoked':
      case 'epoch.opened':
      case 'journal.conflicted':
      case 'server.rollback':
      case 'server.restored':
      case 'tail.unrecovered':
        this.notices.push({
          ty: record.ty,
          line: record.sq + 1,
          gateway: 'gw' in record.x ? record.x.gw : null,
          epoch: 'ep' in record.x ? record.x.ep : null,
          why: 'why' in record.x ? record.x.why : null,
        });
        return null;
      default:
        return null;
    }
  }

  private async takeApproval(approval: Approval): Promise<Misfit | null> {
    if (approval.decision !== 'approved') return null;
    this.counts[approval.m] += 1;
    if (approval.m === 'session') return null;
    if (approval.as === undefined || approval.d === undefined) {
      return { reason: 'unsigned', words: 'This approval is said to be by passkey, and none has signed it.' };
    }
    let isInRoster = false;
    for (const { root } of this.chain) {
      const verified = await verifyApproval(this.ports, root, approval);
      if (verified.ok) return null;
      if (verified.error !== 'approver-not-in-roster') {
        isInRoster ||=
          root.approvers?.some(({ by, cid }) => by === approval.by && cid === approval.as?.cid) === true;
      }
    }
    return isInRoster
      ? { reason: 'changed', words: 'The passkey did not sign this approval.' }
      : { reason: 'wrong-key', words: 'No root document names this passkey as that of an approver.' };
  }

  /** Takes the next record of a journal. @returns why it does not fit, or null */
  takeRecord(record: JournalRecord): Misfit | null {
    if (record.ty === 'access.granted' && record.x['approval'] === 'session') this.weakGrants += 1;
    if (record.ty !== 'policy.applied') return null;
    const { v, mh, rootv = 1 } = record.x;
    if (typeof v !== 'number' || typeof mh !== 'string' || typeof rootv !== 'number') return null;
    const known = this.signed.get(v);
    if (known !== undefined && !known.has(mh)) {
      return inconsistent('The gateway was shown another manifest of this version than the site log knows.');
    }
    const key = `${rootv}/${v}`;
    const first = this.applied.get(key) ?? mh;
    this.applied.set(key, first);
    return first === mh ? null : inconsistent('Two gateways were shown different manifests of one version.');
  }

  /** What was found. */
  report(): TrustReport {
    return { approvals: { ...this.counts }, weakGrants: this.weakGrants, notices: [...this.notices] };
  }
}
