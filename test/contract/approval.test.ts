import { describe, expect, it } from 'vitest';
import { approvalChallenge, judgeApprovals, termsHash, type ApprovalFault } from '#contract/approval';
import { encodeBase64Url } from '#contract/bytes';
import { permitClaimsSchema, type PermitClaims } from '#contract/permit';
import { rootBodySchema, walkRoots, type RootBody } from '#contract/root-document';
import { approvalHash, type Approval } from '#contract/site-log';
import { isOriginOf, rawEs256Signature, verifyApprovalAssertion, type ApproverKey } from '#contract/webauthn';
import { verifyEs256 as gatewayEs256 } from '../../gateway/crypto-ports.ts';
import { verifyEs256 as serverEs256 } from '../../server/signing/node-crypto.ts';
import vectors from '../../server/contract/vectors/approval.json';
import { makePasskey, RP } from './approver-fixture.ts';
import { rootBody, rootKey, signRoot, SITE } from './evidence-fixture.ts';
import { ports, sha256, testKey } from './test-keys.ts';

const keys = vectors.keys as unknown as Readonly<Record<string, ApproverKey>>;
const challenge = approvalChallenge(sha256, vectors.approval);
const parties = [
  ['the server', { ...ports, verifyEs256: serverEs256 }],
  ['the gateway', { ...ports, verifyEs256: gatewayEs256 }],
] as const;

describe('assertions of passkeys', () => {
  it('C42: challenge and terms are those of the vectors', () => {
    expect(encodeBase64Url(challenge)).toBe(vectors.challenge);
    const claims = vectors.terms.claims as Parameters<typeof termsHash>[1];
    expect(termsHash(sha256, claims)).toBe(vectors.terms.hash);
  });

  it.each(parties.flatMap(([who, given]) => vectors.accepted.map((each) => ({ who, given, ...each }))))(
    'C38: $who accepts one $name',
    async ({ given, key, assertion }) => {
      const asked = { challenge, rpId: vectors.rp, key: keys[key]!, assertion };
      expect(await verifyApprovalAssertion(given, asked)).toEqual({ ok: true, value: null });
    },
  );

  it.each(parties.flatMap(([who, given]) => vectors.refused.map((each) => ({ who, given, ...each }))))(
    'C39: $who refuses one $name',
    async ({ given, key, assertion, error }) => {
      const asked = { challenge, rpId: vectors.rp, key: keys[key]!, assertion };
      expect(await verifyApprovalAssertion(given, asked)).toEqual({ ok: false, error });
    },
  );

  it('C39: a point that is not on the curve verifies nothing', async () => {
    const [{ assertion } = { assertion: null }] = vectors.accepted;
    if (assertion === null) throw new Error('no vector');
    const key = { ...keys['EC']!, y: 'A'.repeat(43) } as ApproverKey;
    for (const [, given] of parties) {
      expect(await verifyApprovalAssertion(given, { challenge, rpId: vectors.rp, key, assertion })).toEqual({
        ok: false,
        error: 'signature-invalid',
      });
    }
  });

  it('C39: a signature has one spelling', () => {
    const der = Uint8Array.of(0x30, 6, 2, 1, 5, 2, 1, 7);
    expect(rawEs256Signature(der)?.[31]).toBe(5);
    expect(rawEs256Signature(der)?.[63]).toBe(7);
    for (const other of [
      [0x30, 7, 2, 2, 0, 5, 2, 1, 7],
      [0x30, 6, 2, 1, 0x85, 2, 1, 7],
      [0x30, 6, 2, 1, 5, 3, 1, 7],
      [0x30, 3, 2, 1, 5],
      [0x30, 5, 2, 0, 2, 1, 7],
      [0x30, 8, 2, 1, 5, 2, 1, 7, 0, 0],
      [],
    ]) {
      expect(rawEs256Signature(Uint8Array.from(other))).toBeNull();
    }
  });

  it.each([
    ['localhost', 'http://localhost:8080', true],
    ['localhost', 'https://localhost', true],
    ['localhost', 'http://palang.localhost', false],
    ['palang.contoh', 'https://palang.contoh:443', true],
    ['palang.contoh', 'https://PALANG.contoh', false],
    ['palang.contoh', 'https://palang.contoh/x', false],
    ['palang.contoh', 'android:apk-key-hash:x', false],
  ])('C40: the page of %s may be %s: %s', (rp, origin, isAllowed) => {
    expect(isOriginOf(rp, origin)).toBe(isAllowed);
  });
});

