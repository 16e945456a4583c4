import { runProgram, type Commands } from '../../deploy/cli/program.ts';

/** What a run of the program left behind. */
export interface Run {
  readonly exitCode: number;
  readonly out: string;
  readonly errors: string;
}

/** Runs the program with some of its commands and catches what it writes. */
export async function runCaptured(commands: Commands, ...args: readonly string[]): Promise<Run> {
  const out: string[] = [];
  const errors: string[] = [];
  const exitCode = await runProgram(commands, '9.9.9', args, {
    say: (text) => out.push(`${text}\n`),
    complain: (text) => errors.push(`${text}\n`),
  });
  return { exitCode, out: out.join(''), errors: errors.join('') };
}
