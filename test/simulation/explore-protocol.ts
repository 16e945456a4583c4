import { encodeBase64Url } from '#contract/bytes';
import { plainLeaf } from '../invariants/plain-log.ts';
import type { Violation } from '../invariants/violation.ts';
import { sizeOf, type Disk } from './protocol-journal.ts';
import { copyHistory, fairMove, judgeMove, judgeRest, newHistory, type History } from './protocol-oracle.ts';
import type { Judge, ServerDisk } from './protocol-server.ts';
import {
  askEpoch,
  crash,
  deliver,
  duplicate,
  enter,
  isCurrent,
  NEW_WORLD,
  restore,
  start,
  timeOut,
  wake,
  type Message,
  type Moved,
  type Parts,
  type World,
} from './protocol-world.ts';

/** How often each thing may happen on one way through the states. */
export interface Budget {
  readonly events: number;
  readonly crashes: number;
  /** Crashes after which the disk is one of those before. */
  readonly amnesia: number;
  readonly restores: number;
  readonly duplicates: number;
  /** Messages that come when nobody waits for them any more, or in the place of another. */
  readonly reorders: number;
  /** Answers that do not come in time. */
  readonly losses: number;
}

/** What an exploration came to. */
export interface Exploration {
  readonly states: number;
  readonly moves: number;
  /** True where every state within the budget was seen. */
  readonly isComplete: boolean;
  readonly violations: readonly Violation[];
  /** The moves that lead to the first violation. */
  readonly way: readonly string[];
}

interface State {
  readonly world: World;
  readonly history: History;
  readonly budget: Budget;
  /** Earlier states of both disks. */
  readonly images: readonly Disk[];
  readonly backups: readonly ServerDisk[];
  readonly hasForgotten: boolean;
  readonly from: State | null;
  readonly by: string;
}

/** Gives each different text a small number. */
function createNames(): (text: string) => number {
  const names = new Map<string, number>();
  return (text) => {
    const known = names.get(text) ?? names.size;
    names.set(text, known);
    return known;
  };
}

/** Names states so that two of one content have one name; parts that did not change are named once. */
function createNaming(): {
  readonly ofState: (state: State) => string;
  readonly ofWorld: (world: World) => string;
} {
  const nameOf = createNames();
  const held = new WeakMap<object, number>();
  const once = (value: object, text: () => string): number => {
    const known = held.get(value) ?? nameOf(text());
    held.set(value, known);
    return known;
  };
  const diskName = (disk: Disk): number =>
    once(disk, () => {
      const { records, ...rest } = disk;
      return `d${records.map(({ hash }) => nameOf(hash)).join()}${JSON.stringify(rest)}`;
    });
  const serverName = (server: ServerDisk): number =>
    once(server, () =>
      server.epochs
        .map(({ epoch, keyId, hashes }) => `s${epoch}.${keyId}.${hashes.map(nameOf).join()}`)
        .join('|'),
    );
  const messageName = (world: World, message: Message): string => {
    const text = (): string =>
      JSON.stringify(message.to === 'server' ? { ...message.batch, id: 0 } : message.answer);
    return `${once(message, text)}${isCurrent(world, message) ? '!' : ''}`;
  };
  const historyText = ({ had, serverHad, signed }: History): string =>
    [
      [...had].map(nameOf),
      [...serverHad].map(nameOf),
      [...signed.values()].map((each) => nameOf(each.join())),
    ]
      .map((each) => each.sort((one, other) => one - other).join())
      .join('/');
  const ofWorld = (world: World): string =>
    [
      diskName(world.disk),
      once(world.keys, () => JSON.stringify(world.keys)),
      // How often it failed makes it wait longer, and nothing else.
      nameOf(JSON.stringify({ ...world.upload, failures: 0 })),
      once(world.waiting, () => JSON.stringify({ ...world.waiting, id: 0 })),
      serverName(world.server),
      world.net.map((message) => messageName(world, message)).join('.'),
      world.mark === undefined ? '' : JSON.stringify(world.mark),
    ].join(';');
  return {
    ofWorld,
    ofState: ({ world, history, budget, images, backups, hasForgotten }) =>
      [
        ofWorld(world),
        once(budget, () => JSON.stringify(budget)),
        images.map(diskName).join('.'),
        backups.map(serverName).join('.'),
        once(history, () => historyText(history)),
        hasForgotten ? 1 : 0,
      ].join(';'),
  };
}

