import { closeSync, existsSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

/** Room on the disk of the journal that is held until it is full. */
export interface Ballast {
  /** True from when it was given up until it is held again: what is left is not for entries. */
  isGone(): boolean;
  /** Frees the room. @returns false where there was none to free */
  giveUp(): boolean;
  /** Takes the room, a piece at a time. @returns false where the disk does not have it */
  hold(): Promise<boolean>;
}

const PIECE_BYTES = 1_048_576;

const isNoRoom = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');

/**
 * Opens the ballast of a folder. A new one is not held before `hold`, and is not gone either: it was never given up.
 * @param bytes how much room; 0 for none
 * @see rule GJ24
 */
export function openBallast(dir: string, bytes: number): Ballast {
  const path = join(dir, 'ballast');
  const sign = join(dir, 'ballast.gone');
  const isHeld = (): boolean => existsSync(path) && statSync(path).size >= bytes;
  let isGone = existsSync(sign);

  return {
    isGone: () => isGone,
    giveUp: () => {
      if (bytes === 0 || !isHeld()) return false;
      isGone = true;
      // The name tells the next start what happened, and takes no room: it is the same file, cut to nothing.
      renameSync(path, sign);
      closeSync(openSync(sign, 'w'));
      return true;
    },
    hold: async () => {
      if (bytes === 0) return true;
      if (!isHeld() && !(await fill(path, bytes))) return false;
      rmSync(sign, { force: true });
      isGone = false;
      return true;
    },
  };
}

async function fill(path: string, bytes: number): Promise<boolean> {
  const draft = `${path}.new`;
  // Written out: a file with a hole in it takes no room.
  const piece = new Uint8Array(PIECE_BYTES).fill(0xa5);
  const file = await open(draft, 'w', 0o600);
  try {
    for (let left = bytes; left > 0; left -= PIECE_BYTES)
      await file.write(piece, 0, Math.min(left, PIECE_BYTES));
    await file.sync();
  } catch (error) {
    if (!isNoRoom(error)) throw error;
    rmSync(draft, { force: true });
    return false;
  } finally {
    await file.close();
  }
  renameSync(draft, path);
  return true;
}
