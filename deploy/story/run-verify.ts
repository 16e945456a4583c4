import { spawn } from 'node:child_process';
import { programFile } from '../all-in-one/program.ts';

/** What the verifier said. */
export interface VerifyAnswer {
  readonly code: number | null;
  /** Its verdict, in one line. */
  readonly text: string;
}

/** Runs `palang verify` as an auditor does: a process that knows nothing but the bundle. */
export function runVerify(bundle: string): Promise<VerifyAnswer> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [programFile(), 'verify', bundle], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const parts: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => parts.push(part));
    child.stderr.on('data', (part: Buffer) => parts.push(part));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, text: verdictOf(Buffer.concat(parts).toString('utf8')) }));
  });
}

/** The lines from the verdict on; what stands before it describes the bundle. */
function verdictOf(text: string): string {
  const lines = text.trim().split('\n');
  const from = lines.findIndex((line) => line.includes('INTACT'));
  return lines
    .slice(Math.max(from, 0))
    .map((line) => line.trim())
    .join('; ');
}
