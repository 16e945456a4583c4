import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventSchema, pageOf, requestSchema } from '#contract/api';
import { todaySchema } from '#contract/api-visit';
import { programFile } from '../../deploy/all-in-one/program.ts';
import { claimsText, ordersArrive } from '../../deploy/story/permit-arrival.ts';
import { draftOf } from '../../deploy/story/technicians.ts';
import { waitFor } from '../../deploy/story/wait-for.ts';
import { openTestSite, openWithCard, type TestSite } from '../system/test-site.ts';
import { DESK, hasChromium, openAppAs, openBrowser, PHONE } from './app-browser.ts';

describe.skipIf(!hasChromium)('a visit through desk and decision', () => {
  let site: TestSite;
  let browser: Browser;
  let requestId = '';

  beforeAll(async () => {
    [site, browser] = await Promise.all([openTestSite(), openBrowser()]);
    const administrator = await site.signInAs('administrator');
    await administrator.send('PUT', '/rooms/ruang-server', {
      name: 'Ruang Server 1',
      needsVerification: true,
    });
    // The visitor has no card: the door must take the code that the desk makes.
    await administrator.send('PUT', '/doors/ruang-server/rules', { codes: true });
    const technician = await site.signInAs('technician');
    const me = JSON.parse((await technician.send('GET', '/me')).body.toString()) as { id: string };
    const now = Date.now();
    const filed = await technician.send('POST', '/requests', {
      purpose: 'TUR',
      description: 'Melihat ruang bersama pendamping.',
      doorId: 'ruang-server',
      validFrom: new Date(now).toISOString(),
      validUntil: new Date(now + 3_600_000).toISOString(),
      visitor: { name: 'Tono Contoh', organisation: 'Universitas Contoh', kind: 'guest' },
      escortIds: [me.id],
    });
    const answer = JSON.parse(filed.body.toString()) as { id?: string; code?: string };
    if (answer.id === undefined) throw new Error(`the request was not taken: ${answer.code ?? ''}`);
    requestId = answer.id;
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  it(
    'W67, W65: verified at the desk, approved over what is read, checked in and closed',
    {
      timeout: 120_000,
    },
    async () => {
      const officer = await openAppAs(browser, site, 'officer', { viewport: DESK });
      await officer.page.goto('/desk');
      await officer.page.getByRole('button', { name: 'Verifikasi' }).click();
      await officer.page.getByRole('button', { name: 'Verifikasi' }).waitFor({ state: 'detached' });

      const supervisor = await openAppAs(browser, site, 'supervisor', { viewport: PHONE });
      await supervisor.page.locator('.waiting-card', { hasText: 'Tono Contoh' }).click();
      await supervisor.page.getByText('Setelan lemah').waitFor();
      expect(await supervisor.page.locator('main').innerText()).toContain('Kunjungan pertama');
      await supervisor.page.getByRole('button', { name: 'Setujui' }).click();
      await supervisor.page.locator('.notice.tone-granted').waitFor();

      const { page } = officer;
      await page.getByRole('button', { name: 'Lapor masuk' }).click();
      await page.getByLabel('Empat karakter terakhir').fill('12ab');
      await page.getByLabel('Nomor tanda pengenal').fill('T-07');
      await page.getByLabel('Buatkan kode masuk').check();
      await page.getByLabel('Tata tertib dibacakan').check();
      await page.locator('dialog').getByRole('button', { name: 'Lapor masuk' }).click();
      await page.getByText('Tono Contoh sudah lapor masuk').waitFor();
      expect(await page.locator('.code-digits').innerText()).toMatch(/^\d{8}$/);
      await page.getByRole('button', { name: 'Lapor keluar' }).click();
      // The badge is still out: the visit stays open, and says so.
      await page.getByRole('button', { name: 'Tutup kunjungan' }).click();
      await page.locator('dialog .notice.tone-refused').waitFor();
      await page.getByLabel('Tanda pengenal T-07').check();
      await page.getByRole('button', { name: 'Tutup kunjungan' }).click();
      await page.locator('dialog').waitFor({ state: 'detached' });
      const technician = await site.signInAs('technician');
      const closed = await technician.send('GET', `/requests/${requestId}`);
      expect((JSON.parse(closed.body.toString()) as { state: string }).state).toBe('closed');
      // The close that was refused on purpose is the one thing that the console heard.
      expect([...officer.complaints, ...supervisor.complaints]).toEqual([expect.stringContaining('422')]);
      await officer.close();
      await supervisor.close();
    },
  );

  it(
    'W68: the auditor reads a visit on one page, and this browser proves what the door recorded',
    {
      timeout: 60_000,
    },
    async () => {
      const technician = await site.signInAs('technician');
      const now = Date.now();
      const filed = await technician.send('POST', '/requests', {
        purpose: 'NET-MON',
        description: 'Memeriksa suhu dan lampu perangkat.',
        doorId: 'ruang-server',
        validFrom: new Date(now).toISOString(),
        validUntil: new Date(now + 3_600_000).toISOString(),
      });
      const { id } = JSON.parse(filed.body.toString()) as { id: string };
      await (await site.signInAs('officer')).send('POST', `/requests/${id}/verify`, {});
      const before = site.journal.newest();
      await (await site.signInAs('supervisor')).send('POST', `/requests/${id}/approve`, {});
      const auditor = await openAppAs(browser, site, 'auditor', { viewport: DESK });
      const { page } = auditor;
      await page.goto(`/requests/${id}/story`);
      await page.getByText('Pintu belum mencatat apa pun').waitFor();
      await site.recordOf('policy.applied', before);
      const granted = await openWithCard(site, site.demo.cards[0]?.card ?? '');
      expect(granted.x['approval']).toBe('session');
      await waitFor('the record to be proved', 20_000, async () => {
        await page.reload();
        await page.getByRole('heading', { name: 'Yang dicatat pintu' }).waitFor();
        return (await page.locator('li .chip.tone-granted').count()) > 0 || undefined;
      });
      expect(await page.locator('.notice').first().innerText()).toContain('terverifikasi di peramban ini');
      expect(auditor.complaints).toEqual([]);
      await auditor.close();
    },
  );

  it('W67: the desk does not widen a phone', async () => {
    for (const language of ['id', 'en'] as const) {
      const officer = await openAppAs(browser, site, 'officer', { viewport: PHONE, language });
      await officer.page.goto('/desk');
      await officer.page.locator('.empty, .desk').first().waitFor();
      const width = await officer.page.evaluate(() => document.documentElement.scrollWidth);
      expect(width).toBeLessThanOrEqual(PHONE.width);
      await officer.close();
    }
  });

  it(
    'W74: the officer verifies and checks a visitor in with the keyboard alone',
    { timeout: 90_000 },
    async () => {
      const technician = await site.signInAs('technician');
      const [, escort] = site.technicians;
      const nowMs = Date.now();
      const filed = await technician.post(
        '/requests',
        {
          ...draftOf(nowMs, nowMs + 3_600_000),
          visitor: { name: 'Vira Contoh', organisation: 'PT Contoh', kind: 'vendor' },
          escortIds: [escort.id],
          workOrder: 'SPK/15/2026',
        },
        requestSchema,
      );
      await escort.api.send('POST', `/requests/${filed.id}/escort`, { accepts: true });
      const officer = await openAppAs(browser, site, 'officer', { viewport: DESK });
      const { page } = officer;
      await page.goto('/desk');
      const row = page.locator('.row', { hasText: 'Vira Contoh' });
      await row.waitFor();
      await tabTo(page, /Verifikasi: Vira Contoh/);
      await page.keyboard.press('Enter');
      await row.waitFor({ state: 'detached' });
      await (await site.signInAs('supervisor')).send('POST', `/requests/${filed.id}/approve`, {});
      await row.waitFor();
      await tabTo(page, /Lapor masuk: Vira Contoh/);
      await page.keyboard.press('Enter');
      const sheet = page.locator('dialog[open]');
      await sheet.waitFor();
      // By its first letter, as a list is chosen from without a mouse.
      await tabTo(page, /Jenis identitas/);
      await page.keyboard.press('p');
      await tabTo(page, /Empat karakter terakhir/);
      await page.keyboard.type('77x1');
      await tabTo(page, /Nomor tanda pengenal/);
      await page.keyboard.type('T-09');
      await tabTo(page, /Pendamping yang hadir/);
      await tabTo(page, /Buatkan kode masuk/);
      await page.keyboard.press('Space');
      await tabTo(page, /Tata tertib dibacakan/);
      await page.keyboard.press('Space');
      await tabTo(page, /^ +Lapor masuk$/);
      await page.keyboard.press('Enter');
      await page.getByText('Vira Contoh sudah lapor masuk').waitFor();
      expect(await page.locator('.code-digits').innerText()).toMatch(/^\d{8}$/);
      const today = await (await site.signInAs('officer')).get('/visits/today', todaySchema);
      expect(today.waiting.find(({ requestId: id }) => id === filed.id)).toMatchObject({
        badgeNumber: 'T-09',
        escortName: escort.name,
        identity: { kind: 'passport', lastFour: '77X1' },
      });
      expect(officer.complaints).toEqual([]);
      await officer.close();
    },
  );

  it('W75: a technician files a visit with the keyboard alone', { timeout: 60_000 }, async () => {
    const technician = await openAppAs(browser, site, 'technician', { viewport: DESK });
    const { page } = technician;
    await tabTo(page, /^ +Ajukan kunjungan$/);
    await page.keyboard.press('Enter');
    await tabTo(page, /^ +Pemantauan atau inspeksi rutin$/);
    await page.keyboard.press('Enter');
    await tabTo(page, /^ +Lanjut$/);
    await page.keyboard.press('Enter');
    await tabTo(page, /Jelaskan sehingga/);
    await page.keyboard.type('Memeriksa lampu dan suhu tanpa tetikus.');
    await tabTo(page, /^ +Lanjut$/);
    await page.keyboard.press('Enter');
    await tabTo(page, /Saya telah membaca/);
    await page.keyboard.press('Space');
    await tabTo(page, /Kirim ke pejabat pemberi izin/);
    await page.keyboard.press('Enter');
    await page.getByText('Permohonan terkirim').waitFor();
    const mine = await site.signInAs('technician');
    const { items } = await mine.get('/requests?scope=mine', pageOf(requestSchema));
    const filed = items.find(({ description }) => description.endsWith('tanpa tetikus.'));
    expect([filed?.purpose, filed?.state]).toEqual(['NET-MON', 'submitted']);
    expect(technician.complaints).toEqual([]);
    await technician.close();
  });

  // The last: afterwards no session approves here any more.
  it(
    'W73: an official approves with a passkey that the officials vouch for, and the door takes the permit',
    { timeout: 150_000 },
    async () => {
      // Passkeys are bound to a name, never to an address.
      const url = site.server.url.replace('127.0.0.1', 'localhost');
      const there = { ...site, server: { ...site.server, url } };
      const app = await openAppAs(browser, there, 'supervisor', { viewport: PHONE });
      const { page } = app;
      const session = await app.context.newCDPSession(page);
      await session.send('WebAuthn.enable');
      await session.send('WebAuthn.addVirtualAuthenticator', {
        options: {
          protocol: 'ctap2',
          transport: 'internal',
          hasResidentKey: true,
          hasUserVerification: true,
          isUserVerified: true,
          automaticPresenceSimulation: true,
        },
      });
      await page.goto('/account/security');
      await page.getByRole('button', { name: 'Tambah kunci sandi' }).click();
      const sheet = page.locator('dialog[open]').last();
      await sheet.getByLabel('Nama perangkat').fill('Ponsel dinas');
      await sheet.getByRole('button', { name: 'Tambah kunci sandi' }).click();
      const account = site.demo.accounts.find(({ role }) => role === 'supervisor');
      await page.getByLabel('Kata sandi Anda').fill(account?.password ?? '');
      await page.getByRole('button', { name: 'Konfirmasi' }).click();
      await page.getByText('Kunci sandi ditambahkan').waitFor();
      await page.getByRole('button', { name: 'Entri daftar pemberi izin: Ponsel dinas' }).click();
      const entry = await page.locator('dialog[open] pre').innerText();

      const technician = await site.signInAs('technician');
      const nowMs = Date.now();
      const filed = await technician.post('/requests', draftOf(nowMs, nowMs + 3_600_000), requestSchema);
      await (await site.signInAs('officer')).send('POST', `/requests/${filed.id}/verify`, {});
      publishRoster(entry);
      const supervisor = await site.signInAs('supervisor');
      const approvePath = `/requests/${filed.id}/approve`;
      await waitFor('the roster at the server', 60_000, async () => {
        const asked = await supervisor.send('POST', `/requests/${filed.id}/approval-options`, {});
        return asked.body.toString().includes('"passkey"') || undefined;
      });
      // A session alone, which whoever steals it has as well, approves nothing any more.
      const weak = await supervisor.send('POST', approvePath, {});
      expect([weak.status, weak.body.toString()]).toEqual([403, expect.stringContaining('passkey-required')]);

      await page.goto(`/decide/${filed.id}`);
      await page.getByText('Yang Anda tanda tangani').waitFor();
      expect(await page.getByText('Setelan lemah').count()).toBe(0);
      await page.getByRole('button', { name: 'Setujui' }).click();
      await page.locator('.notice.tone-granted').waitFor();
      const { items } = await technician.get('/requests?scope=mine&limit=100', pageOf(requestSchema));
      const permitId = items.find(({ id }) => id === filed.id)?.permitId ?? '';
      expect(permitId).not.toBe('');
      let claims = '';
      await ordersArrive(site.home.gatewayDir, site.journal, 'the permit', ({ permits }) => {
        const held = permits.map(claimsText).find((text) => text.includes(permitId));
        claims = held ?? claims;
        return held !== undefined;
      });
      const { apr } = JSON.parse(claims) as { apr: { m: string }[] };
      expect(apr.map(({ m }) => m)).toEqual(['passkey']);
      // The gateway names the weaker setting in each entry that rests on it.
      const granted = await openWithCard(site, site.technicians[0].card);
      expect([granted.ty, granted.x['approval']]).toEqual(['access.granted', undefined]);
      const auditor = await site.signInAs('auditor');
      const entered = await waitFor('the entry at the server', 20_000, async () => {
        const events = await auditor.get('/events?type=access.granted', pageOf(eventSchema));
        return events.items.find(({ seq }) => seq === granted.sq);
      });
      expect(entered.requestId).toBe(filed.id);
      expect(app.complaints.filter((each) => !/status of 4\d\d|pubKeyCredParams/.test(each))).toEqual([]);
      await app.close();
    },
  );

  /** What the officials do on the server: the entry into the roster, signed by the one official of this site. */
  function publishRoster(entry: string): void {
    const { path, keysDir } = site.home;
    const [entryFile, proposal] = [join(path, 'entry.json'), join(path, 'proposal.json')];
    writeFileSync(entryFile, entry);
    const palang = (...args: readonly string[]): Buffer =>
      execFileSync(process.execPath, [programFile(), 'root', ...args], {
        env: { ...process.env, PALANG_HOME: path },
        stdio: 'pipe',
      });
    palang('propose', '--add-approver', entryFile, '--weak-approvals', 'off', '--out', proposal);
    palang('sign', proposal, '--key', join(keysDir, 'root-1.pem'));
    palang('publish', proposal);
  }
});

/** Tells what has the focus: its name, its label and what it says. */
const focusedText = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const element = document.activeElement;
    if (element === null || element === document.body) return '';
    const label =
      element.id === '' ? '' : (document.querySelector(`label[for="${element.id}"]`)?.textContent ?? '');
    const own = element.tagName === 'SELECT' ? '' : (element.textContent ?? '');
    return `${element.getAttribute('aria-label') ?? ''} ${label} ${element.closest('label')?.textContent ?? ''} ${own}`;
  });

/** Moves by Tab until what has the focus says this. */
async function tabTo(page: Page, wanted: RegExp): Promise<void> {
  for (let step = 0; step < 80; step++) {
    if (wanted.test(await focusedText(page))) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`the focus never came to ${String(wanted)}`);
}
