import { join } from 'node:path';
import { decodeJson } from '#contract/decode-json';
import { decodeIdentity, decodeTrust } from '../../gateway/identity.ts';
import { checkCarried } from '../../gateway/permits/check-carried.ts';
import { leaveCarried } from '../../gateway/permits/snapshot-files.ts';
import { loadConfigFile, readTextFile } from './gateway-config-file.ts';
import { createCommand, EXIT, JSON_OPTION, UnusableInput, type Output } from './program.ts';
import { stopRequested } from './system-ports.ts';

/** Name of the file on the stick. */
const POLICY_FILE = 'policy.json';

/**
 * `palang gateway`: decides at its doors until a signal stops it. With `import-policy`, takes orders from a stick: a
 * gateway that runs has them within a minute, one that does not at its next start.
 */
export const gatewayCommand = createCommand(
  'gateway',
  'runs a gateway: decides at its doors, with or without the server; or takes orders from a stick',
  {
    action: { type: 'positional', description: 'nothing, or import-policy', required: false },
    folder: { type: 'positional', description: 'import-policy: folder on the stick', required: false },
    config: { type: 'string', description: 'configuration, YAML', valueHint: 'file', required: true },
    ...JSON_OPTION,
  },
  async (args, output) => {
    if (args.action !== undefined && args.action !== 'import-policy') {
      throw new UnusableInput('there is no such action; see --help');
    }
    if (args.action === 'import-policy') {
      if (args.folder === undefined) throw new UnusableInput('import-policy needs a folder');
      return importPolicy(args.folder, args.config, args.json === true, output);
    }
    const config = loadConfigFile(args.config);
    const { startGateway } = await import('../../gateway/main.ts');
    const stopped = stopRequested();
    const gateway = await startGateway(config);
    await Promise.race([stopped, gateway.failed]);
    await gateway.close();
    return EXIT.done;
  },
);

async function importPolicy(
  folder: string,
  configFile: string,
  isJson: boolean,
  output: Output,
): Promise<number> {
  const config = loadConfigFile(configFile);
  const identity = decodeIdentity(readTextFile(config.server.keyFile));
  if (!identity.ok) throw new UnusableInput('the key file of this gateway cannot be read; enrol it first');
  const { site, issuer, gateway, epoch } = identity.value;
  const root = await decodeTrust(readTextFile(config.server.trustFile), site);
  if (!root.ok) throw new UnusableInput('the trust file of this gateway cannot be used');
  const text = readTextFile(join(folder, POLICY_FILE));
  const checked = await checkCarried(decodeJson(text), { root: root.value, site, issuer, gateway, epoch });
  if (!checked.ok) {
    output.complain(`palang gateway: these orders are not taken: ${checked.error}`);
    return EXIT.no;
  }
  leaveCarried(join(config.dataDir, 'policy'), text);
  const { date, permits, unapproved, rootVersion } = checked.value;
  if (isJson) output.say(JSON.stringify({ version: date.v, of: date.t, permits, unapproved, rootVersion }));
  else {
    output.say(`Orders      version ${date.v} of ${new Date(date.t).toISOString()}, ${permits} permits`);
    if (unapproved > 0) output.say(`            ${unapproved} more that too few approved: they open nothing`);
    output.say('            they wait for the gateway, which takes them if it knows of no newer ones');
  }
  return EXIT.done;
}
