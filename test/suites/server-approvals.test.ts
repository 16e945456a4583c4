import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AccessRequest, Credential } from '#contract/api';
import type { ApprovalOptions } from '#contract/api-passkey';
import { verifyBundle } from '#contract/bundle';
import { BUNDLE_PATHS } from '#contract/bundle-format';
import { encodeBase64Url } from '#contract/bytes';
import type { PermitClaims } from '#contract/permit';
import { jwsHash, type PolicySnapshot } from '#contract/policy';
import { rootMessage, type RootBody, type RootDocument } from '#contract/root-document';
import { decodeSiteLogRecord, type Approval, type SiteLogRecord } from '#contract/site-log';
import { changeRoot, type RootChange } from '../../deploy/cli/root-proposal.ts';
import { checkCarried } from '../../gateway/permits/check-carried.ts';
import { applyDelta, verifyBody, type PolicyTrust } from '../../gateway/permits/verify-policy.ts';
import { exportEvidence } from '../../server/audit/evidence-desk.ts';
import { rootInForce } from '../../server/procedure/approvals.ts';
import { carriedPolicy, noticesOf } from '../../server/procedure/policy-snapshot.ts';
import { renewPolicy } from '../../server/procedure/renew-policy.ts';
import { takeNewRoots } from '../../server/procedure/roots.ts';
import { siteLogPort } from '../../server/procedure/site.ts';
import { keyFile, createKeyFile, writeRootChain } from '../../server/signing/key-store.ts';
import { assertionPorts, hmacSha256, sha256, signerOf } from '../../server/signing/node-crypto.ts';
import { inTransaction } from '../../server/store/database.ts';
import { appendSiteLog, loadSiteRecords } from '../../server/store/site-log.ts';
import { makePasskey, ORIGIN, RP, type TestPasskey } from '../contract/approver-fixture.ts';
import {
  bodyOf,
  claimsOf,
  DOOR,
  enrolFakeGateway,
  GATEWAY,
  openTestServer,
  openVisitor,
  PASSWORD,
  SITE_ID,
  wish,
  type FakeGateway,
  type TestClient,
  type TestServer,
  type Visitor,
} from './server-harness.ts';

let server: TestServer;
let visitor: Visitor;
let supervisor: TestClient;
let gateway: FakeGateway;

beforeEach(async () => {
  server = await openTestServer({ publicUrl: new URL(ORIGIN) });
  visitor = await openVisitor(server);
  supervisor = await server.signIn('atasan', ['supervisor']);
  gateway = await enrolFakeGateway(server, await server.signIn('admin', ['administrator']));
});
afterEach(() => server.close());

const keysDir = (): string => join(server.dir, 'keys');

/** Signs the next root document as the one official of the site does, and lets the server take it. */
async function publish(change: RootChange, by = 'root-1'): Promise<RootBody> {
  const before = rootInForce(server.site);
  const next = changeRoot(before, change, server.clock.epochMs());
  if (!next.ok) throw new Error(next.error);
  const sign = signerOf(createPrivateKey(readFileSync(keyFile(keysDir(), by), 'utf8')));
  const sig = encodeBase64Url(sign(rootMessage(next.value)));
  const document: RootDocument = { root: next.value, signatures: [{ kid: 'root-1', sig }] };
  writeRootChain(keysDir(), [...server.site.rootChain, document]);
  await takeNewRoots(server.site);
  return next.value;
}

const idOf = async (client: TestClient): Promise<string> =>
  (await bodyOf<{ id: string }>(client.get('me'))).id;

async function withPasskey(client: TestClient, kind: 'EC' | 'OKP' = 'EC'): Promise<TestPasskey> {
  const passkey = makePasskey(await idOf(client), kind);
  await client.post('session/step-up', { password: PASSWORD });
  const { options } = await bodyOf<{ options: { challenge: string } }>(client.post('me/passkeys/options'));
  const body = { name: 'Telepon', credential: passkey.register(options.challenge) };
  if ((await client.post('me/passkeys', body)).status !== 201) throw new Error('not registered');
  return passkey;
}

const file = async (changes: Readonly<Record<string, unknown>> = {}): Promise<AccessRequest> => {
  const answer = await visitor.client.post('requests', wish(server, changes));
  if (answer.status !== 201) throw new Error(`filing answered ${answer.status}`);
  return bodyOf<AccessRequest>(answer);
};
const optionsFor = (request: AccessRequest, client = supervisor) =>
  bodyOf<ApprovalOptions & { code?: string }>(client.post(`requests/${request.id}/approval-options`));
