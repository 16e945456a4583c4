import type { Logger } from 'pino';
import { encodeBase64Url } from '#contract/bytes';
import type { Clock, Random } from '#contract/clock';
import { COMMAND_LIFE_MS, type CommandClaims } from '#contract/command';
import { Fault, type Result } from '#contract/result';
import { backOffMs, type Pause } from './pause.ts';
import type { ServerClient } from './server-client.ts';

/** What became of an order at its door. `repeated`: it was obeyed before, under another nonce. */
export type Obedience = 'obeyed' | 'refused' | 'repeated' | 'no-such-door' | 'not-recorded';

/** Without a call nothing waits; the answer to the next question for orders says so where a call was lost. */
const LONGEST_WAIT_MS = 3_600_000;
const MOST_TRIES = 4;

/**
 * Fetches what people in charge have ordered, whenever `pause` is woken, until `signal` aborts. Each time under a
 * nonce of its own, which is good for this one answer and for 10 s of elapsed time: an order that was kept, copied
 * or sent again opens nothing.
 * @param ports.verify tells an order from a forgery
 * @param ports.obey records an order durably and then carries it out
 * @param ports.onRefused hears why something was no order
 * @see rules GU20 to GU26
 */
export async function runCommandDesk(ports: {
  readonly client: Pick<ServerClient, 'fetchCommands'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly pause: Pause;
  readonly verify: (jws: string, nonce: string) => Promise<Result<CommandClaims, string>>;
  readonly obey: (command: CommandClaims) => Obedience;
  readonly onRefused: (why: string) => void;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { client, clock, random, log, pause, signal } = ports;

  /** @returns whether there was anything new, so that more may wait */
  async function ask(): Promise<boolean> {
    let hasNews = false;
    const nonce = encodeBase64Url(random.bytes(16));
    const madeMs = clock.monoMs();
    const commands = await client.fetchCommands(nonce, signal);
    if (commands === 'refused') return false;
    for (const jws of commands) {
      const verified = await ports.verify(jws, nonce);
      if (!verified.ok) {
        ports.onRefused(verified.error);
        continue;
      }
      // Looked at for each: an earlier one may have waited for the disk.
      if (clock.monoMs() - madeMs > COMMAND_LIFE_MS) {
        ports.onRefused('too-old');
        continue;
      }
      const { act, id, door } = verified.value;
      const outcome = ports.obey(verified.value);
      log.info({ act, id, door, outcome }, 'order');
      // What was obeyed before is offered until the server has read of it in the journal.
      hasNews ||= outcome === 'obeyed' || outcome === 'refused';
    }
    return hasNews;
  }

  let failures = 0;
  while (!signal.aborted) {
    let hasNews = false;
    try {
      hasNews = await ask();
      failures = 0;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      failures += 1;
    }
    if (hasNews) continue;
    const isWorthTrying = failures > 0 && failures < MOST_TRIES;
    if (!isWorthTrying) failures = 0;
    await pause.waitMs(isWorthTrying ? backOffMs(failures, random) : LONGEST_WAIT_MS, signal);
  }
}
