import { z } from 'zod';
import { asEpochMs, type EpochMs } from '#contract/clock';
import { decodeJson } from '#contract/decode-json';
import {
  carriedPolicySchema,
  policyBodySchema,
  type DateClaims,
  type HeartbeatClaims,
  type PolicyBody,
  type PolicySnapshot,
} from '#contract/policy';
import { hashSchema } from '#contract/record';
import { rootDocumentSchema, type RootDocument } from '#contract/root-document';
import { err, Fault, ok, type Result } from '#contract/result';
import type { Journal } from '../journal/journal.ts';
import {
  decodeNotices,
  encodeNotices,
  isDeniedBy,
  newNotices,
  noticeKind,
  stillNeeded,
  type DenyNotice,
} from './deny-notices.ts';
import { createPolicyIndex, type PolicyInForce } from './policy-index.ts';
import type { SnapshotFiles } from './snapshot-files.ts';
import {
  applyDelta,
  checkRatchet,
  verifyBody,
  verifyDate,
  verifyDeny,
  verifyHeartbeat,
  walkTrust,
  type PolicyError,
  type PolicyTrust,
  type Ratchet,
  type VerifiedPolicy,
} from './verify-policy.ts';

/** The orders in force, over restarts. */
export interface PolicyStore {
  /** Null until orders were accepted once. */
  current(): PolicyInForce | null;
  /** Version of the newest orders that were ever in force; 0 before the first, and under a new root document. */
  known(): number;
  /** Who may give orders now: the newest root document under which some were accepted. */
  trust(): PolicyTrust;
  /** Brings the kept orders back into force, after verifying them again. */
  load(): Promise<Result<'loaded' | 'none', PolicyError>>;
  /**
   * Takes an answer of the server: everything is verified before anything is kept, and what is kept is recorded.
   * @param nonce what this gateway asked with
   */
  accept(snapshot: PolicySnapshot, nonce: string): Promise<Result<HeartbeatClaims, PolicyError>>;
  /**
   * Takes orders that somebody carried here, if there are any, by the same checks. Their date tells how old they are;
   * it says nothing of the time now.
   * @returns null where there are none
   */
  acceptCarried(): Promise<Result<DateClaims, PolicyError> | null>;
  /** Takes deny notices, whoever brings them: in force at once, and recorded. */
  takeDenies(notices: readonly string[]): Promise<void>;
}

/** How old the orders are, and who says so. */
const witnessSchema = z.union([
  z.strictObject({ heartbeat: z.string(), nonce: z.string() }),
  z.strictObject({ date: z.string() }),
]);
type Witness = z.infer<typeof witnessSchema>;

/** One file that proves itself: orders, their date, and the root documents that lead from the trust file to them. */
const keptSchema = z.strictObject({
  witness: witnessSchema,
  body: policyBodySchema,
  roots: z.array(rootDocumentSchema),
});
const keptHeartbeatSchema = z.strictObject({ heartbeat: z.string(), nonce: z.string() });
const ratchetSchema = z.strictObject({ rootV: z.number(), v: z.number(), mh: hashSchema });

const RATCHET = 'policy-ratchet';
const DENIES = 'deny-notices';
/** A heartbeat every minute is not worth a write every minute; so much younger than kept may the orders be. */
const KEEP_HEARTBEAT_EVERY_MS = 600_000;

/** Orders that hold under some root document, and are not in force yet. */
interface Accepted {
  readonly trust: PolicyTrust;
  readonly roots: readonly RootDocument[];
  readonly policy: VerifiedPolicy;
  readonly body: PolicyBody;
  readonly asOf: EpochMs;
}

