import { createHash } from 'node:crypto';
import { basename, dirname } from 'node:path';

/** One thing that a traced process asked of the disk, or said. */
export type Operation =
  | { readonly kind: 'write'; readonly path: string; readonly offset: number; readonly data: Buffer }
  | { readonly kind: 'truncate'; readonly path: string; readonly size: number }
  | { readonly kind: 'sync'; readonly path: string }
  | { readonly kind: 'unlink'; readonly path: string }
  | { readonly kind: 'said'; readonly text: string };

/** Options of strace that `parseTrace` reads. */
export const STRACE_OPTIONS = [
  '-f',
  '--seccomp-bpf',
  '-xx',
  '-y',
  '-s',
  '1000000',
  '-e',
  'trace=pwrite64,write,fsync,fdatasync,ftruncate,unlink,unlinkat,rename,pwritev',
] as const;

const unhex = (text: string): Buffer => Buffer.from(text.replaceAll('\\x', ''), 'hex');
const LINE = /^(\d+) +(\w+)\((.*)\) += +(-?\d+|\?)/;
const OPENED = /^(\d+)<((?:\\x[0-9a-f]{2})*)>/;
const TEXT = /"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?/;

/**
 * Parses what strace wrote into the operations on the files of one folder, and what was said on standard output.
 * @throws on a call that changes files of the folder and that the model does not know: a blind model proves nothing
 */
export function parseTrace(trace: string, folder: string): readonly Operation[] {
  const operations: Operation[] = [];
  const begun = new Map<string, string>();
  for (const raw of trace.split('\n')) {
    const line = joinResumed(begun, raw);
    const [, , call = '', args = '', result = ''] = (line === null ? null : LINE.exec(line)) ?? [];
    if (call === '' || result.startsWith('-')) continue;
    const [opened = '', descriptor = '', hexPath = ''] = OPENED.exec(args) ?? [];
    const rest = args.slice(opened.length);
    const [, hexText = '', isCut] = TEXT.exec(rest) ?? [];
    if (call === 'write' && descriptor === '1') {
      operations.push({ kind: 'said', text: unhex(hexText).toString() });
      continue;
    }
    const path = (opened === '' ? unhex(hexText) : unhex(hexPath)).toString();
    const name = path === folder ? '.' : dirname(path) === folder ? basename(path) : null;
    // The shared-memory index is rebuilt at every start; the lock file holds nothing.
    if (name === null || name.endsWith('-shm') || name.startsWith('journal.lock')) continue;
    if (isCut !== undefined) throw new Error('strace has cut a write off');
    const numbers = rest.split(', ').map(Number);
    if (call === 'pwrite64') {
      operations.push({ kind: 'write', path: name, offset: numbers.at(-1) ?? NaN, data: unhex(hexText) });
    } else if (call === 'fsync' || call === 'fdatasync') operations.push({ kind: 'sync', path: name });
    else if (call === 'ftruncate') {
      operations.push({ kind: 'truncate', path: name, size: numbers.at(-1) ?? NaN });
    } else if (call === 'unlink') operations.push({ kind: 'unlink', path: name });
    else throw new Error(`the model of the disk does not know ${call}`);
  }
  return operations;
}

/** A call during which another thread made one stands on two lines. */
function joinResumed(begun: Map<string, string>, line: string): string | null {
  const [pid = ''] = line.split(' ', 1);
  const unfinished = line.indexOf(' <unfinished ...>');
  if (unfinished >= 0) {
    begun.set(pid, line.slice(0, unfinished));
    return null;
  }
  const resumed = /<\.\.\. \w+ resumed>/.exec(line);
  return resumed === null ? line : `${begun.get(pid) ?? ''}${line.slice(resumed.index + resumed[0].length)}`;
}

/** A file as the disk has it: what is safe, and what was asked for since and may or may not have arrived. */
interface Inode {
  safe: Buffer;
  pending: Change[];
}

type Change =
  | { readonly kind: 'write'; readonly offset: number; readonly data: Buffer }
  | { readonly kind: 'truncate'; readonly size: number };

