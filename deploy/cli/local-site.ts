import { existsSync } from 'node:fs';
import type { Site } from '../../server/procedure/site.ts';
import type { ServerSettings } from '../../server/settings.ts';
import { createSystemClock } from '../all-in-one/system-clock.ts';
import { UnusableInput } from './program.ts';
import { createQuietLog, systemRandom } from './system-ports.ts';

/** Refuses where there is no site: opening what is not there would make it, with new keys. */
export function requireSite({ databaseUrl, keysDir }: ServerSettings): void {
  const isFileMissing = databaseUrl.startsWith('sqlite:') && !existsSync(databaseUrl.slice('sqlite:'.length));
  if (isFileMissing || !existsSync(keysDir)) {
    throw new UnusableInput('there is no site here; check PALANG_HOME');
  }
}

/**
 * Works with the site of this machine, beside the server or without it.
 * @param command names the command in the log
 * @throws UnusableInput where there is no site
 */
export async function withLocalSite<T>(
  command: string,
  settings: ServerSettings,
  work: (site: Site) => Promise<T>,
): Promise<T> {
  requireSite(settings);
  const { openSite } = await import('../../server/procedure/open-site.ts');
  const site = await openSite({
    id: settings.siteId,
    timeZone: settings.timeZone,
    databaseUrl: settings.databaseUrl,
    keysDir: settings.keysDir,
    clock: createSystemClock(),
    random: systemRandom,
    log: createQuietLog(command),
  });
  try {
    return await work(site);
  } finally {
    await site.db.destroy();
  }
}
