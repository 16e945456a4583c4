import { createLocalJWKSet, jwtVerify } from 'jose';
import { sql } from 'kysely';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Rules, VisitCodeTicket } from '#contract/api-door';
import { decodeBase64Url, encodeBase64Url, utf8 } from '#contract/bytes';
import { canonicalText, type CanonicalValue } from '#contract/canonical';
import { commandClaimsSchema, type CommandClaims } from '#contract/command';
import { derivePin, visitCodeHandle } from '#contract/pin';
import { directoryClaimsSchema, jwsHash, manifestRoot, type DirectoryClaims } from '#contract/policy';
import { permitClaimsSchema, type PermitClaims } from '#contract/permit';
import { decodeSiteLogRecord } from '#contract/site-log';
import { enrolCard } from '../../server/procedure/cards.ts';
import { keepHouse } from '../../server/procedure/housekeeping.ts';
import { changeRules, requireSops } from '../../server/procedure/site-rules.ts';
import { renewPolicy } from '../../server/procedure/renew-policy.ts';
import { hmacSha256, scryptKey, sha256 } from '../../server/signing/node-crypto.ts';
import { inTransaction } from '../../server/store/database.ts';
import { loadSiteRecords } from '../../server/store/site-log.ts';
import { replaceHolidays } from '../../server/store/site-rules.ts';
import { acknowledgeSop, ackHashesOf } from '../../server/store/sop-acknowledgements.ts';
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

const HOUR = 3_600_000;
const SOP_HASH = encodeBase64Url(sha256(utf8('SOP akses ruang server, versi 1')));
const WEEK = [{ days: '1234567', from: '18:00', to: '06:00', utc: '+07:00' }];

let server: TestServer;

beforeEach(async () => {
  server = await openTestServer();
});
afterEach(() => server.close());

const admin = () => server.signIn('admin', ['administrator']);

/** Verifies a signed document as a gateway does, and reads its claims. */
async function verified(jws: string, typ: string, at: number = server.clock.epochMs()): Promise<unknown> {
  const { root } = server.site.rootChain[0];
  const kids = root.roles.issuer?.keys ?? [];
  const keys = createLocalJWKSet({
    keys: kids.map((kid) => ({ kty: 'OKP', crv: 'Ed25519', kid, alg: 'Ed25519', x: root.keys[kid] ?? '' })),
  });
  const { payload } = await jwtVerify(jws, keys, {
    algorithms: ['Ed25519'],
    typ,
    issuer: `palang/${SITE_ID}`,
    audience: SITE_ID,
    currentDate: new Date(at),
  });
  return payload;
}

/** What a gateway is given now, with every signature and the manifest's root checked. */
async function policyOf(gateway: FakeGateway): Promise<{
  readonly version: number;
  readonly directory: DirectoryClaims;
  readonly permits: readonly PermitClaims[];
}> {
  const { body } = await gateway.policy();
  if (body === undefined) throw new Error('no body');
  const manifest = (await verified(body.manifest, 'manifest+jws')) as {
    v: number;
    root: string;
    dir: string;
  };
  const directory = directoryClaimsSchema.parse(await verified(body.directory, 'directory+jws'));
  expect(manifest.dir).toBe(jwsHash(sha256, body.directory));
  const permits = await Promise.all(
    body.permits.map(async (jws) => {
      // Listed for a day after its end.
      const lastSecond = (permitClaimsSchema.parse(claimsOf(jws)).exp - 1) * 1000;
      return permitClaimsSchema.parse(await verified(jws, 'permit+jws', lastSecond));
    }),
  );
  const members = permits.map((permit, index) => ({
    jti: permit.jti,
    rev: permit.rev,
    hash: jwsHash(sha256, body.permits[index] ?? ''),
  }));
  expect(manifest.root).toBe(manifestRoot(sha256, members));
  return { version: manifest.v, directory, permits };
}

/** A visit of two hours from now, approved; the permit's id. */
async function approvedVisit(visitor: Visitor): Promise<string> {
  const { id } = await bodyOf<{ id: string }>(visitor.client.post('requests', wish(server)));
  const supervisor = await server.signIn(`atasan-${id.toLowerCase().replace(/[^a-z0-9]/g, '')}`, [
    'supervisor',
  ]);
  const approved = await bodyOf<{ permitId: string | null }>(supervisor.post(`requests/${id}/approve`));
  if (approved.permitId === null) throw new Error('not approved');
  return approved.permitId;
}

/** Everything that the database holds, as text. */
async function everythingStored(): Promise<string> {
  const tables = await server.site.db.introspection.getTables();
  const rows = await Promise.all(
    tables.map(async ({ name }) =>
      JSON.stringify((await sql.raw(`select * from "${name}"`).execute(server.site.db)).rows),
    ),
  );
  const files = existsSync(join(server.dir, 'server.db'))
    ? readdirSync(server.dir)
        .filter((name) => name.startsWith('server.db'))
        .map((name) => readFileSync(join(server.dir, name), 'latin1'))
    : [];
  return [...rows, ...files].join('\n');
}

