import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

const DEPLOY = fileURLToPath(new URL('../../deploy', import.meta.url));
const MODULES = ['bootstrap.mjs', 'build-stamp.mjs', 'system-needs.mjs'];

// Stands for npm: notes that it ran and leaves the record that the real one leaves.
const FAKE_NPM = `
const fs = require('node:fs');
fs.appendFileSync('npm-runs', process.argv.slice(2).join(' ') + '\\n');
if (fs.existsSync('npm-fails')) process.exit(3);
fs.mkdirSync('node_modules', { recursive: true });
fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json');
`;

let root: string;

const lockWith = (version: string): string =>
  JSON.stringify({
    packages: { '': {}, 'node_modules/a': { version }, 'node_modules/b': { version, optional: true } },
  });

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'palang-bootstrap-'));
  for (const name of MODULES) cpSync(join(DEPLOY, name), join(root, 'deploy', name));
  mkdirSync(join(root, 'bin'));
  // With a toolchain in reach nothing is ever installed on the machine that runs this test.
  for (const name of ['python3', 'make', 'g++']) writeFileSync(join(root, 'bin', name), '', { mode: 0o755 });
  writeFileSync(join(root, 'bin/npm-cli.js'), FAKE_NPM);
  writeFileSync(join(root, 'package-lock.json'), lockWith('1.0.0'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function bootstrap(mode: string): Promise<{ exitCode: number; text: string }> {
  const env = {
    PATH: `${join(root, 'bin')}:${process.env['PATH'] ?? ''}`,
    npm_execpath: join(root, 'bin/npm-cli.js'),
    npm_config_build_from_source: 'true',
  };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(root, 'deploy/bootstrap.mjs'), mode],
      { env },
      (error, stdout, stderr) => {
        resolve({ exitCode: Number(error?.code ?? 0), text: stdout + stderr });
      },
    );
  });
}

function npmRuns(): number {
  const path = join(root, 'npm-runs');
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n').length : 0;
}

it('AR16: packages are installed once, and again when the lock changed', async () => {
  expect((await bootstrap('install')).exitCode).toBe(0);
  expect((await bootstrap('install')).exitCode).toBe(0);
  expect(npmRuns()).toBe(1);
  expect(readFileSync(join(root, 'npm-runs'), 'utf8')).toMatch(/^ci /);
  writeFileSync(join(root, 'package-lock.json'), lockWith('1.0.1'));
  expect((await bootstrap('install')).exitCode).toBe(0);
  expect(npmRuns()).toBe(2);
});

it('AR16: packages of another Node version are installed again', async () => {
  await bootstrap('install');
  writeFileSync(join(root, 'node_modules/.palang-install'), '0 node 18.0.0 linux-x64');
  await bootstrap('install');
  expect(npmRuns()).toBe(2);
});

it('AR16: what a developer installed by hand is taken as it is, without optional packages of other platforms', async () => {
  mkdirSync(join(root, 'node_modules'));
  const record = { packages: { 'node_modules/a': { version: '1.0.0' } } };
  writeFileSync(join(root, 'node_modules/.package-lock.json'), JSON.stringify(record));
  expect((await bootstrap('install')).exitCode).toBe(0);
  expect(npmRuns()).toBe(0);
});

it('AR16: a failed install fails, and is tried again', async () => {
  writeFileSync(join(root, 'npm-fails'), '');
  const failed = await bootstrap('install');
  expect(failed.exitCode).toBe(1);
  expect(failed.text).toContain('installing packages (npm ci) failed (exit 3)');
  rmSync(join(root, 'npm-fails'));
  expect((await bootstrap('install')).exitCode).toBe(0);
  expect(npmRuns()).toBe(2);
});

it('AR16: an unknown mode installs nothing', async () => {
  const refused = await bootstrap('everything');
  expect(refused.exitCode).toBe(1);
  expect(refused.text).toContain('usage: node deploy/bootstrap.mjs install|run|test');
  expect(npmRuns()).toBe(0);
});
