import { existsSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { newPersonSchema } from '#contract/api';
import { Fault } from '#contract/result';
import type { ServerSettings } from '../../server/settings.ts';
import type { Database } from '../../server/store/database.ts';
import { MAX_IMPORT_CHARACTERS } from '#contract/api-people';
import { createSystemClock } from '../all-in-one/system-clock.ts';
import { createCommand, EXIT, JSON_OPTION, UnusableInput, type Output } from './program.ts';
import { loadSettings } from './server-command.ts';
import { readSecretLine, systemRandom } from './system-ports.ts';

const ACTIONS = ['create', 'reset', 'disable', 'enable', 'end-sessions', 'import'] as const;

/** `palang user`: accounts in the database of this machine, for the first administrator and for lost passwords. */
export const userCommand = createCommand(
  'user',
  'makes and keeps accounts in the database of this machine',
  {
    action: { type: 'positional', description: ACTIONS.join(', '), required: true },
    username: {
      type: 'positional',
      description: 'name that the person signs in with; import: a table of people, .csv or .xlsx',
      required: true,
    },
    name: { type: 'string', description: 'create: full name' },
    organisation: { type: 'string', description: 'create: where the person works' },
    roles: {
      type: 'string',
      valueHint: 'roles',
      description: 'create: technician, supervisor, auditor, administrator; several with commas',
    },
    'password-stdin': {
      type: 'boolean',
      description: 'create, reset: read the password from standard input; otherwise one is made and shown',
    },
    'dry-run': { type: 'boolean', description: 'import: only say what would happen' },
    ...JSON_OPTION,
  },
  async (args, output) => {
    const action = ACTIONS.find((each) => each === args.action);
    if (action === undefined) throw new UnusableInput(`the action is one of ${ACTIONS.join(', ')}`);
    const settings = loadSettings();
    const isJson = args.json === true;
    if (action === 'import') {
      return importTable(
        settings,
        { file: args.username, isDryRun: args['dry-run'] === true, isJson },
        output,
      );
    }
    if (action === 'create') {
      const password = await choosePassword(args['password-stdin'] === true);
      return create(settings, { ...args, password }, (id) =>
        tell(output, isJson, { action, username: args.username, id, ...password.shown }),
      );
    }
    const db = await openExisting(settings);
    try {
      const id = await findByUsername(db, args.username);
      if (id === null) {
        output.complain('palang user: nobody has this username');
        return EXIT.no;
      }
      const password = action === 'reset' ? await choosePassword(args['password-stdin'] === true) : null;
      if (password !== null) await savePassword(db, id, password.text);
      if (action === 'disable' || action === 'enable') {
        const { setPersonActive } = await import('../../server/store/people.ts');
        await setPersonActive(db, id, action === 'enable');
      }
      if (action === 'end-sessions') await endSessions(db, id);
      tell(output, isJson, { action, username: args.username, id, ...password?.shown });
      return EXIT.done;
    } finally {
      await db.destroy();
    }
  },
);

interface ChosenPassword {
  readonly text: string;
  /** What is shown of it: nothing where the caller knows it already. */
  readonly shown: { readonly password?: string };
}

// Without letters and digits that look alike on paper.
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';

async function choosePassword(isRead: boolean): Promise<ChosenPassword> {
  if (isRead) {
    const text = await readSecretLine();
    if (text.length < 10 || text.length > 256)
      throw new UnusableInput('the password needs 10 to 256 letters');
    return { text, shown: {} };
  }
  const text = Array.from({ length: 4 }, () => group()).join('-');
  return { text, shown: { password: text } };
}

/** Five letters; bytes that would favour some letters are thrown away. */
function group(): string {
  let letters = '';
  while (letters.length < 5) {
    for (const byte of systemRandom.bytes(8)) {
      if (byte < LETTERS.length * 8 && letters.length < 5) letters += LETTERS[byte % LETTERS.length];
    }
  }
  return letters;
}

async function create(
  settings: ServerSettings,
  args: {
    readonly username: string;
    readonly name?: string | undefined;
    readonly organisation?: string | undefined;
    readonly roles?: string | undefined;
    readonly password: ChosenPassword;
  },
  tellOf: (id: string) => void,
): Promise<number> {
  const person = newPersonSchema.safeParse({
    username: args.username,
    name: args.name,
    organisation: args.organisation,
    password: args.password.text,
    roles: (args.roles ?? '').split(',').filter((role) => role !== ''),
  });
  if (!person.success) {
    const fields = new Set(person.error.issues.map((issue) => String(issue.path[0])));
    throw new UnusableInput(`these are missing or not as they must be: ${[...fields].join(', ')}`);
  }
  const { addUser } = await import('../../server/main.ts');
  const { username = '', password = '', name, organisation, roles } = person.data;
  try {
    const ports = { settings, clock: createSystemClock(), random: systemRandom };
    tellOf(await addUser(ports, { username, password, name, organisation, roles }));
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'name-taken') throw error;
    throw new UnusableInput('this username is taken');
  }
}

