import type { PermitSummary } from '#contract/api';
import type { PermitClaims } from '#contract/permit';
import type { ManifestMember } from '#contract/policy';
import { Fault } from '#contract/result';
import type { Database } from './database.ts';

/** Stores an issued permit. */
export async function insertPermit(
  db: Database,
  permit: {
    readonly claims: PermitClaims;
    readonly requestId: string;
    readonly jws: string;
    readonly hash: string;
    readonly issuedAt: number;
    /** Granted entries that were approved; null where they are not counted, whatever a code adds. */
    readonly approvedUses: number | null;
  },
): Promise<void> {
  const { claims } = permit;
  await db
    .insertInto('permits')
    .values({
      id: claims.jti,
      request_id: permit.requestId,
      sub: claims.sub,
      rev: claims.rev,
      jws: permit.jws,
      hash: permit.hash,
      doors: JSON.stringify(claims.doors),
      valid_from: claims.nbf * 1000,
      valid_until: claims.exp * 1000,
      issued_at: permit.issuedAt,
      revoked_at: null,
      uses: permit.approvedUses,
    })
    .execute();
}

/** A permit as it is stored. */
export interface StoredPermit {
  readonly id: string;
  readonly requestId: string;
  /** Who filed the request that it comes of: the host where the visitor is somebody else. */
  readonly requesterId: string;
  readonly sub: string;
  readonly rev: number;
  readonly jws: string;
  readonly doors: readonly string[];
  readonly validFrom: number;
  readonly validUntil: number;
  readonly revokedAt: number | null;
  /** Granted entries that were approved; null where they are not counted. */
  readonly approvedUses: number | null;
}

const storedPermits = (db: Database) =>
  db
    .selectFrom('permits')
    .innerJoin('requests', 'requests.id', 'permits.request_id')
    .selectAll('permits')
    .select('requests.requester_id');

type StoredPermitRow = Awaited<ReturnType<ReturnType<typeof storedPermits>['executeTakeFirstOrThrow']>>;

const toStoredPermit = (row: StoredPermitRow): StoredPermit => ({
  id: row.id,
  requestId: row.request_id,
  requesterId: row.requester_id,
  sub: row.sub,
  rev: row.rev,
  jws: row.jws,
  doors: JSON.parse(row.doors) as string[],
  validFrom: row.valid_from,
  validUntil: row.valid_until,
  revokedAt: row.revoked_at,
  approvedUses: row.uses,
});

/** Finds a permit by its id. */
export async function findPermit(db: Database, id: string): Promise<StoredPermit | null> {
  const row = await storedPermits(db).where('permits.id', '=', id).executeTakeFirst();
  return row === undefined ? null : toStoredPermit(row);
}

/** Lists the permits of somebody that are neither revoked nor over. */
export async function livePermitsOf(
  db: Database,
  personId: string,
  now: number,
): Promise<readonly StoredPermit[]> {
  const rows = await storedPermits(db)
    .where('permits.sub', '=', personId)
    .where('permits.revoked_at', 'is', null)
    .where('permits.valid_until', '>', now)
    .orderBy('permits.id')
    .execute();
  return rows.map(toStoredPermit);
}

/** Puts the next revision of a permit in the place of the one before. */
export async function saveRevision(
  trx: Database,
  revision: { readonly claims: PermitClaims; readonly jws: string; readonly hash: string },
): Promise<void> {
  const { claims, jws, hash } = revision;
  const { numUpdatedRows } = await trx
    .updateTable('permits')
    .set({ rev: claims.rev, jws, hash })
    .where('id', '=', claims.jti)
    .where('rev', '=', claims.rev - 1)
    .where('revoked_at', 'is', null)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows !== 1n) throw new Fault('permit-moved-meanwhile', { retryable: true });
}

