import { utf8 } from '#contract/bytes';
import { canonicalText, decodeCanonical, type CanonicalValue } from '#contract/canonical';
import { Fault } from '#contract/result';
import { approvalSchema, type Approval } from '#contract/site-log';
import type { Database } from './database.ts';

/** Stores an approval as the site log holds it. */
export async function insertApproval(
  trx: Database,
  approval: {
    readonly hash: string;
    readonly requestId: string;
    readonly facts: Approval;
    readonly siteSeq: number;
    readonly at: number;
  },
): Promise<void> {
  await trx
    .insertInto('approvals')
    .values({
      hash: approval.hash,
      request_id: approval.requestId,
      by_id: approval.facts.by,
      facts: canonicalText(approval.facts as unknown as CanonicalValue),
      site_seq: approval.siteSeq,
      at: approval.at,
    })
    .execute();
}

function decodeFacts(text: string): Approval {
  const value = decodeCanonical(utf8(text));
  const facts = approvalSchema.safeParse(value.ok ? value.value : null);
  if (!facts.success) throw new Fault('stored-approval-damaged', { retryable: false });
  return facts.data;
}

/** An approval with the number of its record in the site log. */
export interface StoredApproval {
  readonly hash: string;
  readonly facts: Approval;
  readonly siteSeq: number;
}

/** Lists the approvals of a request, oldest first. */
export async function approvalsOf(db: Database, requestId: string): Promise<readonly StoredApproval[]> {
  const rows = await db
    .selectFrom('approvals')
    .selectAll()
    .where('request_id', '=', requestId)
    .orderBy('site_seq')
    .execute();
  return rows.map((row) => ({ hash: row.hash, facts: decodeFacts(row.facts), siteSeq: row.site_seq }));
}

/** Loads approvals by their hashes; those that are not there are left out. */
export async function loadApprovals(
  db: Database,
  hashes: readonly string[],
): Promise<ReadonlyMap<string, Approval>> {
  const found = new Map<string, Approval>();
  // In slices, because a statement takes only so many parameters.
  for (let start = 0; start < hashes.length; start += 500) {
    const rows = await db
      .selectFrom('approvals')
      .select(['hash', 'facts'])
      .where('hash', 'in', hashes.slice(start, start + 500))
      .orderBy('site_seq')
      .execute();
    for (const row of rows) found.set(row.hash, decodeFacts(row.facts));
  }
  return found;
}
