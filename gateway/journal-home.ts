import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Clock, EpochMs, Random } from '#contract/clock';
import type { EpochReason } from '#contract/epoch';
import { Fault } from '#contract/result';
import type { EpochKeys } from './epoch-keys.ts';
import type { GatewayIdentity } from './identity.ts';
import { openBallast, type Ballast } from './journal/ballast.ts';
import { openJournal, type Journal, type JournalPorts } from './journal/journal.ts';
import { salvageJournal } from './journal/salvage-journal.ts';
import { judgeMark, type MarkKeeper, type SecondMedium } from './second-medium.ts';

/** Where the journal lives, and how it goes on when that is no good any more. */
export interface JournalHome {
  /** The folder that it is in. */
  readonly dir: string;
  readonly journal: Journal;
  readonly ballast: Ballast;
}

export interface HomePorts {
  readonly identity: GatewayIdentity;
  readonly keys: EpochKeys;
  readonly clock: Clock;
  readonly random: Random;
  readonly timeFloor: () => EpochMs;
  readonly medium: SecondMedium | null;
  /** Keeps the mark on that medium; null where there is none. */
  readonly keeper: MarkKeeper | null;
  /** Another disk, for when the first one fails. */
  readonly spareDir: string | null;
  readonly ballastBytes: number;
  readonly shiftSetting?: JournalPorts['shiftSetting'];
  readonly openDatabase?: JournalPorts['openDatabase'];
  /** Asks the server for a number above that one where none is held; null where it gives none. */
  readonly fetchEpoch: (after: number) => Promise<number | null>;
  readonly log: Logger;
}

/** Slices between which the program may do something else. */
const RECLAIMED_AT_ONCE = 500;

const isDamage = (error: unknown): boolean => error instanceof Fault && error.code === 'journal-corrupt';

/**
 * Opens the journal through everything that may have happened to it: a damaged file is set aside and what can be read
 * of it carried into a new one; an end that another medium remembers and the file does not ends the epoch.
 * @param dir folder of the journal
 * @throws Fault of openJournal, or `no-epoch-held` (retryable) where a new epoch is needed and there is none
 * @see rules GJ24, GJ26 to GJ29
 */
export async function openJournalHome(dir: string, ports: HomePorts): Promise<JournalHome> {
  const { spareDir, medium, log } = ports;
  // What was moved to the spare disk stays there: the first one failed.
  const at = spareDir !== null && existsSync(join(spareDir, 'journal.db')) ? spareDir : dir;
  const ballast = openBallast(ensured(at), ports.ballastBytes);
  let journal: Journal;
  try {
    journal = openAt(at, ballast, ports);
  } catch (error) {
    if (!isDamage(error)) throw error;
    log.error('the journal is damaged: it is set aside, and goes on in a new file');
    return recoverJournal(at, at, ports);
  }
  try {
    const mark = medium?.read() ?? null;
    const verdict = judgeMark(mark, {
      epoch: journal.epoch,
      size: journal.size(),
      hashAt: (size) => journal.hashAt(size),
    });
    if (verdict.kind === 'tail-lost') {
      log.error({ lost: verdict.lost }, 'the end of the journal is missing');
      const { epoch, signer } = await takeEpoch(Math.max(journal.epoch, mark?.epoch ?? 0), ports);
      const { lost } = verdict;
      journal.openEpoch({ epoch, signer, why: 'tail-lost', size: journal.acknowledgedSize(), lost });
    }
    await reclaimAll(journal);
    return { dir: at, journal, ballast };
  } catch (error) {
    journal.close();
    throw error;
  }
}

function ensured(dir: string): string {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return dir;
}

function openAt(
  dir: string,
  ballast: Ballast,
  ports: HomePorts,
  recovery?: JournalPorts['recovery'],
): Journal {
  const open = (): Journal => openJournal(dir, ports.identity, journalPorts(ballast, ports, recovery));
  try {
    return open();
  } catch (error) {
    // Even opening writes a little.
    if (!(error instanceof Fault) || error.code !== 'journal-full' || !ballast.giveUp()) throw error;
    return open();
  }
}