const person = (letter: string): string => `s_${letter.repeat(22)}`;
const [visitor, first, second, third] = ['V', 'A', 'B', 'C'].map(person) as [string, string, string, string];
const one = makePasskey(first);
const two = makePasskey(second, 'OKP');
const away = makePasskey(third, 'EC', ['ruang-lain']);

const root = (changes: Partial<RootBody> = {}): RootBody =>
  rootBody(1, {
    approvers: [one.approver, two.approver, away.approver],
    approval: { rp: RP, needs: { strict: 2 } },
    ...changes,
  });

const base: PermitClaims = {
  iss: `palang/${SITE}`,
  aud: SITE,
  jti: `pm_${'P'.repeat(22)}`,
  rev: 1,
  sub: visitor,
  iat: 1000,
  nbf: 1000,
  exp: 5000,
  cls: 'temp',
  doors: ['ruang-server'],
  cred: [`c_${'c'.repeat(43)}`],
  apr: [],
  req: 'R'.repeat(42) + 'A',
};

const factsOf = (claims: PermitClaims) => ({ req: claims.req, at: 900, d: [termsHash(sha256, claims)] });
const byPasskey = (passkey: typeof one, claims = base): Approval => passkey.approve(factsOf(claims), SITE);
const bySession = (by: string, claims = base): Approval => ({
  ...factsOf(claims),
  decision: 'approved',
  by,
  m: 'session',
});

async function judge(
  approvals: readonly Approval[],
  options: { readonly root?: RootBody; readonly claims?: Partial<PermitClaims> } = {},
): Promise<ApprovalFault | 'strong' | 'weak'> {
  const claims: PermitClaims = {
    ...base,
    ...options.claims,
    apr: approvals.map((each) => ({ by: each.by, at: each.at, h: approvalHash(sha256, each), m: each.m })),
  };
  const byHash = new Map(approvals.map((each) => [approvalHash(sha256, each), each]));
  const judged = await judgeApprovals(ports, options.root ?? root(), claims, byHash);
  return judged.ok ? (judged.value.isWeak ? 'weak' : 'strong') : judged.error;
}

