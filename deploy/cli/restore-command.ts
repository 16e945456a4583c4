import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeSettings, type ServerSettings } from '../../server/settings.ts';
import { ERASURE_LEDGER_FILE, parseErasureLedger } from '../../server/signing/erasure-ledger.ts';
import { createSystemClock } from '../all-in-one/system-clock.ts';
import { keyFilesIn, rowsIn, unpackBackup, type Backup } from './backup-content.ts';
import { withLocalSite } from './local-site.ts';
import { createCommand, EXIT, JSON_OPTION, UnusableInput, type Output } from './program.ts';
import { PASSPHRASE_OPTION, readPassphrase, readSealedFile } from './sealed-file.ts';
import { loadSettings } from './server-command.ts';
import { systemRandom } from './system-ports.ts';
import { VERSION } from './version.ts';

/** `palang restore`: puts a backup back, or tries whether it could be. */
export const restoreCommand = createCommand(
  'restore',
  'puts a backup back into an empty home, or tries with --drill whether it could be',
  {
    file: { type: 'positional', description: 'backup', required: true },
    keys: { type: 'string', valueHint: 'file', description: 'backup of the keys, where they are kept apart' },
    home: { type: 'string', valueHint: 'folder', description: 'where to; PALANG_HOME without it' },
    force: {
      type: 'boolean',
      description: 'put what is there aside, under another name, and restore all the same',
    },
    drill: {
      type: 'boolean',
      description: 'restore into a temporary folder, verify, and tell how long it took',
    },
    ...PASSPHRASE_OPTION,
    ...JSON_OPTION,
  },
  async (args, output) => {
    const startedAt = createSystemClock().monoMs();
    const passphrase = await readPassphrase(args['passphrase-file']);
    const data = unpackBackup(await readSealedFile(args.file, passphrase));
    const keys = args.keys === undefined ? data : unpackBackup(await readSealedFile(args.keys, passphrase));
    if (data.manifest.part === 'keys') throw new UnusableInput('this backup holds keys only');
    if (keys.manifest.part === 'data') {
      throw new UnusableInput('this backup holds no keys; give their backup with --keys');
    }
    if (keys.manifest.site !== data.manifest.site) {
      throw new UnusableInput('the keys are those of another site');
    }
    const whole = { data, keys };
    const tell = (facts: Readonly<Record<string, unknown>>, words: string): void =>
      output.say(args.json === true ? JSON.stringify(facts) : words);
    return args.drill === true
      ? drill(whole, startedAt, tell, output)
      : restore(whole, { home: args.home, isForced: args.force === true }, startedAt, tell, output);
  },
);

interface Whole {
  readonly data: Backup;
  readonly keys: Backup;
}

type Tell = (facts: Readonly<Record<string, unknown>>, words: string) => void;

function settingsFor(home: string | undefined, site: string): ServerSettings {
  const settings = decodeSettings({ ...process.env, ...(home === undefined ? {} : { PALANG_HOME: home }) });
  if (!settings.ok) throw new UnusableInput(`the environment cannot be used: ${settings.error.join('; ')}`);
  if (settings.value.siteId !== site) {
    throw new UnusableInput(`this backup is of the site ${site}; set PALANG_SITE`);
  }
  return settings.value;
}

const isThere = (dir: string): boolean => existsSync(dir) && readdirSync(dir).length > 0;

/** Puts what is there aside. @returns the erasure ledger that was there */
function makeRoom({ databaseUrl, keysDir }: ServerSettings, isForced: boolean): string {
  const file = databaseUrl.startsWith('sqlite:') ? databaseUrl.slice('sqlite:'.length) : null;
  const isInTheWay = isThere(keysDir) || (file !== null && existsSync(file));
  if (isInTheWay && !isForced) {
    throw new UnusableInput('there is a site here already; --force puts it aside');
  }
  const ledger = join(keysDir, ERASURE_LEDGER_FILE);
  const known = existsSync(ledger) ? readFileSync(ledger, 'utf8') : '';
  const suffix = `replaced-${new Date(createSystemClock().epochMs()).toISOString().replaceAll(/[:.]/g, '-')}`;
  if (isThere(keysDir)) renameSync(keysDir, `${keysDir}.${suffix}`);
  for (const end of ['', '-wal', '-shm']) {
    if (file !== null && existsSync(`${file}${end}`)) renameSync(`${file}${end}`, `${file}.${suffix}${end}`);
  }
  return known;
}

/** Writes the keys for their owner alone, and joins what both sides know of erasures. */
function writeKeys(dir: string, keys: Backup, ledgerHere: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  for (const [name, bytes] of keyFilesIn(keys)) {
    writeFileSync(join(dir, name), bytes, { mode: 0o600 });
    chmodSync(join(dir, name), 0o600);
  }
  const path = join(dir, ERASURE_LEDGER_FILE);
  const ledgerThere = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const lines = new Map(
    [...parseErasureLedger(ledgerThere), ...parseErasureLedger(ledgerHere)].map((line) => [
      line.person,
      line,
    ]),
  );
  if (lines.size > 0) {
    writeFileSync(path, [...lines.values()].map((line) => `${JSON.stringify(line)}\n`).join(''), {
      mode: 0o600,
    });
  }
}

