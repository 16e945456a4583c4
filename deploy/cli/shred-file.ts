import { closeSync, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { systemRandom } from './system-ports.ts';

const STEP_BYTES = 1024 * 1024;

/**
 * Overwrites a file once and deletes it. On flash the old blocks may live on for a while: where that matters, the disk
 * is encrypted, or destroyed as well.
 */
export function shredFile(path: string): void {
  const { size } = statSync(path);
  const file = openSync(path, 'r+');
  try {
    for (let at = 0; at < size; at += STEP_BYTES) {
      const bytes = systemRandom.bytes(Math.min(STEP_BYTES, size - at));
      writeSync(file, bytes, 0, bytes.length, at);
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  rmSync(path);
}
