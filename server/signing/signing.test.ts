import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compactVerify, importJWK } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { termsHash } from '#contract/approval';
import { encodeBase64Url, utf8 } from '#contract/bytes';
import { parseSignedCheckpoint, verifyCheckpoint, verifyCosignature } from '#contract/checkpoint';
import { asEpochMs, type Random } from '#contract/clock';
import { NO_PREVIOUS_HASH, siteLogOrigin, siteNoteKey } from '#contract/record';
import { verifyRootChain } from '#contract/root-document';
import { approvalHash, encodeSiteLogRecord, type Approval } from '#contract/site-log';
import type { PermitClaims } from '#contract/permit';
import { requestHash, type ApprovalEvidence } from './approval-evidence.ts';
import { openKeyStore } from './key-store.ts';
import { hmacSha256, publicBytesOf, sha256, verifyEd25519 } from './node-crypto.ts';
import { createSiteSigner, issuerOf } from './site-signer.ts';

const NOW = asEpochMs(1_773_298_800_000);

const seeded = (seed: string): Random => {
  let counter = 0;
  return { bytes: (count) => sha256(utf8(`${seed}${counter++}`)).slice(0, count) };
};

const id = (sign: string): string => sign.repeat(22);
const requester = `s_${id('r')}`;
const supervisor = `s_${id('u')}`;
const draft = { v: 1, sub: requester, door: 'pintu', nbf: 1000, exp: 2000, id: id('q') };

const terms = {
  aud: 'pemda',
  sub: requester,
  doors: ['pintu'],
  nbf: 1000,
  exp: 2000,
  cls: 'temp' as const,
  req: requestHash(sha256, draft),
};

const approval = (changes: Partial<Approval> = {}): Approval => ({
  req: requestHash(sha256, draft),
  decision: 'approved',
  by: supervisor,
  at: 900,
  m: 'session',
  d: [termsHash(sha256, terms)],
  ...changes,
});

const recordOf = (x: Approval): Uint8Array =>
  encodeSiteLogRecord({
    v: 1,
    k: 'site',
    site: 'pemda',
    sq: 4,
    t: NOW,
    ph: NO_PREVIOUS_HASH,
    ty: 'approval.recorded',
    x,
  });

const permit = (given: Approval, changes: Partial<PermitClaims> = {}): PermitClaims => ({
  iss: issuerOf('pemda'),
  aud: 'pemda',
  jti: `pm_${id('p')}`,
  rev: 1,
  sub: requester,
  iat: 950,
  nbf: 1000,
  exp: 2000,
  cls: 'temp',
  doors: ['pintu'],
  cred: [`c_${'c'.repeat(43)}`],
  apr: [{ by: given.by, at: given.at, h: approvalHash(sha256, given), m: given.m }],
  req: requestHash(sha256, draft),
  ...changes,
});

const evidence = (given: Approval, changes: Partial<ApprovalEvidence> = {}): ApprovalEvidence => ({
  requestDraft: draft,
  records: [recordOf(given)],
  isSupervisor: (person) => person === supervisor,
  ...changes,
});

