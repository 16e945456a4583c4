import type { EpochReason } from '#contract/epoch';
import {
  NEW_UPLOAD,
  stepUpload,
  type EpochAnswer,
  type UploadAnswer,
  type UploadInput,
  type UploadState,
} from '../../gateway/uplink/step-upload.ts';
import { judgeMark, type MediumMark } from '../../gateway/second-medium.ts';
import {
  append,
  boot,
  EMPTY_DISK,
  GATEWAY,
  hashAt,
  openEpoch,
  present,
  reclaim,
  rootAt,
  sizeOf,
  unreclaimed,
  type Disk,
} from './protocol-journal.ts';
import {
  judgeAsProduct,
  NEW_SERVER,
  reserveEpoch,
  takeBatch,
  type Batch,
  type Judge,
  type ServerDisk,
} from './protocol-server.ts';

/** What of the product runs in a world: the product itself, or with one fault planted. */
export interface Parts {
  readonly step: typeof stepUpload;
  readonly judge: Judge;
  readonly openEpoch: typeof openEpoch;
  /** Whether the journal takes an acknowledgement only with its own hash. */
  readonly isAckBound: boolean;
}

export const PRODUCT: Parts = { step: stepUpload, judge: judgeAsProduct, openEpoch, isAckBound: true };

/** The keys of epochs, which lie in files of their own. */
interface EpochKeyring {
  /** Which key each given number belongs to. */
  readonly held: readonly { readonly epoch: number; readonly keyId: number }[];
  readonly coming: number;
}

/** What is on its way between the two. */
export type Message =
  | { readonly to: 'server'; readonly batch: Batch }
  | { readonly to: 'gateway'; readonly answer: UploadAnswer; readonly id: number };

type Waiting =
  | { readonly kind: 'answer'; readonly id: number }
  | { readonly kind: 'rest'; readonly how: 'news' | 'back-off' | 'long' }
  /** Earlier records are being appended again, a slice at a time. */
  | { readonly kind: 'turn'; readonly input: UploadInput }
  | { readonly kind: 'ask-epoch' }
  /** It could not start. */
  | { readonly kind: 'down' };

/** A gateway, a server and what is between them, at one moment. Every commit is a new value. */
export interface World {
  readonly disk: Disk;
  readonly keys: EpochKeyring;
  readonly upload: UploadState;
  readonly waiting: Waiting;
  readonly server: ServerDisk;
  readonly net: readonly Message[];
  /** Requests so far. */
  readonly sent: number;
  /** Draws of what is never drawn twice: nonces, keys. */
  readonly draws: number;
  /** What another device remembers of the journal; undefined for a gateway that has none. */
  readonly mark: MediumMark | null | undefined;
}

/** What the world tells whoever judges it. */
export type Fact =
  | { readonly kind: 'had'; readonly log: string; readonly size: number; readonly head: string }
  /** A checkpoint over these leaves has left the gateway. */
  | {
      readonly kind: 'signed';
      readonly log: string;
      readonly leaves: readonly string[];
      readonly root: () => string;
    }
  | {
      readonly kind: 'server-has';
      readonly log: string;
      readonly size: number;
      readonly head: string;
    }
  | { readonly kind: 'acknowledged'; readonly log: string; readonly size: number; readonly head: string }
  | { readonly kind: 'answered'; readonly answer: UploadAnswer['kind'] | 'repeat' }
  | { readonly kind: 'epoch-opened'; readonly why: EpochReason }
  | { readonly kind: 'reclaimed'; readonly count: number }
  /** From a backup: what came after it is not there, and nobody at the server knows. */
  | { readonly kind: 'server-restored' };

export interface Moved {
  readonly world: World;
  readonly facts: readonly Fact[];
}

export const logOf = (epoch: number): string => `${GATEWAY}/${epoch}`;
const RECLAIMED_AT_ONCE = 100;
/** Small, so that a stretch takes several. */
const BATCH = 8;

const headFact = (disk: Disk): Fact => {
  const size = sizeOf(disk);
  return { kind: 'had', log: logOf(present(disk).epoch), size, head: hashAt(disk, size) ?? '' };
};

/** Every head between two states of a journal: a commit of several records passes through none, yet a batch may end there. */
function headsBetween(before: Disk, after: Disk): readonly Fact[] {
  const { epoch, base } = present(after);
  const from = present(before).epoch === epoch ? sizeOf(before) : 0;
  const own = Array.from({ length: sizeOf(after) - from }, (_, index): Fact => {
    const size = from + index + 1;
    return { kind: 'had', log: logOf(epoch), size, head: after.records[base + size - 1]?.hash ?? '' };
  });
  return own.length === 0 ? [headFact(after)] : own;
}

const signerOf = ({ keys }: World, epoch: number): number | null =>
  keys.held.find((each) => each.epoch === epoch)?.keyId ?? (epoch === 1 ? 0 : null);

const spareAfter = ({ keys }: World, epoch: number): number | null => {
  const later = keys.held.map((each) => each.epoch).filter((each) => each > epoch);
  return later.length === 0 ? null : Math.min(...later);
};

