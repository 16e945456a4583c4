import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import writeXlsx from 'write-excel-file/node';
import type { AccessRequest, Credential } from '#contract/api';
import type { ImportResult, PersonDetail, Revocation } from '#contract/api-people';
import { credentialHandle } from '#contract/commitment';
import type { DirectoryClaims } from '#contract/policy';
import { keepHouse } from '../../server/procedure/housekeeping.ts';
import { hmacSha256 } from '../../server/signing/node-crypto.ts';
import {
  appendEntry,
  bodyOf,
  claimsOf,
  DOOR,
  enrolFakeGateway,
  openTestServer,
  openVisitor,
  PASSWORD,
  START,
  wish,
  type FakeGateway,
  type TestClient,
  type TestServer,
  type Visitor,
} from './server-harness.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MINUTE = 60_000;
const instant = (at: number): string => new Date(at).toISOString();

describe('people, cards and the end of rights', () => {
  let server: TestServer;
  let admin: TestClient;
  let officer: TestClient;
  let supervisor: TestClient;
  let gateway: FakeGateway;

  beforeEach(async () => {
    server = await openTestServer();
    admin = await server.signIn('admin', ['administrator']);
    officer = await server.signIn('petugas', ['officer']);
    supervisor = await server.signIn('atasan', ['supervisor']);
    gateway = await enrolFakeGateway(server, admin);
  });
  afterEach(() => server.close());

  const codeOf = async (answer: Promise<Response>): Promise<unknown> => (await bodyOf(answer))['code'];
  const directory = async (): Promise<DirectoryClaims> =>
    claimsOf((await gateway.policy()).body?.directory ?? '') as unknown as DirectoryClaims;
  const credOf = async (handle: string) => (await directory()).creds.find(({ cred }) => cred === handle);
  const stepUp = (client: TestClient) => client.post('session/step-up', { password: PASSWORD });
  const depart = async (act: string, order: unknown): Promise<Response> => {
    await stepUp(admin);
    return admin.post(`people/${act}`, order);
  };
  // Somebody of the staff on a contract: a vendor's request needs a work order and an escort beside.
  const profile = (changes: Readonly<Record<string, unknown>> = {}) => ({
    kind: 'staff',
    unit: null,
    position: 'Teknisi',
    employeeNumber: 'V-1',
    email: null,
    basis: { kind: 'contract', number: '12/SPK/2026' },
    rightsEndAt: instant(START + HOUR),
    ...changes,
  });
  const approved = async (visitor: Visitor, changes = {}): Promise<AccessRequest> => {
    const { id } = await bodyOf<AccessRequest>(visitor.client.post('requests', wish(server, changes)));
    return bodyOf<AccessRequest>(supervisor.post(`requests/${id}/approve`));
  };
  const permitClaims = async (id: string | null): Promise<Record<string, unknown>> => {
    const row = await server.site.db
      .selectFrom('permits')
      .select('jws')
      .where('id', '=', id ?? '')
      .executeTakeFirstOrThrow();
    return claimsOf(row.jws);
  };

  it('SD70: the end of a contract caps the permit, the card at the door and the session', async () => {
    const visitor = await openVisitor(server, 'vendor');
    const set = await bodyOf<PersonDetail>(
      admin.send('PUT', `people/${visitor.person.id}/profile`, profile()),
    );
    expect(set.profile).toMatchObject({ kind: 'staff', rightsEndAt: instant(START + HOUR) });
    const request = await approved(visitor);
    expect(request.state).toBe('approved');
    expect(await permitClaims(request.permitId)).toMatchObject({ exp: (START + HOUR) / 1000 });
    expect(await credOf(visitor.handle)).toMatchObject({ st: 'active', exp: (START + HOUR) / 1000 });

    // A contract that is cut short takes the door away at once, whatever permit was signed before.
    await admin.send(
      'PUT',
      `people/${visitor.person.id}/profile`,
      profile({ rightsEndAt: instant(START + MINUTE) }),
    );
    expect(await credOf(visitor.handle)).toMatchObject({ exp: (START + MINUTE) / 1000 });
    server.clock.advance(2 * MINUTE);
    expect((await visitor.client.get('me')).status).toBe(401);
    expect((await server.client().post('session', { username: 'vendor', password: PASSWORD })).status).toBe(
      401,
    );
    await keepHouse(server.site);
    await keepHouse(server.site);
    const { items } = await bodyOf<{ items: Revocation[] }>(
      officer.get(`people/${visitor.person.id}/revocations`),
    );
    expect(items).toMatchObject([{ cause: 'contract-ended', minutes: 1, counts: { permits: 1, cards: 0 } }]);

    // Prolonged: the card counts again, the old permit does not.
    await admin.send(
      'PUT',
      `people/${visitor.person.id}/profile`,
      profile({ rightsEndAt: instant(START + 30 * DAY) }),
    );
    expect(await credOf(visitor.handle)).toMatchObject({ st: 'active', exp: (START + 30 * DAY) / 1000 });
  });

  it('SD70: a visit that begins after the contract is not approved, and a vendor needs an end', async () => {
    const visitor = await openVisitor(server, 'vendor');
    const put = (changes: Readonly<Record<string, unknown>>) =>
      admin.send('PUT', `people/${visitor.person.id}/profile`, profile(changes));
    expect(await bodyOf(put({ kind: 'vendor', rightsEndAt: null }))).toMatchObject({
      code: 'invalid-input',
      errors: [{ pointer: '/rightsEndAt', code: 'needed-for-kind' }],
    });
    expect((await put({})).status).toBe(200);
    const late = { validFrom: instant(START + HOUR), validUntil: instant(START + 2 * HOUR) };
    expect(await codeOf(visitor.client.post('requests', wish(server, late)))).toBe('rights-ended');
    // Also where the contract was cut short after the request.
    await put({ rightsEndAt: instant(START + DAY) });
    const { id } = await bodyOf<AccessRequest>(visitor.client.post('requests', wish(server, late)));
    await put({});
    expect(await codeOf(supervisor.post(`requests/${id}/approve`))).toBe('rights-ended');
  });

  it('SH65: an identity number is sealed, and shown by its last four', async () => {
    const visitor = await openVisitor(server, 'vendor');
    const path = `people/${visitor.person.id}`;
    const number = '3174012345678901';
    await admin.send('PUT', `${path}/profile`, profile({ identity: { kind: 'ktp', number } }));
    const text = await (await officer.get(path)).text();
    expect(text).not.toContain(number);
    expect(JSON.parse(text)).toMatchObject({ profile: { identity: { kind: 'ktp', lastFour: '8901' } } });
    const row = await server.site.db.selectFrom('person_profiles').selectAll().executeTakeFirstOrThrow();
    expect(JSON.stringify(row)).not.toContain(number);
    expect(server.site.pii.open(`identity/${visitor.person.id}`, row.identity_sealed ?? '')).toBe(number);
    expect(
      JSON.stringify(await server.site.db.selectFrom('audit_trail').selectAll().execute()),
    ).not.toContain(number);
    // Kept where the form leaves it out, forgotten where it says null.
    await admin.send('PUT', `${path}/profile`, profile());
    expect((await bodyOf<PersonDetail>(officer.get(path))).profile?.identity?.lastFour).toBe('8901');
    await admin.send('PUT', `${path}/profile`, profile({ identity: null }));
    expect((await bodyOf<PersonDetail>(officer.get(path))).profile?.identity).toBeNull();
  });

  it('SD71: the one unknown card that was presented at the door is given to a person', async () => {
    const visitor = await openVisitor(server, 'teknisi');
    const handle = credentialHandle(hmacSha256, server.site.pepper, 'em:6F007B3972');
    const present = (cred: string) =>
      gateway.append({
        ty: 'access.denied',
        door: DOOR,
        dir: 'in',
        rs: 'unknown-credential',
        x: { checked: [] },
        personal: { cred },
      });
    const enrol = () =>
      officer.post('credentials/from-presentation', { personId: visitor.person.id, doorId: DOOR });
    expect(await codeOf(enrol())).toBe('no-presentation');
    present(handle);
    await gateway.upload(gateway.batch(0));
    const credential = await bodyOf<Credential>(enrol());
    expect(credential).toMatchObject({ personId: visitor.person.id, state: 'active', lastFour: '' });
    expect(await credOf(handle)).toMatchObject({ sub: visitor.person.id, st: 'active' });
    expect(await codeOf(enrol())).toBe('no-presentation');
    // By its number it is the same card.
    expect(
      await codeOf(officer.post('credentials', { personId: visitor.person.id, card: 'em:6F007B3972' })),
    ).toBe('card-taken');

    const from = gateway.entries.length;
    present(`c_${'B'.repeat(43)}`);
    present(`c_${'C'.repeat(43)}`);
    await gateway.upload(gateway.batch(from));
    expect(await codeOf(enrol())).toBe('presentation-ambiguous');
    server.clock.advance(2 * MINUTE + 1);
    expect(await codeOf(enrol())).toBe('no-presentation');
    expect(
      await codeOf(
        officer.post('credentials/from-presentation', { personId: visitor.person.id, doorId: 'nirgends' }),
      ),
    ).toBe('invalid-input');
  });

  it('SH70: a printed number is told in all its readings, and a card in all its prints', async () => {
    const printed = await bodyOf(officer.post('credentials/readings', { text: '0008075634' }));
    expect(printed).toMatchObject({ card: null, refusal: null });
    expect((printed['readings'] as unknown[]).length).toBeGreaterThan(1);
    const card = await bodyOf(officer.post('credentials/readings', { text: 'mf4:08112233' }));
    expect(card).toMatchObject({ card: 'mf4:08112233', refusal: 'random-uid' });
  });

  it('SD72: a card for today ends with the day and is free for somebody else after it', async () => {
    const [a, b] = [await openVisitor(server, 'tamu-a'), await openVisitor(server, 'tamu-b')];
    const lend = (personId: string) =>
      officer.post('credentials', { personId, card: 'em:6F007B3972', isForToday: true });
    const first = await bodyOf<Credential>(lend(a.person.id));
    // 12 March in Jakarta ends at 17.00 UTC.
    expect(first.expiresAt).toBe('2026-03-12T17:00:00.000Z');
    expect(await codeOf(lend(b.person.id))).toBe('card-taken');
    server.clock.advance(10 * HOUR);
    officer = await server.signIn('petugas');
    const second = await bodyOf<Credential>(lend(b.person.id));
    expect(second).toMatchObject({ personId: b.person.id, expiresAt: '2026-03-13T17:00:00.000Z' });
    const handle = credentialHandle(hmacSha256, server.site.pepper, 'em:6F007B3972');
    expect((await directory()).creds.filter(({ cred }) => cred === handle)).toMatchObject([
      { sub: b.person.id },
    ]);
    // Given back early, it may go to the next at once.
    expect((await officer.post(`credentials/${second.id}/return`)).status).toBe(200);
    expect(await credOf(handle)).toBeUndefined();
    expect((await lend(a.person.id)).status).toBe(201);
  });

  it('SD71: a lost card is suspended at the doors at once, and who said so is kept', async () => {
    const visitor = await openVisitor(server);
    const { items } = await bodyOf<{ items: Credential[] }>(officer.get('credentials'));
    const version = (await gateway.policy()).body?.manifest ?? '';
    const lost = await bodyOf<Credential>(
      officer.send('PATCH', `credentials/${items[0]?.id}`, { state: 'lost', reason: 'Tertinggal di bus' }),
    );
    expect(lost.state).toBe('lost');
    expect(await credOf(visitor.handle)).toMatchObject({ st: 'suspended' });
    expect(Number(claimsOf((await gateway.policy()).body?.manifest ?? '')['v'])).toBe(
      Number(claimsOf(version)['v']) + 1,
    );
    const auditor = await server.signIn('auditor', ['auditor']);
    const trail = await bodyOf<{ items: { act: string; byName: string; facts: unknown }[] }>(
      auditor.get(`audit-trail?subject=${items[0]?.id}`),
    );
    expect(trail.items[0]).toMatchObject({
      act: 'card.state-changed',
      byName: 'Orang petugas',
      facts: { before: 'active', after: 'lost', reason: 'Tertinggal di bus' },
    });
  });

  it('SD73: leaving ends everything in one transaction, and the minutes are measured to the door', async () => {
    const visitor = await openVisitor(server);
    await visitor.client.post('me/pin', { pin: '582914', password: PASSWORD });
    const open = await approved(visitor);
    await visitor.client.post(
      'requests',
      wish(server, { validFrom: instant(START + 4 * HOUR), validUntil: instant(START + 5 * HOUR) }),
    );
    server.clock.advance(25 * MINUTE);
    const order = { effectiveAt: instant(START), reason: 'Mutasi ke Dinas lain' };
    const left = await bodyOf<{ items: Revocation[] }>(depart(`${visitor.person.id}/leave`, order));
    expect(left.items).toMatchObject([
      {
        cause: 'left',
        minutes: 25,
        byName: 'Orang admin',
        counts: { permits: 1, requests: 2, cards: 1, sessions: 1, roles: ['technician'] },
        gateways: [{ appliedAt: null }],
      },
    ]);
    expect((await visitor.client.get('me')).status).toBe(401);
    expect(await credOf(visitor.handle)).toMatchObject({ st: 'suspended' });
    expect((await gateway.policy()).body?.permits).toEqual([]);
    expect(await bodyOf(supervisor.get(`requests/${open.id}`))).toMatchObject({ state: 'revoked' });

    const { policyVersion } = left.items[0] as Revocation;
    server.clock.advance(2 * MINUTE);
    gateway.append({ ty: 'policy.applied', x: { v: policyVersion, mh: 'A'.repeat(43) } });
    await gateway.upload(gateway.batch(0));
    const { items } = await bodyOf<{ items: Revocation[] }>(
      officer.get(`people/${visitor.person.id}/revocations`),
    );
    expect(items[0]?.gateways).toMatchObject([
      { gatewayId: gateway.id, appliedAt: instant(START + 27 * MINUTE), minutes: 27 },
    ]);
    expect(await codeOf(depart(`${visitor.person.id}/leave`, order))).toBe('not-found');
  });

  it('SH19: leaving and moving are ordered after a fresh step-up only', async () => {
    const visitor = await openVisitor(server);
    const order = { effectiveAt: instant(START), reason: 'Mutasi', unit: 'Bidang Statistik' };
    for (const act of ['leave', 'move']) {
      const { unit: _unit, ...leave } = order;
      const answer = admin.post(`people/${visitor.person.id}/${act}`, act === 'move' ? order : leave);
      expect(await codeOf(answer)).toBe('step-up-required');
    }
  });

  it('W48: people are found by a part of name, organisation or user name, and signs are no wild cards', async () => {
    const found = async (q: string): Promise<readonly string[]> => {
      const answer = admin.get(`people?q=${encodeURIComponent(q)}`);
      return (await bodyOf<{ items: { name: string }[] }>(answer)).items.map(({ name }) => name);
    };
    await admin.post('people', { name: 'Wahyu 100% Contoh', organisation: 'PT Cari_Saja', roles: [] });
    expect(await found('wahyu')).toEqual(['Wahyu 100% Contoh']);
    expect(await found('CARI_')).toEqual(['Wahyu 100% Contoh']);
    expect(await found('100%')).toEqual(['Wahyu 100% Contoh']);
    expect(await found('petugas')).toEqual(['Orang petugas']);
    expect(await found('tidak ada')).toEqual([]);
    expect(await found('cari-saja')).toEqual([]);
    expect((await admin.get('people?q=')).status).toBe(400);
  });

  it('W49: the cards of one person are listed apart', async () => {
    const visitor = await openVisitor(server);
    const own = await bodyOf<{ items: { personId: string }[] }>(
      admin.get(`credentials?person=${visitor.person.id}`),
    );
    expect(own.items.map(({ personId }) => personId)).toEqual([visitor.person.id]);
    const nobody = await bodyOf<{ items: unknown[] }>(admin.get('credentials?person=s_nobody'));
    expect(nobody.items).toEqual([]);
  });

  it('SD73: a leaver with an open visit may still be seen to leave, and is no longer let in', async () => {
    const visitor = await openVisitor(server);
    const request = await approved(visitor);
    const personal = { sub: visitor.person.id, pm: request.permitId ?? '', cred: visitor.handle };
    appendEntry(gateway, personal);
    await gateway.upload(gateway.batch(0));
    await depart(`${visitor.person.id}/leave`, {
      effectiveAt: instant(START),
      reason: 'Pensiun',
    });
    const inside = await bodyOf<{ rooms: { inside: unknown[] }[] }>(supervisor.get('occupancy'));
    expect(inside.rooms[0]?.inside).toHaveLength(1);
    const from = gateway.entries.length;
    gateway.append({
      ty: 'exit.recorded',
      door: DOOR,
      dir: 'out',
      x: {},
      personal: { sub: visitor.person.id, cred: visitor.handle },
    });
    expect((await gateway.upload(gateway.batch(from))).status).toBe(200);
    const after = await bodyOf<{ rooms: { count: number }[] }>(supervisor.get('occupancy'));
    expect(after.rooms[0]?.count).toBe(0);
  });

  it('SD73: moving to another unit takes roles and cards, and the person stays', async () => {
    const visitor = await openVisitor(server);
    const moved = await depart(`${visitor.person.id}/move`, {
      effectiveAt: instant(START),
      reason: 'Mutasi',
      unit: 'Bidang Statistik',
    });
    expect(moved.status).toBe(200);
    const detail = await bodyOf<PersonDetail>(officer.get(`people/${visitor.person.id}`));
    expect(detail).toMatchObject({ isActive: true, roles: [], profile: { unit: 'Bidang Statistik' } });
    expect(await credOf(visitor.handle)).toMatchObject({ st: 'suspended' });
    const future = { effectiveAt: instant(START + DAY), reason: 'x' };
    expect(await bodyOf(depart(`${visitor.person.id}/leave`, future))).toMatchObject({
      errors: [{ pointer: '/effectiveAt', code: 'in-future' }],
    });
  });

  it('SD74: fault 74: who has left keeps the name in the history, and nothing of it is deleted', async () => {
    const visitor = await openVisitor(server);
    const request = await approved(visitor);
    appendEntry(gateway, { sub: visitor.person.id, pm: request.permitId ?? '', cred: visitor.handle });
    await gateway.upload(gateway.batch(0));
    const before = await bodyOf<{ items: unknown[] }>(supervisor.get('events'));
    await depart(`${visitor.person.id}/leave`, {
      effectiveAt: instant(START),
      reason: 'Pensiun',
    });
    expect(await bodyOf<{ items: unknown[] }>(supervisor.get('events'))).toEqual(before);
    const visits = await bodyOf<{ items: unknown[] }>(supervisor.get('visits'));
    expect(visits.items).toMatchObject([{ personName: 'Orang teknisi', requestId: request.id }]);
    expect((await admin.send('DELETE', `people/${visitor.person.id}`)).status).toBe(404);
  });

  it('SU36 (fault 77): sessions of a leaver end at the next request, an open stream included', async () => {
    const visitor = await openVisitor(server);
    const stream = await visitor.client.get('stream');
    const reader = stream.body!.getReader();
    await reader.read();
    await depart(`${visitor.person.id}/leave`, {
      effectiveAt: instant(START),
      reason: 'Pensiun',
    });
    expect((await visitor.client.get('me')).status).toBe(401);
    // The next news would be about a door, which everybody may see.
    gateway.append({ ty: 'door.opened', door: DOOR, x: { cause: 'unknown' } });
    await gateway.upload(gateway.batch(0));
    expect((await reader.read()).done).toBe(true);
  });

  it('SD75: roles are set by somebody else after a step-up, and a restored person gets nothing back', async () => {
    const visitor = await openVisitor(server);
    const put = (id: string) => admin.send('PUT', `people/${id}/roles`, { roles: ['officer'] });
    expect(await codeOf(put(visitor.person.id))).toBe('step-up-required');
    await stepUp(admin);
    expect((await put(visitor.person.id)).status).toBe(200);
    const me = await bodyOf<{ id: string }>(admin.get('me'));
    expect(await codeOf(put(me.id))).toBe('own-rights');
    expect((await visitor.client.get('credentials')).status).toBe(200);

    await depart(`${visitor.person.id}/leave`, {
      effectiveAt: instant(START),
      reason: 'Pensiun',
    });
    const back = await admin.post(`people/${visitor.person.id}/restore`, { reason: 'Dipanggil kembali' });
    expect(await bodyOf<PersonDetail>(back)).toMatchObject({
      isActive: true,
      roles: [],
      profile: { leftAt: null },
    });
    expect(await credOf(visitor.handle)).toMatchObject({ st: 'suspended' });
  });

  describe('import', () => {
    const csv = [
      'NIP;Nama;Instansi;Jenis;Unit kerja;Dasar;Nomor SPK;Berlaku sampai;Jenis identitas;Nomor identitas',
      'P-1;Ayu Contoh;Dinas Contoh;ASN;Bidang Aplikasi;;;;;',
      'V-1;Budi Contoh;PT Contoh;penyedia;;SPK;12/SPK;31/12/2026;KTP;3174012345678901',
    ].join('\r\n');
    const send = (content: string, dryRun: boolean, format = 'csv') =>
      admin.post(`people/import?dryRun=${dryRun ? 1 : 0}`, { format, content });
    const names = async () =>
      (await server.site.db.selectFrom('people').select('name').orderBy('name').execute()).map(
        ({ name }) => name,
      );

    it('SD78: a dry run says what would happen and writes nothing; the same table twice changes nothing', async () => {
      const before = await names();
      expect(await bodyOf<ImportResult>(send(csv, true))).toEqual({
        isDryRun: true,
        isWritten: false,
        created: 2,
        updated: 0,
        unchanged: 0,
        errors: [],
      });
      expect(await names()).toEqual(before);
      expect(await bodyOf<ImportResult>(send(`\uFEFF${csv}`, false))).toMatchObject({
        isWritten: true,
        created: 2,
      });
      expect(await bodyOf<ImportResult>(send(csv, false))).toMatchObject({ created: 0, unchanged: 2 });
      expect(
        await bodyOf<ImportResult>(send(csv.replace('Bidang Aplikasi', 'Bidang Jaringan'), false)),
      ).toMatchObject({ created: 0, updated: 1, unchanged: 1 });
      const row = await server.site.db
        .selectFrom('person_profiles')
        .innerJoin('people', 'people.id', 'person_profiles.person_id')
        .selectAll('person_profiles')
        .select('name')
        .where('employee_number', '=', 'V-1')
        .executeTakeFirstOrThrow();
      // The last day of the contract counts to its end at the site.
      expect(row).toMatchObject({
        name: 'Budi Contoh',
        identity_last_four: '8901',
        rights_end_at: Date.parse('2026-12-31T17:00:00.000Z'),
      });
      expect(row.identity_sealed).not.toContain('3174012345678901');
    });

    it('SD78: one row at fault keeps all of them out, and row and column are told', async () => {
      const before = await names();
      const wrong = csv.replace('penyedia', 'bos');
      expect(await bodyOf<ImportResult>(send(wrong, false))).toMatchObject({
        isWritten: false,
        errors: [{ row: 3, column: 'Jenis', code: 'not-a-choice' }],
      });
      expect(await names()).toEqual(before);
      expect(await codeOf(send('"broken', false))).toBe('invalid-input');
      expect(await codeOf(send('bm90IGEgemlw', false, 'xlsx'))).toBe('invalid-input');
    });

    it('SD78: a spreadsheet is read as the text is', async () => {
      const sheet = csv
        .split('\r\n')
        .map((line) => line.split(';').map((value) => ({ value, type: String })));
      const bytes = await writeXlsx(sheet).toBuffer();
      expect(
        await bodyOf<ImportResult>(send(Buffer.from(bytes).toString('base64'), false, 'xlsx')),
      ).toMatchObject({ isWritten: true, created: 2, errors: [] });
    });
  });
});
