import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AccessRequest, PermitSummary } from '#contract/api';
import { decodeSiteLogRecord } from '#contract/site-log';
import { expireLapsed } from '../../server/procedure/request-steps.ts';
import { loadSiteRecords } from '../../server/store/site-log.ts';
import {
  bodyOf,
  openTestServer,
  openVisitor,
  START,
  wish,
  type TestClient,
  type TestServer,
  type Visitor,
} from './server-harness.ts';

const HOUR = 3_600_000;

describe('requests', () => {
  let server: TestServer;
  let visitor: Visitor;
  let supervisor: TestClient;

  beforeEach(async () => {
    server = await openTestServer();
    visitor = await openVisitor(server);
    supervisor = await server.signIn('atasan', ['supervisor']);
  });
  afterEach(() => server.close());

  const file = async (changes: Readonly<Record<string, unknown>> = {}): Promise<AccessRequest> => {
    const answer = await visitor.client.post('requests', wish(server, changes));
    expect(answer.status).toBe(201);
    return bodyOf<AccessRequest>(answer);
  };
  const codeOf = async (answer: Promise<Response>): Promise<unknown> => (await bodyOf(answer))['code'];
  const siteTypes = async (): Promise<readonly string[]> =>
    (await loadSiteRecords(server.site.db)).map((bytes) => {
      const record = decodeSiteLogRecord(bytes);
      return record.ok ? record.value.ty : record.error;
    });

  it('SD1, SD6: file, approve: number, history and permit', async () => {
    const filed = await file();
    expect(filed).toMatchObject({
      number: '001/IZIN-RS/03/2026',
      state: 'submitted',
      requester: { name: 'Orang teknisi', organisation: 'Dinas Contoh' },
      doorName: 'Ruang Server',
      permitId: null,
    });
    expect(filed.steps.map(({ step }) => step)).toEqual(['filed', 'submitted']);

    server.clock.advance(60_000);
    const approved = await bodyOf<AccessRequest>(supervisor.post(`requests/${filed.id}/approve`));
    expect(approved).toMatchObject({
      state: 'approved',
      decidedByName: 'Orang atasan',
      decidedAt: new Date(START + 60_000).toISOString(),
    });
    expect(approved.steps.at(-1)).toMatchObject({
      step: 'approved',
      byName: 'Orang atasan',
      method: 'session',
    });
    expect(approved.permitId).toMatch(/^pm_/);

    const permits = await bodyOf<{ items: PermitSummary[] }>(visitor.client.get('permits'));
    expect(permits.items).toMatchObject([
      { id: approved.permitId, requestId: filed.id, doors: ['ruang-server'], state: 'in-force' },
    ]);
    expect((await siteTypes()).slice(-3)).toEqual(['approval.recorded', 'permit.issued', 'manifest.signed']);
  });

  it('SH18: an instant is taken in any RFC 3339 form and answered in UTC', async () => {
    const filed = await file({
      validFrom: '2026-03-12T15:00:00+07:00',
      validUntil: '2026-03-12T09:00:00Z',
    });
    expect(filed).toMatchObject({
      validFrom: '2026-03-12T08:00:00.000Z',
      validUntil: '2026-03-12T09:00:00.000Z',
    });
  });

  it('SD6: numbers run without gaps and start again with the month of the site', async () => {
    await file();
    await visitor.client.post('requests', wish(server, { purpose: 'NONE' }));
    expect((await file()).number).toBe('002/IZIN-RS/03/2026');
    // 31 March, 23.30 in Jakarta, and an hour later.
    server.clock.advance(Date.parse('2026-03-31T16:30:00Z') - START);
    const relogged = await server.signIn('teknisi');
    const late = await bodyOf<AccessRequest>(relogged.post('requests', wish(server)));
    expect(late.number).toBe('003/IZIN-RS/03/2026');
    server.clock.advance(HOUR);
    const next = await bodyOf<AccessRequest>(relogged.post('requests', wish(server)));
    expect(next.number).toBe('001/IZIN-RS/04/2026');
  });

  it('SS2: of two supervisors at the same moment one wins, the other is told', async () => {
    const second = await server.signIn('atasan2', ['supervisor']);
    const { id } = await file();
    const answers = await Promise.all([
      supervisor.post(`requests/${id}/approve`),
      second.post(`requests/${id}/reject`, { reason: 'Jadwal bentrok' }),
    ]);
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 409]);
    const loser = answers.find(({ status }) => status === 409);
    expect(await bodyOf(loser!)).toMatchObject({ code: 'already-decided' });
    const decisions = (await siteTypes()).filter((type) => type === 'approval.recorded');
    expect(decisions).toHaveLength(1);
    expect(await codeOf(supervisor.post(`requests/${id}/approve`))).toBe('already-decided');
  });

  it('SD4: a supervisor cannot decide on their own request', async () => {
    const own = await openVisitor(server, 'kabid', ['supervisor', 'technician']);
    const { id } = await bodyOf<AccessRequest>(own.client.post('requests', wish(server)));
    expect(await codeOf(own.client.post(`requests/${id}/approve`))).toBe('own-request');
    expect(await codeOf(own.client.post(`requests/${id}/reject`, { reason: 'x' }))).toBe('own-request');
    expect((await supervisor.post(`requests/${id}/approve`)).status).toBe(200);
  });

  it('SD3: windows in the past, reversed and too long are refused', async () => {
    const at = (ms: number): string => new Date(START + ms).toISOString();
    const refused = (validFrom: string, validUntil: string) =>
      codeOf(visitor.client.post('requests', wish(server, { validFrom, validUntil })));
    expect(await refused(at(-HOUR), at(HOUR))).toBe('window-in-past');
    expect(await refused(at(2 * HOUR), at(HOUR))).toBe('window-reversed');
    expect(await refused(at(0), at(9 * HOUR))).toBe('window-too-long');
    expect(await bodyOf(visitor.client.get('requests'))).toMatchObject({ items: [] });
  });

  it('SH4: an unknown purpose or door is named', async () => {
    expect(await bodyOf(visitor.client.post('requests', wish(server, { purpose: 'NONE' })))).toMatchObject({
      code: 'invalid-input',
      errors: [{ pointer: '/purpose', code: 'unknown' }],
    });
    expect(await bodyOf(visitor.client.post('requests', wish(server, { doorId: 'lain' })))).toMatchObject({
      code: 'invalid-input',
      errors: [{ pointer: '/doorId', code: 'unknown' }],
    });
  });

  it('SD8: without an active card nothing can be submitted or approved', async () => {
    const cardless = await server.signIn('tamu', ['technician']);
    expect(await codeOf(cardless.post('requests', wish(server)))).toBe('no-credential');
    const draft = await bodyOf<AccessRequest>(cardless.post('requests', wish(server, { submit: false })));
    expect(draft.state).toBe('draft');
    expect(await codeOf(cardless.post(`requests/${draft.id}/submit`))).toBe('no-credential');

    const { id } = await file();
    const admin = await server.signIn('admin', ['administrator']);
    const cards = await bodyOf<{ items: { id: string }[] }>(admin.get('credentials'));
    await admin.send('PATCH', `credentials/${cards.items[0]?.id}`, { state: 'suspended' });
    expect(await codeOf(supervisor.post(`requests/${id}/approve`))).toBe('no-credential');
    expect(await bodyOf(supervisor.get(`requests/${id}`))).toMatchObject({ state: 'submitted' });
  });

  it('SD1: a draft is submitted by its owner once', async () => {
    const { id } = await file({ submit: false });
    expect(await codeOf(supervisor.post(`requests/${id}/submit`))).toBe('forbidden');
    expect(await bodyOf(visitor.client.post(`requests/${id}/submit`))).toMatchObject({ state: 'submitted' });
    expect(await codeOf(visitor.client.post(`requests/${id}/submit`))).toBe('step-not-allowed');
  });

  it('SD1: nobody withdraws what somebody else filed', async () => {
    const { id } = await file();
    expect(await codeOf(supervisor.post(`requests/${id}/withdraw`))).toBe('forbidden');
    expect(await bodyOf(visitor.client.post(`requests/${id}/withdraw`))).toMatchObject({
      state: 'withdrawn',
    });
  });

  it('SD1: a rejection keeps its reason and cannot be turned', async () => {
    const { id } = await file();
    expect(
      await bodyOf(supervisor.post(`requests/${id}/reject`, { reason: 'Tidak ada surat tugas' })),
    ).toMatchObject({ state: 'rejected', reason: 'Tidak ada surat tugas', permitId: null });
    expect(await codeOf(supervisor.post(`requests/${id}/approve`))).toBe('already-decided');
    expect(await codeOf(visitor.client.post(`requests/${id}/withdraw`))).toBe('step-not-allowed');
  });

  it.each([
    ['withdrawn by the visitor', 'withdraw', {}, 'withdrawn'],
    ['revoked by a supervisor', 'revoke', { reason: 'Insiden' }, 'revoked'],
  ])('SU4: an approved request that is %s loses its permit at once', async (_name, step, body, state) => {
    const { id } = await file();
    await supervisor.post(`requests/${id}/approve`);
    const by = step === 'withdraw' ? visitor.client : supervisor;
    expect(await bodyOf(by.post(`requests/${id}/${step}`, body))).toMatchObject({ state });
    expect(await bodyOf(visitor.client.get('permits'))).toMatchObject({ items: [{ state: 'revoked' }] });
    expect((await siteTypes()).slice(-2)).toEqual(['permit.revoked', 'manifest.signed']);
    expect(await codeOf(by.post(`requests/${id}/${step}`, body))).toBe('step-not-allowed');
  });

  it('SD2: a waiting request whose window is over expires once, a decided one stays', async () => {
    const waiting = await file();
    const decided = await file();
    await supervisor.post(`requests/${decided.id}/approve`);
    server.clock.advance(2 * HOUR - 1);
    expect(await expireLapsed(server.site)).toBe(0);
    server.clock.advance(1);
    expect(await expireLapsed(server.site)).toBe(1);
    expect(await expireLapsed(server.site)).toBe(0);
    const expired = await bodyOf<AccessRequest>(supervisor.get(`requests/${waiting.id}`));
    expect(expired.steps.map(({ step }) => step)).toEqual(['filed', 'submitted', 'expired']);
    expect(await codeOf(supervisor.post(`requests/${waiting.id}/approve`))).toBe('step-not-allowed');
    expect(await bodyOf(supervisor.get(`requests/${decided.id}`))).toMatchObject({ state: 'approved' });
    expect(await bodyOf(supervisor.get('permits'))).toMatchObject({ items: [{ state: 'ended' }] });
  });

  it('SD5: a visit that is over before anybody looked at it is not approved', async () => {
    const { id } = await file();
    server.clock.advance(2 * HOUR);
    expect(await codeOf(supervisor.post(`requests/${id}/approve`))).toBe('window-in-past');
  });

  it('SH13: a technician sees own requests only, and others’ as if they were not there', async () => {
    const other = await openVisitor(server, 'teknisi2');
    const { id } = await file();
    expect((await other.client.get(`requests/${id}`)).status).toBe(404);
    expect((await other.client.post(`requests/${id}/withdraw`)).status).toBe(404);
    expect(await bodyOf(other.client.get('requests'))).toMatchObject({ items: [] });
    expect((await other.client.get('requests?scope=all')).status).toBe(403);
    expect((await other.client.get('requests?scope=waiting')).status).toBe(403);
    expect(await bodyOf(supervisor.get('requests?scope=waiting'))).toMatchObject({ items: [{ id }] });
    await supervisor.post(`requests/${id}/approve`);
    expect(await bodyOf(other.client.get('permits'))).toMatchObject({ items: [] });
    expect(await bodyOf(supervisor.get('requests?scope=waiting'))).toMatchObject({ items: [] });
    expect(await bodyOf(supervisor.get('requests?scope=all&state=approved'))).toMatchObject({
      items: [{ id }],
    });
  });

  it('SS6: pages show every request once, also while new ones arrive', async () => {
    const filed: string[] = [];
    for (let n = 0; n < 5; n++) {
      filed.unshift((await file()).id);
      server.clock.advance(n === 2 ? 0 : 1000);
    }
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const page: { items: AccessRequest[]; nextCursor: string | null } = await bodyOf(
        supervisor.get(`requests?scope=all&limit=2${query}`),
      );
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
      await file();
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect([...seen].sort()).toEqual([...filed].sort());
    expect(await bodyOf(supervisor.get('requests?cursor=nonsense'))).toMatchObject({
      code: 'invalid-input',
      errors: [{ pointer: '/cursor' }],
    });
  });

  it('SD6: text is stored in one spelling, and broken text is refused', async () => {
    const filed = await file({ description: 'Pe\u0301rbaikan' });
    expect(filed.description).toBe('P\u00e9rbaikan');
    const answer = await visitor.client.post('requests', wish(server, { description: 'rusak \ud800' }));
    expect(answer.status).toBe(400);
  });
});