function journalPorts(ballast: Ballast, ports: HomePorts, recovery: JournalPorts['recovery']): JournalPorts {
  const { clock, random, timeFloor, keys, keeper, shiftSetting, openDatabase, log } = ports;
  let isMediumLost = false;
  return {
    clock,
    random,
    timeFloor,
    ballast,
    signerOf: (epoch) => keys.signerOf(epoch),
    ...(shiftSetting !== undefined && { shiftSetting }),
    ...(openDatabase !== undefined && { openDatabase }),
    ...(recovery !== undefined && { recovery }),
    ...(keeper !== null && {
      beforeSigning: (mark) => {
        try {
          keeper.raise(mark);
          isMediumLost = false;
        } catch (error) {
          if (!(error instanceof Fault)) throw error;
          // The evidence goes up all the same: without it the server would know even less.
          if (!isMediumLost) log.error({ fault: error.code }, 'the second medium takes no marks');
          isMediumLost = true;
        }
      },
    }),
  };
}

/** The number and the key of the next epoch. @throws Fault `no-epoch-held` (retryable) */
export async function takeEpoch(after: number, ports: Pick<HomePorts, 'keys' | 'fetchEpoch'>) {
  const { keys } = ports;
  let epoch = keys.spareAfter(after);
  if (epoch === null) {
    await ports.fetchEpoch(after);
    epoch = keys.spareAfter(after);
  }
  const signer = epoch === null ? null : keys.signerOf(epoch);
  if (epoch === null || signer === null) throw new Fault('no-epoch-held', { retryable: true });
  return { epoch, signer };
}

/** Before a door is open: what is told again stands before what happens next. */
export async function reclaimAll(journal: Journal): Promise<void> {
  while (journal.unreclaimedSize() > 0) {
    journal.reclaim(RECLAIMED_AT_ONCE);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Names of the files of a journal, beside the one that names it. */
const SUFFIXES = ['', '-wal', '-shm'] as const;

/** Moves a damaged journal aside; it is kept, whatever comes. */
function setAside(dir: string, atMs: number, log: Logger): void {
  for (const suffix of SUFFIXES) {
    const path = join(dir, `journal.db${suffix}`);
    if (!existsSync(path)) continue;
    try {
      renameSync(path, join(dir, `journal.bad-${Math.floor(atMs)}${suffix}`));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      // A disk that takes no more writes keeps it where it is; the other one goes before it at the next start.
      log.error({ code: error.code }, 'a damaged journal could not be moved aside');
    }
  }
}

/**
 * Goes on in a new file, under a new epoch, with what can be read of a damaged one.
 * @param from folder of the damaged journal, which nobody has open
 * @param to folder of the new one
 * @throws Fault of openJournal, or `no-epoch-held` (retryable): then nothing was moved
 */
export async function recoverJournal(from: string, to: string, ports: HomePorts): Promise<JournalHome> {
  const { identity, medium } = ports;
  const salvaged = salvageJournal(from, identity.epoch);
  const mark = medium?.read() ?? null;
  const newest = Math.max(identity.epoch, mark?.epoch ?? 0, ...salvaged.epochs.map(({ epoch }) => epoch));
  const { epoch, signer } = await takeEpoch(newest, ports);
  const known =
    mark !== null && mark.epoch === salvaged.previous.ep ? mark.size - salvaged.previous.size : null;
  const missing = Math.max(salvaged.lost ?? 0, known === null ? 0 : known - salvaged.records.length);
  const isCounted = salvaged.lost !== null || known !== null;
  setAside(from, ports.clock.epochMs(), ports.log);
  const ballast = openBallast(ensured(to), ports.ballastBytes);
  const why: EpochReason = 'storage';
  const order = { epoch, signer, why, size: null, ...(isCounted && { lost: missing }) };
  const journal = openAt(to, ballast, ports, { order, salvaged });
  return { dir: to, journal, ballast };
}
