import type { Selectable } from 'kysely';
import type { Database } from './database.ts';
import type { PolicyVersionsTable } from './tables.ts';

/** A signed manifest with its directory. */
export interface PolicyVersion {
  readonly version: number;
  readonly manifest: string;
  readonly manifestHash: string;
  readonly directory: string;
  /** Ids of the permits that are its members. */
  readonly members: readonly string[];
  /** Hash of each of them by id; null where they were not kept. */
  readonly memberHashes: Readonly<Record<string, string>> | null;
  readonly signedAt: number;
}

/** Stores the next version; the number can be taken once only. */
export async function insertPolicyVersion(db: Database, policy: PolicyVersion): Promise<void> {
  await db
    .insertInto('policy_versions')
    .values({
      version: policy.version,
      manifest: policy.manifest,
      manifest_hash: policy.manifestHash,
      directory: policy.directory,
      members: JSON.stringify(policy.members),
      signed_at: policy.signedAt,
      member_hashes: JSON.stringify(policy.memberHashes),
    })
    .execute();
}

/** Loads the newest version; null before the first. */
export async function currentPolicy(db: Database): Promise<PolicyVersion | null> {
  const row = await db
    .selectFrom('policy_versions')
    .selectAll()
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : toVersion(row);
}

const toVersion = (row: Selectable<PolicyVersionsTable>): PolicyVersion => ({
  version: row.version,
  manifest: row.manifest,
  manifestHash: row.manifest_hash,
  directory: row.directory,
  members: JSON.parse(row.members) as string[],
  memberHashes: JSON.parse(row.member_hashes ?? 'null') as Readonly<Record<string, string>> | null,
  signedAt: row.signed_at,
});

/** Loads one version; null where there is none of this number. */
export async function findPolicyVersion(db: Database, version: number): Promise<PolicyVersion | null> {
  const row = await db
    .selectFrom('policy_versions')
    .selectAll()
    .where('version', '=', version)
    .executeTakeFirst();
  return row === undefined ? null : toVersion(row);
}

/** Loads the manifests between two versions, both left out, oldest first. */
export async function manifestsBetween(
  db: Database,
  after: number,
  before: number,
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('policy_versions')
    .select('manifest')
    .where('version', '>', after)
    .where('version', '<', before)
    .orderBy('version')
    .execute();
  return rows.map((row) => row.manifest);
}
