import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RoleName } from '#contract/api';
import { openTestSite, type TestSite } from '../system/test-site.ts';
import { hasChromium, openAppAs, openBrowser, PHONE } from './app-browser.ts';

const MANUAL = fileURLToPath(new URL('../../deploy/manual/', import.meta.url));
const WIDE = { width: 1280, height: 760 };

interface Picture {
  readonly name: string;
  readonly role: RoleName;
  readonly path: string;
  readonly viewport: { readonly width: number; readonly height: number };
}

/** What the manual shows, each once a language. */
const PICTURES: readonly Picture[] = [
  { name: 'technician', role: 'technician', path: '/', viewport: PHONE },
  { name: 'new-request', role: 'technician', path: '/requests/new', viewport: PHONE },
  { name: 'decision', role: 'supervisor', path: '/decide/:waiting', viewport: PHONE },
  { name: 'desk', role: 'officer', path: '/desk', viewport: WIDE },
  { name: 'log', role: 'auditor', path: '/events', viewport: WIDE },
  { name: 'story', role: 'auditor', path: '/requests/:approved/story', viewport: WIDE },
  { name: 'people', role: 'administrator', path: '/people', viewport: WIDE },
  { name: 'rules', role: 'administrator', path: '/rules', viewport: WIDE },
];

/** Width and height of a PNG file, px. @see RFC 2083 section 4.1.1 */
function sizeOf(file: string): readonly [number, number] {
  const bytes = readFileSync(file);
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
}

describe.skipIf(!hasChromium)('pictures of the manual', () => {
  // Asked for by name, they are drawn into the manual itself.
  const isForManual = process.env['PALANG_PICTURES'] === '1';
  let folder: string;
  let site: TestSite;
  let browser: Browser;
  const ids = { waiting: '', approved: '' };

  beforeAll(async () => {
    folder = isForManual ? join(MANUAL, 'pictures') : mkdtempSync(join(tmpdir(), 'palang-pictures-'));
    mkdirSync(folder, { recursive: true });
    [site, browser] = await Promise.all([openTestSite(), openBrowser()]);
    const technician = await site.signInAs('technician');
    const now = Date.now();
    const file = async (purpose: string, description: string): Promise<string> => {
      const filed = await technician.send('POST', '/requests', {
        purpose,
        description,
        doorId: 'ruang-server',
        validFrom: new Date(now).toISOString(),
        validUntil: new Date(now + 2 * 3_600_000).toISOString(),
        submit: true,
      });
      expect(filed.status).toBe(201);
      return (JSON.parse(filed.body.toString()) as { id: string }).id;
    };
    ids.approved = await file('NET-TRB', 'Memeriksa tautan ke gedung B yang terputus.');
    ids.waiting = await file('NET-BKP', 'Mencoba memulihkan cadangan konfigurasi.');
    await (await site.signInAs('supervisor')).send('POST', `/requests/${ids.approved}/approve`, {});
    const since = site.journal.newest();
    for (const { card } of site.demo.cards.slice(-2)) await site.door.presentCard('entry', card);
    await site.recordOf('access.denied', since);
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await site?.close();
    if (!isForManual) rmSync(folder, { recursive: true, force: true });
  });

  const settled = async (page: Page): Promise<void> => {
    await page.locator('h1').first().waitFor();
    await page.locator('.skeleton').first().waitFor({ state: 'detached' });
    await page.evaluate(() => document.fonts.ready.then(() => undefined));
  };

  for (const language of ['id', 'en'] as const) {
    it(`W81: each picture of the manual can be drawn anew, ${language}`, { timeout: 180_000 }, async () => {
      for (const { name, role, path, viewport } of PICTURES) {
        const app = await openAppAs(browser, site, role, { language, viewport });
        await app.page.goto(path.replace(':waiting', ids.waiting).replace(':approved', ids.approved));
        await settled(app.page);
        const drawn = join(folder, `${name}.${language}.png`);
        await app.page.screenshot({ path: drawn });
        expect(app.complaints).toEqual([]);
        expect(sizeOf(join(MANUAL, 'pictures', `${name}.${language}.png`))).toEqual(sizeOf(drawn));
        await app.close();
      }
    });
  }

  it('W81: the page of pictures shows each in both languages, and no other', () => {
    const shown = readFileSync(join(MANUAL, 'app.md'), 'utf8').match(/pictures\/[\w.-]+\.png/g) ?? [];
    const all = PICTURES.flatMap(({ name }) => ['id', 'en'].map((each) => `pictures/${name}.${each}.png`));
    expect(shown.toSorted()).toEqual(all.toSorted());
  });
});
