import { createSystemClock } from '../all-in-one/system-clock.ts';
import { makeBackup, packBackup, refuseExisting, type BackupPart } from './backup-content.ts';
import { requireSite } from './local-site.ts';
import { createCommand, EXIT, JSON_OPTION, UnusableInput } from './program.ts';
import { PASSPHRASE_OPTION, readPassphrase, writeSealedFile } from './sealed-file.ts';
import { loadSettings } from './server-command.ts';
import { systemRandom } from './system-ports.ts';
import { VERSION } from './version.ts';

/** `palang backup`: the database and the keys of this machine in a file that only a passphrase opens. */
export const backupCommand = createCommand(
  'backup',
  'writes the database of this machine, with or without its keys, into an encrypted file',
  {
    out: { type: 'string', valueHint: 'file', description: 'new file', required: true },
    'with-keys': {
      type: 'boolean',
      description: 'the keys as well: the file alone is then enough to restore',
    },
    'keys-only': {
      type: 'boolean',
      description:
        'the keys alone: small, to be kept apart and for a short time, so that what is erased stays so',
    },
    ...PASSPHRASE_OPTION,
    ...JSON_OPTION,
  },
  async (args, output) => {
    if (args['with-keys'] === true && args['keys-only'] === true) {
      throw new UnusableInput('--with-keys and --keys-only exclude each other');
    }
    const part: BackupPart =
      args['keys-only'] === true ? 'keys' : args['with-keys'] === true ? 'all' : 'data';
    const settings = loadSettings();
    requireSite(settings);
    refuseExisting(args.out);
    const passphrase = await readPassphrase(args['passphrase-file']);
    const { openDatabase } = await import('../../server/store/database.ts');
    const db = await openDatabase(settings.databaseUrl);
    try {
      const backup = await makeBackup(db, settings.keysDir, {
        part,
        site: settings.siteId,
        madeAt: createSystemClock().epochMs(),
        version: VERSION,
      });
      await writeSealedFile(args.out, passphrase, packBackup(backup), systemRandom);
      const rows = Object.values(backup.manifest.rows).reduce((sum, count) => sum + count, 0);
      if (args.json === true) output.say(JSON.stringify({ out: args.out, part, rows }));
      else
        output.say(`${rows} rows written to ${args.out} (${part}); try: palang restore ${args.out} --drill`);
      return EXIT.done;
    } finally {
      await db.destroy();
    }
  },
);