interface Naming {
  readonly path: string;
  /** Null where the name is taken away. */
  readonly inode: Inode | null;
}

/** Files that a power cut could leave behind. */
export type DiskImage = ReadonlyMap<string, Buffer>;

const SECTOR_BYTES = 512;

function apply(content: Buffer, change: Change): Buffer {
  const end = change.kind === 'write' ? change.offset + change.data.length : change.size;
  const length = change.kind === 'write' ? Math.max(content.length, end) : end;
  const next = Buffer.alloc(length);
  content.copy(next, 0, 0, Math.min(content.length, length));
  if (change.kind === 'write') change.data.copy(next, change.offset);
  return next;
}

/**
 * A disk that keeps its word about fsync and nothing else: a write that was not synced may be lost, kept or torn at
 * a sector. Names are as on a journaling file system: they change in order, and a sync of any file makes those
 * before it safe.
 */
export class TracedDisk {
  private readonly names = new Map<string, Inode>();
  private readonly safeNames = new Map<string, Inode>();
  private pendingNames: Naming[] = [];

  perform(operation: Operation): void {
    switch (operation.kind) {
      case 'said':
        return;
      case 'write':
      case 'truncate':
        this.inodeOf(operation.path).pending.push(operation);
        return;
      case 'unlink':
        this.names.delete(operation.path);
        this.pendingNames.push({ path: operation.path, inode: null });
        return;
      case 'sync': {
        const inode = this.names.get(operation.path);
        if (inode !== undefined) {
          inode.safe = inode.pending.reduce(apply, inode.safe);
          inode.pending = [];
        }
        for (const naming of this.pendingNames) rename(this.safeNames, naming);
        this.pendingNames = [];
      }
    }
  }

  private inodeOf(path: string): Inode {
    const known = this.names.get(path);
    if (known !== undefined) return known;
    const inode: Inode = { safe: Buffer.alloc(0), pending: [] };
    this.names.set(path, inode);
    this.pendingNames.push({ path, inode });
    return inode;
  }

  /** Nothing arrived that was not synced. */
  dropped(): DiskImage {
    return this.image(0, () => []);
  }

  /** Everything arrived. */
  kept(): DiskImage {
    return this.image(this.pendingNames.length, (pending) => pending);
  }

  /** Some writes arrived, in whatever order. @param chance numbers from 0 to 1 */
  scattered(chance: () => number): DiskImage {
    const namings = Math.round(chance() * this.pendingNames.length);
    return this.image(namings, (pending) => pending.filter(() => chance() < 0.5));
  }

  /** Writes arrived up to one, of which some sectors did. @param chance numbers from 0 to 1 */
  torn(chance: () => number): DiskImage {
    return this.image(this.pendingNames.length, (pending) => {
      const last = Math.floor(chance() * pending.length);
      return pending.slice(0, last + 1).flatMap((change, index): Change[] => {
        if (index < last || change.kind === 'truncate') return [change];
        const sectors: Change[] = [];
        for (let at = 0; at < change.data.length; at += SECTOR_BYTES) {
          const data = change.data.subarray(at, at + SECTOR_BYTES);
          if (chance() < 0.5) sectors.push({ kind: 'write', offset: change.offset + at, data });
        }
        return sectors;
      });
    });
  }

  private image(namings: number, arrive: (pending: readonly Change[]) => readonly Change[]): DiskImage {
    const names = new Map(this.safeNames);
    for (const naming of this.pendingNames.slice(0, namings)) rename(names, naming);
    return new Map(
      Array.from(names, ([path, { safe, pending }]) => [path, arrive(pending).reduce(apply, safe)] as const),
    );
  }
}

function rename(names: Map<string, Inode>, { path, inode }: Naming): void {
  if (inode === null) names.delete(path);
  else names.set(path, inode);
}

/** Names an image by its content. */
export function imageKey(image: DiskImage): string {
  const hash = createHash('sha256');
  for (const path of [...image.keys()].sort()) {
    const content = image.get(path) ?? Buffer.alloc(0);
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}
