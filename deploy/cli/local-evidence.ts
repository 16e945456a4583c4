import { existsSync } from 'node:fs';
import type { ExportedEvidence } from '../../server/audit/evidence-desk.ts';
import { createSystemClock } from '../all-in-one/system-clock.ts';
import { UnusableInput } from './program.ts';
import { loadSettings } from './server-command.ts';
import { createQuietLog, systemRandom } from './system-ports.ts';
import { VERSION } from './version.ts';

/**
 * Loads the evidence of this machine's database as the server would export it.
 * @param command names the command in the log
 * @throws UnusableInput where there is no site: opening what is not there would make it, with new keys
 */
export async function loadLocalEvidence(
  command: string,
  period: { readonly from: string | null; readonly until: string | null },
): Promise<ExportedEvidence> {
  const settings = loadSettings();
  const { databaseUrl } = settings;
  const isFileMissing = databaseUrl.startsWith('sqlite:') && !existsSync(databaseUrl.slice('sqlite:'.length));
  if (isFileMissing || !existsSync(settings.keysDir)) {
    throw new UnusableInput('there is no site here; check PALANG_HOME');
  }
  const { openSite } = await import('../../server/procedure/open-site.ts');
  const { exportEvidence } = await import('../../server/audit/evidence-desk.ts');
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
    return await exportEvidence(site, VERSION, period);
  } finally {
    await site.db.destroy();
  }
}