/** Finds the permit that a request led to; null where it led to none. */
export async function findPermitOfRequest(db: Database, requestId: string): Promise<StoredPermit | null> {
  const row = await storedPermits(db).where('permits.request_id', '=', requestId).executeTakeFirst();
  return row === undefined ? null : toStoredPermit(row);
}

/** Revokes the permit of a request. @returns its hash, or null where there was none in force */
export async function revokePermit(db: Database, requestId: string, at: number): Promise<string | null> {
  const row = await db
    .updateTable('permits')
    .set({ revoked_at: at })
    .where('request_id', '=', requestId)
    .where('revoked_at', 'is', null)
    .returning('hash')
    .executeTakeFirst();
  return row?.hash ?? null;
}

/** Revokes one permit, if it is not. */
export async function revokePermitById(trx: Database, id: string, at: number): Promise<void> {
  await trx
    .updateTable('permits')
    .set({ revoked_at: at })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .execute();
}

/** A permit as a manifest lists it, with its signed form. */
export interface StoredMember extends ManifestMember {
  readonly jws: string;
}

/** Lists the permits that a manifest has to list: not revoked, and not ended before `endedAfter`. */
export async function countingPermits(db: Database, endedAfter: number): Promise<readonly StoredMember[]> {
  const rows = await db
    .selectFrom('permits')
    .select(['id', 'rev', 'hash', 'jws'])
    .where('revoked_at', 'is', null)
    .where('valid_until', '>', endedAfter)
    .orderBy('id')
    .execute();
  return rows.map((row) => ({ jti: row.id, rev: row.rev, hash: row.hash, jws: row.jws }));
}

/** Loads the signed forms of permits, by id. */
export async function loadPermitDocuments(db: Database, ids: readonly string[]): Promise<readonly string[]> {
  const documents: string[] = [];
  // In slices, because a statement takes only so many parameters.
  for (let start = 0; start < ids.length; start += 500) {
    const rows = await db
      .selectFrom('permits')
      .select('jws')
      .where('id', 'in', ids.slice(start, start + 500))
      .orderBy('id')
      .execute();
    documents.push(...rows.map((row) => row.jws));
  }
  return documents;
}

/** Where a list of permits goes on: after this time and id. */
export interface PermitsCursor {
  readonly at: number;
  readonly id: string;
}

/** Lists permits, newest first; one person's own if asked for. */
export async function listPermits(
  db: Database,
  filter: { readonly sub: string | null; readonly now: number },
  page: { readonly after: PermitsCursor | null; readonly limit: number },
): Promise<readonly (PermitSummary & { readonly issuedAt: number })[]> {
  const { after } = page;
  const rows = await db
    .selectFrom('permits')
    .innerJoin('people', 'people.id', 'permits.sub')
    .selectAll('permits')
    .select('people.name')
    .$if(filter.sub !== null, (q) => q.where('permits.sub', '=', filter.sub ?? ''))
    .$if(after !== null, (q) =>
      q.where((e) =>
        e.or([
          e('permits.issued_at', '<', after?.at ?? 0),
          e.and([e('permits.issued_at', '=', after?.at ?? 0), e('permits.id', '<', after?.id ?? '')]),
        ]),
      ),
    )
    .orderBy('permits.issued_at', 'desc')
    .orderBy('permits.id', 'desc')
    .limit(page.limit)
    .execute();
  const stateOf = (row: (typeof rows)[number]): PermitSummary['state'] => {
    if (row.revoked_at !== null) return 'revoked';
    if (filter.now >= row.valid_until) return 'ended';
    return filter.now < row.valid_from ? 'not-yet' : 'in-force';
  };
  return rows.map((row) => ({
    id: row.id,
    requestId: row.request_id,
    personName: row.name,
    doors: JSON.parse(row.doors) as string[],
    validFrom: new Date(row.valid_from).toISOString(),
    validUntil: new Date(row.valid_until).toISOString(),
    state: stateOf(row),
    issuedAt: row.issued_at,
  }));
}
