import { createLocalJWKSet, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeBase64Url, utf8 } from '#contract/bytes';
import { jwsHash, manifestRoot, type PolicySnapshot } from '#contract/policy';
import { NO_PREVIOUS_HASH } from '#contract/record';
import { privateKeyOf, publicBytesOf, sha256, signerOf } from '../../server/signing/node-crypto.ts';
import {
  bodyOf,
  claimsOf,
  DOOR,
  enrolFakeGateway,
  GATEWAY,
  openTestServer,
  openVisitor,
  SITE_ID,
  wish,
  type TestClient,
  type TestServer,
} from './server-harness.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('gateways', () => {
  let server: TestServer;
  let admin: TestClient;

  beforeEach(async () => {
    server = await openTestServer();
    admin = await server.signIn('admin', ['administrator']);
  });
  afterEach(() => server.close());

  const key = privateKeyOf(sha256(utf8('key of a test')));
  const claim = (token: string, signed = token) => ({
    token,
    publicKey: encodeBase64Url(publicBytesOf(key)),
    proof: encodeBase64Url(signerOf(key)(utf8(`palang-enrol/v1\n${signed}`))),
  });
  const order = async (): Promise<string> =>
    (await bodyOf<{ token: string }>(admin.post('gateways', { id: GATEWAY, doors: [DOOR] }))).token;
  const enrol = (body: unknown) => server.client().post('gateways/enrol', body);

  it('SS3: a token enrols one gateway once', async () => {
    const token = await order();
    const first = await enrol(claim(token));
    expect(await bodyOf(first)).toMatchObject({
      gatewayId: GATEWAY,
      siteId: SITE_ID,
      issuer: `palang/${SITE_ID}`,
      epoch: 1,
      doors: [DOOR],
      root: [{ root: { site: SITE_ID } }],
    });
    const again = await enrol(claim(token));
    expect(again.status).toBe(403);
    expect(await bodyOf(again)).toMatchObject({ code: 'enrolment-refused' });
  });

  it('SS3: of two that use a token at the same moment one is enrolled', async () => {
    const token = await order();
    const answers = await Promise.all([enrol(claim(token)), enrol(claim(token))]);
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 403]);
  });

  it('SS3: a token ends after an hour, and with the next one', async () => {
    const old = await order();
    const newer = await order();
    expect((await enrol(claim(old))).status).toBe(403);
    server.clock.advance(HOUR);
    expect((await enrol(claim(newer))).status).toBe(403);
    expect((await enrol(claim(await order()))).status).toBe(200);
  });

  it('SU8: a key that the caller does not hold is not enrolled, and the token is not spent', async () => {
    const token = await order();
    expect((await enrol(claim(token, 'another-token'))).status).toBe(403);
    expect((await enrol({ ...claim(token), proof: 'A'.repeat(86) })).status).toBe(403);
    expect((await enrol(claim(token))).status).toBe(200);
  });

  it('SU8: a second enrolment opens the next epoch, and the old key is out', async () => {
    const first = await enrolFakeGateway(server, admin, 'first key');
    await first.policy();
    const second = await enrolFakeGateway(server, admin, 'second key');
    expect(second.epoch).toBe(2);
    await second.policy();
    const answer = await first.head();
    expect(answer.status).toBe(401);
    expect((await second.upload(second.batch(0))).status).toBe(200);
  });

  it('SU8: doors must exist, and belong to no other gateway', async () => {
    await order();
    expect(await bodyOf(admin.post('gateways', { id: 'gw-2', doors: ['tidak-ada'] }))).toMatchObject({
      code: 'invalid-input',
      errors: [{ pointer: '/doors/0', code: 'unknown' }],
    });
    expect(await bodyOf(admin.post('gateways', { id: 'gw-2', doors: [DOOR] }))).toMatchObject({
      errors: [{ pointer: '/doors/0', code: 'taken' }],
    });
    expect(await bodyOf(admin.get('gateways'))).toMatchObject({
      items: [{ id: GATEWAY, state: 'waiting', doors: [DOOR], journalSize: 0 }],
      nextCursor: null,
    });
  });

  it('SU6: a request counts only as it was signed', async () => {
    const gateway = await enrolFakeGateway(server, admin);
    const nonce = 'A'.repeat(22);
    const path = `gateway/policy?have=0&nonce=${nonce}`;
    expect((await gateway.request('GET', path)).status).toBe(200);
    const batch = JSON.stringify(gateway.batch(0));
    const post = 'gateway/journal/1';
    const refusals = [
      gateway.request('POST', post, batch, { signedBody: `${batch} ` }),
      gateway.request('GET', path, '', { sentTo: `gateway/policy?have=1&nonce=${nonce}` }),
      gateway.request('GET', 'gateway/journal/1', '', { sentTo: 'gateway/journal/2' }),
      gateway.request('GET', 'gateway/journal/1', '', { sentTo: 'gateway/journal/1?x' }),
      gateway.request('GET', path, '', { headers: { signature: `gw=:${'A'.repeat(86)}==:` } }),
      gateway.request('GET', path, '', { headers: { signature: '' } }),
      gateway.request('GET', path, '', { headers: { 'signature-input': 'gw=()' } }),
      gateway.request('GET', path, '', { headers: { 'content-digest': 'sha-256=:AAAA:' } }),
    ];
    for (const answer of await Promise.all(refusals)) {
      expect(answer.status).toBe(401);
      expect(await bodyOf(answer)).toMatchObject({ code: 'signature-invalid' });
    }
  });

  it('SU6: a key that is not enrolled, and a session of a person, open nothing', async () => {
    const gateway = await enrolFakeGateway(server, admin, 'first key');
    await enrolFakeGateway(server, admin, 'second key');
    expect((await gateway.head()).status).toBe(401);
    expect((await admin.get('gateway/journal/1')).status).toBe(401);
  });

  it('SU6: a revoked gateway is told so, by its own signature only', async () => {
    const gateway = await enrolFakeGateway(server, admin);
    await server.site.db.updateTable('gateways').set({ state: 'revoked' }).execute();
    expect(await bodyOf(gateway.head())).toMatchObject({ code: 'gateway-revoked', status: 403 });
    expect((await server.client().get('gateway/journal/1')).status).toBe(401);
    expect((await admin.post('gateways', { id: GATEWAY, doors: [DOOR] })).status).toBe(409);
  });

  it('SU7: a recorded request is not taken twice', async () => {
    const gateway = await enrolFakeGateway(server, admin);
    const nonce = 'B'.repeat(22);
    expect((await gateway.request('GET', 'gateway/journal/1', '', { nonce })).status).toBe(200);
    expect((await gateway.request('GET', 'gateway/journal/1', '', { nonce })).status).toBe(401);
  });

  const verified = async (snapshot: PolicySnapshot) => {
    const { root } = server.site.rootChain[0];
    const keys = createLocalJWKSet({
      keys: Object.entries(root.keys).map(([kid, x]) => ({ kty: 'OKP', crv: 'Ed25519', kid, x })),
    });
    const check = async (jws: string, typ: string) =>
      (
        await jwtVerify(jws, keys, {
          algorithms: ['Ed25519'],
          typ,
          issuer: `palang/${SITE_ID}`,
          audience: SITE_ID,
          currentDate: new Date(server.clock.epochMs()),
        })
      ).payload;
    return {
      heartbeat: await check(snapshot.heartbeat, 'heartbeat+jws'),
      manifest: snapshot.body === undefined ? null : await check(snapshot.body.manifest, 'manifest+jws'),
      directory: snapshot.body === undefined ? null : await check(snapshot.body.directory, 'directory+jws'),
      permits: await Promise.all((snapshot.body?.permits ?? []).map((jws) => check(jws, 'permit+jws'))),
    };
  };

  it('SU2, SU4: the policy verifies, counts exactly the permits given, and follows every change', async () => {
    const visitor = await openVisitor(server);
    const supervisor = await server.signIn('atasan', ['supervisor']);
    const gateway = await enrolFakeGateway(server, admin);
    const first = await gateway.policy();
    const before = await verified(first);
    expect(before.permits).toEqual([]);
    expect(before.directory).toMatchObject({
      creds: [{ cred: visitor.handle, sub: visitor.person.id, st: 'active' }],
    });

    const { id } = await bodyOf<{ id: string }>(visitor.client.post('requests', wish(server)));
    const approved = await bodyOf<{ permitId: string }>(supervisor.post(`requests/${id}/approve`));
    const second = await gateway.policy(Number(before.manifest?.['v']));
    const after = await verified(second);
    const { body } = second;
    if (body === undefined) throw new Error('no body');
    expect(after.manifest).toMatchObject({
      v: Number(before.manifest?.['v']) + 1,
      prev: jwsHash(sha256, first.body?.manifest ?? ''),
      n: 1,
      dir: jwsHash(sha256, body.directory),
      root: manifestRoot(
        sha256,
        body.permits.map((jws) => ({
          jti: String(claimsOf(jws)['jti']),
          rev: Number(claimsOf(jws)['rev']),
          hash: jwsHash(sha256, jws),
        })),
      ),
    });
    expect(after.permits).toMatchObject([
      { jti: approved.permitId, sub: visitor.person.id, doors: [DOOR], cred: [visitor.handle], cls: 'temp' },
    ]);
    expect(after.heartbeat).toMatchObject({
      gw: GATEWAY,
      t: server.clock.epochMs(),
      v: after.manifest?.['v'],
      mh: jwsHash(sha256, body.manifest),
    });

    const held = await gateway.policy(Number(after.manifest?.['v']));
    expect(held.body).toBeUndefined();
    expect(await bodyOf(admin.get('gateways'))).toMatchObject({
      items: [{ policyVersion: after.manifest?.['v'] }],
    });

    await supervisor.post(`requests/${id}/revoke`, { reason: 'Insiden' });
    const revoked = await verified(await gateway.policy());
    expect(revoked.manifest).toMatchObject({ v: Number(after.manifest?.['v']) + 1, n: 0 });
    expect(revoked.permits).toEqual([]);
  });

  it('SU4: a card that is suspended is so at the door too', async () => {
    await openVisitor(server);
    const gateway = await enrolFakeGateway(server, admin);
    const cards = await bodyOf<{ items: { id: string }[] }>(admin.get('credentials'));
    await admin.send('PATCH', `credentials/${cards.items[0]?.id}`, { state: 'suspended' });
    const { body } = await gateway.policy();
    expect(claimsOf(body?.directory ?? '')).toMatchObject({ creds: [{ st: 'suspended' }] });
  });

  it('SU4: an ended permit stays for a day, and an unchanged manifest is renewed after one', async () => {
    const visitor = await openVisitor(server);
    const supervisor = await server.signIn('atasan', ['supervisor']);
    const gateway = await enrolFakeGateway(server, admin);
    const { id } = await bodyOf<{ id: string }>(visitor.client.post('requests', wish(server)));
    await supervisor.post(`requests/${id}/approve`);
    const start = claimsOf((await gateway.policy()).body?.manifest ?? '');
    server.clock.advance(2 * HOUR);
    expect((await gateway.policy(Number(start['v']))).body).toBeUndefined();
    server.clock.advance(22 * HOUR);
    const renewed = (await gateway.policy(Number(start['v']))).body;
    expect(claimsOf(renewed?.manifest ?? '')).toMatchObject({ v: Number(start['v']) + 1, n: 1 });
    server.clock.advance(2 * HOUR);
    const gone = (await gateway.policy()).body;
    expect(claimsOf(gone?.manifest ?? '')).toMatchObject({ v: Number(start['v']) + 2, n: 0 });
    const { iat, exp } = claimsOf(gone?.manifest ?? '') as { iat: number; exp: number };
    expect((exp - iat) * 1000).toBe(45 * DAY);
  });

  it('SU2: a site without permits has a first manifest that follows nothing', async () => {
    const gateway = await enrolFakeGateway(server, admin);
    const { body } = await gateway.policy();
    expect(claimsOf(body?.manifest ?? '')).toMatchObject({ v: 1, n: 0, prev: NO_PREVIOUS_HASH });
  });

  it('SD8: a card belongs to one person, and blank cards to nobody', async () => {
    const { person } = await openVisitor(server);
    const post = async (card: string) => bodyOf(admin.post('credentials', { personId: person.id, card }));
    expect(await post('em:ABCDEF0123')).toMatchObject({
      lastFour: '0123',
      state: 'active',
      personName: person.name,
    });
    expect(await post('em:ABCDEF0123')).toMatchObject({ code: 'card-taken' });
    expect(await post('em:0000000000')).toMatchObject({ code: 'card-not-usable' });
    expect(await post('em:FFFFFFFFFF')).toMatchObject({ code: 'card-not-usable' });
    expect(await post('ABCDEF0123')).toMatchObject({ code: 'invalid-input', errors: [{ pointer: '/card' }] });
    const unknown = admin.post('credentials', { personId: `s_${'x'.repeat(22)}`, card: 'em:1234567890' });
    expect(await bodyOf(unknown)).toMatchObject({ errors: [{ pointer: '/personId', code: 'unknown' }] });
  });

  it('SU10: people are entered with a name of their own', async () => {
    const entry = {
      name: 'Putri Lestari',
      organisation: 'Dinas Contoh',
      username: 'putri',
      password: 'kata-sandi-panjang',
      roles: ['technician'],
    };
    const entered = await admin.post('people', entry);
    expect(entered.status).toBe(201);
    expect(JSON.stringify(await bodyOf(entered))).not.toContain('kata-sandi');
    expect(await bodyOf(admin.post('people', entry))).toMatchObject({ code: 'name-taken' });
    const signedIn = await server
      .client()
      .post('session', { username: 'putri', password: 'kata-sandi-panjang' });
    expect(signedIn.status).toBe(200);
    const names: string[] = [];
    let cursor: string | null = null;
    do {
      const page: { items: { name: string }[]; nextCursor: string | null } = await bodyOf(
        admin.get(`people?limit=1${cursor === null ? '' : `&cursor=${cursor}`}`),
      );
      names.push(...page.items.map(({ name }) => name));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(names).toEqual(['Orang admin', 'Putri Lestari']);
  });
});
