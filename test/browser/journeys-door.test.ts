import { decodeQR } from 'qr/decode.js';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RoleName } from '#contract/api';
import type { Rules } from '#contract/api-door';
import { waitFor } from '../../deploy/story/wait-for.ts';
import { openTestSite, type TestSite } from '../system/test-site.ts';
import { DESK, hasChromium, openAppAs, openBrowser, PHONE, type AppBrowser } from './app-browser.ts';

const SEEN_MS = 15_000;

/** What a camera sees of the squares of a QR code that is drawn as a path on a grid. */
function decodePath(path: string, size: number): string {
  const scale = 4;
  const side = size * scale;
  const data = new Uint8ClampedArray(side * side * 4).fill(255);
  for (const [, x, y] of path.matchAll(/M(\d+) (\d+)h1v1h-1z/g)) {
    for (let row = 0; row < scale; row++) {
      for (let column = 0; column < scale; column++) {
        const at = ((Number(y) * scale + row) * side + Number(x) * scale + column) * 4;
        data.set([0, 0, 0], at);
      }
    }
  }
  return decodeQR({ width: side, height: side, data });
}

describe.skipIf(!hasChromium)('journeys at the door in Chromium on real processes', () => {
  let site: TestSite;
  let browser: Browser;
  const opened: AppBrowser[] = [];

  beforeAll(async () => {
    [site, browser] = await Promise.all([openTestSite(), openBrowser()]);
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  const as = async (who: RoleName, viewport = PHONE): Promise<AppBrowser> => {
    const app = await openAppAs(browser, site, who, { viewport });
    opened.push(app);
    return app;
  };
  const passwordOf = (role: RoleName): string =>
    site.demo.accounts.find((each) => each.role === role)?.password ?? '';
  const confirm = async (page: Page, role: RoleName): Promise<void> => {
    await page.getByLabel('Kata sandi Anda').fill(passwordOf(role));
    await page.getByRole('button', { name: 'Konfirmasi' }).click();
  };
  /** Orders something from the open page of a door, and waits for the journal of the door to say that it was done. */
  const order = async (
    page: Page,
    act: string,
    reason: string,
    before: () => Promise<void> = () => Promise.resolve(),
  ): Promise<void> => {
    await page.getByRole('button', { name: act, exact: true }).first().click();
    await page.locator('dialog .means').waitFor();
    await before();
    await page.getByLabel(reason, { exact: true }).check();
    await page.locator('dialog').getByRole('button', { name: act, exact: true }).click();
  };
  const done = async (page: Page): Promise<void> => {
    await page.locator('.order-state').getByText('Dilaksanakan').waitFor();
    await page.locator('dialog').getByRole('button', { name: 'Tutup' }).last().click();
    await page.locator('dialog').waitFor({ state: 'detached' });
  };
  /** A visit of the first technician that begins now, approved and known to the gateway. */
  const approvedRequest = async (): Promise<string> => {
    const now = Date.now();
    const filed = await (
      await site.signInAs('technician')
    ).send('POST', '/requests', {
      purpose: 'NET-TRB',
      description: 'Gangguan jaringan.',
      doorId: 'ruang-server',
      validFrom: new Date(now).toISOString(),
      validUntil: new Date(now + 3_600_000).toISOString(),
      submit: true,
    });
    const { id } = JSON.parse(filed.body.toString()) as { id: string };
    const since = site.journal.newest();
    await (await site.signInAs('supervisor')).send('POST', `/requests/${id}/approve`, {});
    await site.recordOf('policy.applied', since);
    return id;
  };
  const readRules = async (): Promise<Rules> => {
    const answer = await (await site.signInAs('administrator')).send('GET', '/rules');
    return JSON.parse(answer.body.toString()) as Rules;
  };

  it('W30, W31, W33: an alarm is acknowledged from its bar with a cause, after a step-up that a wrong password does not pass', async () => {
    const { page } = await as('supervisor');
    await site.door.post('/force', {});
    await page.locator('.alarm-bar').getByText('Pintu dibuka paksa').waitFor();
    await page.getByRole('button', { name: 'Terima', exact: true }).click();
    await page.getByText('Bunyi dan lampu alarm di pintu berhenti.').waitFor();
    const submit = page.locator('dialog').getByRole('button', { name: 'Terima alarm' });
    await submit.click();
    await page.getByText('Pilih alasannya.').waitFor();
    await page.getByLabel('Lainnya', { exact: true }).check();
    await submit.click();
    await page.getByText('Tuliskan alasannya.').waitFor();
    await page.getByLabel('Sudah diperiksa di tempat').check();
    await submit.click();
    await page.getByLabel('Kata sandi Anda').fill('bukan-kata-sandi');
    await page.getByRole('button', { name: 'Konfirmasi' }).click();
    await page.getByText('Kata sandi salah').waitFor();
    const since = site.journal.newest();
    await confirm(page, 'supervisor');
    await done(page);
    const record = await site.recordOf('operator.command', since);
    expect(record.x).toMatchObject({ act: 'alarm-acknowledge', why: 'checked-on-site', m: 'session' });
    await page.locator('.bar-quiet').getByText('Sudah diterima').waitFor();
    expect(await page.getByRole('button', { name: 'Terima', exact: true }).count()).toBe(0);
    await site.door.closeDoor();
    await page.locator('.alarm-bar').waitFor({ state: 'detached' });
  });

  it('W30: whoever does not confirm orders nothing', async () => {
    const { page } = await as('officer');
    const since = site.journal.newest();
    await page.goto('/door');
    await order(page, 'Setel ulang kehadiran', 'Hitungan orang di dalam keliru');
    await page.getByLabel('Kata sandi Anda').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog').getByText('Pastikan dahulu bahwa ini Anda').waitFor();
    const answer = await (await site.signInAs('officer')).send('GET', '/doors/ruang-server/commands');
    const orders = (JSON.parse(answer.body.toString()) as { items: { act: string }[] }).items;
    expect(orders.map(({ act }) => act)).not.toContain('presence-reset');
    expect(site.journal.records().some(({ ty, sq }) => ty === 'presence.reset' && sq > since)).toBe(false);
  });

  it('W33: a single release moves the relay, and its order is followed until the journal says so', async () => {
    const { page } = await as('supervisor', DESK);
    const before = await site.door.releases();
    await page.goto('/door');
    await order(page, 'Lepas kunci sekali', 'Kartu atau pembaca bermasalah', async () => {
      await page.getByText('hanya berlaku 10 detik').waitFor();
    });
    await confirm(page, 'supervisor');
    await done(page);
    await waitFor(
      'the relay to release',
      SEEN_MS,
      async () => (await site.door.releases()) > before || undefined,
    );
    const row = page.locator('.row', { hasText: 'Lepas kunci sekali' }).first();
    await row.getByText('Dilaksanakan').waitFor();
    expect(await row.innerText()).toContain('Kartu atau pembaca bermasalah');
  });

  it('W31, W32: a lockdown stands on everybody’s pages and at the door until a supervisor ends it', async () => {
    await approvedRequest();
    const supervisor = await as('supervisor');
    const technician = await as('technician');
    const officer = await as('officer');
    await officer.page.goto('/door');
    await officer.page.getByRole('button', { name: 'Setel ulang kehadiran' }).waitFor();
    expect(await officer.page.getByRole('button', { name: 'Mulai penutupan total' }).count()).toBe(0);
    await supervisor.page.goto('/door');
    await order(supervisor.page, 'Mulai penutupan total', 'Latihan atau pengujian', async () => {
      await supervisor.page.locator('.exceptions summary').click();
      await supervisor.page.locator('.exceptions').getByText('Bagas Pranata').click();
      await supervisor.page.getByText('1 orang dikecualikan').first().waitFor();
    });
    await confirm(supervisor.page, 'supervisor');
    await done(supervisor.page);
    await technician.page.locator('.alarm-bar').getByText('Penutupan total: Ruang Server').waitFor();
    expect(await technician.page.locator('.alarm-bar').innerText()).toMatch(/Sejak hari ini pukul .* WIB/);
    const since = site.journal.newest();
    await site.door.presentCard('entry', site.demo.cards[0]?.card ?? '');
    expect((await site.recordOf('access.denied', since)).rs).toBe('lockdown');
    await order(supervisor.page, 'Akhiri penutupan total', 'Keadaan sudah pulih');
    await done(supervisor.page);
    for (const { page } of [supervisor, technician, officer]) {
      await page.locator('.alarm-bar').waitFor({ state: 'detached' });
    }
  });

  it('W31, W33: an officer holds the door open for a while, the time that is left stands on the page, and ends it', async () => {
    const { page } = await as('officer');
    await page.goto('/door');
    await order(page, 'Tahan pintu terbuka', 'Pemindahan perangkat', async () => {
      await page.getByRole('button', { name: '5 menit', exact: true }).click();
    });
    const since = site.journal.newest();
    await confirm(page, 'officer');
    await done(page);
    expect((await site.recordOf('hold-open.started', since)).x).toMatchObject({ forMs: 300_000 });
    await page.locator('.bar-quiet').getByText('Ditahan terbuka atas perintah').waitFor();
    expect(await page.locator('.bar-quiet').innerText()).toMatch(/sisa [45] menit/);
    await order(page, 'Akhiri penahanan', 'Keadaan sudah pulih');
    await done(page);
    await page.locator('.bar-quiet').waitFor({ state: 'detached' });
    await order(page, 'Setel ulang kehadiran', 'Hitungan orang di dalam keliru');
    await done(page);
    await site.recordOf('presence.reset', since);
  });

  it('W34: a technician sets a PIN and one for duress; who has no card is told so, and duress is named nowhere else', async () => {
    const { page } = await as('technician');
    await page.goto('/account');
    await page.getByText('Belum ada PIN').waitFor();
    expect(await page.locator('body').innerText()).not.toMatch(/ancaman/i);
    await page.getByRole('button', { name: 'Buat PIN' }).click();
    await page.getByLabel('PIN baru').fill('1234');
    await page.getByLabel('Ulangi PIN').first().fill('1235');
    await page.getByRole('button', { name: 'Simpan PIN' }).click();
    await page.getByText('Kedua isian tidak sama.').waitFor();
    await page.getByLabel('Ulangi PIN').first().fill('1234');
    await page.getByRole('button', { name: 'Simpan PIN' }).click();
    await page.getByText('mudah ditebak').first().waitFor();
    await page.getByLabel('PIN baru').fill('739184');
    await page.getByLabel('Ulangi PIN').first().fill('739184');
    await page.getByText('PIN ancaman (opsional)').click();
    await page.getByLabel('PIN ancaman', { exact: true }).fill('604832');
    await page.getByLabel('Ulangi PIN').last().fill('604832');
    await page.getByRole('button', { name: 'Simpan PIN' }).click();
    await page.getByText('PIN sudah ada').waitFor();
    expect(await page.locator('body').innerText()).not.toMatch(/ancaman/i);
    const supervisor = await as('supervisor');
    await supervisor.page.goto('/account');
    await supervisor.page.getByText('Belum ada kartu').waitFor();
  });

  it('W35, W36: an administrator lets a door take visit codes; a technician’s code reads as its QR code and opens the door once', async () => {
    const administrator = await as('administrator', DESK);
    const admin = administrator.page;
    await admin.goto('/rules');
    await admin.getByRole('button', { name: 'Pada jam tertentu' }).click();
    await admin.getByText('Senin–Jumat 18.00–06.00').waitFor();
    for (const day of ['Senin', 'Selasa', 'Rabu', 'Kamis', 'Jumat']) {
      await admin.getByRole('button', { name: day, exact: true }).click();
    }
    await admin.getByText('Pilih sedikitnya satu hari.').waitFor();
    expect(await admin.getByRole('button', { name: 'Simpan aturan' }).isDisabled()).toBe(true);
    await admin.getByRole('button', { name: 'Tidak pernah' }).click();
    await admin.getByLabel('Terima kode kunjungan').check();
    await admin.getByRole('button', { name: 'Simpan aturan' }).click();
    await admin.getByText('Aturan Ruang Server tersimpan.').waitFor();
    expect((await readRules()).doors['ruang-server']).toEqual({ codes: true });

    const id = await approvedRequest();
    const { page } = await as('technician');
    await page.goto(`/requests/${id}`);
    await page.getByRole('link', { name: 'Kode masuk' }).click();
    const since = site.journal.newest();
    await page.getByRole('button', { name: 'Buat kode' }).click();
    await page.locator('.qr').waitFor();
    const digits = (await page.locator('.code-digits').innerText()).replaceAll(/\D/g, '');
    expect(digits).toMatch(/^\d{8}$/);
    expect(await page.locator('.code-card').innerText()).toMatch(/berakhir dalam \d+ menit/);
    const [size, path] = await page
      .locator('.qr')
      .evaluate(
        (qr) =>
          [
            (qr as SVGSVGElement).viewBox.baseVal.width,
            qr.querySelector('.qr-ink')?.getAttribute('d') ?? '',
          ] as const,
      );
    expect(decodePath(path, size)).toBe(digits);

    await site.recordOf('policy.applied', since);
    const before = await site.door.releases();
    for (const key of [...digits, 'enter']) await site.door.post('/key', { key });
    expect((await site.recordOf('access.granted', since)).x).toBeDefined();
    await waitFor(
      'the relay to release',
      SEEN_MS,
      async () => (await site.door.releases()) > before || undefined,
    );
  });

  it('W37: holidays are imported as not compared, marked, removed, and a removal is undone', async () => {
    const { page } = await as('administrator', DESK);
    await page.goto('/rules/holidays');
    await page.locator('.holiday-row').first().waitFor();
    await page.getByRole('button', { name: 'Impor baris' }).click();
    await page.getByLabel('Dasar').fill('SKB contoh 2028');
    await page.getByLabel('Baris', { exact: true }).fill('2028-08-17; Proklamasi; Independence Day\nsalah');
    await page.getByText('Baris 2 tidak dapat dibaca.').waitFor();
    await page
      .getByLabel('Baris', { exact: true })
      .fill('2028-08-17; Proklamasi; Independence Day\n2028-12-26; Cuti bersama Natal; ; cuti');
    await page.locator('dialog').getByRole('button', { name: 'Impor baris' }).click();
    await page.getByText('2 hari diimpor, belum dicocokkan.').waitFor();
    const of2028 = async () => (await readRules()).holidays.filter(({ day }) => day.startsWith('2028'));
    expect(
      (await of2028()).map(({ isChecked, isCollectiveLeave }) => [isChecked, isCollectiveLeave]),
    ).toEqual([
      [false, false],
      [false, true],
    ]);
    await page.getByRole('button', { name: 'Tandai semua sudah dicocokkan' }).click();
    await page.locator('dialog').getByRole('button', { name: 'Tandai semua sudah dicocokkan' }).click();
    await page.locator('.holiday-row', { hasText: 'Proklamasi' }).getByText('Sudah dicocokkan').waitFor();
    expect((await of2028()).every(({ isChecked }) => isChecked)).toBe(true);
    await page.getByRole('button', { name: 'Ubah: Proklamasi' }).click();
    await page.getByRole('button', { name: 'Hapus', exact: true }).click();
    await page.getByText('Proklamasi dihapus.').waitFor();
    expect(await of2028()).toHaveLength(1);
    await page.getByRole('button', { name: 'Urungkan' }).click();
    await page.locator('.holiday-row', { hasText: 'Proklamasi' }).waitFor();
    expect(await of2028()).toHaveLength(2);
    await page.getByRole('button', { name: 'Tambah hari libur' }).click();
    await page.getByLabel('Tanggal').fill('2028-08-17');
    await page.getByText('Tanggal ini sudah ada dalam daftar.').waitFor();
  });

  it('W38: a gateway says first that it is healthy, then what shows it', async () => {
    const { page } = await as('administrator', DESK);
    await page.goto('/gateways');
    const card = page.locator('.gateway-card', { hasText: 'gw-ruang-server' });
    await card.getByText('Sehat').waitFor();
    const text = await card.innerText();
    for (const wanted of ['baru saja', 'ditandatangani server', 'versi', 'Pembaca masuk tersambung']) {
      expect(text).toContain(wanted);
    }
  });

  it('W40: the auditor reads who changed what, before and after, filtered by act and by day in the address', async () => {
    const admin = await site.signInAs('administrator');
    for (const withinMs of [15_000, 20_000]) {
      await admin.send('PUT', '/doors/ruang-server/rules', { two: { withinMs } });
    }
    const { page } = await as('auditor', DESK);
    await page.goto('/audit-trail');
    await page.getByLabel('Tindakan').selectOption('door-rules.changed');
    await page.waitForURL(/act=door-rules\.changed/);
    const row = page.locator('.trail-row').first();
    await row.getByText('Mengubah aturan pintu').click();
    await row.getByRole('cell', { name: '15000', exact: true }).waitFor();
    expect((await row.getByRole('row').last().innerText()).split(/\s*\t\s*/)).toEqual([
      'two / withinMs',
      '15000',
      '20000',
    ]);
    for (const text of await page.locator('.trail-row').allInnerTexts()) {
      expect(text).toContain('Mengubah aturan pintu');
    }
    await page.reload();
    await page.locator('.trail-row').first().waitFor();
    await page.getByLabel('Sampai').fill('2020-01-01');
    await page.getByText('Tidak ada perubahan yang cocok').waitFor();
    await page.getByRole('button', { name: 'Hapus saringan' }).click();
    await page.locator('.trail-row', { hasText: 'Mengubah aturan pintu' }).first().waitFor();
    expect(page.url()).not.toContain('?');
    expect(await page.locator('body').innerText()).not.toMatch(/739184|604832|duress|ancaman/i);
  });

  it('W21: no page of these journeys broke the content security policy or threw', () => {
    expect(opened.length).toBeGreaterThan(5);
    // A refused PIN and the question for a step-up are answered 4xx, and the browser logs every such answer.
    const unexpected = opened
      .flatMap((app) => app.complaints)
      .filter((text) => !/status of 4(?:03|22)/.test(text));
    expect(unexpected).toEqual([]);
  });
});
