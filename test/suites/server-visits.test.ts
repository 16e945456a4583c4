import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AccessRequest } from '#contract/api';
import type {
  Attendance,
  DecisionView,
  DelegationRow,
  Notice,
  RequestDetail,
  Today,
} from '#contract/api-visit';
import type { PermitClaims } from '#contract/permit';
import type { Problem } from '#contract/problem';
import { keepHouse } from '../../server/procedure/housekeeping.ts';
import { emptyProfile } from '../../server/procedure/person-profile.ts';
import { privacyNotice } from '../../server/procedure/privacy-notice.ts';
import { saveProfile } from '../../server/store/profiles.ts';
import {
  bodyOf,
  claimsOf,
  DOOR,
  enrolFakeGateway,
  openTestServer,
  openVisitor,
  START,
  wish,
  type FakeGateway,
  type TestClient,
  type TestServer,
  type Visitor,
  PASSWORD,
} from './server-harness.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const HASH = 'A'.repeat(43);

let server: TestServer;
let host: Visitor;
let officer: TestClient;
let supervisor: TestClient;
let second: TestClient;
let admin: TestClient;
let gateway: FakeGateway;
let roomId: string;
let sent: number;

beforeEach(async () => {
  server = await openTestServer();
  host = await openVisitor(server);
  officer = await server.signIn('petugas', ['officer']);
  supervisor = await server.signIn('atasan', ['supervisor']);
  second = await server.signIn('kepala', ['supervisor']);
  admin = await server.signIn('admin', ['administrator']);
  gateway = await enrolFakeGateway(server, admin);
  await admin.send('PUT', `doors/${DOOR}/rules`, { codes: true });
  const { items } = await bodyOf<{ items: { id: string; doorIds?: string[] }[] }>(admin.get('rooms'));
  roomId = items[0]?.id ?? '';
  await setRoom();
  sent = 0;
});
afterEach(() => server.close());

async function setRoom(changes: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const room = { name: 'Ruang Server', needsVerification: true, ...changes };
  const answer = await admin.send('PUT', `rooms/${roomId}`, room);
  if (answer.status !== 200) throw new Error(`the room answered ${answer.status}`);
}

const idOf = async (client: TestClient): Promise<string> =>
  (await bodyOf<{ id: string }>(client.get('me'))).id;
const problemOf = async (answer: Response | Promise<Response>): Promise<string> =>
  (await bodyOf<Problem>(answer)).code;
const stateOf = async (answer: Response | Promise<Response>): Promise<string> => {
  const body = await bodyOf<{ state?: string; code?: string }>(answer);
  return body.state ?? body.code ?? '';
};
const hours = (from: number, until: number) => ({
  validFrom: new Date(server.clock.epochMs() + from * HOUR).toISOString(),
  validUntil: new Date(server.clock.epochMs() + until * HOUR).toISOString(),
});

/** A technician of a vendor, escorted by who files. */
const vendorWish = (changes: Readonly<Record<string, unknown>> = {}) =>
  wish(server, {
    purpose: 'NET-TRB',
    description: 'Gangguan switch inti',
    visitor: { name: 'Rudi Contoh', organisation: 'PT Contoh', kind: 'vendor' },
    escortIds: [host.person.id],
    workOrder: 'SPK/12/2026',
    equipment: [{ kind: 'laptop', brand: 'Contoh', serial: 'LP-77' }],
    ...changes,
  });

async function file(body: object, client = host.client): Promise<AccessRequest> {
  const answer = await client.post('requests', body);
  if (answer.status !== 201) throw new Error(await answer.text());
  return bodyOf<AccessRequest>(answer);
}
const detail = (id: string): Promise<RequestDetail> => bodyOf<RequestDetail>(officer.get(`requests/${id}`));

async function approved(body: object): Promise<AccessRequest> {
  const filed = await file(body);
  if ((await detail(filed.id)).needsVerification) await officer.post(`requests/${filed.id}/verify`);
  return bodyOf<AccessRequest>(supervisor.post(`requests/${filed.id}/approve`));
}

type Arrived = Attendance & { readonly code: string | null };
const arrival = (requestId: string, changes: Readonly<Record<string, unknown>> = {}) => ({
  requestId,
  identity: { kind: 'ktp', lastFour: '0042' },
  badgeNumber: 'T-07',
  wantsCode: true,
  rulesHash: HASH,
  escortId: host.person.id,
  ...changes,
});
const checkIn = (requestId: string, changes?: Readonly<Record<string, unknown>>) =>
  officer.post('visits/check-in', arrival(requestId, changes));

