import { checkI2, checkI3, checkI4, checkI5, checkI6, headWord } from '../invariants/check-log.ts';
import type { Violation } from '../invariants/violation.ts';
import { GATEWAY, hashAt, present, type Disk, type Kept } from './protocol-journal.ts';
import { storedHashes, type ServerDisk } from './protocol-server.ts';
import {
  askEpoch,
  crash,
  deliver,
  enter,
  logOf,
  timeOut,
  wake,
  type Moved,
  type Parts,
  type World,
} from './protocol-world.ts';

/** What has ever been so; a history only grows. */
export interface History {
  readonly had: Set<string>;
  readonly serverHad: Set<string>;
  /** The longest leaves that were signed, by log. */
  readonly signed: Map<string, readonly string[]>;
}

export const newHistory = (): History => ({ had: new Set(), serverHad: new Set(), signed: new Map() });

export const copyHistory = ({ had, serverHad, signed }: History): History => ({
  had: new Set(had),
  serverHad: new Set(serverHad),
  signed: new Map(signed),
});

/** A record by what it tells of: one that holds another one again by that one. */
export const tellingHash = ({ record, hash }: Kept): string => {
  const inner = record.ty === 'journal.reclaimed' ? record.x['hash'] : hash;
  return typeof inner === 'string' ? inner : hash;
};

const isPrefix = (a: readonly string[], b: readonly string[]): boolean =>
  a.length <= b.length && a.every((hash, index) => hash === b[index]);

/**
 * Judges one move and enters it in the history: what was signed (I4), what the server took (I2, I3, I5) and what the
 * gateway counts as taken (I6).
 * @param mayFork a disk without a second device has forgotten what it had signed: no program can know of it
 */
export function judgeMove(
  before: World,
  { world, facts }: Moved,
  { had, serverHad, signed }: History,
  mayFork: boolean,
): readonly Violation[] {
  const violations: Violation[] = [];
  for (const fact of facts) {
    if (fact.kind === 'had') had.add(headWord(fact));
    if (fact.kind === 'server-has') serverHad.add(headWord(fact));
    if (fact.kind === 'signed') {
      const longest = signed.get(fact.log) ?? [];
      const size = fact.leaves.length;
      const isOne = isPrefix(fact.leaves, longest) || isPrefix(longest, fact.leaves);
      const leafHashes = isOne && longest.length > size ? longest : fact.leaves;
      // Roots are hashed anew for some sizes only: whether leaves are a prefix tells the rest.
      if (!isOne && !mayFork) {
        violations.push({ id: 'I4', where: fact.log, what: `what is signed at size ${size} is no prefix` });
      } else if (isOne && size % 16 === 0) {
        const checkpoints = [{ size, root: fact.root() }];
        violations.push(...checkI4({ log: fact.log, leafHashes, checkpoints }));
      }
      signed.set(fact.log, leafHashes);
    }
    if (fact.kind === 'acknowledged') {
      const own = logOf(present(world.disk).epoch) === fact.log ? hashAt(world.disk, fact.size) : fact.head;
      violations.push(...checkI6(fact, own, serverHad));
    }
  }
  const isRestored = facts.some(({ kind }) => kind === 'server-restored');
  if (world.server !== before.server && !isRestored) {
    violations.push(...judgeServer(before.server, world.server, had));
  }
  return violations;
}

function judgeServer(before: ServerDisk, after: ServerDisk, had: ReadonlySet<string>): readonly Violation[] {
  const grown = after.epochs.filter((each) => !before.epochs.includes(each) && each.texts.length > 0);
  const kept = new Map(
    before.epochs
      .filter((each) => !after.epochs.includes(each))
      .flatMap(({ epoch, hashes }) => hashes.map((hash, sq) => [hash, `server/${epoch}/${sq}`] as const)),
  );
  const stored = new Set(grown.flatMap(({ hashes }) => hashes));
  return [
    ...grown.flatMap(({ epoch, texts }) => checkI3({ log: logOf(epoch), texts })),
    ...checkI5(
      grown.map(({ epoch, hashes }) => ({
        log: logOf(epoch),
        size: hashes.length,
        head: hashes.at(-1) ?? '',
      })),
      had,
    ),
    ...checkI2({ kept, stored, gone: [], told: null }),
  ];
}

/** Everything that the disk holds, by what it tells of. */
export const keptOf = ({ records }: Disk): ReadonlyMap<string, string> =>
  new Map(records.map((each) => [tellingHash(each), `${GATEWAY}/${each.record.ep}/${each.record.sq}`]));

const SETTLED_WITHIN = 400;

/** One turn of a world in which nothing fails any more; null where there is nothing left to do. */
export function fairMove(parts: Parts, world: World): Moved | null {
  if (world.net.length > 0) return deliver(parts, world, 0);
  switch (world.waiting.kind) {
    case 'answer':
      // Its answer was lost while things still failed.
      return timeOut(parts, world);
    case 'ask-epoch':
      return askEpoch(parts, world, false);
    case 'down':
      return crash(parts, world);
    case 'turn':
      return wake(parts, world);
    case 'rest': {
      const moved = wake(parts, world);
      return world.waiting.how === 'news' && moved.world.waiting.kind === 'rest' ? null : moved;
    }
  }
}

/**
 * Ends all faults and lets the world come to rest, once more after a last record: what a server put back from a backup
 * lacks it learns with the next record, and a seal comes every quarter of an hour.
 * @returns what is wrong then (I2, L1), and on the way
 */
export function settle(
  parts: Parts,
  start: World,
  history: History,
  mayFork: boolean,
): { readonly world: World; readonly violations: readonly Violation[] } {
  let world = start;
  const violations: Violation[] = [];
  const take = (moved: Moved): void => {
    violations.push(...judgeMove(world, moved, history, mayFork));
    ({ world } = moved);
  };
  const drain = (): boolean => {
    for (let turn = 0; turn < SETTLED_WITHIN; turn++) {
      const moved = fairMove(parts, world);
      if (moved === null) return true;
      take(moved);
    }
    return false;
  };
  let isAtRest = drain();
  if (isAtRest) {
    take(enter(world, 999_999));
    isAtRest = drain();
  }
  if (!isAtRest) violations.push({ id: 'L1', where: GATEWAY, what: 'the upload never comes to rest' });
  violations.push(...judgeRest(world));
  return { world, violations };
}

/** Judges a world in which nothing is left to do (I2). */
export const judgeRest = ({ disk, server }: World): readonly Violation[] =>
  checkI2({ kept: keptOf(disk), stored: storedHashes(server), gone: [], told: null });