describe('keys and signatures of a site', () => {
  let dir: string;
  const open = (seed = 'a', siteId = 'pemda') =>
    openKeyStore(dir, { siteId, now: NOW, random: seeded(seed) });

  beforeEach(() => {
    dir = join(mkdtempSync(join(tmpdir(), 'palang-keys-')), 'keys');
  });
  afterEach(() => rmSync(join(dir, '..'), { recursive: true, force: true }));

  it('SU1: keys are made once, for their owner alone, under a root that verifies', async () => {
    const first = open();
    expect(first.isNew).toBe(true);
    expect(await verifyRootChain(verifyEd25519, first.rootChain)).toMatchObject({
      ok: true,
      value: { site: 'pemda', v: 1, singleOfficial: true },
    });
    for (const name of readdirSync(dir)) expect(statSync(join(dir, name)).mode & 0o077).toBe(0);
    expect(readdirSync(dir).sort()).toEqual([
      'fresh-1.pem',
      'issuer-1.pem',
      'log-1.pem',
      'pepper',
      'root-1.pem',
      'site-root.json',
    ]);
    const second = open('b');
    expect(second.isNew).toBe(false);
    expect(second.rootChain).toEqual(first.rootChain);
    expect(second.pepper).toEqual(first.pepper);
  });

  it('SU1: a start that broke off before the root was written makes the keys again', () => {
    open();
    unlinkSync(join(dir, 'site-root.json'));
    unlinkSync(join(dir, 'log-1.pem'));
    expect(open('b').isNew).toBe(true);
  });

  it.each([
    ['a key is missing', () => unlinkSync(join(dir, 'issuer-1.pem')), 'key-file-missing'],
    [
      'others can read a key',
      () => chmodSync(join(dir, 'issuer-1.pem'), 0o640),
      'key-file-readable-by-others',
    ],
    ['the root is damaged', () => writeFileSync(join(dir, 'site-root.json'), '[{'), 'root-document-damaged'],
    ['the root is none', () => writeFileSync(join(dir, 'site-root.json'), '[]'), 'root-document-damaged'],
    ['the pepper is cut', () => writeFileSync(join(dir, 'pepper'), 'AAAA'), 'key-file-damaged'],
  ])('SU1: nothing is signed where %s', (_name, harm, code) => {
    open();
    harm();
    expect(() => open()).toThrow(code);
  });

  it('SU1: the keys of another site, and a key that is not in the root, are not used', () => {
    open();
    expect(() => open('a', 'lain')).toThrow('keys-of-another-site');
    const strange = dir;
    dir = `${dir}-2`;
    const other = open('c');
    writeFileSync(
      join(strange, 'issuer-1.pem'),
      other.issuer.key.export({ format: 'pem', type: 'pkcs8' }).toString(),
    );
    dir = strange;
    expect(() => open()).toThrow('key-not-in-root-document');
  });

  it('SU2: each document verifies under its role with its own type', async () => {
    const keys = open();
    const signer = createSiteSigner('pemda', keys);
    const { root } = keys.rootChain[0];
    const given = approval();
    const signedPermit = await signer.signPermit(permit(given), evidence(given));
    if (!signedPermit.ok) throw new Error(signedPermit.error);
    const common = { iss: signer.issuer, aud: 'pemda', iat: 1 };
    const hash = NO_PREVIOUS_HASH;
    const documents = [
      [signedPermit.value, 'permit+jws', 'issuer-1'],
      [
        await signer.signManifest({ ...common, v: 1, prev: hash, root: hash, n: 0, dir: hash, exp: 2 }),
        'manifest+jws',
        'issuer-1',
      ],
      [await signer.signDirectory({ ...common, creds: [] }), 'directory+jws', 'issuer-1'],
      [
        await signer.signHeartbeat({
          iss: signer.issuer,
          aud: 'pemda',
          gw: 'gw',
          nonce: id('n'),
          t: NOW,
          v: 1,
          mh: hash,
        }),
        'heartbeat+jws',
        'fresh-1',
      ],
    ] as const;
    for (const [jws, typ, kid] of documents) {
      const x = root.keys[kid] ?? '';
      const key = await importJWK({ kty: 'OKP', crv: 'Ed25519', x }, 'Ed25519');
      const { protectedHeader } = await compactVerify(jws, key, { algorithms: ['Ed25519'] });
      expect(protectedHeader).toEqual({ alg: 'Ed25519', typ, kid });
    }
  });

  it('SU2: checkpoints are signed and cosigned under the name of the site log', async () => {
    const keys = open();
    const signer = createSiteSigner('pemda', keys);
    const key = siteNoteKey('pemda', publicBytesOf(keys.log.key));
    const origin = siteLogOrigin('pemda');
    const note = signer.signSiteCheckpoint({ origin, size: 3, root: sha256(utf8('root')) });
    const ports = { sha256, verify: verifyEd25519 };
    const parsed = parseSignedCheckpoint(utf8(signer.cosign(note, asEpochMs(NOW + 999))));
    if (!parsed.ok) throw new Error(parsed.error);
    expect(await verifyCheckpoint(ports, parsed.value, key, origin)).toMatchObject({ ok: true });
    expect(await verifyCosignature(ports, parsed.value, key)).toEqual({ ok: true, value: NOW / 1000 });
    expect(() => signer.cosign('no note', NOW)).toThrow('checkpoint-damaged');
  });

  it('SU3: an approval in the site log lets the issuer sign', async () => {
    const signer = createSiteSigner('pemda', open());
    const given = approval();
    expect((await signer.signPermit(permit(given), evidence(given))).ok).toBe(true);
  });

  const own = approval({ by: requester });
  const rejected = approval({ decision: 'rejected' });
  const foreign = approval({ req: NO_PREVIOUS_HASH });
  const good = approval();
  it.each<[string, PermitClaims, ApprovalEvidence, string]>([
    ['no record', permit(good), evidence(good, { records: [] }), 'approval-missing'],
    [
      'a record of something else',
      permit(good),
      evidence(good, { records: [utf8('{}')] }),
      'approval-missing',
    ],
    ['no approval at all', permit(good, { apr: [] }), evidence(good), 'approval-missing'],
    ['a rejection', permit(rejected), evidence(rejected), 'approval-missing'],
    [
      'the visitor’s own approval',
      permit(own),
      evidence(own, { isSupervisor: () => true }),
      'approval-by-requester',
    ],
    [
      'an approval by no supervisor',
      permit(good),
      evidence(good, { isSupervisor: () => false }),
      'approval-not-by-supervisor',
    ],
    ['an approval of another request', permit(foreign), evidence(foreign), 'approval-of-another-request'],
    [
      'a request that was changed since',
      permit(good),
      evidence(good, { requestDraft: { ...draft, door: 'lain' } }),
      'approval-of-another-request',
    ],
    ['another person', permit(good, { sub: `s_${id('x')}` }), evidence(good), 'permit-wider-than-request'],
    ['another door', permit(good, { doors: ['lain'] }), evidence(good), 'permit-wider-than-request'],
    [
      'a second door',
      permit(good, { doors: ['pintu', 'lain'] }),
      evidence(good),
      'permit-wider-than-request',
    ],
    ['an earlier start', permit(good, { nbf: 999 }), evidence(good), 'permit-wider-than-request'],
    ['a later end', permit(good, { exp: 2001 }), evidence(good), 'permit-wider-than-request'],
    [
      'another time of approval',
      permit(good, { apr: [{ ...permit(good).apr[0]!, at: 901 }] }),
      evidence(good),
      'approval-missing',
    ],
    [
      'another approver',
      permit(good, { apr: [{ ...permit(good).apr[0]!, by: `s_${id('y')}` }] }),
      evidence(good),
      'approval-missing',
    ],
  ])('SU3: the issuer does not sign with %s', async (_name, claims, given, code) => {
    const signer = createSiteSigner('pemda', open());
    expect(await signer.signPermit(claims, given)).toEqual({ ok: false, error: code });
  });

  it('SU3: a longer life than permits may have is not signed, whoever approved it', async () => {
    const long = { ...draft, exp: 1000 + 90 * 86_400 + 1 };
    const given = approval({ req: requestHash(sha256, long) });
    const signer = createSiteSigner('pemda', open());
    const claims = permit(given, { exp: long.exp, req: given.req });
    expect(await signer.signPermit(claims, evidence(given, { requestDraft: long }))).toEqual({
      ok: false,
      error: 'permit-wider-than-request',
    });
  });

  it('SU2: keys and hashes are those of the standards', () => {
    // RFC 8032 7.1 test 1, RFC 4231 test 2.
    const publicKey = Uint8Array.from(
      Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex'),
    );
    const signature = Uint8Array.from(
      Buffer.from(
        'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
        'hex',
      ),
    );
    expect(verifyEd25519(publicKey, new Uint8Array(), signature)).toBe(true);
    expect(verifyEd25519(publicKey, utf8('x'), signature)).toBe(false);
    expect(verifyEd25519(publicKey.slice(1), new Uint8Array(), signature)).toBe(false);
    expect(encodeBase64Url(hmacSha256(utf8('Jefe'), utf8('what do ya want for nothing?')))).toBe(
      Buffer.from('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843', 'hex').toString(
        'base64url',
      ),
    );
  });
});
