import { readFileSync } from 'node:fs';

/**
 * Tells when a process was started, in clock ticks since boot, as text; undefined where no such process lives.
 * Together with its number it names one process for ever, while the number alone is given out again.
 * @see proc(5), /proc/pid/stat, field 22
 */
export function processBirth(pid: number): string | undefined {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The name in field 2 may itself hold spaces and brackets: count from its last closing bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie holds nothing any more.
  return fields[0] === 'Z' ? undefined : fields[19];
}
