import { createHash } from 'node:crypto';
import type { Violation } from '../invariants/violation.ts';
import { createDice } from './dice.ts';
import { judgeMove, keptOf, newHistory, settle } from './protocol-oracle.ts';
import { storedHashes, type ServerDisk } from './protocol-server.ts';
import {
  askEpoch,
  crash,
  deliver,
  drop,
  duplicate,
  enter,
  NEW_WORLD,
  PRODUCT,
  restore,
  start,
  timeOut,
  wake,
  type Moved,
  type Parts,
  type World,
} from './protocol-world.ts';

/** What happened in a world, by name. */
export type Counts = Readonly<Record<string, number>>;

/** The outcome of one seed. */
export interface SeedOutcome {
  readonly seed: number;
  readonly counts: Counts;
  readonly violations: readonly Violation[];
  /** Of all that happened: the same seed has the same. */
  readonly trace: string;
}

/** How often each thing fails, as parts of 1. */
export interface Weather {
  readonly drop: number;
  readonly duplicate: number;
  readonly reorder: number;
  readonly timeOut: number;
  /** Something on the way gives an old answer for a new one. */
  readonly confuse: number;
  readonly crash: number;
  /** The disk comes back as it was some commits ago. */
  readonly amnesia: number;
  readonly restore: number;
  /** Of those, how many with the keys of that time: somebody put an old image back. */
  readonly oldImage: number;
  /** The gateway keeps its mark on another device. */
  readonly hasMedium: boolean;
}

const KEPT_IMAGES = 30;
const KEPT_BACKUPS = 4;

/** Runs the protocol of one seed: chance decides who moves and what fails; then faults end, and all must be there. */
export function runProtocolSeed(
  seed: number,
  {
    steps = 200,
    parts = PRODUCT,
    weather: forced = {},
  }: { readonly steps?: number; readonly parts?: Parts; readonly weather?: Partial<Weather> } = {},
): SeedOutcome {
  const dice = createDice(seed);
  // Each seed has its own weather, so that rare faults also meet calm ones.
  const part = (most: number): number => (dice.chance(0.3) ? 0 : (most * dice.below(1000)) / 1000);
  const weather: Weather = {
    drop: part(0.4),
    duplicate: part(0.3),
    reorder: part(0.5),
    timeOut: part(0.1),
    confuse: part(0.5),
    crash: part(0.04),
    amnesia: part(0.05),
    restore: part(0.02),
    oldImage: part(0.5),
    hasMedium: dice.chance(0.4),
    ...forced,
  };
  const counts: Record<string, number> = {};
  const count = (name: string, by = 1): void => {
    counts[name] = (counts[name] ?? 0) + by;
  };
  const trace = createHash('sha256');
  const violations: Violation[] = [];
  const history = newHistory();
  let world: World = { ...NEW_WORLD, mark: weather.hasMedium ? null : undefined };
  let images: readonly Pick<World, 'disk' | 'keys'>[] = [];
  let backups: readonly ServerDisk[] = [world.server];
  let hasForgotten = false;
  const everKept = new Set<string>();

  function take(name: string, moved: Moved): void {
    count(name);
    trace.update(`${name} ${moved.world.disk.records.length} ${moved.world.net.length};`);
    for (const fact of moved.facts) {
      if (fact.kind === 'answered') count(`answer: ${fact.answer}`);
      if (fact.kind === 'epoch-opened') count(`epoch: ${fact.why}`);
      if (fact.kind === 'reclaimed') count('reclaimed', fact.count);
    }
    violations.push(...judgeMove(world, moved, history, hasForgotten && !weather.hasMedium));
    if (moved.world.disk !== world.disk) {
      images = [...images.slice(-KEPT_IMAGES), { disk: moved.world.disk, keys: moved.world.keys }];
    }
    if (moved.world.server !== world.server && dice.chance(0.2)) {
      backups = [...backups.slice(-KEPT_BACKUPS), moved.world.server];
    }
    ({ world } = moved);
  }

  function forget(): void {
    const back = dice.below(images.length);
    const image = images[back];
    if (image === undefined) return;
    for (const hash of keptOf(world.disk).keys()) everKept.add(hash);
    hasForgotten = true;
    images = images.slice(0, back + 1);
    // A card that lies loses commits; an old image that somebody put back has the keys of its time too.
    const isImage = dice.chance(weather.oldImage);
    take(
      isImage ? 'old image' : 'amnesia',
      crash(parts, world, image.disk, isImage ? image.keys : world.keys),
    );
  }

  function moveMessage(): void {
    const index = dice.chance(weather.reorder) ? dice.below(world.net.length) : 0;
    if (dice.chance(weather.drop)) return take('message lost', drop(world, index));
    if (world.net.length < 6 && dice.chance(weather.duplicate))
      take('message doubled', duplicate(world, index));
    const isConfused = dice.chance(weather.confuse);
    take('message', deliver(parts, world, index, isConfused));
  }

  function move(step: number): void {
    if (dice.chance(weather.amnesia)) return forget();
    if (dice.chance(weather.crash)) return take('power cut', crash(parts, world));
    if (dice.chance(weather.restore)) return take('server restored', restore(world, dice.pick(backups)));
    if (world.waiting.kind === 'answer' && dice.chance(weather.timeOut)) {
      return take('no answer', timeOut(parts, world));
    }
    if (dice.chance(0.3)) return take('grant', enter(world, step));
    if (world.net.length > 0 && dice.chance(0.7)) return moveMessage();
    switch (world.waiting.kind) {
      case 'turn':
      case 'rest':
        return take('woken', wake(parts, world));
      case 'ask-epoch':
        return take('number asked', askEpoch(parts, world, dice.chance(weather.drop)));
      case 'down':
        return take('started again', crash(parts, world));
      case 'answer':
        return world.net.length > 0 ? moveMessage() : take('no answer', timeOut(parts, world));
    }
  }

  take('start', start(world));
  for (let step = 0; step < steps && violations.length === 0; step++) move(step);
  if (violations.length === 0) {
    const settled = settle(parts, world, history, hasForgotten && !weather.hasMedium);
    violations.push(...settled.violations);
    const stored = storedHashes(settled.world.server);
    const kept = keptOf(settled.world.disk);
    count('lost by the card', [...everKept].filter((hash) => !stored.has(hash) && !kept.has(hash)).length);
    trace.update(`settled ${settled.world.disk.records.length} ${stored.size}`);
  }
  return { seed, counts, violations, trace: trace.digest('hex') };
}

/** Adds up what happened in many worlds. */
export function addCounts(all: readonly Counts[]): Counts {
  const sum: Record<string, number> = {};
  for (const counts of all) {
    for (const [name, n] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + n;
  }
  return sum;
}