/** Leads one input to the upload and does what it says, up to where something else has to happen. */
function feed(parts: Parts, start: World, first: UploadInput): Moved {
  let world = start;
  let input: UploadInput | null = first;
  const facts: Fact[] = [];
  while (input !== null) {
    const { disk } = world;
    const step = parts.step(world.upload, input, {
      size: sizeOf(disk),
      acknowledged: disk.acknowledged,
      unreclaimed: unreclaimed(disk),
      spareEpoch: spareAfter(world, present(disk).epoch),
      isOurs: (size, head) => hashAt(disk, size) === head,
    });
    world = { ...world, upload: step.state };
    if (step.acknowledged !== null) {
      const { size, head } = step.acknowledged;
      const isTaken = !parts.isAckBound || hashAt(disk, size) === head;
      if (isTaken && size > disk.acknowledged) {
        world = { ...world, disk: { ...disk, acknowledged: size } };
        facts.push({ kind: 'acknowledged', log: logOf(present(disk).epoch), size, head });
      }
    }
    const { action } = step;
    input = null;
    switch (action.kind) {
      case 'send': {
        const sent = sendFrom(world, action.from);
        world = sent.world;
        facts.push(...sent.facts);
        break;
      }
      case 'ask-epoch':
        world = { ...world, waiting: { kind: 'ask-epoch' } };
        break;
      case 'reclaim': {
        const before = world.disk;
        const count = Math.min(RECLAIMED_AT_ONCE, unreclaimed(before));
        const after = reclaim(before, RECLAIMED_AT_ONCE);
        world = { ...world, disk: after, waiting: { kind: 'turn', input: { kind: 'reclaimed' } } };
        facts.push(...headsBetween(before, after), { kind: 'reclaimed', count });
        break;
      }
      case 'open-epoch': {
        const opened = open(parts, world, action);
        world = opened.world;
        facts.push(...opened.facts);
        break;
      }
      case 'rest':
        world = { ...world, waiting: { kind: 'rest', how: action.how } };
    }
  }
  return { world, facts };
}

function open(
  parts: Parts,
  world: World,
  order: { readonly epoch: number; readonly size: number | null; readonly why: EpochReason },
): Moved {
  const keyId = signerOf(world, order.epoch);
  if (keyId === null) throw new Error('an epoch that is given has a key');
  const before = world.disk;
  const opened = parts.openEpoch(before, { ...order, keyId, nonce: world.draws });
  // The last word of the old epoch is one more head of it.
  const closedAt = present(opened).base - present(before).base;
  const closed: Fact = {
    kind: 'had',
    log: logOf(present(before).epoch),
    size: closedAt,
    head: opened.records[present(opened).base - 1]?.hash ?? '',
  };
  const started = start({ ...world, disk: opened, draws: world.draws + 1 });
  return {
    world: started.world,
    facts: [
      closed,
      ...headsBetween(before, opened),
      { kind: 'epoch-opened', why: order.why },
      ...started.facts,
    ],
  };
}

/** The mark as it is before a signature leaves the process. */
function raised(mark: World['mark'], epoch: number, size: number, head: string): World['mark'] {
  if (mark === undefined) return undefined;
  const isHigher = mark === null || epoch > mark.epoch || (epoch === mark.epoch && size > mark.size);
  return isHigher ? { epoch, size, head16: head.slice(0, 21), floorMs: 0, policy: 0 } : mark;
}

function sendFrom(world: World, from: number): Moved {
  const { disk } = world;
  const { epoch, base } = present(disk);
  const until = Math.min(sizeOf(disk), from + BATCH);
  const batch: Batch = {
    id: world.sent,
    epoch,
    gen: hashAt(disk, 1) ?? '',
    from,
    prev: hashAt(disk, from) ?? '',
    entries: disk.records.slice(base + from, base + until).map(({ text }) => text),
    signedBy: signerOf(world, epoch),
  };
  const leaves = disk.records.slice(base, base + until).map(({ hash }) => hash);
  return {
    world: {
      ...world,
      waiting: { kind: 'answer', id: world.sent },
      sent: world.sent + 1,
      net: [...world.net, { to: 'server', batch }],
      mark: raised(world.mark, epoch, until, leaves.at(-1) ?? ''),
    },
    facts: [{ kind: 'signed', log: logOf(epoch), leaves, root: () => rootAt(disk, until) }],
  };
}

/** Starts the program: the boot is recorded, and the upload begins. */
export function start(world: World): Moved {
  const disk = boot(world.disk, world.draws);
  const started: World = {
    ...world,
    disk,
    draws: world.draws + 1,
    upload: NEW_UPLOAD,
    waiting: { kind: 'turn', input: { kind: 'started' } },
  };
  return { world: started, facts: headsBetween(world.disk, disk) };
}

export const NEW_WORLD: World = {
  disk: EMPTY_DISK,
  keys: { held: [], coming: 1 },
  upload: NEW_UPLOAD,
  waiting: { kind: 'turn', input: { kind: 'started' } },
  server: NEW_SERVER,
  net: [],
  sent: 0,
  draws: 2,
  mark: undefined,
};