describe('approvals', () => {
  it('C44: one approver of the roster is enough where no more are asked for', async () => {
    expect(await judge([byPasskey(one)])).toBe('strong');
    expect(await judge([byPasskey(two)])).toBe('strong');
  });

  it.each<[string, Partial<PermitClaims>]>([
    ['another visitor', { sub: person('W') }],
    ['another door', { doors: ['ruang-lain'] }],
    ['a second door', { doors: ['ruang-server', 'ruang-lain'] }],
    ['an earlier start', { nbf: 999 }],
    ['a later end', { exp: 5001 }],
    ['another class', { cls: 'staff' }],
    ['another request', { req: 'S'.repeat(42) + 'A' }],
    ['more people', { heads: 2 }],
    ['no escort', { esc: [person('E')] }],
    ['holidays', { hol: true }],
    ['a standing right', { knd: 'standing' }],
    ['other hours', { win: [{ days: '1', from: '07:00', to: '08:00', utc: '+07:00' }] }],
    ['two people', { two: false }],
  ])('C42: an approval does not count for %s', async (_, claims) => {
    expect(await judge([byPasskey(one)], { claims })).toBe('approval-of-another-request');
  });

  it('C42: cards, counts, revisions and names of things are the issuer’s', async () => {
    const claims = { cred: [`c_${'d'.repeat(43)}`], uses: 4, rev: 3, iat: 2000, jti: `pm_${'Q'.repeat(22)}` };
    expect(await judge([byPasskey(one)], { claims })).toBe('strong');
    expect(
      permitClaimsSchema.safeParse({
        ...base,
        ...claims,
        apr: [{ by: first, at: 1, h: base.req, m: 'session' }],
      }).success,
    ).toBe(true);
  });

  it('C44: a class that needs two gets two, and not one of them twice', async () => {
    const claims = { ...base, cls: 'strict' as const };
    const [a, b] = [byPasskey(one, claims), byPasskey(two, claims)];
    expect(await judge([a], { claims })).toBe('approvals-too-few');
    expect(await judge([a, { ...a, at: 901 }], { claims })).toBe('approvals-too-few');
    expect(await judge([a, b], { claims })).toBe('strong');
  });

  it('C44: one device under two names is one approver', async () => {
    const claims = { ...base, cls: 'strict' as const };
    const twin = { ...one.approver, by: third };
    const again = { ...byPasskey(one, claims), by: third };
    const given = root({ approvers: [one.approver, twin] });
    expect(await judge([byPasskey(one, claims), again], { claims, root: given })).toBe('approvals-too-few');
  });

  it.each<[string, ApprovalFault, () => Promise<string>]>([
    ['of nobody', 'approval-missing', () => judge([])],
    ['of the visitor', 'approval-by-requester', () => judge([byPasskey(makePasskey(visitor))])],
    ['of a stranger', 'approver-not-in-roster', () => judge([byPasskey(makePasskey(first))])],
    [
      'of an approver who was taken out',
      'approver-not-in-roster',
      () => judge([byPasskey(one)], { root: root({ approvers: [two.approver] }) }),
    ],
    ['for another door', 'approver-not-for-door', () => judge([byPasskey(away)])],
    ['by session', 'approval-too-weak', () => judge([bySession(first)])],
    ['that is a refusal', 'approval-missing', () => judge([{ ...byPasskey(one), decision: 'rejected' }])],
    ['without assertion', 'approval-forged', () => judge([{ ...bySession(first), m: 'passkey' }])],
    [
      'whose assertion was over another permit',
      'approval-forged',
      () => {
        const other = byPasskey(one, { ...base, exp: 9000 });
        return judge([{ ...byPasskey(one), as: other.as! }]);
      },
    ],
    [
      'where no relying party is named',
      'approval-forged',
      () => judge([byPasskey(one)], { root: root({ approval: {} }) }),
    ],
  ])('C45: an approval %s does not count', async (_, fault, work) => {
    expect(await work()).toBe(fault);
  });

  it('C45: what a permit names must be the very approval', async () => {
    const approval = byPasskey(one);
    const claims = {
      ...base,
      apr: [{ by: first, at: 900, h: approvalHash(sha256, approval), m: 'passkey' as const }],
    };
    const given = (held: Approval) => new Map([[approvalHash(sha256, approval), held]]);
    expect((await judgeApprovals(ports, root(), claims, given(approval))).ok).toBe(true);
    expect(await judgeApprovals(ports, root(), claims, given({ ...approval, at: 901 }))).toEqual({
      ok: false,
      error: 'approval-missing',
    });
    expect(await judgeApprovals(ports, root(), claims, new Map())).toEqual({
      ok: false,
      error: 'approval-missing',
    });
  });

  it('C46: the weaker setting is named, and what rests on it says so', async () => {
    const weak = root({ approval: { rp: RP, weak: 'session', needs: { temp: 2 } } });
    expect(await judge([bySession(first)], { root: weak })).toBe('approvals-too-few');
    expect(await judge([bySession(first), bySession(second)], { root: weak })).toBe('weak');
    expect(await judge([bySession(first), byPasskey(two)], { root: weak })).toBe('weak');
    expect(await judge([byPasskey(one), byPasskey(two)], { root: weak })).toBe('strong');
  });
});

describe('root documents that name approvers', () => {
  it('C41: hold nothing that is not documented', () => {
    expect(rootBodySchema.safeParse(root()).success).toBe(true);
    expect(rootBodySchema.safeParse({ ...root(), approval: { weak: 'password' } }).success).toBe(false);
    expect(rootBodySchema.safeParse({ ...root(), maxLimits: { temp: 1 } }).success).toBe(false);
    expect(rootBodySchema.safeParse({ ...root(), approvers: [{ ...one.approver, name: 'x' }] }).success).toBe(
      false,
    );
  });

  it('C41: are walked one version after the other, each signed by the old and the new officials', async () => {
    const other = testKey('another official');
    const keysOf = { ...rootBody(1).keys, 'root-2': encodeBase64Url(other.publicKey) };
    const roles = { ...rootBody(1).roles, root: { keys: ['root-2'], threshold: 1 } };
    const next = rootBody(2, { keys: keysOf, roles });
    const walk = async (...documents: Parameters<typeof walkRoots>[2]) => {
      const walked = await walkRoots(ports.verify, rootBody(1), documents);
      return walked.ok ? walked.value.v : walked.error;
    };
    const both = signRoot(next, { 'root-1': rootKey, 'root-2': other });
    expect(await walk(both)).toBe(2);
    expect(await walk(signRoot(next, { 'root-2': other }))).toBe('not-signed-by-enough');
    expect(await walk(signRoot(next, { 'root-1': rootKey }))).toBe('not-signed-by-enough');
    const third3 = signRoot({ ...next, v: 3 }, { 'root-1': rootKey, 'root-2': other });
    expect(await walk(third3)).toBe('version-not-next');
    expect(await walk(both, signRoot({ ...next, v: 3 }, { 'root-2': other }))).toBe(3);
    expect(await walk(signRoot({ ...next, site: 'lain' }, { 'root-1': rootKey, 'root-2': other }))).toBe(
      'wrong-site',
    );
  });
});
