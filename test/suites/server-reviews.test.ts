import { parse } from 'csv-parse/sync';
import { readSheet } from 'read-excel-file/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Anomaly, Campaign, LogReview, Report } from '#contract/api-review';
import { REPORT_KINDS } from '#contract/api-review';
import type { DirectoryClaims } from '#contract/policy';
import { decodeSiteLogRecord } from '#contract/site-log';
import { reportHash } from '../../server/audit/report.ts';
import { keepHouse } from '../../server/procedure/housekeeping.ts';
import { loadSiteRecords } from '../../server/store/site-log.ts';
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
  type FakeGateway,
  type TestClient,
  type TestServer,
  type Visitor,
} from './server-harness.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const instant = (at: number): string => new Date(at).toISOString();

describe('reviews and reports', () => {
  let server: TestServer;
  let admin: TestClient;
  let supervisor: TestClient;
  let gateway: FakeGateway;
  let visitor: Visitor;

  beforeEach(async () => {
    server = await openTestServer();
    admin = await server.signIn('admin', ['administrator']);
    supervisor = await server.signIn('atasan', ['supervisor']);
    gateway = await enrolFakeGateway(server, admin);
    visitor = await openVisitor(server);
  });
  afterEach(() => server.close());

  const codeOf = async (answer: Promise<Response>): Promise<unknown> => (await bodyOf(answer))['code'];
  const credOf = async (handle: string) =>
    (claimsOf((await gateway.policy()).body?.directory ?? '') as unknown as DirectoryClaims).creds.find(
      ({ cred }) => cred === handle,
    );
  const enter = async (who: Visitor, minutes: number | null): Promise<void> => {
    const from = gateway.entries.length === 1 ? 0 : gateway.entries.length;
    appendEntry(gateway, { sub: who.person.id, cred: who.handle });
    if (minutes !== null) {
      server.clock.advance(minutes * 60_000);
      gateway.append({
        ty: 'exit.recorded',
        door: DOOR,
        dir: 'out',
        x: {},
        personal: { sub: who.person.id, cred: who.handle },
      });
    }
    expect((await gateway.upload(gateway.batch(from))).status).toBe(200);
  };
  const open = async (scope = {}): Promise<Campaign> =>
    bodyOf<Campaign>(
      admin.post('reviews', { title: 'Triwulan I', scope, deadlineAt: instant(START + 14 * DAY) }),
    );
  const decide = (campaign: Campaign, personId: string, body: object) =>
    supervisor.send('POST', `reviews/${campaign.id}/people/${personId}`, body);

  describe('access rights', () => {
    it('SD83: everybody with rights is in it, with what a reviewer looks at', async () => {
      await enter(visitor, 30);
      const campaign = await open();
      expect(campaign.people.map(({ personName }) => personName)).toEqual([
        'Orang admin',
        'Orang atasan',
        'Orang teknisi',
      ]);
      expect(campaign.people[2]?.facts).toMatchObject({
        roles: ['technician'],
        usesInPeriod: 1,
        lastUsedAt: instant(START),
        flags: ['never-reviewed'],
      });
      expect(campaign.people[2]?.facts.cards).toHaveLength(1);
      expect((await open({ roles: ['technician'] })).items).toBe(1);
      expect((await open({ doorId: DOOR })).items).toBe(1);
      expect(await codeOf(admin.post('reviews', { title: 'x', deadlineAt: instant(START - 1) }))).toBe(
        'invalid-input',
      );
    });

    it('SD83: keep, change and revoke take effect at once, each once and never for oneself', async () => {
      const other = await openVisitor(server, 'lain');
      const campaign = await open();
      expect(
        (await decide(campaign, other.person.id, { decision: 'keep', reason: 'Masih bertugas' })).status,
      ).toBe(200);
      expect(await codeOf(decide(campaign, other.person.id, { decision: 'revoke', reason: 'x' }))).toBe(
        'already-decided',
      );
      const revoked = await bodyOf<Campaign>(
        decide(campaign, visitor.person.id, { decision: 'revoke', reason: 'Tidak dipakai' }),
      );
      expect(revoked).toMatchObject({ decided: 2, kept: 1, revoked: 1 });
      expect(await credOf(visitor.handle)).toMatchObject({ st: 'suspended' });
      expect((await visitor.client.get('me')).status).toBe(401);
      expect(await credOf(other.handle)).toMatchObject({ st: 'active' });
      const { id } = await bodyOf<{ id: string }>(supervisor.get('me'));
      expect(await codeOf(decide(campaign, id, { decision: 'keep', reason: 'saya' }))).toBe('own-rights');
      const me = await bodyOf<{ id: string }>(admin.get('me'));
      expect(await codeOf(decide(campaign, me.id, { decision: 'change', reason: 'x' }))).toBe(
        'invalid-input',
      );
      const changed = await decide(campaign, me.id, {
        decision: 'change',
        reason: 'Hanya teknisi',
        roles: ['technician'],
      });
      expect(changed.status).toBe(200);
      expect((await admin.get('gateways')).status).toBe(403);
    });

    it('SD83: about whom nobody decided by the deadline is suspended, but for the last administrator', async () => {
      const campaign = await open();
      server.clock.advance(14 * DAY);
      await keepHouse(server.site);
      const again = await server.client().post('session', { username: 'admin', password: PASSWORD });
      expect(again.status).toBe(200);
      admin = server.client(again.headers.get('set-cookie')?.split(';')[0] ?? '');
      const closed = await bodyOf<Campaign>(admin.get(`reviews/${campaign.id}`));
      expect(closed).toMatchObject({ state: 'closed', suspended: 3, decided: 0 });
      expect(await credOf(visitor.handle)).toMatchObject({ st: 'suspended' });
      expect(
        (await server.client().post('session', { username: 'teknisi', password: PASSWORD })).status,
      ).toBe(401);
      // Restored by somebody who answers for it.
      await admin.post('session/step-up', { password: PASSWORD });
      await admin.post(`people/${visitor.person.id}/restore`, { reason: 'Terlambat diputus' });
      expect(await credOf(visitor.handle)).toMatchObject({ st: 'active' });
      await keepHouse(server.site);
      expect(await credOf(visitor.handle)).toMatchObject({ st: 'active' });
    });

    it('SD84: a reviewer who clicks through is visible', async () => {
      const people = [visitor];
      for (const name of ['a', 'b', 'c', 'd']) people.push(await openVisitor(server, `teknisi-${name}`));
      const campaign = await open({ roles: ['technician'] });
      for (const { person } of people) {
        server.clock.advance(1500);
        await decide(campaign, person.id, { decision: 'keep', reason: 'tetap' });
      }
      const { pace } = await bodyOf<Campaign>(supervisor.get(`reviews/${campaign.id}`));
      expect(pace).toMatchObject([
        { reviewerName: 'Orang atasan', decisions: 5, kept: 5, medianSeconds: 1.5, isTooFast: true },
      ]);
      await keepHouse(server.site);
      expect(await bodyOf(supervisor.get(`reviews/${campaign.id}`))).toMatchObject({
        state: 'closed',
        suspended: 0,
      });
    });

    it('SD86: rights that nobody used for 90 days are listed', async () => {
      const used = await openVisitor(server, 'rajin');
      server.clock.advance(91 * DAY);
      await enter(used, 10);
      const client = await server.signIn('atasan');
      const { items } = await bodyOf<{ items: unknown[] }>(client.get('reviews/unused-rights'));
      expect(items).toMatchObject([{ personName: 'Orang teknisi', lastUsedAt: null, unusedDays: 91 }]);
    });
  });

  it('SD85: anomalies are found in what the journal tells', async () => {
    // 21.00 in Jakarta, and no exit before the next entry.
    server.clock.advance(7 * HOUR);
    await enter(visitor, null);
    await enter(visitor, 5);
    const client = await server.signIn('atasan');
    const { items } = await bodyOf<{ items: Anomaly[] }>(client.get('reviews/anomalies'));
    expect(items.map(({ kind }) => kind).sort()).toEqual([
      'after-hours-access',
      'after-hours-access',
      'out-of-sequence-access',
    ]);
    expect(items[0]).toMatchObject({ personName: 'Orang teknisi', doorId: DOOR });
  });

  it('SD87: the review of a month is signed over the heads of the logs, once, and the site log names it', async () => {
    await enter(visitor, 10);
    const sign = (client: TestClient) =>
      client.post('reviews/log', {
        period: '2026-03',
        conclusion: 'in-order',
        findings: 'Tidak ada temuan.',
      });
    expect(await codeOf(sign(supervisor))).toBe('step-up-required');
    await supervisor.post('session/step-up', { password: PASSWORD });
    expect(await codeOf(sign(supervisor))).toBe('period-not-over');
    server.clock.advance(20 * DAY);
    const client = await server.signIn('atasan');
    await client.post('session/step-up', { password: PASSWORD });
    const review = await bodyOf<LogReview>(sign(client));
    expect(review).toMatchObject({ period: '2026-03', byName: 'Orang atasan', method: 'session', events: 4 });
    expect(review.heads.map(({ log, size }) => [log, size])).toEqual([
      [`${gateway.id}/1`, 4],
      ['pemda-contoh/site-log', expect.any(Number) as unknown],
    ]);
    const last = decodeSiteLogRecord((await loadSiteRecords(server.site.db)).at(-1)!);
    expect(last.ok && last.value).toMatchObject({ ty: 'log.reviewed', x: { h: review.documentHash } });
    expect(await codeOf(sign(client))).toBe('already-decided');
    const auditor = await server.signIn('auditor', ['auditor']);
    expect(await bodyOf(auditor.get('reviews/log'))).toEqual({ items: [review] });
    expect(await bodyOf(auditor.get('evidence/integrity'))).toMatchObject({ isIntact: true });
  });

  describe('reports', () => {
    const period = `from=${instant(START - DAY)}&until=${instant(START + 40 * DAY)}`;

    it.each(REPORT_KINDS)('SH76: %s is the same each time, with rows and hash', async (kind) => {
      await enter(visitor, 30);
      const get = () => bodyOf<Report>(supervisor.get(`reports/${kind}?${period}`));
      const [first, second] = [await get(), await get()];
      expect(first.hash).toBe(reportHash(first));
      expect(first.rowCount).toBe(first.sections.reduce((sum, { rows }) => sum + rows.length, 0));
      for (const { columns, rows } of first.sections) {
        for (const row of rows) expect(row.length).toBe(columns.length);
      }
      expect(second).toEqual(first);
    });

    it('SH76: the log book holds the whole period, who is inside, and no length that nobody knows', async () => {
      await enter(visitor, 30);
      await enter(visitor, null);
      const report = await bodyOf<Report>(supervisor.get(`reports/log-book?${period}`));
      const [section] = report.sections;
      const at = (name: string): number => section?.columns.indexOf(name) ?? -1;
      expect(
        section?.rows.map((row) => [row[at('Jam masuk')], row[at('Jam keluar')], row[at('Durasi (menit)')]]),
      ).toEqual([
        ['2026-03-12T14:00:00+07:00', '2026-03-12T14:30:00+07:00', 30],
        ['2026-03-12T14:30:00+07:00', 'masih di dalam', null],
      ]);
      expect(report.summary.find(({ label }) => label === 'Jumlah kunjungan')?.value).toBe(2);
      expect(report).toMatchObject({ classification: 'TERBATAS', timeZone: 'Asia/Jakarta' });
      const english = await bodyOf<Report>(supervisor.get(`reports/log-book?${period}&language=en`));
      expect(english.sections[0]?.columns).toContain('Time in');
    });

    it('SH78 (fault 76): a CSV opens in a spreadsheet, runs nothing, and ends with rows, hash and zone', async () => {
      const evil = await openVisitor(server, 'formula');
      await server.site.db
        .updateTable('people')
        .set({ name: '=HYPERLINK("http://evil.contoh";"x")' })
        .where('id', '=', evil.person.id)
        .execute();
      await enter(evil, 5);
      const answer = await supervisor.get(`reports/log-book?${period}&format=csv`);
      expect(answer.headers.get('content-disposition')).toContain('palang-pemda-contoh-log-book-');
      const bytes = new Uint8Array(await answer.arrayBuffer());
      expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
      const rows = parse(Buffer.from(bytes), { bom: true, relax_column_count: true });
      expect(rows.flat().filter((cell) => /^[=+\-@]/.test(cell))).toEqual([]);
      expect(rows.flat().some((cell) => cell.includes('HYPERLINK'))).toBe(true);
      const foot = Object.fromEntries(rows.slice(-5).map(([label, value]) => [label, value]));
      const json = await bodyOf<Report>(supervisor.get(`reports/log-book?${period}`));
      expect(foot).toMatchObject({
        'Jumlah baris': '1',
        'SHA-256': expect.stringContaining(json.hash) as unknown,
        'Zona waktu': 'Asia/Jakarta',
      });
    });

    it('SH78: a workbook holds the same rows, as text and numbers', async () => {
      await enter(visitor, 30);
      const answer = await supervisor.get(`reports/log-book?${period}&format=xlsx`);
      const file = Buffer.from(await answer.arrayBuffer());
      const json = await bodyOf<Report>(supervisor.get(`reports/log-book?${period}`));
      const rows = await readSheet(file, 2);
      expect(rows.slice(1).map((row) => row.map((cell) => cell ?? ''))).toEqual(
        json.sections[0]?.rows.map((row) => row.map((cell) => cell ?? '')),
      );
      const frame = (await readSheet(file, 1)).map(([label, value]) => [label, value]);
      expect(frame).toContainEqual(['SHA-256', json.hash]);
      expect(frame).toContainEqual(['Jumlah baris', 1]);
    });

    it('SH77: a PDF in official style has as many pages as it says', async () => {
      await enter(visitor, 30);
      for (let n = 0; n < 60; n += 1) gateway.append({ ty: 'door.forced', door: DOOR, x: {} });
      await gateway.upload(gateway.batch(gateway.entries.length - 60));
      const answer = await supervisor.get(`reports/exceptions?${period}&format=pdf`);
      expect(answer.headers.get('content-type')).toBe('application/pdf');
      const text = Buffer.from(await answer.arrayBuffer()).toString('latin1');
      expect(text.startsWith('%PDF-')).toBe(true);
      expect(text.trimEnd().endsWith('%%EOF')).toBe(true);
      const pages = text.match(/\/Type \/Page\n/g)?.length ?? 0;
      expect(pages).toBeGreaterThan(2);
      expect(text).toContain(`/Count ${pages}`);
      const json = await bodyOf<Report>(supervisor.get(`reports/exceptions?${period}`));
      expect(text).toContain(json.hash);
    });

    it('SH77: the number of a report names its first and its last day at the site', async () => {
      const october = 'from=2026-09-30T17:00:00.000Z&until=2026-10-31T17:00:00.000Z';
      const report = await bodyOf<Report>(supervisor.get(`reports/cards?${october}`));
      expect(report.number).toBe('LAP-RS/cards/2026-10-01/2026-10-31');
    });

    it('W50: a report says roles and flags in the language that was asked for', async () => {
      const rowsIn = async (language: string): Promise<string> => {
        const report = await bodyOf<Report>(
          supervisor.get(`reports/rights-review?${period}&language=${language}`),
        );
        return report.sections.flatMap(({ rows }) => rows.map((row) => row.join(' | '))).join('\n');
      };
      expect(await rowsIn('id')).toMatch(/Pejabat pemberi izin .*Belum pernah ditinjau/);
      expect(await rowsIn('en')).toMatch(/Approving official .*Never reviewed/);
    });

    it('SH79: each download stands in the trail, and a period that ends before it begins is refused', async () => {
      await supervisor.get(`reports/cards?${period}&format=csv`);
      expect(
        await codeOf(supervisor.get(`reports/cards?from=${instant(START)}&until=${instant(START)}`)),
      ).toBe('invalid-input');
      const auditor = await server.signIn('auditor', ['auditor']);
      const { items } = await bodyOf<{ items: unknown[] }>(auditor.get('audit-trail?act=report.downloaded'));
      expect(items).toMatchObject([
        { byName: 'Orang atasan', subject: 'cards', facts: { format: 'csv', rows: 1 } },
      ]);
    });
  });
});