const permits = async (): Promise<PermitClaims[]> =>
  ((await gateway.policy()).body?.permits ?? []).map((jws) => claimsOf(jws) as unknown as PermitClaims);

async function upload(): Promise<void> {
  const answer = await gateway.upload(gateway.batch(sent));
  if (answer.status !== 200) throw new Error(`the upload answered ${answer.status}`);
  sent = gateway.entries.length;
}

/** The door lets somebody in, and sees that they went. */
async function enter(sub: string, pm: string): Promise<void> {
  const of = gateway.append({ ty: 'access.granted', door: DOOR, dir: 'in', personal: { sub, pm } });
  gateway.append({ ty: 'access.outcome', door: DOOR, rs: 'entered', x: { of } });
  await upload();
}
async function leave(sub: string): Promise<void> {
  gateway.append({ ty: 'exit.recorded', door: DOOR, dir: 'out', personal: { sub } });
  await upload();
}

const CLOSING = {
  checked: ['area-tidy', 'rack-locked', 'console-locked', 'service-checked'],
  report: { downtimeMinutes: 12, rootCause: 'Catu daya' },
};

const noticesOf = async (client: TestClient): Promise<string[]> =>
  (await bodyOf<{ items: Notice[] }>(client.get('notifications?limit=100'))).items.map(({ kind }) => kind);

