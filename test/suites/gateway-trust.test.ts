import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { termsHash } from '#contract/approval';
import { encodeBase64Url } from '#contract/bytes';
import type { PermitClaims } from '#contract/permit';
import { jwsHash, type CarriedPolicy, type PolicyBody, type PolicySnapshot } from '#contract/policy';
import { rootMessage, type RootBody, type RootDocument } from '#contract/root-document';
import { approvalHash, type Approval } from '#contract/site-log';
import { openJournal, type Journal } from '../../gateway/journal/journal.ts';
import { checkCarried } from '../../gateway/permits/check-carried.ts';
import { createPolicyStore, type PolicyStore } from '../../gateway/permits/policy-store.ts';
import { leaveCarried, openSnapshotFiles } from '../../gateway/permits/snapshot-files.ts';
import { deniesIn } from '../../gateway/uplink/policy-sync.ts';
import { makePasskey, RP, type TestPasskey } from '../contract/approver-fixture.ts';
import {
  BUDI,
  CARD,
  createFakeClock,
  createSeededRandom,
  GATEWAY,
  HADI,
  ISSUER,
  makeFolder,
  NONCE,
  SARI,
  sha256,
  signJws,
  SITE,
  START_MS,
  TestSite,
} from './gateway-world.ts';

const site = new TestSite();
const cred = site.handleOf(CARD);
const creds = [{ cred, sub: SARI, st: 'active' as const }];
const passkey = makePasskey(HADI);
const other = makePasskey(BUDI, 'OKP');

const strict: RootBody = {
  ...site.body,
  approvers: [passkey.approver, other.approver],
  approval: { rp: RP, needs: { strict: 2 } },
};

const signedBy = (
  root: RootBody,
  ...keys: readonly { id: string; privateKey: KeyObject }[]
): RootDocument => ({
  root,
  signatures: keys.map(({ id, privateKey }) => ({
    kid: id,
    sig: encodeBase64Url(sign(null, rootMessage(root), privateKey)),
  })),
});

/** A permit that these passkeys approved, with their approvals. */
function approved(changes: Partial<PermitClaims>, ...by: readonly TestPasskey[]) {
  const bare = site.permit({ cred: [cred], apr: [], ...changes });
  const facts = { req: bare.req, at: START_MS / 1000 - 3600, d: [termsHash(sha256, bare)] };
  const approvals = by.map((each) => each.approve(facts, SITE));
  const apr = approvals.map((each) => ({
    by: each.by,
    at: each.at,
    m: each.m,
    h: approvalHash(sha256, each),
  }));
  return { claims: { ...bare, apr }, approvals };
}

const policyOf = (
  permit: { readonly claims: PermitClaims; readonly approvals: readonly Approval[] },
  options: Parameters<TestSite['policy']>[0] = {},
): PolicyBody => site.policy({ permits: [permit.claims], approvals: permit.approvals, creds, ...options });

let folder: ReturnType<typeof makeFolder>;
let clock: ReturnType<typeof createFakeClock>;
let journal: Journal;
let store: PolicyStore;

const openStore = (root: RootBody = site.body): PolicyStore =>
  createPolicyStore({
    trust: { ...site.trust, root, epoch: 1 },
    files: openSnapshotFiles(join(folder.path, 'policy')),
    journal,
    timeFloor: () => clock.floorMs(),
  });

beforeEach(() => {
  folder = makeFolder();
  clock = createFakeClock();
  journal = openJournal(
    folder.path,
    { site: SITE, gateway: GATEWAY, epoch: 1, signer: site.gateway },
    { clock, random: createSeededRandom('trust'), timeFloor: () => clock.floorMs() },
  );
  journal.beginBoot('1');
  store = openStore();
});
afterEach(() => {
  journal.close();
  folder.remove();
});

const errorOf = async (snapshot: PolicySnapshot): Promise<string> => {
  const outcome = await store.accept(snapshot, NONCE);
  return outcome.ok ? 'accepted' : outcome.error;
};
const accept = (body: PolicyBody, options: { v?: number; t?: number } & Partial<PolicySnapshot> = {}) => {
  const { v = 1, t, ...rest } = options;
  return errorOf({ ...site.snapshot(body, { nonce: NONCE, v, ...(t !== undefined && { t }) }), ...rest });
};
const opens = (): number => store.current()?.index.permitsOf(cred).length ?? 0;
const records = () =>
  (journal.readBatch(2)?.entries ?? []).map(
    (entry) => JSON.parse(entry) as { ty: string; x: Record<string, unknown> },
  );