const stepUp = (client: TestClient) => client.post('session/step-up', { password: PASSWORD });

interface TrailEntry {
  readonly act: string;
  readonly subject: string;
  readonly byName: string | null;
  readonly facts: Readonly<Record<string, unknown>>;
}

const trail = async (query = ''): Promise<readonly TrailEntry[]> => {
  const username = `auditor-${server.site.random.bytes(4).join('')}`;
  const auditor = await server.signIn(username, ['auditor']);
  return (await bodyOf<{ items: TrailEntry[] }>(auditor.get(`audit-trail${query}`))).items;
};

describe('rules of the site', () => {
  it('SD18: a new site knows the holidays of two years, each with its source, none checked yet', async () => {
    const { holidays, sop, doors } = await bodyOf<Rules>((await admin()).get('rules'));
    expect(holidays.length).toBeGreaterThan(40);
    expect(holidays.every(({ source, isChecked }) => source.includes('SKB') && !isChecked)).toBe(true);
    expect([sop, doors]).toEqual([[], {}]);
  });

  it('SD19: what is set is signed into the next directory, named in the site log, and kept before and after', async () => {
    const client = await admin();
    const gateway = await enrolFakeGateway(server, client);
    const before = await policyOf(gateway);
    expect(before.directory.rules?.holidays).toContain('2026-08-17');
    const rules = { pin: WEEK, codes: true, codeHours: WEEK, two: { withinMs: 15_000 } };
    expect((await client.send('PUT', `doors/${DOOR}/rules`, rules)).status).toBe(200);
    const holiday = {
      day: '2026-04-13',
      nameId: 'Hari jadi daerah',
      nameEn: 'Founding day',
      isCollectiveLeave: false,
      source: 'Keputusan kepala daerah',
      isChecked: true,
    };
    expect((await client.send('PUT', 'rules', { holidays: [holiday] })).status).toBe(200);
    const after = await policyOf(gateway);
    expect(after.version).toBe(before.version + 2);
    expect(after.directory.rules).toEqual({ holidays: ['2026-04-13'], sop: [], doors: { [DOOR]: rules } });

    const records = (await loadSiteRecords(server.site.db)).map((bytes) => decodeSiteLogRecord(bytes));
    const changes = records.flatMap((each) =>
      each.ok && each.value.ty === 'rules.changed' ? [each.value.x] : [],
    );
    expect(changes.at(-1)?.h).toBe(
      encodeBase64Url(sha256(utf8(canonicalText(after.directory.rules as unknown as CanonicalValue)))),
    );
    expect(changes).toHaveLength(2);

    const [holidays, door] = await trail();
    expect(door).toMatchObject({ act: 'door-rules.changed', subject: DOOR, byName: 'Orang admin' });
    expect(door?.facts).toEqual({ before: null, after: rules });
    expect(holidays).toMatchObject({ act: 'holidays.changed', subject: SITE_ID });
    expect(holidays?.facts['after']).toEqual([holiday]);
  });

  it('SD19: setting what is set already changes nothing', async () => {
    const client = await admin();
    await client.send('PUT', `doors/${DOOR}/rules`, { codes: true });
    const records = (await loadSiteRecords(server.site.db)).length;
    await client.send('PUT', `doors/${DOOR}/rules`, { codes: true });
    expect((await loadSiteRecords(server.site.db)).length).toBe(records);
    expect(await trail()).toHaveLength(1);
  });

  it('SS8: a change that fails leaves neither a rule nor a line in the trail', async () => {
    const failing = inTransaction(server.site.db, async (trx) => {
      const act = { byId: null, act: 'holidays.changed', subject: SITE_ID, part: () => null } as const;
      await changeRules(trx, server.site, act, (inner) => replaceHolidays(inner, []));
      throw new Error('power cut');
    });
    await expect(failing).rejects.toThrow('power cut');
    expect(await trail()).toEqual([]);
    expect((await bodyOf<Rules>((await admin()).get('rules'))).holidays.length).toBeGreaterThan(40);
  });

  it.each([
    ['an unknown day', 'rules', { holidays: [{ day: '2026-02-30' }] }, 400],
    ['a day twice', 'rules', { holidays: Array.from({ length: 2 }, () => ({ day: '2026-02-03' })) }, 400],
    ['an hour that is none', `doors/${DOOR}/rules`, { pin: [{ ...WEEK[0], from: '25:00' }] }, 400],
    ['a rule that nobody knows', `doors/${DOOR}/rules`, { alwaysOpen: true }, 400],
    ['too short a time for two', `doors/${DOOR}/rules`, { two: { withinMs: 100 } }, 400],
    ['an unknown door', 'doors/lain/rules', { codes: true }, 404],
  ])('SH20: %s is refused', async (_name, path, body, status) => {
    const filled = JSON.parse(
      JSON.stringify(body).replaceAll(
        /\{"day":"([^"]+)"\}/g,
        '{"day":"$1","nameId":"a","nameEn":"b","isCollectiveLeave":false,"source":"c","isChecked":true}',
      ),
    ) as unknown;
    expect((await (await admin()).send('PUT', path, filled)).status).toBe(status);
    expect(await trail()).toEqual([]);
  });

  it('SH21: the trail pages by cursor and is asked by subject and act', async () => {
    const client = await admin();
    for (const withinMs of [3000, 4000, 5000]) {
      await client.send('PUT', `doors/${DOOR}/rules`, { two: { withinMs } });
    }
    const auditor = await server.signIn('auditor', ['auditor']);
    const first = await bodyOf<{ items: TrailEntry[]; nextCursor: string }>(
      auditor.get('audit-trail?limit=2'),
    );
    const rest = await bodyOf<{ items: TrailEntry[]; nextCursor: null }>(
      auditor.get(`audit-trail?limit=2&cursor=${first.nextCursor}`),
    );
    expect([first.items.length, rest.items.length, rest.nextCursor]).toEqual([2, 1, null]);
    expect(await trail(`?subject=${DOOR}&act=door-rules.changed`)).toHaveLength(3);
    expect(await trail('?subject=lain')).toEqual([]);
    const now = new Date(server.clock.epochMs()).toISOString();
    const later = new Date(server.clock.epochMs() + 1).toISOString();
    expect(await trail(`?subject=${DOOR}&from=${now}&until=${later}`)).toHaveLength(3);
    expect(await trail(`?subject=${DOOR}&from=${later}`)).toEqual([]);
    expect(await trail(`?subject=${DOOR}&until=${now}`)).toEqual([]);
  });
});