/** Judges each batch once: hashes name what is stored and what comes. */
function rememberingJudge(judge: Judge): Judge {
  const known = new Map<string, ReturnType<Judge>>();
  return (stored, overlap, batch, held) => {
    const root = stored.previous?.root ?? null;
    const name = [
      stored.epoch,
      stored.head,
      stored.size,
      stored.limit,
      held.keyId,
      stored.previous?.epoch,
      root === null ? '' : encodeBase64Url(root),
      batch.from,
      batch.gen,
      batch.prev,
      batch.entries.map(plainLeaf).join(),
    ].join(' ');
    const judged = known.get(name) ?? judge(stored, overlap, batch, held);
    known.set(name, judged);
    return judged;
  };
}

const MOST_IN_NET = 3;
/** How many earlier states of each disk may come back. */
const KEPT = 3;

/** Every move that may come next. */
function movesOf(
  parts: Parts,
  state: State,
): readonly (readonly [name: string, moved: () => Moved, Budget, boolean?])[] {
  const { world, budget, images, backups } = state;
  const { waiting, net } = world;
  const less = (part: keyof Budget): Budget => ({ ...budget, [part]: budget[part] - 1 });
  const moves: (readonly [string, () => Moved, Budget, boolean?])[] = [];
  if (budget.events > 0) moves.push(['enter', () => enter(world, budget.events), less('events')]);
  for (const [index, message] of net.entries()) {
    if (isCurrent(world, message))
      moves.push([`deliver ${index}`, () => deliver(parts, world, index), budget]);
    else if (budget.reorders > 0) {
      moves.push([`late ${index}`, () => deliver(parts, world, index, true), less('reorders')]);
    }
    if (budget.duplicates > 0 && net.length < MOST_IN_NET) {
      moves.push([`double ${index}`, () => duplicate(world, index), less('duplicates')]);
    }
  }
  if (waiting.kind === 'answer' && budget.losses > 0) {
    moves.push(['no answer', () => timeOut(parts, world), less('losses')]);
  }
  if (waiting.kind === 'rest' && net.length < MOST_IN_NET) {
    moves.push(['wake', () => wake(parts, world), budget]);
  }
  if (waiting.kind === 'down') moves.push(['start', () => crash(parts, world), budget]);
  if (budget.crashes > 0) {
    moves.push(['power cut', () => crash(parts, world), less('crashes')]);
    if (budget.amnesia > 0) {
      for (const [index, image] of images.entries()) {
        if (image === world.disk) continue;
        const left = { ...less('crashes'), amnesia: budget.amnesia - 1 };
        moves.push([`amnesia ${index}`, () => crash(parts, world, image), left, true]);
      }
    }
  }
  if (budget.restores > 0) {
    for (const [index, backup] of backups.entries()) {
      if (backup !== world.server)
        moves.push([`restore ${index}`, () => restore(world, backup), less('restores')]);
    }
  }
  return moves;
}

/** What a gateway does by itself, and which nobody else's move in between would change. */
function goOn(parts: Parts, { world, facts }: Moved): Moved {
  const { waiting, disk, upload } = world;
  const hasNews = waiting.kind === 'rest' && waiting.how === 'news' && upload.from < sizeOf(disk);
  if (waiting.kind !== 'turn' && waiting.kind !== 'ask-epoch' && !hasNews) return { world, facts };
  const next = waiting.kind === 'ask-epoch' ? askEpoch(parts, world, false) : wake(parts, world);
  return goOn(parts, { world: next.world, facts: [...facts, ...next.facts] });
}

const wayTo = (state: State): readonly string[] =>
  state.from === null ? [] : [...wayTo(state.from), state.by];

/**
 * Visits every state that a gateway, a server and the line between them can come to within a budget, breadth first, by
 * the reducers of the product itself; and from each of them lets all faults end, after which everything must be there.
 * @param most states after which it gives up
 */
