import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sopContentSchema, sopTextHash, type Sop, type SopSummary } from '#contract/api-sop';
import type { DirectoryClaims } from '#contract/policy';
import { keepHouse } from '../../server/procedure/housekeeping.ts';
import { SEED_SOPS } from '../../server/procedure/seed-sop/seed-sops.ts';
import { sha256 } from '../../server/signing/node-crypto.ts';
import {
  appendEntry,
  bodyOf,
  claimsOf,
  DOOR,
  enrolFakeGateway,
  openTestServer,
  openVisitor,
  PASSWORD,
  type FakeGateway,
  type TestClient,
  type TestServer,
  type Visitor,
} from './server-harness.ts';

const DAY = 86_400_000;
const ENTRY = 'akses-ruang-server';

describe('procedures', () => {
  let server: TestServer;
  let officer: TestClient;
  let supervisor: TestClient;
  let visitor: Visitor;
  let gateway: FakeGateway;

  beforeEach(async () => {
    server = await openTestServer();
    officer = await server.signIn('petugas', ['officer']);
    supervisor = await server.signIn('atasan', ['supervisor']);
    gateway = await enrolFakeGateway(server, await server.signIn('admin', ['administrator']));
    visitor = await openVisitor(server);
    await supervisor.post('session/step-up', { password: PASSWORD });
  });
  afterEach(() => server.close());

  const codeOf = async (answer: Promise<Response>): Promise<unknown> => (await bodyOf(answer))['code'];
  const directory = async (): Promise<DirectoryClaims> =>
    claimsOf((await gateway.policy()).body?.directory ?? '') as unknown as DirectoryClaims;
  const step = (client: TestClient, version: number, name: string) =>
    client.post(`sop/${ENTRY}/versions/${version}/${name}`);
  const inForce = async (version = 1): Promise<Sop> => {
    await step(officer, version, 'submit');
    return bodyOf<Sop>(step(supervisor, version, 'put-in-force'));
  };
  const hashOf = (sop: Sop): string => sop.inForce?.textHash ?? '';
  const acknowledge = (client: TestClient, textHash: string, personId?: string) =>
    client.post(`sop/${ENTRY}/acknowledge`, { textHash, ...(personId === undefined ? {} : { personId }) });

  it('SD79: three procedures come along as drafts, house rules included, and none is in force', async () => {
    const { items } = await bodyOf<{ items: SopSummary[] }>(visitor.client.get('sop'));
    expect(items.map(({ id, newestState, inForce: current }) => [id, newestState, current])).toEqual([
      ['pengelolaan-aplikasi', 'draft', null],
      ['pengelolaan-jaringan', 'draft', null],
      [ENTRY, 'draft', null],
    ]);
    expect((await directory()).rules?.sop).toEqual([]);
    for (const { content } of SEED_SOPS) expect(sopContentSchema.parse(content)).toEqual(content);
    expect(SEED_SOPS.map(({ content }) => content.houseRules.length)).toEqual([0, 0, 16]);
    expect(SEED_SOPS.map(({ content }) => content.steps.length)).toEqual([8, 8, 10]);
    // A draft is nobody's to read but who writes or approves it.
    expect((await bodyOf<Sop>(visitor.client.get(`sop/${ENTRY}`))).versions).toEqual([]);
    expect((await bodyOf<Sop>(officer.get(`sop/${ENTRY}`))).versions).toHaveLength(1);
  });

  it('SD80: no step is skipped, and nobody puts their own words in force', async () => {
    expect(await codeOf(step(supervisor, 1, 'put-in-force'))).toBe('step-not-allowed');
    expect(await bodyOf<Sop>(step(officer, 1, 'submit'))).toMatchObject({ newestState: 'review' });
    const content = SEED_SOPS[2]?.content;
    expect(await codeOf(officer.send('PUT', `sop/${ENTRY}/versions/1`, { content }))).toBe(
      'step-not-allowed',
    );
    expect(await codeOf(officer.post(`sop/${ENTRY}/versions`, { content }))).toBe('step-not-allowed');
    await step(supervisor, 1, 'return');
    const both = await server.signIn('dua-peran', ['officer', 'supervisor']);
    await both.post('session/step-up', { password: PASSWORD });
    const changed = { ...content, purpose: { id: 'Tujuan lain.', en: 'Another purpose.' } };
    expect((await both.send('PUT', `sop/${ENTRY}/versions/1`, { content: changed })).status).toBe(200);
    await step(officer, 1, 'submit');
    expect(await codeOf(step(both, 1, 'put-in-force'))).toBe('own-text');
    expect((await step(supervisor, 1, 'put-in-force')).status).toBe(200);
    expect(await codeOf(step(supervisor, 1, 'return'))).toBe('step-not-allowed');
    expect(await codeOf(step(supervisor, 9, 'withdraw'))).toBe('not-found');
  });

  it('SD80: a new procedure is written, and its text is named by its hash', async () => {
    const content = SEED_SOPS[0]?.content;
    if (content === undefined) throw new Error('there are three');
    const made = await officer.post('sop', {
      id: 'kunci-cadangan',
      number: '01/SOP/2026',
      isForEntry: false,
      content,
    });
    expect(made.status).toBe(201);
    const sop = await bodyOf<Sop>(made);
    expect(sop.versions[0]?.textHash).toBe(
      sopTextHash(sha256, { number: '01/SOP/2026', version: 1, content }),
    );
    expect(
      await codeOf(officer.post('sop', { id: 'lain', number: '01/SOP/2026', isForEntry: false, content })),
    ).toBe('name-taken');
  });

  it('SD81: what is in force is asked for at the door, and who acknowledged it stands in the directory', async () => {
    const hash = hashOf(await inForce());
    expect((await directory()).rules?.sop).toEqual([hash]);
    expect((await directory()).people ?? []).toEqual([]);
    const missing = await bodyOf<{ people: { name: string }[] }>(
      officer.get(`sop/${ENTRY}/not-acknowledged`),
    );
    expect(missing.people.map(({ name }) => name)).toEqual(['Orang teknisi']);

    expect(await codeOf(acknowledge(visitor.client, 'A'.repeat(43)))).toBe('sop-moved-on');
    expect(await bodyOf(acknowledge(visitor.client, hash))).toMatchObject({
      isNew: true,
      version: 'SOP-03/TEMPLAT v1',
    });
    expect(await bodyOf(acknowledge(visitor.client, hash))).toMatchObject({ isNew: false });
    expect((await directory()).people).toEqual([{ sub: visitor.person.id, ack: [hash] }]);
    expect((await bodyOf<Sop>(visitor.client.get(`sop/${ENTRY}`))).isAcknowledged).toBe(true);
    expect(await bodyOf(officer.get(`sop/${ENTRY}/not-acknowledged`))).toMatchObject({ people: [] });
  });

  it('SD81: a new version asks anew before the next entry, also of who is inside, who may leave', async () => {
    const first = hashOf(await inForce());
    await acknowledge(visitor.client, first);
    appendEntry(gateway, { sub: visitor.person.id, cred: visitor.handle });
    await gateway.upload(gateway.batch(0));

    const content = { ...SEED_SOPS[2]?.content, scope: { id: 'Semua pintu.', en: 'All doors.' } };
    await officer.post(`sop/${ENTRY}/versions`, { content });
    const sop = await inForce(2);
    expect(sop.versions.map(({ state }) => state)).toEqual(['in-force', 'withdrawn']);
    expect(hashOf(sop)).not.toBe(first);
    const { rules, people } = await directory();
    expect([rules?.sop, people]).toEqual([[hashOf(sop)], undefined]);
    const missing = await bodyOf<{ people: unknown[] }>(officer.get(`sop/${ENTRY}/not-acknowledged`));
    expect(missing.people).toMatchObject([
      { personId: visitor.person.id, isInside: true, lastVersion: 'SOP-03/TEMPLAT v1' },
    ]);

    const from = gateway.entries.length;
    gateway.append({
      ty: 'exit.recorded',
      door: DOOR,
      dir: 'out',
      x: {},
      personal: { sub: visitor.person.id, cred: visitor.handle },
    });
    expect((await gateway.upload(gateway.batch(from))).status).toBe(200);
    expect((await bodyOf<{ rooms: { count: number }[] }>(supervisor.get('occupancy'))).rooms[0]?.count).toBe(
      0,
    );
    // What was acknowledged then is still known.
    expect(await codeOf(acknowledge(visitor.client, first))).toBe('sop-moved-on');
    await acknowledge(visitor.client, hashOf(sop));
    const rows = await server.site.db.selectFrom('sop_acknowledgements').select('version').execute();
    expect(rows.map(({ version }) => version).sort()).toEqual(['SOP-03/TEMPLAT v1', 'SOP-03/TEMPLAT v2']);
  });

  it('SD81: withdrawn, it is asked for no more; another procedure than that of entry never is', async () => {
    await inForce();
    expect((await directory()).rules?.sop).toHaveLength(1);
    await step(supervisor, 1, 'withdraw');
    expect((await directory()).rules?.sop).toEqual([]);
    await officer.post('sop/pengelolaan-jaringan/versions/1/submit');
    await supervisor.post('sop/pengelolaan-jaringan/versions/1/put-in-force');
    expect((await directory()).rules?.sop).toEqual([]);
  });

  it('SD81: an officer may record it for who stands beside, others only for themselves', async () => {
    const hash = hashOf(await inForce());
    const guest = await server.person('tamu', []);
    expect(await codeOf(acknowledge(visitor.client, hash, guest.id))).toBe('forbidden');
    expect((await acknowledge(officer, hash, guest.id)).status).toBe(200);
    const auditor = await server.signIn('auditor', ['auditor']);
    const { items } = await bodyOf<{ items: unknown[] }>(
      auditor.get(`audit-trail?subject=${ENTRY}&act=sop.acknowledged`),
    );
    expect(items).toMatchObject([{ byName: 'Orang petugas', facts: { personId: guest.id } }]);
  });

  it('SD82: after twelve months a review is due, and it is told once', async () => {
    await inForce();
    server.clock.advance(366 * DAY);
    await keepHouse(server.site);
    await keepHouse(server.site);
    const reminders = await server.site.db
      .selectFrom('audit_trail')
      .selectAll()
      .where('act', '=', 'sop.review-due')
      .execute();
    expect(reminders).toMatchObject([{ subject: ENTRY, by_id: null }]);
    const client = await server.signIn('petugas');
    expect(await bodyOf<Sop>(client.get(`sop/${ENTRY}`))).toMatchObject({ isReviewDue: true });
  });
});