const approve = (request: AccessRequest, credential?: object, client = supervisor) =>
  client.post(`requests/${request.id}/approve`, credential === undefined ? {} : { credential });
const approveBy = async (request: AccessRequest, passkey: TestPasskey, client = supervisor) => {
  const { options } = await optionsFor(request, client);
  return approve(request, passkey.credential(String(options?.['challenge'])), client);
};
const siteLog = async (): Promise<SiteLogRecord[]> =>
  (await loadSiteRecords(server.site.db)).flatMap((bytes) => {
    const record = decodeSiteLogRecord(bytes);
    return record.ok ? [record.value] : [];
  });
const trust = (): PolicyTrust => ({
  root: rootInForce(server.site),
  site: SITE_ID,
  issuer: server.site.signer.issuer,
  gateway: GATEWAY,
});
/** What the gateway makes of an answer of the server. */
async function judged(snapshot: PolicySnapshot) {
  const { v, mh, t } = claimsOf(snapshot.heartbeat) as { v: number; mh: string; t: number };
  const policy = await verifyBody(snapshot.body!, { v, mh, t }, trust(), null);
  if (!policy.ok) throw new Error(policy.error);
  return policy.value;
}
const permitsOf = (snapshot: PolicySnapshot): PermitClaims[] =>
  (snapshot.body?.permits ?? []).map((jws) => claimsOf(jws) as unknown as PermitClaims);
const denied = (snapshot: PolicySnapshot) => (snapshot.denies ?? []).map((jws) => claimsOf(jws)['deny']);

