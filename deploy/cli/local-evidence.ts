import type { ExportedEvidence } from '../../server/audit/evidence-desk.ts';
import { withLocalSite } from './local-site.ts';
import { loadSettings } from './server-command.ts';
import { VERSION } from './version.ts';

/**
 * Loads the evidence of this machine's database as the server would export it.
 * @param command names the command in the log
 * @throws UnusableInput where there is no site
 */
export async function loadLocalEvidence(
  command: string,
  period: { readonly from: string | null; readonly until: string | null },
): Promise<ExportedEvidence> {
  const { exportEvidence } = await import('../../server/audit/evidence-desk.ts');
  return withLocalSite(command, loadSettings(), (site) => exportEvidence(site, VERSION, period));
}