describe('a visit from the request to the closing', () => {
  it('SD36, SD49, SD40, SD42, SD45, SD47: a vendor with an escort, all the way (faults 56, 66)', async () => {
    const filed = await file(vendorWish({ ...hours(1, 4) }));
    expect(filed.state).toBe('submitted');
    expect(await problemOf(supervisor.post(`requests/${filed.id}/approve`))).toBe('not-verified');
    expect(await stateOf(officer.post(`requests/${filed.id}/verify`))).toBe('verified');
    expect(await stateOf(supervisor.post(`requests/${filed.id}/approve`))).toBe('approved');
    expect(await permits()).toEqual([]);
    expect(await problemOf(checkIn(filed.id))).toBe('not-due');

    server.clock.advance(40 * MINUTE);
    const today = await bodyOf<Today>(officer.get('visits/today'));
    expect(today.expected.map(({ requestId }) => requestId)).toEqual([filed.id]);
    expect(await problemOf(checkIn(filed.id, { heads: 2 }))).toBe('heads-differ');
    expect(await problemOf(checkIn(filed.id, { escortId: undefined }))).toBe('escort-missing');
    const arrived = await bodyOf<Arrived>(checkIn(filed.id));
    expect(arrived).toMatchObject({ state: 'checked-in', identity: { kind: 'ktp', lastFour: '0042' } });
    expect(arrived.code).toMatch(/^\d{8}$/);

    const request = await detail(filed.id);
    const [permit] = await permits();
    expect(permit).toMatchObject({
      sub: request.subject.id,
      nbf: START / 1000 + 3600,
      exp: START / 1000 + 4 * 3600,
      cls: 'temp',
      doors: [DOOR],
      esc: [host.person.id],
      uses: 1,
    });
    expect(permit?.cred).toHaveLength(1);

    server.clock.advance(30 * MINUTE);
    await enter(request.subject.id, permit?.jti ?? '');
    expect(await stateOf(officer.get(`requests/${filed.id}`))).toBe('inside');
    expect(await problemOf(officer.post(`visits/${arrived.id}/check-out`, CLOSING))).toBe('still-inside');
    server.clock.advance(HOUR);
    await leave(request.subject.id);
    expect(await stateOf(officer.get(`visits/${arrived.id}`))).toBe('left');

    const blocked = await bodyOf<Problem>(officer.post(`visits/${arrived.id}/check-out`, {}));
    expect(blocked.code).toBe('visit-not-reconciled');
    expect([...new Set(blocked.errors?.map(({ code }) => code))]).toEqual([
      'equipment-open',
      'badge-open',
      'checklist-open',
      'report-incomplete',
    ]);
    const equipment = request.equipment.map(({ id }) => ({ id, outcome: 'taken-out' }));
    const closing = { ...CLOSING, isBadgeReturned: true, equipment };
    expect(await problemOf(host.client.post(`visits/${arrived.id}/check-out`, closing))).toBe('forbidden');
    expect(await stateOf(officer.post(`visits/${arrived.id}/check-out`, closing))).toBe('closed');
    expect(await stateOf(officer.get(`requests/${filed.id}`))).toBe('closed');
    expect(await permits()).toEqual([]);

    const scores = ['requirements', 'procedure', 'time', 'cost', 'result', 'competence'];
    const survey = Object.fromEntries([...scores, 'conduct', 'complaints', 'facilities'].map((k) => [k, 4]));
    expect((await officer.post(`visits/${arrived.id}/survey`, survey)).status).toBe(200);
    expect((await officer.post(`visits/${arrived.id}/survey`, survey)).status).toBe(409);
    const { text } = await bodyOf<{ text: string }>(officer.get(`visits/${arrived.id}/minutes`));
    expect(text).toContain('Rudi Contoh (PT Contoh)');
    expect(text).toContain('laptop, nomor seri LP-77: dibawa keluar');
    expect((await detail(filed.id)).steps.map(({ step }) => step)).toEqual([
      'filed',
      'submitted',
      'verified',
      'approved',
      'checked-in',
      'entered',
      'left',
      'closed',
    ]);
  });

  it('SD54, SD51: who does not come out is told of once, and closed with a reason only (faults 60, 66)', async () => {
    const { id } = await approved(vendorWish());
    const visit = await bodyOf<Arrived>(checkIn(id));
    const { subject } = await detail(id);
    await enter(subject.id, (await permits())[0]?.jti ?? '');
    server.clock.advance(2 * HOUR + MINUTE);
    await keepHouse(server.site);
    await keepHouse(server.site);
    expect((await noticesOf(officer)).filter((kind) => kind === 'visit.overdue')).toHaveLength(1);
    const { overdue } = await bodyOf<Today>(officer.get('visits/today'));
    expect(overdue.map((each) => each.id)).toEqual([visit.id]);
    const minutes = await bodyOf<{ text: string }>(officer.get(`visits/${visit.id}/minutes`));
    expect(minutes.text).toContain('Jam keluar: masih di dalam');
    const force = { force: { reason: 'Keluar lewat pintu darurat, dilihat petugas' } };
    expect(await problemOf(host.client.post(`visits/${visit.id}/check-out`, force))).toBe('forbidden');
    const closed = await bodyOf<Attendance>(officer.post(`visits/${visit.id}/check-out`, force));
    expect(closed).toMatchObject({ state: 'closed', leftAt: null, forcedReason: force.force.reason });
  });

  it('SD50: a permit has every term that was approved: group, heads, two, hours, uses', async () => {
    const members = [
      { name: 'Ani', organisation: 'SMK Contoh' },
      { name: 'Budi', organisation: 'SMK Contoh' },
    ];
    const tour = await approved(
      vendorWish({ purpose: 'TUR', visitor: { name: 'Guru', organisation: 'SMK Contoh' }, members }),
    );
    await checkIn(tour.id, { heads: 3 });
    const weekly = [{ days: '12345', from: '08:00', to: '12:00' }];
    const recurring = await approved(
      wish(server, { kind: 'recurring', hours: weekly, uses: 40, ...hours(0, 24 * 30) }),
    );
    const issued = await permits();
    expect(issued.find(({ sub }) => sub !== host.person.id)).toMatchObject({
      heads: 3,
      esc: [host.person.id],
      exp: START / 1000 + 2 * 3600,
    });
    expect(issued.find(({ sub }) => sub === host.person.id)).toMatchObject({
      knd: 'recurring',
      two: true,
      uses: 40,
      win: [{ ...weekly[0], utc: '+07:00' }],
      exp: START / 1000 + 24 * 30 * 3600,
    });
    expect(await stateOf(officer.get(`requests/${recurring.id}`))).toBe('approved');
  });

  it('SD81, SD50: the procedure changes while somebody is inside: who is in stays, who comes reads it', async () => {
    const { id } = await approved(vendorWish());
    await checkIn(id);
    const { subject } = await detail(id);
    await enter(subject.id, (await permits())[0]?.jti ?? '');
    await server.site.db.insertInto('required_sops').values({ sop_hash: HASH, version: '2' }).execute();
    expect(await stateOf(officer.get(`requests/${id}`))).toBe('inside');
    const next = await approved(vendorWish());
    const old = { badgeNumber: 'T-08', rulesHash: 'B'.repeat(43) };
    expect(await problemOf(checkIn(next.id, old))).toBe('rules-not-acknowledged');
    expect(await stateOf(checkIn(next.id, { badgeNumber: 'T-07' }))).toBe('badge-in-use');
    expect(await stateOf(checkIn(next.id, { badgeNumber: 'T-08' }))).toBe('checked-in');
    await leave(subject.id);
    expect(await stateOf(officer.get(`requests/${id}`))).toBe('left');
  });

  it('SD70, SD52: a contract that ends during a visit caps the permit and is seen by who approves', async () => {
    const filed = await file(vendorWish());
    const { subject } = await detail(filed.id);
    const until = START + HOUR;
    await server.site.db
      .updateTable('person_profiles')
      .set({ rights_end_at: until })
      .where('person_id', '=', subject.id)
      .execute();
    await officer.post(`requests/${filed.id}/verify`);
    const view = await bodyOf<DecisionView>(supervisor.get(`requests/${filed.id}/decision-view`));
    expect(view.warnings).toContain('rights-end-during');
    await supervisor.post(`requests/${filed.id}/approve`);
    await checkIn(filed.id);
    const [permit] = await permits();
    expect(permit?.exp).toBe(until / 1000);
    await enter(subject.id, permit?.jti ?? '');
    server.clock.advance(HOUR + MINUTE);
    await keepHouse(server.site);
    expect(await stateOf(officer.get(`requests/${filed.id}`))).toBe('revoked');
    // Whoever is inside stays on the list of those inside.
    expect((await bodyOf<Today>(officer.get('visits/today'))).inside).toHaveLength(1);
  });

  it('SD73, SD51: a leaver with an open visit loses every right, and the visit is still closed (fault 74)', async () => {
    const own = await approved(wish(server));
    await enter(host.person.id, (await permits())[0]?.jti ?? '');
    const [visit] = (await bodyOf<{ items: Attendance[] }>(officer.get('visits/register'))).items;
    expect(visit?.state).toBe('inside');
    const gone = { reason: 'Pensiun', effectiveAt: new Date(START).toISOString() };
    await admin.post('session/step-up', { password: PASSWORD });
    const answer = await admin.post(`people/${host.person.id}/leave`, gone);
    expect([answer.status, answer.status === 200 ? '' : await answer.text()]).toEqual([200, '']);
    expect(await permits()).toEqual([]);
    expect(await stateOf(officer.get(`requests/${own.id}`))).toBe('revoked');
    await leave(host.person.id);
    const closing = { checked: CLOSING.checked, report: {}, force: { reason: 'Pemegang hak sudah pensiun' } };
    expect(await stateOf(officer.post(`visits/${visit?.id}/check-out`, closing))).toBe('closed');
    expect((await detail(own.id)).requester.name).toBe('Orang teknisi');
  });
});

