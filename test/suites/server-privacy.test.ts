import fc from 'fast-check';
import { unzipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AccessEvent, Person, Visit } from '#contract/api';
import {
  ERASED_NAME,
  RESTRICTED_NAME,
  type Annotation,
  type Destruction,
  type PiiView,
  type PrivacyNotice,
  type PrivacyRequest,
  type Reading,
} from '#contract/api-privacy';
import { verifyBundle } from '#contract/bundle';
import { parseOpening, splitLines } from '#contract/bundle-format';
import type { Opening } from '#contract/commitment';
import { exportEvidence } from '../../server/audit/evidence-desk.ts';
import { eraseLateArrivals, erasePerson } from '../../server/procedure/erase-person.ts';
import { openSite } from '../../server/procedure/open-site.ts';
import { endRetention } from '../../server/procedure/retention.ts';
import { assertionPorts, hmacSha256 } from '../../server/signing/node-crypto.ts';
import { ERASURE_PLAN } from '../../server/store/erase.ts';
import { inTransaction } from '../../server/store/database.ts';
import { openSecondVerifier, whyNoPython } from '../verifier/second-verifier.ts';
import {
  appendEntry,
  bodyOf,
  createFakeRandom,
  DOOR,
  enrolFakeGateway,
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

const DAY = 86_400_000;
const ports = { ...assertionPorts, hmac: hmacSha256 };
type Files = ReadonlyMap<string, Uint8Array>;
const EVERYTHING = { from: null, until: null };

const exported = async (server: TestServer): Promise<Files> =>
  (await exportEvidence(server.site, '0.0.0-test', EVERYTHING)).files;

const openingsIn = (files: Files): readonly Opening[] =>
  [...splitLines(files.get('openings.jsonl') ?? new Uint8Array())]
    .map(({ bytes }) => parseOpening(bytes))
    .filter((each) => each !== null);

const stepUp = (client: TestClient) => client.post('session/step-up', { password: PASSWORD });

/** An entry and an exit of somebody, as the door journals them. */
function visit(gateway: FakeGateway, visitor: Visitor, permitId?: string): void {
  const { person, handle } = visitor;
  const personal = { sub: person.id, cred: handle, ...(permitId === undefined ? {} : { pm: permitId }) };
  const of = gateway.append({ ty: 'access.granted', door: DOOR, dir: 'in', personal });
  gateway.append({ ty: 'lock.released', door: DOOR, x: { of } });
  gateway.append({
    ty: 'access.outcome',
    door: DOOR,
    rs: 'entered',
    x: { of },
    personal: { sub: person.id },
  });
  gateway.append({
    ty: 'exit.recorded',
    door: DOOR,
    dir: 'out',
    personal: { sub: person.id, cred: handle },
  });
}

const order = (personId: string) => ({
  personId,
  basis: 'subject-request' as const,
  carriedBy: null,
  approvedBy: null,
  deciders: 2,
  requestId: null,
});

describe('privacy', () => {
  let server: TestServer;
  let gateway: FakeGateway;
  let officer: TestClient;
  let supervisor: TestClient;
  let auditor: TestClient;
  let siti: Visitor;
  let budi: Visitor;

  beforeEach(async () => {
    server = await openTestServer();
    const admin = await server.signIn('admin', ['administrator']);
    gateway = await enrolFakeGateway(server, admin);
    officer = await server.signIn('pdp', ['privacy-officer']);
    supervisor = await server.signIn('atasan', ['supervisor']);
    auditor = await server.signIn('auditor', ['auditor']);
    siti = await openVisitor(server, 'sutini');
    budi = await openVisitor(server, 'budi');
    await stepUp(officer);
    await stepUp(supervisor);
  });
  afterEach(() => server.close());

  const upload = async (from = 0): Promise<void> => {
    expect((await gateway.upload(gateway.batch(from))).status).toBe(200);
  };
  const countOf = async (
    table: 'openings' | 'opening_keys' | 'openings_plain' | 'visits',
  ): Promise<number> => {
    const row = await server.site.db
      .selectFrom(table)
      .select((e) => e.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow();
    return Number(row.n);
  };
  const eraseThroughApi = async (personId: string): Promise<PrivacyRequest> => {
    const filed = await bodyOf<PrivacyRequest>(
      officer.post('privacy-requests', { kind: 'erasure', personId, details: 'Surat 12/III' }),
    );
    expect(
      (await supervisor.post(`privacy-requests/${filed.id}/approve`, { basis: 'subject-request' })).status,
    ).toBe(200);
    const done = await officer.post(`privacy-requests/${filed.id}/carry-out`, { note: 'Sudah dihapus' });
    expect(done.status).toBe(200);
    return bodyOf<PrivacyRequest>(done);
  };

  it('SA50: the database holds no value and no salt of an opening in clear but beside its key', async () => {
    visit(gateway, siti);
    await upload();
    const rows = await server.site.db.selectFrom('openings').selectAll().execute();
    expect(rows).toHaveLength(gateway.openings.length);
    const text = JSON.stringify(rows);
    for (const { value, salt } of gateway.openings) {
      expect(text).not.toContain(value);
      expect(text).not.toContain(salt);
    }
    expect(openingsIn(await exported(server))).toEqual(expect.arrayContaining([...gateway.openings]));
  });

  it('SA50: a sealed opening in another row, or under another master key, does not open', async () => {
    visit(gateway, siti);
    await upload();
    const { db } = server.site;
    const [first, second] = await db.selectFrom('openings').selectAll().where('field', '=', 'sub').execute();
    if (first === undefined || second === undefined) throw new Error('two are expected');
    await db
      .updateTable('openings')
      .set({ sealed: first.sealed })
      .where('seq', '=', second.seq)
      .where('field', '=', 'sub')
      .execute();
    await expect(exported(server)).rejects.toThrow('opening-damaged');
    const keys = await db.selectFrom('opening_keys').selectAll().execute();
    const other = keys.find((each) => each.id !== first.key_id);
    await db
      .updateTable('opening_keys')
      .set({ wrapped: other?.wrapped ?? '' })
      .where('id', '=', first.key_id)
      .execute();
    await expect(exported(server)).rejects.toThrow('openings-key-wrong');
  });

  it('SA51: openings of an older version are sealed at the next start, and nothing stays in clear', async () => {
    visit(gateway, siti);
    gateway.append({
      ty: 'access.denied',
      door: DOOR,
      rs: 'unknown-credential',
      personal: { cred: 'c_asing' },
    });
    await upload();
    const before = openingsIn(await exported(server));
    const { db } = server.site;
    const plain = before.map(({ gw, ep, sq, field, salt, value }) => ({
      gateway_id: gw,
      epoch: ep,
      seq: sq,
      field,
      salt,
      value,
    }));
    await db.deleteFrom('openings').execute();
    await db.deleteFrom('opening_keys').execute();
    await db.insertInto('openings_plain').values(plain).execute();
    const again = await openSite({
      id: SITE_ID,
      timeZone: 'Asia/Jakarta',
      databaseUrl: server.databaseUrl,
      keysDir: `${server.dir}/keys`,
      clock: server.clock,
      random: createFakeRandom('again'),
      log: server.site.log,
    });
    await again.db.destroy();
    expect(await countOf('openings_plain')).toBe(0);
    expect(openingsIn(await exported(server))).toEqual(before);
  });

  it('SA51: another master key beside sealed openings is refused at the start', async () => {
    visit(gateway, siti);
    await upload();
    const keysDir = `${server.dir}/keys`;
    const { rmSync } = await import('node:fs');
    rmSync(`${keysDir}/openings.key`);
    const start = openSite({
      id: SITE_ID,
      timeZone: 'Asia/Jakarta',
      databaseUrl: server.databaseUrl,
      keysDir,
      clock: server.clock,
      random: createFakeRandom('other master'),
      log: server.site.log,
    });
    await expect(start).rejects.toThrow('openings-key-wrong');
  });

  it('SA52: a sealed column opens for its own person and field only, and equal values are found by their hash', () => {
    const { pii } = server.site;
    const sealed = pii.seal('identity/s_a', '3171011203850001');
    expect(sealed).not.toContain('3171');
    expect(pii.open('identity/s_a', sealed)).toBe('3171011203850001');
    for (const place of ['identity/s_b', 'phone/s_a']) {
      expect(() => pii.open(place, sealed)).toThrow('sealed-value-damaged');
    }
    expect(pii.seal('identity/s_a', '3171011203850001')).not.toBe(sealed);
    expect(pii.keyedHash('nik', '1')).toBe(pii.keyedHash('nik', '1'));
    expect(pii.keyedHash('nik', '1')).not.toBe(pii.keyedHash('nip', '1'));
  });

  it('SA53: one key a person, value and month; one a month for cards that nobody has', async () => {
    visit(gateway, siti);
    visit(gateway, siti);
    gateway.append({
      ty: 'access.denied',
      door: DOOR,
      rs: 'unknown-credential',
      personal: { cred: 'c_asing' },
    });
    gateway.append({
      ty: 'access.denied',
      door: DOOR,
      rs: 'unknown-credential',
      personal: { cred: 'c_lain' },
    });
    gateway.append({ ty: 'access.denied', door: DOOR, rs: 'no-permit', personal: { cred: budi.handle } });
    await upload();
    server.clock.advance(31 * DAY);
    const from = gateway.entries.length;
    visit(gateway, siti);
    await upload(from);
    const keys = await server.site.db
      .selectFrom('opening_keys')
      .select(['field', 'subject_id', 'month'])
      .orderBy('month')
      .orderBy('field')
      .orderBy('subject_id')
      .execute();
    const of = (id: string) => (id === siti.person.id ? 'siti' : id === budi.person.id ? 'budi' : id);
    expect(keys.map((key) => `${key.month} ${key.field} ${of(key.subject_id)}`).sort()).toEqual([
      '2026-03 cred ',
      '2026-03 cred budi',
      '2026-03 cred siti',
      '2026-03 sub siti',
      '2026-04 cred siti',
      '2026-04 sub siti',
    ]);
  });

  it('SA54, SA55: an erased person is gone from lists, openings and the whole database, and the evidence verifies', async () => {
    visit(gateway, siti);
    visit(gateway, budi);
    await upload();
    const request = await bodyOf<{ id: string }>(
      siti.client.post('requests', wish(server, { description: 'kanari-uraian sutini' })),
    );
    const before = await exported(server);
    await eraseThroughApi(siti.person.id);

    const after = await exported(server);
    const verdict = await verifyBundle(after, ports);
    expect(verdict).toMatchObject({ ok: true, value: { erased: 5 } });
    const journal = `journal/${gateway.id}/${gateway.epoch}`;
    expect(after.get(`${journal}.jsonl`)).toEqual(before.get(`${journal}.jsonl`));
    expect(after.get(`${journal}.checkpoints`)).toEqual(before.get(`${journal}.checkpoints`));
    expect(openingsIn(after).every(({ value }) => value !== siti.person.id && value !== siti.handle)).toBe(
      true,
    );
    expect(openingsIn(after)).toHaveLength(openingsIn(before).length - 5);

    const events = await bodyOf<{ items: AccessEvent[] }>(auditor.get('events'));
    expect(events.items.some((event) => event.personName?.includes('sutini'))).toBe(false);
    expect(events.items.filter((event) => event.personName?.includes('budi'))).toHaveLength(3);
    const visits = await bodyOf<{ items: Visit[] }>(auditor.get('visits'));
    const visitors = visits.items.map(({ personId }) => personId);
    expect(new Set(visitors)).toEqual(new Set([budi.person.id, null]));

    const { db } = server.site;
    const dump: string[] = [];
    for (const { name } of await db.introspection.getTables()) {
      const rows = await db
        .selectFrom(name as 'people')
        .selectAll()
        .execute();
      dump.push(JSON.stringify([name, rows]));
    }
    for (const canary of ['sutini', siti.handle, 'kanari-uraian']) {
      expect(dump.filter((text) => text.includes(canary)).map((text) => text.slice(0, 40))).toEqual([]);
    }
    expect(
      await db.selectFrom('requests').select('requester_id').where('id', '=', request.id).execute(),
    ).toEqual([{ requester_id: siti.person.id }]);
    expect(await bodyOf(officer.get(`people/${siti.person.id}/privacy`))).toMatchObject({
      restrictedAt: null,
    });
  });

  it('SA54: the second verifier counts as we do', async (context) => {
    if (whyNoPython() !== null) context.skip();
    visit(gateway, siti);
    visit(gateway, budi);
    await upload();
    expect((await erasePerson(server.site, order(siti.person.id))).ok).toBe(true);
    const files = await exported(server);
    const second = openSecondVerifier(files);
    expect(await second.verify(files)).toMatchObject({ ok: true });
    await second.close();
  });

  it('SA55: every column that names a person has its fate, and none is decided twice', async () => {
    const named = /(?:^|_)(?:(?:person|requester|viewer|subject|by|host|escort|authority|from|to)_id|by)$/;
    const columns = (await server.site.db.introspection.getTables()).flatMap(({ name, columns }) =>
      columns.map((column) => `${name}.${column.name}`).filter((column) => named.test(column)),
    );
    expect(columns.filter((column) => !(column in ERASURE_PLAN))).toEqual([]);
  });

  it('SA54: erasing whomever, in whatever order, changes no record, root, proof or signature (I11)', async () => {
    await upload();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 3 }), { minLength: 4, maxLength: 14 }),
        fc.uniqueArray(fc.nat({ max: 3 }), { maxLength: 4 }),
        async (comings, erased) => {
          run += 1;
          const visitors: Visitor[] = [];
          for (const name of ['a', 'b', 'c', 'd']) {
            const person = await server.person(`${name}${run}`, []);
            visitors.push({ client: siti.client, person, handle: `c_${person.id}` });
          }
          const from = gateway.entries.length;
          for (const index of comings) visit(gateway, visitors[index] ?? siti);
          await upload(from);
          const before = await exported(server);
          const ids = new Set(erased.map((index) => visitors[index]?.person.id ?? ''));
          for (const id of ids) expect((await erasePerson(server.site, order(id))).ok).toBe(true);
          const after = await exported(server);

          const same: boolean[] = [];
          for (const [path, bytes] of before) {
            const isKept = path.startsWith('journal/') || path.startsWith('keys/');
            if (isKept) same.push(Buffer.compare(after.get(path) ?? new Uint8Array(), bytes) === 0);
          }
          expect(new Set(same)).toEqual(new Set([true]));
          const log = Buffer.from(before.get('site-log.jsonl') ?? []);
          expect(Buffer.from(after.get('site-log.jsonl') ?? []).subarray(0, log.length)).toEqual(log);
          const was = openingsIn(before);
          const subs = new Map(
            was.filter(({ field }) => field === 'sub').map((each) => [each.sq, each.value]),
          );
          const left = was.filter(({ sq }) => !ids.has(subs.get(sq) ?? ''));
          expect(openingsIn(after)).toEqual(left);
          expect(await verifyBundle(after, ports)).toMatchObject({
            ok: true,
            value: { erased: gateway.openings.length - left.length },
          });
        },
      ),
      { seed: 11, numRuns: 8 },
    );
  }, 60_000);

  it('SA54: two visits of an erased person cannot be linked by what is left of them', async () => {
    visit(gateway, siti);
    visit(gateway, siti);
    await upload();
    await erasePerson(server.site, order(siti.person.id));
    const left = gateway.entries.map((text) => JSON.parse(text) as { c?: Record<string, string> });
    const commitments = left.flatMap(({ c }) => Object.values(c ?? {}));
    expect(new Set(commitments).size).toBe(commitments.length);
    const visits = await server.site.db.selectFrom('visits').select(['person_id', 'permit_id']).execute();
    expect(visits).toEqual([
      { person_id: null, permit_id: null },
      { person_id: null, permit_id: null },
    ]);
    expect(await countOf('openings')).toBe(0);
    expect(await countOf('opening_keys')).toBe(0);
  });

  it('SA54: an old copy of the ciphertext does not open with what the keys are after the erasure', async () => {
    visit(gateway, siti);
    await upload();
    const { db } = server.site;
    const old = await db.selectFrom('openings').selectAll().execute();
    await erasePerson(server.site, order(siti.person.id));
    await db.insertInto('openings').values(old).execute();
    expect(openingsIn(await exported(server))).toEqual([]);
    const { vault } = server.site;
    const places = old.map((row) => `opening/${row.gateway_id}/${row.epoch}/${row.seq}/${row.field}`);
    const remaining = await db.selectFrom('opening_keys').selectAll().execute();
    const keys = [vault.makeKey('ok_new').key, ...remaining.map((row) => vault.openKey(row.id, row.wrapped))];
    const opened = old.flatMap((row, index) =>
      keys.map((key) => vault.open(key, places[index] ?? '', row.sealed)),
    );
    expect(opened.filter((content) => content !== null)).toEqual([]);
  });

  it('SA56: a legal hold and somebody inside stop an erasure, and nothing is done twice', async () => {
    appendEntry(gateway, { sub: siti.person.id, cred: siti.handle });
    await upload();
    expect(await erasePerson(server.site, order(siti.person.id))).toMatchObject({
      error: { code: 'person-inside' },
    });
    expect(
      await bodyOf(officer.send('PUT', `people/${budi.person.id}/hold`, { reason: 'Perkara 5/2026' })),
    ).toMatchObject({
      holdReason: 'Perkara 5/2026',
    });
    expect(await erasePerson(server.site, order(budi.person.id))).toMatchObject({
      error: { code: 'on-hold' },
    });
    await officer.send('PUT', `people/${budi.person.id}/hold`, { reason: null });
    expect((await erasePerson(server.site, order(budi.person.id))).ok).toBe(true);
    expect(await erasePerson(server.site, order(budi.person.id))).toMatchObject({
      error: { code: 'step-not-allowed' },
    });
    expect(await erasePerson(server.site, order('s_nobody'))).toMatchObject({ error: { code: 'not-found' } });
  });

  it('SA57: a month whose time is over loses its keys, but for those under a hold, and the evidence verifies', async () => {
    visit(gateway, siti);
    visit(gateway, budi);
    await upload();
    await officer.send('PUT', `people/${budi.person.id}/hold`, { reason: 'Perkara' });
    server.clock.advance(40 * DAY);
    const from = gateway.entries.length;
    visit(gateway, siti);
    await upload(from);
    expect(await endRetention(server.site)).toBe(0);
    const again = await server.signIn('pdp');
    await stepUp(again);
    expect(
      (
        await again.send('PUT', 'privacy/retention', {
          name: 'door-events',
          keepDays: 30,
          scheduleCode: 'JRA 045.2',
        })
      ).status,
    ).toBe(200);
    server.clock.advance(20 * DAY);
    expect(await endRetention(server.site)).toBe(5);
    expect(await endRetention(server.site)).toBe(0);
    const files = await exported(server);
    expect(await verifyBundle(files, ports)).toMatchObject({ ok: true, value: { erased: 5 } });
    expect(openingsIn(files)).toHaveLength(10);
    const visits = await server.site.db
      .selectFrom('visits')
      .select('person_id')
      .orderBy('began_at')
      .orderBy('id')
      .execute();
    expect(visits.map(({ person_id: id }) => id)).toEqual([null, budi.person.id, siti.person.id]);
    await inTransaction(server.site.db, (trx) =>
      trx.updateTable('privacy_marks').set({ held_at: null }).execute(),
    );
    expect(await endRetention(server.site)).toBe(5);
    expect(await verifyBundle(await exported(server), ports)).toMatchObject({
      ok: true,
      value: { erased: 10 },
    });
    const { items } = await bodyOf<{ items: Destruction[] }>(
      (await server.signIn('pdp')).get('privacy/destructions'),
    );
    expect(items.map(({ kind, className, month, counts }) => [kind, className, month, counts])).toEqual([
      ['retention', 'door-events', '2026-03', { openings: 5 }],
      ['retention', 'door-events', '2026-03', { openings: 5 }],
    ]);
  });

  it('SA58: what a gateway that was cut off brings of an erased person is erased in its turn', async () => {
    visit(gateway, siti);
    await upload();
    const from = gateway.entries.length;
    visit(gateway, siti);
    await erasePerson(server.site, order(siti.person.id));
    await upload(from);
    expect(await countOf('openings')).toBe(5);
    expect(await eraseLateArrivals(server.site)).toBe(5);
    expect(await eraseLateArrivals(server.site)).toBe(0);
    expect(await verifyBundle(await exported(server), ports)).toMatchObject({
      ok: true,
      value: { erased: 10 },
    });
  });

  it('SA59: visitors who did not come again, requests that came to nothing and old viewing lines end in their time', async () => {
    await siti.client.post('requests', wish(server, { description: 'kanari tak jadi' }));
    await auditor.get('people');
    await server.site.db
      .updateTable('person_profiles')
      .set({ kind: 'guest' })
      .where('person_id', '=', budi.person.id)
      .execute();
    const profiles = await server.site.db.selectFrom('person_profiles').select('person_id').execute();
    if (profiles.length === 0) {
      await server.site.db
        .insertInto('person_profiles')
        .values({ person_id: budi.person.id, kind: 'guest' })
        .execute();
    }
    const description = () => server.site.db.selectFrom('requests').select('description').execute();
    server.clock.advance(80 * DAY);
    await endRetention(server.site);
    expect(await description()).toEqual([{ description: 'kanari tak jadi' }]);
    server.clock.advance(20 * DAY);
    await endRetention(server.site);
    expect(await description()).toEqual([{ description: '' }]);
    server.clock.advance(300 * DAY);
    await endRetention(server.site);
    const names = await server.site.db.selectFrom('people').select(['id', 'name']).execute();
    expect(names.find(({ id }) => id === budi.person.id)?.name).toBe(ERASED_NAME);
    expect(names.find(({ id }) => id === siti.person.id)?.name).toBe('Orang sutini');
    server.clock.advance(1500 * DAY);
    await endRetention(server.site);
    expect(await server.site.db.selectFrom('pii_views').selectAll().execute()).toEqual([]);
  });

  it('SA60: the copy holds one’s own data, names nobody else, and does not tell of a duress alarm', async () => {
    visit(gateway, siti);
    gateway.append({ ty: 'access.duress', door: DOOR, personal: { sub: siti.person.id, cred: siti.handle } });
    visit(gateway, budi);
    await upload();
    await siti.client.post('requests', wish(server));
    await auditor.get('events');
    await supervisor.get('visits');
    const answer = await siti.client.get('me/data');
    expect(answer.status).toBe(200);
    const files = unzipSync(new Uint8Array(await answer.arrayBuffer()));
    const text = Object.values(files)
      .map((bytes) => new TextDecoder().decode(bytes))
      .join('\n');
    expect(text).toContain('Orang sutini');
    for (const other of [
      'budi',
      'auditor@',
      'Orang atasan',
      'Orang auditor',
      budi.person.id,
      'duress',
      '"seq"',
    ]) {
      expect(text).not.toContain(other);
    }
    const json = <T>(path: string): T => JSON.parse(new TextDecoder().decode(files[path])) as T;
    expect(json<unknown[]>('events.json')).toHaveLength(3);
    expect(json<unknown[]>('visits.json')).toHaveLength(1);
    expect(
      json<{ by: string; what: string }[]>('who-looked.json')
        .map(({ by, what }) => `${by} ${what}`)
        .sort(),
    ).toEqual(['auditor events', 'supervisor visits']);
  });

  it('SA61: a correction stands beside the original, which stays as it was', async () => {
    visit(gateway, siti);
    await upload();
    const [event] = (await bodyOf<{ items: AccessEvent[] }>(siti.client.get('events'))).items;
    const id = event?.id ?? '';
    const filed = await bodyOf<PrivacyRequest>(
      siti.client.post('privacy-requests', {
        kind: 'correction',
        details: 'Saya masuk lewat pintu lain',
        subjectRef: id,
      }),
    );
    const before = await bodyOf(auditor.get(`events/${encodeURIComponent(id)}`));
    await officer.post(`privacy-requests/${filed.id}/carry-out`, { note: 'Menurut ybs. lewat pintu lain' });
    expect(await bodyOf(auditor.get(`events/${encodeURIComponent(id)}`))).toEqual(before);
    const { items } = await bodyOf<{ items: Annotation[] }>(
      siti.client.get(`annotations?subject=${encodeURIComponent(id)}`),
    );
    expect(items).toMatchObject([{ subjectRef: id, text: 'Menurut ybs. lewat pintu lain' }]);
    expect(
      (
        await bodyOf<{ items: Annotation[] }>(
          budi.client.get(`annotations?subject=${encodeURIComponent(id)}`),
        )
      ).items,
    ).toEqual([]);
  });

  it('SA62: a restriction masks the name wherever it stood, and lifting it brings it back', async () => {
    visit(gateway, siti);
    await upload();
    const filed = await bodyOf<PrivacyRequest>(
      siti.client.post('privacy-requests', { kind: 'restriction', details: 'Selama sengketa' }),
    );
    await officer.post(`privacy-requests/${filed.id}/carry-out`, { note: 'Dibatasi' });
    const seen = async () => ({
      people: (await bodyOf<{ items: Person[] }>(auditor.get('people'))).items.find(
        ({ id }) => id === siti.person.id,
      )?.name,
      events: (await bodyOf<{ items: AccessEvent[] }>(auditor.get('events'))).items.map(
        (event) => event.personName,
      ),
      visits: (await bodyOf<{ items: Visit[] }>(auditor.get('visits'))).items.map((each) => each.personName),
      found: (await bodyOf<{ items: AccessEvent[] }>(auditor.get('events?q=sutini'))).items.length,
    });
    const masked = await seen();
    expect(JSON.stringify(masked)).not.toContain('sutini');
    expect(masked).toMatchObject({ people: RESTRICTED_NAME, visits: [RESTRICTED_NAME], found: 0 });
    const copy = unzipSync(new Uint8Array(await (await siti.client.get('me/data')).arrayBuffer()));
    expect(new TextDecoder().decode(copy['profile.json'])).toContain('Orang sutini');
    await officer.send('PUT', `people/${siti.person.id}/restriction`, { isRestricted: false });
    expect(await seen()).toMatchObject({ people: 'Orang sutini', visits: ['Orang sutini'], found: 3 });
  });

  it('SH37: a request has three times 24 hours, and is overdue after them; others’ requests look like none', async () => {
    const filed = await bodyOf<PrivacyRequest>(
      siti.client.post('privacy-requests', { kind: 'access', details: 'Salinan' }),
    );
    expect(Date.parse(filed.dueAt) - Date.parse(filed.filedAt)).toBe(3 * DAY);
    expect((await budi.client.get(`privacy-requests/${filed.id}`)).status).toBe(404);
    expect(
      (await budi.client.post('privacy-requests', { kind: 'access', details: 'x', personId: siti.person.id }))
        .status,
    ).toBe(403);
    const overdue = async () =>
      (await bodyOf<PrivacyRequest>((await server.signIn('pdp')).get(`privacy-requests/${filed.id}`)))
        .isOverdue;
    expect(await overdue()).toBe(false);
    server.clock.advance(3 * DAY + 1);
    expect(await overdue()).toBe(true);
    const again = await server.signIn('pdp');
    const refused = await again.post(`privacy-requests/${filed.id}/refuse`, { reason: 'Pasal 15' });
    expect(await bodyOf(refused)).toMatchObject({ state: 'refused', isOverdue: false, outcome: 'Pasal 15' });
  });

  it('SH38: an erasure needs a request, an approval and another hand; one’s own data is out of reach', async () => {
    const filed = await bodyOf<PrivacyRequest>(
      siti.client.post('privacy-requests', { kind: 'erasure', details: 'Mohon dihapus' }),
    );
    const carry = (client: TestClient) =>
      client.post(`privacy-requests/${filed.id}/carry-out`, { note: 'x' });
    expect(await bodyOf(carry(officer))).toMatchObject({ code: 'step-not-allowed' });
    expect(
      (await siti.client.post(`privacy-requests/${filed.id}/approve`, { basis: 'subject-request' })).status,
    ).toBe(403);
    expect(
      await bodyOf(supervisor.post(`privacy-requests/${filed.id}/approve`, { basis: 'subject-request' })),
    ).toMatchObject({ state: 'approved', basis: 'subject-request' });
    expect((await carry(supervisor)).status).toBe(403);
    expect(await bodyOf(carry(officer))).toMatchObject({ state: 'carried-out', personName: ERASED_NAME });
    expect((await siti.client.get('me')).status).toBe(401);
  });

  it('SH39: who looked at whom is counted a day, a kind and a viewer', async () => {
    visit(gateway, siti);
    await upload();
    await auditor.get('events');
    await auditor.get('events');
    await siti.client.get('events');
    const { items } = await bodyOf<{ items: PiiView[] }>(
      officer.get(`privacy/views?person=${siti.person.id}`),
    );
    expect(items).toMatchObject([
      { viewerName: 'Orang auditor', what: 'events', times: 2, day: '2026-03-12' },
    ]);
  });

  it('W54: who approves erasures sees all of those, and no other request but their own', async () => {
    for (const kind of ['access', 'restriction', 'erasure']) {
      await officer.post('privacy-requests', { kind, personId: siti.person.id, details: 'Surat 9/III' });
    }
    await supervisor.post('privacy-requests', { kind: 'access', details: 'Salinan saya' });
    const kinds = async (client: TestClient): Promise<readonly string[]> =>
      (await bodyOf<{ items: PrivacyRequest[] }>(client.get('privacy-requests'))).items.map(
        ({ kind, details }) => `${kind}: ${details}`,
      );
    expect([...(await kinds(supervisor))].sort()).toEqual(['access: Salinan saya', 'erasure: Surat 9/III']);
    expect(await kinds(officer)).toHaveLength(4);
    const all = (await bodyOf<{ items: PrivacyRequest[] }>(officer.get('privacy-requests'))).items;
    for (const { id, kind, details } of all) {
      const isSeen = kind === 'erasure' || details === 'Salinan saya';
      expect((await supervisor.get(`privacy-requests/${id}`)).status).toBe(isSeen ? 200 : 404);
    }
  });

  it('SH40 (fault 75): what an auditor reads and takes along is written down, without what was typed', async () => {
    await auditor.get('events?q=sutini&type=access.granted');
    await auditor.get('evidence/integrity');
    await supervisor.get('events');
    const { items } = await bodyOf<{ items: Reading[] }>(officer.get('privacy/readings'));
    expect(items.map(({ what, byName, terms }) => [byName, what, terms])).toEqual([
      ['Orang auditor', '/api/v1/evidence/integrity', {}],
      ['Orang auditor', '/api/v1/events', { q: true, type: 'access.granted' }],
    ]);
  });

  it('SH41: the whole identity number is given after a step-up only, and the look is recorded', async () => {
    await server.site.db
      .insertInto('person_profiles')
      .values({
        person_id: siti.person.id,
        kind: 'staff',
        identity_kind: 'ktp',
        identity_sealed: server.site.pii.seal(`identity/${siti.person.id}`, '3171011203850001'),
        identity_last_four: '0001',
      })
      .onConflict((c) =>
        c.column('person_id').doUpdateSet({
          identity_kind: 'ktp',
          identity_sealed: server.site.pii.seal(`identity/${siti.person.id}`, '3171011203850001'),
        }),
      )
      .execute();
    const room = await server.signIn('petugas', ['officer']);
    expect((await room.get(`people/${siti.person.id}/identity`)).status).toBe(403);
    await stepUp(room);
    expect(await bodyOf(room.get(`people/${siti.person.id}/identity`))).toEqual({
      kind: 'ktp',
      number: '3171011203850001',
    });
    const { items } = await bodyOf<{ items: PiiView[] }>(
      officer.get(`privacy/views?person=${siti.person.id}`),
    );
    expect(items).toMatchObject([{ viewerName: 'Orang petugas', what: 'identity-number' }]);
  });

  it('SH42: the notice is there before anybody signs in, in two languages, and its hash names it', async () => {
    const notice = await bodyOf<PrivacyNotice>(server.client().get('privacy-notice'));
    expect(notice.id).toContain('3 x 24 jam');
    expect(notice.en).toContain('3 times 24 hours');
    expect(notice.hash).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });
});