describe('SOPs', () => {
  it('SS9: who acknowledged what is asked for stands in the directory, and nothing else of anybody', async () => {
    const gateway = await enrolFakeGateway(server, await admin());
    const [sari, budi] = [await openVisitor(server, 'sari'), await openVisitor(server, 'budi')];
    const old = encodeBase64Url(sha256(utf8('SOP lama')));
    const { db } = server.site;
    const at = server.clock.epochMs();
    await inTransaction(db, async (trx) => {
      await requireSops(trx, server.site, null, [{ hash: SOP_HASH, version: '1' }]);
      for (const sopHash of [SOP_HASH, old]) {
        await acknowledgeSop(trx, { personId: sari.person.id, sopHash, version: '1', at });
      }
      await acknowledgeSop(trx, { personId: budi.person.id, sopHash: old, version: '0', at });
      await renewPolicy(trx, server.site, at);
    });
    const { directory } = await policyOf(gateway);
    expect(directory.rules?.sop).toEqual([SOP_HASH]);
    expect(directory.people).toEqual([{ sub: sari.person.id, ack: [SOP_HASH] }]);
    expect([...(await ackHashesOf(db, sari.person.id))].sort()).toEqual([SOP_HASH, old].sort());
    const again = { personId: sari.person.id, sopHash: SOP_HASH, version: '1', at };
    expect(await inTransaction(db, (trx) => acknowledgeSop(trx, again))).toBe(false);
  });
});

describe('cards', () => {
  it('SS9: a card that is lent for a day stands in the directory with its end', async () => {
    const gateway = await enrolFakeGateway(server, await admin());
    const { handle } = await openVisitor(server);
    const until = server.clock.epochMs() + 24 * HOUR;
    await server.site.db
      .updateTable('credentials')
      .set({ expires_at: until })
      .where('handle', '=', handle)
      .execute();
    await keepHouse(server.site);
    server.clock.advance(72 * HOUR);
    const { directory } = await policyOf(gateway);
    expect(directory.creds.find(({ cred }) => cred === handle)).toMatchObject({
      st: 'active',
      exp: Math.floor(until / 1000),
    });
  });
});

