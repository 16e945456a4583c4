import type { RequestState } from '#contract/api';
import { revocationCountsSchema, type Revocation, type RevocationCause } from '#contract/api-people';
import { decodeCanonical } from '#contract/canonical';
import { utf8 } from '#contract/bytes';
import type { Database } from './database.ts';

/** Revokes every permit of somebody that is still to come or in force. @returns their hashes */
export async function revokePermitsOf(
  trx: Database,
  personId: string,
  now: number,
): Promise<readonly string[]> {
  const rows = await trx
    .updateTable('permits')
    .set({ revoked_at: now })
    .where('sub', '=', personId)
    .where('revoked_at', 'is', null)
    .where('valid_until', '>', now)
    .returning('hash')
    .execute();
  return rows.map(({ hash }) => hash).sort();
}

/** A request of somebody, with how far it is. */
export interface OpenRequest {
  readonly id: string;
  readonly state: RequestState;
  readonly validUntil: number;
}

/** Lists the requests by which somebody would enter; visits that they only host are not among them. */
export const requestsOf = (db: Database, personId: string): Promise<readonly OpenRequest[]> =>
  db
    .selectFrom('requests')
    .innerJoin('request_terms', 'request_terms.request_id', 'requests.id')
    .select(['requests.id', 'requests.state', 'requests.valid_until as validUntil'])
    .where('request_terms.subject_id', '=', personId)
    .orderBy('requests.id')
    .execute();

const counted = ({ length }: readonly unknown[]): number => length;

/** Suspends every card and visit code of somebody. @returns how many */
export const suspendCardsOf = async (trx: Database, personId: string): Promise<number> =>
  counted(
    await trx
      .updateTable('credentials')
      .set({ state: 'suspended' })
      .where('person_id', '=', personId)
      .where('state', '=', 'active')
      .returning('id')
      .execute(),
  );

/** Forgets every PIN of somebody. @returns how many */
export const deletePinsOf = async (trx: Database, personId: string): Promise<number> =>
  counted(
    await trx
      .deleteFrom('pins')
      .where('credential_id', 'in', (e) =>
        e.selectFrom('credentials').select('credentials.id').where('credentials.person_id', '=', personId),
      )
      .returning('credential_id')
      .execute(),
  );

/** Stores that somebody's rights were ended. */
export async function insertRevocation(
  trx: Database,
  revocation: {
    readonly id: string;
    readonly personId: string;
    readonly cause: RevocationCause;
    readonly reason: string;
    readonly effectiveAt: number;
    readonly doneAt: number;
    readonly byId: string | null;
    readonly counts: Revocation['counts'];
    readonly policyVersion: number;
  },
): Promise<void> {
  await trx
    .insertInto('revocations')
    .values({
      id: revocation.id,
      person_id: revocation.personId,
      cause: revocation.cause,
      reason: revocation.reason,
      effective_at: revocation.effectiveAt,
      done_at: revocation.doneAt,
      by_id: revocation.byId,
      counts: JSON.stringify(revocation.counts),
      policy_version: revocation.policyVersion,
    })
    .execute();
}

const instant = (at: number): string => new Date(at).toISOString();
const minutesBetween = (from: number, until: number): number =>
  Math.max(0, Math.round((until - from) / 6000) / 10);

/** When a gateway first told that it obeys this version of the policy or a later one. */
async function appliedAt(
  db: Database,
  gatewayId: string,
  policy: { readonly version: number; readonly signedAt: number },
): Promise<number | null> {
  const rows = await db
    .selectFrom('journal_records')
    .select(['record', 'at'])
    .where('gateway_id', '=', gatewayId)
    .where('type', '=', 'policy.applied')
    // A gateway whose clock is slow may have told of it a little earlier than it was signed.
    .where('received_at', '>=', policy.signedAt)
    .orderBy('position')
    .limit(2000)
    .execute();
  for (const { record, at } of rows) {
    const value = decodeCanonical(utf8(record));
    const x = value.ok ? (value.value as { readonly x?: { readonly v?: unknown } }).x : undefined;
    if (typeof x?.v === 'number' && x.v >= policy.version) return at;
  }
  return null;
}

/** Lists how fast rights were ended, newest first; of one person, or of a period. */
export async function listRevocations(
  db: Database,
  filter: { readonly personId?: string; readonly from?: number; readonly until?: number },
): Promise<readonly Revocation[]> {
  const rows = await db
    .selectFrom('revocations')
    .innerJoin('people', 'people.id', 'revocations.person_id')
    .leftJoin('people as actor', 'actor.id', 'revocations.by_id')
    .selectAll('revocations')
    .select(['people.name', 'actor.name as by_name'])
    .$if(filter.personId !== undefined, (q) => q.where('revocations.person_id', '=', filter.personId ?? ''))
    .$if(filter.from !== undefined, (q) => q.where('revocations.done_at', '>=', filter.from ?? 0))
    .$if(filter.until !== undefined, (q) => q.where('revocations.done_at', '<', filter.until ?? 0))
    .orderBy('revocations.done_at', 'desc')
    .orderBy('revocations.id')
    .execute();
  const gateways = await db
    .selectFrom('gateways')
    .select('id')
    .where('state', '=', 'enrolled')
    .orderBy('id')
    .execute();
  const revocations: Revocation[] = [];
  for (const row of rows) {
    const told: Revocation['gateways'] = [];
    for (const { id } of gateways) {
      const at = await appliedAt(db, id, { version: row.policy_version, signedAt: row.done_at });
      told.push({
        gatewayId: id,
        appliedAt: at === null ? null : instant(at),
        minutes: at === null ? null : minutesBetween(row.effective_at, at),
      });
    }
    revocations.push({
      id: row.id,
      personId: row.person_id,
      personName: row.name,
      cause: row.cause,
      reason: row.reason,
      effectiveAt: instant(row.effective_at),
      doneAt: instant(row.done_at),
      minutes: minutesBetween(row.effective_at, row.done_at),
      byName: row.by_name,
      counts: revocationCountsSchema.parse(JSON.parse(row.counts)),
      policyVersion: row.policy_version,
      gateways: told,
    });
  }
  return revocations;
}
