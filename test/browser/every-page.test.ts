import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { createServer } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RoleName } from '#contract/api';
import { openTestSite, type TestSite } from '../system/test-site.ts';
import { DESK, hasChromium, openApp, openAppAs, openBrowser, PHONE } from './app-browser.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const PAGES: Readonly<Record<RoleName, readonly string[]>> = {
  technician: [
    '/',
    '/requests/new',
    '/requests/:id',
    '/requests/:id/code',
    '/door',
    '/virtual-door',
    '/account',
    '/account/security',
    '/account/data',
    '/notices',
    '/sop',
    '/sop/akses-ruang-server',
    '/nowhere',
  ],
  supervisor: [
    '/',
    '/decide/:id',
    '/inside',
    '/decided',
    '/door',
    '/account',
    '/reviews',
    '/reviews/:review',
    '/reviews/log',
    '/reports',
    '/privacy',
    '/masuk?sso=unlinked',
  ],
  officer: ['/', '/desk', '/inside', '/door', '/people', '/cards', '/places/maintenance'],
  auditor: [
    '/events',
    '/events?event=:event',
    '/requests/:id/story',
    '/figures',
    '/evidence',
    '/audit-trail',
    '/reviews/:review',
    '/reviews/signals',
    '/reviews/log',
    '/reports',
    '/reports/rights-review?p=year',
    '/privacy',
    '/privacy/views',
    '/people/:person',
    '/keys',
  ],
  administrator: [
    '/people',
    '/people?q=a',
    '/people/import',
    '/people/:person',
    '/cards',
    '/gateways',
    '/rules',
    '/rules/holidays',
    '/places',
    '/places/purposes',
    '/places/maintenance',
    '/keys',
    '/sop',
    '/sop/new',
    '/sop/akses-ruang-server',
    '/sop/akses-ruang-server/edit',
    '/reviews',
    '/settings',
  ],
  'privacy-officer': [
    '/privacy',
    '/privacy/people',
    '/privacy/retention',
    '/privacy/views',
    '/people/:person',
    '/account',
  ],
};

interface Axe {
  run(options: unknown): Promise<{
    violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[];
  }>;
}

