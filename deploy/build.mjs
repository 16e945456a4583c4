import { existsSync, mkdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fingerprint, stampBuild } from './build-stamp.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Builds the program to dist/palang.mjs and the web app to dist/web, each where its source exists. */
export async function build() {
  const print = fingerprint(ROOT);
  await Promise.all([buildProgram(), buildWeb()]);
  stampBuild(ROOT, print);
}

async function buildProgram() {
  const entry = join(ROOT, 'deploy/cli/main.ts');
  if (!existsSync(entry)) return;
  const { build: bundle } = await import('esbuild');
  const { outputFiles } = await bundle({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outfile: join(ROOT, 'dist/palang.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    sourcemap: true,
    logLevel: 'warning',
    write: false,
  });
  mkdirSync(join(ROOT, 'dist'), { recursive: true });
  // Renamed into place: a program that starts while another build runs finds the old file or the new one, never half.
  for (const { path, contents } of outputFiles) {
    const draft = join(ROOT, 'dist', `.${process.pid}-${basename(path)}`);
    writeFileSync(draft, contents);
    renameSync(draft, path);
  }
}

async function buildWeb() {
  const root = join(ROOT, 'web');
  const configFile = join(root, 'vite.config.ts');
  if (!existsSync(configFile)) return;
  const { build: bundle } = await import('vite');
  // Built aside and swapped in: a server that runs meanwhile never serves half of a build.
  const draft = join(ROOT, `dist/.web-${process.pid}`);
  const previous = join(ROOT, `dist/.web-before-${process.pid}`);
  const target = join(ROOT, 'dist/web');
  await bundle({ root, configFile, logLevel: 'warn', build: { outDir: draft, emptyOutDir: true } });
  if (existsSync(target)) renameSync(target, previous);
  renameSync(draft, target);
  rmSync(previous, { recursive: true, force: true });
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url))
  await build();
