import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestSite, type TestSite } from '../system/test-site.ts';
import { DESK, hasChromium, openAppAs, openBrowser, PHONE } from './app-browser.ts';

const EVENTS = 100_000;
const APART_MS = 25_000;

/** Fills the book with events of a gateway that never was: what is read here is the list, not the evidence. */
function fillBook(site: TestSite): void {
  const db = new Database(join(site.home.path, 'server.db'));
  db.pragma('busy_timeout = 5000');
  const insert = db.prepare(
    `insert into journal_records (position, gateway_id, epoch, seq, record, leaf_hash, received_at, at, type,
      severity, door_id, direction, reason, clock_trust)
     values (?, 'gw-lama', 1, ?, '{}', 'x', ?, ?, ?, ?, 'ruang-server', null, ?, 3)`,
  );
  const began = Date.now() - (EVENTS + 10) * APART_MS;
  db.transaction(() => {
    for (let seq = 0; seq < EVENTS; seq++) {
      const at = began + seq * APART_MS;
      const isDenied = seq % 5 === 0;
      const type = isDenied ? 'access.denied' : 'door.closed';
      insert.run(
        1_000_000 + seq,
        seq,
        at,
        at,
        type,
        isDenied ? 'warning' : 'normal',
        isDenied ? 'expired' : null,
      );
    }
  })();
  db.close();
}

describe.skipIf(!hasChromium)('a list of 100,000 events in Chromium', () => {
  let site: TestSite;
  let browser: Browser;

  beforeAll(async () => {
    [site, browser] = await Promise.all([openTestSite(), openBrowser()]);
    fillBook(site);
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  it.each([
    ['a desk', DESK],
    ['a phone', PHONE],
  ])(
    'W23: on %s it is drawn where it is looked at, from its first row to its last',
    async (_name, viewport) => {
      const auditor = await openAppAs(browser, site, 'auditor', { viewport });
      const { page } = auditor;
      await page.getByText(/^100\.0\d\d peristiwa$/).waitFor();
      const drawn = () => page.locator('.log-row').count();
      const heights = async (): Promise<number> =>
        page.evaluate(() => document.querySelector('.log-table')?.getBoundingClientRect().height ?? 0);
      const height = await heights();
      expect(await drawn()).toBeLessThan(150);

      for (const share of [0.5, 0.93, 0.1]) {
        await page.evaluate((to) => window.scrollTo(0, document.documentElement.scrollHeight * to), share);
        await page.waitForFunction(() => {
          const middle = document.elementFromPoint(innerWidth / 2, innerHeight / 2)?.closest('.log-row');
          return middle?.querySelector('.col-record') && document.querySelector('.is-coming') === null;
        });
        expect(await drawn()).toBeLessThan(150);
        // The numbers of neighbours differ by one: nothing is missing, and nothing stands twice.
        const seqs = await page
          .locator('.log-row .col-record')
          .evaluateAll((cells) => cells.map((cell) => Number((cell.textContent ?? '').split('/').at(-1))));
        const steps = seqs.slice(1).map((seq, at) => (seqs[at] ?? 0) - seq);
        expect(new Set(steps)).toEqual(new Set([1]));
        expect(await heights()).toBeCloseTo(height, -1);
      }
      await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
      await page
        .locator('.log-row', { has: page.locator('.col-record', { hasText: 'gw-lama/1/0' }) })
        .last()
        .waitFor();
      await auditor.close();
    },
  );

  it('W23: a changed filter asks once for its first page, and shows it before the book is counted', async () => {
    const auditor = await openAppAs(browser, site, 'auditor', { viewport: DESK });
    const { page } = auditor;
    await page.locator('.log-row a').first().waitFor();
    let releaseCount = (): void => undefined;
    const isCounted = new Promise<void>((resolve) => {
      releaseCount = resolve;
    });
    await page.route(/figures\/density/, async (route) => {
      await isCounted;
      await route.continue();
    });
    await page.getByRole('combobox', { name: 'Hasil atau alasan' }).selectOption('expired');
    await page.waitForURL(/reason=expired/);
    await page.locator('.log-row .cell-reason', { hasText: 'kedaluwarsa' }).first().waitFor();
    releaseCount();
    await page.getByText(/^20\.0\d\d peristiwa$/).waitFor();
    expect(await page.locator('.log-row').count()).toBeLessThan(150);
    await auditor.close();
  });

  it('W23: it scrolls by the wheel; the times of its frames are printed', async () => {
    const auditor = await openAppAs(browser, site, 'auditor', { viewport: DESK });
    const { page } = auditor;
    await page.getByText(/^100\.0\d\d peristiwa$/).waitFor();
    await page.mouse.move(700, 600);
    const frames = page.evaluate(
      () =>
        new Promise<number[]>((resolve) => {
          const times: number[] = [];
          let before = performance.now();
          const tick = (now: number): void => {
            times.push(now - before);
            before = now;
            if (times.length < 120) requestAnimationFrame(tick);
            else resolve(times);
          };
          requestAnimationFrame(tick);
        }),
    );
    for (let turn = 0; turn < 40; turn++) await page.mouse.wheel(0, 600);
    const sorted = (await frames).toSorted((a, b) => a - b);
    const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1);
    console.log(
      `frames while scrolling 100,000 events: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, longest ${at(1)} ms`,
    );
    expect(await page.evaluate(() => window.scrollY)).toBeGreaterThan(5_000);
    await page.waitForFunction(() => document.querySelector('.is-coming') === null);
    await auditor.close();
  });
});
