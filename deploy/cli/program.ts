import { stripVTControlCharacters } from 'node:util';
import { runCommand, type ArgsDef, type CommandDef } from 'citty';
import { Fault } from '#contract/result';

/** Exit codes of every command. */
export const EXIT = {
  done: 0,
  /** The work was done, and the answer is no. */
  no: 1,
  /** Nothing was done: the input cannot be used. */
  unusable: 2,
} as const;

/** Where a command writes. */
export interface Output {
  /** Writes a line to standard output. */
  readonly say: (text: string) => void;
  /** Writes a line to standard error. */
  readonly complain: (text: string) => void;
}

/** Input that a command cannot use; its one line goes to standard error. It never quotes a secret. */
export class UnusableInput extends Error {}

/** A command of the program. */
export interface ProgramCommand {
  readonly summary: string;
  /** @returns the exit code */
  run(args: readonly string[], output: Output): Promise<number>;
}

/** What a command gets to work with. */
export type Arguments<T extends ArgsDef> = Parameters<NonNullable<CommandDef<T>['run']>>[0]['args'];

/** Options that every command has. */
export const JSON_OPTION = { json: { type: 'boolean', description: 'print JSON, one line' } } as const;

/**
 * Makes a command whose options are all known: an unknown one, one without its value and a word too many are
 * refused, because a mistyped option that is passed over does something else than was asked.
 */
export function createCommand<const T extends ArgsDef>(
  name: string,
  summary: string,
  options: T,
  work: (args: Arguments<T>, output: Output) => Promise<number>,
): ProgramCommand {
  return {
    summary,
    async run(args, output) {
      let exitCode: number = EXIT.done;
      const command: CommandDef<T> = {
        meta: { name, description: summary },
        args: options,
        async run(context) {
          refuseUnknown(context.args, options);
          exitCode = await work(context.args, output);
        },
      };
      if (args.includes('--help') || args.includes('-h')) {
        output.say(usageOf(name, summary, options));
        return EXIT.done;
      }
      await runCommand(command, { rawArgs: [...args] });
      return exitCode;
    },
  };
}

/** Stands between the values of an option that was given several: no name of a file holds it. */
const VALUE_SEPARATOR = '\0';

/** Splits the value of an option that `joinValues` has joined. */
export const splitValues = (joined: string | undefined): readonly string[] =>
  joined === undefined ? [] : joined.split(VALUE_SEPARATOR);

/** Makes `--name A B --name C` one value, as citty knows no option with several. */
export function joinValues(command: ProgramCommand, name: string): ProgramCommand {
  const flag = `--${name}`;
  return {
    summary: command.summary,
    run(args, output) {
      const rest: string[] = [];
      const values: string[] = [];
      let isValue = false;
      for (const arg of args) {
        if (arg.startsWith('-')) isValue = arg === flag;
        if (arg.startsWith(`${flag}=`)) values.push(arg.slice(flag.length + 1));
        else if (isValue && arg !== flag) values.push(arg);
        else if (arg !== flag) rest.push(arg);
      }
      const isGiven = args.some((arg) => arg === flag || arg.startsWith(`${flag}=`));
      return command.run(isGiven ? [...rest, `${flag}=${values.join(VALUE_SEPARATOR)}`] : rest, output);
    },
  };
}

/** Makes a command that reads its options, and answers to --help, by itself. */
export const createForwardedCommand = (
  summary: string,
  run: (args: readonly string[]) => Promise<number>,
): ProgramCommand => ({ summary, run });

function usageOf(name: string, summary: string, options: ArgsDef): string {
  const words: string[] = [];
  const rows: [string, string][] = [];
  for (const [key, { type, required, valueHint, description = '', default: preset }] of Object.entries(
    options,
  )) {
    const value = (valueHint ?? key).toUpperCase();
    const shown =
      type === 'positional' ? key.toUpperCase() : type === 'boolean' ? `--${key}` : `--${key} ${value}`;
    words.push(required === true ? shown : `[${shown}]`);
    rows.push([shown, preset === undefined ? description : `${description} (${String(preset)})`]);
  }
  const width = Math.max(...rows.map(([shown]) => shown.length));
  return [
    `palang ${[name, ...words].join(' ')}`,
    '',
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    '',
    ...rows.map(([shown, description]) => `  ${shown.padEnd(width)}  ${description}`),
  ].join('\n');
}

