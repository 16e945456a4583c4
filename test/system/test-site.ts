import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pageOf, permitSchema } from '#contract/api';
import type { EventType } from '#contract/event';
import type { JournalRecord } from '#contract/record';
import type { ApiClient } from '../../deploy/all-in-one/api-client.ts';
import { findFreePort } from '../../deploy/all-in-one/free-port.ts';
import { openSiteHome } from '../../deploy/all-in-one/site-home.ts';
import { openSite, type Site, type SiteOptions } from '../../deploy/all-in-one/site.ts';
import { createDoorClient, type DoorClient } from '../../deploy/story/door-client.ts';
import { doorWorks } from '../../deploy/story/door-works.ts';
import { openJournalReader, type JournalReader } from '../../deploy/story/journal-reader.ts';
import { findTechnicians, type Technician } from '../../deploy/story/technicians.ts';
import { waitFor } from '../../deploy/story/wait-for.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SEEN_MS = 15_000;

/** A site in real processes on a home of its own, with hands at the door and eyes in the journal. */
export interface TestSite extends Site {
  readonly door: DoorClient;
  readonly journal: JournalReader;
  /** What parts said that a person at the terminal would have heard. */
  readonly troubles: readonly string[];
  /** Resolves with the first record of this type after `since`. */
  readonly recordOf: (type: EventType, since: number) => Promise<JournalRecord>;
  readonly technicians: readonly [Technician, Technician];
}

/** Between finding a free port and listening on it another program may take it; then others are tried. */
const PORT_TRIES = 3;
const isPortTaken = (error: unknown): boolean =>
  error instanceof Error && /in use|EADDRINUSE/.test(error.message);

/** Opens a site in real processes, ready: the gateway has a policy, the ports are open. */
export async function openTestSite(options: Partial<Pick<SiteOptions, 'broker'>> = {}): Promise<TestSite> {
  await buildIfStale();
  for (let tries = 1; ; tries++) {
    try {
      return await tryTestSite(options);
    } catch (error) {
      if (!isPortTaken(error) || tries === PORT_TRIES) throw error;
    }
  }
}

async function tryTestSite(options: Partial<Pick<SiteOptions, 'broker'>>): Promise<TestSite> {
  const folder = mkdtempSync(join(tmpdir(), 'palang-site-'));
  const troubles: string[] = [];
  let site: Site | undefined;
  try {
    const home = openSiteHome(join(folder, 'home'));
    if (!home.ok) throw new Error(home.error);
    site = await openSite({
      home: home.value,
      host: '127.0.0.1',
      port: await findFreePort(),
      isRestarted: false,
      // Short, so that tests need not wait for a person to walk.
      releaseMs: 800,
      contactRepeatS: 1,
      onTrouble: (part, text) => troubles.push(`[${part}] ${text}`),
      ...options,
    });
    await site.gatewayIsUp();
  } catch (error) {
    await site?.close();
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const opened = site;
  const journal = openJournalReader(opened.home.gatewayDir);
  await doorWorks(journal, -1);
  return {
    ...opened,
    door: createDoorClient(opened.doorUrl),
    journal,
    troubles,
    technicians: await findTechnicians(opened),
    recordOf: (type, since) =>
      waitFor(`${type} in the journal`, SEEN_MS, () =>
        journal.records().find((each) => each.ty === type && each.sq > since),
      ),
    async close() {
      journal.close();
      await opened.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Presents a card that must be granted, and sees the relay release and secure again. */
export async function openWithCard(site: TestSite, card: string): Promise<JournalRecord> {
  const { door } = site;
  const since = site.journal.newest();
  const before = await door.releases();
  await door.presentCard('entry', card);
  const granted = await site.recordOf('access.granted', since);
  await waitFor('the relay to release', SEEN_MS, async () => (await door.releases()) > before || undefined);
  await waitFor(
    'the relay to secure',
    SEEN_MS,
    async () => (await door.state()).lock === 'secured' || undefined,
  );
  return granted;
}

/** Permits as the API lists them. */
export const permitsOf = async (api: ApiClient) => (await api.get('/permits', pageOf(permitSchema))).items;

/** Tests of real processes run what is built: a stale build would test yesterday's program. */
export async function buildIfStale(): Promise<void> {
  const stamp = (await import(new URL('deploy/build-stamp.mjs', `file://${ROOT}`).href)) as {
    isBuildCurrent(root: string): boolean;
  };
  if (stamp.isBuildCurrent(ROOT)) return;
  await new Promise<void>((resolve, reject) => {
    spawn(process.execPath, [join(ROOT, 'deploy/build.mjs')], { stdio: 'ignore' })
      .once('error', reject)
      .once('exit', (code) => (code === 0 ? resolve() : reject(new Error('the build failed'))));
  });
}