describe('approvals by passkey', () => {
  let passkey: TestPasskey;

  beforeEach(async () => {
    passkey = await withPasskey(supervisor);
    await publish({ addApprovers: [passkey.approver], rpId: RP, isWeak: false });
  });

  it('SU19: an approver is shown what the approval is over, and how it has to be given', async () => {
    const request = await file();
    const shown = await optionsFor(request);
    expect(shown).toMatchObject({ method: 'passkey', needed: 1, given: 0 });
    expect(shown.options).toMatchObject({
      rpId: RP,
      userVerification: 'required',
      allowCredentials: [{ id: passkey.credentialId }],
    });
    expect(shown.summary.id).toContain('Orang teknisi (Dinas Contoh) masuk Ruang Server');
    expect(shown.summary.id).toContain('12 Maret 2026');
    expect(shown.summary.en).toContain('12 March 2026');
    // The same request gives the same challenge, another one another.
    expect((await optionsFor(request)).options?.['challenge']).toBe(shown.options?.['challenge']);
    const other = await file({ description: 'Pekerjaan lain' });
    expect((await optionsFor(other)).options?.['challenge']).not.toBe(shown.options?.['challenge']);
  });

  it('SH32: asking how to approve approves nothing, and is for those who may', async () => {
    const request = await file();
    await optionsFor(request);
    expect(await bodyOf(visitor.client.get(`requests/${request.id}`))).toMatchObject({ state: 'submitted' });
    expect((await visitor.client.post(`requests/${request.id}/approval-options`)).status).toBe(403);
    expect((await siteLog()).filter(({ ty }) => ty === 'approval.recorded')).toEqual([]);
  });

  it('SU20: the approval stands in the site log as it was signed, and the gateway verifies it', async () => {
    const request = await file();
    const answer = await approveBy(request, passkey);
    expect(await bodyOf(answer)).toMatchObject({ state: 'approved' });
    const record = (await siteLog()).find(({ ty }) => ty === 'approval.recorded');
    expect(record?.x).toMatchObject({ by: passkey.by, m: 'passkey', as: { cid: passkey.cid } });
    const policy = await judged(await gateway.policy());
    expect(policy.permits.map(({ isWeaklyApproved }) => isWeaklyApproved)).toEqual([false]);
    expect(policy.unapproved).toEqual([]);
  });

  it('SU20: a session approves nothing where the officials do not allow it', async () => {
    expect(await bodyOf(approve(await file()))).toMatchObject({ status: 403, code: 'passkey-required' });
    const other = await server.signIn('atasan-2', ['supervisor']);
    expect((await optionsFor(await file(), other)).code).toBe('approver-not-in-roster');
  });

  it('SU20: a passkey that the officials never entered approves nothing', async () => {
    const other = await server.signIn('atasan-2', ['supervisor']);
    const stranger = await withPasskey(other);
    const request = await file();
    const { options } = await optionsFor(request);
    const answer = await approve(request, stranger.credential(String(options?.['challenge'])), other);
    expect(await bodyOf(answer)).toMatchObject({ status: 403, code: 'approver-not-in-roster' });
    // Nor does an approver with the passkey of another.
    const mixed = await approve(request, passkey.credential(String(options?.['challenge'])), other);
    expect((await bodyOf(mixed))['code']).toBe('approver-not-in-roster');
  });

  it('SU16: an answer to another request, or to one that was changed since, approves nothing', async () => {
    const [small, large] = [await file(), await file({ description: 'Pekerjaan lain' })];
    const { options } = await optionsFor(small);
    const credential = passkey.credential(String(options?.['challenge']));
    expect(await bodyOf(approve(large, credential))).toMatchObject({
      status: 422,
      code: 'approval-not-valid',
    });
    await server.site.db
      .updateTable('requests')
      .set({ description: 'Diubah di belakang layar' })
      .where('id', '=', small.id)
      .execute();
    expect((await bodyOf(approve(small, credential)))['code']).toBe('approval-not-valid');
    const policy = await gateway.policy();
    expect(permitsOf(policy)).toEqual([]);
  });

  it('SU15: a permit that needs two approvers waits for the second, and the first cannot be both', async () => {
    const other = await server.signIn('atasan-2', ['supervisor']);
    const second = await withPasskey(other, 'OKP');
    await publish({ addApprovers: [second.approver], needs: { temp: 2 } });
    const request = await file();
    const early = await bodyOf<AccessRequest>(approveBy(request, passkey));
    expect(early).toMatchObject({ permitId: null });
    expect(early.state).not.toBe('approved');
    expect((await approveBy(request, passkey)).status).toBeGreaterThanOrEqual(400);
    expect(permitsOf(await gateway.policy())).toEqual([]);
    expect(await bodyOf(approveBy(request, second, other))).toMatchObject({ state: 'approved' });
    const policy = await judged(await gateway.policy());
    expect(policy.permits).toHaveLength(1);
    expect(permitsOf(await gateway.policy())[0]?.apr).toHaveLength(2);
  });

  it('SD36, SD50: in a strict room an officer verifies and two officials sign what a code opens at the door', async () => {
    const admin = await server.signIn('admin');
    const officer = await server.signIn('petugas', ['officer']);
    const other = await server.signIn('atasan-2', ['supervisor']);
    const second = await withPasskey(other, 'OKP');
    await publish({ addApprovers: [second.approver] });
    const room = { name: 'Ruang Server', isStrict: true, needsVerification: true };
    const { items } = await bodyOf<{ items: { id: string }[] }>(admin.get('rooms'));
    await admin.send('PUT', `rooms/${items[0]?.id}`, room);
    await admin.send('PUT', `doors/${DOOR}/rules`, { codes: true });
    const request = await file({
      purpose: 'NET-TRB',
      visitor: { name: 'Rudi Contoh', organisation: 'PT Contoh', kind: 'vendor' },
      workOrder: 'SPK/12/2026',
      escortIds: [visitor.person.id],
    });
    expect(await bodyOf(approveBy(request, passkey))).toMatchObject({ code: 'not-verified' });
    await officer.post(`requests/${request.id}/verify`);
    expect(await bodyOf(approveBy(request, passkey))).toMatchObject({ state: 'verified' });
    expect(await bodyOf(approveBy(request, second, other))).toMatchObject({ state: 'approved' });
    expect(permitsOf(await gateway.policy())).toEqual([]);
    const arrival = {
      requestId: request.id,
      identity: { kind: 'ktp', lastFour: '0042' },
      wantsCode: true,
      rulesHash: 'A'.repeat(43),
      escortId: visitor.person.id,
    };
    const arrived = await officer.post('visits/check-in', arrival);
    expect([arrived.status, await bodyOf(arrived)]).toMatchObject([201, { state: 'checked-in' }]);
    const snapshot = await gateway.policy();
    expect(permitsOf(snapshot)).toMatchObject([{ cls: 'strict', esc: [visitor.person.id], uses: 1 }]);
    const policy = await judged(snapshot);
    expect(policy.unapproved).toEqual([]);
    expect(policy.permits).toHaveLength(1);
  });

  it('SU15: a database that says approved makes no permit, and a bent approval opens nothing', async () => {
    const request = await file();
    await server.site.db
      .updateTable('requests')
      .set({ state: 'approved', decided_by: passkey.by, decided_at: server.clock.epochMs() })
      .where('id', '=', request.id)
      .execute();
    expect(permitsOf(await gateway.policy())).toEqual([]);
    const genuine = await file();
    await approveBy(genuine, passkey);
    const row = await server.site.db.selectFrom('approvals').selectAll().executeTakeFirstOrThrow();
    const facts = JSON.parse(row.facts) as Approval;
    const later = row.facts.replace(`"at":${facts.at}`, `"at":${facts.at + 1}`);
    await server.site.db.updateTable('approvals').set({ facts: later }).execute();
    const policy = await judged(await gateway.policy());
    expect(policy.permits).toEqual([]);
    expect(policy.unapproved).toMatchObject([{ why: 'approval-missing' }]);
  });

  it('SA40, SU15: who writes in the database as they like makes an approved request with all that belongs to it, opens no door, and is named', async () => {
    const genuine = await file();
    await approveBy(genuine, passkey);
    const wanted = await file({ description: 'Tidak pernah disetujui' });
    const { db } = server.site;
    const now = server.clock.epochMs();
    // The request, as if it had been approved.
    await db
      .updateTable('requests')
      .set({ state: 'approved', decided_by: passkey.by, decided_at: now })
      .where('id', '=', wanted.id)
      .execute();
    // The approval: a genuine one by that very passkey, over other terms; the server's own log signs it unseen.
    const row = await db.selectFrom('approvals').selectAll().executeTakeFirstOrThrow();
    const facts = JSON.parse(row.facts) as Approval;
    const hash = 'B'.repeat(43);
    const forged: Approval = { ...facts, req: hash, d: [hash] };
    await inTransaction(db, (trx) =>
      appendSiteLog(trx, siteLogPort(server.site), [{ ty: 'approval.recorded', x: forged }], now),
    );
    // The permit: the genuine one with another end, which whoever holds no key of the issuer cannot sign.
    const permit = await db.selectFrom('permits').selectAll().executeTakeFirstOrThrow();
    const [head, , signature] = permit.jws.split('.');
    const claims = {
      ...claimsOf(permit.jws),
      jti: `pm_${'X'.repeat(22)}`,
      exp: Number(claimsOf(permit.jws)['exp']) + 86_400,
    };
    const jws = `${head}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`;
    await db
      .insertInto('permits')
      .values({ ...permit, id: claims.jti, jws, hash: jwsHash(sha256, jws), request_id: wanted.id })
      .execute();
    await inTransaction(db, (trx) => renewPolicy(trx, server.site, now));

    const snapshot = await gateway.policy();
    const { v, mh, t } = claimsOf(snapshot.heartbeat) as { v: number; mh: string; t: number };
    const policy = await verifyBody(snapshot.body!, { v, mh, t }, trust(), null);
    // Refused as a whole, or without it: in no case does it count.
    const counting = policy.ok ? policy.value.permits.map(({ jws: each }) => each) : [];
    expect(counting).not.toContain(jws);
    const { files } = await exportEvidence(server.site, 'test', { from: null, until: null });
    const line = (await siteLog()).findIndex(({ x }) => 'req' in x && x.req === hash) + 1;
    expect(await verifyBundle(files, { ...assertionPorts, hmac: hmacSha256 })).toMatchObject({
      ok: false,
      error: { file: BUNDLE_PATHS.siteLog, line, reason: 'changed' },
    });
  });

  it('SU15: an approver whom the officials took out approves no more, and what they approved closes', async () => {
    await approveBy(await file(), passkey);
    const request = await file();
    const { options } = await optionsFor(request);
    await publish({ removeApprovers: [passkey.by] });
    const answer = await approve(request, passkey.credential(String(options?.['challenge'])));
    expect((await bodyOf(answer))['code']).toBe('approver-not-in-roster');
    const policy = await judged(await gateway.policy());
    expect(policy.permits).toEqual([]);
    expect(policy.unapproved).toMatchObject([{ why: 'approver-not-in-roster' }]);
  });

  it('SU15: an approver of some doors approves for no others', async () => {
    await publish({ addApprovers: [{ ...passkey.approver, doors: ['ruang-lain'] }] });
    expect((await optionsFor(await file())).code).toBe('approver-not-in-roster');
  });
});

