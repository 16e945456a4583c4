import type { RoleName } from '#contract/api';
import { encodeBase64Url } from '#contract/bytes';
import type { Clock, Random } from '#contract/clock';
import { Fault } from '#contract/result';
import { askWitnessesUntil } from './audit/ask-witnesses.ts';
import { createNonceMemory } from './auth/gateway-request.ts';
import { rpIdOf } from './auth/passkeys.ts';
import { createPasswordCheck } from './auth/passwords.ts';
import { createSignInThrottle } from './auth/sign-in-throttle.ts';
import { createSsoClient } from './auth/sso-client.ts';
import { createApp } from './http/app.ts';
import type { AppPorts } from './http/app-env.ts';
import { createMetrics } from './http/metrics.ts';
import { listen, remoteAddress } from './http/serve.ts';
import { SSO_CALLBACK } from './http/sso-routes.ts';
import { loadWebFiles } from './http/web-files.ts';
import { createMailer } from './notify/mail.ts';
import { deliverOutboxUntil } from './procedure/deliver-outbox.ts';
import { openDemo } from './procedure/demo-seed.ts';
import { enrolPerson } from './procedure/enrol-person.ts';
import { keepHouseUntil } from './procedure/housekeeping.ts';
import { openSite } from './procedure/open-site.ts';
import type { Log } from './procedure/site.ts';
import { settingRows, type ServerSettings } from './settings.ts';
import { openDatabase } from './store/database.ts';

/** What a server is started with. */
export interface ServerOptions {
  readonly settings: ServerSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Version of the program, e.g. `0.1.0`. */
  readonly version: string;
  /** Tells which cards a number may stand for; without it that route answers that it cannot. */
  readonly cardReadings?: NonNullable<AppPorts['cardReadings']>;
}

/** A server that runs. */
export interface RunningServer {
  /** Where it listens, e.g. `http://127.0.0.1:8080`. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts a server: opens its site, listens, and keeps house until it is closed.
 * @throws Fault for whatever stands in the way: database, keys, port
 */
export async function openServer(options: ServerOptions): Promise<RunningServer> {
  const { settings, clock, random, log } = options;
  const { demo } = settings;
  const scheme = settings.tls === null ? 'http' : 'https';
  const publicUrl = new URL(settings.publicUrl ?? `${scheme}://${settings.host}:${settings.port}`);
  const site = await openSite({
    id: settings.siteId,
    timeZone: settings.timeZone,
    databaseUrl: settings.databaseUrl,
    keysDir: settings.keysDir,
    rpId: rpIdOf(publicUrl),
    clock,
    random,
    log,
  });
  const closing = new AbortController();
  try {
    const app = createApp({
      site,
      siteName: settings.siteName,
      locale: settings.locale,
      agency: settings.agency,
      publicUrl,
      version: options.version,
      passwords: await createPasswordCheck(encodeBase64Url(random.bytes(16))),
      throttle: createSignInThrottle(),
      nonces: createNonceMemory(),
      sessionIdleMs: settings.sessionIdleMs,
      settings: settingRows(settings),
      cardReadings: options.cardReadings ?? null,
      sso:
        settings.sso === null ? null : createSsoClient(settings.sso, new URL(SSO_CALLBACK, publicUrl).href),
      metrics: createMetrics({ hasProcessFigures: true }),
      webFiles: loadWebFiles(settings.webDir),
      demo:
        demo === null
          ? null
          : {
              content: await openDemo(site, demo.accountsFile),
              doorUrl: demo.doorUrl === null ? null : new URL(demo.doorUrl),
            },
      remoteAddress,
      closing: closing.signal,
    });
    const listening = await listen(app, settings);
    const house = Promise.all([
      keepHouseUntil(site, closing.signal),
      askWitnessesUntil(site, settings.witnessUrls, closing.signal),
    ]);
    const { webhook, mail, locale } = settings;
    const mailer = mail === null ? null : createMailer(mail, { link: publicUrl, locale });
    const delivery = deliverOutboxUntil(site, { webhook, mailer }, closing.signal);
    const url = `${scheme}://${settings.host}:${listening.port}`;
    log.info({ url, site: site.id, version: options.version }, 'server is ready');
    return {
      url,
      close: async () => {
        closing.abort();
        await listening.close();
        await Promise.all([house, delivery]);
        mailer?.close();
        await site.db.destroy();
      },
    };
  } catch (error) {
    closing.abort();
    await site.db.destroy();
    throw error;
  }
}

/**
 * Enters a person straight into the database: how the first administrator comes to be.
 * @returns the person's id
 * @throws Fault `name-taken`
 */
export async function addUser(
  options: Pick<ServerOptions, 'settings' | 'clock' | 'random'>,
  user: {
    readonly username: string;
    readonly password: string;
    readonly name: string;
    readonly organisation: string;
    readonly roles: readonly RoleName[];
  },
): Promise<string> {
  const db = await openDatabase(options.settings.databaseUrl);
  try {
    const entered = await enrolPerson({ ...options, db }, user);
    if (!entered.ok) throw new Fault(entered.error.code, { retryable: false });
    return entered.value.id;
  } finally {
    await db.destroy();
  }
}
