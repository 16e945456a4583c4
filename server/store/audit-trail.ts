import type { AuditEntry } from '#contract/api-door';
import type { Database } from './database.ts';

/** Something that somebody did to the rules, rights or settings. Never a secret or its length. */
export interface AuditFact {
  readonly at: number;
  /** Null where the clock did it. */
  readonly byId: string | null;
  /** Past tense, e.g. `door-rules.changed`. */
  readonly act: string;
  /** Id of what it was done to. */
  readonly subject: string;
  /** For a change `before` and `after`. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/**
 * Records who did what, in the transaction that does it: neither is ever stored without the other.
 * @see rule SS8
 */
export async function recordAudit(trx: Database, fact: AuditFact): Promise<void> {
  const { last } = await trx
    .selectFrom('audit_trail')
    .select((e) => e.fn.max('position').as('last'))
    .executeTakeFirstOrThrow();
  await trx
    .insertInto('audit_trail')
    .values({
      position: (last ?? 0) + 1,
      at: fact.at,
      by_id: fact.byId,
      act: fact.act,
      subject: fact.subject,
      facts: JSON.stringify(fact.facts),
    })
    .execute();
}

/** What narrows the trail; times are ms since 1970, `until` is not included. */
export interface AuditFilter {
  readonly subject?: string | undefined;
  readonly act?: string | undefined;
  readonly from?: number | undefined;
  readonly until?: number | undefined;
}

/** Lists what was done, newest first. */
export async function listAudit(
  db: Database,
  filter: AuditFilter,
  page: { readonly after: number | null; readonly limit: number },
): Promise<readonly AuditEntry[]> {
  const rows = await db
    .selectFrom('audit_trail')
    .leftJoin('people', 'people.id', 'audit_trail.by_id')
    .selectAll('audit_trail')
    .select('people.name')
    .$if(filter.subject !== undefined, (q) => q.where('subject', '=', filter.subject ?? ''))
    .$if(filter.act !== undefined, (q) => q.where('act', '=', filter.act ?? ''))
    .$if(filter.from !== undefined, (q) => q.where('at', '>=', filter.from ?? 0))
    .$if(filter.until !== undefined, (q) => q.where('at', '<', filter.until ?? 0))
    .$if(page.after !== null, (q) => q.where('position', '<', page.after ?? 0))
    .orderBy('position', 'desc')
    .limit(page.limit)
    .execute();
  return rows.map((row) => ({
    id: row.position,
    at: new Date(row.at).toISOString(),
    byId: row.by_id,
    byName: row.name,
    act: row.act,
    subject: row.subject,
    facts: JSON.parse(row.facts) as Record<string, unknown>,
  }));
}