describe('the weaker setting', () => {
  it('SU20: sessions approve, and the permit is known by it', async () => {
    expect(rootInForce(server.site).approval).toMatchObject({ weak: 'session' });
    const request = await file();
    expect(await optionsFor(request)).toMatchObject({ method: 'session', options: null });
    expect(await bodyOf(approve(request))).toMatchObject({ state: 'approved' });
    const policy = await judged(await gateway.policy());
    expect(policy.permits.map(({ isWeaklyApproved }) => isWeaklyApproved)).toEqual([true]);
  });
});

describe('root documents at the server', () => {
  it('SU17: a genuine one is taken while the server runs, once, with orders under it', async () => {
    const before = await gateway.policy();
    await publish({ limits: { temp: 3600 } });
    await takeNewRoots(server.site);
    const records = (await siteLog()).filter(({ ty }) => ty === 'root.published');
    expect(records).toHaveLength(1);
    const after = await gateway.policy();
    expect(claimsOf(after.body!.manifest)).toMatchObject({ rootv: 2, lim: { temp: 3600 } });
    expect(before.roots).toBeUndefined();
    expect(after.roots).toHaveLength(1);
    expect((await judged(after)).limits.temp.hardMs).toBe(3_600_000);
  });

  it.each([
    ['signed by another key', async () => publish({ limits: { temp: 3600 } }, 'issuer-1')],
    [
      'over another history',
      async () => {
        const [first] = server.site.rootChain;
        writeRootChain(keysDir(), [{ ...first, root: { ...first.root, at: 1 } }]);
        await takeNewRoots(server.site);
      },
    ],
    [
      'that names a key which this server does not hold',
      async () =>
        publish({
          addKeys: [{ role: 'issuer', key: { kid: 'issuer-x', publicKey: 'A'.repeat(43) } }],
        }),
    ],
  ])('SU17: one %s is not, and everything stays as it was', async (_, harm) => {
    await harm();
    expect(rootInForce(server.site).v).toBe(1);
    expect(server.logged.some(({ words }) => words.includes('root documents'))).toBe(true);
    expect((await gateway.policy()).roots).toBeUndefined();
  });

  it('SU17: a gateway that the officials revoke is one no more', async () => {
    await publish({ revoke: [{ gw: GATEWAY, ep: gateway.epoch }] });
    const answer = await gateway.request('GET', `gateway/policy?have=0&nonce=${'N'.repeat(22)}`);
    expect(answer.status).toBe(403);
    expect((await siteLog()).at(-1)?.ty).not.toBe('gateway.enrolled');
    expect((await siteLog()).filter(({ ty }) => ty === 'gateway.revoked')).toHaveLength(1);
  });

  const rotate = async (retire: readonly string[], isWeak = true): Promise<void> => {
    const publicKey = createKeyFile(keysDir(), 'issuer-2', server.random);
    await publish({ addKeys: [{ role: 'issuer', key: { kid: 'issuer-2', publicKey } }], retire, isWeak });
  };
  const kidOf = (jws: string): string =>
    (JSON.parse(Buffer.from(jws.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid;

  it('SU18: with both keys in force nothing has to be signed anew', async () => {
    await approve(await file());
    await rotate([]);
    const { body } = await gateway.policy();
    expect(kidOf(body!.manifest)).toBe('issuer-2');
    expect(body!.permits.map(kidOf)).toEqual(['issuer-1']);
  });

  it('SU18: once the old key is out, permits whose approvals hold are signed anew', async () => {
    await approve(await file());
    await rotate(['issuer-1']);
    const policy = await gateway.policy();
    expect(policy.body!.permits.map(kidOf)).toEqual(['issuer-2']);
    expect(permitsOf(policy)).toMatchObject([{ rev: 2 }]);
    expect((await judged(policy)).permits).toHaveLength(1);
  });

  it('SU18: and those whose approvals do not are revoked', async () => {
    await approve(await file());
    await rotate(['issuer-1'], false);
    expect(permitsOf(await gateway.policy())).toEqual([]);
    expect((await siteLog()).filter(({ ty }) => ty === 'permit.revoked')).toHaveLength(1);
  });
});

describe('what gateways are told', () => {
  it('SU21: a card that is suspended, and a permit that is revoked, are denied at once', async () => {
    const request = await file();
    await approve(request);
    const held = claimsOf((await gateway.policy()).heartbeat)['v'] as number;
    const officer = await server.signIn('petugas', ['officer']);
    const { items } = await bodyOf<{ items: Credential[] }>(officer.get('credentials'));
    await officer.post('session/step-up', { password: PASSWORD });
    await officer.send('PATCH', `credentials/${items[0]?.id}`, { state: 'suspended' });
    const told = await gateway.policy(held);
    expect(denied(told)).toContainEqual({ cred: visitor.handle });
    expect(denied(told)).toContainEqual({ sub: visitor.person.id });
    const now = claimsOf(told.heartbeat)['v'] as number;
    expect(claimsOf(told.denies![0]!)).toMatchObject({ vmin: now, aud: SITE_ID });
    expect(denied(await gateway.policy(now))).toEqual([]);
    const [permit] = permitsOf(await gateway.policy());
    await supervisor.post(`requests/${request.id}/revoke`, { reason: 'Batal' });
    expect(denied(await gateway.policy(now))).toContainEqual({ jti: permit?.jti });
  });

  it('SU21: what only came to its end is denied to nobody', async () => {
    await approve(await file());
    const held = claimsOf((await gateway.policy()).heartbeat)['v'] as number;
    server.clock.advance(30 * 3_600_000);
    expect(denied(await gateway.policy(held))).toEqual([]);
  });

  it('SH34: the call to a gateway carries the notices of its version', async () => {
    const request = await file();
    await approve(request);
    await gateway.policy();
    await supervisor.post(`requests/${request.id}/revoke`, { reason: 'Batal' });
    const version = claimsOf((await gateway.policy()).heartbeat)['v'] as number;
    expect(await noticesOf(server.site, version)).toHaveLength(1);
    expect(await noticesOf(server.site, version + 1)).toEqual([]);
  });

  it('SU22: manifests between two versions go along, each naming the one before', async () => {
    const first = await gateway.policy();
    const held = claimsOf(first.heartbeat)['v'] as number;
    for (let i = 0; i < 3; i++) await approve(await file());
    const { body } = await gateway.policy(held);
    const chain = body?.chain ?? [];
    expect(chain).toHaveLength(2);
    const links = [...chain, body!.manifest].map((jws) => claimsOf(jws)['prev']);
    expect(links).toEqual([first.body!.manifest, ...chain].map((jws) => jwsHash(sha256, jws)));
    expect((await gateway.policy()).body?.chain).toBeUndefined();
  });

  it('SU22: a small change of a large set is told as a difference, and as a whole where that is asked for', async () => {
    for (let i = 0; i < 9; i++) await approve(await file());
    const before = await gateway.policy();
    const held = claimsOf(before.heartbeat)['v'] as number;
    await approve(await file());
    const told = await gateway.policy(held);
    expect(told.body).toBeUndefined();
    expect(told.delta).toMatchObject({ from: held, to: held + 1, del: [] });
    expect(told.delta?.add).toHaveLength(1);
    const merged = { heartbeat: told.heartbeat, body: applyDelta(before.body!, told.delta!) };
    expect((await judged(merged)).permits).toHaveLength(10);
    const nonce = 'N'.repeat(22);
    const whole = await gateway.request('GET', `gateway/policy?have=${held}&whole=1&nonce=${nonce}`);
    expect((await bodyOf<PolicySnapshot>(whole)).body?.permits).toHaveLength(10);
  });

  it('SU22: root documents are sent to whom lacks them', async () => {
    await publish({ limits: { temp: 3600 } });
    const ask = async (root: number) => {
      const path = `gateway/policy?have=0&root=${root}&nonce=${encodeBase64Url(server.random.bytes(16))}`;
      return bodyOf<PolicySnapshot>(gateway.request('GET', path));
    };
    expect((await ask(1)).roots?.map(({ root }) => root.v)).toEqual([2]);
    expect((await ask(2)).roots).toBeUndefined();
  });

  it('SU23: carried orders are genuine for a gateway that has only the first root document', async () => {
    await approve(await file());
    await publish({ limits: { temp: 3600 } });
    const carried = await carriedPolicy(server.site);
    const first = { ...trust(), root: server.site.rootChain[0].root };
    expect(await checkCarried(JSON.parse(JSON.stringify(carried)), first)).toMatchObject({
      ok: true,
      value: { permits: 1, unapproved: 0, rootVersion: 2, date: { t: server.clock.epochMs() } },
    });
  });

  it('SU4: a manifest is signed anew for a new root document, and for nothing', async () => {
    const renew = () =>
      inTransaction(server.site.db, (trx) => renewPolicy(trx, server.site, server.clock.epochMs()));
    const { version } = await renew();
    expect((await renew()).version).toBe(version);
    await publish({ limits: { temp: 3600 } });
    expect((await renew()).version).toBe(version + 1);
  });
});
