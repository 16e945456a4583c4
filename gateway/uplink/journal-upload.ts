import type { Logger } from 'pino';
import { asEpochMs, type Clock, type Random } from '#contract/clock';
import { Fault } from '#contract/result';
import type { EpochKeys } from '../epoch-keys.ts';
import type { Journal, JournalBatch } from '../journal/journal.ts';
import { backOffMs, createPause } from './pause.ts';
import type { ServerClient } from './server-client.ts';
import {
  NEW_UPLOAD,
  stepUpload,
  type EpochAnswer,
  type JournalFacts,
  type UploadAction,
  type UploadAnswer,
  type UploadInput,
} from './step-upload.ts';

const LONG_PAUSE_MS = 300_000;
/** How long the gateway can still say whom a record means once the server holds it. */
const OPENINGS_KEPT_MS = 7 * 86_400_000;
/** So many records a turn: the doors decide in between. */
const RECLAIMED_AT_ONCE = 100;

/** The next epoch that the upload found necessary. */
export type OpenEpochAction = Extract<UploadAction, { kind: 'open-epoch' }>;

/**
 * Sends the journal to the server, one batch at a time, until `signal` aborts or the journal has to go on in another
 * epoch. For weeks without a server it only waits; the journal itself is the queue.
 * @returns the epoch that is to be opened; null where `signal` aborted
 * @see rules GU1 to GU6, GU11 to GU16
 */
export async function runJournalUpload(ports: {
  readonly journal: Journal;
  readonly keys: Pick<EpochKeys, 'spareAfter' | 'request' | 'keep'>;
  readonly client: Pick<ServerClient, 'uploadJournal' | 'fetchEpoch'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly crashPoint: (name: 'during-upload' | 'before-ack-stored') => void;
  readonly signal: AbortSignal;
}): Promise<OpenEpochAction | null> {
  const { journal, keys, client, clock, random, log, signal } = ports;
  const pause = createPause(clock);
  // A new record may end the wait for work, never the wait after a failure.
  const rest = createPause(clock);
  const stopListening = journal.onAppended(() => pause.wake());
  let state = NEW_UPLOAD;
  let input: UploadInput = { kind: 'started' };

  // For as long as a server is away the same batch waits; reading it anew each time would only wear the disk.
  let held: JournalBatch | null = null;

  const facts = (): JournalFacts => ({
    size: journal.size(),
    acknowledged: journal.acknowledgedSize(),
    unreclaimed: journal.unreclaimedSize(),
    spareEpoch: keys.spareAfter(journal.epoch),
    isOurs: (size, head) => journal.hashAt(size) === head,
  });

  async function send(from: number, withCosigned: boolean): Promise<UploadAnswer> {
    const batch = held?.from === from ? held : journal.readBatch(from);
    held = batch;
    if (batch === null) throw new Error('there is something to send');
    const cosigned = withCosigned ? journal.cosignedCheckpoint() : null;
    try {
      const answering = client.uploadJournal(
        journal.epoch,
        {
          ...batch,
          entries: [...batch.entries],
          openings: [...batch.openings],
          ...(cosigned !== null && { cosigned }),
        },
        signal,
      );
      ports.crashPoint('during-upload');
      return await answering;
    } catch (error) {
      if (error instanceof Fault && error.retryable) return { kind: 'unreachable' };
      throw error;
    }
  }

  async function askEpoch(): Promise<EpochAnswer> {
    try {
      const epoch = await client.fetchEpoch(keys.request(journal.epoch), signal);
      if (epoch === 'refused') return 'refused';
      // A number that is past is no use, and would be given again and again.
      if (epoch <= journal.epoch) log.error('the server gave an epoch that is over');
      keys.keep(epoch);
      return epoch > journal.epoch ? 'given' : 'refused';
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return 'unreachable';
    }
  }

  async function noteAcknowledged(size: number, head: string, cosigned: string | undefined): Promise<void> {
    ports.crashPoint('before-ack-stored');
    try {
      journal.acknowledge(size, head, cosigned);
      journal.eraseOpenings(asEpochMs(clock.epochMs() - OPENINGS_KEPT_MS));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      // Not noted is harmless: the same records are sent again and acknowledged again.
      log.error({ fault: error.code }, 'acknowledgement could not be noted');
      await rest.waitMs(LONG_PAUSE_MS, signal);
    }
  }

  async function perform(action: Exclude<UploadAction, { kind: 'open-epoch' }>): Promise<UploadInput> {
    switch (action.kind) {
      case 'send':
        return { kind: 'answered', answer: await send(action.from, action.withCosigned) };
      case 'ask-epoch':
        return { kind: 'epoch-answered', answer: await askEpoch() };
      case 'reclaim':
        try {
          journal.reclaim(RECLAIMED_AT_ONCE);
        } catch (error) {
          if (!(error instanceof Fault)) throw error;
          log.error({ fault: error.code }, 'records of an earlier epoch could not be appended again');
          await rest.waitMs(LONG_PAUSE_MS, signal);
        }
        return { kind: 'reclaimed' };
      case 'rest':
        if (action.how === 'news') await pause.waitMs(LONG_PAUSE_MS, signal);
        else {
          const ms = action.how === 'long' ? LONG_PAUSE_MS : backOffMs(state.failures, random);
          await rest.waitMs(ms, signal);
        }
        return { kind: 'woken' };
    }
  }

  try {
    while (!signal.aborted) {
      const step = stepUpload(state, input, facts());
      const answer = input.kind === 'answered' ? input.answer : null;
      // Once for a stretch of failures: it may last for weeks.
      if (answer !== null && answer.kind !== 'acknowledged' && state.failures === 0) {
        log.warn({ answer: answer.kind }, 'journal batch was not acknowledged');
      }
      state = step.state;
      if (step.acknowledged !== null) {
        const { size, head } = step.acknowledged;
        const note = answer !== null && 'note' in answer ? answer.note : undefined;
        await noteAcknowledged(size, head, note);
      }
      if (step.action.kind === 'open-epoch') return step.action;
      input = await perform(step.action);
    }
    return null;
  } finally {
    stopListening();
  }
}
