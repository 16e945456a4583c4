// Runs before everything else on a fresh clone: nothing may be imported here that `npm ci` brings.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isBuildCurrent } from './build-stamp.mjs';
import { BUILD_NEEDS, TEST_NEEDS, canInstall, installLine, missingNeeds } from './system-needs.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LOWEST_NODE = [20, 19];
const PROGRESS_MS = 15_000;
const PROBE_MS = 4_000;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const MODES = ['install', 'run', 'test'];

let isStopped = false;

const say = (line) => console.log(`bootstrap: ${line}`);

try {
  await bootstrap(process.argv[2]);
} catch (error) {
  console.error(`bootstrap: ${error.message}`);
  process.exitCode = 1;
}

async function bootstrap(mode) {
  if (!MODES.includes(mode)) throw new Error(`usage: node deploy/bootstrap.mjs ${MODES.join('|')}`);
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < LOWEST_NODE[0] || (major === LOWEST_NODE[0] && minor < LOWEST_NODE[1])) {
    throw new Error(
      `Node ${LOWEST_NODE.join('.')} or newer is needed, this is ${process.versions.node}: see https://nodejs.org/en/download`,
    );
  }
  await installPackages();
  if (mode === 'test') await installTestNeeds();
  if (mode !== 'install' && !isBuildCurrent(ROOT)) {
    await run('building', process.execPath, [join(ROOT, 'deploy/build.mjs')], { NODE_ENV: 'production' });
  }
}

async function installPackages() {
  const stampPath = join(ROOT, 'node_modules/.palang-install');
  const lockText = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
  const engine = `node ${process.versions.node} ${process.platform}-${process.arch}`;
  const wanted = `${createHash('sha256').update(lockText).digest('hex')} ${engine}`;
  const found = existsSync(stampPath) ? readFileSync(stampPath, 'utf8') : undefined;
  if (found === wanted) return;
  // A developer who ran `npm install NAME` has the right modules already: taking them costs nothing, another
  // `npm ci` costs a compile. Modules of another Node version do not count, their binaries do not load.
  if ((found === undefined || found.endsWith(engine)) && holdsLockedPackages(JSON.parse(lockText))) {
    writeFileSync(stampPath, wanted);
    return;
  }
  const env = await nativeBuildSettings();
  rmSync(stampPath, { force: true });
  // npm runs this script with its own path in the environment: the same npm then installs.
  const npmCli = process.env.npm_execpath;
  const isNodeScript = npmCli !== undefined && /npm-cli\.c?js$/.test(npmCli);
  const [command, head] = isNodeScript ? [process.execPath, [npmCli]] : ['npm', []];
  // The build needs development packages even where NODE_ENV=production would leave them out.
  await run(
    'installing packages (npm ci)',
    command,
    [...head, 'ci', '--include=dev', '--no-audit', '--no-fund'],
    env,
  );
  writeFileSync(stampPath, wanted);
}

/** True when npm's own record of node_modules has every locked package at its locked version. */
function holdsLockedPackages(lock) {
  const recordPath = join(ROOT, 'node_modules/.package-lock.json');
  if (!existsSync(recordPath)) return false;
  const installed = JSON.parse(readFileSync(recordPath, 'utf8')).packages;
  return Object.entries(lock.packages).every(([path, locked]) => {
    if (path === '') return true;
    // Optional packages of other platforms stand in the lock and are rightly absent here.
    return installed[path] === undefined
      ? Boolean(locked.optional)
      : installed[path].version === locked.version;
  });
}

/** The environment for modules with C++ in them; installs the compiler where it may and has to. */
async function nativeBuildSettings() {
  const env = {};
  // Without local headers node-gyp downloads them.
  if (process.env.npm_config_nodedir === undefined && systemHeadersFit()) env.npm_config_nodedir = '/usr';
  const missing = missingNeeds(BUILD_NEEDS);
  if (missing.length > 0) {
    if (canInstall()) await aptInstall(missing);
    else
      say(
        `no ${missing.map((need) => need.commands[0]).join(', ')}; if the install fails: ${installLine(missing)}`,
      );
  }
  // Where the release host of the prebuilt modules is out of reach, its installer would wait for a timeout first.
  const isSettled =
    process.env.npm_config_build_from_source !== undefined || missingNeeds(BUILD_NEEDS).length > 0;
  if (!isSettled && !(await isReachable('https://github.com'))) {
    env.npm_config_build_from_source = 'true';
    say('no prebuilt modules within reach: compiling them, about a minute');
  }
  return env;
}

/** True when the headers of the distribution belong to the Node that runs: others would compile a module that does not load. */
function systemHeadersFit() {
  const path = '/usr/include/node/node_version.h';
  if (!existsSync(path)) return false;
  return readFileSync(path, 'utf8').includes(
    `#define NODE_MAJOR_VERSION ${process.versions.node.split('.')[0]}\n`,
  );
}

async function isReachable(url) {
  try {
    await fetch(url, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(PROBE_MS) });
    return true;
  } catch {
    return false;
  }
}

async function installTestNeeds() {
  const missing = missingNeeds(TEST_NEEDS);
  if (missing.length === 0) return;
  const names = missing.map((need) => need.commands[0]).join(', ');
  if (!canInstall()) {
    say(`without ${names} some tests are skipped; to have them: ${installLine(missing)}`);
    return;
  }
  try {
    await aptInstall(missing);
  } catch (error) {
    if (isStopped) throw error;
    say(`${names} could not be installed (${error.message}); their tests will be skipped`);
  }
}

async function aptInstall(needs) {
  const packages = needs.map((need) => need.aptPackage);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const restorePolicy = forbidServiceStarts();
  try {
    await run('apt-get update', 'apt-get', ['update', '-q'], env).catch((error) => {
      // One source of several out of reach fails the update, and the package may well come from another.
      if (isStopped) throw error;
      say(error.message);
    });
    await run(
      `apt-get install ${packages.join(' ')}`,
      'apt-get',
      ['install', '-q', '-y', '--no-install-recommends', ...packages],
      env,
    );
  } finally {
    restorePolicy();
  }
  // Enabled by its package, it would hold port 1883 after the next boot; the tests start brokers of their own.
  if (packages.includes('mosquitto') && existsSync('/run/systemd/system')) {
    await run('keeping the mosquitto service off', 'systemctl', ['disable', '--now', 'mosquitto'], {});
  }
}

/** Debian's own switch against services that start on install (exit 101 = forbidden by policy); returns its undoing. */
function forbidServiceStarts() {
  const path = '/usr/sbin/policy-rc.d';
  if (existsSync(path)) return () => {};
  writeFileSync(path, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  return () => rmSync(path, { force: true });
}

/** Runs a command to its end with its output shown and a line of progress while it is silent. */
function run(what, command, args, env) {
  say(what);
  const startedMs = Date.now();
  const seconds = () => Math.round((Date.now() - startedMs) / 1000);
  const progress = setInterval(() => say(`${what}: still at it after ${seconds()} s`), PROGRESS_MS);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    // Stopped by hand, this script still has to take back what it changed: only the child ends at once.
    const stop = (signal) => {
      isStopped = true;
      child.kill(signal);
    };
    for (const signal of STOP_SIGNALS) process.on(signal, stop);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      for (const each of STOP_SIGNALS) process.off(each, stop);
      if (code === 0) {
        say(`${what}: done in ${seconds()} s`);
        resolve();
      } else reject(new Error(`${what} failed (${signal ?? `exit ${code}`}) after ${seconds()} s`));
    });
  }).finally(() => clearInterval(progress));
}
