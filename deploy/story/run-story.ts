import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { findFreePort } from '../all-in-one/free-port.ts';
import { openSiteHome } from '../all-in-one/site-home.ts';
import { openSite, type Site } from '../all-in-one/site.ts';
import { playDay } from './play-day.ts';
import { timelineJson, timelineText } from './timeline.ts';

const HELP = `palang story [--keep DIR] [--json]      (npm run story [-- --keep DIR])

Plays one working day through the real processes: real serial bytes over a pty, real MQTT, real HTTP. Prints a
timeline; exit 0 only if every step was seen at the relay, in the journal and in the API.
  --keep DIR   leave the evidence bundle of the day in DIR/bundle; where a step fails, the logs in DIR/log
  --json       one JSON line a step
`;

const TIME_ZONE = 'Asia/Jakarta';

/** Runs `palang story`. @returns the exit code: 0 all seen, 1 a step was not seen, 2 unusable input */
export async function runStory(args: readonly string[]): Promise<number> {
  let options: { keep?: string; json?: boolean; help?: boolean };
  try {
    options = parseArgs({
      args: [...args],
      options: { keep: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean' } },
    }).values;
  } catch {
    process.stderr.write('palang story: unknown option; see --help\n');
    return 2;
  }
  if (options.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const isJson = options.json === true;
  const isColoured = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  const note = (text: string): void => void (isJson ? process.stderr : process.stdout).write(`${text}\n`);

  const folder = mkdtempSync(join(tmpdir(), 'palang-story-'));
  const startedMs = performance.now();
  let site: Site | undefined;
  let steps = 0;
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => reject(new Error('interrupted')));
  });
  // Lost races are not unhandled.
  interrupted.catch(() => undefined);
  try {
    const home = openSiteHome(join(folder, 'home'));
    if (!home.ok) throw new Error('the folder of the story is in use');
    note('One working day in a server room, through real processes.\n');
    site = await openSite({
      home: home.value,
      host: '127.0.0.1',
      port: await findFreePort(),
      isRestarted: false,
      onTrouble: (part, text) => process.stderr.write(`[${part}] ${text}\n`),
    });
    const bundleDir = join(options.keep === undefined ? folder : resolve(options.keep), 'bundle');
    const day = playDay(site, { bundleDir, scratchDir: folder }, (step) => {
      steps += 1;
      const entry = { atMs: Date.now(), ...step };
      say(isJson ? timelineJson(entry) : timelineText(entry, TIME_ZONE, isColoured));
    });
    await Promise.race([day, interrupted]);
    note(`\nAll ${steps} steps were seen, in ${Math.round((performance.now() - startedMs) / 1000)} s.`);
    if (options.keep !== undefined) note(`The evidence is in ${bundleDir}; try: palang verify ${bundleDir}`);
    return 0;
  } catch (error) {
    process.stderr.write(
      `The story stops after ${steps} steps: ${error instanceof Error ? error.message : 'unknown'}\n`,
    );
    if (options.keep !== undefined) {
      cpSync(join(folder, 'home', 'log'), join(resolve(options.keep), 'log'), { recursive: true });
      note(`The logs are in ${join(resolve(options.keep), 'log')}.`);
    }
    return 1;
  } finally {
    await site?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