/** Somebody enters; the upload hears of it when it is woken. */
export function enter(world: World, number: number): Moved {
  const disk = append(world.disk, [{ ty: 'access.granted', x: { n: number } }]);
  return { world: { ...world, disk }, facts: headsBetween(world.disk, disk) };
}

const without = (world: World, index: number): World => ({
  ...world,
  net: world.net.filter((_, each) => each !== index),
});

/** True for a message whose answer the gateway waits for, or which is that answer. */
export const isCurrent = ({ waiting }: World, message: Message): boolean =>
  waiting.kind === 'answer' && waiting.id === (message.to === 'server' ? message.batch.id : message.id);

/**
 * Brings a message to where it goes.
 * @param isConfused something on the way gives the gateway an old answer for a new one
 */
export function deliver(parts: Parts, world: World, index: number, isConfused = false): Moved {
  const message = world.net[index];
  if (message === undefined) throw new Error('there is no such message');
  const left = without(world, index);
  if (message.to === 'gateway') {
    return isCurrent(world, message) || (isConfused && world.waiting.kind === 'answer')
      ? feed(parts, left, { kind: 'answered', answer: message.answer })
      : { world: left, facts: [] };
  }
  const { server, answer, isRepeat } = takeBatch(world.server, message.batch, parts.judge);
  const { epoch, from } = message.batch;
  const grown = server.epochs.find((each) => each.epoch === epoch);
  const has: readonly Fact[] =
    grown === undefined || server === world.server
      ? []
      : grown.hashes
          .slice(from)
          .map((head, at) => ({ kind: 'server-has', log: logOf(epoch), size: from + at + 1, head }));
  return {
    world: { ...left, server, net: [...left.net, { to: 'gateway', answer, id: message.batch.id }] },
    facts: [...has, { kind: 'answered', answer: isRepeat ? 'repeat' : answer.kind }],
  };
}

export const drop = (world: World, index: number): Moved => ({ world: without(world, index), facts: [] });

export function duplicate(world: World, index: number): Moved {
  const message = world.net[index];
  if (message === undefined) throw new Error('there is no such message');
  return { world: { ...world, net: [...world.net, message] }, facts: [] };
}

/** No answer came in time; the batch may still be on its way. */
export const timeOut = (parts: Parts, world: World): Moved =>
  feed(parts, world, { kind: 'answered', answer: { kind: 'unreachable' } });

/** A rest is over, or there is news. */
export function wake(parts: Parts, world: World): Moved {
  return feed(parts, world, world.waiting.kind === 'turn' ? world.waiting.input : { kind: 'woken' });
}

/** @param isLost the number is given, and the answer that says so does not come */
export function askEpoch(parts: Parts, world: World, isLost: boolean): Moved {
  const given = reserveEpoch(world.server, world.keys.coming, present(world.disk).epoch);
  const server = given?.server ?? world.server;
  if (isLost || given === null) {
    const answer: EpochAnswer = given === null && !isLost ? 'refused' : 'unreachable';
    return feed(parts, { ...world, server }, { kind: 'epoch-answered', answer });
  }
  const { epoch } = given;
  const answer: EpochAnswer = epoch > present(world.disk).epoch ? 'given' : 'refused';
  return feed(parts, keepNumber({ ...world, server }, epoch), { kind: 'epoch-answered', answer });
}

/** The power fails, and comes back over what the disk then has; another device may remember more. */
export function crash(parts: Parts, world: World, disk: Disk = world.disk, keys = world.keys): Moved {
  const back: World = { ...world, disk, keys };
  const { mark } = back;
  if (mark === undefined) return start(back);
  const { epoch } = present(disk);
  const verdict = judgeMark(mark, { epoch, size: sizeOf(disk), hashAt: (size) => hashAt(disk, size) });
  if (verdict.kind === 'sound') return start(back);
  const held = withSpare(back, Math.max(epoch, mark?.epoch ?? 0));
  const spare = spareAfter(held, Math.max(epoch, mark?.epoch ?? 0));
  // No number to be had: the gateway does not start, and its unit starts it again.
  if (spare === null) return { world: { ...held, waiting: { kind: 'down' } }, facts: [] };
  return open(parts, held, { epoch: spare, size: disk.acknowledged, why: 'tail-lost' });
}

/** Asks for a number until there is one that is later. */
function withSpare(world: World, after: number): World {
  if (spareAfter(world, after) !== null) return world;
  const given = reserveEpoch(world.server, world.keys.coming, after);
  return given === null ? world : keepNumber({ ...world, server: given.server }, given.epoch);
}

function keepNumber(world: World, epoch: number): World {
  const { held, coming } = world.keys;
  // The key of an epoch is never replaced: what it signed could not be told from a forgery.
  const isHeld = held.some((each) => each.epoch === epoch);
  const keys = { held: isHeld ? held : [...held, { epoch, keyId: coming }], coming: world.draws };
  return { ...world, keys, draws: world.draws + 1 };
}

/** The server's database is put back from a backup. */
export const restore = (world: World, server: ServerDisk): Moved => ({
  world: { ...world, server },
  facts: [{ kind: 'server-restored' }],
});
