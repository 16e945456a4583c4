import type { Database } from './database.ts';

/** A signed manifest with its directory. */
export interface PolicyVersion {
  readonly version: number;
  readonly manifest: string;
  readonly manifestHash: string;
  readonly directory: string;
  /** Ids of the permits that are its members. */
  readonly members: readonly string[];
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
  if (row === undefined) return null;
  return {
    version: row.version,
    manifest: row.manifest,
    manifestHash: row.manifest_hash,
    directory: row.directory,
    members: JSON.parse(row.members) as string[],
    signedAt: row.signed_at,
  };
}
