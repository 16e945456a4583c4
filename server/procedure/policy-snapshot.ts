import {
  manifestClaimsSchema,
  type CarriedPolicy,
  type PolicyBody,
  type PolicyDelta,
  type PolicySnapshot,
} from '#contract/policy';
import { loadApprovals } from '../store/approvals.ts';
import { inTransaction, type Database } from '../store/database.ts';
import { denyNoticesAfter } from '../store/deny-notices.ts';
import { saveGatewaySeen, type Gateway } from '../store/gateways.ts';
import { loadPermitDocuments } from '../store/permits.ts';
import { findPolicyVersion, manifestsBetween, type PolicyVersion } from '../store/policy-versions.ts';
import { hasCommands } from './commands.ts';
import { approvalsNamedIn, claimsIn, renewPolicy } from './renew-policy.ts';
import type { Site } from './site.ts';

/** What a gateway holds, and under which nonce it asks. */
export interface PolicyQuestion {
  readonly have: number;
  readonly root: number;
  readonly isWhole: boolean;
  readonly nonce: string;
}

/** Most notices that one answer carries. */
const MOST_DENIES = 1000;
/** A difference is worth its own way of being wrong only where it saves most of the bytes. */
const LARGEST_DELTA_PART = 0.25;
const SMALLEST_SET = 8;

async function approvalsFor(db: Database, permits: readonly string[]): Promise<PolicyBody['approvals']> {
  const hashes = [...new Set(permits.flatMap(approvalsNamedIn))];
  return [...(await loadApprovals(db, hashes)).values()];
}

async function bodyOf(db: Database, policy: PolicyVersion, chain: readonly string[]): Promise<PolicyBody> {
  const permits = [...(await loadPermitDocuments(db, policy.members))];
  return {
    manifest: policy.manifest,
    directory: policy.directory,
    approvals: await approvalsFor(db, permits),
    ...(chain.length > 0 && { chain: [...chain] }),
    permits,
  };
}

const rootVersionOf = ({ manifest }: PolicyVersion): number =>
  manifestClaimsSchema.parse(claimsIn(manifest)).rootv ?? 1;

/** What leads from one version to another; null where that is no less than the whole. @see rule SU22 */
async function deltaOf(
  db: Database,
  base: PolicyVersion | null,
  policy: PolicyVersion,
  chain: readonly string[],
): Promise<PolicyDelta | null> {
  const [before, after] = [base?.memberHashes ?? null, policy.memberHashes];
  if (base === null || before === null || after === null) return null;
  if (rootVersionOf(base) !== rootVersionOf(policy)) return null;
  const added = policy.members.filter((jti) => before[jti] !== after[jti]);
  const del = base.members.filter((jti) => !Object.hasOwn(after, jti));
  const most = policy.members.length * LARGEST_DELTA_PART;
  if (policy.members.length < SMALLEST_SET || added.length + del.length > most) return null;
  const add = [...(await loadPermitDocuments(db, added))];
  return {
    from: base.version,
    to: policy.version,
    manifest: policy.manifest,
    directory: policy.directory,
    approvals: await approvalsFor(db, add),
    ...(chain.length > 0 && { chain: [...chain] }),
    add,
    del,
  };
}

async function ordersFor(
  db: Database,
  policy: PolicyVersion,
  asked: PolicyQuestion,
): Promise<Pick<PolicySnapshot, 'body' | 'delta'>> {
  if (asked.have === policy.version && !asked.isWhole) return {};
  const chain = asked.have === 0 ? [] : await manifestsBetween(db, asked.have, policy.version);
  const base = asked.isWhole || asked.have === 0 ? null : await findPolicyVersion(db, asked.have);
  const delta = await deltaOf(db, base, policy, chain);
  return delta === null ? { body: await bodyOf(db, policy, chain) } : { delta };
}

/**
 * Gives a gateway what counts now: a heartbeat bound to its nonce, the signed documents that it lacks, root documents
 * that are newer than its own, and the notices that its version does not know of.
 * @see rules SU4, SU22
 */
export async function policySnapshot(
  site: Site,
  gateway: Gateway,
  asked: PolicyQuestion,
): Promise<PolicySnapshot> {
  const now = site.clock.epochMs();
  const answer = await inTransaction(site.db, async (trx) => {
    const policy = await renewPolicy(trx, site, now);
    await saveGatewaySeen(trx, gateway.id, now, asked.have === 0 ? null : asked.have);
    return {
      policy,
      orders: await ordersFor(trx, policy, asked),
      denies: asked.have === 0 ? [] : await denyNoticesAfter(trx, asked.have, MOST_DENIES),
      waiting: await hasCommands(trx, gateway.id, now),
    };
  });
  const { policy, orders, denies, waiting } = answer;
  const heartbeat = await site.signer.signHeartbeat({
    iss: site.signer.issuer,
    aud: site.id,
    gw: gateway.id,
    nonce: asked.nonce,
    t: now,
    v: policy.version,
    mh: policy.manifestHash,
  });
  const roots = site.rootChain.filter(({ root }) => root.v > asked.root);
  return {
    heartbeat,
    ...orders,
    ...(waiting && { hasCommands: true }),
    ...(denies.length > 0 && { denies: [...denies] }),
    ...(roots.length > 0 && { roots }),
  };
}

/**
 * Gives what counts now for a gateway without a network: the same documents, with a signed date in the place of an
 * answer to its own question.
 * @param from version that the gateways hold at least; the manifests since then go along
 * @see rule SU23
 */
export async function carriedPolicy(site: Site, from = 0): Promise<CarriedPolicy> {
  const now = site.clock.epochMs();
  const { policy, body, denies } = await inTransaction(site.db, async (trx) => {
    const current = await renewPolicy(trx, site, now);
    const chain = await manifestsBetween(trx, from, current.version);
    return {
      policy: current,
      body: await bodyOf(trx, current, chain),
      denies: await denyNoticesAfter(trx, 0, MOST_DENIES),
    };
  });
  const date = await site.signer.signDate({
    iss: site.signer.issuer,
    aud: site.id,
    t: now,
    v: policy.version,
    mh: policy.manifestHash,
  });
  const roots = [...site.rootChain];
  return { format: 'palang-policy/1', date, body, denies: [...denies], roots };
}

/** The notices that came with one version, for whoever is called because of it. */
export const noticesOf = async (site: Site, version: number): Promise<readonly string[]> =>
  denyNoticesAfter(site.db, version - 1, 50);
