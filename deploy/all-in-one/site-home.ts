import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { err, ok, type Result } from '#contract/result';
import { processBirth } from './process-birth.ts';

/** Where one site keeps everything of its own: what a backup of this folder holds is the whole site. */
export interface SiteHome {
  readonly path: string;
  readonly logDir: string;
  readonly gatewayDir: string;
  readonly gatewayConfig: string;
  readonly doorDir: string;
  readonly keysDir: string;
  readonly certFile: string;
  readonly certKeyFile: string;
  /** Gives the home free for the next launcher. */
  close(): void;
}

/**
 * Opens a home folder for one launcher: makes it where it is missing, readable by its owner alone, and refuses
 * while another launcher that lives holds it. Two gateways on one journal would be a cloned journal.
 * @returns the home, or `home-in-use`
 */
export function openSiteHome(path: string): Result<SiteHome, 'home-in-use'> {
  const home = resolve(path);
  const inHome = (...parts: string[]): string => join(home, ...parts);
  for (const folder of [home, inHome('log'), inHome('gateway'), inHome('door')]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  const lockFile = inHome('launcher.pid');
  const own = `${process.pid} ${processBirth(process.pid) ?? ''}`;
  if (!takeLock(lockFile, own)) return err('home-in-use');
  return ok({
    path: home,
    logDir: inHome('log'),
    gatewayDir: inHome('gateway'),
    gatewayConfig: inHome('gateway.yaml'),
    doorDir: inHome('door'),
    keysDir: inHome('keys'),
    certFile: inHome('lan-cert.pem'),
    certKeyFile: inHome('lan-key.pem'),
    close: () => rmSync(lockFile, { force: true }),
  });
}

function takeLock(lockFile: string, own: string): boolean {
  for (;;) {
    try {
      writeFileSync(lockFile, own, { flag: 'wx', mode: 0o600 });
      return true;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const [pid = '', birth = ''] = readFileSync(lockFile, 'utf8').split(' ');
    // A number alone would name whoever got it after the last crash; with the start time it names one process.
    if (processBirth(Number(pid)) === birth) return false;
    rmSync(lockFile, { force: true });
  }
}
