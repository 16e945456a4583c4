import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSystemClock } from '../all-in-one/system-clock.ts';
import { createCommand, EXIT, JSON_OPTION, UnusableInput } from './program.ts';
import { loadSettings } from './server-command.ts';
import { createQuietLog, systemRandom } from './system-ports.ts';

/** Name of the file on the stick. */
export const POLICY_FILE = 'policy.json';

/** `palang policy export`: the orders in force, to be carried to a gateway that has no network. */
export const policyCommand = createCommand(
  'policy',
  'writes the orders in force for a gateway without a network',
  {
    action: { type: 'positional', description: 'export', required: true },
    out: { type: 'string', valueHint: 'folder', description: 'folder on the stick', required: true },
    ...JSON_OPTION,
  },
  async (args, output) => {
    if (args.action !== 'export') throw new UnusableInput('the action is export');
    const settings = loadSettings();
    const { databaseUrl, keysDir } = settings;
    const isFileMissing =
      databaseUrl.startsWith('sqlite:') && !existsSync(databaseUrl.slice('sqlite:'.length));
    if (isFileMissing || !existsSync(keysDir)) {
      throw new UnusableInput('there is no site here; check PALANG_HOME');
    }
    const file = join(args.out, POLICY_FILE);
    if (existsSync(file)) throw new UnusableInput(`${file} is there already`);
    const { openSite } = await import('../../server/procedure/open-site.ts');
    const { carriedPolicy } = await import('../../server/procedure/policy-snapshot.ts');
    const site = await openSite({
      id: settings.siteId,
      timeZone: settings.timeZone,
      databaseUrl,
      keysDir,
      clock: createSystemClock(),
      random: systemRandom,
      log: createQuietLog('policy'),
    });
    try {
      const carried = await carriedPolicy(site);
      mkdirSync(args.out, { recursive: true });
      writeFileSync(file, `${JSON.stringify(carried)}\n`, { flag: 'wx', mode: 0o600 });
      const permits = carried.body.permits.length;
      if (args.json === true) output.say(JSON.stringify({ file, permits }));
      else {
        output.say(`${permits} permits written to ${file}.`);
        output.say('At the gateway: palang gateway import-policy FOLDER --config FILE');
      }
      return EXIT.done;
    } finally {
      await site.db.destroy();
    }
  },
);
