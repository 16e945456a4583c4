import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeBase64Url, utf8 } from '#contract/bytes';
import { jwsHash, manifestClaimsSchema, type PolicySnapshot } from '#contract/policy';
import { openJournal, type Journal } from '../../gateway/journal/journal.ts';
import { createPolicyStore, type PolicyStore } from '../../gateway/permits/policy-store.ts';
import { createPolicyIndex } from '../../gateway/permits/policy-index.ts';
import { openSnapshotFiles } from '../../gateway/permits/snapshot-files.ts';
import { publicKeyOf } from '../../gateway/crypto-ports.ts';
import {
  CARD,
  GATEWAY,
  ISSUER,
  NONCE,
  OTHER_CARD,
  SARI,
  SITE,
  START_MS,
  TestSite,
  createFakeClock,
  createSeededRandom,
  makeFolder,
  sha256,
  signJws,
} from './gateway-world.ts';

const site = new TestSite();
const cred = site.handleOf(CARD);
const permit = site.permit({ cred: [cred] });
const creds = [{ cred, sub: SARI, st: 'active' as const }];
const body = site.policy({ permits: [permit], creds });
const good = site.snapshot(body, { nonce: NONCE });

let folder: ReturnType<typeof makeFolder>;
let clock: ReturnType<typeof createFakeClock>;
let journal: Journal;
let store: PolicyStore;

function openStore(which = site.trust): PolicyStore {
  return createPolicyStore({
    trust: which,
    files: openSnapshotFiles(join(folder.path, 'policy')),
    journal,
    timeFloor: () => clock.floorMs(),
  });
}

beforeEach(() => {
  folder = makeFolder();
  clock = createFakeClock();
  journal = openJournal(
    folder.path,
    { site: SITE, gateway: GATEWAY, epoch: 1, signer: site.gateway },
    { clock, random: createSeededRandom('permits'), timeFloor: () => clock.floorMs() },
  );
  journal.beginBoot('1');
  store = openStore();
});
afterEach(() => {
  journal.close();
  folder.remove();
});

const errorOf = async (snapshot: PolicySnapshot, nonce = NONCE): Promise<string> => {
  const outcome = await store.accept(snapshot, nonce);
  return outcome.ok ? 'accepted' : outcome.error;
};
const recordsOf = (): readonly string[] =>
  (journal.readBatch(2)?.entries ?? []).map((entry) => {
    const { ty, x } = JSON.parse(entry) as { ty: string; x: { why?: string; v?: number } };
    return `${ty} ${x.why ?? x.v}`;
  });

/** A snapshot whose permit is this text, counted by its manifest as if it were genuine. */
function withPermit(jws: string): PolicySnapshot {
  const counted = site.policy({
    creds,
    manifest: { n: 1, root: rootOver([{ jti: permit.jti, rev: permit.rev, hash: jwsHash(sha256, jws) }]) },
  });
  return site.snapshot({ ...counted, permits: [jws] }, { nonce: NONCE });
}
const rootOver = (members: readonly { jti: string; rev: number; hash: string }[]): string => {
  // One leaf: SHA-256 of 00 and the canonical text is the root itself.
  const [only] = members;
  const text = JSON.stringify([only?.jti, only?.rev, only?.hash]);
  return encodeBase64Url(sha256(Buffer.concat([Uint8Array.of(0), utf8(text)])));
};