async function findingsOf(page: Page): Promise<string[]> {
  // Evaluated, not inserted as a script: the content security policy stays as it is.
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: Axe };
    const { violations } = await axe.run({ resultTypes: ['violations'] });
    return violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map((node) => `${node.html.slice(0, 160)} (${node.failureSummary ?? ''})`).join(' | ')}`,
    );
  });
}

describe.skipIf(!hasChromium)('every page in Chromium', () => {
  let site: TestSite;
  let browser: Browser;
  let requestId = '';
  let waitingId = '';
  let eventId = '';
  let personId = '';
  let reviewId = '';

  beforeAll(async () => {
    [site, browser] = await Promise.all([openTestSite(), openBrowser()]);
    const technician = await site.signInAs('technician');
    const now = Date.now();
    const file = async (purpose: string): Promise<string> => {
      const filed = await technician.send('POST', '/requests', {
        purpose,
        description: 'Pekerjaan contoh untuk melihat setiap halaman.',
        doorId: 'ruang-server',
        validFrom: new Date(now).toISOString(),
        validUntil: new Date(now + 3_600_000).toISOString(),
        submit: true,
      });
      return (JSON.parse(filed.body.toString()) as { id: string }).id;
    };
    const since = site.journal.newest();
    await site.door.presentCard('entry', site.demo.cards[0]?.card ?? '');
    await site.recordOf('access.denied', since);
    // Of a purpose that one person may enter for alone.
    requestId = await file('NET-TRB');
    waitingId = await file('NET-BKP');
    await (await site.signInAs('supervisor')).send('POST', `/requests/${requestId}/approve`, {});
    const auditor = await site.signInAs('auditor');
    const listed = await auditor.send('GET', '/events?type=access.denied');
    eventId = (JSON.parse(listed.body.toString()) as { items: { id: string }[] }).items[0]?.id ?? '';
    personId = (JSON.parse((await technician.send('GET', '/me')).body.toString()) as { id: string }).id;
    await technician.send('POST', '/privacy-requests', { kind: 'erasure', details: 'Mohon dihapus.' });
    const opened = await (
      await site.signInAs('supervisor')
    ).send('POST', '/reviews', {
      title: 'Tinjauan contoh',
      scope: {},
      deadlineAt: new Date(now + 864_000_000).toISOString(),
    });
    reviewId = (JSON.parse(opened.body.toString()) as { id: string }).id;
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  const addressOf = (path: string): string =>
    path
      .replace('/requests/:id', `/requests/${requestId}`)
      .replace('/decide/:id', `/decide/${waitingId}`)
      .replace(':event', encodeURIComponent(eventId))
      .replace(':person', personId)
      .replace(':review', reviewId);

  const settled = async (page: Page): Promise<void> => {
    await page.locator('h1').first().waitFor();
    await page.locator('.skeleton').first().waitFor({ state: 'detached' });
  };

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`W8: axe finds nothing on any page, ${colorScheme}`, { timeout: 180_000 }, async () => {
      const nobody = await openApp(browser, site, { colorScheme });
      await nobody.page.locator('.demo-accounts').waitFor();
      const findings = (await findingsOf(nobody.page)).map((each) => `sign-in: ${each}`);
      await nobody.close();
      for (const role of Object.keys(PAGES) as RoleName[]) {
        const viewport = role === 'auditor' || role === 'administrator' ? DESK : PHONE;
        const language = colorScheme === 'dark' ? 'en' : 'id';
        const app = await openAppAs(browser, site, role, { colorScheme, viewport, language });
        for (const path of PAGES[role]) {
          await app.page.goto(addressOf(path));
          await settled(app.page);
          findings.push(...(await findingsOf(app.page)).map((each) => `${role} ${path}: ${each}`));
        }
        expect(app.complaints).toEqual([]);
        await app.close();
      }
      expect([...new Set(findings)]).toEqual([]);
    });
  }

  it('W8: axe finds nothing on the design sheet, in both themes', { timeout: 120_000 }, async () => {
    const server = await createServer({
      configFile: fileURLToPath(new URL('../../web/vite.config.ts', import.meta.url)),
      server: { port: 0, host: '127.0.0.1' },
      logLevel: 'error',
    });
    await server.listen();
    try {
      const findings: string[] = [];
      for (const colorScheme of ['light', 'dark'] as const) {
        const page = await browser.newPage({ colorScheme, viewport: DESK, reducedMotion: 'reduce' });
        await page.goto(`${server.resolvedUrls?.local[0] ?? ''}design`);
        await page.getByRole('heading', { name: 'Door', exact: true }).waitFor({ timeout: 60_000 });
        findings.push(...(await findingsOf(page)).map((each) => `${colorScheme}: ${each}`));
        await page.close();
      }
      expect(findings).toEqual([]);
    } finally {
      await server.close();
    }
  });

  it('W20: no page widens a screen of 360 px', { timeout: 120_000 }, async () => {
    const wide: string[] = [];
    for (const language of ['id', 'en'] as const) {
      for (const role of Object.keys(PAGES) as RoleName[]) {
        const app = await openAppAs(browser, site, role, { viewport: PHONE, language });
        for (const path of PAGES[role]) {
          await app.page.goto(addressOf(path));
          await settled(app.page);
          const width = await app.page.evaluate(() => document.documentElement.scrollWidth);
          if (width > PHONE.width) wide.push(`${language} ${role} ${path}: ${width}`);
        }
        await app.close();
      }
    }
    expect(wide).toEqual([]);
  });

  it('W20: thirty events stand on a desk', async () => {
    for (let seen = 0; seen < 8; seen++) {
      const since = site.journal.newest();
      await site.door.presentCard('entry', site.demo.cards[0]?.card ?? '');
      await site.recordOf('lock.secured', since);
    }
    const app = await openAppAs(browser, site, 'auditor', { viewport: DESK });
    await app.page.locator('.log-table tbody tr').nth(29).waitFor();
    const box = await app.page.locator('.log-table tbody tr').nth(29).boundingBox();
    expect((box?.y ?? DESK.height) + (box?.height ?? 0)).toBeLessThanOrEqual(DESK.height);
    await app.close();
  });

  it('W11: without the server the app says so, and a right that it kept is not shown as valid', async () => {
    const app = await openAppAs(browser, site, 'technician', { hasServiceWorker: true });
    const { page } = app;
    await page.locator('.right.tone-granted').waitFor();
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
    });
    await app.context.setOffline(true);
    await page.reload();
    await page.getByText('Anda sedang luring').waitFor();
    expect(await page.locator('.right').getAttribute('class')).toContain('tone-neutral');
    expect(await page.locator('.right-state').innerText()).toBe('Belum dapat dipastikan');
    expect(await page.locator('body').innerText()).not.toContain('Berlaku sekarang');
    await app.context.setOffline(false);
    await page.getByRole('button', { name: 'Coba lagi' }).click();
    await page.locator('.right.tone-granted').waitFor();
    await app.close();
  });
});
