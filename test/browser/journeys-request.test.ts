import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RequestDetail } from '#contract/api-visit';
import { openTestSite, type TestSite } from '../system/test-site.ts';
import { hasChromium, openApp, openAppAs, openBrowser, PHONE } from './app-browser.ts';

describe.skipIf(!hasChromium)('a request with all that belongs to it', () => {
  let site: TestSite;
  let browser: Browser;

  beforeAll(async () => {
    [site, browser] = await Promise.all([openTestSite(), openBrowser()]);
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  /** The newest request as the server has it. */
  async function newest(): Promise<RequestDetail> {
    const officer = await site.signInAs('officer');
    const list = JSON.parse((await officer.send('GET', '/requests?scope=all')).body.toString()) as {
      items: { id: string }[];
    };
    const answer = await officer.send('GET', `/requests/${list.items[0]?.id ?? ''}`);
    return JSON.parse(answer.body.toString()) as RequestDetail;
  }

  it('W70: a visitor with a laptop is announced on a phone, escorted by who announces them', async () => {
    const app = await openAppAs(browser, site, 'technician', { viewport: PHONE });
    const { page } = app;
    await page.goto('/requests/new');
    await page.getByRole('button', { name: 'Migrasi data', exact: true }).click();
    await page.getByRole('button', { name: 'Lanjut' }).click();
    await page.getByLabel('Jelaskan sehingga').fill('Memindahkan data ke peladen baru.');
    expect(await page.getByRole('button', { name: 'Lanjut' }).isDisabled()).toBe(true);
    await page.getByLabel('Nomor perubahan').fill('CHG-2026-12');
    expect(await page.getByLabel('Pendamping').count()).toBe(0);
    await page.locator('summary', { hasText: 'Untuk siapa' }).click();
    await page.getByRole('button', { name: 'Seorang tamu' }).click();
    await page.getByLabel('Nama tamu').fill('Tono Contoh');
    await page.getByLabel('Instansi atau perusahaan').fill('Universitas Contoh');
    expect(await page.getByLabel('Pendamping').locator('option:checked').innerText()).toContain(
      'saya sendiri',
    );
    await page.locator('summary', { hasText: 'Perangkat yang dibawa' }).click();
    await page.getByRole('button', { name: 'Tambah perangkat' }).click();
    expect(await page.getByLabel('Jenis', { exact: true }).inputValue()).toBe('laptop');
    await page.getByLabel('Merek').fill('Contoh');
    await page.getByLabel('Nomor seri').fill('LP-77');
    await page.getByRole('button', { name: 'Lanjut' }).click();
    await page.locator('summary', { hasText: 'Pemberitahuan' }).waitFor();
    await page.getByLabel('Saya telah membaca').check();
    const [sent] = await Promise.all([
      page.waitForRequest((each) => each.method() === 'POST' && each.url().endsWith('/requests')),
      page.getByRole('button', { name: 'Kirim ke pejabat pemberi izin' }).click(),
    ]);
    await page.getByText('Permohonan terkirim').waitFor();
    const notice = (await (await site.signInAs('technician')).send('GET', '/privacy-notice')).body;
    expect((sent.postDataJSON() as { noticeHash: string }).noticeHash).toBe(
      (JSON.parse(notice.toString()) as { hash: string }).hash,
    );
    const request = await newest();
    expect(request).toMatchObject({
      purpose: 'APP-MIG',
      changeNumber: 'CHG-2026-12',
      subject: { name: 'Tono Contoh', organisation: 'Universitas Contoh' },
      escorts: [{ name: 'Sari Wulandari', state: 'accepted' }],
      equipment: [{ kind: 'laptop', brand: 'Contoh', serial: 'LP-77', movement: 'in', isStorage: false }],
    });
    expect(app.complaints).toEqual([]);
    await app.close();
  });

  it('W71: the same visit is asked for again by its copy, at another time', async () => {
    const before = await newest();
    const app = await openAppAs(browser, site, 'technician', { viewport: PHONE });
    const { page } = app;
    await page.goto('/requests/new');
    await page.getByRole('button', { name: 'Salin kunjungan terakhir saya' }).click();
    await page.getByText('Isian kunjungan terakhir disalin').waitFor();
    await page.getByRole('button', { name: 'Besok' }).click();
    await page.getByRole('button', { name: 'Lanjut' }).click();
    await page.getByLabel('Saya telah membaca').check();
    await page.getByRole('button', { name: 'Kirim ke pejabat pemberi izin' }).click();
    await page.getByText('Permohonan terkirim').waitFor();
    const again = await newest();
    const { purpose, description, changeNumber, subject } = before;
    expect(again).toMatchObject({ purpose, description, changeNumber, subject });
    expect(again.id).not.toBe(before.id);
    expect(Date.parse(again.validFrom)).toBeGreaterThan(Date.parse(before.validFrom));
    expect(again.equipment.map(({ serial }) => serial)).toEqual(['LP-77']);
    expect(app.complaints).toEqual([]);
    await app.close();
  });

  it('W69, W72, W82: cleaning asks for an escort, who is told and agrees on the page of the request', async () => {
    const app = await openAppAs(browser, site, 'technician', { viewport: PHONE });
    const { page } = app;
    await page.goto('/requests/new');
    await page.getByRole('button', { name: 'Kebersihan', exact: true }).click();
    await page.getByText('Paling lama 2 jam').waitFor();
    await page.getByRole('button', { name: 'Lanjut' }).click();
    expect(await page.getByLabel('Nomor perubahan').count()).toBe(0);
    await page.getByLabel('Jelaskan sehingga').fill('Membersihkan lantai panggung.');
    // Nobody escorts themselves.
    expect(await page.getByLabel('Pendamping').locator('option').allInnerTexts()).toEqual([
      'Pilih pendamping',
      'Bagas Pranata',
    ]);
    await page.getByLabel('Pendamping').selectOption({ label: 'Bagas Pranata' });
    await page.getByRole('button', { name: 'Lanjut' }).click();
    await page.getByLabel('Saya telah membaca').check();
    await page.getByRole('button', { name: 'Kirim ke pejabat pemberi izin' }).click();
    await page.getByText('Permohonan terkirim').waitFor();
    const { id } = await newest();
    await app.close();

    const escort = await openApp(browser, site, { viewport: PHONE });
    await escort.page.locator('.demo-accounts button', { hasText: 'Bagas Pranata' }).click();
    await escort.page.locator('.nav').waitFor();
    await escort.page.getByRole('link', { name: 'Saya', exact: true }).first().click();
    await escort.page.getByRole('link', { name: 'Pemberitahuan' }).click();
    await escort.page.getByRole('link', { name: 'Anda diminta mendampingi' }).click();
    await escort.page.waitForURL(`**/requests/${id}`);
    // What was opened is still not read until somebody says so.
    await escort.page.getByText('Anda diminta mendampingi').waitFor();
    await escort.page.getByRole('button', { name: 'Saya mendampingi' }).click();
    await escort.page.getByText('Anda menerima untuk mendampingi.').waitFor();
    expect((await newest()).escorts).toMatchObject([{ name: 'Bagas Pranata', state: 'accepted' }]);
    await escort.page.goto('/notices');
    await escort.page.getByText('belum dibaca').first().waitFor();
    await escort.page.getByRole('button', { name: 'Tandai semua sudah dibaca' }).click();
    await escort.page.getByText('belum dibaca').first().waitFor({ state: 'detached' });
    expect(escort.complaints).toEqual([]);
    await escort.close();
  });
});
