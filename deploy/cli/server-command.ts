import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseRootChain } from '#contract/bundle-format';
import { rootFingerprint } from '#contract/root-document';
import type { ServerSettings } from '../../server/settings.ts';
import { decodeSettings, describeSettings } from '../../server/settings.ts';
import { sha256 } from '../../server/signing/node-crypto.ts';
import { createSystemClock } from '../all-in-one/system-clock.ts';
import { readCardText } from './card-readings.ts';
import { createCommand, EXIT, JSON_OPTION, UnusableInput } from './program.ts';
import { createLog, stopRequested, systemRandom } from './system-ports.ts';
import { VERSION } from './version.ts';

/** Reads the settings from the environment. */
export function loadSettings(): ServerSettings {
  const settings = decodeSettings(process.env);
  if (!settings.ok) throw new UnusableInput(`the environment cannot be used: ${settings.error.join('; ')}`);
  return settings.value;
}

/** `palang server`: requests, approvals and evidence, until a signal stops it. */
export const serverCommand = createCommand(
  'server',
  'runs the server: requests, approvals, evidence, the app',
  {
    'print-config': { type: 'boolean', description: 'show the settings that the environment gives, and end' },
    ...JSON_OPTION,
  },
  async (args, output) => {
    const settings = loadSettings();
    if (args['print-config'] === true) {
      const fingerprint = fingerprintOf(settings);
      if (args.json === true) {
        const lines = describeSettings(settings).map((line) => line.split(' = ', 2));
        output.say(JSON.stringify({ ...Object.fromEntries(lines), rootFingerprint: fingerprint }));
      } else {
        for (const line of describeSettings(settings)) output.say(line);
        output.say(`rootFingerprint = ${fingerprint ?? 'the keys are made at the first start'}`);
      }
      return EXIT.done;
    }
    const { openServer } = await import('../../server/main.ts');
    const stopped = stopRequested();
    const server = await openServer({
      settings,
      clock: createSystemClock(),
      random: systemRandom,
      log: createLog('server'),
      version: VERSION,
      cardReadings: readCardText,
    });
    await stopped;
    await server.close();
    return EXIT.done;
  },
);

/** What stands on the paper in the safe; null before the first start. */
function fingerprintOf(settings: ServerSettings): string | null {
  const file = join(settings.keysDir, 'site-root.json');
  if (!existsSync(file)) return null;
  const chain = parseRootChain(readFileSync(file));
  return chain.ok ? rootFingerprint(sha256, chain.value[0].root) : null;
}