describe('PINs', () => {
  const keyed = (message: Uint8Array) => hmacSha256(server.site.pepper, message);
  const opens = async (cred: string, verifier: { s: string; h: string } | undefined, pin: string) => {
    const salt = decodeBase64Url(verifier?.s ?? '');
    if (!salt.ok) throw new Error('no salt');
    return encodeBase64Url(await derivePin(keyed, scryptKey, cred, pin, salt.value)) === verifier?.h;
  };
  const entryOf = (directory: DirectoryClaims, handle: string) =>
    directory.creds.find(({ cred }) => cred === handle);

  it('SU12: one’s own PIN reaches the gateway as a verifier for each card, with the one for duress', async () => {
    const gateway = await enrolFakeGateway(server, await admin());
    const { client, person, handle } = await openVisitor(server);
    const second = await enrolCard(server.site, { personId: person.id, card: 'em:6F007B3972' });
    expect(second.ok).toBe(true);
    expect(await bodyOf(client.get('me/pin'))).toEqual({ hasCard: true, hasPin: false });
    const before = (await policyOf(gateway)).version;
    expect((await client.post('me/pin', { pin: '739184', duress: '604832' })).status).toBe(200);
    expect(await bodyOf(client.get('me/pin'))).toEqual({ hasCard: true, hasPin: true });
    const { directory, version } = await policyOf(gateway);
    expect(version).toBe(before + 1);
    const entry = entryOf(directory, handle);
    expect(await opens(handle, entry?.pin, '739184')).toBe(true);
    expect(await opens(handle, entry?.pin, '604832')).toBe(false);
    expect(await opens(handle, entry?.du, '604832')).toBe(true);
    const own = directory.creds.filter(({ sub }) => sub === person.id);
    expect(new Set(own.map(({ pin }) => pin?.h)).size).toBe(2);
    const acts = (await trail()).filter(({ act }) => act.startsWith('pin.'));
    expect(acts.map(({ act }) => act)).toEqual(['pin.set', 'pin.set']);
    expect(acts[0]?.facts).toEqual({ personId: person.id });
  });

  it('SU12: an officer sets and forgets the PIN of a card; without one for duress there is none', async () => {
    const gateway = await enrolFakeGateway(server, await admin());
    const { handle } = await openVisitor(server);
    const officer = await server.signIn('petugas', ['officer']);
    const { items } = await bodyOf<{ items: { id: string }[] }>(officer.get('credentials'));
    const path = `credentials/${items[0]?.id}/pin`;
    expect(await bodyOf(officer.send('PUT', path, { pin: '7391' }))).toEqual({ hasPin: true });
    const set = entryOf((await policyOf(gateway)).directory, handle);
    expect([set?.pin === undefined, set?.du === undefined]).toEqual([false, true]);
    expect(await bodyOf(officer.send('DELETE', path))).toEqual({ hasPin: false });
    expect(entryOf((await policyOf(gateway)).directory, handle)?.pin).toBeUndefined();
    const acts = (await trail()).map(({ act }) => act).filter((act) => act.startsWith('pin.'));
    expect(acts).toEqual(['pin.removed', 'pin.set']);
    expect((await officer.send('PUT', 'credentials/cr_none/pin', { pin: '7391' })).status).toBe(404);
  });

  it.each([
    [{ pin: '1234' }, 422, '/pin'],
    [{ pin: '739184', duress: '739185' }, 422, '/duress'],
    [{ pin: '739184', duress: '111111' }, 422, '/duress'],
    [{ pin: '123' }, 400, '/pin'],
    [{ pin: '7391a' }, 400, '/pin'],
  ])('SD15: %j is refused, and the field is named', async (body, status, pointer) => {
    const { client } = await openVisitor(server);
    const answer = await client.post('me/pin', body);
    expect(answer.status).toBe(status);
    expect((await bodyOf<{ errors: { pointer: string }[] }>(answer)).errors[0]?.pointer).toBe(pointer);
    expect(await bodyOf(client.get('me/pin'))).toEqual({ hasCard: true, hasPin: false });
  });

  it('SD15: somebody without a card has nothing that a PIN could belong to', async () => {
    const client = await server.signIn('tanpa-kartu', ['technician']);
    expect(await bodyOf(client.post('me/pin', { pin: '7391' }))).toMatchObject({ code: 'no-credential' });
  });
});