const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function refuseUnknown(
  args: Readonly<Record<string, unknown>> & { readonly _: string[] },
  options: ArgsDef,
): void {
  const names = new Set(Object.keys(options).map(kebab));
  for (const [name, value] of Object.entries(args)) {
    if (name === '_') continue;
    if (!names.has(kebab(name))) throw new UnusableInput(`unknown option --${kebab(name)}; see --help`);
    const type = options[name]?.type;
    if (type === 'string' && value === '') throw new UnusableInput(`--${kebab(name)} needs a value`);
  }
  const positionals = Object.values(options).filter((option) => option.type === 'positional');
  if (args._.length > positionals.length) throw new UnusableInput('too many words; see --help');
}

/** Commands by name. */
export type Commands = Readonly<Record<string, ProgramCommand>>;

/**
 * Runs the program: finds the command, and turns whatever goes wrong into an exit code and one line.
 * @returns the exit code
 */
export async function runProgram(
  commands: Commands,
  version: string,
  args: readonly string[],
  output: Output,
): Promise<number> {
  const [name, ...rest] = args;
  if (name === '--version') {
    output.say(version);
    return EXIT.done;
  }
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    output.say(overview(commands, version));
    return name === undefined ? EXIT.unusable : EXIT.done;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    output.complain('palang: there is no such command; see palang --help');
    return EXIT.unusable;
  }
  try {
    return await command.run(rest, output);
  } catch (error) {
    const line = complaintOf(error);
    if (line === null) throw error;
    output.complain(`palang ${name}: ${line}`);
    return EXIT.unusable;
  }
}

const FAULT_WORDS: Readonly<Record<string, string>> = {
  'cannot-listen': 'the address and port cannot be opened',
  'database-not-durable': 'the database does not promise that a commit is on the disk',
  'journal-corrupt': 'the journal of this gateway is damaged; keep it for the auditor and enrol anew',
  'journal-in-use': 'another gateway is using this journal',
  'journal-not-durable': 'the journal does not promise that a commit is on the disk',
  'journal-of-another': 'the journal is that of another gateway or epoch than the key file names',
  'key-file-damaged': 'a key of the site cannot be read',
  'key-file-missing': 'a key of the site is missing from the folder of keys',
  'key-file-readable-by-others': 'a key of the site can be read by others; chmod 600',
  'key-file-unreadable': 'the key file of this gateway cannot be read; enrol it first (palang enrol)',
  'backup-does-not-fit': 'the rows of this backup do not fit the tables of this version',
  'keys-do-not-fit-database': 'the keys are not those that this database was made with',
  'keys-of-another-site': 'the keys are those of another site; check PALANG_SITE',
  'openings-key-wrong':
    'openings.key is not the one that this database was sealed with; put the right one back',
  'opening-damaged': 'a sealed opening was changed in the database',
  'reader-key-all-zero':
    'the key file of a reader holds the all-zero key, which everybody knows; pair the reader',
  'reader-key-default':
    'the key file of a reader holds the default key, which everybody knows; pair the reader',
  'reader-key-malformed': 'the key file of a reader must hold 32 hex digits and nothing else',
  'reader-key-unreadable': 'the key file of a reader cannot be read',
  'root-document-damaged': 'site-root.json cannot be read',
  'root-not-genuine': 'the root documents are not signed as they must be',
  'key-not-in-root-document': 'a key of this server is not the one that the root document names',
  'trust-file-not-genuine': 'the trust file is not signed as it must be',
  'trust-file-unreadable': 'the trust file of this gateway cannot be read; enrol it first (palang enrol)',
  'wrong-gateway': 'the key file is that of another gateway than the configuration names',
  'wrong-site': 'the trust file is that of another site than the key file names',
};

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** The one line of an expected error; null for a bug, which shows itself with its stack. */
function complaintOf(error: unknown): string | null {
  if (error instanceof UnusableInput) return error.message;
  if (error instanceof Fault) {
    const cause = codeOf(error.cause);
    return `${FAULT_WORDS[error.code] ?? error.code}${cause === '' ? '' : ` (${cause})`}`;
  }
  if (!(error instanceof Error)) return null;
  // citty names missing words and options this way.
  if (error.name === 'CLIError') return stripVTControlCharacters(error.message);
  // What the operating system refuses: a folder that is a file, a disk that is full, a right that is missing.
  if (!('syscall' in error)) return null;
  return 'path' in error ? `${String(error.path)} cannot be used (${codeOf(error)})` : codeOf(error);
}

function overview(commands: Commands, version: string): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  const rows = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    `palang ${version}: server-room access control by procedure`,
    '',
    'Usage: palang <command> [options]',
    '',
    ...rows,
    '',
    'palang <command> --help tells more. Exit codes: 0 done, 1 the answer is no, 2 unusable input.',
  ].join('\n');
}