describe('who decides', () => {
  it('SD5, SD53: a late approval neither eats nor moves the window (faults 55, 57, 68)', async () => {
    const filed = await file(wish(server, { ...hours(6, 8) }));
    await officer.post(`requests/${filed.id}/verify`);
    server.clock.advance(7 * HOUR);
    await keepHouse(server.site);
    expect(await stateOf(supervisor.post(`requests/${filed.id}/approve`))).toBe('approved');
    const { decideBy, validFrom, validUntil } = await detail(filed.id);
    expect([decideBy, validFrom, validUntil]).toEqual([filed.validUntil, filed.validFrom, filed.validUntil]);
    expect(await permits()).toMatchObject([
      { nbf: START / 1000 + 6 * 3600, exp: START / 1000 + 8 * 3600, iat: START / 1000 + 7 * 3600 },
    ]);
  });

  it('SS50: of two officials who approve at once one counts, and there is one permit (fault 63)', async () => {
    await setRoom({ needsVerification: false });
    const filed = await file(wish(server));
    const answers = await Promise.all(
      [supervisor, second].map((client) => client.post(`requests/${filed.id}/approve`)),
    );
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 409]);
    expect(await permits()).toHaveLength(1);
  });

  it('SD33, SD35: one person and one office are one voice, by whatever way (fault 62)', async () => {
    await setRoom({ isStrict: true, needsVerification: false });
    const deputy = await server.signIn('wakil', ['technician', 'supervisor']);
    await supervisor.post('delegations', {
      toId: await idOf(deputy),
      kind: 'plh',
      orderNumber: 'ST/1/2026',
      from: new Date(START - HOUR).toISOString(),
      until: new Date(START + HOUR).toISOString(),
    });
    const filed = await file(wish(server));
    expect((await bodyOf<AccessRequest>(supervisor.post(`requests/${filed.id}/approve`))).state).toBe(
      'submitted',
    );
    expect(await problemOf(supervisor.post(`requests/${filed.id}/approve`))).toBe('already-took-part');
    expect(await permits()).toEqual([]);
    expect(await stateOf(second.post(`requests/${filed.id}/approve`))).toBe('approved');
    expect((await permits())[0]).toMatchObject({ cls: 'strict' });
    expect((await permits())[0]?.apr).toHaveLength(2);
  });

  it('SD35, SD4: nobody approves their own by delegation, and a delegation ends and is not passed on (fault 61)', async () => {
    await setRoom({ needsVerification: false });
    const order = {
      toId: host.person.id,
      kind: 'plt',
      orderNumber: 'ST/2/2026',
      from: new Date(START).toISOString(),
      until: new Date(START + HOUR).toISOString(),
    };
    const given = await bodyOf<DelegationRow>(supervisor.post('delegations', order));
    const own = await file(wish(server));
    expect(await problemOf(host.client.post(`requests/${own.id}/approve`))).toBe('own-request');
    expect((await host.client.post('delegations', { ...order, toId: await idOf(officer) })).status).toBe(403);
    const other = await openVisitor(server, 'teknisi-lain');
    const theirs = await file(wish(server), other.client);
    const later = await file(wish(server), other.client);
    expect(await stateOf(host.client.post(`requests/${theirs.id}/approve`))).toBe('approved');
    const shown = await detail(theirs.id);
    expect(shown.approvals).toMatchObject([{ byName: 'Orang teknisi', forName: 'Orang atasan' }]);
    await supervisor.post(`delegations/${given.id}/end`);
    expect((await host.client.post(`requests/${later.id}/approve`)).status).toBeGreaterThanOrEqual(403);
    expect(await stateOf(officer.get(`requests/${later.id}`))).toBe('submitted');
  });

  it('SH51: a link decides nothing, and both sides are told who decided (faults 64, 65)', async () => {
    await setRoom({ needsVerification: false });
    const filed = await file(wish(server));
    for (const step of ['approve', 'reject', 'verify', 'withdraw', 'revoke', 'submit']) {
      expect((await supervisor.get(`requests/${filed.id}/${step}`)).status).toBe(404);
      expect((await server.client().post(`requests/${filed.id}/${step}`)).status).toBe(401);
    }
    expect(await stateOf(officer.get(`requests/${filed.id}`))).toBe('submitted');
    expect(await noticesOf(supervisor)).toContain('request.submitted');
    await supervisor.post(`requests/${filed.id}/approve`);
    expect(await noticesOf(host.client)).toContain('request.approved');
    expect((await detail(filed.id)).approvals.map(({ byName }) => byName)).toEqual(['Orang atasan']);
  });

  it('SD30, SD34: what was withdrawn or rejected is not approved, and nothing follows', async () => {
    await setRoom({ needsVerification: false });
    const gone = await file(wish(server));
    await host.client.post(`requests/${gone.id}/withdraw`);
    expect(await problemOf(supervisor.post(`requests/${gone.id}/approve`))).toBe('step-not-allowed');
    const refused = await file(wish(server));
    await second.post(`requests/${refused.id}/reject`, { reason: 'Tidak ada jendela pemeliharaan' });
    expect(await problemOf(supervisor.post(`requests/${refused.id}/approve`))).toBe('already-decided');
    expect(await permits()).toEqual([]);
    expect(await noticesOf(host.client)).toContain('request.rejected');
  });

  it('SD36: who verified does not approve, and an officer does not verify their own', async () => {
    const both = await server.signIn('rangkap', ['officer', 'supervisor']);
    const filed = await file(wish(server));
    await both.post(`requests/${filed.id}/verify`);
    expect(await problemOf(both.post(`requests/${filed.id}/approve`))).toBe('already-took-part');
    const card = await openVisitor(server, 'petugas-lain', ['officer', 'technician']);
    const own = await file(wish(server), card.client);
    expect(await problemOf(card.client.post(`requests/${own.id}/verify`))).toBe('own-request');
  });

  it('SD37: an incident unanswered for a quarter of an hour goes to the next official, once each', async () => {
    const [first, next] = [await idOf(supervisor), await idOf(second)];
    await setRoom({ needsVerification: false, officials: [first, next] });
    await file(wish(server, { purpose: 'NET-TRB' }));
    expect(await noticesOf(supervisor)).toEqual(['request.submitted']);
    expect(await noticesOf(second)).toEqual([]);
    server.clock.advance(15 * MINUTE);
    await keepHouse(server.site);
    await keepHouse(server.site);
    expect(await noticesOf(second)).toEqual(['request.unanswered']);
    server.clock.advance(15 * MINUTE);
    await keepHouse(server.site);
    expect((await noticesOf(host.client)).filter((kind) => kind === 'request.unanswered')).toHaveLength(1);
  });

  it('SD2: a request that nobody decides ends once, is told, and is never deleted (faults 57, 58, 59)', async () => {
    const decideBy = new Date(START + HOUR).toISOString();
    const filed = await file(wish(server, { ...hours(6, 8), decideBy }));
    server.clock.advance(HOUR);
    await keepHouse(server.site);
    await keepHouse(server.site);
    const { state, steps, validFrom } = await detail(filed.id);
    expect(state).toBe('expired');
    expect(steps.filter(({ step }) => step === 'expired')).toHaveLength(1);
    expect(Date.parse(validFrom)).toBe(START + 6 * HOUR);
    expect((await noticesOf(host.client)).filter((kind) => kind === 'request.expired')).toHaveLength(1);
  });
});

