import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RoleName } from '#contract/api';
import { openTestSite, type TestSite } from '../system/test-site.ts';
import { hasChromium, openAppAs, openBrowser, PHONE } from './app-browser.ts';

// The phone and the network that page audits measure with: a processor four times slower, and "fast 3G".
const SLOW_DOWN = 4;
const ROUND_TRIP_MS = 150;
const BYTES_PER_SECOND = (1.6 * 1024 * 1024) / 8;

/** A second and a half of drawing. */
const LATE_FRAMES = 90;

/** What the page itself saw while it came up. */
interface Seen {
  /** Ms from the start of the navigation until the title and the content stood there without a placeholder. */
  readonly usableMs: number;
  /** Sum of the layout shifts, as browsers count them. */
  readonly shift: number;
}

async function slowDown(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOW_DOWN });
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: ROUND_TRIP_MS,
    downloadThroughput: BYTES_PER_SECOND,
    uploadThroughput: BYTES_PER_SECOND / 2,
  });
}

async function watch(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const seen = { usableMs: 0, shift: 0 };
    Object.assign(globalThis, { seen });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { value, hadRecentInput } = entry as PerformanceEntry & {
          readonly value: number;
          readonly hadRecentInput: boolean;
        };
        if (!hadRecentInput) seen.shift += value;
      }
    }).observe({ type: 'layout-shift', buffered: true });
    const look = (): void => {
      const isUsable =
        document.querySelector('main h1') !== null && document.querySelector('main .skeleton') === null;
      if (isUsable) seen.usableMs = performance.now();
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
}

async function openSlowly(page: Page, path: string): Promise<Seen> {
  await page.goto(path);
  await page.waitForFunction(() => (globalThis as unknown as { seen: Seen }).seen.usableMs > 0);
  // What comes late may still push: the live stream, the alarm bar, the badge of the navigation.
  await page.evaluate(
    (frames) =>
      new Promise<void>((resolve) => {
        let left = frames;
        const next = (): void => {
          left -= 1;
          if (left === 0) resolve();
          else requestAnimationFrame(next);
        };
        requestAnimationFrame(next);
      }),
    LATE_FRAMES,
  );
  return page.evaluate(() => (globalThis as unknown as { seen: Seen }).seen);
}

describe.skipIf(!hasChromium)('a slow phone in Chromium', () => {
  let site: TestSite;
  let browser: Browser;

  beforeAll(async () => {
    [site, browser] = await Promise.all([openTestSite(), openBrowser()]);
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  it.each<[RoleName, readonly string[]]>([
    ['technician', ['/', '/requests/new', '/door', '/account', '/account/security', '/account/data', '/sop']],
    ['supervisor', ['/', '/inside', '/decided', '/reviews', '/reports', '/privacy']],
  ])('W26: nothing moves while the pages of the %s come up; the times are printed', async (role, paths) => {
    for (const isInstalled of [false, true]) {
      const app = await openAppAs(browser, site, role, { viewport: PHONE, hasServiceWorker: isInstalled });
      const { page } = app;
      if (isInstalled) {
        await page.evaluate(async () => void (await navigator.serviceWorker.ready));
        await page.reload();
        await page.locator('main h1').waitFor();
      }
      await watch(page);
      await slowDown(page);
      const told: string[] = [];
      for (const path of paths) {
        const { usableMs, shift } = await openSlowly(page, path);
        told.push(`${path} ${Math.round(usableMs)} ms, shift ${shift.toFixed(3)}`);
        expect(shift).toBeLessThan(0.01);
      }
      console.log(`${role}, ${isInstalled ? 'installed app' : 'browser'}: ${told.join('; ')}`);
      await app.close();
    }
  });
});