/** Creates the store of orders over its files and the journal, which holds the ratchet and the deny notices. */
export function createPolicyStore(ports: {
  readonly trust: PolicyTrust;
  readonly files: SnapshotFiles;
  readonly journal: Pick<Journal, 'append' | 'readSetting'>;
  readonly timeFloor: () => EpochMs;
}): PolicyStore {
  const { files, journal } = ports;
  let trust = ports.trust;
  let roots: readonly RootDocument[] = [];
  let inForce: PolicyInForce | null = null;
  let held: PolicyBody | null = null;
  let heartbeatKeptAt = 0;
  let lastRejection: PolicyError | null = null;
  let lastDenyRejection: PolicyError | null = null;
  let notices: readonly DenyNotice[] = decodeNotices(journal.readSetting(DENIES));

  function readRatchet(): Ratchet | null {
    const text = journal.readSetting(RATCHET);
    return text === null ? null : ratchetSchema.parse(JSON.parse(text));
  }

  function enforce(accepted: Accepted): void {
    const { policy, asOf } = accepted;
    const { v } = policy.manifest;
    const rootV = accepted.trust.root.v;
    const ratchet = readRatchet();
    const needed = stillNeeded(notices, v);
    if (ratchet === null || ratchet.v !== v || ratchet.rootV !== rootV) {
      const next: Ratchet = { rootV, v, mh: policy.mh };
      const applied = { ty: 'policy.applied', pol: v, x: { v, mh: policy.mh, rootv: rootV } } as const;
      const [first] = policy.unapproved;
      const warning =
        first === undefined
          ? []
          : [
              {
                ty: 'policy.rejected',
                pol: v,
                x: {
                  why: 'permit-unapproved',
                  of: first.hash,
                  because: first.why,
                  n: policy.unapproved.length,
                },
              } as const,
            ];
      journal.append([applied, ...warning], {
        [RATCHET]: JSON.stringify(next),
        [DENIES]: encodeNotices(needed),
      });
    }
    notices = needed;
    ({ trust, roots, body: held } = accepted);
    const index = createPolicyIndex(policy, (cred, sub, jti) => isDeniedBy(notices, cred, sub, jti));
    inForce = { index, asOf, endsAt: index.endsAt, limits: policy.limits };
  }

  async function verifyWitness(
    witness: Witness,
    under: PolicyTrust,
    floor: EpochMs,
  ): Promise<Result<DateClaims, PolicyError>> {
    return 'date' in witness
      ? verifyDate(witness.date, under)
      : verifyHeartbeat(witness.heartbeat, under, witness.nonce, floor);
  }

  async function verifyKept(text: string): Promise<Result<'loaded', PolicyError>> {
    const kept = keptSchema.safeParse(decodeJson(text));
    if (!kept.success) return err('malformed');
    const { witness, body } = kept.data;
    const walked = await walkTrust(ports.trust, kept.data.roots);
    if (!walked.ok) return walked;
    // The floor has moved on since: only its signature and nonce say that this heartbeat was once fresh.
    const date = await verifyWitness(witness, walked.value, asEpochMs(0));
    if (!date.ok) return date;
    const ratchet = readRatchet();
    const allowed = checkRatchet(date.value, walked.value.root.v, ratchet);
    if (!allowed.ok) return allowed;
    const policy = await verifyBody(body, date.value, walked.value, ratchet);
    if (!policy.ok) return policy;
    enforce({
      trust: walked.value,
      roots: kept.data.roots,
      policy: policy.value,
      body,
      asOf: asEpochMs(date.value.t),
    });
    return ok('loaded');
  }

  async function verifyKeptHeartbeat(): Promise<void> {
    const text = files.readHeartbeat();
    const kept = keptHeartbeatSchema.safeParse(text === null ? undefined : decodeJson(text));
    if (!kept.success || inForce === null) return;
    const heartbeat = await verifyHeartbeat(kept.data.heartbeat, trust, kept.data.nonce, asEpochMs(0));
    if (heartbeat.ok && heartbeat.value.mh === inForce.index.mh) refresh(heartbeat.value);
  }

  function refresh(date: DateClaims): void {
    if (inForce === null || date.t <= inForce.asOf) return;
    inForce = { ...inForce, asOf: asEpochMs(date.t) };
  }

  /** The orders of an answer as a whole; null where it holds none. */
  function bodyOf({
    body,
    delta,
  }: Pick<PolicySnapshot, 'body' | 'delta'>): PolicyBody | 'unknown-base' | null {
    if (body !== undefined) return body;
    if (delta === undefined) return null;
    return held === null || inForce?.index.version !== delta.from ? 'unknown-base' : applyDelta(held, delta);
  }

  /** Everything is checked in here, and nothing is kept: a root document counts together with orders under it. */
  async function verifyAndKeep(
    orders: Pick<PolicySnapshot, 'body' | 'delta' | 'roots'>,
    witness: Witness,
    floor: EpochMs,
  ): Promise<Result<DateClaims, PolicyError>> {
    const offered = orders.roots ?? [];
    const walked = await walkTrust(trust, offered);
    if (!walked.ok) return walked;
    const under = walked.value;
    const date = await verifyWitness(witness, under, floor);
    if (!date.ok) return date;
    const ratchet = readRatchet();
    const allowed = checkRatchet(date.value, under.root.v, ratchet);
    if (!allowed.ok) return allowed;
    const { mh, t, v } = date.value;
    if (under === trust && inForce?.index.mh === mh) {
      refresh(date.value);
      if ('heartbeat' in witness && t - heartbeatKeptAt >= KEEP_HEARTBEAT_EVERY_MS) {
        files.writeHeartbeat(JSON.stringify(witness));
        heartbeatKeptAt = t;
      }
      return date;
    }
    const body = bodyOf(orders);
    if (body === null) return err('body-missing');
    if (body === 'unknown-base') return err('delta-mismatch');
    const policy = await verifyBody(body, date.value, under, ratchet);
    if (!policy.ok) {
      const isDelta = orders.body === undefined && policy.error === 'permit-set-wrong';
      return isDelta ? err('delta-mismatch') : policy;
    }
    const path = [...roots, ...offered.filter(({ root }) => root.v > trust.root.v)];
    files.writeSnapshot(
      v,
      JSON.stringify({ witness, body, roots: path } satisfies z.input<typeof keptSchema>),
    );
    enforce({ trust: under, roots: path, policy: policy.value, body, asOf: asEpochMs(t) });
    heartbeatKeptAt = t;
    return date;
  }

  function note(outcome: Result<unknown, PolicyError>): void {
    if (outcome.ok) {
      lastRejection = null;
      return;
    }
    // Once for each reason: an attacker who answers wrongly each minute must not fill the journal.
    if (outcome.error === lastRejection) return;
    lastRejection = outcome.error;
    journal.append([{ ty: 'policy.rejected', x: { why: outcome.error } }]);
  }

  function noteDeny(why: PolicyError): void {
    if (why === lastDenyRejection) return;
    lastDenyRejection = why;
    journal.append([{ ty: 'policy.rejected', x: { why: `deny-${why}` } }]);
  }

  /** Who may sign a notice that comes with these root documents: a new issuer's counts before its first orders do. */
  async function deniersOf(offered: readonly RootDocument[]): Promise<PolicyTrust> {
    const walked = await walkTrust(trust, offered);
    return walked.ok ? walked.value : trust;
  }

  async function takeDenies(offered: readonly string[], under: PolicyTrust): Promise<void> {
    const come = [];
    for (const jws of offered) {
      const verified = await verifyDeny(jws, under);
      if (verified.ok) come.push(verified.value);
      else noteDeny(verified.error);
    }
    const fresh = newNotices(notices, come, inForce?.index.version ?? 0);
    if (fresh.length === 0) return;
    // In force before it is on the disk: it only takes away, and the server says it again.
    notices = [...notices, ...fresh];
    journal.append(
      fresh.map((notice) => ({
        ty: 'deny.applied' as const,
        x: { id: notice.id, what: noticeKind(notice), vmin: notice.vmin },
      })),
      { [DENIES]: encodeNotices(notices) },
    );
  }

  return {
    current: () => inForce,
    known: () => {
      const ratchet = readRatchet();
      return ratchet?.rootV === trust.root.v ? ratchet.v : 0;
    },
    trust: () => trust,
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
      // First, and whatever comes of the rest: a notice needs nothing but its own signature.
      await takeDenies(snapshot.denies ?? [], await deniersOf(snapshot.roots ?? []));
      const { heartbeat } = snapshot;
      const outcome = await verifyAndKeep(snapshot, { heartbeat, nonce }, ports.timeFloor());
      note(outcome);
      return outcome as Result<HeartbeatClaims, PolicyError>;
    },
    acceptCarried: async () => {
      const text = files.takeCarried();
      if (text === null) return null;
      const carried = carriedPolicySchema.safeParse(decodeJson(text));
      if (!carried.success) {
        note(err('malformed'));
        return err('malformed');
      }
      const { date, body, roots: offered, denies = [] } = carried.data;
      await takeDenies(denies, await deniersOf(offered));
      const outcome = await verifyAndKeep({ body, roots: offered }, { date }, asEpochMs(0));
      note(outcome);
      return outcome;
    },
    takeDenies: async (offered) => {
      try {
        await takeDenies(offered, trust);
      } catch (error) {
        // The notice is in force; that it could not be recorded is told by whatever is recorded next.
        if (!(error instanceof Fault)) throw error;
      }
    },
  };
}