const deny = (what: object, changes: object = {}): string =>
  signJws(site.issuer, 'deny+jws', {
    iss: ISSUER,
    aud: SITE,
    id: `dn_${'D'.repeat(22)}`,
    at: START_MS / 1000,
    vmin: 2,
    deny: what,
    ...changes,
  });

describe('approvals at the gateway', () => {
  beforeEach(() => {
    store = openStore(strict);
  });

  it('GP12: a permit opens with the approval of an approver of the roster', async () => {
    const permit = approved({}, passkey);
    expect(await accept(policyOf(permit))).toBe('accepted');
    expect(opens()).toBe(1);
    expect(store.current()?.index.isWeaklyApproved(permit.claims.jti)).toBe(false);
  });

  it('GP12: what a stolen issuer key signs opens nothing without approvals, and is recorded', async () => {
    const forged = { claims: site.permit({ cred: [cred] }), approvals: [] };
    expect(await accept(policyOf(forged))).toBe('accepted');
    expect(opens()).toBe(0);
    expect(records().at(-1)).toMatchObject({
      ty: 'policy.rejected',
      x: { why: 'permit-unapproved', because: 'approval-missing', n: 1 },
    });
  });

  it.each<[string, string, () => ReturnType<typeof approved>]>([
    [
      'by session',
      'approval-too-weak',
      () => {
        const claims = site.permit({ cred: [cred] });
        return { claims, approvals: [site.approvalOf(claims)] };
      },
    ],
    [
      'of a passkey that the officials never entered',
      'approver-not-in-roster',
      () => approved({}, makePasskey(HADI)),
    ],
    ['of the visitor', 'approval-by-requester', () => approved({ sub: HADI }, passkey)],
    ['too few for the class', 'approvals-too-few', () => approved({ cls: 'strict' }, passkey)],
    [
      'whose assertion was made for another permit',
      'approval-of-another-request',
      () => {
        const small = approved({}, passkey);
        return { ...small, claims: { ...small.claims, exp: small.claims.exp + 3600 } };
      },
    ],
    [
      'in which the server replaced what was approved',
      'approval-forged',
      () => {
        const small = approved({}, passkey);
        const large = { ...small.claims, exp: small.claims.exp + 3600 };
        const bent = { ...small.approvals[0]!, d: [termsHash(sha256, large)] };
        const apr = [{ ...small.claims.apr[0]!, h: approvalHash(sha256, bent) }];
        return { claims: { ...large, apr }, approvals: [bent] };
      },
    ],
  ])('GP13: a permit with an approval %s opens nothing', async (_, because, make) => {
    expect(await accept(policyOf(make()))).toBe('accepted');
    expect(opens()).toBe(0);
    expect(records().at(-1)?.x['because']).toBe(because);
  });

  it('GP13: two approvers make what one does not', async () => {
    expect(await accept(policyOf(approved({ cls: 'strict' }, passkey, other)))).toBe('accepted');
    expect(opens()).toBe(1);
  });

  it('GP14: an approver whom the officials take out approves nothing any more', async () => {
    const permit = approved({}, passkey);
    expect(await accept(policyOf(permit))).toBe('accepted');
    const next = { ...strict, v: 2, approvers: [other.approver] };
    const body = policyOf(permit, { v: 2, manifest: { rootv: 2 } });
    expect(await accept(body, { v: 2, roots: [signedBy(next, site.root)] })).toBe('accepted');
    expect(opens()).toBe(0);
  });

  it('GP15: under the weaker setting sessions count, and what rests on them says so', async () => {
    store = openStore({ ...strict, approval: { rp: RP, weak: 'session' } });
    const weak = site.permit({ cred: [cred], jti: `pm_${'W'.repeat(22)}` });
    const strong = approved({}, passkey);
    const approvals = [...strong.approvals, site.approvalOf(weak)];
    expect(await accept(site.policy({ permits: [weak, strong.claims], approvals, creds }))).toBe('accepted');
    expect(opens()).toBe(2);
    const { index } = store.current()!;
    expect([weak, strong.claims].map(({ jti }) => index.isWeaklyApproved(jti))).toEqual([true, false]);
  });

  it('GP10: what is kept is judged again at the next start', async () => {
    await accept(policyOf(approved({}, passkey)));
    store = openStore({ ...strict, approvers: [other.approver] });
    expect(await store.load()).toEqual({ ok: true, value: 'loaded' });
    expect(opens()).toBe(0);
    const path = join(folder.path, 'policy', 'policy-1.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"approvals":\[.*?\}\]/, '"approvals":[]'));
    store = openStore(strict);
    expect(await store.load()).toEqual({ ok: true, value: 'loaded' });
    expect(opens()).toBe(0);
  });
});

describe('limits of the classes', () => {
  const HOUR = 3600;
  // Each under a root document of its own: the count of versions starts again.
  let rootV = 1;
  const limitOf = async (
    changes: Partial<RootBody>,
    lim?: Record<string, number>,
  ): Promise<number | undefined> => {
    rootV += 1;
    store = openStore({ ...site.body, ...changes, v: rootV });
    const manifest = { rootv: rootV, ...(lim !== undefined && { lim }) };
    expect(await accept(site.policy({ creds, manifest }))).toBe('accepted');
    return store.current()?.limits?.temp.hardMs;
  };

  it('GP16: the manifest narrows them, and widens them only as far as the officials allow', async () => {
    expect(await limitOf({})).toBe(72 * HOUR * 1000);
    expect(await limitOf({}, { temp: HOUR })).toBe(HOUR * 1000);
    expect(await limitOf({}, { temp: 500 * HOUR })).toBe(72 * HOUR * 1000);
    expect(await limitOf({ maxLimits: { temp: 10 * HOUR } })).toBe(10 * HOUR * 1000);
    expect(await limitOf({ maxLimits: { temp: 100 * HOUR } }, { temp: 90 * HOUR })).toBe(90 * HOUR * 1000);
  });
});

describe('root documents and the ratchet', () => {
  const two: RootBody = { ...site.body, v: 2 };
  const body1 = site.policy({ creds });
  const body2 = site.policy({ v: 2, creds, prev: jwsHash(sha256, body1.manifest) });
  const underTwo = site.policy({ v: 1, creds, manifest: { rootv: 2 } });

  it('GP17: orders of an earlier root document do not come back under a newer one', async () => {
    expect(await accept(body1)).toBe('accepted');
    const roots = [signedBy(two, site.root)];
    expect(await accept(body2, { v: 2, roots })).toBe('root-mismatch');
    expect(store.trust().root.v).toBe(1);
    expect(await accept(underTwo, { roots })).toBe('accepted');
    expect(store.trust().root.v).toBe(2);
    expect(records().at(-1)).toMatchObject({ ty: 'policy.applied', x: { v: 1, rootv: 2 } });
    expect(await accept(body2, { v: 2 })).toBe('root-mismatch');
  });

  it('GP19: a version pushed far ahead by a stolen key is undone by a new root document', async () => {
    expect(await accept(site.policy({ v: 9_007_199_254_740_991, creds }), { v: 9_007_199_254_740_991 })).toBe(
      'accepted',
    );
    expect(await accept(body1)).toBe('version-rolled-back');
    expect(await accept(underTwo, { roots: [signedBy(two, site.root)] })).toBe('accepted');
    expect(store.current()?.index.version).toBe(1);
  });

  it('GP23: root documents are taken one after the other, with enough signatures, or not at all', async () => {
    const three: RootBody = { ...site.body, v: 3 };
    const under = (rootv: number) => site.policy({ creds, manifest: { rootv } });
    // A version that is left out is a hole through which an official was taken off unseen.
    expect(await accept(under(3), { roots: [signedBy(three, site.root)] })).toBe('root-not-genuine');
    expect(await accept(under(2), { roots: [signedBy(two, site.issuer)] })).toBe('root-not-genuine');
    expect(await accept(under(2), { roots: [signedBy({ ...two, site: 'lain' }, site.root)] })).toBe(
      'root-not-genuine',
    );
    expect(store.trust().root.v).toBe(1);
    const both = [signedBy(two, site.root), signedBy(three, site.root)];
    expect(await accept(under(3), { roots: both })).toBe('accepted');
    expect(store.trust().root.v).toBe(3);
    expect(await accept(under(3), { roots: both })).toBe('accepted');
  });

  it('GP23: two of three officials are two, and the old ones agree to the new', async () => {
    const officials = ['a', 'b', 'c'].map((id) => {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      return { id: `root-${id}`, privateKey, x: publicKey.export({ format: 'jwk' }).x ?? '' };
    });
    const [a, b, c] = officials as [(typeof officials)[0], (typeof officials)[0], (typeof officials)[0]];
    const taken: RootBody = {
      ...two,
      keys: { ...two.keys, ...Object.fromEntries(officials.map(({ id, x }) => [id, x])) },
      roles: { ...two.roles, root: { keys: officials.map(({ id }) => id), threshold: 2 } },
      singleOfficial: false,
    };
    expect(await accept(underTwo, { roots: [signedBy(taken, a, b)] })).toBe('root-not-genuine');
    expect(await accept(underTwo, { roots: [signedBy(taken, site.root, a)] })).toBe('root-not-genuine');
    expect(await accept(underTwo, { roots: [signedBy(taken, site.root, a, b)] })).toBe('accepted');
    const under3 = site.policy({ creds, manifest: { rootv: 3 } });
    const three = { ...taken, v: 3 };
    expect(await accept(under3, { roots: [signedBy(three, c)] })).toBe('root-not-genuine');
    expect(await accept(under3, { roots: [signedBy(three, b, c)] })).toBe('accepted');
  });

  it('GP24: nothing is kept before every check has passed, root documents included', async () => {
    expect(await accept(body1)).toBe('accepted');
    const broken = { ...underTwo, permits: [site.signPermit(site.permit({ cred: [cred] }))] };
    expect(await accept(broken, { roots: [signedBy(two, site.root)] })).toBe('permit-set-wrong');
    expect(store.trust().root.v).toBe(1);
    expect(readdirSync(join(folder.path, 'policy'))).toEqual(['policy-1.json']);
    expect(await accept(body1)).toBe('accepted');
  });

  it('GP19: the root documents are kept with the orders, and lead to them at the next start', async () => {
    expect(await accept(underTwo, { roots: [signedBy(two, site.root)] })).toBe('accepted');
    store = openStore();
    expect(store.trust().root.v).toBe(1);
    expect(await store.load()).toEqual({ ok: true, value: 'loaded' });
    expect(store.trust().root.v).toBe(2);
  });

  it('GP18: a jump over versions comes with the manifests between, each following on the one before', async () => {
    expect(await accept(body1)).toBe('accepted');
    const three = site.policy({ v: 3, creds, prev: jwsHash(sha256, body2.manifest) });
    expect(await accept(three, { v: 3 })).toBe('chain-broken');
    const twin = site.policy({ v: 2, prev: jwsHash(sha256, body1.manifest) });
    expect(await accept({ ...three, chain: [twin.manifest] }, { v: 3 })).toBe('chain-broken');
    const stranger = signJws(site.fresh, 'manifest+jws', {});
    expect(await accept({ ...three, chain: [stranger] }, { v: 3 })).toBe('signature-invalid');
    expect(await accept({ ...three, chain: [body1.manifest, body2.manifest] }, { v: 3 })).toBe('accepted');
  });

  it('GP32: a gateway whose key the officials have revoked takes no more orders', async () => {
    expect(await accept(body1)).toBe('accepted');
    const without = { ...two, revoked: [{ gw: GATEWAY, ep: 1 }] };
    expect(await accept(underTwo, { roots: [signedBy(without, site.root)] })).toBe('gateway-revoked');
    const another = { ...two, revoked: [{ gw: GATEWAY, ep: 2 }] };
    expect(await accept(underTwo, { roots: [signedBy(another, site.root)] })).toBe('accepted');
  });
});

describe('deny notices', () => {
  const permit = site.permit({ cred: [cred] });
  const body = site.policy({ permits: [permit], creds });
  const isDenied = (): boolean | undefined => store.current()?.index.isDenied(cred, permit.sub, permit.jti);

  it.each([
    ['its permit', { jti: permit.jti }],
    ['its holder', { sub: permit.sub }],
    ['its card', { cred }],
  ])('GP25: a right ends at once with a notice for %s', async (_, what) => {
    expect(await accept(body)).toBe('accepted');
    expect(isDenied()).toBe(false);
    await store.takeDenies([deny(what)]);
    expect(isDenied()).toBe(true);
    const { ty, x } = records().at(-1)!;
    expect(ty).toBe('deny.applied');
    expect(JSON.stringify(x)).not.toContain(Object.values(what)[0]);
  });

  it('GP25: a notice for others takes nothing away', async () => {
    expect(await accept(body)).toBe('accepted');
    await store.takeDenies([deny({ sub: BUDI })]);
    expect(isDenied()).toBe(false);
  });

  it.each([
    ['signed by the key of heartbeats', signJws(site.fresh, 'deny+jws', {})],
    ['of another type', signJws(site.issuer, 'permit+jws', {})],
    ['of another site', deny({ jti: permit.jti }, { aud: 'lain' })],
    ['that takes away nothing', deny({})],
    ['that is none', 'x.y.z'],
  ])('GP25: a notice %s is none, and recorded once', async (_, jws) => {
    expect(await accept(body)).toBe('accepted');
    await store.takeDenies([jws]);
    await store.takeDenies([jws]);
    expect(isDenied()).toBe(false);
    expect(records().filter(({ ty }) => ty === 'policy.rejected')).toHaveLength(1);
  });

  it('GP26: notices count in any order, before their orders, and however often', async () => {
    const denies = [deny({ jti: permit.jti }), deny({ jti: permit.jti })];
    await store.takeDenies(denies);
    expect(await accept(body, { denies })).toBe('accepted');
    expect(isDenied()).toBe(true);
    await store.takeDenies(denies);
    expect(records().filter(({ ty }) => ty === 'deny.applied')).toHaveLength(1);
  });

  it('GP26: a notice counts though the orders that came with it do not', async () => {
    expect(await accept(body)).toBe('accepted');
    const broken = { ...body, permits: [] };
    const second = site.policy({ v: 2, prev: jwsHash(sha256, body.manifest), permits: [permit], creds });
    expect(
      await accept({ ...second, permits: broken.permits }, { v: 2, denies: [deny({ jti: permit.jti })] }),
    ).toBe('permit-set-wrong');
    expect(isDenied()).toBe(true);
  });

  it('GP26: a notice outlives a restart', async () => {
    expect(await accept(body)).toBe('accepted');
    await store.takeDenies([deny({ cred })]);
    store = openStore();
    expect(await store.load()).toEqual({ ok: true, value: 'loaded' });
    expect(isDenied()).toBe(true);
  });

  it('GP27: a notice is forgotten once orders that know of it are in force, and does not come back', async () => {
    expect(await accept(body)).toBe('accepted');
    const jws = deny({ cred });
    await store.takeDenies([jws]);
    // The card was given back in version 2 already: only that version says so.
    const second = site.policy({ v: 2, prev: jwsHash(sha256, body.manifest), permits: [permit], creds });
    expect(await accept(second, { v: 2 })).toBe('accepted');
    expect(isDenied()).toBe(false);
    await store.takeDenies([jws]);
    expect(isDenied()).toBe(false);
    store = openStore();
    await store.load();
    expect(isDenied()).toBe(false);
  });

  it('GP33: notices come with the call of the server', () => {
    expect(deniesIn('{"v":3,"denies":["a","b"]}')).toEqual(['a', 'b']);
    for (const data of ['', '7', '{}', '{"denies":"x"}', 'null', '<html>'])
      expect(deniesIn(data)).toEqual([]);
  });
});

describe('differences between two versions', () => {
  const permits = ['A', 'B', 'C'].map((letter) =>
    site.permit({ cred: [cred], jti: `pm_${letter.repeat(22)}` }),
  );
  const [a, b, c] = permits as [PermitClaims, PermitClaims, PermitClaims];
  const first = site.policy({ permits: [a, b], creds });
  const second = site.policy({ v: 2, prev: jwsHash(sha256, first.manifest), permits: [b, c], creds });
  const delta = {
    from: 1,
    to: 2,
    manifest: second.manifest,
    directory: second.directory,
    approvals: [site.approvalOf(c)],
    add: [site.signPermit(c)],
    del: [a.jti],
  };
  const heartbeat = site.snapshot(second, { nonce: NONCE, v: 2 }).heartbeat;

  it('GP28: a difference leads to what the manifest counts', async () => {
    expect(await accept(first)).toBe('accepted');
    expect(await errorOf({ heartbeat, delta })).toBe('accepted');
    const found = store
      .current()
      ?.index.permitsOf(cred)
      .map(({ jti }) => jti);
    expect(found?.toSorted()).toEqual([b.jti, c.jti]);
    store = openStore();
    expect(await store.load()).toEqual({ ok: true, value: 'loaded' });
    expect(store.current()?.index.permitsOf(cred)).toHaveLength(2);
  });

  it.each<[string, Partial<typeof delta>]>([
    ['leaves one out', { add: [] }],
    ['takes none away', { del: [] }],
    ['takes away too many', { del: [a.jti, b.jti] }],
    ['adds a stranger', { add: [site.signPermit(site.permit({ cred: [cred] }))] }],
    ['starts from another version', { from: 7 }],
  ])('GP29: a difference that %s asks for all of it, and changes nothing', async (_, changes) => {
    expect(await accept(first)).toBe('accepted');
    expect(await errorOf({ heartbeat, delta: { ...delta, ...changes } })).toBe('delta-mismatch');
    expect(store.current()?.index.version).toBe(1);
    expect(await accept(second, { v: 2 })).toBe('accepted');
  });

  it('GP29: a gateway without orders can do nothing with a difference', async () => {
    expect(await errorOf({ heartbeat, delta })).toBe('delta-mismatch');
  });
});

describe('orders on a stick', () => {
  const permit = site.permit({ cred: [cred] });
  const body = site.policy({ permits: [permit], creds });
  const dateOf = (of: PolicyBody, v: number, t: number, changes: object = {}): string =>
    signJws(site.fresh, 'policy-date+jws', {
      iss: ISSUER,
      aud: SITE,
      t,
      v,
      mh: jwsHash(sha256, of.manifest),
      ...changes,
    });
  const carried = (of: PolicyBody, v: number, changes: Partial<CarriedPolicy> = {}): CarriedPolicy => ({
    format: 'palang-policy/1',
    date: dateOf(of, v, START_MS - 86_400_000),
    body: of,
    roots: [...site.chain],
    ...changes,
  });
  const bring = async (value: unknown): Promise<string> => {
    leaveCarried(join(folder.path, 'policy'), JSON.stringify(value));
    const outcome = await store.acceptCarried();
    if (outcome === null) return 'none';
    return outcome.ok ? `version ${outcome.value.v}` : outcome.error;
  };

  it('GP30: carried orders come into force with their own date, and are gone from where they lay', async () => {
    expect(await bring(carried(body, 1))).toBe('version 1');
    expect(store.current()?.asOf).toBe(START_MS - 86_400_000);
    expect(opens()).toBe(1);
    expect(await store.acceptCarried()).toBeNull();
    store = openStore();
    expect(await store.load()).toEqual({ ok: true, value: 'loaded' });
    expect(store.current()?.asOf).toBe(START_MS - 86_400_000);
  });

  it('GP30: they pass the same checks: no older version, no other key, no missing approval', async () => {
    const second = site.policy({ v: 2, prev: jwsHash(sha256, body.manifest), creds });
    expect(await accept(body)).toBe('accepted');
    expect(await bring(carried(second, 2))).toBe('version 2');
    expect(await bring(carried(body, 1))).toBe('version-rolled-back');
    const forged = signJws(site.issuer, 'policy-date+jws', {});
    expect(await bring(carried(second, 2, { date: forged }))).toBe('signature-invalid');
    expect(await bring({ nothing: true })).toBe('malformed');
    const heartbeat = site.snapshot(second, { nonce: NONCE, v: 2 }).heartbeat;
    expect(await bring(carried(second, 2, { date: heartbeat }))).toBe('wrong-type');
    expect(records().at(-1)).toMatchObject({ ty: 'policy.rejected' });
  });

  it('GP30: an older stick does not make younger orders older', async () => {
    expect(await accept(body)).toBe('accepted');
    expect(await bring(carried(body, 1))).toBe('version 1');
    expect(store.current()?.asOf).toBe(START_MS);
  });

  it('GP30: a stick brings root documents and notices as well', async () => {
    const two: RootBody = { ...site.body, v: 2 };
    const under = site.policy({ permits: [permit], creds, manifest: { rootv: 2 } });
    const roots = [...site.chain, signedBy(two, site.root)];
    expect(await bring(carried(under, 1, { roots, denies: [deny({ cred })] }))).toBe('version 1');
    expect(store.trust().root.v).toBe(2);
    expect(store.current()?.index.isDenied(cred, permit.sub, permit.jti)).toBe(true);
  });

  it('GP31: they can be looked at before', async () => {
    const trust = site.trust;
    expect(await checkCarried(carried(body, 1), trust)).toMatchObject({
      ok: true,
      value: { permits: 1, unapproved: 0, rootVersion: 1 },
    });
    const unapproved = { ...body, approvals: [] };
    expect(await checkCarried(carried(unapproved, 1), trust)).toMatchObject({
      ok: true,
      value: { permits: 0, unapproved: 1 },
    });
    expect(await checkCarried({}, trust)).toEqual({ ok: false, error: 'malformed' });
    const changed = { ...carried(body, 1), body: { ...body, permits: [] } };
    expect(await checkCarried(changed, trust)).toEqual({ ok: false, error: 'permit-set-wrong' });
  });
});