async function openExisting(settings: ServerSettings): Promise<Database> {
  const { databaseUrl } = settings;
  const isFileMissing = databaseUrl.startsWith('sqlite:') && !existsSync(databaseUrl.slice('sqlite:'.length));
  if (isFileMissing) throw new UnusableInput('there is no database here; check PALANG_HOME');
  const { openDatabase } = await import('../../server/store/database.ts');
  return openDatabase(settings.databaseUrl);
}

async function findByUsername(db: Database, username: string): Promise<string | null> {
  const row = await db.selectFrom('people').select('id').where('username', '=', username).executeTakeFirst();
  return row?.id ?? null;
}

const endSessions = (db: Database, id: string): Promise<unknown> =>
  db.deleteFrom('sessions').where('person_id', '=', id).execute();

/** Sessions end with the old password: whoever knew it may hold one. */
async function savePassword(db: Database, id: string, password: string): Promise<void> {
  const { hashPassword } = await import('../../server/auth/passwords.ts');
  const hash = await hashPassword(password);
  await db.transaction().execute(async (trx) => {
    await trx.updateTable('people').set({ password_hash: hash }).where('id', '=', id).execute();
    await endSessions(trx, id);
  });
}

function tell(output: Output, isJson: boolean, facts: Readonly<Record<string, string>>): void {
  if (isJson) {
    output.say(JSON.stringify(facts));
    return;
  }
  const { action, username, password } = facts;
  output.say(`${action}: ${username}: done`);
  if (password !== undefined) output.say(`password: ${password}   (shown once)`);
}

/** Reads a table as the server is sent it: CSV as text, XLSX in base64. */
function readTableFile(path: string): { readonly format: 'csv' | 'xlsx'; readonly content: string } {
  const format = { '.csv': 'csv', '.xlsx': 'xlsx' }[extname(path).toLowerCase()] as
    'csv' | 'xlsx' | undefined;
  if (format === undefined) throw new UnusableInput('the table ends in .csv or .xlsx');
  if (!existsSync(path)) throw new UnusableInput('there is no such table');
  const content = readFileSync(path, format === 'csv' ? 'utf8' : 'base64');
  if (content.length > MAX_IMPORT_CHARACTERS) throw new UnusableInput('the table is too large');
  return { format, content };
}

async function importTable(
  settings: ServerSettings,
  order: { readonly file: string; readonly isDryRun: boolean; readonly isJson: boolean },
  output: Output,
): Promise<number> {
  const table = readTableFile(order.file);
  const db = await openExisting(settings);
  try {
    const { importPeople } = await import('../../server/procedure/import-people.ts');
    const { openVaultKey } = await import('../../server/signing/vault-key.ts');
    const { createPiiBox } = await import('../../server/signing/pii-box.ts');
    const pii = createPiiBox(openVaultKey(settings.keysDir, systemRandom), systemRandom);
    const site = {
      db,
      clock: createSystemClock(),
      random: systemRandom,
      pii,
      timeZone: settings.timeZone,
    };
    const done = await importPeople(site, null, { ...table, isDryRun: order.isDryRun });
    if (!done.ok) throw new UnusableInput('this is no table that can be read');
    const { isDryRun, isWritten, created, updated, unchanged, errors } = done.value;
    if (order.isJson) output.say(JSON.stringify(done.value));
    else {
      for (const { row, column, code } of errors) {
        output.say(`row ${row}${column === null ? '' : `, ${column}`}: ${code}`);
      }
      output.say(`${created} new, ${updated} changed, ${unchanged} as they were, ${errors.length} faults`);
      if (!isWritten) output.say(isDryRun ? 'nothing was written: dry run' : 'nothing was written');
    }
    return errors.length > 0 ? EXIT.no : EXIT.done;
  } finally {
    await db.destroy();
  }
}
