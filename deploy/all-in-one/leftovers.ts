import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { waitFor } from '../story/wait-for.ts';
import { processBirth } from './process-birth.ts';

const STOP_MS = 8_000;

/** Remembers which processes a launcher has started, so that the next one can end what outlived it. */
export interface ProcessList {
  /** Notes a process under its part's name; undefined when it has ended. */
  note(name: string, pid: number | undefined): void;
}

/**
 * Ends what a launcher that was killed has left running on this home, then opens a new list. A second gateway on
 * the same journal would be worse than none.
 */
export async function openProcessList(file: string): Promise<ProcessList> {
  for (const { pid, birth } of readList(file)) {
    if (processBirth(pid) === birth) await endProcess(pid, birth);
  }
  const running = new Map<string, { pid: number; birth: string }>();
  const save = (): void => writeFileSync(file, JSON.stringify([...running.values()]), { mode: 0o600 });
  save();
  return {
    note(name, pid) {
      const birth = pid === undefined ? undefined : processBirth(pid);
      if (pid === undefined || birth === undefined) running.delete(name);
      else running.set(name, { pid, birth });
      save();
    },
  };
}

async function endProcess(pid: number, birth: string): Promise<void> {
  const isGone = (): true | undefined => (processBirth(pid) === birth ? undefined : true);
  process.kill(pid, 'SIGTERM');
  try {
    await waitFor('end of a process of the last start', STOP_MS, isGone);
  } catch {
    // It had its time.
    if (isGone() === undefined) process.kill(pid, 'SIGKILL');
    await waitFor('end of a killed process', STOP_MS, isGone);
  }
}

function readList(file: string): { pid: number; birth: string }[] {
  if (!existsSync(file)) return [];
  let list: unknown;
  try {
    list = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // Cut by a power failure: then nothing of that boot lives any more.
    return [];
  }
  if (!Array.isArray(list)) return [];
  return list.flatMap((each: unknown) =>
    typeof each === 'object' && each !== null && 'pid' in each && 'birth' in each
      ? [{ pid: Number(each.pid), birth: String(each.birth) }]
      : [],
  );
}
