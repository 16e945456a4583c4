import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { asEpochMs } from '#contract/clock';
import { encodeHex, utf8 } from '#contract/bytes';
import { zipBundle } from '../../server/audit/export.ts';
import { sha256 } from '../../server/signing/node-crypto.ts';
import type { Database } from '../../server/store/database.ts';
import { dumpedTables, dumpTable, inSnapshot, KEY_TABLES, migrationsOf } from '../../server/store/dump.ts';
import { UnusableInput } from './program.ts';
import { readZip } from './read-zip.ts';

/** What a backup holds: everything but the keys, the keys alone, or both. */
export type BackupPart = 'data' | 'keys' | 'all';

const manifestSchema = z.strictObject({
  format: z.literal('palang-backup/1'),
  part: z.enum(['data', 'keys', 'all']),
  site: z.string(),
  /** Ms since 1970. */
  madeAt: z.number().int(),
  version: z.string(),
  migrations: z.array(z.string()),
  /** Rows of each table. */
  rows: z.record(z.string(), z.number().int()),
  /** SHA-256 of every other file, hex. */
  files: z.record(z.string(), z.string()),
});

/** What a backup says of itself. */
export type BackupManifest = z.infer<typeof manifestSchema>;

/** A backup in memory. */
export interface Backup {
  readonly manifest: BackupManifest;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

const tablePath = (table: string): string => `tables/${table}.jsonl`;
const MANIFEST = 'manifest.json';
const KEYS = 'keys/';

/** Reads the database and the keys of a site into a backup. */
export async function makeBackup(
  db: Database,
  keysDir: string,
  facts: Pick<BackupManifest, 'part' | 'site' | 'madeAt' | 'version'>,
): Promise<Backup> {
  const files = new Map<string, Uint8Array>();
  const rows: Record<string, number> = {};
  const migrations = await inSnapshot(db, async (snapshot) => {
    for (const table of await dumpedTables(snapshot)) {
      const isKeys = KEY_TABLES.includes(table);
      if (facts.part !== 'all' && isKeys !== (facts.part === 'keys')) continue;
      const lines: string[] = [];
      for await (const piece of dumpTable(snapshot, table)) lines.push(piece);
      const text = lines.join('');
      rows[table] = text.split('\n').length - 1;
      files.set(tablePath(table), utf8(text));
    }
    return migrationsOf(snapshot);
  });
  if (facts.part !== 'data') {
    for (const name of readdirSync(keysDir).sort()) {
      const path = join(keysDir, name);
      if (statSync(path).isFile()) files.set(`${KEYS}${name}`, new Uint8Array(readFileSync(path)));
    }
  }
  const manifest: BackupManifest = {
    format: 'palang-backup/1',
    ...facts,
    migrations: [...migrations],
    rows,
    files: Object.fromEntries(Array.from(files, ([path, bytes]) => [path, encodeHex(sha256(bytes))])),
  };
  return { manifest, files };
}

/** Packs a backup, a piece at a time. */
export async function* packBackup({ manifest, files }: Backup): AsyncGenerator<Uint8Array> {
  const all = new Map([[MANIFEST, utf8(`${JSON.stringify(manifest, null, 2)}\n`)], ...files]);
  yield* zipBundle(all, asEpochMs(manifest.madeAt));
}

const LIMITS = { maxEntries: 10_000, maxTotalBytes: 2 * 1024 ** 3 };

/** Unpacks a backup and holds every file against the manifest. @throws UnusableInput where anything differs */
export function unpackBackup(bytes: Uint8Array): Backup {
  const zip = readZip(bytes, LIMITS);
  if (!zip.ok || zip.value.damaged.length > 0) throw new UnusableInput('this backup is damaged');
  const text = zip.value.files.get(MANIFEST);
  const manifest = manifestSchema.safeParse(
    text === undefined ? null : JSON.parse(new TextDecoder().decode(text)),
  );
  if (!manifest.success) throw new UnusableInput('this backup was made by another version');
  const files = new Map(zip.value.files);
  files.delete(MANIFEST);
  const listed = Object.entries(manifest.data.files);
  const isWhole =
    listed.length === files.size &&
    listed.every(([path, digest]) => encodeHex(sha256(files.get(path) ?? new Uint8Array())) === digest);
  if (!isWhole) throw new UnusableInput('this backup does not fit its own manifest');
  return { manifest: manifest.data, files };
}

/** Reads the rows of a backup by table. */
export function rowsIn({
  manifest,
  files,
}: Backup): ReadonlyMap<string, readonly Readonly<Record<string, unknown>>[]> {
  const tables = new Map<string, readonly Readonly<Record<string, unknown>>[]>();
  const decoder = new TextDecoder();
  for (const table of Object.keys(manifest.rows)) {
    const lines = decoder
      .decode(files.get(tablePath(table)))
      .split('\n')
      .slice(0, -1);
    tables.set(
      table,
      lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>),
    );
  }
  return tables;
}

/** The key files of a backup, by name. */
export const keyFilesIn = ({ files }: Backup): ReadonlyMap<string, Uint8Array> =>
  new Map(
    [...files]
      .filter(([path]) => path.startsWith(KEYS))
      .map(([path, bytes]) => [path.slice(KEYS.length), bytes]),
  );

/** Refuses to write over anything. */
export function refuseExisting(path: string): void {
  if (existsSync(path)) throw new UnusableInput(`${path} is there already`);
}
