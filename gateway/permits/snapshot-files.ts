import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from '../write-durably.ts';

/** Plain files of signed orders: they carry their own proof, so that no database is needed to trust them. */
export interface SnapshotFiles {
  /** Texts of the kept snapshots, the newest version first. */
  readSnapshots(): readonly string[];
  /** Keeps a snapshot durably, and of the older ones only the newest. */
  writeSnapshot(version: number, text: string): void;
  /** The last heartbeat that was kept. */
  readHeartbeat(): string | null;
  writeHeartbeat(text: string): void;
  /** Orders that somebody carried here, and that nobody has looked at; gone once taken. */
  takeCarried(): string | null;
}

const GENERATIONS = 2;
const NAME = /^policy-([0-9]{1,16})\.json$/;
const HEARTBEAT = 'heartbeat.json';

/** Name of the file in which carried orders wait. */
export const CARRIED_FILE = 'carried.json';

/** Puts carried orders where the gateway looks for them, at its start and every minute. */
export function leaveCarried(dir: string, text: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  writeDurably(dir, CARRIED_FILE, text);
}

/** Opens the folder of signed orders; made where it is missing. */
export function openSnapshotFiles(dir: string): SnapshotFiles {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const versions = (): number[] =>
    readdirSync(dir)
      .flatMap((name) => NAME.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => b - a);
  const nameOf = (version: number): string => join(dir, `policy-${version}.json`);
  return {
    readSnapshots: () => versions().map((version) => readFileSync(nameOf(version), 'utf8')),
    writeSnapshot: (version, text) => {
      writeDurably(dir, `policy-${version}.json`, text);
      for (const old of versions().slice(GENERATIONS)) rmSync(nameOf(old), { force: true });
    },
    readHeartbeat: () => {
      if (!readdirSync(dir).includes(HEARTBEAT)) return null;
      return readFileSync(join(dir, HEARTBEAT), 'utf8');
    },
    writeHeartbeat: (text) => writeDurably(dir, HEARTBEAT, text),
    takeCarried: () => {
      if (!readdirSync(dir).includes(CARRIED_FILE)) return null;
      const text = readFileSync(join(dir, CARRIED_FILE), 'utf8');
      // First: orders that bring the program down must not do so again.
      rmSync(join(dir, CARRIED_FILE), { force: true });
      return text;
    },
  };
}
