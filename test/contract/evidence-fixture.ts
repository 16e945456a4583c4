import type { JournalId } from '#contract/bundle-format';
import { encodeBase64Url, utf8 } from '#contract/bytes';
import { canonicalText } from '#contract/canonical';
import { cosignCheckpoint, signCheckpoint } from '#contract/checkpoint';
import { asEpochMs } from '#contract/clock';
import { commitTo, type Opening } from '#contract/commitment';
import { leafHash, rootOfLeaves } from '#contract/merkle';
import {
  encodeRecord,
  journalOrigin,
  NO_PREVIOUS_HASH,
  recordHash,
  siteLogOrigin,
  type CommittedField,
  type JournalRecord,
} from '#contract/record';
import { rootHash, rootMessage, type RootBody, type RootDocument } from '#contract/root-document';
import { encodeSiteLogRecord, type SiteLogEntry, type SiteLogRecord } from '#contract/site-log';
import { buildBundle, type EvidenceSource } from '../../server/audit/export.ts';
import { hmac, noteSigner, sha256, testKey, type TestKey } from './test-keys.ts';

export const SITE = 'dinas-contoh';
export const START_MS = 1_763_946_000_000;
const STEP_MS = 60_000;

export const rootKey = testKey('root');
export const logKey = testKey('log');

/** What a test may change before the bundle is built, with all signatures genuine. */
export interface EvidenceOptions {
  /** Records of each journal. */
  readonly records?: number;
  /** Records between two checkpoints. */
  readonly every?: number;
  readonly period?: { readonly from: string; readonly until: string } | null;
  readonly journals?: readonly JournalId[];
  readonly chain?: readonly RootDocument[];
  /** Signs the checkpoints of journals instead of the enrolled keys. */
  readonly gatewayKey?: TestKey;
  readonly cosigner?: TestKey | null;
  /** Sees and may replace the entries of the site log. */
  readonly siteEntries?: (entries: SiteLogEntry[]) => SiteLogEntry[];
  readonly openings?: (openings: Opening[]) => Opening[];
  /** Replaces what a record says; the rest is made around it. */
  readonly facts?: (sq: number, id: JournalId) => Partial<JournalRecord>;
}

export const rootBody = (version: number, changes: Partial<RootBody> = {}): RootBody => ({
  site: SITE,
  v: version,
  at: START_MS,
  keys: { 'log-1': encodeBase64Url(logKey.publicKey), 'root-1': encodeBase64Url(rootKey.publicKey) },
  roles: {
    root: { keys: ['root-1'], threshold: 1 },
    issuer: { keys: ['root-1'], threshold: 1 },
    fresh: { keys: ['root-1'], threshold: 1 },
    log: { keys: ['log-1'], threshold: 1 },
  },
  singleOfficial: true,
  ...changes,
});

export const signRoot = (root: RootBody, signers: Readonly<Record<string, TestKey>>): RootDocument => ({
  root,
  signatures: Object.entries(signers).map(([kid, key]) => ({
    kid,
    sig: encodeBase64Url(key.sign(rootMessage(root))),
  })),
});

export const gatewayKey = (id: JournalId): TestKey => testKey(`${id.gateway}/${id.epoch}`);

const salt = (id: JournalId, sq: number, field: CommittedField): Uint8Array =>
  sha256(utf8(`salt ${id.gateway}/${id.epoch}/${sq}/${field}`));

interface Journal {
  readonly records: Uint8Array[];
  readonly openings: Opening[];
  readonly checkpoints: string[];
  readonly heads: { readonly size: number; readonly root: string }[];
}

function makeJournal(id: JournalId, options: EvidenceOptions): Journal {
  const { records: count = 12, every = 5 } = options;
  const journal: Journal = { records: [], openings: [], checkpoints: [], heads: [] };
  const leaves: Uint8Array[] = [];
  let ph = NO_PREVIOUS_HASH;
  for (let sq = 0; sq < count; sq++) {
    const commitments: Partial<Record<CommittedField, string>> = {};
    const commit = (field: CommittedField, value: string): void => {
      const bytes = salt(id, sq, field);
      commitments[field] = commitTo(hmac, bytes, field, value);
      journal.openings.push({
        gw: id.gateway,
        ep: id.epoch,
        sq,
        field,
        salt: encodeBase64Url(bytes),
        value,
      });
    };
    if (sq % 3 === 1) {
      commit('cred', `c_kartu-${sq}`);
      if (sq % 2 === 1) {
        commit('sub', `s_orang-${sq % 4}`);
        commit('pm', `pm_izin-${sq % 4}`);
      }
    }
    const base = {
      v: 1,
      gw: id.gateway,
      ep: id.epoch,
      sq,
      bt: 1,
      t: START_MS + sq * STEP_MS,
      tq: 3,
      mo: sq,
    } as const;
    const what: Pick<JournalRecord, 'ty' | 'x'> =
      sq === 0
        ? { ty: 'epoch.opened', x: { nonce: 'n', why: 'enrolled' } }
        : sq % 3 === 1
          ? { ty: sq % 2 === 1 ? 'access.granted' : 'access.denied', x: { checked: ['a', 'b'] } }
          : { ty: 'door.closed', x: {} };
    const c = Object.keys(commitments).length === 0 ? {} : { c: commitments };
    const record = {
      ...base,
      ...what,
      ...c,
      door: 'ruang-server',
      ph,
      ...options.facts?.(sq, id),
    } as JournalRecord;
    const bytes = encodeRecord(record);
    journal.records.push(bytes);
    leaves.push(leafHash(sha256, bytes));
    ph = recordHash(sha256, bytes);
    if ((sq + 1) % every === 0 || sq + 1 === count) {
      const root = rootOfLeaves(sha256, leaves);
      journal.checkpoints.push(signHead(id, sq + 1, root, options));
      journal.heads.push({ size: sq + 1, root: encodeBase64Url(root) });
    }
  }
  return journal;
}