export function exploreProtocol(
  given: Parts,
  budget: Budget,
  { most = 1_000_000, hasMedium = false }: { readonly most?: number; readonly hasMedium?: boolean } = {},
): Exploration {
  const parts: Parts = { ...given, judge: rememberingJudge(given.judge) };
  const naming = createNaming();
  const started = start({ ...NEW_WORLD, mark: hasMedium ? null : undefined });
  const first: State = {
    world: started.world,
    history: newHistory(),
    budget,
    images: [],
    backups: [NEW_WORLD.server],
    hasForgotten: false,
    from: null,
    by: '',
  };
  judgeMove(NEW_WORLD, started, first.history, false);
  const seen = new Set<string>([naming.ofState(first)]);
  const settled = new Set<string>();
  let wave: State[] = [first];
  let moves = 0;
  const end = (
    isComplete: boolean,
    violations: readonly Violation[],
    way: readonly string[],
  ): Exploration => ({
    states: seen.size,
    moves,
    isComplete,
    violations,
    way,
  });
  while (wave.length > 0) {
    const next: State[] = [];
    for (const state of wave) {
      for (const [by, run, left, isForgetting = false] of movesOf(parts, state)) {
        moves += 1;
        const moved = goOn(parts, run());
        const reached = follow(state, by, moved, left, isForgetting, hasMedium);
        if (reached.violations.length > 0) return end(false, reached.violations, wayTo(reached.state));
        const name = naming.ofState(reached.state);
        if (seen.has(name)) continue;
        seen.add(name);
        if (seen.size > most) return end(false, [], []);
        const late = restOf(parts, reached.state.world, naming.ofWorld, settled);
        if (late.length > 0) return end(false, late, wayTo(reached.state));
        next.push(reached.state);
      }
    }
    wave = next;
  }
  return end(true, [], []);
}

function follow(
  state: State,
  by: string,
  moved: Moved,
  budget: Budget,
  isForgetting: boolean,
  hasMedium: boolean,
): { readonly state: State; readonly violations: readonly Violation[] } {
  const history = moved.facts.length === 0 ? state.history : copyHistory(state.history);
  const hasForgotten = state.hasForgotten || isForgetting;
  const violations = judgeMove(state.world, moved, history, hasForgotten && !hasMedium);
  // Nothing comes late any more.
  const net =
    budget.reorders === 0 ? moved.world.net.filter((each) => isCurrent(moved.world, each)) : moved.world.net;
  const world: World = { ...moved.world, net };
  const images =
    budget.amnesia === 0 || budget.crashes === 0
      ? []
      : world.disk === state.world.disk
        ? state.images
        : [...state.images.slice(1 - KEPT), world.disk];
  const backups =
    budget.restores === 0
      ? []
      : world.server === state.world.server
        ? state.backups
        : [...state.backups.slice(1 - KEPT), world.server];
  return { state: { world, history, budget, images, backups, hasForgotten, from: state, by }, violations };
}

const SETTLES_WITHIN = 120;

/** Lets a world come to rest without faults; where two ways to rest meet, the rest of them is looked at once. */
function restOf(
  parts: Parts,
  from: World,
  naming: (world: World) => string,
  settled: Set<string>,
): readonly Violation[] {
  let world = from;
  const passed: string[] = [];
  let hasEntered = false;
  for (let turn = 0; turn < SETTLES_WITHIN; turn++) {
    const name = `${hasEntered ? 1 : 0}${naming(world)}`;
    if (settled.has(name)) {
      for (const each of passed) settled.add(each);
      return [];
    }
    passed.push(name);
    const fair = fairMove(parts, world);
    if (fair === null && hasEntered) {
      const violations = judgeRest(world);
      if (violations.length === 0) for (const each of passed) settled.add(each);
      return violations;
    }
    // A last record: what a server put back from a backup lacks it learns with the next one.
    if (fair === null) hasEntered = true;
    ({ world } = fair ?? enter(world, 0));
  }
  return [{ id: 'L1', where: 'upload', what: 'it never comes to rest' }];
}
