import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RoleName } from '#contract/api';
import { waitFor } from '../../deploy/story/wait-for.ts';
import { openTestSite, type TestSite } from '../system/test-site.ts';
import { DESK, hasChromium, openApp, openAppAs, openBrowser, PHONE, type AppBrowser } from './app-browser.ts';

const SEEN_MS = 20_000;
const DAY_MS = 86_400_000;

describe.skipIf(!hasChromium)('journeys at the desk in Chromium on real processes', () => {
  let site: TestSite;
  let browser: Browser;
  let opened: AppBrowser[] = [];

  beforeAll(async () => {
    [site, browser] = await Promise.all([openTestSite(), openBrowser()]);
  }, 180_000);

  afterEach(async () => {
    const complaints = opened.flatMap((app) => app.complaints);
    for (const app of opened) await app.close();
    opened = [];
    // A refusal that a journey provokes is answered 4xx, which the browser logs. Approvers' keys are on P-256 only,
    // of which the browser has its own opinion. Anything else is a fault.
    const faults = complaints.filter((each) => !/status of 4\d\d|pubKeyCredParams/.test(each));
    if (faults.length > 0) throw new Error(`the console complained: ${faults.join(' | ')}`);
  });

  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  const as = async (who: RoleName, viewport = DESK): Promise<Page> => {
    const app = await openAppAs(browser, site, who, { viewport });
    opened.push(app);
    return app.page;
  };
  const accountOf = (role: RoleName) => {
    const account = site.demo.accounts.find((each) => each.role === role);
    if (account === undefined) throw new Error('there is no such demonstration account');
    return account;
  };
  /** Proves again who sits there, where a sheet asks for it. */
  const confirm = async (page: Page, role: RoleName): Promise<void> => {
    await page.getByLabel('Kata sandi Anda').fill(accountOf(role).password);
    await page.getByRole('button', { name: 'Konfirmasi' }).click();
    await page.getByLabel('Kata sandi Anda').waitFor({ state: 'detached' });
  };
  const sheet = (page: Page) => page.locator('dialog[open]').last();
  const newPerson = async (name: string, organisation = 'PT Contoh Jaringan'): Promise<string> => {
    const admin = await site.signInAs('administrator');
    const made = await admin.send('POST', '/people', { name, organisation, roles: [] });
    return (JSON.parse(made.body.toString()) as { id: string }).id;
  };

  it('W47: an import says what would happen before it happens, and nothing while a row is at fault', async () => {
    const page = await as('administrator');
    await page.getByRole('link', { name: 'Impor daftar' }).click();
    const choose = (text: string): Promise<void> =>
      page
        .locator('input[type=file]')
        .setInputFiles({ name: 'daftar.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
    await page.getByRole('heading', { name: 'Impor daftar orang' }).waitFor();
    await choose(
      'NIP,Nama,Instansi,Jenis\nV-71,Rahmat Impor,PT Contoh,orang\nV-72,Wati Impor,PT Contoh,penyedia\n',
    );
    await page.getByText('hal harus diperbaiki dahulu').waitFor();
    const fault = page.locator('table').last().locator('tbody tr').first();
    expect(await fault.innerText()).toMatch(/2\s+Jenis\s+Bukan salah satu pilihan/);
    expect(await page.getByRole('button', { name: /^Simpan/ }).count()).toBe(0);
    await choose(
      'NIP,Nama,Instansi,Jenis,Dasar,Nomor dasar,Berlaku sampai\n' +
        'V-71,Rahmat Impor,PT Contoh,penyedia,kontrak,12/SPK/2026,31/12/2027\n',
    );
    await page.getByText('Berkas dapat disimpan').waitFor();
    await page.goto('/people?q=rahmat');
    await page.getByText('Tidak ada yang cocok').waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'Impor daftar orang' }).waitFor();
    await choose(
      'NIP,Nama,Instansi,Jenis,Dasar,Nomor dasar,Berlaku sampai\nV-71,Rahmat Impor,PT Contoh,penyedia,kontrak,12/SPK/2026,31/12/2027\n',
    );
    await page.getByRole('button', { name: 'Simpan 1 baris' }).click();
    await page.getByText('1 orang baru, 0 diperbarui').waitFor();
  });

  it('W48: somebody is found by a part of the name, and leaving says what ends and how long it took', async () => {
    await newPerson('Joko Berangkat', 'Dinas Contoh');
    const page = await as('administrator');
    await page.getByLabel('Cari nama').fill('berang');
    await page.getByRole('button', { name: 'Cari', exact: true }).click();
    await page.getByRole('link', { name: /Joko Berangkat/ }).click();
    await page.getByRole('button', { name: 'Catat berhenti' }).click();
    await sheet(page).getByText('Semua hak Joko Berangkat berakhir sekarang').waitFor();
    await sheet(page).getByLabel('Alasan').fill('Pensiun');
    await sheet(page).getByRole('button', { name: 'Catat berhenti' }).click();
    await confirm(page, 'administrator');
    await page.getByText('Hak dicabut. Rinciannya').waitFor();
    await page.locator('.page-aside').getByText('Tidak aktif').waitFor();
    const story = page.locator('article', { hasText: 'Pensiun' });
    expect(await story.innerText()).toMatch(/Berhenti .* pukul \d\d\.\d\d WIB/);
    expect(await story.innerText()).toContain('Di pintu');
    await page.getByRole('button', { name: 'Pulihkan' }).waitFor();
  });

  it('W49: a card is enrolled by presenting it, or by its number with all it may stand for, and taken as lost', async () => {
    const personId = await newPerson('Sinta Kartu');
    const page = await as('administrator');
    await page.goto(`/people/${personId}`);
    const since = site.journal.newest();
    await site.door.presentCard('entry', 'em:0A00112233');
    await site.recordOf('access.denied', since);
    await page.getByRole('button', { name: 'Daftarkan kartu' }).click();
    // The journal travels to the server on its own time.
    await waitFor('the server to know the presentation', SEEN_MS, async () => {
      if (await page.getByText('Kartu Sinta Kartu terdaftar').isVisible()) return true;
      const enrol = sheet(page).getByRole('button', { name: 'Daftarkan', exact: true });
      if (await enrol.isVisible()) await enrol.click({ timeout: 1000 }).catch(() => undefined);
      return undefined;
    });
    const cards = page.locator('.block', { hasText: 'Kartu' });
    await cards.getByText('didaftarkan di pembaca').waitFor();

    await page.getByRole('button', { name: 'Daftarkan kartu' }).click();
    await sheet(page).getByRole('button', { name: 'Nomor tercetak' }).click();
    await sheet(page).getByLabel('Nomor pada kartu').fill('em:0A00445566');
    await sheet(page).getByRole('button', { name: 'Periksa nomor' }).click();
    await sheet(page).getByText('Kartu ini dapat tercetak sebagai').waitFor();
    expect(await sheet(page).locator('.card-forms').innerText()).toContain('0004478310');
    await sheet(page).getByLabel('Kartu sementara untuk hari ini').check();
    await sheet(page).getByRole('button', { name: 'Daftarkan', exact: true }).click();
    await page.getByText('kartu sementara, sampai').waitFor();

    await page.getByRole('button', { name: 'Laporkan hilang: didaftarkan di pembaca' }).click();
    await sheet(page).getByLabel('Alasan').fill('Tertinggal di bus');
    await sheet(page).getByRole('button', { name: 'Laporkan hilang' }).click();
    await page.getByText('Kartu dicatat hilang').waitFor();
    await cards
      .locator('.row', { hasText: 'didaftarkan di pembaca' })
      .getByText('Hilang', { exact: true })
      .waitFor();
  });

  it('W46: personal numbers are masked; the whole number comes after a fresh proof, and the page says it is recorded', async () => {
    const personId = await newPerson('Tuti Tersamar');
    await (
      await site.signInAs('administrator')
    ).send('PUT', `/people/${personId}/profile`, {
      kind: 'vendor',
      unit: null,
      position: null,
      employeeNumber: '198501012010011234',
      email: null,
      basis: { kind: 'contract', number: '7/SPK/2026' },
      rightsEndAt: new Date(Date.now() + 30 * DAY_MS).toISOString(),
      identity: { kind: 'ktp', number: '3171234567899876' },
    });
    const page = await as('privacy-officer');
    await page.goto('/privacy/people?q=tuti');
    await page.getByRole('link', { name: /Tuti Tersamar/ }).click();
    await page.getByText('berakhiran 9876').waitFor();
    expect(await page.locator('main').innerText()).not.toContain('19850101');
    await page.getByRole('button', { name: 'Tampilkan nomor lengkap' }).click();
    await confirm(page, 'privacy-officer');
    await page.getByText('3171234567899876').waitFor();
    await page.getByText('hal itu sudah tercatat').waitFor();
    await page.goto('/privacy/views');
    const row = page.locator('tr', { hasText: 'Tuti Tersamar' }).filter({ hasText: 'nomor identitas' });
    await row.waitFor();
    expect(await row.innerText()).toContain(accountOf('privacy-officer').name);
  });

  it('W51: a procedure goes from draft to force, its very text is acknowledged, and who has not is named', async () => {
    const admin = await as('administrator');
    await admin.goto('/sop/pengelolaan-aplikasi/edit');
    await admin.getByLabel('Judul (Indonesia)').fill('Pengelolaan Aplikasi Daerah');
    await admin.getByRole('button', { name: 'Simpan draf' }).click();
    await admin.getByRole('heading', { name: 'Pengelolaan Aplikasi Daerah' }).waitFor();
    await admin.getByRole('button', { name: 'Ajukan untuk ditelaah' }).click();
    await sheet(admin).getByRole('button', { name: 'Ajukan untuk ditelaah' }).click();
    await admin.getByText('Keadaan versi diperbarui').waitFor();

    const supervisor = await as('supervisor');
    await supervisor.goto('/sop/pengelolaan-aplikasi');
    await supervisor.getByRole('button', { name: 'Berlakukan' }).click();
    await sheet(supervisor).getByRole('button', { name: 'Berlakukan' }).click();
    await confirm(supervisor, 'supervisor');
    await supervisor.locator('.page-aside').getByText('Versi 1: Berlaku').waitFor();
    const technicianName = accountOf('technician').name;
    const missing = supervisor.locator('.block', { hasText: 'Belum menyatakan memahami' });
    await missing.getByText(technicianName).waitFor();

    const technician = await as('technician', PHONE);
    await technician.getByRole('link', { name: 'SOP', exact: true }).click();
    await technician.getByRole('link', { name: /Pengelolaan Aplikasi Daerah/ }).click();
    await technician.getByLabel('Saya telah membaca dan memahami').check();
    await technician.getByRole('button', { name: 'Nyatakan memahami SOP' }).click();
    await technician.getByText('Pernyataan Anda tercatat').waitFor();
    await supervisor.reload();
    await supervisor.getByRole('heading', { name: /Belum menyatakan memahami/ }).waitFor();
    await missing.locator('.skeleton').waitFor({ state: 'detached' });
    expect(await missing.innerText()).not.toContain(technicianName);
  });

  it('W52: a review asks for a decision with its reason about everybody but oneself, and shows how fast it went', async () => {
    const page = await as('supervisor');
    await page.goto('/reviews');
    await page.getByRole('button', { name: 'Mulai tinjauan' }).click();
    await sheet(page).getByLabel('Judul').fill('Tinjauan percobaan');
    await sheet(page).getByRole('button', { name: 'Mulai tinjauan' }).click();
    await page.getByRole('heading', { name: 'Tinjauan percobaan' }).waitFor();
    const own = accountOf('supervisor').name;
    expect(await page.getByRole('button', { name: `Putuskan: ${own}` }).count()).toBe(0);
    const first = page.getByRole('button', { name: /^Putuskan: / }).first();
    const name = (await first.getAttribute('aria-label'))?.replace('Putuskan: ', '') ?? '';
    await first.click();
    expect(await sheet(page).getByRole('button', { name: 'Putuskan' }).isDisabled()).toBe(true);
    await sheet(page)
      .getByRole('radio', { name: /^Tetap/ })
      .check();
    await sheet(page).getByRole('button', { name: 'Masih diperlukan untuk tugasnya.' }).click();
    await sheet(page).getByRole('button', { name: 'Tetap', exact: true }).click();
    await page.getByText('Keputusan tercatat').waitFor();
    await page.locator('article', { hasText: name }).getByText('Tetap', { exact: true }).waitFor();
    const pace = page.locator('.block', { hasText: 'Kecepatan memutuskan' });
    expect(await pace.innerText()).toContain(own);
  });

  it('W53: the review of a month is signed after a fresh proof, with where each log stood', async () => {
    const page = await as('supervisor');
    await page.goto('/reviews/log');
    await page.getByRole('button', { name: 'Tandatangani tinjauan' }).click();
    await sheet(page).getByLabel('Temuan').fill('Semua kunjungan sesuai izin.');
    await sheet(page).getByRole('button', { name: 'Tandatangani tinjauan' }).click();
    await confirm(page, 'supervisor');
    await page.getByText('Tinjauan ditandatangani').waitFor();
    const review = page.locator('article', { hasText: 'Semua kunjungan sesuai izin.' });
    await review.getByText('Kedudukan catatan').click();
    await review.getByText('Sidik dokumen').waitFor();
    expect(await review.locator('.hash').last().innerText()).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  it('W50: an auditor looks at a report, takes it along in three forms, and every one is recorded', async () => {
    const page = await as('auditor');
    await page.getByRole('link', { name: 'Laporan' }).click();
    await page.getByLabel('Masa').selectOption('year');
    expect(page.url()).toContain('p=year');
    for (const [format, start] of [
      ['CSV', '\uFEFF'],
      ['XLSX', 'PK'],
      ['PDF', '%PDF'],
    ] as const) {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: `Unduh Kartu akses sebagai ${format}` }).click(),
      ]);
      const chunks: Buffer[] = [];
      for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
      expect(Buffer.concat(chunks).toString('utf8').slice(0, start.length)).toBe(start);
      expect(download.suggestedFilename()).toMatch(new RegExp(`cards-.*\\.${format.toLowerCase()}$`));
    }
    await page.getByRole('link', { name: 'Kartu akses', exact: true }).click();
    await page.getByRole('heading', { name: 'Kartu akses', exact: true }).waitFor();
    await page.getByText('Sidik isi').waitFor();
    await page.goto('/audit-trail');
    await page.locator('.trail-row').first().waitFor();
    expect(await page.locator('.trail-row', { hasText: 'cards' }).count()).toBeGreaterThanOrEqual(4);
  });

  it('W54: an erasure is filed, approved by one and carried out by another, and leaves a record without a name', async () => {
    const name = 'Umar Dihapus';
    await newPerson(name);
    const officer = await as('privacy-officer');
    await officer.getByRole('button', { name: 'Catat permintaan' }).click();
    await sheet(officer).getByLabel('Cari nama').fill('umar');
    await sheet(officer).getByRole('button', { name: 'Cari', exact: true }).click();
    await sheet(officer)
      .getByLabel('Atas nama')
      .selectOption({ label: `${name}, PT Contoh Jaringan` });
    await sheet(officer)
      .getByRole('radio', { name: /Penghapusan/ })
      .check();
    await sheet(officer).getByLabel('Uraian').fill('Mohon data saya dihapus.');
    await sheet(officer).getByRole('button', { name: 'Catat permintaan' }).click();
    await officer.getByText('Permintaan tercatat').waitFor();
    const card = (page: Page) => page.locator('article', { hasText: name });
    expect(await card(officer).getByRole('button', { name: 'Laksanakan' }).count()).toBe(0);

    const supervisor = await as('supervisor', PHONE);
    await supervisor.goto('/privacy');
    await card(supervisor).getByRole('button', { name: 'Setujui penghapusan' }).click();
    await sheet(supervisor).getByText('Orang lain yang melaksanakannya').waitFor();
    await sheet(supervisor).getByRole('button', { name: 'Setujui penghapusan' }).click();
    await confirm(supervisor, 'supervisor');
    await card(supervisor).getByText('Disetujui, menunggu pelaksanaan').waitFor();

    await officer.reload();
    await card(officer).getByRole('button', { name: 'Laksanakan' }).click();
    await sheet(officer).getByLabel('Jawaban untuk subjek data').fill('Data Anda telah dihapus.');
    await sheet(officer).getByRole('button', { name: 'Laksanakan' }).click();
    await confirm(officer, 'privacy-officer');
    await officer.getByText('Permintaan diperbarui').waitFor();
    expect(await officer.locator('main').innerText()).not.toContain(name);
    await officer.getByRole('link', { name: 'Retensi' }).click();
    await officer.getByText('Atas permintaan').waitFor();
    expect(await officer.locator('main').innerText()).not.toContain(name);
  });

  it('W55: everybody reads the notice, takes their own copy along and asks for a correction', async () => {
    const page = await as('technician', PHONE);
    await page.getByRole('link', { name: 'Saya', exact: true }).click();
    await page.getByRole('link', { name: /Data saya/ }).click();
    await page.getByText('PEMBERITAHUAN PELINDUNGAN DATA PRIBADI').waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Unduh salinan' }).click(),
    ]);
    expect(await download.failure()).toBeNull();
    await page.getByRole('button', { name: 'Ajukan permintaan' }).click();
    await sheet(page)
      .getByRole('radio', { name: /Pembetulan/ })
      .check();
    await sheet(page).getByLabel('Uraian').fill('Saya keluar pukul 15.00, bukan 16.00.');
    expect(await sheet(page).getByRole('button', { name: 'Kirim permintaan' }).isDisabled()).toBe(true);
    await sheet(page).getByLabel('Mengenai catatan').fill('gw-ruang-server/1/12');
    await sheet(page).getByRole('button', { name: 'Kirim permintaan' }).click();
    await page.getByText('Permintaan terkirim').waitFor();
    const mine = page.locator('article', { hasText: 'Saya keluar pukul 15.00' });
    expect(await mine.innerText()).toContain('Dijawab paling lambat');
  });

  it('W56: retention is changed and data is held after a fresh proof, each with what it means', async () => {
    const personId = await newPerson('Vina Ditahan');
    const page = await as('privacy-officer');
    await page.goto('/privacy/retention');
    await page.getByRole('button', { name: 'Ubah: Data tamu' }).click();
    await sheet(page).getByText('Lebih pendek berarti').waitFor();
    await sheet(page).getByLabel('Disimpan (hari)').fill('730');
    await sheet(page).getByLabel('Kode JRA').fill('KU.03.2');
    await sheet(page).getByRole('button', { name: 'Simpan' }).click();
    await confirm(page, 'privacy-officer');
    await page.getByText('2 tahun (730 hari)').waitFor();
    await page.goto(`/people/${personId}`);
    await page.getByRole('button', { name: 'Tahan data' }).click();
    await sheet(page).getByLabel('Alasan').fill('Perkara nomor 5/2026');
    await sheet(page).getByRole('button', { name: 'Tahan data' }).click();
    await page.getByText('Ditahan untuk alasan hukum').waitFor();
    await page.getByText('Perkara nomor 5/2026').waitFor();
    expect(await page.getByRole('button', { name: 'Akhiri penahanan' }).isVisible()).toBe(true);
  });

  it('W57: a passkey is made, signs in without a password, and proves again who is there', async () => {
    // Passkeys are bound to a name, never to an address.
    const url = site.server.url.replace('127.0.0.1', 'localhost');
    const app = await openAppAs(browser, { ...site, server: { ...site.server, url } }, 'supervisor', {
      viewport: PHONE,
    });
    opened.push(app);
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
    await sheet(page).getByLabel('Nama perangkat').fill('Ponsel dinas');
    await sheet(page).getByRole('button', { name: 'Tambah kunci sandi' }).click();
    await confirm(page, 'supervisor');
    await page.getByText('Kunci sandi ditambahkan').waitFor();
    await page.getByRole('button', { name: 'Entri daftar pemberi izin: Ponsel dinas' }).click();
    expect(await sheet(page).locator('pre').innerText()).toContain('"cid"');
    await page.keyboard.press('Escape');

    await page.goto('/account');
    await page.getByRole('button', { name: 'Keluar', exact: true }).click();
    await page.getByRole('button', { name: 'Masuk dengan kunci sandi' }).click();
    await page.locator('.nav').waitFor();

    await page.goto('/reviews/log');
    await page.getByRole('button', { name: 'Tandatangani tinjauan' }).click();
    await sheet(page).getByLabel('Bulan').fill('2026-01');
    await sheet(page).getByLabel('Temuan').fill('Dibaca dan ditandatangani dengan kunci sandi.');
    await sheet(page).getByRole('button', { name: 'Tandatangani tinjauan' }).click();
    await page.getByRole('button', { name: 'Konfirmasi dengan kunci sandi' }).click();
    await page.getByText('Tinjauan ditandatangani').waitFor();
    const review = page.locator('article', { hasText: 'dengan kunci sandi' });
    await review.first().waitFor();
  });

  it('W58: what became of single sign-on is said in words, and who was unknown there confirms it after signing in', async () => {
    const app = await openApp(browser, site);
    opened.push(app);
    const { page } = app;
    await page.goto('/masuk?sso=failed');
    await page.getByText('Masuk dengan akun instansi tidak berhasil').waitFor();
    await page.goto('/masuk?sso=unavailable');
    await page.getByText('Penyedia akun instansi tidak menjawab').waitFor();
    await page.goto('/masuk?sso=unlinked');
    await page.getByText('Akun instansi Anda belum dihubungkan').waitFor();
    const { username, password } = accountOf('technician');
    await page.getByLabel('Nama pengguna').fill(username);
    await page.getByLabel('Kata sandi', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Masuk', exact: true }).click();
    await page.getByText('Hubungkan akun instansi?').waitFor();
    await page.getByRole('button', { name: 'Ya, itu akun saya' }).click();
    await confirm(page, 'technician');
    // Nobody came back from an issuer here: the server says so, and nothing is linked.
    await page.locator('.notice.tone-refused').waitFor();
    expect(await page.getByText('Akun instansi dihubungkan').count()).toBe(0);
  });

  it('W59: sessions are told in words, and any other is ended at once', async () => {
    const page = await as('officer');
    const other = await as('officer', PHONE);
    await page.goto('/account/security');
    await page.getByText('Sesi ini').waitFor();
    const sessions = page.locator('.block', { hasText: 'Akhiri semua sesi lain' });
    expect(await sessions.innerText()).toContain('Chrome, Linux');
    await page.getByRole('button', { name: 'Akhiri semua sesi lain' }).click();
    await page.getByText('Sesi diakhiri.').waitFor();
    await other.goto('/account');
    await other.getByLabel('Nama pengguna').waitFor();
  });

  it('W63: the one-time code of an administrator becomes a password with which somebody signs in', async () => {
    const admin = await site.signInAs('administrator');
    const made = await admin.send('POST', '/people', {
      name: 'Zaki Lupa',
      organisation: 'Dinas Contoh',
      username: 'zaki.lupa',
      password: 'kuda baterai pena biru',
      roles: ['technician'],
    });
    const { id } = JSON.parse(made.body.toString()) as { id: string };
    const page = await as('administrator');
    await page.goto(`/people/${id}`);
    await page.getByRole('button', { name: 'Setel ulang kata sandi' }).click();
    await sheet(page).getByRole('button', { name: 'Setel ulang kata sandi' }).click();
    await confirm(page, 'administrator');
    const code = await sheet(page).locator('pre').innerText();

    const app = await openApp(browser, site, { viewport: PHONE });
    opened.push(app);
    await app.page.getByRole('button', { name: 'Saya punya kode' }).click();
    await sheet(app.page).getByLabel('Kode dari administrator').fill(code);
    await sheet(app.page).getByLabel('Kata sandi baru', { exact: true }).fill('lampu gunung kertas 71');
    await sheet(app.page).getByLabel('Ulangi kata sandi baru').fill('lampu gunung kertas 7');
    await sheet(app.page).getByText('Tidak sama dengan yang pertama').waitFor();
    await sheet(app.page).getByLabel('Ulangi kata sandi baru').fill('lampu gunung kertas 71');
    await sheet(app.page).getByRole('button', { name: 'Simpan kata sandi' }).click();
    await app.page.getByText('Kata sandi baru tersimpan').waitFor();
    await app.page.getByLabel('Nama pengguna').fill('zaki.lupa');
    await app.page.getByLabel('Kata sandi', { exact: true }).fill('lampu gunung kertas 71');
    await app.page.getByRole('button', { name: 'Masuk', exact: true }).click();
    await app.page.locator('.nav').waitFor();
    expect(await app.page.locator('h1').innerText()).toBe('Beranda');
  });

  it('W64: every setting of the server is explained, with its value and its variable', async () => {
    const page = await as('administrator');
    await page.getByRole('link', { name: 'Pengaturan' }).click();
    const zone = page.locator('.row', { hasText: 'Zona waktu' });
    await zone.waitFor();
    expect(await zone.innerText()).toMatch(/PALANG_TIME_ZONE\s+Asia\/Jakarta/);
    // A name that nobody explained would stand there as the program calls it.
    for (const name of await page.locator('.row .strong').allInnerTexts()) {
      expect(name).toMatch(/^[A-Z][a-z]/);
    }
  });

  it('W60: the page of keys says how trust stands, and each ceremony has the commands that carry it out', async () => {
    const page = await as('administrator');
    await page.getByRole('link', { name: 'Kunci' }).click();
    await page.getByText('Satu pejabat saja').waitFor();
    expect(await page.locator('.facts').innerText()).toMatch(/[0-9a-f]{4}( [0-9a-f]{4}){4}/);
    const ceremony = page.locator('.ceremony', { hasText: 'tiga pejabat' });
    await ceremony.getByText('Belum').waitFor();
    await ceremony.locator('summary').click();
    await ceremony.getByText('palang root propose --keys').waitFor();
    await ceremony.getByText('palang root publish root-2.json').waitFor();
  });

  it('W61: zones, rooms, doors, purposes and maintenance are set up, and what is set stands in the lists', async () => {
    const page = await as('administrator');
    await page.getByRole('link', { name: 'Ruang', exact: true }).click();
    await page.getByRole('button', { name: 'Tambah zona' }).click();
    await sheet(page).getByLabel('Nama singkat').fill('zona-inti');
    await sheet(page).getByLabel('Nama', { exact: true }).fill('Zona inti');
    await sheet(page).getByLabel('Kelas zona').selectOption('exclusion');
    await sheet(page).getByRole('button', { name: 'Simpan' }).click();
    await page.getByText('Zona inti disimpan').waitFor();
    await page.getByRole('button', { name: 'Tambah ruang' }).click();
    await sheet(page).getByLabel('Nama singkat').fill('ruang-baterai');
    await sheet(page).getByLabel('Nama', { exact: true }).fill('Ruang baterai');
    await sheet(page).getByLabel('Zona').selectOption({ label: 'Zona inti' });
    await sheet(page).getByLabel('Dua pejabat menyetujui').check();
    await sheet(page).getByRole('button', { name: 'Simpan' }).click();
    await page.getByText('Ruang baterai disimpan').waitFor();
    await page.getByRole('button', { name: 'Tambah pintu' }).click();
    await sheet(page).getByLabel('Nama singkat').fill('pintu-baterai');
    await sheet(page).getByLabel('Nama', { exact: true }).fill('Pintu baterai');
    await sheet(page).getByLabel('Ruang', { exact: true }).selectOption({ label: 'Ruang baterai' });
    await sheet(page).getByRole('button', { name: 'Simpan' }).click();
    await page.getByText('Ruang baterai · Gerbang: belum ada gerbang').waitFor();

    await page.getByRole('link', { name: 'Keperluan' }).click();
    await page.getByRole('button', { name: 'Ubah: Kunjungan' }).click();
    await sheet(page).getByLabel('Paling lama (jam)').fill('3');
    await sheet(page).getByRole('button', { name: 'Simpan' }).click();
    await page.locator('.row', { hasText: 'Kunjungan' }).getByText('paling lama 3 jam').waitFor();

    await page.getByRole('link', { name: 'Pemeliharaan' }).click();
    await page.getByRole('button', { name: 'Umumkan pemeliharaan' }).click();
    await sheet(page).getByLabel('Nama', { exact: true }).fill('Uji genset');
    await sheet(page).getByRole('button', { name: 'Umumkan pemeliharaan' }).click();
    await page
      .locator('.row', { hasText: 'Uji genset' })
      .getByText(/Besok pukul 20\.00/)
      .waitFor();
    await page.getByRole('button', { name: 'Batalkan: Uji genset' }).click();
    await sheet(page).getByRole('button', { name: 'Batalkan: Uji genset' }).click();
    await page.getByText('Jendela pemeliharaan dibatalkan').waitFor();
    await page.getByRole('button', { name: 'Batalkan: Uji genset' }).waitFor({ state: 'detached' });
    expect(await page.getByRole('button', { name: /^Batalkan/ }).count()).toBe(0);
  });

  /** Moves by Tab until what has the focus says this. */
  const tabTo = async (page: Page, wanted: RegExp): Promise<void> => {
    const focused = (): Promise<string> =>
      page.evaluate(() => {
        const element = document.activeElement;
        if (element === null || element === document.body) return '';
        const label =
          element.id === '' ? '' : (document.querySelector(`label[for="${element.id}"]`)?.textContent ?? '');
        return `${element.getAttribute('aria-label') ?? ''} ${label} ${element.closest('label')?.textContent ?? ''} ${element.textContent ?? ''}`;
      });
    for (let step = 0; step < 80; step++) {
      if (wanted.test(await focused())) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`the focus never came to ${String(wanted)}`);
  };

  it('W62: an administrator enters a person and finds them again with the keyboard alone', async () => {
    const page = await as('administrator');
    await page.getByRole('heading', { name: 'Orang' }).waitFor();
    await tabTo(page, /Tambah orang/);
    await page.keyboard.press('Enter');
    await sheet(page).waitFor();
    await tabTo(page, /Nama lengkap/);
    await page.keyboard.type('Xena Papan Ketik');
    await tabTo(page, /Instansi/);
    await page.keyboard.type('Dinas Contoh');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Xena Papan Ketik' }).waitFor();
    await page.goto('/people');
    await page.getByRole('heading', { name: 'Orang' }).waitFor();
    await tabTo(page, /Cari nama/);
    await page.keyboard.type('papan');
    await page.keyboard.press('Enter');
    await page.locator('.row', { hasText: 'Xena' }).waitFor();
    await tabTo(page, /Xena Papan Ketik/);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Xena Papan Ketik' }).waitFor();
    expect(await page.locator('main').innerText()).toContain('Dinas Contoh');
  });

  it('W62: an auditor opens a report and a data-protection officer refuses a request with the keyboard alone', async () => {
    const personId = await newPerson('Yanti Permintaan');
    const pdp = await site.signInAs('privacy-officer');
    await pdp.send('POST', '/privacy-requests', {
      kind: 'restriction',
      personId,
      details: 'Samarkan nama saya.',
    });
    const auditor = await as('auditor');
    await tabTo(auditor, /Laporan/);
    await auditor.keyboard.press('Enter');
    await auditor.getByRole('heading', { name: 'Laporan', exact: true }).waitFor();
    await tabTo(auditor, /^ {2,}Buku log$/);
    await auditor.keyboard.press('Enter');
    await auditor.getByText('Sidik isi').waitFor();

    const officer = await as('privacy-officer');
    await officer.locator('article', { hasText: 'Yanti Permintaan' }).waitFor();
    await tabTo(officer, /Yanti Permintaan/);
    await tabTo(officer, /Tolak/);
    await officer.keyboard.press('Enter');
    await tabTo(officer, /Aturan dan alasan/);
    await officer.keyboard.type('Pasal 15 UU 27/2022.');
    await tabTo(officer, /^ +Tolak/);
    await officer.keyboard.press('Enter');
    await officer.getByText('Permintaan diperbarui').waitFor();
    const answered = officer.locator('article', { hasText: 'Yanti Permintaan' });
    expect(await answered.innerText()).toContain('Ditolak');
    expect(await answered.innerText()).toContain('Pasal 15 UU 27/2022.');
  });
});
