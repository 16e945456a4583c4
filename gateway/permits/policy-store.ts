import { z } from 'zod';
import { asEpochMs, type EpochMs } from '#contract/clock';
import { policySnapshotSchema, type HeartbeatClaims, type PolicySnapshot } from '#contract/policy';
import { hashSchema } from '#contract/record';
import { err, ok, type Result } from '#contract/result';
import type { Journal } from '../journal/journal.ts';
import { createPolicyIndex, type PolicyInForce } from './policy-index.ts';
import type { SnapshotFiles } from './snapshot-files.ts';
import {
  checkRatchet,
  verifyBody,
  verifyHeartbeat,
  type PolicyError,
  type PolicyTrust,
  type Ratchet,
  type VerifiedPolicy,
} from './verify-policy.ts';

/** The orders in force, over restarts. */
export interface PolicyStore {
  /** Null until orders were accepted once. */
  current(): PolicyInForce | null;
  /** Brings the kept orders back into force, after verifying them again. */
  load(): Promise<Result<'loaded' | 'none', PolicyError>>;
  /**
   * Takes an answer of the server: everything is verified before anything is kept, and what is kept is recorded.
   * @param nonce what this gateway asked with
   */
  accept(snapshot: PolicySnapshot, nonce: string): Promise<Result<HeartbeatClaims, PolicyError>>;
}

const keptSchema = policySnapshotSchema.extend({ nonce: z.string() });
const ratchetSchema = z.strictObject({ rootV: z.number(), v: z.number(), mh: hashSchema });

const RATCHET = 'policy-ratchet';
/** A heartbeat every minute is not worth a write every minute; so much younger than kept may the orders be. */
const KEEP_HEARTBEAT_EVERY_MS = 600_000;

function decodeJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Creates the store of orders over its files and the journal, which holds the ratchet. */
export function createPolicyStore(ports: {
  readonly trust: PolicyTrust;
  readonly files: SnapshotFiles;
  readonly journal: Pick<Journal, 'append' | 'readSetting'>;
  readonly timeFloor: () => EpochMs;
}): PolicyStore {
  const { trust, files, journal } = ports;
  let inForce: PolicyInForce | null = null;
  let heartbeatKeptAt = 0;
  let lastRejection: PolicyError | null = null;

  function readRatchet(): Ratchet | null {
    const text = journal.readSetting(RATCHET);
    return text === null ? null : ratchetSchema.parse(JSON.parse(text));
  }

  function enforce(policy: VerifiedPolicy, asOf: EpochMs): void {
    const { v } = policy.manifest;
    const ratchet = readRatchet();
    if (ratchet === null || ratchet.v !== v || ratchet.rootV !== trust.root.v) {
      const next: Ratchet = { rootV: trust.root.v, v, mh: policy.mh };
      journal.append([{ ty: 'policy.applied', pol: v, x: { v, mh: policy.mh } }], {
        [RATCHET]: JSON.stringify(next),
      });
    }
    const index = createPolicyIndex(policy);
    inForce = { index, asOf, endsAt: index.endsAt };
  }

  async function verifyKept(text: string): Promise<Result<'loaded', PolicyError>> {
    const kept = keptSchema.safeParse(decodeJson(text));
    if (!kept.success || kept.data.body === undefined) return err('malformed');
    // The floor has moved on since: only its signature and nonce say that this heartbeat was once fresh.
    const heartbeat = await verifyHeartbeat(kept.data.heartbeat, trust, kept.data.nonce, asEpochMs(0));
    if (!heartbeat.ok) return heartbeat;
    const ratchet = readRatchet();
    const allowed = checkRatchet(heartbeat.value, trust.root.v, ratchet);
    if (!allowed.ok) return allowed;
    const policy = await verifyBody(kept.data.body, heartbeat.value, trust, ratchet);
    if (!policy.ok) return policy;
    enforce(policy.value, asEpochMs(heartbeat.value.t));
    return ok('loaded');
  }

  async function verifyKeptHeartbeat(): Promise<void> {
    const text = files.readHeartbeat();
    const kept = keptSchema.safeParse(text === null ? undefined : decodeJson(text));
    if (!kept.success || inForce === null) return;
    const heartbeat = await verifyHeartbeat(kept.data.heartbeat, trust, kept.data.nonce, asEpochMs(0));
    if (heartbeat.ok && heartbeat.value.mh === inForce.index.mh) refresh(heartbeat.value);
  }

  function refresh(heartbeat: HeartbeatClaims): void {
    if (inForce === null || heartbeat.t <= inForce.asOf) return;
    inForce = { ...inForce, asOf: asEpochMs(heartbeat.t) };
  }

  async function verifyAndKeep(
    snapshot: PolicySnapshot,
    nonce: string,
  ): Promise<Result<HeartbeatClaims, PolicyError>> {
    const heartbeat = await verifyHeartbeat(snapshot.heartbeat, trust, nonce, ports.timeFloor());
    if (!heartbeat.ok) return heartbeat;
    const ratchet = readRatchet();
    const allowed = checkRatchet(heartbeat.value, trust.root.v, ratchet);
    if (!allowed.ok) return allowed;
    const { mh, t, v } = heartbeat.value;
    if (inForce?.index.mh === mh) {
      refresh(heartbeat.value);
      if (t - heartbeatKeptAt >= KEEP_HEARTBEAT_EVERY_MS) {
        files.writeHeartbeat(JSON.stringify({ nonce, heartbeat: snapshot.heartbeat }));
        heartbeatKeptAt = t;
      }
      return heartbeat;
    }
    if (snapshot.body === undefined) return err('body-missing');
    const policy = await verifyBody(snapshot.body, heartbeat.value, trust, ratchet);
    if (!policy.ok) return policy;
    files.writeSnapshot(v, JSON.stringify({ ...snapshot, nonce }));
    enforce(policy.value, asEpochMs(t));
    heartbeatKeptAt = t;
    return heartbeat;
  }

  return {
    current: () => inForce,
    load: async () => {
      let last: Result<'loaded' | 'none', PolicyError> = ok('none');
      for (const text of files.readSnapshots()) {
        last = await verifyKept(text);
        if (!last.ok) continue;
        await verifyKeptHeartbeat();
        return last;
      }
      return last;
    },
    accept: async (snapshot, nonce) => {
      const outcome = await verifyAndKeep(snapshot, nonce);
      if (outcome.ok) lastRejection = null;
      else if (outcome.error !== lastRejection) {
        // Once for each reason: an attacker who answers wrongly each minute must not fill the journal.
        lastRejection = outcome.error;
        journal.append([{ ty: 'policy.rejected', x: { why: outcome.error } }]);
      }
      return outcome;
    },
  };
}