describe('visit codes', () => {
  let gateway: FakeGateway;
  let visitor: Visitor;
  let permitId: string;

  beforeEach(async () => {
    const client = await admin();
    gateway = await enrolFakeGateway(server, client);
    visitor = await openVisitor(server);
    permitId = await approvedVisit(visitor);
    await client.send('PUT', `doors/${DOOR}/rules`, { codes: true });
  });

  const handleOf = (code: string) =>
    visitCodeHandle((message) => hmacSha256(server.site.pepper, message), scryptKey, SITE_ID, code);
  const issue = async (client: TestClient = visitor.client): Promise<VisitCodeTicket> => {
    const answer = await client.post(`permits/${permitId}/visit-code`);
    expect(answer.status).toBe(201);
    return bodyOf<VisitCodeTicket>(answer);
  };
  const suspendCard = () =>
    server.site.db
      .updateTable('credentials')
      .set({ state: 'suspended' })
      .where('handle', '=', visitor.handle)
      .execute();
  const enter = async (handle: string) => {
    gateway.append({
      ty: 'access.granted',
      door: DOOR,
      dir: 'in',
      personal: { sub: visitor.person.id, pm: permitId, cred: handle },
    });
    expect((await gateway.upload(gateway.batch(0))).status).toBe(200);
  };

  it('SU14: a code is named by the next revision of its permit, and ends with it', async () => {
    const ticket = await issue();
    const handle = await handleOf(ticket.code);
    const { directory, permits } = await policyOf(gateway);
    const exp = Math.floor(Date.parse(ticket.validUntil) / 1000);
    expect(directory.creds.find(({ cred }) => cred === handle)).toEqual({
      cred: handle,
      sub: visitor.person.id,
      st: 'active',
      k: 'code',
      exp,
    });
    expect(permits).toHaveLength(1);
    expect(permits[0]).toMatchObject({ jti: permitId, rev: 2, cred: [handle, visitor.handle], exp });
    expect(permits[0]?.uses).toBeUndefined();
  });

  it('SD17: a visitor without a card gets in once with each code, and the newest replaces the one before', async () => {
    await suspendCard();
    const first = await handleOf((await issue()).code);
    expect((await policyOf(gateway)).permits[0]).toMatchObject({ rev: 2, cred: [first], uses: 1 });
    const second = await handleOf((await issue()).code);
    const replaced = await policyOf(gateway);
    expect(replaced.permits[0]).toMatchObject({ rev: 3, cred: [second], uses: 1 });
    expect(replaced.directory.creds.find(({ cred }) => cred === first)?.st).toBe('suspended');
    await enter(second);
    const third = await handleOf((await issue()).code);
    expect((await policyOf(gateway)).permits[0]).toMatchObject({ rev: 4, cred: [third], uses: 2 });
  });

  it('SA31: a code that opened a door is over, and the gateways hear of it', async () => {
    await suspendCard();
    const handle = await handleOf((await issue()).code);
    const before = await policyOf(gateway);
    await enter(handle);
    const after = await policyOf(gateway);
    expect(after.version).toBe(before.version + 1);
    expect(after.directory.creds.find(({ cred }) => cred === handle)?.st).toBe('suspended');
  });

  it('SS9: a code that is over for a day is no more in the directory', async () => {
    const handle = await handleOf((await issue()).code);
    const has = async () => (await policyOf(gateway)).directory.creds.some(({ cred }) => cred === handle);
    server.clock.advance(25 * HOUR);
    expect(await has()).toBe(true);
    server.clock.advance(2 * HOUR);
    expect(await has()).toBe(false);
  });

  it('SH22: for the permit’s holder and for officers; nobody else learns that there is one', async () => {
    const other = await openVisitor(server, 'orang-lain');
    expect((await other.client.post(`permits/${permitId}/visit-code`)).status).toBe(404);
    const officer = await server.signIn('petugas', ['officer']);
    expect((await issue(officer)).permitId).toBe(permitId);
    expect((await trail()).find(({ act }) => act === 'visit-code.issued')).toMatchObject({
      subject: permitId,
      byName: 'Orang petugas',
      facts: { personId: visitor.person.id },
    });
  });

  it('SH22: not where the door takes none, and not for a permit that is revoked or over', async () => {
    const client = await server.signIn('admin');
    await client.send('PUT', `doors/${DOOR}/rules`, {});
    const path = `permits/${permitId}/visit-code`;
    expect(await bodyOf(visitor.client.post(path))).toMatchObject({ code: 'codes-not-allowed' });
    await client.send('PUT', `doors/${DOOR}/rules`, { codes: true });
    server.clock.advance(3 * HOUR);
    expect(await bodyOf(visitor.client.post(path))).toMatchObject({ code: 'window-in-past' });
    await server.site.db.updateTable('permits').set({ revoked_at: 1 }).where('id', '=', permitId).execute();
    expect(await bodyOf(visitor.client.post(path))).toMatchObject({ code: 'step-not-allowed' });
  });

  it('SS10: neither a PIN nor a code is in the database, the log or the trail', async () => {
    const [pin, duress] = ['73918264', '26057138'];
    expect((await visitor.client.post('me/pin', { pin, duress })).status).toBe(200);
    expect((await visitor.client.post('me/pin', { pin: '12345678' })).status).toBe(422);
    const { code } = await issue();
    const { code: next } = await issue();
    const stored = await everythingStored();
    const told = JSON.stringify(server.logged) + JSON.stringify(await trail());
    expect(stored).toContain('"kind":"code"');
    for (const secret of [pin, duress, '12345678', code, next]) {
      expect(stored).not.toContain(secret);
      expect(told).not.toContain(secret);
    }
  });
});

