/** What a look at the disk of the journal shows. */
export interface DiskLook {
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** The room that is held for bad days was given up. */
  readonly isBallastGone: boolean;
  readonly ballastBytes: number;
}

/** What the disk was at the last look. */
export type DiskLevel = 'good' | 'low' | 'full';

/** What is to be done about it. */
export type DiskAction =
  /** A record says so, once for each time that it comes to that. */
  | { readonly kind: 'note'; readonly ty: 'disk.low' | 'disk.full' }
  /** Forgets what commitments stand for, where the server holds them. */
  | { readonly kind: 'erase-openings' }
  | { readonly kind: 'give-up-ballast' }
  | { readonly kind: 'hold-ballast' };

const LOW_FREE_PART = 0.2;
const ERASE_FREE_PART = 0.1;
const FULL_FREE_PART = 0.05;

/**
 * Judges the disk of the journal: under a fifth free is told, under a tenth openings go that the server holds, under a
 * twentieth the ballast does. It is taken again once twice its room is free beyond that.
 * @see rules GJ23 to GJ25
 */
export function stepDisk(
  level: DiskLevel,
  look: DiskLook,
): { readonly level: DiskLevel; readonly actions: readonly DiskAction[] } {
  const part = look.freeBytes / Math.max(1, look.totalBytes);
  const next: DiskLevel = part < FULL_FREE_PART ? 'full' : part < LOW_FREE_PART ? 'low' : 'good';
  const actions: DiskAction[] = [];
  if (next !== level && next !== 'good') {
    actions.push({ kind: 'note', ty: next === 'full' ? 'disk.full' : 'disk.low' });
  }
  if (part < ERASE_FREE_PART) actions.push({ kind: 'erase-openings' });
  if (next === 'full' && !look.isBallastGone) actions.unshift({ kind: 'give-up-ballast' });
  const isRoomy = look.freeBytes > FULL_FREE_PART * look.totalBytes + 2 * look.ballastBytes;
  if (next !== 'full' && look.isBallastGone && isRoomy) actions.push({ kind: 'hold-ballast' });
  return { level: next, actions };
}
