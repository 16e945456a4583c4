import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import type { RoleName } from '#contract/api';
import type { Site } from '../../deploy/all-in-one/site.ts';

const CHROMIUM = process.env['PALANG_CHROMIUM'] ?? '/usr/bin/chromium';

/** False where no browser is installed: the tests that need one are then skipped by name. */
export const hasChromium = existsSync(CHROMIUM);

export const PHONE = { width: 360, height: 740 };
export const DESK = { width: 1440, height: 900 };

export interface AppOptions {
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly colorScheme?: 'light' | 'dark';
  readonly language?: 'id' | 'en';
  /** Most tests want the page itself, not what an earlier one left with a worker. */
  readonly hasServiceWorker?: boolean;
}

/** A person's browser on the app, with what its console complained of. */
export interface AppBrowser {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

/** Starts the browser that all people of a test share. */
export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

/** Opens the app as nobody, in a session of its own. */
export async function openApp(browser: Browser, site: Site, options: AppOptions = {}): Promise<AppBrowser> {
  const context = await browser.newContext({
    baseURL: site.server.url,
    viewport: options.viewport ?? PHONE,
    colorScheme: options.colorScheme ?? 'light',
    reducedMotion: 'reduce',
    locale: 'id-ID',
    serviceWorkers: options.hasServiceWorker === true ? 'allow' : 'block',
  });
  const { language } = options;
  if (language !== undefined) {
    await context.addInitScript((code) => localStorage.setItem('palang.language', code), language);
  }
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    const text = message.text();
    // The question who is signed in is answered 401 where nobody is: the browser logs every such answer.
    const isExpected = text.includes('401') || text.includes('Service Worker registration blocked');
    if (!isExpected && (message.type() === 'error' || message.type() === 'warning')) complaints.push(text);
  });
  await page.goto('/');
  return { context, page, complaints, close: () => context.close() };
}

/** Opens the app signed in as a demonstration account, by the one tap that the demonstration offers. */
export async function openAppAs(
  browser: Browser,
  site: Site,
  who: RoleName,
  options: AppOptions = {},
): Promise<AppBrowser> {
  const app = await openApp(browser, site, options);
  const account = site.demo.accounts.find((each) => each.role === who);
  if (account === undefined) throw new Error('there is no such demonstration account');
  await app.page.locator('.demo-accounts button', { hasText: account.name }).click();
  await app.page.locator('.nav').waitFor();
  await app.page.locator('h1').waitFor();
  return app;
}
