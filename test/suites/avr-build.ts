import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TEST_NEEDS, findCommand, missingNeeds } from '../../deploy/system-needs.mjs';

interface SystemNeed {
  readonly aptPackage: string;
  readonly tests: RegExp;
}

const firmwareDir = fileURLToPath(new URL('../../firmware-bridge/firmware', import.meta.url));
const harnessDir = fileURLToPath(new URL('../firmware', import.meta.url));

/** Why the tests of a file cannot run here; null where they can. The runner adds the line that installs it. */
export function whyNoAvr(testFile: 'suites/avr-core' | 'system/avr-door'): string | null {
  const needs: readonly SystemNeed[] = TEST_NEEDS.filter(({ tests }) => tests.test(testFile));
  const missing: readonly SystemNeed[] = missingNeeds(needs);
  if (missing.length === 0) return null;
  return `no ${missing.map(({ aptPackage }) => aptPackage).join(', ')}`;
}

/** Builds the core for this machine and returns the path of the program that plays it. */
export function buildCore(outDir: string): string {
  make(firmwareDir, outDir, 'core-host');
  return join(outDir, 'core-driver');
}

/** The bytes of a section of an image, in hex as the tool prints them. */
export function readSection(image: string, section: string): string {
  return run('avr-objdump', ['-s', '-j', section, image]);
}

/** Builds the image for the chip and the simulated chip that runs it. */
export function buildDoor(outDir: string): { readonly image: string; readonly chip: string } {
  make(firmwareDir, outDir, 'all');
  make(harnessDir, outDir, join(outDir, 'simavr-door'));
  return { image: join(outDir, 'door.elf'), chip: join(outDir, 'simavr-door') };
}

function make(folder: string, outDir: string, target: string): void {
  run('make', ['-C', folder, `OUT=${outDir}`, target]);
}

function run(command: string, parameters: readonly string[]): string {
  const path: string = findCommand(command) ?? command;
  return execFileSync(path, parameters, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
