import type { Logger } from 'pino';
import { asEpochMs, type Clock, type Random } from '#contract/clock';
import { Fault } from '#contract/result';
import type { Journal, JournalBatch } from '../journal/journal.ts';
import { backOffMs, createPause } from './pause.ts';
import type { ServerClient } from './server-client.ts';
import { stepUpload, type UploadAnswer, type UploadState } from './step-upload.ts';

const LONG_PAUSE_MS = 300_000;
const STOPPED_FOR_MS = 3_600_000;
/** How long the gateway can still say whom a record means once the server holds it. */
const OPENINGS_KEPT_MS = 7 * 86_400_000;

/**
 * Sends the journal to the server, one batch at a time, until `signal` aborts. For weeks without a server it only
 * waits; the journal itself is the queue.
 * @see rules GU1 to GU6
 */
export async function runJournalUpload(ports: {
  readonly journal: Journal;
  readonly client: ServerClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly crashPoint: (name: 'during-upload' | 'before-ack-stored') => void;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { journal, client, clock, random, log, signal } = ports;
  const pause = createPause(clock);
  // A new record may end the wait for work, never the wait after a failure.
  const rest = createPause(clock);
  const stopListening = journal.onAppended(() => pause.wake());
  let state: UploadState = { kind: 'ready', from: journal.acknowledgedSize(), failures: 0 };

  // For as long as a server is away the same batch waits; reading it anew each time would only wear the disk.
  let held: JournalBatch | null = null;

  async function send(from: number): Promise<UploadAnswer | null> {
    const batch = held?.from === from ? held : journal.readBatch(from);
    held = batch;
    if (batch === null) return null;
    try {
      const answering = client.uploadJournal(
        journal.epoch,
        { ...batch, entries: [...batch.entries], openings: [...batch.openings] },
        signal,
      );
      ports.crashPoint('during-upload');
      return await answering;
    } catch (error) {
      if (error instanceof Fault && error.retryable) return { kind: 'unreachable' };
      throw error;
    }
  }

  while (!signal.aborted) {
    if (state.kind === 'stopped') {
      log.error('journal upload stopped: what the server holds is not this journal; call the auditor');
      await rest.waitMs(STOPPED_FOR_MS, signal);
      // Whoever stands in the line may have said it: the true server says it again, or goes on.
      state = { kind: 'ready', from: journal.acknowledgedSize(), failures: 0 };
      continue;
    }
    const answer = await send(state.from);
    if (answer === null) {
      await pause.waitMs(LONG_PAUSE_MS, signal);
      continue;
    }
    if (signal.aborted) break;
    const step = stepUpload(state, answer, (size, head) => journal.hashAt(size) === head);
    // Once for a stretch of failures: it may last for weeks.
    if (answer.kind !== 'acknowledged' && state.failures === 0) {
      log.warn({ answer: answer.kind }, 'journal batch was not acknowledged');
    }
    state = step.state;
    if (step.acknowledged !== null) {
      ports.crashPoint('before-ack-stored');
      await noteAcknowledged(step.acknowledged);
    }
    if (state.kind === 'stopped' || step.pause === 'none') continue;
    const isShort = step.pause === 'back-off';
    await rest.waitMs(isShort ? backOffMs(state.failures, random) : LONG_PAUSE_MS, signal);
  }
  stopListening();

  async function noteAcknowledged({ size, head }: { size: number; head: string }): Promise<void> {
    try {
      journal.acknowledge(size, head);
      journal.eraseOpenings(asEpochMs(clock.epochMs() - OPENINGS_KEPT_MS));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      // Not noted is harmless: the same records are sent again and acknowledged again.
      log.error({ fault: error.code }, 'acknowledgement could not be noted');
      await rest.waitMs(LONG_PAUSE_MS, signal);
    }
  }
}