describe('permits', () => {
  it('SU14: a permit follows the cards of its holder as the next revision, approved as it was', async () => {
    const gateway = await enrolFakeGateway(server, await admin());
    const visitor = await openVisitor(server);
    await approvedVisit(visitor);
    const [first] = (await policyOf(gateway)).permits;
    const added = await enrolCard(server.site, { personId: visitor.person.id, card: 'em:6F007B3972' });
    if (!added.ok) throw new Error(added.error.code);
    const [second] = (await policyOf(gateway)).permits;
    expect(second).toEqual({ ...first, rev: 2, iat: second?.iat, cred: second?.cred });
    expect(second?.cred).toHaveLength(2);
    const officer = await server.signIn('petugas', ['officer']);
    await officer.send('PATCH', `credentials/${added.value.id}`, { state: 'suspended' });
    const [third] = (await policyOf(gateway)).permits;
    expect(third).toMatchObject({ rev: 3, cred: [visitor.handle], apr: first?.apr, req: first?.req });

    const hashes = (await loadSiteRecords(server.site.db)).flatMap((bytes) => {
      const record = decodeSiteLogRecord(bytes);
      return record.ok && record.value.ty === 'permit.issued' ? [record.value.x.h] : [];
    });
    expect(new Set(hashes).size).toBe(3);
  });

  it('SU14: without any card left the permit stays as it is, and the directory says no', async () => {
    const gateway = await enrolFakeGateway(server, await admin());
    const visitor = await openVisitor(server);
    await approvedVisit(visitor);
    const officer = await server.signIn('petugas', ['officer']);
    const { items } = await bodyOf<{ items: { id: string }[] }>(officer.get('credentials'));
    await officer.send('PATCH', `credentials/${items[0]?.id}`, { state: 'suspended' });
    const { permits, directory } = await policyOf(gateway);
    expect(permits[0]?.rev).toBe(1);
    expect(directory.creds.find(({ cred }) => cred === visitor.handle)?.st).toBe('suspended');
  });

  it('SU14: nothing but credentials and uses differs, and only a permit of this very key is revised', async () => {
    const visitor = await openVisitor(server);
    const permitId = await approvedVisit(visitor);
    const { jws } = await server.site.db
      .selectFrom('permits')
      .select('jws')
      .where('id', '=', permitId)
      .executeTakeFirstOrThrow();
    const { signer } = server.site;
    const same = { iat: 5, cred: [visitor.handle], uses: null };
    expect(await signer.revisePermit(jws, same)).toEqual({ ok: true, value: null });
    const other = await openTestServer();
    expect(await other.site.signer.revisePermit(jws, same)).toEqual({ ok: false, error: 'not-ours' });
    await other.close();
    const manifest = await inTransaction(server.site.db, (trx) =>
      renewPolicy(trx, server.site, server.clock.epochMs()),
    );
    expect(await signer.revisePermit(manifest.manifest, same)).toEqual({ ok: false, error: 'not-ours' });
    expect(await signer.revisePermit('nothing', same)).toEqual({ ok: false, error: 'not-ours' });
  });
});

describe('step-up', () => {
  it('SU11, SH19: an order needs a password of the last five minutes, in this very session', async () => {
    await enrolFakeGateway(server, await admin());
    const supervisor = await server.signIn('atasan', ['supervisor']);
    const other = await server.signIn('atasan');
    const order = (client: TestClient) =>
      client.post(`doors/${DOOR}/commands`, { act: 'release', why: 'card-trouble' });
    expect(await bodyOf(order(supervisor))).toMatchObject({ status: 403, code: 'step-up-required' });
    const confirmed = await stepUp(supervisor);
    expect(await bodyOf(confirmed)).toEqual({
      method: 'password',
      until: new Date(server.clock.epochMs() + 300_000).toISOString(),
    });
    expect((await order(supervisor)).status).toBe(201);
    expect((await order(other)).status).toBe(403);
    server.clock.advance(300_000 - 1);
    expect((await order(supervisor)).status).toBe(201);
    server.clock.advance(1);
    expect((await order(supervisor)).status).toBe(403);
  });

  it('SU5, SU11: a wrong password confirms nothing, and guessing is slowed down', async () => {
    await enrolFakeGateway(server, await admin());
    const supervisor = await server.signIn('atasan', ['supervisor']);
    const codes: number[] = [];
    for (let n = 0; n < 7; n++) {
      codes.push((await supervisor.post('session/step-up', { password: 'salah-sekali' })).status);
    }
    expect(codes).toEqual([401, 401, 401, 401, 401, 429, 429]);
    const order = { act: 'release', why: 'card-trouble' };
    expect((await supervisor.post(`doors/${DOOR}/commands`, order)).status).toBe(403);
    expect((await supervisor.get('me')).status).toBe(200);
  });
});