describe('emergencies', () => {
  it('SD46: a sealed card that was used has its review, due within a day, without anybody asking', async () => {
    const of = gateway.append({
      ty: 'access.granted',
      door: DOOR,
      dir: 'in',
      personal: { sub: host.person.id, pm: 'pm_sealed' },
    });
    gateway.append({ ty: 'emergency.used', door: DOOR, x: { of }, personal: { sub: host.person.id } });
    await upload();
    const waiting = await bodyOf<{ items: AccessRequest[] }>(supervisor.get('requests?scope=waiting'));
    expect(waiting.items).toMatchObject([{ state: 'emergency', purpose: 'DRT' }]);
    const [review] = waiting.items;
    expect(await noticesOf(supervisor)).toContain('emergency.declared');
    expect(await problemOf(host.client.post(`requests/${review?.id}/approve`))).toBe('own-request');
    server.clock.advance(24 * HOUR);
    await keepHouse(server.site);
    supervisor = await server.signIn('atasan');
    expect(await noticesOf(supervisor)).toContain('emergency.unreviewed');
    expect(await stateOf(supervisor.get(`requests/${review?.id}`))).toBe('emergency');
    expect((await supervisor.post(`requests/${review?.id}/approve`)).status).toBe(200);
    expect(await permits()).toEqual([]);
  });

  it('SD46, SD30: an emergency is entered first: no permit comes of its review', async () => {
    const declared = await file(
      wish(server, { purpose: 'DRT', kind: 'emergency', description: 'Asap di rak 3' }),
    );
    expect(declared.state).toBe('emergency');
    expect(await problemOf(host.client.post(`requests/${declared.id}/withdraw`))).toBe('step-not-allowed');
    const rejected = await supervisor.post(`requests/${declared.id}/reject`, { reason: 'Bukan darurat' });
    expect(await stateOf(rejected)).toBe('rejected');
    expect(await permits()).toEqual([]);
  });
});