/** Puts the rows into a database that was just made, or is to be replaced. */
async function writeRows(databaseUrl: string, { data, keys }: Whole, isForced: boolean): Promise<void> {
  const { inTransaction, openDatabase } = await import('../../server/store/database.ts');
  const { isUntouched, KEY_TABLES, markRestored, migrationsOf, replaceTables } =
    await import('../../server/store/dump.ts');
  const db = await openDatabase(databaseUrl);
  try {
    if (!(await isUntouched(db)) && !isForced) {
      throw new UnusableInput('there is a site in this database already; --force replaces it');
    }
    const ours = await migrationsOf(db);
    if (JSON.stringify(ours) !== JSON.stringify(data.manifest.migrations)) {
      throw new UnusableInput(
        `the backup was made by version ${data.manifest.version}; restore it with that one, then update`,
      );
    }
    const rows = new Map(rowsIn(data));
    for (const table of KEY_TABLES) rows.set(table, rowsIn(keys).get(table) ?? []);
    await inTransaction(db, async (trx) => {
      await replaceTables(trx, rows);
      await markRestored(trx, data.manifest.madeAt);
    });
  } finally {
    await db.destroy();
  }
}

async function restore(
  whole: Whole,
  to: { readonly home: string | undefined; readonly isForced: boolean },
  startedAt: number,
  tell: Tell,
  output: Output,
): Promise<number> {
  const settings = settingsFor(to.home, whole.data.manifest.site);
  const ledger = makeRoom(settings, to.isForced);
  writeKeys(settings.keysDir, whole.keys, ledger);
  await writeRows(settings.databaseUrl, whole, to.isForced);
  // Opening the site takes up its work: the site log says that it was put back, and erasures are repeated.
  const { checkIntegrity } = await import('../../server/audit/evidence-desk.ts');
  const { isIntact, logs } = await withLocalSite('restore', settings, (site) =>
    checkIntegrity(site, VERSION),
  );
  const tookMs = createSystemClock().monoMs() - startedAt;
  const madeAt = new Date(whole.data.manifest.madeAt).toISOString();
  const records = logs.reduce((sum, log) => sum + log.size, 0);
  const facts = { isIntact, madeAt, records, tookMs };
  if (!isIntact) {
    output.complain(
      'palang restore: the backup is in place, and its evidence does not verify; see palang verify',
    );
    return EXIT.no;
  }
  tell(
    facts,
    `restored as of ${madeAt}: ${records} records verify; ${seconds(tookMs)}; start the server now`,
  );
  return EXIT.done;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** Restores into a folder that is thrown away, verifies, and writes the result into the audit trail of the site. */
async function drill(whole: Whole, startedAt: number, tell: Tell, output: Output): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'palang-drill-'));
  try {
    const keysDir = join(folder, 'keys');
    const databaseUrl = `sqlite:${join(folder, 'server.db')}`;
    writeKeys(keysDir, whole.keys, '');
    await writeRows(databaseUrl, whole, false);
    const { openDatabase } = await import('../../server/store/database.ts');
    const { inspectDatabase } = await import('../../server/audit/inspect.ts');
    const db = await openDatabase(databaseUrl);
    const clock = createSystemClock();
    const { site: siteId, madeAt } = whole.data.manifest;
    const ports = { db, siteId, keysDir, clock, random: systemRandom, version: VERSION };
    const { verdict, erasedSince } = await inspectAndClose(() => inspectDatabase(ports), db);
    const tookMs = clock.monoMs() - startedAt;
    const ageMs = clock.epochMs() - madeAt;
    const facts = {
      isIntact: verdict.ok,
      reason: verdict.ok ? null : verdict.error.reason,
      madeAt: new Date(madeAt).toISOString(),
      records: verdict.ok ? verdict.value.counts.records : 0,
      erasedSince,
      tookMs,
      ageMs,
    };
    await recordDrill(siteId, facts);
    if (!verdict.ok) {
      output.complain(
        `palang restore: the drill failed: ${verdict.error.file}: ${verdict.error.reason}: ${verdict.error.words}`,
      );
      return EXIT.no;
    }
    tell(
      facts,
      `drill passed: ${facts.records} records verify; recovery took ${seconds(tookMs)}; the backup is ${(ageMs / 3_600_000).toFixed(1)} hours old`,
    );
    return EXIT.done;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Closes the database whatever comes out, so that its folder can be thrown away. */
async function inspectAndClose<T>(
  inspect: () => Promise<T>,
  db: { readonly destroy: () => Promise<void> },
): Promise<T> {
  try {
    return await inspect();
  } finally {
    await db.destroy();
  }
}

/** Writes the drill where an auditor looks for it; on a machine without the site it is only printed. */
async function recordDrill(siteId: string, facts: Readonly<Record<string, unknown>>): Promise<void> {
  const settings = loadSettings();
  const { databaseUrl } = settings;
  const isHere = !databaseUrl.startsWith('sqlite:') || existsSync(databaseUrl.slice('sqlite:'.length));
  if (!isHere || settings.siteId !== siteId) return;
  const { inTransaction, openDatabase } = await import('../../server/store/database.ts');
  const { recordAudit } = await import('../../server/store/audit-trail.ts');
  const db = await openDatabase(databaseUrl);
  try {
    const at = createSystemClock().epochMs();
    await inTransaction(db, (trx) =>
      recordAudit(trx, { at, byId: null, act: 'restore.drilled', subject: siteId, facts }),
    );
  } finally {
    await db.destroy();
  }
}
