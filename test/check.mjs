import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SHOWN_LINES = 20;

const CHECKS = [
  { name: 'format', command: 'prettier', args: ['--check', '.'] },
  { name: 'lint', command: 'oxlint', args: ['--format=unix'] },
  { name: 'types', command: 'tsc', args: ['--noEmit', '--pretty', 'false'] },
  { name: 'architecture', command: 'tsx', args: ['test/architecture/print-findings.ts'] },
  { name: 'unused', command: 'knip', args: ['--no-progress'] },
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !CHECKS.some((check) => check.name === name));
if (unknown.length > 0) {
  console.error(
    `unknown check ${unknown.join(', ')}; there are: ${CHECKS.map((check) => check.name).join(', ')}`,
  );
  process.exit(2);
}

let failures = 0;
for (const check of CHECKS) {
  if (wanted.length > 0 && !wanted.includes(check.name)) continue;
  const startedMs = Date.now();
  const { exitCode, lines } = await run(check);
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
  console.log(`${exitCode === 0 ? 'ok  ' : 'FAIL'} ${check.name} (${seconds} s)`);
  if (exitCode === 0) continue;
  failures += 1;
  for (const line of lines.slice(0, SHOWN_LINES)) console.log(`     ${line}`);
  if (lines.length > SHOWN_LINES) {
    console.log(
      `     ... ${lines.length - SHOWN_LINES} more lines: npx ${[check.command, ...check.args].join(' ')}`,
    );
  }
}
process.exitCode = failures > 0 ? 1 : 0;

function run({ command, args }) {
  return new Promise((resolve) => {
    // Not through npx: it would fetch a tool that is missing instead of failing.
    const child = spawn(`${ROOT}node_modules/.bin/${command}`, args, {
      cwd: ROOT,
      env: { ...process.env, NO_COLOR: '1' },
    });
    let text = '';
    child.stdout.on('data', (chunk) => (text += chunk));
    child.stderr.on('data', (chunk) => (text += chunk));
    child.once('error', (error) => resolve({ exitCode: 1, lines: [error.message] }));
    child.once('close', (exitCode) =>
      resolve({ exitCode, lines: text.split('\n').filter((line) => line.trim() !== '') }),
    );
  });
}