describe('what a request says', () => {
  it('SD38: a vendor brings a work order, a planned change its number and a window', async () => {
    expect(await problemOf(host.client.post('requests', vendorWish({ workOrder: undefined })))).toBe(
      'work-order-missing',
    );
    const planned = vendorWish({ purpose: 'NET-INS', changeNumber: 'CHG-9' });
    expect(await problemOf(host.client.post('requests', { ...planned, changeNumber: undefined }))).toBe(
      'change-number-missing',
    );
    expect(await problemOf(host.client.post('requests', planned))).toBe('outside-maintenance-window');
    const window = {
      roomId,
      name: 'Pemeliharaan',
      from: hours(-1, 3).validFrom,
      until: hours(-1, 3).validUntil,
    };
    expect((await officer.post('maintenance-windows', window)).status).toBe(201);
    expect((await host.client.post('requests', planned)).status).toBe(201);
  });

  it('SD39: an escort has a card and agrees before anybody approves', async () => {
    const other = await openVisitor(server, 'pendamping');
    const filed = await file(vendorWish({ escortIds: [other.person.id] }));
    expect(await problemOf(officer.post(`requests/${filed.id}/verify`))).toBe('escort-missing');
    expect((await other.client.post(`requests/${filed.id}/escort`, { accepts: true })).status).toBe(200);
    expect(await stateOf(officer.post(`requests/${filed.id}/verify`))).toBe('verified');
    const cardless = await idOf(supervisor);
    expect(await problemOf(host.client.post('requests', vendorWish({ escortIds: [cardless] })))).toBe(
      'escort-not-usable',
    );
  });

  it('SH102: who may escort is told by name to whoever files, and everybody on the list can be named', async () => {
    const other = await openVisitor(server, 'pendamping');
    await openVisitor(server, 'pihak-ketiga').then(({ person }) =>
      saveProfile(server.site.db, { ...emptyProfile(person.id), kind: 'vendor' }),
    );
    const { items } = await bodyOf<{ items: readonly Record<string, string>[] }>(host.client.get('escorts'));
    const listed = [host.person, other.person]
      .map(({ id, name }) => ({ id, name }))
      .sort((a, b) => (a.name < b.name || (a.name === b.name && a.id < b.id) ? -1 : 1));
    expect(items).toEqual(listed);
    for (const { id } of items) await file(vendorWish({ escortIds: [id] }));
    await server.site.db.updateTable('credentials').set({ state: 'suspended' }).execute();
    expect((await bodyOf<{ items: readonly unknown[] }>(host.client.get('escorts'))).items).toEqual([]);
    expect((await admin.get('escorts')).status).toBe(403);
  });

  it('SS51: the notice that was read is kept with the request, and another is refused', async () => {
    const filed = await file(wish(server, { noticeHash: privacyNotice.hash }));
    const rows = await server.site.db.selectFrom('requests').select(['id', 'notice_hash']).execute();
    expect(rows).toEqual([{ id: filed.id, notice_hash: privacyNotice.hash }]);
    expect(await problemOf(host.client.post('requests', wish(server, { noticeHash: HASH })))).toBe(
      'invalid-input',
    );
  });

  it('SD56: a visit is prolonged by a new request, and the first stays as it was', async () => {
    await setRoom({ needsVerification: false });
    const first = await approved(wish(server));
    const more = { ...hours(2, 4), extendsId: first.id };
    const gap = await host.client.post('requests', wish(server, { ...more, ...hours(3, 4) }));
    expect(await problemOf(gap)).toBe('invalid-input');
    const prolonged = await approved(wish(server, more));
    expect(await detail(prolonged.id)).toMatchObject({ state: 'approved', extendsId: first.id });
    expect((await detail(first.id)).validUntil).toBe(first.validUntil);
    expect((await permits()).map(({ exp }) => exp - START / 1000).sort((a, b) => a - b)).toEqual([
      2 * 3600,
      4 * 3600,
    ]);
  });

  it('SD43, SH50: a file is taken for what it is, up to its size, and given back as it was kept', async () => {
    const filed = await file(wish(server));
    const pdf = new Uint8Array(600_000).fill(32);
    pdf.set([0x25, 0x50, 0x44, 0x46, 0x2d]);
    const path = `requests/${filed.id}/attachments`;
    const content = Buffer.from(pdf).toString('base64url');
    const { id } = await bodyOf<{ id: string }>(host.client.post(path, { name: '../surat.pdf', content }));
    const got = await officer.get(`${path}/${id}`);
    expect(got.headers.get('content-disposition')).toContain('attachment');
    expect((await got.arrayBuffer()).byteLength).toBe(600_000);
    const script = Buffer.from('<script>1</script>').toString('base64url');
    expect(await problemOf(host.client.post(path, { name: 'a.pdf', content: script }))).toBe(
      'attachment-not-usable',
    );
  });
});