function signHead(id: JournalId, size: number, root: Uint8Array, options: EvidenceOptions): string {
  const origin = journalOrigin(SITE, id.gateway, id.epoch);
  const note = signCheckpoint(
    sha256,
    { origin, size, root },
    noteSigner(options.gatewayKey ?? gatewayKey(id), origin),
  );
  const { cosigner = logKey } = options;
  if (cosigner === null) return note;
  const cosigned = cosignCheckpoint(
    sha256,
    note,
    noteSigner(cosigner, siteLogOrigin(SITE)),
    START_MS / 1000 + size * 60,
  );
  if (!cosigned.ok) throw new Error('the fixture cannot cosign');
  return cosigned.value;
}

export function signSiteHead(records: readonly Uint8Array[], size: number, key: TestKey = logKey): string {
  const root = rootOfLeaves(
    sha256,
    records.slice(0, size).map((bytes) => leafHash(sha256, bytes)),
  );
  const origin = siteLogOrigin(SITE);
  return signCheckpoint(sha256, { origin, size, root }, noteSigner(key, origin));
}

export function linkSiteLog(entries: readonly SiteLogEntry[]): Uint8Array[] {
  let ph = NO_PREVIOUS_HASH;
  return entries.map((entry, sq) => {
    const record = { v: 1, k: 'site', site: SITE, sq, t: START_MS + sq, ph, ...entry } as SiteLogRecord;
    const bytes = encodeSiteLogRecord(record);
    ph = recordHash(sha256, bytes);
    return bytes;
  });
}

export const JOURNALS: readonly JournalId[] = [
  { gateway: 'gw-ruang-server', epoch: 1 },
  { gateway: 'gw-arsip', epoch: 1 },
  { gateway: 'gw-arsip', epoch: 2 },
];

/** Makes the evidence of an invented site with genuine keys and signatures, the same in every run. */
export function makeEvidence(options: EvidenceOptions = {}): EvidenceSource {
  const ids = options.journals ?? JOURNALS;
  const journals = new Map(ids.map((id) => [`${id.gateway}/${id.epoch}`, makeJournal(id, options)]));
  const find = (id: JournalId): Journal => {
    const journal = journals.get(`${id.gateway}/${id.epoch}`);
    if (journal === undefined) throw new Error('no such journal');
    return journal;
  };
  const chain = options.chain ?? [signRoot(rootBody(1), { 'root-1': rootKey })];
  const hash = (name: string): string => encodeBase64Url(sha256(utf8(canonicalText(name))));
  const entries: SiteLogEntry[] = [
    { ty: 'site.opened', x: { root: rootHash(sha256, chain[0]?.root ?? rootBody(1)) } },
    ...ids.map((id): SiteLogEntry => {
      const key = encodeBase64Url(gatewayKey(id).publicKey);
      return { ty: 'gateway.enrolled', x: { gw: id.gateway, ep: id.epoch, key } };
    }),
    {
      ty: 'approval.recorded',
      x: {
        req: hash('req'),
        decision: 'approved',
        by: `s_${'a'.repeat(22)}`,
        at: START_MS / 1000,
        m: 'session',
      },
    },
    { ty: 'permit.issued', x: { h: hash('permit') } },
    { ty: 'manifest.signed', x: { v: 1, mh: hash('manifest') } },
    ...ids.flatMap((id) =>
      find(id).heads.map((head): SiteLogEntry => {
        return { ty: 'journal.checkpointed', x: { gw: id.gateway, ep: id.epoch, ...head } };
      }),
    ),
    { ty: 'permit.revoked', x: { h: hash('permit') } },
  ];
  const siteRecords = linkSiteLog(options.siteEntries?.(entries) ?? entries);
  const middle = Math.ceil(siteRecords.length / 2);
  const siteNotes = [...new Set([middle, siteRecords.length])].map((size) => signSiteHead(siteRecords, size));
  const change = options.openings ?? ((openings: Opening[]) => openings);
  return {
    siteId: SITE,
    rootChain: () => Promise.resolve(chain),
    journals: () => Promise.resolve(ids),
    siteLog: () => ({ records: siteRecords, checkpoints: siteNotes }),
    journal: (id) => ({ records: find(id).records, checkpoints: find(id).checkpoints }),
    openings: (id) => change(find(id).openings),
  };
}

/** Builds the bundle of an invented site. */
export const makeBundle = (options: EvidenceOptions = {}): Promise<Map<string, Uint8Array>> =>
  buildBundle(makeEvidence(options), {
    sha256,
    period: options.period ?? null,
    tool: 'palang test',
    createdAt: asEpochMs(START_MS + 86_400_000),
  });