describe('orders at a door', () => {
  let gateway: FakeGateway;
  let supervisor: TestClient;
  let officer: TestClient;
  let nonces = 0;

  beforeEach(async () => {
    gateway = await enrolFakeGateway(server, await admin());
    supervisor = await server.signIn('atasan', ['supervisor']);
    officer = await server.signIn('petugas', ['officer']);
    for (const client of [supervisor, officer]) await stepUp(client);
  });

  const nonce = (): string => {
    nonces += 1;
    return encodeBase64Url(sha256(utf8(`nonce ${nonces}`)).subarray(0, 16));
  };
  const order = async (client: TestClient, wished: Record<string, unknown>): Promise<string> => {
    const answer = await client.post(`doors/${DOOR}/commands`, { why: 'drill', ...wished });
    const { id, state } = await bodyOf<{ id: string; state: string }>(answer);
    expect([answer.status, state]).toEqual([201, 'waiting']);
    return id;
  };
  const fetchAs = async (used: string): Promise<readonly CommandClaims[]> => {
    const answer = await gateway.request('POST', 'gateway/commands', JSON.stringify({ nonce: used }));
    expect(answer.status).toBe(200);
    const { commands } = await bodyOf<{ commands: string[] }>(answer);
    return Promise.all(
      commands.map(async (jws) => commandClaimsSchema.parse(await verified(jws, 'command+jws'))),
    );
  };
  const states = async (): Promise<readonly string[]> => {
    const { items } = await bodyOf<{ items: { state: string }[] }>(supervisor.get(`doors/${DOOR}/commands`));
    return items.map(({ state }) => state);
  };
  const obey = async (id: string, more: Readonly<Record<string, string>> = {}) => {
    gateway.append({ ty: 'operator.command', door: DOOR, x: { id, act: 'release', ...more } });
    expect((await gateway.upload(gateway.batch(0))).status).toBe(200);
  };

  it('SU13: an order reaches its gateway signed, bound to the nonce of the moment, and says who and how', async () => {
    const me = await bodyOf<{ id: string }>(supervisor.get('me'));
    const id = await order(supervisor, { act: 'release', why: 'card-trouble' });
    const used = nonce();
    expect(await fetchAs(used)).toEqual([
      {
        iss: `palang/${SITE_ID}`,
        aud: SITE_ID,
        gw: GATEWAY,
        door: DOOR,
        nonce: used,
        id,
        act: 'release',
        by: me.id,
        m: 'session',
        at: Math.floor(server.clock.epochMs() / 1000),
        why: 'card-trouble',
      },
    ]);
    expect(await states()).toEqual(['sent']);
  });

  it('SU13: a nonce is answered once', async () => {
    const used = nonce();
    expect(await fetchAs(used)).toEqual([]);
    await order(supervisor, { act: 'lockdown-start', why: 'security-incident' });
    expect(await fetchAs(used)).toEqual([]);
    expect(await states()).toEqual(['waiting']);
    expect(await fetchAs(nonce())).toHaveLength(1);
  });

  it('SD21: what opens a door lapses ten seconds after it was ordered, however late the gateway asks', async () => {
    await order(supervisor, { act: 'release' });
    await order(officer, { act: 'hold-open-start', forMs: 60_000, why: 'equipment-move' });
    await order(officer, { act: 'alarm-acknowledge', why: 'checked-on-site' });
    server.clock.advance(9_999);
    expect((await gateway.policy(1)).hasCommands).toBe(true);
    server.clock.advance(1);
    expect((await gateway.policy(1)).hasCommands).toBeUndefined();
    expect(await states()).toEqual(['lapsed', 'lapsed', 'lapsed']);
    expect(await fetchAs(nonce())).toEqual([]);
    await keepHouse(server.site);
    expect(await states()).toEqual(['lapsed', 'lapsed', 'lapsed']);
  });

  it('SD21: a lockdown and a reset wait until the gateway obeyed them', async () => {
    const lockdown = await order(supervisor, { act: 'lockdown-start', why: 'security-incident' });
    const reset = await order(officer, { act: 'presence-reset', why: 'counting-error' });
    server.clock.advance(11 * HOUR);
    await keepHouse(server.site);
    expect(await states()).toEqual(['waiting', 'waiting']);
    expect((await fetchAs(nonce())).map(({ id }) => id)).toEqual([lockdown, reset]);
    expect((await fetchAs(nonce())).map(({ id }) => id)).toEqual([lockdown, reset]);
    await obey(lockdown);
    expect((await fetchAs(nonce())).map(({ id }) => id)).toEqual([reset]);
    await obey(reset);
    expect(await fetchAs(nonce())).toEqual([]);
    expect((await gateway.policy(1)).hasCommands).toBeUndefined();
  });

  it('SD22: an order whose answer was lost comes again under the next nonce with the same id, in its time', async () => {
    const id = await order(supervisor, { act: 'release' });
    const [first, second] = [nonce(), nonce()];
    expect((await fetchAs(first))[0]).toMatchObject({ id, nonce: first });
    server.clock.advance(5_000);
    expect((await fetchAs(second))[0]).toMatchObject({ id, nonce: second });
    server.clock.advance(5_000);
    expect(await fetchAs(nonce())).toEqual([]);
    expect(await states()).toEqual(['sent']);
  });

  it('SA30: an order is done when the journal of its own gateway says so', async () => {
    const id = await order(supervisor, { act: 'release' });
    await fetchAs(nonce());
    await obey('cm_of-somebody-else');
    expect(await states()).toEqual(['sent']);
    await obey(id);
    const { items } = await bodyOf<{ items: { state: string; doneAt: string; byName: string }[] }>(
      supervisor.get(`doors/${DOOR}/commands`),
    );
    expect(items[0]).toMatchObject({
      state: 'done',
      doneAt: new Date(server.clock.epochMs()).toISOString(),
      byName: 'Orang atasan',
    });
  });

  it('SA30: what the gateway refused is told as refused, with its word for it, and not handed out again', async () => {
    await order(supervisor, { act: 'release' });
    const id = await order(supervisor, { act: 'lockdown-end' });
    await fetchAs(nonce());
    await obey(id, { refused: 'lockdown' });
    const { items } = await bodyOf<{ items: { state: string; refusal: string | null }[] }>(
      supervisor.get(`doors/${DOOR}/commands`),
    );
    expect(items.map(({ state, refusal }) => [state, refusal])).toEqual([
      ['refused', 'lockdown'],
      ['sent', null],
    ]);
    expect(await fetchAs(nonce())).toHaveLength(1);
  });

  it('SU13: more orders than one answer takes come in turns, the oldest first', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 18; n++) ids.push(await order(officer, { act: 'presence-reset' }));
    expect((await fetchAs(nonce())).map(({ id }) => id)).toEqual(ids.slice(0, 16));
    expect((await fetchAs(nonce())).map(({ id }) => id)).toEqual([...ids.slice(0, 14), ...ids.slice(16)]);
  });

  it('SD20: each act is for its roles, and says what only it has', async () => {
    const visitor = await openVisitor(server);
    for (const act of ['release', 'lockdown-start', 'lockdown-end']) {
      const answer = await officer.post(`doors/${DOOR}/commands`, { act, why: 'drill' });
      expect(await bodyOf(answer)).toMatchObject({ code: 'forbidden' });
    }
    for (const client of [officer, supervisor]) {
      const answer = await client.post(`doors/${DOOR}/commands`, { act: 'alarm-acknowledge', why: 'drill' });
      expect(answer.status).toBe(201);
    }
    expect(await fetchAs(nonce())).toHaveLength(2);
    server.clock.advance(10_000);
    await order(supervisor, { act: 'lockdown-start', allow: [visitor.person.id] });
    await order(officer, { act: 'presence-reset', personId: visitor.person.id });
    await order(officer, { act: 'hold-open-start', forMs: 1_800_000 });
    const terms = (await fetchAs(nonce())).map(({ allow, sub, forMs }) => ({ allow, sub, forMs }));
    expect(terms).toEqual([{ allow: [visitor.person.id] }, { sub: visitor.person.id }, { forMs: 1_800_000 }]);
  });

  it.each<[string, Record<string, unknown>, number]>([
    ['a hold-open without an end', { act: 'hold-open-start' }, 400],
    ['a hold-open of more than half an hour', { act: 'hold-open-start', forMs: 1_800_001 }, 400],
    ['a time for a release', { act: 'release', forMs: 1000 }, 400],
    ['a list for a release', { act: 'release', allow: [] }, 400],
    ['a person for a lockdown', { act: 'lockdown-start', personId: `s_${'A'.repeat(22)}` }, 400],
    ['somebody whom nobody knows', { act: 'lockdown-start', allow: [`s_${'A'.repeat(22)}`] }, 400],
    ['a reason of its own', { act: 'release', why: 'because' }, 400],
    ['another reason without words', { act: 'release', why: 'other' }, 400],
  ])('SH20: %s is no order', async (_name, wished, status) => {
    const answer = await supervisor.post(`doors/${DOOR}/commands`, { why: 'drill', ...wished });
    expect(answer.status).toBe(status);
    expect(await states()).toEqual([]);
  });

  it('SH20: a door whose gateway is not enrolled takes no order', async () => {
    await server.site.db.updateTable('gateways').set({ state: 'revoked' }).execute();
    const answer = await supervisor.post(`doors/${DOOR}/commands`, { act: 'release', why: 'drill' });
    expect(await bodyOf(answer)).toMatchObject({ code: 'door-without-gateway' });
    const nowhere = await supervisor.post('doors/lain/commands', { act: 'release', why: 'drill' });
    expect(nowhere.status).toBe(404);
  });

  it('SD20: who ordered what, and why in whose words, stands in the trail', async () => {
    const note = 'Perangkat baru dari gudang, dikawal dua orang';
    const id = await order(officer, { act: 'hold-open-start', forMs: 60_000, why: 'other', note });
    const [entry] = await trail(`?subject=${DOOR}`);
    expect(entry).toMatchObject({ act: 'command.ordered', byName: 'Orang petugas' });
    expect(entry?.facts).toEqual({
      id,
      act: 'hold-open-start',
      why: 'other',
      note,
      method: 'password',
      forMs: 60_000,
    });
    expect((await fetchAs(nonce()))[0]).not.toHaveProperty('note');
  });

  it('SH23: the gateway is woken, and those who watch hear how far an order is', async () => {
    const lines = async (reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> =>
      new TextDecoder().decode((await reader.read()).value);
    const wake = (await gateway.request('GET', 'gateway/wake')).body!.getReader();
    const watch = (await supervisor.get('stream')).body!.getReader();
    for (const reader of [wake, watch]) expect(await lines(reader)).toContain('retry');
    const id = await order(supervisor, { act: 'release' });
    expect(await lines(wake)).toContain('event: command\ndata: {}');
    const told = await lines(watch);
    expect(told).toContain('event: command\n');
    expect(told).toContain(`"commandId":"${id}","doorId":"${DOOR}","act":"release","state":"waiting"`);
    await fetchAs(nonce());
    expect(await lines(watch)).toContain('"state":"sent"');
    await obey(id);
    const after = [await lines(watch), await lines(watch), await lines(watch)];
    expect(after.some((line) => line.includes('"state":"done"'))).toBe(true);
    await wake.cancel();
    await watch.cancel();
  });
});
