import { createWriteStream, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { loadLocalEvidence } from './local-evidence.ts';
import { createCommand, EXIT, JSON_OPTION, UnusableInput } from './program.ts';

/** `palang export`: the evidence of this machine's database as a bundle that an auditor takes home. */
export const exportCommand = createCommand(
  'export',
  'writes the evidence of the database of this machine as a bundle',
  {
    out: { type: 'positional', description: 'new folder, or new file that ends in .zip', required: true },
    from: {
      type: 'string',
      valueHint: 'instant',
      description: 'openings from then on, e.g. 2026-03-01T00:00:00+07:00',
    },
    until: { type: 'string', valueHint: 'instant', description: 'openings before then' },
    ...JSON_OPTION,
  },
  async (args, output) => {
    const period = { from: decodeInstant('from', args.from), until: decodeInstant('until', args.until) };
    if (existsSync(args.out)) throw new UnusableInput(`${args.out} is there already`);
    const { files, createdAt } = await loadLocalEvidence('export', period);
    if (args.out.endsWith('.zip')) {
      const { zipBundle } = await import('../../server/audit/export.ts');
      const zip = Readable.fromWeb(zipBundle(files, createdAt) as Parameters<typeof Readable.fromWeb>[0]);
      await pipeline(zip, createWriteStream(args.out, { flags: 'wx', mode: 0o600 }));
    } else {
      writeFolder(args.out, files);
    }
    if (args.json === true) output.say(JSON.stringify({ out: args.out, files: [...files.keys()] }));
    else output.say(`${files.size} files written to ${args.out}; try: palang verify ${args.out}`);
    return EXIT.done;
  },
);

function decodeInstant(name: string, text: string | undefined): string | null {
  if (text === undefined) return null;
  const instant = z.iso.datetime({ offset: true }).safeParse(text);
  if (!instant.success)
    throw new UnusableInput(`--${name} is not an instant such as 2026-03-01T00:00:00+07:00`);
  return new Date(instant.data).toISOString();
}

function writeFolder(folder: string, files: ReadonlyMap<string, Uint8Array>): void {
  for (const [path, bytes] of files) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, bytes, { flag: 'wx', mode: 0o600 });
  }
}