describe('orders of the server', () => {
  it('GP11: genuine orders come into force and are recorded', async () => {
    expect(store.current()).toBeNull();
    expect(await errorOf(good)).toBe('accepted');
    const { index, asOf } = store.current() ?? {};
    expect(asOf).toBe(START_MS);
    expect(index?.credentialOf(cred)).toEqual(creds[0]);
    expect(index?.permitsOf(cred)).toEqual([permit]);
    expect(index?.credentialOf(site.handleOf(OTHER_CARD))).toBeNull();
    expect(index?.permitsOf(site.handleOf(OTHER_CARD))).toEqual([]);
    expect(index?.credentialOf('__proto__')).toBeNull();
    expect(recordsOf()).toEqual(['policy.applied 1']);
  });

  it('GP1: a genuine permit, counted in the same way as the false ones below, is accepted', async () => {
    expect(await errorOf(withPermit(site.signPermit(permit)))).toBe('accepted');
  });

  const unsigned = (): string => {
    const encode = (value: unknown): string => encodeBase64Url(utf8(JSON.stringify(value)));
    return `${encode({ alg: 'none', typ: 'permit+jws', kid: 'issuer-1' })}.${encode(permit)}.`;
  };
  const symmetric = (): string => {
    const encode = (value: unknown): string => encodeBase64Url(utf8(JSON.stringify(value)));
    const message = `${encode({ alg: 'HS256', typ: 'permit+jws', kid: 'issuer-1' })}.${encode(permit)}`;
    const key = Buffer.from(site.issuer.publicKey, 'base64url');
    return `${message}.${createHmac('sha256', key).update(message).digest('base64url')}`;
  };
  const bent = (jws: string): string => {
    const [header, , signature] = jws.split('.');
    const claims = encodeBase64Url(utf8(JSON.stringify({ ...permit, exp: permit.exp + 1 })));
    return `${header}.${claims}.${signature}`;
  };
  it.each([
    ['unsigned, alg none', unsigned()],
    ['signed with the public key as a secret', symmetric()],
    ['changed after signing', bent(site.signPermit(permit))],
    ['of the polymorphic algorithm name', signJws(site.issuer, 'permit+jws', permit, { alg: 'EdDSA' })],
    ['signed by the key of heartbeats', signJws(site.fresh, 'permit+jws', permit)],
    [
      'under a key id that the root does not have',
      signJws({ ...site.issuer, id: 'issuer-9' }, 'permit+jws', permit),
    ],
    ['under a key id of the language', signJws({ ...site.issuer, id: '__proto__' }, 'permit+jws', permit)],
    [
      'with a critical header that is not understood',
      signJws(site.issuer, 'permit+jws', permit, { crit: ['b64'], b64: false }),
    ],
  ])('GP1: a permit %s is refused', async (_, jws) => {
    expect(['signature-invalid', 'malformed']).toContain(await errorOf(withPermit(jws)));
    expect(store.current()).toBeNull();
  });

  it.each([
    ['of another type', signJws(site.issuer, 'manifest+jws', permit), 'wrong-type'],
    ['without type', signJws(site.issuer, '', permit, { typ: undefined }), 'wrong-type'],
    ['without an end', signJws(site.issuer, 'permit+jws', { ...permit, exp: undefined }), 'malformed'],
    [
      'with a claim that nobody knows',
      signJws(site.issuer, 'permit+jws', { ...permit, admin: true }),
      'malformed',
    ],
    ['that is no JWS', 'x.y', 'malformed'],
    ['that is empty', '', 'malformed'],
  ])('GP1: a permit %s is refused', async (_, jws, error) => {
    expect(await errorOf(withPermit(jws))).toBe(error);
  });

  it.each([
    ['of another issuer', { iss: 'palang/lain' }, 'wrong-issuer'],
    ['for another site', { aud: 'lain' }, 'wrong-audience'],
  ])('GP2: a permit %s is refused', async (_, changes, error) => {
    expect(await errorOf(withPermit(site.signPermit({ ...permit, ...changes })))).toBe(error);
  });

  it('GP3: a heartbeat for another gateway, another question or an earlier time is refused', async () => {
    const mh = jwsHash(sha256, body.manifest);
    const beat = (changes: object): PolicySnapshot => ({
      body,
      heartbeat: site.heartbeat({ nonce: NONCE, t: START_MS, v: 1, mh, ...changes }),
    });
    expect(await errorOf(beat({ gw: 'gw-lain' }))).toBe('wrong-gateway');
    expect(await errorOf(beat({ nonce: 'M'.repeat(22) }))).toBe('wrong-nonce');
    expect(await errorOf(beat({ t: START_MS - 60_001 }))).toBe('time-before-floor');
    expect(await errorOf(beat({ t: START_MS - 60_000 }))).toBe('accepted');
  });

  it('GP4: an older version is refused, also after a restart', async () => {
    const second = site.policy({ v: 2, prev: jwsHash(sha256, body.manifest), creds });
    expect(await errorOf(good)).toBe('accepted');
    expect(await errorOf(site.snapshot(second, { nonce: NONCE, v: 2 }))).toBe('accepted');
    expect(store.current()?.index.permitsOf(cred)).toEqual([]);
    expect(await errorOf(good)).toBe('version-rolled-back');
    store = openStore();
    expect(await errorOf(good)).toBe('version-rolled-back');
  });

  it('GP4: a refused answer does not move the ratchet', async () => {
    const far = site.policy({ v: 9, creds, manifest: { n: 7 } });
    expect(await errorOf(site.snapshot(far, { nonce: NONCE, v: 9 }))).toBe('permit-set-wrong');
    expect(await errorOf(good)).toBe('accepted');
  });

  it('GP4: a new root document starts the count again', async () => {
    const far = site.policy({ v: 9_000_000, creds });
    expect(await errorOf(site.snapshot(far, { nonce: NONCE, v: 9_000_000 }))).toBe('accepted');
    expect(await errorOf(good)).toBe('version-rolled-back');
    store = openStore({ ...site.trust, root: { ...site.body, v: 2 } });
    const anew = site.policy({ permits: [permit], creds, manifest: { rootv: 2 } });
    expect(await errorOf(site.snapshot(anew, { nonce: NONCE }))).toBe('accepted');
    store = openStore();
    expect(await errorOf(good)).toBe('version-rolled-back');
  });

  it('GP5: two manifests of one version, and one that does not follow the last, are refused', async () => {
    expect(await errorOf(good)).toBe('accepted');
    const twin = site.policy({ creds: [] });
    expect(await errorOf(site.snapshot(twin, { nonce: NONCE }))).toBe('version-twice');
    const stray = site.policy({ v: 2, prev: 'B'.repeat(43) });
    expect(await errorOf(site.snapshot(stray, { nonce: NONCE, v: 2 }))).toBe('chain-broken');
  });

  it('GP6: a set that is not the counted one is refused', async () => {
    const other = site.permit({ cred: [cred], jti: `pm_${'Q'.repeat(22)}` });
    const extra = { ...body, permits: [...body.permits, site.signPermit(other)] };
    const without = { ...body, permits: [] };
    const replaced = { ...body, permits: [site.signPermit(other)] };
    const twice = { ...body, permits: [...body.permits, ...body.permits] };
    for (const set of [extra, without, replaced, twice]) {
      expect(await errorOf(site.snapshot(set, { nonce: NONCE }))).toBe('permit-set-wrong');
    }
  });

  it('GP6: a manifest or directory that is not the named one is refused', async () => {
    const other = site.policy({ creds: [] });
    expect(await errorOf({ ...good, body: { ...body, manifest: other.manifest } })).toBe(
      'manifest-not-named',
    );
    const swapped = { ...body, directory: other.directory };
    expect(await errorOf(site.snapshot(swapped, { nonce: NONCE }))).toBe('directory-not-named');
    expect(await errorOf(site.snapshot(body, { nonce: NONCE, v: 2 }))).toBe('manifest-not-named');
  });

  it('GP7: lives that are too long, and manifests that have ended, are refused', async () => {
    const long = site.permit({ cred: [cred], exp: permit.nbf + 90 * 86_400 + 1 });
    const longest = site.permit({ cred: [cred], exp: permit.nbf + 90 * 86_400 });
    const backwards = site.permit({ cred: [cred], exp: permit.nbf });
    const at = (changes: Parameters<TestSite['policy']>[0]): PolicySnapshot =>
      site.snapshot(site.policy(changes), { nonce: NONCE });
    expect(await errorOf(at({ permits: [long] }))).toBe('permit-too-long');
    expect(await errorOf(at({ permits: [backwards] }))).toBe('permit-too-long');
    const iat = START_MS / 1000;
    expect(await errorOf(at({ manifest: { exp: iat + 45 * 86_400 + 1 } }))).toBe('manifest-too-long');
    expect(await errorOf(at({ manifest: { iat: iat - 10, exp: iat } }))).toBe('manifest-expired');
    expect(await errorOf(at({ permits: [longest] }))).toBe('accepted');
  });

  it('GP8: a heartbeat alone refreshes the orders that it names and no others', async () => {
    const mh = jwsHash(sha256, body.manifest);
    const beat = site.heartbeat({ nonce: NONCE, t: START_MS + 60_000, v: 1, mh });
    expect(await errorOf({ heartbeat: beat })).toBe('body-missing');
    expect(await errorOf(good)).toBe('accepted');
    expect(await errorOf({ heartbeat: beat })).toBe('accepted');
    expect(store.current()?.asOf).toBe(START_MS + 60_000);
    const next = site.heartbeat({ nonce: NONCE, t: START_MS + 120_000, v: 2, mh: 'C'.repeat(43) });
    expect(await errorOf({ heartbeat: next })).toBe('body-missing');
    expect(store.current()?.asOf).toBe(START_MS + 60_000);
    expect(recordsOf().filter((line) => line.startsWith('policy.applied'))).toHaveLength(1);
  });

  it('GP9: a permit whose bytes no longer carry its signature is worth nothing at the door', () => {
    const jws = site.signPermit(permit);
    const key = publicKeyOf(Buffer.from(site.issuer.publicKey, 'base64url'));
    const verified = {
      manifest: manifestClaimsSchema.parse(
        JSON.parse(Buffer.from(body.manifest.split('.')[1] ?? '', 'base64url').toString()),
      ),
      mh: 'x',
      directory: { iss: ISSUER, aud: SITE, iat: 0, creds },
      permits: [{ jws, key }],
    };
    expect(createPolicyIndex(verified).permitsOf(cred)).toEqual([permit]);
    const planted = { ...verified, permits: [{ jws: bent(jws), key }] };
    expect(createPolicyIndex(planted).permitsOf(cred)).toEqual([]);
  });

  it('GP10: orders come back after a restart with the age of their last heartbeat', async () => {
    await store.accept(good, NONCE);
    const mh = jwsHash(sha256, body.manifest);
    const later = START_MS + 20 * 60_000;
    await store.accept({ heartbeat: site.heartbeat({ nonce: NONCE, t: later, v: 1, mh }) }, NONCE);
    store = openStore();
    clock.setFloor(START_MS + 24 * 3_600_000);
    expect(await store.load()).toEqual({ ok: true, value: 'loaded' });
    expect(store.current()?.asOf).toBe(later);
    expect(store.current()?.index.permitsOf(cred)).toEqual([permit]);
    expect(recordsOf()).toEqual(['policy.applied 1']);
  });

  it('GP10: a file that was changed is not believed, and one below the ratchet does not step in', async () => {
    await store.accept(good, NONCE);
    const second = site.policy({ v: 2, prev: jwsHash(sha256, body.manifest), creds });
    await store.accept(site.snapshot(second, { nonce: NONCE, v: 2 }), NONCE);
    const dir = join(folder.path, 'policy');
    expect(readdirSync(dir).sort()).toEqual(['policy-1.json', 'policy-2.json']);
    const path = join(dir, 'policy-2.json');
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace(/"permits":\[\]/, `"permits":["${body.permits[0]}"]`),
    );
    store = openStore();
    expect(await store.load()).toEqual({ ok: false, error: 'version-rolled-back' });
    expect(store.current()).toBeNull();
  });

  it('GP10: a new file that never came into force gives way to the last one that did', async () => {
    await store.accept(good, NONCE);
    writeFileSync(join(folder.path, 'policy', 'policy-2.json'), '{"half":');
    store = openStore();
    expect(await store.load()).toEqual({ ok: true, value: 'loaded' });
    expect(store.current()?.index.version).toBe(1);
  });

  it('GP11: the same refusal over and over is recorded once', async () => {
    for (let i = 0; i < 3; i++) await store.accept(good, 'M'.repeat(22));
    expect(recordsOf()).toEqual(['policy.rejected wrong-nonce']);
    await store.accept(good, NONCE);
    await store.accept(good, 'M'.repeat(22));
    expect(recordsOf()).toEqual([
      'policy.rejected wrong-nonce',
      'policy.applied 1',
      'policy.rejected wrong-nonce',
    ]);
  });
});
